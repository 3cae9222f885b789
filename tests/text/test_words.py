"""Where words end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from rnncomplete.text import words
from rnncomplete.text.words import is_inside_word, next_word, worth_showing

if TYPE_CHECKING:
    from collections.abc import Iterator


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
    ("last", "following", "inside"),
    [("h", "", True), ("h", "e", True), ("e", " ", False), ("e", ",", False), (" ", "", False), (".", "x", False)],
)
def test_a_word_goes_on_as_long_as_nothing_ends_it(last: str, following: str, inside: bool) -> None:
    assert is_inside_word(last, following) is inside


@pytest.mark.parametrize(
    ("text", "worth"), [("", False), ("a", False), ("\n\n  ", False), ("ab", True), ("\n}", True), (", ", True)]
)
def test_worth_showing(text: str, worth: bool) -> None:
    assert worth_showing(text) is worth


def test_a_word_is_found_without_looking_at_what_comes_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at: list[int] = []

    class Clusters:
        @staticmethod
        def finditer(text: str) -> Iterator[regex.Match[str]]:
            for match in regex.finditer(r"\X", text):
                looked_at.append(match.end())
                yield match

    monkeypatch.setattr(words, "_cluster", Clusters)
    assert next_word("天地玄黃宇宙洪荒" * 100) == "天地"
    assert looked_at == [1, 2]
