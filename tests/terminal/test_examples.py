"""The programs in examples/ run as they stand; train.sh is in tests/export."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

EXAMPLES = Path(__file__).parents[2] / "examples"
PYTHON = Path(sys.executable).name
SENTENCE = "To be, or not to be"
RIGHT, ENTER, CONTROL_Q = "\x1b[C", "\r", "\x11"


def run(name: str, *arguments: str) -> str:
    process = subprocess.run(
        [sys.executable, str(EXAMPLES / name), *arguments], capture_output=True, text=True, check=True
    )
    assert process.stderr == ""
    return process.stdout


def test_every_example_is_run_and_listed() -> None:
    files = {path.name for path in EXAMPLES.iterdir() if path.suffix in {".py", ".sh"}}
    tests = Path(__file__).read_text(encoding="utf-8")
    tests += (Path(__file__).parents[1] / "export" / "test_examples.py").read_text(encoding="utf-8")
    listed = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    assert [name for name in sorted(files) if f'"{name}"' not in tests or f"]({name})" not in listed] == []


def test_a_prompt(terminal: Any, sentence_style: Any) -> None:
    sentence_style("mine", SENTENCE)
    screen = terminal(str(EXAMPLES / "prompt.py"), "mine", program=PYTHON)
    screen.until(lambda: screen.row == ">")
    screen.send("# To be")
    screen.until(lambda: screen.row == "> # To be")
    screen.send("\x15To be")
    screen.until(lambda: screen.row == f"> {SENTENCE}")
    screen.send(RIGHT)
    screen.until(lambda: screen.screen.cursor.x == len(f"> {SENTENCE}"))
    screen.send(ENTER)
    screen.until(lambda: screen.row == ">")
    screen.send("Dear")
    screen.until(lambda: screen.row == "> Dear Sir or Madam,")
    screen.send(RIGHT + ENTER)
    screen.until(lambda: screen.row == ">")
    screen.send(ENTER)
    assert screen.leaves() == 0
    assert f"{SENTENCE}\nDear Sir or Madam,\n" in screen.text.rpartition(">")[2]


def test_a_prompt_in_a_style_that_is_not_there(terminal: Any) -> None:
    screen = terminal(str(EXAMPLES / "prompt.py"), "nowhere", program=PYTHON)
    screen.until(lambda: screen.row == ">")
    screen.send("To be" + ENTER)
    screen.until(lambda: screen.row == ">")
    screen.send(ENTER)
    assert screen.leaves() == 0
    assert "There will be no ghosts: there is no style 'nowhere'" in screen.text


def test_an_application(terminal: Any, sentence_style: Any) -> None:
    sentence_style("mine", SENTENCE)
    screen = terminal(str(EXAMPLES / "application.py"), "mine", program=PYTHON)
    screen.sees("Ctrl-Q leaves")
    screen.send("To be")
    screen.until(lambda: screen.row == SENTENCE)
    screen.send(RIGHT)
    screen.until(lambda: screen.screen.cursor.x == len(SENTENCE))
    screen.send(CONTROL_Q)
    assert screen.leaves() == 0
    assert SENTENCE in screen.text


def test_the_library(sentence_style: Any) -> None:
    sentence_style("mine", SENTENCE, "To do it well")
    printed = run("library.py", "mine", "To b").splitlines()
    assert printed[0] == "ghost: 'e, or not to be'"
    assert printed[-3] == "asked: 'e, or not to be'"
    assert printed[-2].startswith("others: ['e, or not to be'")
    assert printed[-1].startswith("next: 'e' with ")
    assert [line for line in printed if line.startswith("so far: ")][-1] == "so far: 'e, or not to be'"


def test_a_card(sentence_style: Any) -> None:
    sentence_style("mine", SENTENCE)
    printed = run("card.py", "mine")
    assert printed.startswith("mine: Knows one sentence")
    assert "after       12,000 characters: 3.21 nats per character" in printed


@pytest.mark.parametrize("style", ["shakespeare", "linux"])
def test_the_card_of_a_shipped_style(style: str) -> None:
    assert f"{style}: " in run("card.py", style)


def test_ipython_from_its_configuration(terminal: Any, sentence_style: Any, tmp_path: Path) -> None:
    sentence_style("python", "for i in range(10):")
    profile = tmp_path / "profile_default"
    profile.mkdir()
    shutil.copy(EXAMPLES / "ipython_config.py", profile)
    screen = terminal("--no-banner", "--no-confirm-exit", program="ipython", IPYTHONDIR=str(tmp_path))
    screen.sees("In [1]:")
    screen.send("for")
    screen.sees("In [1]: for i in range(10):")
