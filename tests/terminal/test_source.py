"""A translation line by line in the prompt: its source stands above the line, and the ghost is of that line."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput
from tiny_source import copying_card, plain_picture, seeing_card, write_source_style

from rnncomplete.cli import main
from rnncomplete.completion import sources
from rnncomplete.completion.completer import load_completer
from rnncomplete.completion.installing import install_style
from rnncomplete.completion.sources import source_line, with_lines_from
from rnncomplete.completion.worker import Background, Request
from rnncomplete.ghost.suggest import RNNAutoSuggest
from rnncomplete.repl.program import Repl

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rnncomplete.network.card import Card


@pytest.fixture
def copying(tiny_card: Card, tmp_path: Path) -> str:
    return str(write_source_style(tmp_path / "copying", copying_card(tiny_card)))


@pytest.mark.slow
def test_the_source_stands_above_the_line_and_enter_goes_to_the_next(
    terminal: Callable[..., Any], copying: str, tmp_path: Path
) -> None:
    (tmp_path / "letter.txt").write_text("DEAR EVE,\nALL IS WELL.", encoding="utf-8")
    screen = terminal("--style", copying, "--source", str(tmp_path / "letter.txt"))
    screen.sees("DEAR EVE,")
    screen.shows("> ", "dear eve,")
    screen.send("dear ")
    screen.shows("> dear ", "eve,")
    screen.send("\x1b[C\r")
    screen.sees("ALL IS WELL.")
    screen.send("all ")
    screen.shows("> all ", "is well.")
    screen.send("is well.\r")
    screen.send(":source HI\r")
    screen.sees("  HI")
    screen.shows("> ", "hi")
    screen.send("hi\r:source\r")
    screen.sees("  ALL IS WELL.\n  HI")
    screen.send(":quit\r")
    assert screen.leaves() == 0


class Recorder(DummyOutput):
    """Keeps what was said, without colours."""

    def __init__(self) -> None:
        self.said = ""

    def write(self, data: str) -> None:
        self.said += data


def converse(keys: str, completer: Any, **options: Any) -> tuple[str, Repl]:
    output = Recorder()
    with create_pipe_input() as pipe, create_app_session(input=pipe, output=output):
        pipe.send_text(keys)
        repl = Repl("tiny", completer=completer, **options)
        repl.run()
    return output.said, repl


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Styles are there before the first line."""
    monkeypatch.setattr(
        RNNAutoSuggest, "start", lambda self, patience=0.0: self._background.start() or self._background.wait(60)
    )


@pytest.mark.usefixtures("loaded")
def test_a_text_is_translated_from_the_line_that_comes_on_and_a_file_from_the_first(
    copying: str, tmp_path: Path
) -> None:
    completer = load_completer(copying, "cpu")
    _, repl = converse("one\rtwo\r:source HELLO\r:quit\r", completer)
    assert repl.suggest.source == "\n\nHELLO"
    (tmp_path / "letter.txt").write_text("ONE\r\nTWO\n", encoding="utf-8")
    said, repl = converse(f"one\r:source {tmp_path / 'letter.txt'}\r:source\r:quit\r", completer)
    assert repl.suggest.source == "ONE\nTWO\n"
    assert "  ONE\n> TWO" in said
    said, repl = converse("x\r:source A\r:source off\r:source\r:quit\r", completer)
    assert repl.suggest.source == ""
    assert "translates nothing" in said
    said, repl = converse(":source HELLO\r:generate 5\r:quit\r", completer)
    assert repl.manuscript.text == "hello"


@pytest.mark.usefixtures("loaded")
def test_a_style_without_a_source_takes_none(tiny_style: Path, copying: str) -> None:
    plain = load_completer(str(tiny_style), "cpu")
    said, repl = converse("x\r:source HELLO\r:quit\r", plain)
    assert "'tiny' has no source; expected one that translates text" in said
    assert repl.suggest.source is None
    said, _ = converse("x\r:quit\r", plain, source="HELLO")
    assert "has no such source" in said
    result = CliRunner().invoke(main, ["repl", "--style", str(tiny_style), "--source", "HELLO"])
    assert result.exit_code == 2
    assert "'tiny' has no source" in result.output
    result = CliRunner().invoke(main, ["repl", "--style", "auto", "--source", "HELLO"])
    assert result.exit_code == 2
    assert "no style with a source is chosen by itself" in result.output
    result = CliRunner().invoke(main, ["--source", "HELLO", "complete", "--style", copying], input="h")
    assert result.exit_code == 2
    assert "rnncomplete complete --source" in result.output


def test_a_prompt_told_a_source_takes_a_style_that_translates(
    tiny_card: Card, copying: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: dict[str, Any] = {}
    monkeypatch.setattr("rnncomplete.styles.shipped_styles_folder", lambda: tmp_path / "none")
    monkeypatch.setattr("rnncomplete.repl.run", lambda **settings: told.update(settings))
    monkeypatch.setattr("rnncomplete.cli.repl.end_process", lambda: None)
    install_style(write_source_style(tmp_path / "aaa", replace(copying_card(tiny_card), style="aaa")))
    for command in ([], ["repl"]):
        assert CliRunner().invoke(main, [*command, "--source", "HELLO"]).exit_code == 0
        assert (told.pop("style"), told["source"]) == ("aaa", "HELLO")
    CliRunner().invoke(main, ["--style", copying, "--source", "HELLO"])
    assert told["style"] == copying


def test_lines_of_a_source_that_are_not_there_are_empty() -> None:
    assert [source_line("A\r\nB", line) for line in range(3)] == ["A", "B", ""]
    assert source_line(plain_picture([1, 0, 0]), 0) == source_line(None, 0) == ""
    assert with_lines_from("A\nB\nC", 1, "X\r\nY") == "A\nX\nY"
    assert with_lines_from("A", 3, "X") == "A\n\n\nX"
    assert with_lines_from(plain_picture([1, 0, 0]), 1, "X") == "\nX"
    assert with_lines_from(None, 0, "X") == "X"


def test_a_source_is_split_once(monkeypatch: pytest.MonkeyPatch) -> None:
    split: list[int] = []

    def watched(text: str) -> str:
        split.append(len(text))
        return text

    monkeypatch.setattr(sources, "normalise", watched)
    long = "A\n" * 5_000
    for line in range(100):
        source_line(long, line)
    with_lines_from(long, 4_000, "X")
    assert split.count(len(long)) == 1


def ghosts(completer: Any, before: str, source: Any) -> list[str]:
    shown: list[str] = []
    background = Background(lambda: completer, lambda: None)
    ended = threading.Event()
    background.ask(Request(before, show=shown.append, finish=ended.set, source=source))
    assert ended.wait(60)
    assert background.problem is None
    background.close()
    return shown


def test_a_ghost_about_a_source_ends_with_its_line(
    copying: str, tiny_card: Card, tiny_style: Path, tmp_path: Path
) -> None:
    completer = load_completer(copying, "cpu")
    assert ghosts(completer, "he", "HELLO\nEVE")[-1] == "llo"
    assert ghosts(completer, "hello", "HELLO\nEVE") == []
    assert ghosts(completer, "hello\n", "HELLO\nEVE")[-1] == "eve"
    seeing = load_completer(str(write_source_style(tmp_path / "seeing", seeing_card(tiny_card))), "cpu")
    assert set(ghosts(seeing, "", plain_picture([0, 0, 1]))[-1]) == {"b"}
    plain = load_completer(str(tiny_style), "cpu")
    assert ghosts(plain, "he", "HELLO") == ghosts(plain, "he", None), "what does not suit a style is left out"
