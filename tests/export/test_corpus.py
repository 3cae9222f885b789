"""From files and folders to a text that is encoded on disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rnncomplete.errors import TextError
from rnncomplete.text.vocabulary import Vocabulary
from rnncomplete_export.texts.corpus import build_corpus

if TYPE_CHECKING:
    from pathlib import Path


def plant(root: Path, **texts: str) -> Path:
    """Files under ``root``, with a dot for the underscore in their names."""
    root.mkdir()
    for name, text in texts.items():
        (root / name.replace("_", ".")).write_text(text, encoding="utf-8")
    return root


def test_what_is_left_out_of_a_folder_is_said_in_a_line_each(tmp_path: Path) -> None:
    root = plant(tmp_path / "in", a_txt="good text\n", b_lock="x", c_js="var a;" * 40_000, d_txt="a line\n" * 40_000)
    (root / "e.txt").write_bytes(b"caf\xe9\n")
    (root / "f.png").write_bytes(b"\x89PNG\0")
    said: list[str] = []
    corpus = build_corpus([root], tmp_path / "run", skipped=said.append)
    assert corpus.files == 2
    for name, reason in (
        ("b.lock", "generated"),
        ("c.js", "lines of 240,000"),
        ("e.txt", "UTF-8"),
        ("f.png", "binary"),
    ):
        assert [line for line in said if name in line and reason in line], (name, said)
    assert said[4:] == ["the 5 rarest of 12 kinds of characters, 7 characters in all, read as the unknown one"]
    assert build_corpus([root / "c.js"], tmp_path / "run").characters == 240_000, "who names a file, means it"


def test_a_bad_file_that_is_named_beside_a_folder_is_an_error(tmp_path: Path) -> None:
    root = plant(tmp_path / "in", a_txt="good text\n")
    bad = tmp_path / "bad.txt"
    bad.write_bytes(b"caf\xe9")
    with pytest.raises(TextError, match=r"bad\.txt is not UTF-8"):
        build_corpus([root, bad], tmp_path / "run")


def test_characters_already_known_stay_in_the_vocabulary(tmp_path: Path) -> None:
    root = plant(tmp_path / "in", a_txt="abc")
    known = Vocabulary(("\N{REPLACEMENT CHARACTER}", "b", "z"))
    corpus = build_corpus([root], tmp_path / "run", known=known)
    assert corpus.vocabulary.characters[1:] == ("a", "b", "c", "z")


def test_a_full_disk_is_said_in_one_line(tmp_path: Path) -> None:
    root = plant(tmp_path / "in", a_txt="abc")
    (tmp_path / "run").write_text("a file where a folder should be")
    with pytest.raises(TextError, match="--runs"):
        build_corpus([root], tmp_path / "run")
