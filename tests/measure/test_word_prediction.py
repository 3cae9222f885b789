"""A word counts as foretold if it is what would be written next, to its end and no further."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnncomplete.measure.word_prediction import WordFigures, predict_words, words_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def going_on(guess: Callable[[str], str]) -> Callable[[str], Iterator[tuple[str, float]]]:
    return lambda before: iter([(character, 1.0) for character in guess(before)])


TEXT = "the cat, the dog.\nthe end"


@pytest.mark.parametrize(
    ("guess", "right"),
    [
        (lambda before: TEXT[len(before) :], 8),
        (lambda before: "the", 3),
        (lambda before: "the ", 3),
        (lambda before: "them", 0),
        (lambda before: "th", 0),
        (lambda before: " the", 0),
        (lambda before: "", 0),
        (lambda before: ",", 1),
        (lambda before: ",,", 0),
    ],
)
def test_words_that_are_foretold_are_counted(guess: Callable[[str], str], right: int) -> None:
    assert predict_words(TEXT, going_on(guess)) == WordFigures(8, right)


def test_figures_add_up() -> None:
    assert (WordFigures(8, 2) + WordFigures(2, 2)).accuracy == 0.4
    assert WordFigures().accuracy == 0.0


@given(st.text(max_size=60))
def test_words_and_blanks_are_the_whole_text(text: str) -> None:
    place = 0
    for begin, word in words_of(text):
        assert text[begin : begin + len(word)] == word != ""
        assert not text[place:begin].strip()
        place = begin + len(word)
    assert not text[place:].strip()
