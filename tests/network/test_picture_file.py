"""Pictures are read within limits; what is not one is refused in a line."""

from __future__ import annotations

import base64
import io
import os
import struct
import warnings
import zlib
from typing import TYPE_CHECKING

import numpy as np
import pytest

from rnncomplete.errors import PictureError
from rnncomplete.network import picture_file
from rnncomplete.network.picture_file import read_image, read_picture

if TYPE_CHECKING:
    from pathlib import Path

Image = pytest.importorskip("PIL.Image", reason="needs Pillow, from the extra 'pictures'")
ImageOps = pytest.importorskip("PIL.ImageOps", reason="needs Pillow, from the extra 'pictures'")

RED = (255, 0, 0)


@pytest.mark.parametrize("ending", ["png", "jpg", "webp"])
def test_formats(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"red.{ending}"
    Image.new("RGB", (50, 50), RED).save(path)
    seen = read_picture(path, 64)
    assert seen.shape == (3, 64, 64)
    assert seen.dtype == np.float32
    assert abs(seen[:, 32, 32] - (1, 0, 0)).max() < 0.03


def test_a_wide_picture_is_fitted_in_on_white(tmp_path: Path) -> None:
    Image.new("RGB", (200, 100), RED).save(tmp_path / "wide.png")
    seen = read_picture(tmp_path / "wide.png", 64)
    assert (seen[:, 2, :] == 1).all()
    assert (seen[1, 32, :] == 0).all()


def test_what_is_transparent_is_white(tmp_path: Path) -> None:
    image = Image.new("RGBA", (64, 64), (0, 0, 0, 0))
    image.paste((0, 0, 255, 255), (0, 0, 32, 64))
    image.save(tmp_path / "half.png")
    seen = read_picture(tmp_path / "half.png", 64)
    assert seen[:, 10, 10].tolist() == [0, 0, 1]
    assert seen[:, 10, 60].tolist() == [1, 1, 1]


def test_palettes_and_greys(tmp_path: Path) -> None:
    Image.new("L", (9, 9), 0).save(tmp_path / "grey.png")
    Image.new("P", (9, 9)).save(tmp_path / "palette.png")
    for name in ("grey.png", "palette.png"):
        assert read_picture(tmp_path / name, 16).shape == (3, 16, 16)


def test_a_photograph_stands_upright(tmp_path: Path) -> None:
    image = Image.new("RGB", (40, 20), "white")
    image.paste(RED, (0, 0, 10, 20))
    exif = Image.Exif()
    exif[274] = 6  # turned by a quarter
    image.save(tmp_path / "turned.jpg", exif=exif, quality=95)
    assert read_image(tmp_path / "turned.jpg").size == (20, 40)


def png(width: int, height: int, data: bytes) -> bytes:
    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def refused(path: Path) -> str:
    with pytest.raises(PictureError) as raised:
        read_picture(path, 64)
    message = str(raised.value)
    assert "\n" not in message
    assert str(path) in message
    return message


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "bomb.png"
    path.write_bytes(png(60_000, 60_000, zlib.compress(bytes(1 << 20))))
    assert "too many pixels" in refused(path)
    path.write_bytes(png(8_001, 8_001, zlib.compress(bytes(1 << 20))))
    assert "too many pixels" in refused(path)


def test_a_long_text_in_a_picture_is_refused(tmp_path: Path) -> None:
    from PIL import PngImagePlugin

    about = PngImagePlugin.PngInfo()
    about.add_text("comment", "a" * (90 << 20), zip=True)
    Image.new("RGB", (4, 4)).save(tmp_path / "text.png", pnginfo=about)
    assert "damaged" in refused(tmp_path / "text.png")


@pytest.mark.parametrize("ending", ["png", "jpg", "webp"])
def test_a_torn_file_is_refused(ending: str, tmp_path: Path) -> None:
    whole = io.BytesIO()
    noise = np.random.default_rng(1).integers(0, 255, (64, 64, 3), np.uint8)
    Image.fromarray(noise).save(whole, {"jpg": "jpeg"}.get(ending, ending))
    path = tmp_path / f"torn.{ending}"
    for share in (0.0, 0.02, 0.5):
        path.write_bytes(whole.getvalue()[: int(share * len(whole.getvalue()))])
        refused(path)


@pytest.mark.parametrize("seed", range(30))
def test_noise_in_a_file_is_read_or_refused(seed: int, tmp_path: Path) -> None:
    random = np.random.default_rng(seed)
    whole = io.BytesIO()
    Image.new("RGB", (40, 30), RED).save(whole, ("png", "jpeg", "webp")[seed % 3])
    data = bytearray(whole.getvalue())
    for place in random.integers(0, len(data), 5):
        data[place] = random.integers(0, 256)
    path = tmp_path / "noisy"
    path.write_bytes(data)
    try:
        shape = read_picture(path, 64).shape
    except PictureError:
        refused(path)
    else:
        assert shape == (3, 64, 64)


def test_other_formats_are_not_opened(tmp_path: Path) -> None:
    for ending in ("gif", "bmp", "tiff", "ppm", "eps"):
        path = tmp_path / f"other.{ending}"
        Image.new("RGB", (4, 4)).save(path)
        assert "is not a picture; expected a picture in PNG, JPEG, WebP or SVG" in refused(path)


def test_what_is_not_a_file_is_refused(tmp_path: Path) -> None:
    refused(tmp_path / "missing.png")
    refused(tmp_path)
    (tmp_path / "text.png").write_text("a cat")
    assert "is not a picture" in refused(tmp_path / "text.png")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.png")
        assert "not a regular file" in refused(tmp_path / "pipe.png")


def test_a_huge_file_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture_file, "LARGEST_FILE", 100)
    (tmp_path / "huge.png").write_bytes(bytes(101))
    assert "larger than" in refused(tmp_path / "huge.png")


SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10"><rect width="10" height="10" fill="#f00"/>{}</svg>'


def grown(levels: int) -> str:
    """An SVG of parts that each use the one before eight times."""
    parts = ['<g id="p0"><rect width="1" height="1"/></g>']
    parts += [f'<g id="p{n}">' + f'<use href="#p{n - 1}"/>' * 8 + "</g>" for n in range(1, levels + 1)]
    return SVG.format("<defs>" + "".join(parts) + f'</defs><use href="#p{levels}"/>')


def test_svg_is_drawn_where_cairosvg_is(tmp_path: Path) -> None:
    path = tmp_path / "red.svg"
    path.write_text(SVG.format(""))
    try:
        import cairosvg  # noqa: F401 - whether it is here
    except (ImportError, OSError):
        refused(path)
        return
    assert read_picture(path, 64)[:, 32, 32].tolist() == [1, 0, 0]
    path.write_text("<svg")
    assert "not an SVG" in refused(path)
    Image.new("RGB", (4, 4), (0, 0, 255)).save(tmp_path / "other.png")
    path.write_text(SVG.format(f'<image href="file://{tmp_path}/other.png" width="10" height="10"/>'))
    assert read_picture(path, 64)[:, 32, 32].tolist() == [1, 0, 0]
    path.write_bytes(b"\x1f\x8b" + bytes(100))
    assert "not an SVG" in refused(path)
    path.write_text('<!DOCTYPE a [<!ENTITY b "c">]>' + SVG.format("<text>&b;</text>"))
    assert "not an SVG" in refused(path)


@pytest.mark.parametrize("kind", ["plain", "utf-16", "data"])
def test_an_svg_that_grows_without_end_is_given_up(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("cairosvg", exc_type=ImportError)
    monkeypatch.setattr(picture_file, "DRAWING_SECONDS", 2.0)
    path = tmp_path / "grown.svg"
    text = grown(9)
    if kind == "data":
        inner = base64.b64encode(grown(9).encode()).decode()
        text = SVG.format(f'<image href="data:image/svg+xml;base64,{inner}" width="10" height="10"/>')
    path.write_bytes(text.encode("utf-16" if kind == "utf-16" else "utf-8"))
    assert "too intricate" in refused(path)


def test_a_cairosvg_that_loads_what_is_elsewhere_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib.metadata

    (tmp_path / "red.svg").write_text(SVG.format(""))
    monkeypatch.setattr(importlib.metadata, "version", lambda _: "2.6.0")
    assert "too old; pip install 'cairosvg>=2.7'" in refused(tmp_path / "red.svg")

    def missing(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", missing)
    assert "CairoSVG, which is missing" in refused(tmp_path / "red.svg")


def test_the_warnings_of_other_threads_stay_warnings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.new("RGB", (4, 4), RED).save(tmp_path / "red.png")
    meanwhile: list[list[object]] = []
    transpose = ImageOps.exif_transpose

    def watched(image: object) -> object:
        meanwhile.append(list(warnings.filters))
        return transpose(image)

    monkeypatch.setattr(ImageOps, "exif_transpose", watched)
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        before = list(warnings.filters)
        read_picture(tmp_path / "red.png", 16)
    assert meanwhile == [before]


def test_without_pillow_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "PIL", None)
    with pytest.raises(PictureError, match=r"pip install 'rnncomplete\[pictures\]'"):
        read_picture(tmp_path / "any.png", 64)
