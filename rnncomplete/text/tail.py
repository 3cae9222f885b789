"""The end of a text as tokens: what has to be known of it to go on, however long it is."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from rnncomplete.text.characters import may_compose, normalise

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from rnncomplete.text.vocabulary import Vocabulary


@dataclass(frozen=True)
class Tail:
    """A text of ``len(tail)`` characters, of which only those from the place ``begin`` on are at hand: ``tokens`` uint16[n]."""

    begin: int = 0
    tokens: NDArray[np.uint16] = field(default_factory=lambda: np.zeros(0, np.uint16))
    lines: int = 0
    """Line ends before ``begin``, where somebody counts them."""

    def __len__(self) -> int:
        return self.begin + len(self.tokens)

    def since(self, place: int) -> NDArray[np.uint16]:
        """The tokens from ``place`` on, which must be at hand; a view."""
        if place < self.begin:
            raise ValueError(f"the text from {place:,} on; only what stands behind {self.begin:,} is at hand")
        return self.tokens[place - self.begin :]

    def until(self, place: int) -> Tail:
        """The text as it was when it ended at ``place``."""
        return Tail(self.begin, self.tokens[: place - self.begin], self.lines)


class TailReader:
    """Turns a text that changes at one place at a time into its :class:`Tail`: only what changed is encoded again.

    ``begin(length)`` says from where on a text of so many characters is needed. With ``count`` the line ends before are
    counted. Not for several threads at once.
    """

    def __init__(self, vocabulary: Vocabulary, begin: Callable[[int], int], *, count: bool = False) -> None:
        self._vocabulary = vocabulary
        self._begin, self._count = begin, count
        self._end = ""
        """The characters of the last tail."""
        self._tail = Tail()
        self._composing = "nfc" in vocabulary.normalisation
        self._is_composed = ""
        """A text that is known to be so."""
        self._counted: tuple[str, int] = "", 0
        """A text, and how many line ends of two characters it has."""

    def read(self, text: str) -> Tail:
        """The tail of ``text``, normalised."""
        text = self._composed(text)
        length = len(text) - self._double_ends(text)
        begin = self._begin(length)
        wanted = length - begin
        # No more than twice as many characters become so many; the first may be half a line end, which is cut off.
        end = normalise(text[-2 * wanted - 2 :])[-wanted:] if self._counted[1] else normalise(text[begin:])
        same = common_start(self._end, end) if begin == self._tail.begin else 0
        fresh = self._vocabulary.encode(end[same:])
        tokens = np.concatenate([self._tail.tokens[:same], fresh]) if same else fresh
        self._tail = Tail(begin, tokens, self._lines_before(text, end) if self._count and begin else 0)
        self._end = end
        return self._tail

    def begin_of(self, line: int) -> int:
        """The place where that line, of those from 0 on, begins in the text read last.

        Behind its end if it has no such line, and 0 if it begins before what is at hand.
        """
        if line <= self._tail.lines:
            return 0
        ends = np.flatnonzero(self._tail.tokens == self._vocabulary.token("\n"))
        number = line - self._tail.lines
        return self._tail.begin + int(ends[number - 1]) + 1 if number <= len(ends) else len(self._tail) + 1

    def _lines_before(self, text: str, end: str) -> int:
        """Line ends of ``text`` before its normalised ``end``."""
        return text.count("\n") + text.count("\r") - self._counted[1] - end.count("\n")

    def _composed(self, text: str) -> str:
        """``text`` composed, if the vocabulary wants that; of one that is so, which most are, only what changed is looked at."""
        if not self._composing or text.isascii():
            return text
        known = self._is_composed
        place = len(known) if text.startswith(known) else common_start(known, text)
        while place > 0 and (place >= len(text) or may_compose(text[place])):
            place -= 1
        if not unicodedata.is_normalized("NFC", text[place:]):
            return unicodedata.normalize("NFC", text)
        self._is_composed = text
        return text

    def _double_ends(self, text: str) -> int:
        r"""How many ``\r\n`` there are in ``text``; counted again only where it changed."""
        known, count = self._counted
        if "\r" not in text:
            known, count = "", 0
        elif text.startswith(known):
            known, count = text, count + text.count("\r\n", max(0, len(known) - 1))
        elif known.startswith(text):
            known, count = text, count - known.count("\r\n", max(0, len(text) - 1))
        else:
            known, count = text, text.count("\r\n")
        self._counted = known, count
        return count


_BLOCK = 1 << 12


def common_start(one: str, other: str) -> int:
    """How many characters both begin with."""
    shorter = min(len(one), len(other))
    low = next(
        (at for at in range(0, shorter, _BLOCK) if one[at : at + _BLOCK] != other[at : at + _BLOCK]),
        shorter,
    )
    high = min(shorter, low + _BLOCK)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if one[low:middle] == other[low:middle] else (low, middle - 1)
    return low
