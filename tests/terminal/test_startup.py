from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from rnncomplete.measure import startup
from rnncomplete.measure.startup import can_measure, start_prompt

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not can_measure(), reason="this system has no pseudo-terminals")]


def test_the_prompt_is_there_before_its_first_ghost(sentence_style: Any) -> None:
    sentence_style("hamlet", "To be, or not to be")
    start = start_prompt(["--style", "hamlet", "--device", "cpu"], "To be, or ", "not")
    assert start is not None
    assert 0 < start.prompt_ms < start.ghost_ms
    assert 10 < start.peak_memory_mb < 1000


def test_it_starts_what_is_installed_and_not_a_folder_of_that_name(
    sentence_style: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sentence_style("hamlet", "To be, or not to be")
    (tmp_path / "rnncomplete").mkdir()
    (tmp_path / "rnncomplete" / "__init__.py").write_text("raise ImportError", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert start_prompt(["--style", "hamlet", "--device", "cpu"], "To be, or ", "not") is not None


def test_a_ghost_that_never_comes_gives_no_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(startup, "_PATIENCE", 0.5)
    assert start_prompt(["--style", "nonesuch"], "To be", ", or") is None


def test_a_program_that_ends_gives_no_figures() -> None:
    assert start_prompt(["--version"], "To be", ", or") is None
