"""Where the editors are that tests drive."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NoReturn

import pytest

ROOT = Path(__file__).parents[2]


def editors() -> Path:
    """The folder that ``setup.sh`` filled."""
    return Path(os.environ.get("RNNCOMPLETE_EDITORS", ROOT / "build" / "editors"))


def absent(reason: str) -> NoReturn:
    """Skip a test whose editor is not there; where a folder with editors is named it has to be."""
    if "RNNCOMPLETE_EDITORS" in os.environ:
        pytest.fail(reason)
    pytest.skip(reason)
