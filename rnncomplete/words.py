"""What a word is, for cutting ghosts and for accepting them a word at a time."""

from __future__ import annotations

import re

FEWEST_SPARED = 2
"""Characters; for fewer nobody reaches for another key than that of the character itself."""

_WORD = re.compile(r"\s*(?:\w+(?:['\u2019]\w+)*|[^\w\s]+)|\s+")


def next_word(text: str) -> str:
    """The first word of ``text`` with the blanks before it: letters, digits and underscores, or a run of punctuation.

    Of blanks alone, the blanks; of nothing, nothing.
    """
    match = _WORD.match(text)
    return match.group() if match else ""


def complete_words(text: str, following: str = "") -> str:
    """``text`` without a last word that may go on; blanks at its end stay.

    ``following`` is the character that would come next; without it nothing is known, and the last word may go on.
    """
    if text and is_word_character(text[-1]) and (not following or is_word_character(following)):
        while text and is_word_character(text[-1]):
            text = text[:-1]
    return text


def worth_showing(text: str) -> bool:
    """Whether accepting ``text`` could spare anything that a person can see."""
    return len(text) >= FEWEST_SPARED and not text.isspace()


def is_word_character(character: str) -> bool:
    """Whether words are made of ``character``: letters, digits, the underscore."""
    return character.isalnum() or character == "_"
