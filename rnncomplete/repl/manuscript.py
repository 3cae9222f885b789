"""The document that is written in the prompt; the network reads it before what is being typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rnncomplete.errors import TextError
from rnncomplete.files import replace_file
from rnncomplete.text.decoding import read_text

if TYPE_CHECKING:
    from pathlib import Path

STEPS = 1000
"""How many changes can be undone."""


class Manuscript:
    """A text that grows at its end, every change of which can be undone."""

    def __init__(self) -> None:
        self.text = ""
        self._filed = ""
        self._changes: list[tuple[int, str]] = []

    def __bool__(self) -> bool:
        return bool(self.text)

    @property
    def unsaved(self) -> bool:
        """Whether it holds a text that was neither opened from a file nor saved to one."""
        return bool(self.text.strip()) and self.text != self._filed

    @property
    def mid_line(self) -> bool:
        """Whether the last line has no end yet."""
        return bool(self.text) and not self.text.endswith("\n")

    @property
    def last_line(self) -> str:
        """The line written last, or the part of one."""
        return self.text.removesuffix("\n").rpartition("\n")[2]

    def add(self, text: str) -> None:
        """Add ``text`` at the end."""
        if text:
            self._change(len(self.text), "")
            self.text += text

    def replace(self, text: str) -> None:
        """Put ``text`` in place of everything."""
        if text != self.text:
            self._change(0, self.text)
            self.text = text

    def undo(self) -> bool:
        """Take the last change back; returns whether there was one."""
        if not self._changes:
            return False
        kept, lost = self._changes.pop()
        self.text = self.text[:kept] + lost
        return True

    def open(self, path: Path) -> None:
        """Put the text of a file in place of everything; raises :class:`TextError`."""
        self.replace(read_text(path))
        self._filed = self.text

    def save(self, path: Path) -> None:
        """Write everything to a file, all or nothing; raises :class:`TextError`."""
        try:
            path = path.resolve()
            replace_file(path, self.text.encode("utf-8", "surrogateescape"))
        except OSError as error:
            raise TextError(f"cannot write {path}: {error.strerror or error}; nothing was changed") from None
        self._filed = self.text

    def keep(self, path: Path) -> None:
        """Save to a file that only its owner may read, and to its folder, made if need be; raises :class:`TextError`.

        A link there is replaced and not followed: the folder may be shared with others.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            replace_file(path, self.text.encode("utf-8", "surrogateescape"), private=True)
        except OSError as error:
            raise TextError(f"cannot write {path}: {error.strerror or error}") from None
        self._filed = self.text

    def _change(self, kept: int, lost: str) -> None:
        self._changes.append((kept, lost))
        del self._changes[:-STEPS]
