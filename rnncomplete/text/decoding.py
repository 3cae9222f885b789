"""Reading texts, and saying clearly what is wrong with a file that is not one."""

from __future__ import annotations

import codecs
import io
from typing import TYPE_CHECKING, BinaryIO

from rnncomplete.errors import TextError
from rnncomplete.text.characters import normalise
from rnncomplete.text.encodings import conversion, marked_encoding, what_to_do

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CHUNK = 1 << 20
"""Bytes read at a time."""


def read_chunks(file: BinaryIO, name: str, path: Path | None = None) -> Iterator[str]:
    """The normalised text of ``file``, about a megabyte at a time; ``name`` is what messages call it.

    ``path`` is where it lies, if it does, for hints.

    Raises :class:`TextError` for NUL bytes (a binary file) and for anything that is not UTF-8.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    carriage_return, last = "", b""
    offset = 0
    more = True
    while more:
        data = file.read(CHUNK)
        more = bool(data)
        if b"\0" in data:
            if offset == 0 and (encoding := marked_encoding(data)):
                raise TextError(f"{name} holds NUL bytes, as {encoding} has; convert it: {conversion(encoding, path)}")
            raise TextError(f"{name} holds NUL bytes, so it is a binary file; expected UTF-8 text")
        try:
            text = carriage_return + decoder.decode(data, final=not more)
        except UnicodeDecodeError as error:
            wrong = error.object[error.start]
            seen = error.object if more else last
            advice = what_to_do(seen, len(seen) - len(error.object) + error.start, path)
            raise TextError(
                f"{name} is not UTF-8 (byte 0x{wrong:02x} near {offset + error.start:,}); {advice}"
            ) from None
        last = data
        if offset == 0:
            text = text.removeprefix("\ufeff")
        offset += len(data)
        # A carriage return at the end of a chunk may be half a line end.
        carriage_return = "\r" if more and text.endswith("\r") else ""
        if text := normalise(text.removesuffix("\r") if carriage_return else text):
            yield text


def decode_text(data: bytes, name: str) -> str:
    """UTF-8 bytes as normalised text; raises :class:`TextError` as :func:`read_chunks` does."""
    return "".join(read_chunks(io.BytesIO(data), name))


def read_file(path: Path) -> Iterator[str]:
    """The normalised text of one file in chunks; raises :class:`TextError` if it cannot be read as text."""
    try:
        with path.open("rb") as file:
            yield from read_chunks(file, str(path), path)
    except IsADirectoryError:
        raise TextError(f"{path} is a folder; expected a text file") from None
    except OSError as error:
        raise TextError(f"cannot read {path}: {error.strerror or error}; expected a text file") from None


def read_text(path: Path) -> str:
    """The normalised text of one file; raises :class:`TextError` if it cannot be read as text."""
    return "".join(read_file(path))
