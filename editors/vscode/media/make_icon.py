"""Draw the extension's icon: `python media/make_icon.py` writes icon.png and icon.svg beside this file.

Three lines of text, the cursor behind the last, and its ghost.
"""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np

SIZE = 256
# left, top, width, height, radius, colour
BOXES = [
    (0, 0, 256, 256, 52, "#1d2433"),
    (44, 66, 120, 24, 12, "#e8edf5"),
    (44, 116, 80, 24, 12, "#e8edf5"),
    (44, 166, 52, 24, 12, "#e8edf5"),
    (108, 152, 12, 52, 6, "#5cc8ff"),
    (132, 166, 80, 24, 12, "#66758f"),
]


def coverage(left: float, top: float, width: float, height: float, radius: float) -> np.ndarray:
    """How much of each pixel a rounded box covers, float[SIZE, SIZE]: its signed distance, softened over one pixel."""
    y, x = np.mgrid[0:SIZE, 0:SIZE] + 0.5
    dx = np.abs(x - left - width / 2) - width / 2 + radius
    dy = np.abs(y - top - height / 2) - height / 2 + radius
    distance = np.hypot(np.maximum(dx, 0), np.maximum(dy, 0)) + np.minimum(np.maximum(dx, dy), 0) - radius
    return np.clip(0.5 - distance, 0, 1)


def png(pixels: np.ndarray) -> bytes:
    """A picture uint8[H, W, 4] as a PNG file."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    header = struct.pack(">IIBBBBB", pixels.shape[1], pixels.shape[0], 8, 6, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")


def draw() -> tuple[bytes, str]:
    """The icon as PNG and as SVG."""
    colours, opacity = np.zeros((SIZE, SIZE, 3)), np.zeros((SIZE, SIZE, 1))
    svg = []
    for left, top, width, height, radius, colour in BOXES:
        covered = coverage(left, top, width, height, radius)[..., None]
        colours = colours * (1 - covered) + covered * np.frombuffer(bytes.fromhex(colour[1:]), np.uint8)
        opacity = opacity * (1 - covered) + covered
        svg.append(f'<rect x="{left}" y="{top}" width="{width}" height="{height}" rx="{radius}" fill="{colour}"/>')
    # Colours are those of what is covered, not mixed with the black of what is not.
    pixels = np.concatenate([colours / np.maximum(opacity, 1e-6), opacity * 255], axis=2)
    text = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIZE} {SIZE}">{"".join(svg)}</svg>\n'
    return png(np.clip(pixels.round(), 0, 255).astype(np.uint8)), text


if __name__ == "__main__":
    picture, text = draw()
    folder = Path(__file__).parent
    (folder / "icon.png").write_bytes(picture)
    (folder / "icon.svg").write_text(text, encoding="utf-8")
