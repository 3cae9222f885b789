"""What a text is about: line n of a translation about line n of its source, every line of a description about one picture.

Contexts are made when a step first needs them, and kept for all documents.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from functools import lru_cache
from hashlib import sha256
from itertools import zip_longest
from typing import TYPE_CHECKING

from rnncomplete.text.characters import normalise

if TYPE_CHECKING:
    from collections.abc import Callable

    from rnncomplete.network.encoder import Context
    from rnncomplete.network.model import FloatArray

    Source = str | FloatArray
    """A text, line by line, or a picture float32[3, size, size]; an empty text is no source."""

CONTEXT_BYTES = 64 * 2**20
"""All contexts together; one of a line of a hundred characters takes a quarter of a megabyte."""


class Contexts:
    """The contexts that ``encode`` makes of lines and pictures. Safe to share among threads.

    They take at most ``most_bytes``; what was not used for longest is forgotten first.
    """

    def __init__(self, encode: Callable[[Source], Context], most_bytes: int = CONTEXT_BYTES) -> None:
        self._encode, self._most = encode, most_bytes
        self._lock = threading.Lock()
        # The one used last is at the end.
        self._kept: OrderedDict[str | bytes, Context] = OrderedDict()
        self._bytes = 0

    def of(self, source: Source) -> Context:
        """The context of one line, or of a picture."""
        key = source if isinstance(source, str) else sha256(source.tobytes()).digest()
        with self._lock:
            if (known := self._kept.get(key)) is not None:
                self._kept.move_to_end(key)
                return known
        made = self._encode(source)
        with self._lock:
            if key not in self._kept:
                self._bytes += made.nbytes
            self._kept[key] = made
            while self._bytes > self._most and len(self._kept) > 1:
                _, oldest = self._kept.popitem(last=False)
                self._bytes -= oldest.nbytes
        return made


class About:
    """The source of one text, which may change: called with the number of a line, it gives its context."""

    def __init__(self, contexts: Contexts, source: Source = "") -> None:
        self._contexts = contexts
        self._lines = _lines(source)
        self._picture: Context | None = None

    def __call__(self, line: int) -> Context:
        """The context of what line ``line`` of the text is about; lines behind those of the source are about nothing."""
        if not isinstance(self._lines, tuple):
            if self._picture is None:
                self._picture = self._contexts.of(self._lines)
            return self._picture
        return self._contexts.of(self._lines[line] if line < len(self._lines) else "")

    def change(self, source: Source) -> int | None:
        """The text is about ``source`` now; returns its first line that is about something else than before, if any."""
        before, self._lines, self._picture = self._lines, _lines(source), None
        if isinstance(before, tuple) and isinstance(self._lines, tuple):
            pairs = zip_longest(before, self._lines, fillvalue="")
            return next((line for line, (old, new) in enumerate(pairs) if old != new), None)
        import numpy as np

        return None if np.array_equal(before, self._lines) else 0


def last_line(source: str) -> int:
    """The number of the last line of ``source`` that is not blank, from 0 on."""
    lines = _split(source)
    return next((number for number in range(len(lines) - 1, -1, -1) if lines[number].strip()), 0)


def source_line(source: Source | None, line: int) -> str:
    """What line ``line`` of a text translates; nothing behind the last one, and where a picture is described."""
    lines = _split(source) if isinstance(source, str) else ()
    return lines[line] if line < len(lines) else ""


def with_lines_from(source: Source | None, line: int, text: str) -> str:
    """``source`` as it is before ``line``, and from there on ``text``."""
    lines = _split(source) if isinstance(source, str) else ()
    return "\n".join([*lines[:line], *[""] * (line - len(lines)), normalise(text)])


def _lines(source: Source) -> tuple[str, ...] | FloatArray:
    return _split(source) if isinstance(source, str) else source


@lru_cache(maxsize=1)
def _split(source: str) -> tuple[str, ...]:
    """Its lines; whoever draws or completes asks again and again for those of one text."""
    return tuple(normalise(source).split("\n"))
