"""The ten lines of docs/plugin.md, run as they stand."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

GUIDE = Path(__file__).parents[2] / "docs" / "plugin.md"


def test_the_ten_lines_of_the_guide_run(terminal: Any, sentence_style: Any, tmp_path: Path) -> None:
    block = re.search(r"^```python plugin\n(.*?)^```$", GUIDE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert block is not None
    assert len(block.group(1).splitlines()) <= 10
    (tmp_path / "plugin.py").write_text(block.group(1), encoding="utf-8")
    sentence_style("shakespeare", "To be, or not to be")
    screen = terminal(str(tmp_path / "plugin.py"), program=Path(sys.executable).name)
    screen.until(lambda: screen.row == "note>")
    screen.send("To be")
    screen.until(lambda: screen.row == "note> To be, or not to be")
    screen.send("\x1b[C")
    screen.until(lambda: screen.screen.cursor.x == len("note> To be, or not to be"))
    screen.send("\r")
    screen.until(lambda: screen.row == "note>")
    screen.send("\r")
    assert screen.leaves() == 0
    assert "\nTo be, or not to be\n" in screen.text
