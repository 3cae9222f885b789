"""Pictures from files, as a network sees them: read within limits, upright, on white, fitted into a square.

PNG, JPEG and WebP are read by Pillow, SVG by CairoSVG where that is installed.
"""

from __future__ import annotations

import io
import re
import warnings
from typing import TYPE_CHECKING

import numpy as np

from rnncomplete.errors import PictureError, StyleError
from rnncomplete.files import read_regular

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from PIL.Image import Image

    from rnncomplete.network.card import Card

FORMATS = ("PNG", "JPEG", "WEBP")
"""What Pillow is let read: its rarer formats have had more holes than users."""

ENDINGS = frozenset((".png", ".jpg", ".jpeg", ".webp", ".svg"))
"""How the names of such files end."""

LARGEST_FILE = 64 << 20
"""Bytes."""

MOST_PIXELS = 64_000_000
"""Of a picture before it is made smaller; a file of a few bytes can claim to hold any number."""

LARGEST_SVG, MOST_USES, GZIPPED = 4 << 20, 32, b"\x1f\x8b"
"""Bytes, and how often it may use a part of itself again: parts that use parts grow without end."""

EXPECTED = "expected a picture in PNG, JPEG, WebP or SVG"


def read_picture(path: Path, size: int) -> NDArray[np.float32]:
    """The picture ``path`` as float32[3, size, size], red, green and blue from 0 to 1.

    It is made to fit with its sides in proportion, on white. Raises :class:`PictureError`, also if what reads it is not
    installed.
    """
    return seen(read_image(path), size)


def size_of(card: Card) -> int:
    """Pixels of a picture as the style of ``card`` sees it; raises :class:`StyleError` if it describes none."""
    if card.source is None or card.source["kind"] != "picture":
        raise StyleError(
            f"the style {card.style!r} describes no pictures; expected one that does: see rnncomplete styles"
        )
    return card.source.get("size", 0)


def seen(image: Image, size: int) -> NDArray[np.float32]:
    """``image`` as a network sees it, float32[3, size, size]."""
    from PIL import Image, ImageOps

    fitted = ImageOps.pad(image, (size, size), Image.Resampling.LANCZOS, color="white")
    return np.asarray(fitted, np.float32).transpose(2, 0, 1) / np.float32(255)


def read_image(path: Path, side: int = 1024) -> Image:
    """The picture ``path``, upright, without transparency, its sides about ``side`` at most; as :func:`read_picture`."""
    upright = read_transparent(path, side)
    from PIL import Image

    upright.thumbnail((side, side))
    white = Image.new("RGBA", upright.size, "white")
    white.alpha_composite(upright)
    return white.convert("RGB")


def read_transparent(path: Path, side: int) -> Image:
    """The picture ``path``, upright, in RGBA, made to be looked at with sides of ``side``; as :func:`read_picture`."""
    try:
        from PIL import Image, ImageOps, UnidentifiedImageError
    except ImportError:
        raise PictureError(
            "pictures are read by Pillow, which is missing; pip install 'rnncomplete[pictures]'"
        ) from None
    try:
        data = read_regular(path, LARGEST_FILE)
    except OSError as error:
        raise PictureError(f"cannot read {path}: {error.strerror or error}; {EXPECTED}") from None
    if path.suffix.lower() == ".svg":
        data = _drawn(data, path, side)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # half-broken files are warned of
            with Image.open(io.BytesIO(data), formats=FORMATS) as image:
                if image.width * image.height > MOST_PIXELS:
                    raise Image.DecompressionBombError
                image.draft("RGB", (side, side))
                return ImageOps.exif_transpose(image).convert("RGBA")
    except UnidentifiedImageError:
        raise PictureError(f"{path} is not a picture; {EXPECTED}") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise PictureError(f"{path} holds too many pixels; expected at most {MOST_PIXELS:,}: make it smaller") from None
    except Exception as error:  # decoders raise whatever they stumble over
        raise PictureError(f"{path} is damaged ({_line(error)}); {EXPECTED}") from None


def _drawn(data: bytes, path: Path, side: int) -> bytes:
    """An SVG as PNG."""
    try:
        import cairosvg  # type: ignore[import-not-found,import-untyped,unused-ignore] # where it is not installed
    except (ImportError, OSError):  # the latter where the library that it binds is missing
        raise PictureError(
            f"{path} is read by CairoSVG, which is missing; pip install cairosvg, or make it a PNG"
        ) from None
    if len(data) > LARGEST_SVG or len(re.findall(rb"<(?:\w+:)?use\b", data)) > MOST_USES or data[:2] == GZIPPED:
        raise PictureError(f"{path} is too intricate an SVG, or packed; expected a plain one, or make it a PNG")
    try:  # what it refers to elsewhere is not loaded
        drawn: bytes = cairosvg.svg2png(bytestring=data, output_width=side)
    except Exception as error:
        raise PictureError(f"{path} is not an SVG that can be drawn ({_line(error)}); {EXPECTED}") from None
    return drawn


def _line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]
