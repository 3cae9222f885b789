"""Reading texts, and saying clearly what is wrong with a file that is not one."""

from __future__ import annotations

import codecs
import io
import itertools
from typing import TYPE_CHECKING, BinaryIO

from rnncomplete.errors import TextError
from rnncomplete.files import read_regular
from rnncomplete.text.characters import normalise
from rnncomplete.text.encodings import conversion, what_to_do, wide_encoding
from rnncomplete.text.line_ends import MARK

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
    carriage_return, begun = "", False
    for chunk in itertools.chain(_decoded(file, name, path), [""]):
        text = carriage_return + (chunk if begun else chunk.removeprefix(MARK))
        begun = begun or bool(chunk)
        # A carriage return at the end of a chunk may be half a line end.
        carriage_return = "\r" if chunk and text.endswith("\r") else ""
        if text := normalise(text.removesuffix("\r") if carriage_return else text):
            yield text


def _decoded(file: BinaryIO, name: str, path: Path | None) -> Iterator[str]:
    """The text of ``file`` as it is, about a megabyte at a time; raises :class:`TextError` as :func:`read_chunks` does."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    last = b""
    offset = 0
    more = True
    while more:
        data = file.read(CHUNK)
        more = bool(data)
        if b"\0" in data:
            if offset == 0 and (encoding := wide_encoding(data)):
                raise TextError(f"{name} holds NUL bytes, as {encoding} has; convert it: {conversion(encoding, path)}")
            raise TextError(f"{name} holds NUL bytes, so it is a binary file; expected UTF-8 text")
        try:
            text = decoder.decode(data, final=not more)
        except UnicodeDecodeError as error:
            wrong = error.object[error.start]
            seen = error.object if more else last
            advice = what_to_do(seen, len(seen) - len(error.object) + error.start, path)
            raise TextError(
                f"{name} is not UTF-8 (byte 0x{wrong:02x} near {offset + error.start:,}); {advice}"
            ) from None
        last = data
        offset += len(data)
        if text:
            yield text


def decode_text(data: bytes, name: str) -> str:
    """UTF-8 bytes as normalised text; raises :class:`TextError` as :func:`read_chunks` does."""
    return "".join(read_chunks(io.BytesIO(data), name))


def read_file(path: Path) -> Iterator[str]:
    """The normalised text of one file in chunks; raises :class:`TextError` if it cannot be read as text."""
    try:
        with path.open("rb") as file:
            yield from read_chunks(file, str(path), path)
    except OSError as error:
        raise _cannot_read(path, error) from None


def _cannot_read(path: Path, error: OSError) -> TextError:
    if isinstance(error, IsADirectoryError):
        return TextError(f"{path} is a folder; expected a text file")
    return TextError(f"cannot read {path}: {error.strerror or error}; expected a text file")


def read_original(path: Path, most: int) -> str:
    """The text of a regular file of at most ``most`` bytes as it is there; raises :class:`TextError`.

    A pipe or a device is not waited for.
    """
    try:
        data = read_regular(path, most)
    except OSError as error:
        raise _cannot_read(path, error) from None
    return "".join(_decoded(io.BytesIO(data), str(path), path))


def read_text(path: Path) -> str:
    """The normalised text of one file; raises :class:`TextError` if it cannot be read as text."""
    return "".join(read_file(path))
