"""Drawings by three makers, made on the spot: shapes in colours, under names that scenes know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import Image, ImageDraw

if TYPE_CHECKING:
    from pathlib import Path

MAKERS = ("bold", "plain", "thin")

THINGS = (
    "cat", "dog", "bear", "panda", "koala", "fox", "lion", "goat", "frog", "snake", "owl", "duck",
    "rose", "tulip", "banana", "lemon", "pear", "peach", "key", "bell", "hammer", "candle", "door", "rocket",
)  # fmt: skip
"""Their names; the first are animals, the others are things."""


def drawing(thing: int, maker: int) -> Image.Image:
    """A shape that tells which thing it is: its colour, and how many corners it has."""
    image = Image.new("RGBA", (64, 64), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    colour = (40 + 30 * (thing % 6), 40 + 60 * (thing % 4), 250 - 40 * (thing % 5))
    edge = 4 + 3 * maker
    if thing % 3:
        draw.regular_polygon((32, 32, 32 - edge), 3 + thing % 5, rotation=10 * maker, fill=colour)
    else:
        draw.ellipse((edge, edge, 64 - edge, 64 - edge), fill=colour)
    return image


def write_drawings(folder: Path) -> Path:
    """A folder as :func:`rnncomplete_export.pictures.drawings.read_drawings` takes it."""
    rows = ["hexcode\tname\tgroup"]
    for thing, name in enumerate(THINGS):
        rows.append(f"{thing:x}\t{name}\t{'Animals & Nature' if thing < 12 else 'Objects'}")
        for place, maker in enumerate(MAKERS):
            path = folder / "png64" / maker / f"{thing:x}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            drawing(thing, place).save(path)
    (folder / "captions.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder
