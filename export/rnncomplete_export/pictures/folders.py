"""A folder of pictures with captions as two albums: what is trained on, and what is held out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rnncomplete.errors import PictureError, TextError
from rnncomplete.measure.captioned import captioned_pictures
from rnncomplete.network.picture_file import read_picture
from rnncomplete_export.pictures.album import Album
from rnncomplete_export.pictures.drawings import SIDE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

FEWEST = 20
"""Pictures to learn from."""

LAYOUTS = (
    "expected Flickr8k.token.txt or captions.txt beside the pictures (as Flickr8k has it), "
    "annotations/captions_train*.json (as COCO has it), or captions.tsv and png64/ (drawings to compose)"
)


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
    parts = captioned_pictures(folder, LAYOUTS)
    count = sum(map(len, parts))
    told = (lambda number, _: progress(number, count), lambda number, _: progress(len(parts[0]) + number, count))
    albums = [_album(folder, part, skipped, tell) for part, tell in zip(parts, told, strict=True)]
    if len(albums[0].pictures) < FEWEST or not len(albums[1].pictures):
        raise TextError(
            f"{folder} has {len(albums[0].pictures)} pictures with captions to learn from, and {len(albums[1].pictures)} are "
            f"held out; expected at least {FEWEST} and 1"
        )
    return albums[0], albums[1]


def _album(
    folder: Path,
    captions: Mapping[Path, Sequence[str]],
    skipped: Callable[[str], None],
    progress: Callable[[int, int], None],
) -> Album:
    pictures = np.empty((len(captions), 3, SIDE, SIDE), np.uint8)
    of: list[int] = []
    texts: list[str] = []
    names: list[str] = []
    for number, path in enumerate(captions, 1):
        progress(number, len(captions))
        try:
            pictures[len(names)] = np.rint(255 * read_picture(path, SIDE))
        except PictureError as error:
            skipped(str(error))
            continue
        of += [len(names)] * len(captions[path])
        texts += captions[path]
        names.append(path.relative_to(folder).as_posix())
    return Album(pictures[: len(names)], np.array(of, np.int64), tuple(texts), tuple(names))
