from __future__ import annotations

import json
from importlib.metadata import EntryPoint
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from rnncomplete.cli import main
from rnncomplete.measure import documents
from rnncomplete.measure import speed as bench
from rnncomplete.measure.startup import Startup

if TYPE_CHECKING:
    from pathlib import Path

KEYS = [
    "style",
    "parameters",
    "step_us",
    "ghost_ms_p50",
    "ghost_ms_p99",
    "static_ghost_ms_p50",
    "static_ghost_ms_p99",
    "open_2000_ms",
    "backspace_ms",
    "startup_prompt_ms",
    "startup_ghost_ms",
    "peak_memory_mb",
    "documents_key_ratio",
    "documents_mb_each",
    "typing_p999_ms",
    "open_30mb_ms",
    "open_30mb_key_ms",
    "open_30mb_peak_mb",
    "times_faster_than_torch_eager",
    "times_faster_than_float32_lstm",
    "times_the_floor",
    "noisy",
]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """On no core in particular, one prompt that is not really started, short rounds."""
    monkeypatch.setattr(bench, "pin_to_one_core", lambda: None)
    monkeypatch.setattr(bench, "PREFIXES", 2)
    figures = documents.Figures(1.2, 11.5, 9.5, 900.0, 8.5, 210.0)
    monkeypatch.setattr(documents, "measure_documents", lambda style, device: figures)
    monkeypatch.setattr("rnncomplete.cli.bench._line_with_a_ghost", lambda completer, text: ("so", "me"))
    monkeypatch.setattr("rnncomplete.measure.startup.start_prompt", lambda *arguments: Startup(250.0, 500.0, 120.0))


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["bench", *map(str, arguments)])


def test_all_figures_are_in_one_document_and_what_cannot_be_measured_is_null(tiny_style: Path) -> None:
    result = run("--style", tiny_style, "--json")
    document = json.loads(result.stdout)
    assert set(document) - set(KEYS) == {"device", "text"}
    assert [key for key in document if key in KEYS] == [key for key in KEYS if key in document]
    assert set(KEYS) <= set(document)
    assert (document["documents_key_ratio"], document["documents_mb_each"], document["open_30mb_ms"]) == (
        1.2,
        11.5,
        900,
    )
    assert (document["startup_prompt_ms"], document["startup_ghost_ms"]) == (250, 500)
    # The tiny network is not an LSTM and has no int8 weights.
    assert document["times_faster_than_torch_eager"] is None
    assert document["times_the_floor"] is None
    assert document["static_ghost_ms_p99"] >= document["static_ghost_ms_p50"] > 0
    assert "is measured beside it" in result.stderr


@pytest.mark.slow
def test_people_get_a_table(tiny_style: Path, tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text("real text it is, " * 300)
    result = run("--style", tiny_style, "--text", tmp_path / "text.txt")
    assert "startup ghost" in result.stdout
    assert str(tmp_path) in result.stdout


@pytest.mark.slow
def test_without_the_extra_ratios_are_null_and_a_line_says_what_to_type(
    tiny_style: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = EntryPoint("torch_eager", "rnncomplete_no_such_package.peers:torch_eager", "rnncomplete.bench_peers")
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: [missing])
    result = CliRunner().invoke(main, ["bench", "--style", str(tiny_style), "--json"])
    assert json.loads(result.stdout)["times_faster_than_torch_eager"] is None
    assert result.stderr.count("\n") == 1
    assert "pip install 'rnncomplete[train]'" in result.stderr


def test_a_file_that_is_not_text_is_refused(tiny_style: Path, tmp_path: Path) -> None:
    (tmp_path / "empty.txt").touch()
    result = run("--style", tiny_style, "--text", tmp_path / "empty.txt")
    assert result.exit_code == 2
    assert "expected at least three" in result.stderr
