"""Pictures with captions in the usual layouts of Flickr8k and COCO, as an album and what of it is held out.

Flickr8k: pictures in one folder; captions in ``Flickr8k.token.txt`` (``NAME.jpg#0<tab>caption``) or in ``captions.txt``
(``image,caption``), and held out what ``Flickr_8k.devImages.txt`` lists, if there is one. COCO:
``annotations/captions_train2017.json`` with the pictures in ``train2017``, and the same with ``val2017`` for what is held out.
"""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING

import numpy as np

from rnncomplete.errors import PictureError, TextError
from rnncomplete.network.picture_file import ENDINGS, read_picture
from rnncomplete.text.decoding import read_text
from rnncomplete_export.pictures.album import Album
from rnncomplete_export.pictures.drawings import SIDE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

HELD_OUT = 20
"""One in so many pictures is held out where the layout does not say which."""

FEWEST = 20
"""Pictures to learn from."""

LAYOUTS = (
    "expected Flickr8k.token.txt or captions.txt beside the pictures (as Flickr8k has it), "
    "annotations/captions_train*.json (as COCO has it), or captions.tsv and png64/ (drawings to compose)"
)

Captions = dict["Path", list[str]]
"""Of each picture, in the order of the file."""


def read_albums(
    folder: Path,
    *,
    skipped: Callable[[str], None] = lambda _: None,
    progress: Callable[[int, int], None] = lambda *_: None,
) -> tuple[Album, Album]:
    """The pictures in ``folder`` to learn from, and those held out.

    A picture that cannot be read goes to ``skipped``, and ``progress`` is told how many were read of all. Raises
    :class:`TextError` if the folder is in neither layout, or if there is too little in it.
    """
    if (folder / "annotations").is_dir():
        captions, held_out = _coco(folder)
    else:
        captions, held_out = _flickr(folder)
    paths = list(captions)
    if not held_out & set(paths):
        held_out = set(paths[HELD_OUT - 1 :: HELD_OUT])
    parts = [[path for path in paths if (path in held_out) == kept] for kept in (False, True)]
    progressed = (progress, lambda number, _: progress(len(parts[0]) + number, len(paths)))
    albums = [_album(folder, part, captions, skipped, told) for part, told in zip(parts, progressed, strict=True)]
    if len(albums[0].pictures) < FEWEST or not len(albums[1].pictures):
        raise TextError(
            f"{folder} has {len(albums[0].pictures)} pictures with captions to learn from, and {len(albums[1].pictures)} are "
            f"held out; expected at least {FEWEST} and 1"
        )
    return albums[0], albums[1]


def _album(
    folder: Path,
    paths: Sequence[Path],
    captions: Mapping[Path, Sequence[str]],
    skipped: Callable[[str], None],
    progress: Callable[[int, int], None],
) -> Album:
    pictures = np.empty((len(paths), 3, SIDE, SIDE), np.uint8)
    of: list[int] = []
    texts: list[str] = []
    names: list[str] = []
    for number, path in enumerate(paths, 1):
        progress(number, len(paths))
        try:
            pictures[len(names)] = np.rint(255 * read_picture(path, SIDE))
        except PictureError as error:
            skipped(str(error))
            continue
        of += [len(names)] * len(captions[path])
        texts += captions[path]
        names.append(path.relative_to(folder).as_posix())
    return Album(pictures[: len(names)], np.array(of, np.int64), tuple(texts), tuple(names))


def _flickr(folder: Path) -> tuple[Captions, set[Path]]:
    """Captions of a folder as Flickr8k has it, and which pictures are held out."""
    texts = [path for pattern in ("*.token.txt", "captions.txt") for path in sorted(folder.rglob(pattern))]
    if not texts:
        raise TextError(f"{folder} holds no captions; {LAYOUTS}")
    pictures = {path.name: path for path in sorted(folder.rglob("*")) if path.suffix.lower() in ENDINGS}
    captions: Captions = {}
    for name, caption in _rows(texts[0]):
        if name in pictures and caption:
            captions.setdefault(pictures[name], []).append(caption)
    if not captions:
        raise TextError(f"{texts[0]} names no picture that lies in {folder}; {LAYOUTS}")
    listed = next(iter(sorted(folder.rglob("*.devImages.txt"))), None)
    held_out = set(read_text(listed).split()) if listed else set()
    return captions, {pictures[name] for name in held_out & pictures.keys()}


def _rows(path: Path) -> list[tuple[str, str]]:
    """Name of a picture and caption of each line of ``path``."""
    lines = read_text(path).splitlines()
    if path.name == "captions.txt":
        rows = [(row[0].strip(), ",".join(row[1:])) for row in csv.reader(lines) if len(row) > 1]
    else:
        rows = [(line.partition("\t")[0].partition("#")[0], line.partition("\t")[2]) for line in lines]
    return [(name, " ".join(caption.split())) for name, caption in rows]


def _coco(folder: Path) -> tuple[Captions, set[Path]]:
    """Captions of a folder as COCO has it, and which pictures are held out."""
    captions: Captions = {}
    held_out: set[Path] = set()
    files = sorted((folder / "annotations").glob("captions_*.json"))
    for file in files:
        part = file.stem.removeprefix("captions_")
        try:
            held = json.loads(file.read_bytes())
            names = {int(image["id"]): str(image["file_name"]) for image in held["images"]}
            rows = [(names[int(row["image_id"])], str(row["caption"])) for row in held["annotations"]]
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            raise TextError(f"{file} holds no captions ({type(error).__name__}: {error}); {LAYOUTS}") from None
        for name, caption in rows:
            path = folder / part / name
            if not path.resolve().is_relative_to(folder.resolve()):
                raise TextError(
                    f"{file} names a picture {name!r} outside {folder}; expected a name of a file in {part}"
                )
            if caption := " ".join(caption.split()):
                captions.setdefault(path, []).append(caption)
                if part.startswith("val"):
                    held_out.add(path)
    if not captions:
        raise TextError(f"{folder / 'annotations'} holds no captions; {LAYOUTS}")
    return captions, held_out
