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
