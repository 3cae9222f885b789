"""The picture that is described in examples is what its script draws."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

Image = pytest.importorskip("PIL.Image", reason="needs Pillow, from the extra 'pictures'")

DATA = Path(__file__).parent / "data"


def test_the_scene_is_what_its_script_draws() -> None:
    spec = importlib.util.spec_from_file_location("make_scene", DATA / "make_scene.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with Image.open(DATA / "scene.png") as held:
        difference = np.abs(np.asarray(held.convert("RGB"), int) - np.asarray(module.scene(), int))
    assert difference.mean() < 1


@pytest.mark.slow
def test_the_shipped_style_says_what_the_scene_shows() -> None:
    from rnncomplete.completion.beam import line_about
    from rnncomplete.network.loading import load_network
    from rnncomplete.network.picture_file import read_picture
    from rnncomplete.styles import find_style

    model = load_network(find_style("pictures"), "cpu")
    told = line_about(model, read_picture(DATA / "scene.png", 64), beam=4, longest=300).text
    assert "star" in told
    assert "heart" in told
    assert "green background" in told
    assert "heart on the left" in told or "star on the right" in told
