from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnncomplete.completion.decoder import DecoderOptions, decide
from rnncomplete.measure.threshold_tuning import SESSION, beginnings, best_threshold, kept

if TYPE_CHECKING:
    from collections.abc import Iterator


WRONG = [("w", 0.9), ("r", 1.0), ("o", 1.0), ("n", 1.0), ("g", 1.0), (" ", 1.0)]


def certain(text: str, probability: float) -> list[tuple[str, float]]:
    """The characters of ``text``, the first with that probability, and a blank behind them."""
    return [(text[:1], probability), *((character, 1.0) for character in text[1:]), (" ", 1.0)]


@pytest.mark.parametrize(("candidates", "best"), [((0.9, 0.1, 0.5), 0.5), ((0.1, 0.2), 0.2), ((0.6, 0.9), 0.6)])
def test_the_lowest_with_every_other_ghost_accepted_is_taken(candidates: tuple[float, ...], best: float) -> None:
    text = "abc def " * 10

    def greedy(before: str) -> Iterator[tuple[str, float]]:
        right = certain(text[len(before) :][:3], 0.9)
        return iter(right if len(before) % 8 == 0 else [("w", 0.4), *WRONG[1:]])

    assert best_threshold(greedy, [text], candidates) == best


@pytest.mark.parametrize(("end", "best"), [("", 0.1), ("and then some more of what is wrong", 0.5)])
def test_what_saves_little_for_what_it_distracts_is_not_shown(end: str, best: float) -> None:
    """A sure word, and one word in each line that is right in two of ten, with an ``end`` behind it that never is."""
    line = "xyz mnopq\n"
    text = line * 8 + "xyz right\n" * 2

    def greedy(before: str) -> Iterator[tuple[str, float]]:
        at = len(before) % len(line)
        if at == 0:
            return iter(certain("xyz", 0.9))
        return iter([*certain("right", 0.2), *((character, 1.0) for character in end)] if at == 4 else [])

    assert best_threshold(greedy, [text], (0.1, 0.5)) == best


def test_every_text_is_typed_by_itself_and_is_asked_for_once() -> None:
    asked: list[str] = []

    def greedy(before: str) -> Iterator[tuple[str, float]]:
        asked.append(before)
        return iter(certain("ef", 0.9) if before == "abcd" else [("w", 0.4), *WRONG[1:]] if before == "uvwx" else [])

    assert best_threshold(greedy, ["abcdef", "uvwxyz"], (0.1, 0.5)) == 0.5
    assert asked[:4] == ["a", "ab", "abc", "abcd"]
    assert "u" in asked
    assert len(asked) == len(set(asked))


@given(
    st.lists(st.tuples(st.sampled_from("ab .,\n"), st.floats(0, 1)), min_size=1, max_size=40),
    st.lists(st.floats(0, 1), min_size=2, max_size=5),
)
def test_what_the_lowest_threshold_takes_is_enough_for_higher_ones(
    characters: list[tuple[str, float]], thresholds: list[float]
) -> None:
    taken: list[tuple[str, float]] = []
    lowest, *higher = sorted(thresholds)
    for threshold in (lowest, *higher):
        options = DecoderOptions(threshold=threshold, budget_ms=inf)
        expected = list(decide(characters, options))
        if threshold == lowest and not taken:
            assert list(decide(kept(characters, taken), options)) == expected
        assert list(decide(taken, options))[-1].text == expected[-1].text


def test_somebody_begins_to_type_all_over_a_text() -> None:
    text = "".join(chr(0x4E00 + number % 20_000) for number in range(50_000))
    first, *_, last = sessions = beginnings(text)
    assert len(sessions) == 4
    assert {len(session) for session in sessions} == {SESSION}
    assert text.startswith(first)
    assert text.endswith(last)
    assert "".join(beginnings(text[:5000])) == text[:5000], "all of a short one"
    assert beginnings("") == []
    assert {len(session) for session in beginnings(text, 300)} == {300}
