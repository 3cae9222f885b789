"""What is read as text, and what is said of what is not."""

from __future__ import annotations

import os
import re
import shlex
from typing import TYPE_CHECKING

import pytest

from rnncomplete.errors import TextError
from rnncomplete.text.decoding import decode_text, read_original, read_text

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("encoding", "told"),
    [
        ("utf-16", "utf-16"),
        ("utf-32", "utf-32"),
        ("utf-16le", "utf-16le"),
        ("utf-16be", "utf-16be"),
    ],
)
def test_wide_characters_are_told_from_binary_files(tmp_path: Path, encoding: str, told: str) -> None:
    path = tmp_path / "a text"
    path.write_bytes("To be, or not to be\n".encode(encoding))
    message = f"as {told} has; convert it: iconv -f {told} -t utf-8 {shlex.quote(str(path))}"
    for read in (read_text, lambda path: read_original(path, 1000)):
        with pytest.raises(TextError, match=re.escape(message)):
            read(path)


def test_a_binary_file_is_still_one() -> None:
    for data in (b"\x7fELF\0\0\x01\x02", b"abc\0", bytes(40)):
        with pytest.raises(TextError, match="binary"):
            decode_text(data, "it")


def test_an_original_is_read_as_it_is_and_a_text_is_normalised(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_bytes(b"\xef\xbb\xbfa\r\nb\rc\n")
    assert read_original(path, 100) == "\ufeffa\r\nb\rc\n"
    assert read_text(path) == "a\nb\nc\n"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_an_original_is_a_regular_file_of_a_bounded_size(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "large").write_bytes(b"12345")
    with pytest.raises(TextError, match="it is a pipe or a device"):
        read_original(tmp_path / "pipe", 4)
    with pytest.raises(TextError, match="it is larger than"):
        read_original(tmp_path / "large", 4)
    with pytest.raises(TextError, match="is a folder"):
        read_original(tmp_path, 4)
