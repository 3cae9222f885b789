"""What a file has beside its text, kept from reading to writing: how its lines end, and a byte-order mark."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from rnncomplete.text.characters import normalise

MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"
"""The byte-order mark, where it is the first character of a file."""

_LINE_END = re.compile("\r\n?|\n")


@dataclass(frozen=True)
class LineEnds:
    """How the lines of a file end, and whether a byte-order mark begins it."""

    usual: str = "\n"
    """The commonest end, which lines to come get."""
    each: tuple[str, ...] = ()
    """That of each line, where they differ."""
    mark: str = ""
    """The byte-order mark, or nothing."""

    @classmethod
    def of(cls, original: str) -> tuple[str, LineEnds]:
        """The text that ``original``, a whole file, holds, with every line end as a newline; and what that leaves out."""
        text = original.removeprefix(MARK)
        ends = tuple(_LINE_END.findall(text))
        usual = Counter(ends).most_common(1)[0][0] if ends else "\n"
        same = len(set(ends)) < 2
        return normalise(text), cls(usual, () if same else ends, original[: len(original) - len(text)])

    def restored(self, text: str) -> str:
        """The file that ``text`` makes, which begins as the text that this was found in does."""
        lines = text.split("\n")
        ends = [*self.each[: len(lines) - 1], *[self.usual] * (len(lines) - 1 - len(self.each)), ""]
        return self.mark + "".join(line + end for line, end in zip(lines, ends, strict=True))
