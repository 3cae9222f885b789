"""Catalogues of gettext (``.po``): what a style that translates reads of one, where the msgid is the source of its msgstr.

The translations before the cursor are the text, one after another, and what they translate is its source, line by line.
So names that were translated before come back. The format is GNU gettext's:
https://www.gnu.org/software/gettext/manual/html_node/PO-Files.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from rnncomplete.completion.completes import Completes

CATALOGUES = frozenset({"po", "gettext"})
"""Languages, as editors call them."""

WINDOW = 1 << 16
"""Characters of a catalogue before the cursor that are read, at least; at most twice as many."""

_LINE = re.compile(
    r'[ \t]*(?:(?P<keyword>msgctxt|msgid_plural|msgid|msgstr)(?:\[(?P<form>\d+)\])?[ \t]*)?"(?P<text>(?:[^"\\]|\\.)*)(?P<end>"?)'
)
_BLANK = re.compile(r"\n\r?(?=\n)")
_ESCAPE = re.compile(r"\\(.)")
_MEANT = {"n": "\n", "t": "\t", "r": ""}


class Place(NamedTuple):
    """What a document reads for a cursor."""

    before: str
    """The text before the cursor."""
    source: str | None = None
    """What it translates, line by line; ``None`` for a text that is read as it is."""

    def written(self, ghost: str) -> str:
        """``ghost`` as it stands in the file: of a translation one line, with what must be escaped."""
        if self.source is None:
            return ghost
        line = ghost.partition("\n")[0]
        return line.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t")

    def behind(self, after: str) -> str:
        """What of the text ``after`` the cursor belongs to it: not the quote that ends a translation."""
        return after if self.source is None else after.removeprefix('"')


@dataclass
class _Entry:
    """One entry, as far as it was read."""

    said: dict[str, str] = field(default_factory=dict)
    """By keyword; of forms of a plural with their number."""
    doubtful: bool = False
    """Whether it is marked as fuzzy."""

    def source(self, keyword: str) -> str:
        """What the msgstr called ``keyword`` translates."""
        several = keyword.removeprefix("msgstr") not in ("", "0")
        return self.said.get("msgid_plural" if several else "msgid", "")

    def pairs(self) -> list[tuple[str, str]]:
        """Sources and translations that are there; the header is none."""
        found = [(self.source(keyword), text) for keyword, text in self.said.items() if keyword.startswith("msgstr")]
        return [] if self.doubtful else [(source, text) for source, text in found if source and text]


def read_as(completer: Completes, language: str, before: str) -> Place | None:
    """What a document of ``completer`` reads of a text; ``None`` where its style has nothing to write.

    That is ``before`` as it is, but for catalogues in styles that translate: there only a msgstr is written in.
    """
    if language not in CATALOGUES or (source := completer.card.source) is None or source["kind"] != "text":
        return Place(before)
    return place_in(before)


def place_in(before: str) -> Place | None:
    """The place in a catalogue; ``None`` unless the cursor, at the end of ``before``, is inside of a msgstr."""
    begin = max(0, len(before) // WINDOW - 1) * WINDOW
    if begin:
        blank = _BLANK.search(before, begin)
        begin = blank.end() if blank else before.find("\n", begin) + 1 or begin
    texts: list[str] = []
    sources: list[str] = []
    entry, keyword, is_open = _Entry(), "", False
    for line in before[begin:].split("\n"):
        is_open = False
        found = _LINE.match(line)
        if line.startswith("#") or found is None:
            if keyword.startswith("msgstr") or not line.strip():
                _add(entry.pairs(), texts, sources)
                entry, keyword = _Entry(), ""
            entry.doubtful = entry.doubtful or (line.startswith("#,") and "fuzzy" in line)
            continue
        if found["keyword"]:
            if keyword.startswith("msgstr") and found["keyword"] != "msgstr":
                _add(entry.pairs(), texts, sources)
                entry = _Entry()
            keyword = found["keyword"] + (found["form"] or "")
        entry.said[keyword] = entry.said.get(keyword, "") + _ESCAPE.sub(_unescape, found["text"])
        is_open = not found["end"] and found.end() == len(line)
    if not (is_open and keyword.startswith("msgstr") and entry.source(keyword)):
        return None
    text = entry.said.pop(keyword)
    _add(entry.pairs(), texts, sources)
    return Place("".join(f"{line}\n" for line in texts) + text, "\n".join([*sources, entry.source(keyword)]))


def _add(pairs: list[tuple[str, str]], texts: list[str], sources: list[str]) -> None:
    """Add entries line by line; where a translation has other lines than its source, as one."""
    for source, text in pairs:
        lines = [source.split("\n"), text.split("\n")]
        if len(lines[0]) != len(lines[1]):
            lines = [[" ".join(part.split())] for part in (source, text)]
        sources += lines[0]
        texts += lines[1]


def _unescape(found: re.Match[str]) -> str:
    return _MEANT.get(found[1], found[1])
