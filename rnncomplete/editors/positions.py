r"""Where an editor's line and column are in a text.

Lines end in ``\n``, ``\r\n`` or ``\r`` and in nothing else (LSP 3.18, *Text Documents*): a form feed ends none. Columns count
units of the encoding that client and server have agreed upon.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import accumulate

UTF8, UTF16, UTF32 = "utf-8", "utf-16", "utf-32"

_LINE_END = re.compile(r"\r\n|\r|\n")


class Text:
    """A text that an editor changes, and its places in units of ``encoding``."""

    def __init__(self, text: str, encoding: str = UTF16) -> None:
        self._encoding = encoding
        self.replace_all(text)

    def __str__(self) -> str:
        return self._text

    def replace_all(self, text: str) -> None:
        """The whole text is another one."""
        self._text = text
        if "\r" in text:
            self._starts = [0, *(match.end() for match in _LINE_END.finditer(text))]
        else:
            self._starts = [0, *accumulate(len(line) + 1 for line in text.split("\n")[:-1])]

    def replace(self, start: tuple[int, int], end: tuple[int, int], text: str) -> None:
        """``text`` stands where the text from (line, column) ``start`` to ``end`` stood."""
        begin, stop = sorted((self.offset(*start), self.offset(*end)))
        self.replace_all(self._text[:begin] + text + self._text[stop:])

    def offset(self, line: int, column: int) -> int:
        """The number of characters before that place; of one that is not there the nearest before it."""
        if line >= len(self._starts):
            return len(self._text)
        content = self._content(max(0, line))
        return self._starts[max(0, line)] + _characters(content, max(0, column), self._encoding)

    def place(self, offset: int) -> tuple[int, int]:
        """The line and the column behind so many characters."""
        line = self._line_at(min(offset, len(self._text)))
        return line, units(self._text[self._starts[line] : offset], self._encoding)

    def _content(self, line: int) -> str:
        """A line without its end."""
        end = self._starts[line + 1] if line + 1 < len(self._starts) else len(self._text)
        return self._text[self._starts[line] : end].rstrip("\r\n")

    def _line_at(self, offset: int) -> int:
        return bisect_right(self._starts, offset) - 1


def units(text: str, encoding: str) -> int:
    """How many units of ``encoding`` there are in ``text``."""
    if encoding == UTF32 or text.isascii():
        return len(text)
    if encoding == UTF8:
        return len(text.encode("utf-8", "surrogatepass"))
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _characters(text: str, column: int, encoding: str) -> int:
    """How many whole characters of ``text`` there are in the first ``column`` units."""
    if encoding == UTF32 or text.isascii():
        return min(column, len(text))
    count = taken = 0
    for character in text:
        taken += units(character, encoding)
        if taken > column:
            break
        count += 1
    return count
