"""The script that made the style of format 1 still runs, and what it makes now is a style, too."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import pytest

from rnncomplete.completion.installing import check_style

DATA = Path(__file__).parents[1] / "data"


@pytest.mark.slow
def test_the_script_makes_a_style_of_the_same_files(tmp_path: Path) -> None:
    runpy.run_path(str(DATA / "make_format1.py"))["make"](tmp_path / "style")
    assert check_style(tmp_path / "style").style == "sea"
    frozen = DATA / "format1"
    assert sorted(path.name for path in (tmp_path / "style").iterdir()) == sorted(p.name for p in frozen.iterdir())
    made, kept = (json.loads((folder / "card.json").read_bytes()) for folder in (tmp_path / "style", frozen))
    assert kept.keys() <= made.keys() | {"stages"}
