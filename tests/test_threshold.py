from __future__ import annotations

import pytest

from rnncomplete.threshold import best_threshold


@pytest.mark.parametrize(("candidates", "best"), [((0.9, 0.1, 0.5), 0.5), ((0.1, 0.2), 0.2), ((0.6, 0.9), 0.6)])
def test_the_lowest_with_every_other_ghost_accepted_is_taken(candidates: tuple[float, ...], best: float) -> None:
    text = "ab cd " * 10

    def ghost(before: str, threshold: float) -> str:
        if threshold < 0.5 or not text.startswith(before):
            return "wrong"
        return text[len(before) :][:4]

    assert best_threshold(ghost, text, candidates) == best


def test_what_comes_before_the_start_is_read_and_not_typed() -> None:
    asked: list[str] = []

    def ghost(before: str, threshold: float) -> str:
        asked.append(before)
        return ""

    best_threshold(ghost, "abcdef", (0.5,), start=3)
    assert asked == ["abcd", "abcde"]
