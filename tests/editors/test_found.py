"""What the doctor says of editors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rnncomplete.editors.found import find_editors, language_server

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("told", "line"),
    [
        ("NVIM v0.11.4", "0.11.4; needs"),
        ("NVIM v0.9.5", "0.9.5 is too old; expected 0.10"),
        ("nothing", "of unknown version"),
    ],
)
def test_editors_that_are_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: str, line: str) -> None:
    program = tmp_path / "nvim"
    program.write_text(f"#!/bin/sh\necho '{told}'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert list(find_editors()) == ["nvim"]
    assert line in find_editors()["nvim"]


def test_no_editors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_editors() == {}
    assert language_server().startswith("ready")
