"""What text is made of, for those who need no numpy: the unknown character, and what a terminal may be sent."""

from __future__ import annotations

import unicodedata

UNKNOWN_CHARACTER = "\N{REPLACEMENT CHARACTER}"
"""Stands for every character that a network does not know."""


def normalise(text: str) -> str:
    r"""What a network reads instead of ``text``: every line end as ``\n``."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def is_displayable(character: str) -> bool:
    """Whether a terminal may be sent ``character``: newline, tab, or anything but controls, formats and surrogates."""
    return character in "\n\t" or unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp"}
