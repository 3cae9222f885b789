"""Drawings by three makers, made on the spot: shapes in colours, under names that scenes know; and folders of pictures."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from PIL import Image, ImageDraw

if TYPE_CHECKING:
    from pathlib import Path

COUNT = 42
"""Pictures in such a folder."""

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


def save(album: Any, place: int, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(album.pictures[place].transpose(1, 2, 0)).save(path)


def write_flickr(album: Any, folder: Path, *, tokens: bool) -> Path:
    for place in range(COUNT):
        save(album, place, folder / "Images" / f"{place}.png")
    pairs = [
        (f"{place}.png", caption, number)
        for place, text in enumerate(album.captions)
        for number, caption in enumerate((text, f"also, {text}"))
    ]
    if tokens:
        lines = [f"{name}#{number}\t{caption} ." for name, caption, number in pairs]
        (folder / "Flickr8k.token.txt").write_text("\n".join(lines) + "\n")
        (folder / "Flickr_8k.devImages.txt").write_text("3.png\n8.png\n")
    else:
        lines = ["image,caption", *(f'{name},"{caption}"' for name, caption, _ in pairs)]
        (folder / "captions.txt").write_text("\n".join(lines) + "\n")
    return folder


def write_coco(album: Any, folder: Path) -> Path:
    for part, places in (("train2017", range(38)), ("val2017", range(38, COUNT))):
        for place in places:
            save(album, place, folder / part / f"{place:012}.png")
        held = {
            "images": [{"id": place, "file_name": f"{place:012}.png", "height": 64} for place in places],
            "annotations": [
                {"id": 9 * place, "image_id": place, "caption": f"{album.captions[place]}\n"} for place in places
            ],
        }
        (folder / "annotations").mkdir(exist_ok=True)
        (folder / "annotations" / f"captions_{part}.json").write_text(json.dumps(held))
    return folder
