"""Pictures with captions as others lay them out: what is odd in them is refused in a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PIL import Image

from rnncomplete.errors import TextError
from rnncomplete.measure.captioned import LARGEST, captioned_pictures
from rnncomplete.measure.descriptions import read_captioned

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("images", "said"),
    [
        ('{"id": 1e999, "file_name": "a.png"}', "holds no captions"),
        ('{"id": 1, "file_name": "a\\u0000.png"}', "outside"),
        ('{"id": 1, "file_name": "\\ud800.png"}', "outside"),
    ],
)
def test_annotations_that_name_no_file_are_refused(images: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "annotations").mkdir()
    held = f'{{"images": [{images}], "annotations": [{{"image_id": 1, "caption": "a cat"}}]}}'
    (tmp_path / "annotations" / "captions_val.json").write_text(held)
    with pytest.raises(TextError, match=said):
        captioned_pictures(tmp_path)


def test_annotations_larger_than_any_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "annotations").mkdir()
    with (tmp_path / "annotations" / "captions_train.json").open("wb") as file:
        file.truncate(LARGEST + 1)
    with pytest.raises(TextError, match=r"cannot read .*: it is larger than 256 MB; expected"):
        captioned_pictures(tmp_path)


def test_captions_that_are_no_csv_are_refused(tmp_path: Path) -> None:
    (tmp_path / "captions.txt").write_text(f'a.png,"{"x" * 200_000}"\n')
    with pytest.raises(TextError, match="holds no captions"):
        captioned_pictures(tmp_path)


def test_it_is_told_how_many_pictures_were_read(tmp_path: Path) -> None:
    for name in ("one.png", "two.png"):
        Image.new("RGB", (8, 8)).save(tmp_path / name)
    (tmp_path / "none.png").write_bytes(b"none")
    told, skipped = list[tuple[int, int]](), list[str]()
    captions = {tmp_path / name: ["a cat"] for name in ("one.png", "none.png", "two.png")}
    read = read_captioned(captions, 4, None, skipped=skipped.append, progress=lambda *at: told.append(at))
    assert [one.picture.shape for one in read] == [(3, 4, 4)] * 2
    assert told == [(0, 3), (1, 3), (2, 3)]
    assert len(skipped) == 1
