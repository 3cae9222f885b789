"""The installed command in a real pseudo-terminal: what a person sees and types."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from rnncomplete.repl.look import GREY
from rnncomplete.styles import list_styles

pytestmark = pytest.mark.slow

QUESTION = "To be, or not to be, that is the question"
RIGHT, CONTROL_RIGHT, CONTROL_C, CONTROL_D = "\x1b[C", "\x1b[1;5C", "\x03", "\x04"


@pytest.fixture
def styles(sentence_style: Any) -> None:
    sentence_style("hamlet", QUESTION)
    sentence_style("code", "for (i = 0; i < n; i++)")


def test_type_see_accept_type_along_change_style_and_leave(terminal: Any, styles: None) -> None:
    screen = terminal("--style", "hamlet", "--device", "cpu")
    screen.sees("\n>")
    screen.send("To be, or")
    screen.until(lambda: screen.ghost == " not to be, that is the question")
    assert screen.row == "> " + QUESTION

    for length, character in enumerate(" not", 1):
        screen.send(character)
        screen.until(lambda length=length: screen.screen.cursor.x == 11 + length)
        assert screen.ghost == " not to be, that is the question"[length:]

    screen.send(CONTROL_RIGHT)
    screen.until(lambda: screen.ghost == " be, that is the question")
    screen.send(RIGHT)
    screen.until(lambda: screen.screen.cursor.x == 2 + len(QUESTION))
    assert screen.ghost == ""
    assert all(screen.screen.buffer[screen.screen.cursor.y][column].fg == "default" for column in range(2, 43))

    screen.send("\r:style code\r")
    screen.sees("code · 1.23M parameters · cpu")
    screen.send("for (i")
    screen.until(lambda: screen.ghost == " = 0; i < n; i++)")
    screen.send(CONTROL_C)
    screen.until(lambda: screen.row == ">")
    screen.send(CONTROL_D)
    assert screen.leaves() == 0


@pytest.mark.parametrize(
    "style",
    [
        pytest.param(style.name, marks=[] if style.name == "shakespeare" else pytest.mark.slow)
        for style in list_styles()
        if style.shipped
    ],
)
def test_a_shipped_style_goes_on_in_grey_and_right_makes_it_text(terminal: Any, style: str) -> None:
    """Whatever it says: with no threshold each says something."""
    screen = terminal("--style", style, "--device", "cpu", RNNCOMPLETE_THRESHOLD="0")
    screen.sees("keystrokes saved")
    screen.send("the ")
    screen.until(lambda: screen.typed == "> the " and screen.ghost)
    ghost, row, column = screen.ghost, screen.screen.cursor.y, screen.screen.cursor.x
    screen.send(RIGHT)
    cells = range(column, column + len(ghost))
    screen.until(lambda: GREY not in {f"#{screen.screen.buffer[row][at].fg}" for at in cells})
    assert screen.screen.display[row].startswith("> the " + ghost)


def test_the_toolbar_counts_and_the_help_tells(terminal: Any, styles: None) -> None:
    screen = terminal("--style", "hamlet")
    screen.sees("hamlet · 1.23M parameters · cpu")
    screen.send("To be")
    screen.until(lambda: screen.ghost.endswith("question"))
    screen.send(RIGHT + "\r")
    screen.sees("35 keystrokes saved")
    screen.send(":help\r")
    screen.sees("Alt-F, Ctrl-Right")
    screen.send(":stats\r")
    screen.sees("characters accepted  36")
    screen.send(":quit\r")
    assert screen.leaves() == 0


def test_without_colours_a_ghost_still_differs_from_text(terminal: Any, styles: None) -> None:
    screen = terminal("--style", "hamlet", NO_COLOR="1")
    screen.sees("hamlet · 1.23M")
    screen.send("To be")
    screen.sees("> " + QUESTION)
    row = screen.screen.buffer[screen.screen.cursor.y]
    assert not row[3].italics
    assert row[10].italics
    assert {row[column].fg for column in range(30)} == {"default"}


def test_a_missing_style_leaves_a_prompt_and_a_line(terminal: Any, styles: None) -> None:
    screen = terminal("--style", "hamelt")
    screen.sees("no ghosts: there is no style 'hamelt'; did you mean 'hamlet'?")
    screen.send("I type on")
    screen.until(lambda: screen.row == "> I type on")
    screen.send("\r:style hamlet\r")
    screen.sees("hamlet · 1.23M")
    screen.send("To be")
    screen.until(lambda: screen.ghost == ", or not to be, that is the question")


def test_generating_can_be_stopped_and_is_kept(terminal: Any, sentence_style: Any) -> None:
    sentence_style("loop", "ab" * 30)
    screen = terminal("--style", "loop")
    screen.sees("loop · 1.23M")
    screen.send(":generate 1000000\r")
    screen.until(lambda: screen.text.count("ab") > 100)
    screen.send(CONTROL_C)
    screen.until(lambda: screen.row == "+")
    screen.send(":undo\r")
    screen.sees("the document is empty")
    screen.send(":generate 20\r")
    screen.until(lambda: screen.row == "+")
    screen.send(":show\r:quit\r")
    assert screen.leaves() == 0


def test_leaving_while_the_style_loads_is_quiet_and_at_once(terminal: Any, styles: None) -> None:
    for _ in range(3):
        screen = terminal("--style", "hamlet")
        screen.sees("\n>")
        screen.send(CONTROL_D)
        assert screen.leaves() == 0
        assert "Traceback" not in screen.text
        assert "terminate" not in screen.text


def test_history_comes_back_in_the_next_run(terminal: Any, styles: None) -> None:
    for keys, row in (("a line of the first run\r", ">"), ("\x1b[A", "> a line of the first run")):
        screen = terminal("--style", "hamlet")
        screen.sees("hamlet · 1.23M")
        screen.send(keys)
        screen.until(lambda screen=screen, row=row: screen.row == row)
        screen.send(CONTROL_C + CONTROL_D)
        assert screen.leaves() == 0


@pytest.mark.parametrize("arguments", [[], ["repl"]])
def test_without_a_terminal_there_is_one_line_and_exit_code_2(arguments: list[str], styles: None) -> None:
    command = str(Path(sys.executable).parent / "rnncomplete")
    done = subprocess.run(
        [command, *arguments], input="To be", capture_output=True, text=True, env=os.environ.copy(), check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert "rnncomplete complete" in done.stderr


def test_the_colour_of_ghosts_is_a_setting(terminal: Any, styles: None) -> None:
    screen = terminal("--style", "hamlet", RNNCOMPLETE_COLOUR="#ff00d7")
    screen.sees("hamlet · 1.23M")
    screen.send("To be, or")
    screen.until(lambda: " not to be, that is the question" in screen.coloured("ff00d7")[screen.screen.cursor.y])


def test_by_hand_only_is_a_setting(terminal: Any, styles: None) -> None:
    screen = terminal("--style", "hamlet", RNNCOMPLETE_MANUAL="true")
    screen.sees("ghosts off (Alt-G)")
    screen.send("To be, or")
    screen.until(lambda: screen.row == "> To be, or")
    screen.send("\x1b\\")
    screen.until(lambda: screen.ghost == " not to be, that is the question")
