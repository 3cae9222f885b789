"""What prompt_toolkit's ``AutoSuggestFromHistory`` shows, with the lines of a text as the history.

That class looks through the whole history at every key; this one keeps the candidates while a line is being typed, and
shows the same (a test holds them against each other).
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class HistoryPeer:
    """The rest of the most recent line that begins like the one being typed."""

    def __init__(self, lines: Iterable[str]) -> None:
        latest = {line: index for index, line in enumerate(lines)}
        self._lines = sorted(latest)
        self._index = [latest[line] for line in self._lines]
        self._typed = ""
        self._candidates: list[int] = []
        """Places in the sorted lines that begin with what was typed, the most recent line first."""

    @classmethod
    def from_text(cls, text: str) -> HistoryPeer:
        """With the lines of ``text`` as history."""
        return cls(text.splitlines())

    def __call__(self, before: str) -> str:
        """The ghost after ``before``; nothing on a blank line."""
        typed = before.rsplit("\n", 1)[-1]
        if not typed.strip():
            return ""
        if self._typed and typed.startswith(self._typed):
            self._candidates = [place for place in self._candidates if self._lines[place].startswith(typed)]
        else:
            first = bisect_left(self._lines, typed)
            last = bisect_left(self._lines, typed + chr(0x10FFFF))
            self._candidates = sorted(range(first, last), key=lambda place: -self._index[place])
        self._typed = typed
        return self._lines[self._candidates[0]].removeprefix(typed) if self._candidates else ""
