"""What a terminal may be sent. Whatever is printed that is not known to be harmless goes through one of these.

Names of files, what a card says, errors that quote either, and ghosts hold what strangers have written. Controls could
move the cursor, change colours or the title; formats could turn the reading direction; and nobody should accept, run or
copy what cannot be seen.
"""

from __future__ import annotations

import unicodedata

from rnncomplete.text.characters import JOINERS, UNKNOWN_CHARACTER, is_displayable, joins

_PRESENTATION = "\ufe0e\ufe0f"
"""What draws the symbol before it as text, or as an emoji."""

_KEYCAP = "\N{COMBINING ENCLOSING KEYCAP}"

_SELECTORS = (range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0), range(0x180B, 0x180E), range(0x180F, 0x1810))
"""Variation selectors, which choose a form of the character before them."""


def is_fit(character: str, before: str, behind: str) -> bool:
    """Whether a terminal may be sent ``character`` between two others ("" at the ends of a text).

    Those that cannot be seen by themselves must shape what stands beside them, as they do in words and in emoji.
    """
    if character.isascii():
        return character.isprintable() or character in "\n\t"
    if not is_displayable(character):
        return False
    if character in JOINERS:
        return joins(before, behind)
    kind = unicodedata.category(before) if before else ""
    if character in _PRESENTATION:
        keycap = behind == _KEYCAP and before.isascii() and before.isprintable()
        return kind in {"So", "Sm", "Pd"} or before in ("\N{DOUBLE EXCLAMATION MARK}", "\u2049") or keycap
    if any(ord(character) in selectors for selectors in _SELECTORS):
        return kind in {"Lo", "So", "Sm"}
    return True


def displayable(text: str, before: str = "") -> str:
    """``text``, which stands behind ``before``, up to the first character that a terminal must not be sent.

    The unknown character ends it, too: it is not a character at all.
    """
    previous = before[-1:]
    for index, character in enumerate(text):
        if character == UNKNOWN_CHARACTER or not is_fit(character, previous, text[index + 1 : index + 2]):
            return text[:index]
        previous = character
    return text


def printable(text: str) -> str:
    """``text`` for a terminal, with a mark for each character that it must not be sent."""
    if text.isascii() and text.isprintable():
        return text
    places = zip(text, ["", *text], [*text[1:], ""], strict=False)
    return "".join(this if is_fit(this, before, behind) else UNKNOWN_CHARACTER for this, before, behind in places)


def one_line(text: str) -> str:
    """``text`` for one line of a terminal: a blank in place of each line end, all else as :func:`printable` has it."""
    return printable(" ".join(line.strip() for line in text.splitlines()))
