"""Texts with labels as TSV files hold them: a line a text.

A file has two columns, text and label, or a first line that names its columns, of which ``text`` and ``label`` are read
and ``source``, where there is one, tells which texts are measured together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rnncomplete.errors import TextError
from rnncomplete.text.characters import is_displayable
from rnncomplete.text.decoding import read_text
from rnncomplete.text.wording import counted

if TYPE_CHECKING:
    from pathlib import Path

MOST_LABELS, LARGEST_LABEL = 64, 40
"""Labels of a text, and characters of one label, at most."""


@dataclass(frozen=True)
class LabelledText:
    """One text, on one line."""

    text: str
    label: str
    source: str = ""
    """Which texts it is measured with."""


def one_line_of(text: str) -> str:
    """``text`` as a text with a label is read: all whitespace in it single spaces."""
    return " ".join(text.split())


def is_label(name: str) -> bool:
    """Whether ``name`` may be the name of a label: short, on one line, and of characters that can be shown."""
    return 1 <= len(name) <= LARGEST_LABEL and name == one_line_of(name) and all(map(is_displayable, name))


def read_labelled(path: Path) -> list[LabelledText]:
    """The texts of a TSV file, all whitespace in them single spaces; raises :class:`TextError` naming the line."""
    rows = [line.split("\t") for line in read_text(path).split("\n")]
    if rows and not any(rows[-1]):
        rows.pop()
    columns = {"text": 0, "label": 1}
    named = [name.strip().lower() for name in rows[0]] if rows else []
    first = 1
    if {"text", "label"} <= set(named):
        columns = {name: named.index(name) for name in ("text", "label", "source") if name in named}
        rows, first = rows[1:], 2
    read = []
    for number, row in enumerate(rows, first):
        wanted = len(named) if first == 2 else 2
        if len(row) != wanted:
            raise TextError(
                f"{path}, line {number}, has {counted(len(row), 'column')}; expected {wanted}: text and label, with a tab between"
            )
        cells = {name: one_line_of(row[column]) for name, column in columns.items()}
        if not cells["text"] or not cells["label"]:
            raise TextError(f"{path}, line {number}, has no {'label' if cells['text'] else 'text'}; expected both")
        if not is_label(cells["label"]):
            raise TextError(
                f"{path}, line {number}, has the label {cells['label'][:20]!r}…; expected at most {LARGEST_LABEL} plain "
                "characters: is the text the first column?"
            )
        read.append(LabelledText(**cells))
    return read
