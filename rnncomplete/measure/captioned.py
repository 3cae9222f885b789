"""Pictures with captions in the usual layouts of Flickr8k and COCO: which they are, and which are held out.

Flickr8k: pictures in one folder; captions in ``Flickr8k.token.txt`` (``NAME.jpg#0<tab>caption``) or in ``captions.txt``
(``image,caption``), and held out what ``Flickr_8k.devImages.txt`` lists, if there is one. COCO:
``annotations/captions_train2017.json`` with the pictures in ``train2017``, and the same with ``val2017`` for what is held out.
"""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING

from rnncomplete.errors import TextError
from rnncomplete.files import read_regular
from rnncomplete.network.picture_file import ENDINGS
from rnncomplete.text.decoding import read_text

if TYPE_CHECKING:
    from pathlib import Path

HELD_OUT = 20
"""One in so many pictures is held out where the layout does not say which."""

LARGEST = 1 << 28
"""Bytes of a file of annotations: three times those of COCO 2017."""

LAYOUTS = (
    "expected Flickr8k.token.txt or captions.txt beside the pictures (as Flickr8k has it), or "
    "annotations/captions_train*.json (as COCO has it)"
)

Captions = dict["Path", list[str]]
"""Of each picture, in the order of the file."""


def captioned_pictures(folder: Path, layouts: str = LAYOUTS) -> tuple[Captions, Captions]:
    """The pictures in ``folder`` to learn from with their captions, and those held out.

    Raises :class:`TextError`, which says what ``layouts`` were expected, if the folder is in neither layout.
    """
    captions, held_out = _coco(folder, layouts) if (folder / "annotations").is_dir() else _flickr(folder, layouts)
    if not held_out & captions.keys():
        held_out = set(list(captions)[HELD_OUT - 1 :: HELD_OUT])
    trained, kept = (
        {path: said for path, said in captions.items() if (path in held_out) == held} for held in (False, True)
    )
    return trained, kept


def _flickr(folder: Path, layouts: str) -> tuple[Captions, set[Path]]:
    """Captions of a folder as Flickr8k has it, and which pictures are held out."""
    texts = [path for pattern in ("*.token.txt", "captions.txt") for path in sorted(folder.rglob(pattern))]
    if not texts:
        raise TextError(f"{folder} holds no captions; {layouts}")
    pictures = {path.name: path for path in sorted(folder.rglob("*")) if path.suffix.lower() in ENDINGS}
    captions: Captions = {}
    for name, caption in _rows(texts[0]):
        if name in pictures and caption:
            captions.setdefault(pictures[name], []).append(caption)
    if not captions:
        raise TextError(f"{texts[0]} names no picture that lies in {folder}; {layouts}")
    listed = next(iter(sorted(folder.rglob("*.devImages.txt"))), None)
    held_out = set(read_text(listed).split()) if listed else set()
    return captions, {pictures[name] for name in held_out & pictures.keys()}


def _rows(path: Path) -> list[tuple[str, str]]:
    """Name of a picture and caption of each line of ``path``."""
    lines = read_text(path).splitlines()
    if path.name == "captions.txt":
        try:
            rows = [(row[0].strip(), ",".join(row[1:])) for row in csv.reader(lines) if len(row) > 1]
        except csv.Error as error:
            raise TextError(
                f"{path} holds no captions ({error}); expected a picture and its caption in each line"
            ) from None
    else:
        rows = [(line.partition("\t")[0].partition("#")[0], line.partition("\t")[2]) for line in lines]
    return [(name, " ".join(caption.split())) for name, caption in rows]


def _coco(folder: Path, layouts: str) -> tuple[Captions, set[Path]]:
    """Captions of a folder as COCO has it, and which pictures are held out."""
    captions: Captions = {}
    held_out: set[Path] = set()
    files = sorted((folder / "annotations").glob("captions_*.json"))
    for file in files:
        part = file.stem.removeprefix("captions_")
        try:
            held = json.loads(read_regular(file, LARGEST))
            names = {int(image["id"]): str(image["file_name"]) for image in held["images"]}
            rows = [(names[int(row["image_id"])], str(row["caption"])) for row in held["annotations"]]
        except OSError as error:
            raise TextError(f"cannot read {file}: {error.strerror or error}; {layouts}") from None
        except (ValueError, OverflowError, KeyError, TypeError, RecursionError) as error:
            raise TextError(f"{file} holds no captions ({type(error).__name__}: {error}); {layouts}") from None
        for name, caption in rows:
            path = folder / part / name
            if not _is_inside(path, folder):
                raise TextError(
                    f"{file} names a picture {name!r} outside {folder}; expected a name of a file in {part}"
                )
            if caption := " ".join(caption.split()):
                captions.setdefault(path, []).append(caption)
                if part.startswith("val"):
                    held_out.add(path)
    if not captions:
        raise TextError(f"{folder / 'annotations'} holds no captions; {layouts}")
    return captions, held_out


def _is_inside(path: Path, folder: Path) -> bool:
    """Whether ``path`` may be that of a file in ``folder``."""
    try:
        return path.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError, ValueError):  # what no file can be called, or links in a circle
        return False
