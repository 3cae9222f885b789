"""What text is made of, for those who need no numpy: the unknown character, and what a terminal may be sent."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

UNKNOWN_CHARACTER = "\N{REPLACEMENT CHARACTER}"
"""Stands for every character that a network does not know."""


NORMALISATIONS = ("line-ends", "nfc")
"""What :func:`normalise` can do, by name, in this order; a network trained now reads texts with all of it done."""

JOINERS = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"
"""Shown by nothing but how their neighbours look: Persian words and emoji of several parts are spelled with them."""

_FIRST_THAT_JOINS = 0x590
"""The code points below are Latin, Greek, Cyrillic and Armenian."""

_INVISIBLE = (
    *("\N{COMBINING GRAPHEME JOINER}", "\N{BRAILLE PATTERN BLANK}", "\N{HANGUL FILLER}"),
    *("\N{HALFWIDTH HANGUL FILLER}", "\N{HANGUL CHOSEONG FILLER}", "\N{HANGUL JUNGSEONG FILLER}"),
    *("\N{KHMER VOWEL INHERENT AQ}", "\N{KHMER VOWEL INHERENT AA}", "\N{MUSICAL SYMBOL NULL NOTEHEAD}"),
)
"""Nothing is seen of these, though Unicode counts them among letters, marks and symbols."""


_LONE_SURROGATE = re.compile("[\ud800-\udc7f\udd00-\udfff]")


def normalise(text: str, how: Collection[str] = NORMALISATIONS[:1]) -> str:
    r"""What a network reads instead of ``text``: every line end as ``\n``, and, if ``how`` holds "nfc", all composed.

    Composed is Unicode's normalisation form C (UAX 15): \u00e9 and not e with an accent behind it.
    """
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return unicodedata.normalize("NFC", text) if "nfc" in how else text


def normalised(chunks: Iterable[str], how: Collection[str]) -> Iterator[str]:
    """The normalised text of ``chunks``, whose line ends are so already, wherever it was cut."""
    rest = ""
    for chunk in chunks:
        text = rest + chunk
        end = len(text) - 1
        while end > 0 and may_compose(text[end]):
            end -= 1
        rest = text[end:]
        if whole := normalise(text[:end], how):
            yield whole
    if rest:
        yield normalise(rest, how)


def well_formed(text: str) -> str:
    """``text`` as it can be written in UTF-8: what stands for bytes that nobody could read (PEP 383) is read as UTF-8.

    What is not even that, and every other surrogate alone, becomes the unknown character.
    """
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        text = _LONE_SURROGATE.sub(UNKNOWN_CHARACTER, text)
        return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return text


def may_compose(character: str) -> bool:
    """Whether ``character`` may become one with what stands before it: marks, and the later parts of Korean syllables."""
    return is_mark(character) or "\u1160" <= character <= "\u11ff"


def is_mark(character: str) -> bool:
    """Whether ``character`` stands on the one before it: accents, vowel signs, variation selectors."""
    return unicodedata.category(character)[0] == "M"


def is_displayable(character: str) -> bool:
    """Whether a terminal may be sent ``character`` where it has a place, which :mod:`rnncomplete.text.printing` knows.

    That is newline, tab, or anything but controls, formats, surrogates and what nobody could see; of formats only
    :data:`JOINERS`, without which some languages cannot be written.
    """
    if character in _INVISIBLE:
        return False
    kind = unicodedata.category(character)
    return character in "\n\t" or character in JOINERS or kind not in {"Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp"}


def joins(before: str, after: str) -> bool:
    """Whether one of :data:`JOINERS` has a meaning between the characters ``before`` and ``after``: letters or emoji.

    Elsewhere, and in scripts whose letters do not join, such as Latin, nobody could see that it is there.
    """
    if any(not c or ord(c) < _FIRST_THAT_JOINS for c in (before, after)):
        return False
    kinds = {unicodedata.category(c) for c in (before, after)}
    return all(kind[:1] in {"L", "M"} or kind in {"So", "Sk"} for kind in kinds)
