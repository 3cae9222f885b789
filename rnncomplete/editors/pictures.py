"""Alt texts: what a text says of a picture beside it is completed by a style that has seen the picture.

Only pictures in the folder that is open are looked at, whatever a text may name.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote, urlsplit

from rnncomplete.editors.open_text import Reading
from rnncomplete.errors import RnncompleteError
from rnncomplete.files import true_path
from rnncomplete.network.loading import styles_about
from rnncomplete.network.picture_file import ENDINGS, read_picture, size_of

if TYPE_CHECKING:
    from rnncomplete.completion.completer import Completer
    from rnncomplete.editors.open_text import OpenText
    from rnncomplete.editors.shelf import Shelf

STYLE = "pictures"
"""The style that describes, where it is installed; else the first one that does."""

TAG = 2_000
"""Characters of a tag on either side of the cursor, at most."""

KEPT = 16
"""Pictures whose documents are kept."""

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
    if "\0" in path or Path(path).suffix.lower() not in ENDINGS:
        return None
    found = true_path(root / path.lstrip("/") if path.startswith("/") else beside / path)
    return found if found.is_relative_to(true_path(root)) and found.is_file() else None


class Pictures:
    """The documents about pictures. Used by the thread that answers alone."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._completer: Completer | None = None
        self._readings: dict[tuple[Path, int, int], Reading] = {}

    def reading(self, text: OpenText, before: str, after: str) -> tuple[Reading, str] | None:
        """A document about the picture of which the cursor stands in the description, and what it says so far.

        ``None`` where the cursor stands elsewhere, where no style describes, and for pictures that are not in the folder
        that is open.
        """
        if text.project is None or (found := alt_text(before, after)) is None:
            return None
        path = picture_path(found.name, Path(text.path).parent, text.project.root)
        if path is None:
            return None
        try:
            about = path.stat()
            key = path, about.st_mtime_ns, about.st_size
            if key not in self._readings:
                self._readings[key] = self._open(path)
        except (OSError, RnncompleteError):
            return None  # what is not a picture is not described; `rnncomplete describe` says why
        while len(self._readings) > KEPT:
            oldest = self._readings.pop(next(iter(self._readings)))
            oldest.completer.close(oldest.document.identity)
        return self._readings[key], found.said

    def _open(self, path: Path) -> Reading:
        """A document about the picture ``path``; raises :class:`RnncompleteError`, also if no style describes."""
        if self._completer is None:
            self._completer = self._shelf.completer(styles_about("picture", STYLE)[0])
        picture = read_picture(path, size_of(self._completer.card))
        return Reading(self._completer, "", self._completer.open(path, source=picture))
