"""Drawings that scenes are composed of: what each shows and who made it, read from a folder of pictures or from one file.

A folder has a picture ``png64/MAKER/CODE.png`` for each and ``captions.tsv`` (columns ``hexcode``, ``name``, ``group``). The
one file holds the same pictures in WebP, a tenth of a byte per number, to carry them about.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rnncomplete.errors import PictureError, TextError
from rnncomplete.network.picture_file import read_transparent

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path

    from numpy.typing import NDArray

SIDE = 64
"""Pixels of a drawing and of a scene, across and down."""

QUALITY = 75
"""Of WebP in a packed file."""

LEFT_OUT = "flag "
"""How names begin of what is not taken: flags of countries, which only few makers draw."""

COLUMNS = ("hexcode", "name", "group")
"""Of ``captions.tsv``, those that are read."""

CODE = re.compile(r"[0-9A-Fa-f]+(-[0-9A-Fa-f]+)*")
"""Code points of an emoji."""

LAYOUT = "expected captions.tsv and png64/MAKER/CODE.png"


@dataclass(frozen=True)
class Drawings:
    """N drawings by makers, of things with names."""

    pictures: NDArray[np.uint8]
    """[N, 4, 64, 64]: red, green, blue, each times alpha; alpha."""
    named: NDArray[np.int64]
    """[N]: the place of each one's name in ``names``."""
    made_by: NDArray[np.int64]
    """[N]: the place of each one's maker in ``makers``."""
    names: tuple[str, ...]
    groups: tuple[str, ...]
    """Of each name: what Unicode groups it under."""
    makers: tuple[str, ...]

    def by(self, makers: Collection[str]) -> Drawings:
        """Those of some ``makers``."""
        places = [self.makers.index(maker) for maker in makers]
        kept = np.isin(self.made_by, places)
        return Drawings(self.pictures[kept], self.named[kept], self.made_by[kept], self.names, self.groups, self.makers)


def is_drawings(path: Path) -> bool:
    """Whether ``path`` holds drawings to compose, not pictures with captions."""
    return path.is_file() or (path / "captions.tsv").is_file()


def premultiplied(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """``pixels`` [H, W, 4] as [4, H, W], colours times alpha."""
    alpha = pixels[..., 3:].astype(np.uint16)
    colours = (pixels[..., :3] * alpha + 127) // 255
    return np.concatenate((colours, alpha), axis=-1).astype(np.uint8).transpose(2, 0, 1)


def _files(folder: Path) -> tuple[list[tuple[str, str]], list[tuple[Path, int, str]]]:
    """Names with their groups, and of each picture its file, the place of its name and its maker."""
    captions = folder / "captions.tsv"
    try:
        with captions.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file, delimiter="\t", strict=True))
        makers = sorted(path.name for path in (folder / "png64").iterdir() if path.is_dir())
    except (OSError, csv.Error, UnicodeDecodeError) as error:
        raise TextError(f"{folder} is not a folder of drawings ({error}); {LAYOUT}") from None
    for number, row in enumerate(rows, 2):
        if missing := [column for column in COLUMNS if not row.get(column)]:
            raise TextError(
                f"{captions}, line {number}, has no {missing[0]}; expected the columns {', '.join(COLUMNS)}"
            )
        if not CODE.fullmatch(row["hexcode"]):
            raise TextError(
                f"{captions}, line {number}: {row['hexcode']!r} is not a hexcode; expected one like 1F431-200D"
            )
    rows = [row for row in rows if not row["name"].startswith(LEFT_OUT)]
    files = [
        (path, index, maker)
        for maker in makers
        for index, row in enumerate(rows)
        if (path := folder / "png64" / maker / f"{row['hexcode']}.png").is_file()
    ]
    if not files:
        raise TextError(f"{folder} holds no drawings; {LAYOUT}")
    return [(row["name"], row["group"]) for row in rows], files


def pack_drawings(folder: Path, file: Path) -> int:
    """Write the drawings in ``folder`` to one ``file``; how many they are."""
    from PIL import Image

    names, files = _files(folder)
    makers = sorted({maker for _, _, maker in files})
    blobs = []
    for path, _, _ in files:
        packed = io.BytesIO()
        with Image.open(path) as picture:
            picture.convert("RGBA").resize((SIDE, SIDE)).save(packed, "webp", quality=QUALITY, method=6)
        blobs.append(packed.getvalue())
    np.savez(
        file,
        pictures=np.frombuffer(b"".join(blobs), np.uint8),
        lengths=np.array([len(blob) for blob in blobs]),
        named=np.array([index for _, index, _ in files]),
        made_by=np.array([makers.index(maker) for _, _, maker in files]),
        names=np.array([name for name, _ in names]),
        groups=np.array([group for _, group in names]),
        makers=np.array(makers),
    )
    return len(files)


def read_drawings(path: Path, progress: Callable[[int, int], None] = lambda *_: None) -> Drawings:
    """What :func:`pack_drawings` wrote, or the folder that it read; raises :class:`TextError` for anything else.

    ``progress`` is told how many drawings were read of all.
    """
    if path.is_dir():
        names, files = _files(path)
        makers = sorted({maker for _, _, maker in files})
        pictures = np.empty((len(files), 4, SIDE, SIDE), np.uint8)
        for place, (file, _, _) in enumerate(files):
            progress(place + 1, len(files))
            try:
                pictures[place] = premultiplied(np.asarray(read_transparent(file, SIDE).resize((SIDE, SIDE))))
            except PictureError as error:
                raise TextError(f"among the drawings, {error}") from None
        return Drawings(
            pictures,
            np.array([index for _, index, _ in files]),
            np.array([makers.index(maker) for _, _, maker in files]),
            tuple(name for name, _ in names),
            tuple(group for _, group in names),
            tuple(makers),
        )
    from PIL import Image

    try:
        with path.open("rb") as packed, np.load(packed, allow_pickle=False) as held:
            ends = np.cumsum(held["lengths"])
            blob = held["pictures"].tobytes()
            pictures = np.empty((len(ends), 4, SIDE, SIDE), np.uint8)
            for place, (begin, end) in enumerate(zip(ends - held["lengths"], ends, strict=True)):
                progress(place + 1, len(ends))
                with Image.open(io.BytesIO(blob[begin:end]), formats=("WEBP",)) as picture:
                    pictures[place] = premultiplied(np.asarray(picture.convert("RGBA")))
            texts = {name: tuple(map(str, held[name])) for name in ("names", "groups", "makers")}
            return Drawings(pictures, held["named"].astype(np.int64), held["made_by"].astype(np.int64), **texts)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise TextError(f"{path} holds no drawings ({error}); expected a folder of them, or a packed file") from None
