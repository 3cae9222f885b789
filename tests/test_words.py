"""Where words end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnncomplete.words import complete_words, next_word, worth_showing


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", ""),
        ("word", "word"),
        ("er and", "er"),
        ("  two words", "  two"),
        ("\n    return x", "\n    return"),
        (", and", ","),
        ("don't go", "don't"),
        ("snake_case(x)", "snake_case"),
        ("->next", "->"),
        ("   ", "   "),
        ("été là", "été"),
    ],
)
def test_next_word(text: str, word: str) -> None:
    assert next_word(text) == word


@given(st.text(min_size=1))
def test_words_make_up_the_text(text: str) -> None:
    rest, words = text, []
    while rest:
        words.append(next_word(rest))
        assert words[-1]
        rest = rest.removeprefix(words[-1])
    assert "".join(words) == text


@pytest.mark.parametrize(
    ("text", "following", "complete"),
    [
        ("er and th", "", "er and "),
        ("er and th", "e", "er and "),
        ("er and the", " ", "er and the"),
        ("er and the", ",", "er and the"),
        ("er ", "", "er "),
        ("er.", "", "er."),
        ("er.\n\n", "", "er.\n\n"),
        ("th", "", ""),
        ("\n", "", "\n"),
        ("", "x", ""),
    ],
)
def test_complete_words(text: str, following: str, complete: str) -> None:
    assert complete_words(text, following) == complete


@pytest.mark.parametrize(
    ("text", "worth"), [("", False), ("a", False), ("\n\n  ", False), ("ab", True), ("\n}", True), (", ", True)]
)
def test_worth_showing(text: str, worth: bool) -> None:
    assert worth_showing(text) is worth
