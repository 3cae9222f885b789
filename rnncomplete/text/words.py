"""What a word is, for cutting ghosts and for accepting them a word at a time.

Words follow Unicode (UAX 29) as far as one can without a dictionary: an accent, a vowel sign or a joiner stays with its
letter, and an emoji of several parts is one. In writing without blanks between words, such as Chinese or Thai, a *unit*
stands for a word: two characters as people count them (grapheme clusters), which most words of Chinese and most syllables
of Thai have. Code stays what it is: an underscore makes words, and a run of punctuation is one.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from rnncomplete.text.characters import JOINERS, is_mark

if TYPE_CHECKING:
    from collections.abc import Iterator

    from regex import Pattern

FEWEST_SPARED = 2
"""Characters; for fewer nobody reaches for another key than that of the character itself."""

_WORD = re.compile(r"\s*(?:\w+(?:['\u2019]\w+)*|[^\w\s]+)|\s+")

# Latin, Greek, Cyrillic, Armenian without marks, and the punctuation between them: each character is one for people, too.
_PLAIN = re.compile(r"[\0-\u02ff\u0370-\u0482\u048a-\u058f\u2010-\u2027\u2030-\u205e]*")

_UNSPACED = r"\p{Han}\p{Hiragana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_LEADING = "\u0e40-\u0e44\u0ec0-\u0ec4"  # vowels of Thai and Lao that are written before their consonant


def next_word(text: str) -> str:
    """The first word of ``text`` with the blanks before it: letters, digits and underscores, or a run of punctuation.

    Of blanks alone, the blanks; of nothing, nothing. It never ends inside a character as people count them.
    """
    if _is_plain(text):
        match = _WORD.match(text)
        return match.group() if match else ""
    found = _unicode_word().match(text)
    end = found.end() if found else 0
    return text[: next((place for place in _cluster_ends(text) if place >= end), end)]


def cut_places(text: str, following: str = "") -> set[int]:
    """Where ``text`` may end, as numbers of characters from 1: not inside a word, nor inside a character of several parts.

    ``following`` is the character that would come next; while it is not known, a word may go on.
    """
    whole = text + following
    plain = _is_plain(whole)
    places = range(1, len(text) + 1) if plain else [end for end in _cluster_ends(whole) if end <= len(text)]
    return {
        place
        for place in places
        if not (is_inside_word(whole[place - 1], whole[place : place + 1]) or (not plain and _holds(whole, place)))
        or (not plain and _between_units(whole, place))
    }


def whole_characters(text: str) -> str:
    """``text`` without its last character as people count them, if that may go on behind it."""
    if _is_plain(text):
        return text
    *ends, _ = [0, *_cluster_ends(text)]
    return text[: ends[-1]] if ends else ""


def is_inside_word(last: str, following: str = "") -> bool:
    """Whether a word goes on, or may go on, between the character ``last`` and the ``following``; "" is not known."""
    return is_word_character(last) and (not following or is_word_character(following))


def worth_showing(text: str) -> bool:
    """Whether accepting ``text`` could spare anything that a person can see."""
    return len(text) >= FEWEST_SPARED and not text.isspace()


def is_word_character(character: str) -> bool:
    """Whether words are made of ``character``: letters with their marks and joiners, digits, the underscore."""
    return character.isalnum() or character == "_" or character in JOINERS or is_mark(character)


def _is_plain(text: str) -> bool:
    return text.isascii() or _PLAIN.fullmatch(text) is not None


def _cluster_ends(text: str) -> Iterator[int]:
    """Where the grapheme clusters of ``text`` end, found as they are asked for: a word needs those up to its own end."""
    return (match.end() for match in _cluster().finditer(text))


def _holds(text: str, place: int) -> bool:
    """Whether an emoji at the very end of ``text`` may still get more parts."""
    return (
        place == len(text)
        and not text[-1].isascii()
        and not text[-1].isspace()
        and _emoji().match(text[-1]) is not None
    )


def _between_units(text: str, place: int) -> bool:
    """Whether ``place`` is between two characters of which one is written without blanks between words."""
    pair = text[place - 1 : place + 1]
    return len(pair) == 2 and _boundary().fullmatch(pair) is not None


# The library takes 20 ms to import, which the many whose texts are plain need not wait for.


@lru_cache(maxsize=1)
def _unicode_word() -> Pattern[str]:
    import regex

    letter = rf"[\w--[{_UNSPACED}]]"
    unit = rf"(?:[{_LEADING}]?(?=[{_UNSPACED}])\X){{1,2}}"
    return regex.compile(rf"(?V1)\s*(?:{unit}|{letter}+(?:['\u2019]{letter}+)*|(?:(?![\w\s])\X)+)|\s+")


@lru_cache(maxsize=1)
def _cluster() -> Pattern[str]:
    import regex

    return regex.compile(r"\X")


@lru_cache(maxsize=1)
def _emoji() -> Pattern[str]:
    import regex

    return regex.compile(r"[\p{Extended_Pictographic}\p{Regional_Indicator}\p{Emoji_Modifier}]")


@lru_cache(maxsize=1)
def _boundary() -> Pattern[str]:
    import regex

    return regex.compile(rf"(?V1)[^{_LEADING}][{_UNSPACED}]|[{_UNSPACED}--[{_LEADING}]].", regex.DOTALL)
