"""Ghosts as a person sees them, key by key, in a real pseudo-terminal: characters, colours and the cursor."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from rnncomplete.repl.look import GREY

pytestmark = pytest.mark.slow

LAST_LINE = "that is the question."
QUESTION = "To be, or not to be, that is the question"
TYPED, GHOST = "> To be, or", " not to be, that is the question"
GREY_CELL = GREY.removeprefix("#")

RIGHT, LEFT, END, ALT_RIGHT, CONTROL_RIGHT = "\x1b[C", "\x1b[D", "\x1b[F", "\x1b[1;3C", "\x1b[1;5C"
BACKSPACE, UNDO, ESCAPE, CLEAR = "\x7f", "\x1f", "\x1b", "\x15"
CONTROL_E, CONTROL_G, TAB = "\x05", "\x07", "\t"
ALT_F, ALT_E, ALT_G, ALT_BACKSLASH, NEXT, FORMER = "\x1bf", "\x1be", "\x1bg", "\x1b\\", "\x1b]", "\x1b["


@pytest.fixture
def screen(terminal: Any, sentence_style: Any) -> Any:
    """The prompt with a style that knows one sentence."""
    sentence_style("hamlet", QUESTION)
    started = terminal("--style", "hamlet", "--device", "cpu")
    started.sees("hamlet · 1.23M")
    return started


def test_it_comes_back_after_a_backspace_but_not_what_was_deleted(screen: Any) -> None:
    screen.send("To be, or")
    screen.shows(TYPED, GHOST)
    screen.send("x")
    screen.shows(TYPED + "x")
    screen.send(BACKSPACE)
    screen.shows(TYPED, GHOST)
    screen.send(" not")
    screen.shows(TYPED + " not", " to be, that is the question")
    for length in (3, 2, 1, 0):
        screen.send(BACKSPACE)
        screen.shows(TYPED + " not"[:length])
    screen.send(" ")
    screen.shows(TYPED + " ", "not to be, that is the question")


def test_it_is_gone_after_moving_and_after_undoing(screen: Any) -> None:
    screen.send("To be, or")
    screen.shows(TYPED, GHOST)
    screen.send(LEFT)
    screen.shows(TYPED[:-1])
    screen.until(lambda: screen.row == TYPED)
    screen.send(RIGHT)
    screen.shows(TYPED)
    screen.send(" ")
    screen.shows(TYPED + " ", GHOST[1:])
    screen.send(RIGHT)
    screen.shows("> " + QUESTION)
    screen.send(UNDO)
    screen.shows(TYPED + " ")


def test_escape_dismisses_it_at_this_place_only_and_asking_brings_it_back(screen: Any) -> None:
    screen.send("To be, or")
    screen.shows(TYPED, GHOST)
    screen.send(ESCAPE)
    screen.shows(TYPED)
    screen.send("x" + BACKSPACE)
    screen.shows(TYPED)
    screen.send(" ")
    screen.shows(TYPED + " ", GHOST[1:])
    screen.send(CLEAR)
    screen.until(lambda: screen.row == ">")
    screen.send("To be, or")
    screen.shows(TYPED)
    screen.send(ALT_BACKSLASH)
    screen.shows(TYPED, GHOST)


def test_a_key_switches_it_off_and_on(screen: Any) -> None:
    screen.send("To be, or")
    screen.shows(TYPED, GHOST)
    screen.send(ALT_G)
    screen.sees("ghosts off (Alt-G)")
    screen.shows(TYPED)
    screen.send(" not")
    screen.shows(TYPED + " not")
    screen.send(ALT_G)
    screen.until(lambda: "ghosts off" not in screen.text)
    screen.send(" to")
    screen.shows(TYPED + " not to", " be, that is the question")


def test_it_stands_in_the_middle_of_a_line(screen: Any) -> None:
    screen.send("To be (he said)" + LEFT * 10 + ",")
    screen.shows("> To be,", " or not to be, that is the question")
    screen.until(lambda: screen.row == "> " + QUESTION + " (he said)")
    screen.send(CONTROL_RIGHT)
    screen.shows("> To be, or", " not to be, that is the question")
    screen.send(RIGHT)
    screen.shows("> " + QUESTION)
    screen.until(lambda: screen.row == "> " + QUESTION + " (he said)")


@pytest.mark.parametrize(
    ("mode", "undo", "clear"), [("emacs", UNDO, CLEAR), ("vi", ESCAPE + "u", "0Di")], ids=["emacs", "vi"]
)
def test_keys_accept_parts_of_several_lines_and_one_undo_takes_each_back(
    terminal: Any, sentence_style: Any, mode: str, undo: str, clear: str
) -> None:
    sentence_style("hamlet", "To be, or not to be,\n" + LAST_LINE)
    screen = terminal("--style", "hamlet", RNNCOMPLETE_EDITING_MODE=mode)
    screen.sees("hamlet · 1.23M")
    for keys, typed, ghost in (
        *((key, "  " + LAST_LINE, "") for key in (RIGHT, CONTROL_E, END, TAB)),
        *((key, "> To be, or not", " to be,") for key in (CONTROL_RIGHT, ALT_F)),
        *((key, "> To be, or not to be,", "") for key in (ALT_RIGHT, ALT_E)),
        (CONTROL_G, "> To be, or ", "not to be,"),
    ):
        screen.send("To be, or")
        screen.shows("> To be, or", " not to be,")
        below = screen.screen.cursor.y + 1
        screen.until(lambda below=below: LAST_LINE in screen.coloured(GREY_CELL)[below])
        screen.send(keys)
        screen.shows(typed, ghost)
        grey = LAST_LINE not in typed
        screen.until(lambda below=below, grey=grey: (LAST_LINE in screen.coloured(GREY_CELL)[below]) is grey)
        screen.until(lambda below=below: LAST_LINE in screen.screen.display[below])
        screen.send(undo)
        screen.until(lambda: screen.row == "> To be, or")
        screen.send(clear)
        screen.until(lambda: screen.row == ">")


def test_there_are_others_to_choose_from(terminal: Any, sentence_style: Any) -> None:
    sentence_style("hamlet", "To be, or not", "To be, or so")
    screen = terminal("--style", "hamlet")
    screen.sees("hamlet · 1.23M")
    screen.send("To be, or ")
    screen.shows("> To be, or ", "not")
    screen.send(NEXT)
    screen.shows("> To be, or ", "so")
    screen.send(FORMER)
    screen.shows("> To be, or ", "not")
    screen.send(NEXT)
    screen.shows("> To be, or ", "so")
    screen.send(RIGHT)
    screen.until(lambda: screen.typed.rstrip() == "> To be, or so")


def test_a_megabyte_pasted_into_coloured_code_stays_fluid(terminal: Any, sentence_style: Any) -> None:
    sentence_style("code", "for i in range(10):", lexer="python")
    screen = terminal("--style", "code")
    screen.sees("code · 1.23M")
    screen.paste("[f(x, y) for x, y in z if x < y]\n" * 32_768)
    screen.until(lambda: "[f(x, y)" in screen.text)
    for length in range(1, 11):
        screen.send("x")
        screen.until(lambda length=length: screen.typed == "  " + "x" * length)
    pasted = next(row for row, line in enumerate(screen.screen.display) if "[f(x, y)" in line)
    colours = {screen.screen.buffer[pasted][column].fg for column in range(40)}
    assert colours == {"default"}, "to colour all of it takes three seconds a key"
    screen.send(BACKSPACE * 10 + "for i in")
    screen.shows("  for i in", " range(10):")


def luminance(colour: str) -> float:
    """The relative luminance of WCAG 2.2, https://www.w3.org/TR/WCAG22/#dfn-relative-luminance."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_its_grey_is_legible_on_dark_and_on_light() -> None:
    on_black = (luminance(GREY) + 0.05) / 0.05
    on_white = 1.05 / (luminance(GREY) + 0.05)
    assert min(on_black, on_white) >= 4.5


