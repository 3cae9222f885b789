"""Alt texts: what a text says of a picture beside it is completed by a style that has seen the picture.

Only pictures in the folder that is open are looked at, whatever a text may name, and only those made of pixels: a drawing
(SVG) takes a process of its own and as long as it likes.
"""

from __future__ import annotations

import re
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote, urlsplit

from rnncomplete.editors.open_text import Reading
from rnncomplete.errors import RnncompleteError
from rnncomplete.files import true_path
from rnncomplete.network.loading import styles_about
from rnncomplete.network.picture_file import PIXEL_ENDINGS, read_picture, size_of

if TYPE_CHECKING:
    from rnncomplete.completion.completer import Completer
    from rnncomplete.editors.open_text import OpenText
    from rnncomplete.editors.shelf import Shelf

TAG = 2_000
"""Characters of a tag on either side of the cursor, at most."""

KEPT = 16
"""Pictures whose documents are kept."""

MOST_PIXELS = 16_000_000
"""Of a picture; a larger one would take seconds at a key, and much memory."""

_MARKDOWN_BEFORE = re.compile(r"!\[([^\[\]\n]*)\Z")
_MARKDOWN_AFTER = re.compile(r"[^\[\]\n]*\]\(\s*(?:<([^<>\n]+)>|([^\s()<>]+))")
_ALT_BEFORE = re.compile(r"""<img\b(?P<tag>[^<>]*?)\balt\s*=\s*(?P<quote>["'])(?P<alt>[^"'<>\n]*)\Z""", re.IGNORECASE)
_SOURCE = re.compile(r"""\bsrc\s*=\s*(?:"([^"<>]*)"|'([^'<>]*)')""", re.IGNORECASE)


class AltText(NamedTuple):
    """A picture that a text names, and what it says of it before the cursor."""

    name: str
    said: str


def alt_text(before: str, after: str) -> AltText | None:
    """The picture of which the cursor between two texts stands in the description, in Markdown or in HTML."""
    if said := _MARKDOWN_BEFORE.search(before[-TAG:]):
        named = _MARKDOWN_AFTER.match(after[:TAG])
        return AltText(named[1] or named[2], said[1]) if named else None
    if tag := _ALT_BEFORE.search(before[-TAG:]):
        rest = after[:TAG].partition(">")[0]
        if tag["quote"] in rest and (named := _SOURCE.search(f"{tag['tag']} {rest.partition(tag['quote'])[2]}")):
            return AltText(named[1] or named[2] or "", tag["alt"])
    return None


def picture_path(name: str, beside: Path, root: Path) -> Path | None:
    """The picture that a text in the folder ``beside`` calls ``name``, if it is a file in the folder ``root``."""
    try:
        parts = urlsplit(name)
    except ValueError:
        return None
    if parts.scheme or parts.netloc:
        return None
    path = unquote(parts.path)
    if "\0" in path or Path(path).suffix.lower() not in PIXEL_ENDINGS:
        return None
    found = true_path(root / path.lstrip("/") if path.startswith("/") else beside / path)
    return found if found.is_relative_to(true_path(root)) and found.is_file() else None


class Pictures:
    """The documents about pictures. Used by the thread that answers alone."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._readings: dict[tuple[Path, int, int], Reading | None] = {}

    def reading(self, text: OpenText, before: str, after: str) -> tuple[Reading, str] | None:
        """A document about the picture of which the cursor stands in the description, and what it says so far.

        ``None`` where the cursor stands elsewhere, where no style describes, for pictures that are not in the folder
        that is open, and for those that nothing is read of: secrets, and what is ignored.
        """
        project = text.project
        if project is None or (found := alt_text(before, after)) is None:
            return None
        path = picture_path(found.name, Path(text.path).parent, project.root)
        if path is None or self._completer is None:
            return None
        inside = path.relative_to(true_path(project.root)).as_posix()
        if project.preferences.why_off(str(path), inside, ""):
            return None
        try:
            about = path.stat()
        except OSError:
            return None
        key = path, about.st_mtime_ns, about.st_size
        if key not in self._readings:
            self._readings[key] = self._open(path, self._completer)
        while len(self._readings) > KEPT:
            oldest = self._readings.pop(next(iter(self._readings)))
            if oldest is not None:
                oldest.completer.close(oldest.document.identity)
        reading = self._readings[key]
        return None if reading is None else (reading, found.said)

    @cached_property
    def _completer(self) -> Completer | None:
        """What describes; ``None`` if no style does that can be loaded."""
        try:
            return self._shelf.completer(styles_about("picture")[0])
        except RnncompleteError:
            return None

    @staticmethod
    def _open(path: Path, completer: Completer) -> Reading | None:
        """A document about the picture ``path``; ``None`` for what cannot be read: `rnncomplete describe` says why."""
        try:
            picture = read_picture(path, size_of(completer.card), MOST_PIXELS)
        except RnncompleteError:
            return None
        return Reading(completer, "", completer.open(path, source=picture))
