from __future__ import annotations

import pytest

from rnncomplete.threshold import SESSION, beginnings, best_threshold


@pytest.mark.parametrize(("candidates", "best"), [((0.9, 0.1, 0.5), 0.5), ((0.1, 0.2), 0.2), ((0.6, 0.9), 0.6)])
def test_the_lowest_with_every_other_ghost_accepted_is_taken(candidates: tuple[float, ...], best: float) -> None:
    text = "ab cd " * 10

    def ghost(before: str, threshold: float) -> str:
        if threshold < 0.5 or not text.startswith(before):
            return "wrong"
        return text[len(before) :][:4]

    assert best_threshold(ghost, [text], candidates) == best


def test_every_text_is_typed_by_itself_and_all_count() -> None:
    asked: list[str] = []

    def ghost(before: str, threshold: float) -> str:
        asked.append(before)
        return "ef" if before == "abcd" else "wrong" if before == "uvwx" and threshold < 0.5 else ""

    assert best_threshold(ghost, ["abcdef", "uvwxyz"], (0.1, 0.5)) == 0.5
    assert asked[:4] == ["a", "ab", "abc", "abcd"]
    assert "u" in asked


def test_somebody_begins_to_type_all_over_a_text() -> None:
    text = "".join(chr(0x4E00 + number % 20_000) for number in range(50_000))
    first, *_, last = sessions = beginnings(text)
    assert len(sessions) == 4
    assert {len(session) for session in sessions} == {SESSION}
    assert text.startswith(first)
    assert text.endswith(last)
    assert "".join(beginnings(text[:5000])) == text[:5000], "all of a short one"
    assert beginnings("") == []