GROWING = """
import sys
import time
from pathlib import Path

from prompt_toolkit import PromptSession

import rnncomplete
from rnncomplete.completion.decoder import Ghost


class Slow:
    card, device = None, "cpu"

    def open(self, document=None):
        return self

    def grow(self, before, wanted):
        for text in (" not", " not to be"):
            yield Ghost(text, (1.0,) * len(text), "length")
            while not Path(sys.argv[1]).exists():
                time.sleep(0.01)


session = PromptSession()
rnncomplete.install(session, completer=Slow())
session.prompt("> ")
"""

COMPLETING = """
from prompt_toolkit import PromptSession
from prompt_toolkit.completion import WordCompleter
from prompt_toolkit.styles import Style

import rnncomplete

session = PromptSession(completer=WordCompleter(["or", "ordinary"]), complete_while_typing=False)
session.style = Style.from_dict({"auto-suggestion": "#767676"})
rnncomplete.install(session, style="hamlet")
session.prompt("> ")
"""


@pytest.fixture
def program(terminal: Any, tmp_path: Path) -> Any:
    """A function that runs a program of a few lines in a terminal."""

    def start(source: str, *arguments: str) -> Any:
        (tmp_path / "program.py").write_text(source, encoding="utf-8")
        started = terminal(str(tmp_path / "program.py"), *arguments, program=Path(sys.executable).name)
        started.until(lambda: started.row == ">")
        return started

    return start


def test_its_first_word_is_there_before_the_rest_is_known(program: Any, tmp_path: Path) -> None:
    screen = program(GROWING, str(tmp_path / "go-on"))
    screen.send("To be, or")
    screen.until(lambda: screen.row == TYPED + " not")
    screen.send(" n")
    screen.until(lambda: (screen.typed, screen.row) == (TYPED + " n", TYPED + " not"))
    (tmp_path / "go-on").touch()
    screen.until(lambda: (screen.typed, screen.row) == (TYPED + " n", TYPED + " not to be"))


def test_it_hides_while_a_menu_is_open_which_has_tab(program: Any, sentence_style: Any) -> None:
    sentence_style("hamlet", QUESTION)
    screen = program(COMPLETING)
    screen.send("To be, or")
    screen.shows(TYPED, GHOST)
    screen.send(TAB)
    screen.sees("ordinary")
    screen.until(lambda: screen.typed == TYPED and GHOST.strip() not in screen.text)
    screen.send(" ")
    screen.shows(TYPED + " ", GHOST[1:])
    screen.until(lambda: "ordinary" not in screen.text)
