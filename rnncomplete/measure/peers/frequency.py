"""A word completer: of the words that begin like the one being typed, the most frequent."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter

_WORDS = re.compile(r"\w+")
_TYPED = re.compile(r"\w+\Z")


class FrequencyPeer:
    """Completes words from a list sorted by how often a text holds them; ties go to the first in the alphabet."""

    def __init__(self, counts: Counter[str]) -> None:
        self._counts = counts
        self._words = sorted(counts)
        self._best: dict[str, str] = {}

    @classmethod
    def from_text(cls, text: str) -> FrequencyPeer:
        """With the words of ``text``."""
        return cls(Counter(_WORDS.findall(text)))

    @property
    def bytes(self) -> int:
        """Of the words, a line each with a count of four bytes."""
        return sum(len(word.encode()) + 5 for word in self._words)

    def __call__(self, before: str) -> str:
        """The rest of the word being typed, or nothing."""
        match = _TYPED.search(before[-100:])
        if match is None:
            return ""
        typed = match.group()
        if typed not in self._best:
            first, last = bisect_left(self._words, typed), bisect_left(self._words, typed + chr(0x10FFFF))
            longer = [word for word in self._words[first:last] if word != typed]
            self._best[typed] = max(longer, key=lambda word: self._counts[word], default=typed)
        return self._best[typed].removeprefix(typed)
