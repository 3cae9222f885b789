"""Pictures from files, as a network sees them: read within limits, upright, on white, fitted into a square.

PNG, JPEG and WebP are read by Pillow; SVG is drawn by CairoSVG, where that is installed, in a process of its own: parts
that use parts grow without end.
"""

from __future__ import annotations

import io
import re
import subprocess
import sys
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

PIXEL_ENDINGS = frozenset((".png", ".jpg", ".jpeg", ".webp"))
"""How the names of such files end."""

ENDINGS = PIXEL_ENDINGS | {".svg"}
"""How the names of all pictures end that can be read."""

LARGEST_FILE = 64 << 20
"""Bytes."""

MOST_PIXELS = 64_000_000
"""Of a picture before it is made smaller; a file of a few bytes can claim to hold any number."""

LARGEST_SVG = 4 << 20
"""Bytes."""

DRAWING_SECONDS = 30.0
"""In which an SVG must be drawn; its process may compute for less."""

SAFE_CAIROSVG = (2, 7)
"""Older ones load what an SVG names, from files and from the network (CVE-2023-27586)."""

EXPECTED = "expected a picture in PNG, JPEG, WebP or SVG"


def read_picture(path: Path, size: int, most_pixels: int = MOST_PIXELS) -> NDArray[np.float32]:
    """The picture ``path`` as float32[3, size, size], red, green and blue from 0 to 1.

    It is made to fit with its sides in proportion, on white. A file may hold ``most_pixels``. Raises :class:`PictureError`, also if what reads it is not
    installed.
    """
    return seen(read_image(path, most_pixels=most_pixels), size)


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


def read_image(path: Path, side: int = 1024, most_pixels: int = MOST_PIXELS) -> Image:
    """The picture ``path``, upright, without transparency, its sides about ``side`` at most; as :func:`read_picture`."""
    upright = read_transparent(path, side, most_pixels)
    from PIL import Image

    upright.thumbnail((side, side))
    white = Image.new("RGBA", upright.size, "white")
    white.alpha_composite(upright)
    return white.convert("RGB")


def read_transparent(path: Path, side: int, most_pixels: int = MOST_PIXELS) -> Image:
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
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            if image.width * image.height > most_pixels:
                raise Image.DecompressionBombError
            image.draft("RGB", (side, side))
            return ImageOps.exif_transpose(image).convert("RGBA")
    except UnidentifiedImageError:
        raise PictureError(f"{path} is not a picture; {EXPECTED}") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise PictureError(f"{path} holds too many pixels; expected at most {most_pixels:,}: make it smaller") from None
    except Exception as error:  # decoders raise whatever they stumble over
        raise PictureError(f"{path} is damaged ({_line(error)}); {EXPECTED}") from None


def _drawn(data: bytes, path: Path, side: int) -> bytes:
    """An SVG as PNG; what it refers to elsewhere is not loaded."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        there = tuple(int(part) for part in re.findall(r"\d+", version("cairosvg"))[:2])
    except PackageNotFoundError:
        there = ()
    if there < SAFE_CAIROSVG:
        found = "is too old" if there else "is missing"
        raise PictureError(
            f"{path} is read by CairoSVG, which {found}; pip install 'cairosvg>=2.7', or make it a PNG"
        ) from None
    if len(data) > LARGEST_SVG or not sys.executable or getattr(sys, "frozen", False):
        raise PictureError(f"{path} is too large an SVG, or there is no Python to draw it; make it a PNG")
    try:
        drawing = subprocess.run(
            [sys.executable, "-P", "-m", "rnncomplete.network.on_drawing", str(side)],
            input=data,
            capture_output=True,
            timeout=DRAWING_SECONDS,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            check=False,
        )
    except (subprocess.TimeoutExpired, OSError):
        drawing = None
    if drawing is None or drawing.returncode < 0:
        raise PictureError(f"{path} is too intricate an SVG; expected a plain one, or make it a PNG")
    if drawing.returncode:
        said = drawing.stderr.decode("utf-8", "replace").split("\n")
        reason = next((line.strip()[:200] for line in reversed(said) if line.strip()), "no reason was given")
        raise PictureError(f"{path} is not an SVG that can be drawn ({reason}); {EXPECTED}")
    return drawing.stdout


def _line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]
