"""Characters to tokens and back."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnncomplete.errors import ModelError
from rnncomplete.text.vocabulary import UNKNOWN, UNKNOWN_CHARACTER, Vocabulary, is_displayable, normalise

any_text = st.text(st.characters())


@given(any_text, any_text)
def test_decoding_gives_what_was_encoded_where_it_is_known(learned: str, text: str) -> None:
    vocabulary = Vocabulary.from_counts(Counter("a" + learned))
    tokens = vocabulary.encode(text)
    assert len(tokens) == len(text)
    known = set(vocabulary.characters[1:])
    assert vocabulary.decode(tokens.tolist()) == "".join(c if c in known else UNKNOWN_CHARACTER for c in text)
    assert [vocabulary.token(character) for character in text] == tokens.tolist()


@given(any_text)
def test_a_counted_vocabulary_may_all_be_suggested_but_the_unknown_character(text: str) -> None:
    vocabulary = Vocabulary.from_counts(Counter("a" + text))
    assert not vocabulary.suggestible[UNKNOWN]
    assert vocabulary.suggestible[1:].all()


@given(any_text)
def test_normalising_twice_is_normalising_once(text: str) -> None:
    once = normalise(text)
    assert "\r" not in once
    assert normalise(once) == once or once.startswith("\ufeff")


@pytest.mark.parametrize("character", ["\x1b", "\x00", "\x7f", "\x9b", "\u202e", "\u200b", "\ud800", "\u2028", "\r"])
def test_what_disturbs_a_terminal_is_never_suggested(character: str) -> None:
    assert not is_displayable(character)
    assert not Vocabulary((UNKNOWN_CHARACTER, "a", character)).suggestible[2]


@pytest.mark.parametrize(
    "characters",
    [
        (),
        (UNKNOWN_CHARACTER,),
        ("a", "b"),
        (UNKNOWN_CHARACTER, "a", "a"),
        (UNKNOWN_CHARACTER, "ab"),
        (UNKNOWN_CHARACTER, ""),
    ],
)
def test_odd_vocabularies_are_refused(characters: tuple[str, ...]) -> None:
    with pytest.raises(ModelError):
        Vocabulary(characters)
