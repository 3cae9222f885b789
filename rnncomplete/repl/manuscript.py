"""The document that is written in the prompt; the network reads it before what is being typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rnncomplete.errors import TextError
from rnncomplete.files import replace_file, save_file
from rnncomplete.text.characters import well_formed
from rnncomplete.text.decoding import read_original
from rnncomplete.text.line_ends import LineEnds

if TYPE_CHECKING:
    from pathlib import Path

STEPS = 1000
"""How many changes can be undone."""

LARGEST = 2**28
"""Bytes of a file that is opened, at most."""


class Manuscript:
    """A text that grows at its end, every change of which can be undone.

    It remembers how the lines of the file end that it was opened from, and whether that has a byte-order mark.
    """

    def __init__(self) -> None:
        self.text = ""
        """What is written, with every line end as a newline."""
        self._ends = LineEnds()
        self._filed = ""
        self._changes: list[tuple[int, str, LineEnds]] = []

    def __bool__(self) -> bool:
        return bool(self.text)

    @property
    def original(self) -> str:
        """What a file of it holds."""
        return self._ends.restored(self.text)

    @property
    def unsaved(self) -> bool:
        """Whether it holds a text that was neither opened from a file nor saved to one."""
        return bool(self.text.strip()) and self.original != self._filed

    @property
    def mid_line(self) -> bool:
        """Whether the last line has no end yet."""
        return bool(self.text) and not self.text.endswith("\n")

    @property
    def last_line(self) -> str:
        """The line written last, or the part of one."""
        return self.text.removesuffix("\n").rpartition("\n")[2]

    @property
    def line(self) -> int:
        """The number of the line that is written next, or goes on, from 0."""
        return self.text.count("\n")

    def add(self, text: str) -> None:
        """Add ``text`` at the end."""
        if text:
            self._change(len(self.text), "")
            self.text += well_formed(text)

    def replace(self, original: str) -> None:
        """Put what a file holds in place of everything."""
        original = well_formed(original)
        if original != self.original:
            self._change(0, self.text)
            self.text, self._ends = LineEnds.of(original)

    def undo(self) -> bool:
        """Take the last change back; returns whether there was one."""
        if not self._changes:
            return False
        kept, lost, self._ends = self._changes.pop()
        self.text = self.text[:kept] + lost
        return True

    def open(self, path: Path) -> None:
        """Put the text of a file in place of everything; raises :class:`TextError`."""
        self.replace(read_original(path, LARGEST))
        self._filed = self.original

    def save(self, path: Path) -> int:
        """Write everything to a file, all or nothing; raises :class:`TextError`.

        Returns how many other names the file that was there before has, which keep what it said.
        """
        try:
            others = save_file(path, self.original.encode("utf-8"))
        except OSError as error:
            raise TextError(f"cannot write {path}: {error.strerror or error}; nothing was changed") from None
        self._filed = self.original
        return others

    def keep(self, path: Path) -> None:
        """Save to a file that only its owner may read, and to its folder, made if need be; raises :class:`TextError`.

        A link there is replaced and not followed: the folder may be shared with others.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            replace_file(path, self.original.encode("utf-8"), private=True)
        except OSError as error:
            raise TextError(f"cannot write {path}: {error.strerror or error}") from None
        self._filed = self.original

    def _change(self, kept: int, lost: str) -> None:
        self._changes.append((kept, lost, self._ends))
        del self._changes[:-STEPS]
