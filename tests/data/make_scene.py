"""Draw ``scene.png`` beside this file: a red heart to the left of a star, on a green background. All of it is drawn here.

::

    python tests/data/make_scene.py
"""

from __future__ import annotations

import math
from pathlib import Path

from PIL import Image, ImageDraw

SIDE, FINE = 64, 8
"""Pixels of the picture, and into how many each is divided while it is drawn."""

GREEN, RED, YELLOW = (69, 166, 74), (222, 46, 66), (255, 202, 40)


def heart(middle: tuple[float, float], size: float) -> list[tuple[float, float]]:
    """The outline of a heart so many pixels wide."""
    points = []
    for step in range(120):
        turn = 2 * math.pi * step / 120
        across = 16 * math.sin(turn) ** 3
        up = 13 * math.cos(turn) - 5 * math.cos(2 * turn) - 2 * math.cos(3 * turn) - math.cos(4 * turn)
        points.append((middle[0] + across * size / 34, middle[1] - up * size / 34))
    return points


def star(middle: tuple[float, float], size: float) -> list[tuple[float, float]]:
    """The outline of a star with five points, so many pixels wide."""
    points = []
    for corner in range(10):
        reach = size / 2 * (1 if corner % 2 == 0 else 0.45)
        turn = math.pi * corner / 5 - math.pi / 2
        points.append((middle[0] + reach * math.cos(turn), middle[1] + reach * math.sin(turn)))
    return points


def scene() -> Image.Image:
    """The picture, 64 x 64."""
    image = Image.new("RGB", (SIDE * FINE, SIDE * FINE), GREEN)
    draw = ImageDraw.Draw(image)
    for outline, colour in ((heart((17, 34), 26), RED), (star((47, 31), 28), YELLOW)):
        draw.polygon([(across * FINE, down * FINE) for across, down in outline], fill=colour)
    return image.resize((SIDE, SIDE), Image.Resampling.BOX)


if __name__ == "__main__":
    scene().save(Path(__file__).with_name("scene.png"), optimize=True)
