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


def is_inside_word(last: str, following: str = "") -> bool:
    """Whether a word goes on, or may go on, between the character ``last`` and the ``following``; "" is not known."""
    return is_word_character(last) and (not following or is_word_character(following))


def worth_showing(text: str) -> bool:
    """Whether accepting ``text`` could spare anything that a person can see."""
    return len(text) >= FEWEST_SPARED and not text.isspace()


def is_word_character(character: str) -> bool:
    """Whether words are made of ``character``: letters, digits, the underscore."""
    return character.isalnum() or character == "_"
