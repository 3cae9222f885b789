"""How a text's words moved its label, drawn: a page in HTML, or a picture in SVG, for people."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rnncomplete.completion.classifier import Moment

MOST = 3.0
"""Nats at which a word has its full colour."""

FOR, AGAINST = (46, 139, 87), (205, 71, 71)
WIDTH, LINE, SIDE = 88, 24, 12
"""Characters of a line of a picture, and its height and margin in pixels."""
LETTER = 8.4


def strength(moment: Moment) -> float:
    """How far a word moved the label that the text has in the end: 1 for it, -1 against it, at most."""
    return max(-1.0, min(1.0, moment.moved / MOST))


def told(moments: Sequence[Moment], labels: Sequence[str]) -> str:
    """The label of a text, and its probability."""
    if not moments:
        return "nothing was read"
    shares = moments[-1].shares
    return f"{labels[int(shares.argmax())]} {100 * shares.max():.0f} %"


def as_html(texts: Sequence[Sequence[Moment]], labels: Sequence[str]) -> str:
    """A page with each text's words on green where they spoke for its label, on red where against it."""
    rows = []
    for moments in texts:
        words = "".join(
            f'<span style="background:{_colour(moment)}" title="{escape(_title(moment, labels))}">'
            f"{escape(moment.word)}</span>"
            for moment in moments
        )
        rows.append(f"<p><b>{escape(told(moments, labels))}</b> {words}</p>")
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>How words moved a label</title></head>\n'
        '<body style="font:16px/1.6 sans-serif;max-width:48em;margin:2em auto">\n'
        + "\n".join(rows)
        + "\n</body></html>"
    )


def as_svg(texts: Sequence[Sequence[Moment]], labels: Sequence[str]) -> str:
    """The same as a picture."""
    parts: list[str] = []
    row = 0
    for moments in texts:
        parts.append(_text(0, row, told(moments, labels), ' font-weight="bold"'))
        row, column = row + 1, 0
        for moment in moments:
            word = moment.word.strip()[:WIDTH]
            if column and column + len(word) > WIDTH:
                row, column = row + 1, 0
            left, top = SIDE + LETTER * column, SIDE + LINE * row
            width = LETTER * len(word)
            parts.append(
                f'<rect x="{left:.1f}" y="{top}" width="{width:.1f}" height="{LINE - 4}" fill="{_colour(moment)}"/>'
            )
            parts.append(_text(column, row, word, f' textLength="{width:.1f}"'))
            column += len(word) + 1
        row += 2
    width, height = 2 * SIDE + LETTER * WIDTH, 2 * SIDE + LINE * max(row - 1, 1)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" font-family="monospace" '
        f'font-size="14">\n<rect width="100%" height="100%" fill="white"/>\n' + "\n".join(parts) + "\n</svg>"
    )


def _text(column: int, row: int, text: str, more: str) -> str:
    left, top = SIDE + LETTER * column, SIDE + LINE * row + LINE - 9
    return f'<text x="{left:.1f}" y="{top}"{more}>{escape(text)}</text>'


def _colour(moment: Moment) -> str:
    red, green, blue = FOR if moment.moved > 0 else AGAINST
    return f"rgba({red},{green},{blue},{0.6 * abs(strength(moment)):.2f})"


def _title(moment: Moment, labels: Sequence[str]) -> str:
    return ", ".join(f"{label} {100 * share:.0f} %" for label, share in zip(labels, moment.shares, strict=True))
