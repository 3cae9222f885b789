"""Putting windows of a text back where they belong.

Plug-ins send the last few hundred lines before the cursor. With every new line such a window begins a line later; taken
for the whole text it would be another text each time, which had to be read again from its start.
"""

from __future__ import annotations

from rnncomplete.text.tail import common_start

LONGEST_TEXT = 400_000
"""Characters of a text that are kept before its windows."""

_HEAD = 240
"""Characters by which the place of a window is found."""


def put_back(known: str, window: str) -> str:
    """The text whose end is ``window``, as far as ``known``, what it was a moment ago, tells what stood before."""
    place = known.find(window[:_HEAD]) if len(window) > _HEAD else 0
    if place <= 0 or place + len(window) > LONGEST_TEXT:
        return window
    return known[:place] + window


def likeness(known: str, window: str) -> float:
    """How much of the shorter of two texts, from 0 to 1, the one has in common with the other from its beginning on."""
    text = put_back(known, window)
    begin = len(text) - len(window)
    shorter = min(len(known), len(text)) - begin
    return 1.0 if shorter <= 0 else max(0, common_start(known, text) - begin) / shorter
