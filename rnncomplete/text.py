"""Reading text files, and saying clearly what is wrong with those that are none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rnncomplete.errors import TextError
from rnncomplete.vocabulary import normalise

if TYPE_CHECKING:
    from pathlib import Path


def decode_text(data: bytes, name: str) -> str:
    """UTF-8 bytes as normalised text; ``name`` is what messages call them.

    Raises :class:`TextError` for NUL bytes (a binary file) and for any other encoding.
    """
    if b"\0" in data:
        raise TextError(f"{name} holds NUL bytes, so it is a binary file; expected UTF-8 text")
    try:
        return normalise(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise TextError(
            f"{name} is not UTF-8 (byte 0x{data[error.start]:02x} at {error.start:,}); "
            f"convert it, for example: iconv -f latin1 -t utf-8 {name}"
        ) from None


def read_text(path: Path) -> str:
    """The normalised text of one file; raises :class:`TextError` if it cannot be read as text."""
    try:
        data = path.read_bytes()
    except IsADirectoryError:
        raise TextError(f"{path} is a folder; expected a text file") from None
    except OSError as error:
        raise TextError(f"cannot read {path}: {error.strerror or error}; expected a text file") from None
    return decode_text(data, str(path))
