"""Folders of pictures with captions, as Flickr8k and COCO have them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from made_drawings import COUNT, write_coco, write_drawings, write_flickr

from rnncomplete.errors import TextError
from rnncomplete_export.pictures.album import Album, compose_some
from rnncomplete_export.pictures.composing import subjects_of
from rnncomplete_export.pictures.drawings import read_drawings
from rnncomplete_export.pictures.folders import read_albums

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def album(tmp_path_factory: pytest.TempPathFactory) -> Album:
    drawings = read_drawings(write_drawings(tmp_path_factory.mktemp("drawings")))
    return compose_some(drawings, subjects_of(drawings), COUNT, 1, torch.device("cpu"))[1]


def test_flickr_with_tokens_and_a_list_of_what_is_held_out(album: Album, tmp_path: Path) -> None:
    trained, kept = read_albums(write_flickr(album, tmp_path, tokens=True))
    assert kept.names == ("Images/3.png", "Images/8.png")
    assert len(trained.pictures) == COUNT - 2
    assert len(trained.captions) == 2 * (COUNT - 2)
    np.testing.assert_array_equal(kept.pictures[0], album.pictures[3])
    assert kept.captions[0] == f"{album.captions[3]} ."
    assert kept.of.tolist() == [0, 0, 1, 1]


def test_flickr_with_a_table(album: Album, tmp_path: Path) -> None:
    trained, kept = read_albums(write_flickr(album, tmp_path, tokens=False))
    assert len(kept.pictures) == COUNT // 20
    assert trained.captions[1] == f"also, {album.captions[0]}"


def test_coco(album: Album, tmp_path: Path) -> None:
    trained, kept = read_albums(write_coco(album, tmp_path))
    assert (len(trained.pictures), len(kept.pictures)) == (38, 4)
    assert kept.captions == album.captions[38:]
    np.testing.assert_array_equal(trained.pictures, album.pictures[:38])


def test_pictures_that_cannot_be_read_are_left_out_and_told(album: Album, tmp_path: Path) -> None:
    folder = write_flickr(album, tmp_path, tokens=True)
    (folder / "Images" / "5.png").write_bytes(b"torn")
    told: list[str] = []
    done: list[tuple[int, int]] = []
    trained, kept = read_albums(folder, skipped=told.append, progress=lambda number, of: done.append((number, of)))
    assert len(trained.pictures) + len(kept.pictures) == COUNT - 1
    assert len(told) == 1
    assert "5.png" in told[0]
    assert done[-1] == (COUNT, COUNT)


def test_odd_folders_are_refused_in_a_line(album: Album, tmp_path: Path) -> None:
    with pytest.raises(TextError, match="holds no captions; expected Flickr8k"):
        read_albums(tmp_path)
    (tmp_path / "captions.txt").write_text("image,caption\nnowhere.png,a cat\n")
    with pytest.raises(TextError, match="names no picture"):
        read_albums(tmp_path)
    few = write_flickr(album, tmp_path / "few", tokens=True)
    for place in range(10, COUNT):
        (few / "Images" / f"{place}.png").unlink()
    with pytest.raises(TextError, match="8 pictures with captions to learn from"):
        read_albums(few)


@pytest.mark.parametrize("odd", ["torn", "[]", '{"images": [], "annotations": [{"image_id": 1, "caption": "a"}]}'])
def test_odd_annotations_are_refused_in_a_line(odd: str, tmp_path: Path) -> None:
    (tmp_path / "annotations").mkdir()
    (tmp_path / "annotations" / "captions_train.json").write_text(odd)
    with pytest.raises(TextError, match="holds no captions"):
        read_albums(tmp_path)


def test_annotations_that_lead_outside_are_refused(tmp_path: Path) -> None:
    (tmp_path / "annotations").mkdir()
    held = {"images": [{"id": 1, "file_name": "../../secret.png"}], "annotations": [{"image_id": 1, "caption": "a"}]}
    (tmp_path / "annotations" / "captions_train.json").write_text(json.dumps(held))
    with pytest.raises(TextError, match="outside"):
        read_albums(tmp_path)
