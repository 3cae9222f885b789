"""What a stranger's card, file names and settings say does nothing to the terminal, and hints can be pasted."""

from __future__ import annotations

import dataclasses
import json
import shlex
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from rnncomplete.cli import main
from rnncomplete.hosts.choice import tell
from rnncomplete.text.printing import printable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rnncomplete.network.card import Card

EVIL = "a\x1b]0;owned\x07\x1b[31mb\x9b2Jc\u202ed\re\x7f\u2066f"
PATH = "o'a $(touch owned);\x1b[31m b\u202e"


@pytest.fixture
def hostile(make_style: Callable[[Path, Card], Path], tiny_card: Card, isolation: Path) -> Path:
    """A style among the user's own with odd words wherever a card has words."""
    card = dataclasses.replace(
        tiny_card,
        style="hostile",
        description=EVIL,
        cell=EVIL,
        lexer=EVIL,
        corpus={"name": EVIL, "licence": EVIL, EVIL: {EVIL: EVIL}},
        training={"command": EVIL},
        stages=({"step": 1, "characters": 9, "loss": 1.0, "sample": EVIL, "skills": {EVIL: 0.5}},),
    )
    return make_style(isolation / "styles" / "hostile", card)


def output_of(*arguments: str | Path, **options: Any) -> str:
    result = CliRunner().invoke(main, list(map(str, arguments)), **options)
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert result.output == printable(result.output)
    return result.output


@pytest.mark.parametrize(
    "command", ["styles", "styles info hostile", "stages hostile", "doctor", "complete --style hostile --chars 3"]
)
def test_a_card_says_nothing_to_the_terminal(hostile: Path, command: str) -> None:
    output = output_of(*command.split(), input="a")
    lines = [line for line in output.splitlines() if "owned" in line]
    assert all(line.count("\N{REPLACEMENT CHARACTER}") >= 5 for line in lines)
    for option in ["--json"] if command != "stages" else []:
        json.loads(output_of(*command.split(), option, input="a"))


def test_json_says_the_same_in_escapes(hostile: Path) -> None:
    assert json.loads(output_of("styles", "info", "hostile", "--json"))["description"] == EVIL


def test_settings_and_errors_say_nothing_to_the_terminal(hostile: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RNNCOMPLETE_STYLE", EVIL)
    output_of("config")
    output_of("config", "--json")
    output_of("complete", input="a")
    monkeypatch.setenv("RNNCOMPLETE_DEVICE", EVIL)
    output_of("config")
    (hostile / "step.int8.onnx").write_bytes(EVIL.encode())
    monkeypatch.delenv("RNNCOMPLETE_DEVICE")
    output_of("complete", "--style", "hostile", input="a")
    output_of("styles", "add", hostile)


def test_names_of_files_say_nothing_to_the_terminal_and_hints_can_be_pasted(tiny_style: Path, tmp_path: Path) -> None:
    folder = tmp_path / PATH
    folder.mkdir()
    (folder / "good.txt").write_text("to be or not to be\n" * 50, encoding="utf-8")
    (folder / PATH).write_bytes(b"caf\xe9")
    output = output_of("complete", "--style", tiny_style, "--learn-from", folder, input="to")
    (line,) = [line for line in output.splitlines() if "left out" in line]
    hint = line.partition("iconv")[2]
    assert shlex.split(hint)[-1] == printable(str(folder / PATH))
    output_of("complete", "--style", tiny_style, "--learn-from", folder / PATH, input="to")
    output_of("eval", "--style", tiny_style, folder / PATH)
    output_of("styles", "add", folder)
    output_of("styles", "info", str(folder))


def test_what_a_host_tells_says_nothing_to_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    tell("a style \x1b]0;title\x07 and \x9b31m more\nof it")
    said = capsys.readouterr().out
    assert said.startswith("rnncomplete: a style ")
    assert said.count("\n") == 1
    assert not {"\x1b", "\x07", "\x9b"} & set(said)
