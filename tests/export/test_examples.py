"""examples/train.sh trains, installs and completes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash here to run train.sh")
def test_a_style_of_ones_own_text(text_file: Path, tmp_path: Path) -> None:
    small = ["--hidden-size", "32", "--embedding-size", "8", "--batch", "8", "--window", "20"]
    process = subprocess.run(
        ["bash", str(EXAMPLES / "train.sh"), str(text_file), *small, "--minutes", "0.02"],
        cwd=tmp_path,
        env=os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    assert "style" in process.stdout
    assert (Path(os.environ["RNNCOMPLETE_STYLES"]) / "mine" / "card.json").is_file()
