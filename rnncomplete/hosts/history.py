"""Ghosts from what was typed before, which shells offer before those of a network."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prompt_toolkit.buffer import Buffer

SEARCHED = 5000
"""Entries, the newest first; this is done at every key."""


def from_history(buffer: Buffer) -> str:
    """How the text went on when it was last typed: as a whole, perhaps over several lines, or else its last line."""
    text = buffer.document.text_before_cursor
    line = text.rpartition("\n")[2]
    if not line.strip() or not buffer.document.is_cursor_at_the_end:
        return ""
    entries = list(islice(reversed(buffer.history.get_strings()), SEARCHED))
    lines = (item for entry in entries for item in reversed(entry.split("\n")))
    for typed, earlier in ((text, entries), (line, lines)):
        for item in earlier:
            if item.startswith(typed) and len(item) > len(typed):
                return item[len(typed) :]
    return ""
