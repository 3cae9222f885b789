"""The commands of the prompt as a person sees them, in a real pseudo-terminal."""

from __future__ import annotations

import io
import os
import re
import shlex
import signal
import sys
import termios
from typing import TYPE_CHECKING, Any

import pytest

from rnncomplete.repl.history import unsaved_path
from rnncomplete.repl.typeahead import unseen_typeahead

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

QUESTION = "To be, or not to be, that is the question"
RIGHT, UP, TAB, CLEAR, CONTROL_C, CONTROL_Z, ALT_ENTER = "\x1b[C", "\x1b[A", "\t", "\x15", "\x03", "\x1a", "\x1b\r"


@pytest.fixture
def styles(sentence_style: Any) -> None:
    sentence_style("hamlet", QUESTION)
    sentence_style("code", "for i in range(10):", lexer="python")


@pytest.fixture
def prompt(terminal: Any, styles: None) -> Any:
    """A function that starts the prompt in a style, with environment variables."""

    def start(style: str = "hamlet", **environment: str) -> Any:
        screen = terminal("--style", style, "--device", "cpu", **environment)
        screen.sees(f" {style} · 1.23M")
        return screen

    return start


def test_a_document_is_opened_written_on_edited_saved_and_cleared(prompt: Any, isolation: Path) -> None:
    editor, copy = isolation / "editor.py", isolation / "copy"
    (isolation / "play").write_text("Hamlet speaks:\n", encoding="utf-8")
    editor.write_text(
        "import pathlib, sys\npath = pathlib.Path(sys.argv[1])\npath.write_text(path.read_text().upper())\n",
        encoding="utf-8",
    )
    screen = prompt(EDITOR=shlex.join([sys.executable, str(editor)]))
    screen.send(":open ~/play\r")
    screen.sees("15 characters, 1 line; it ends:\nHamlet speaks:\n>")
    screen.send("To be\r::a colon\r:edit\r:show\r")
    screen.sees("\nHAMLET SPEAKS:\nTO BE\n:A COLON\n>")
    screen.send(":undo\r")
    screen.sees("the document ends: ':a colon'")
    screen.send(":save ~/copy\r")
    screen.sees("\n30 characters are in ~/copy\n>")
    assert copy.read_text(encoding="utf-8") == "Hamlet speaks:\nTo be\n:a colon\n"
    screen.send(":save ~/copy\r")
    screen.sees("~/copy is there already; :save! ~/copy replaces it\n>")
    screen.send(":clear\r:show\r")
    screen.sees("the document is empty\n>")
    screen.send(":save! ~/copy\r")
    screen.sees("\n0 characters are in ~/copy\n>")
    assert copy.read_text(encoding="utf-8") == ""


def test_what_the_document_says_comes_back_as_a_ghost(prompt: Any, tmp_path: Path) -> None:
    screen = prompt()
    screen.send("that question is not the one to be so\r" * 3 + "that question is n")
    screen.until(lambda: screen.ghost.startswith("ot the one"))


def test_styles_stages_and_what_is_known_of_a_style(prompt: Any) -> None:
    screen = prompt()
    screen.send(":style\r")
    screen.sees("\nhamlet: Knows one sentence: To be, or not to be,.\nnats per character 0.01\n")
    screen.send(":stages\r")
    screen.sees("— after 12k characters, loss 3.21:\nnoise\N{REPLACEMENT CHARACTER}[31m\n")
    screen.send(":styles\r")
    screen.until(lambda: "  code " in screen.text and "(yourown)" in "".join(screen.text.split()))


def test_settings_are_shown_and_changed(prompt: Any) -> None:
    screen = prompt()
    screen.send("To be, or")
    screen.shows("> To be, or", " not to be, that is the question")
    screen.send(CLEAR + ":set length 8\r:set\r")
    screen.sees("\n  length     8\n")
    screen.send("To be, or")
    screen.shows("> To be, or", " not to")
    screen.send(CLEAR + ":set length many\r")
    screen.sees(":set length takes a whole number from 1 to 500, and 'many' was given")
    screen.send(":set size 7\r")
    screen.sees("there is no setting 'size'; expected one of length, threshold, budget_ms")


def test_a_file_is_learned_from_beside_the_writing(prompt: Any, tmp_path: Path) -> None:
    (tmp_path / "lines").write_text("so noble a bee is not a toad\n" * 4000, encoding="utf-8")
    screen = prompt()
    screen.send(f":learn {tmp_path / 'lines'}\r")
    screen.sees("you can write on meanwhile")
    screen.sees("hamlet · learning ")
    screen.until(lambda: "learning" not in screen.text.splitlines()[-1])
    screen.send(":learn\r")
    screen.sees("learned 116,000 characters of 1 file: ")
    screen.send("so noble")
    screen.until(lambda: screen.ghost.startswith(" a bee is not"))
    screen.send(CLEAR + ":learn off\r")
    screen.sees("ghosts know no files any more")


def test_commands_styles_and_files_are_completed_from_a_menu(prompt: Any, tmp_path: Path) -> None:
    (tmp_path / "speech.txt").touch()
    screen = prompt()
    screen.send(":sty")
    screen.until(lambda: " :style " in screen.text and " :styles " in screen.text)
    screen.send("le ")
    screen.until(lambda: {"auto", "code", "hamlet"} <= set(screen.text.split()))
    screen.send(f"{CLEAR}:open {tmp_path}/spe")
    screen.sees(" speech.txt")
    screen.send(TAB)
    screen.until(lambda: f":open {tmp_path}/speech.txt" in screen.text.replace("\n  ", ""))


def test_code_is_coloured_goes_over_lines_and_keeps_its_indentation(prompt: Any) -> None:
    screen = prompt("code")
    screen.send("def f(i):" + ALT_ENTER + "    if i:" + ALT_ENTER + "return")
    screen.shows("      return")
    row = screen.screen.cursor.y
    rows = [screen.screen.buffer[number] for number in (row - 2, row - 1, row)]
    assert [rows[0][2].fg != "default", rows[1][6].fg != "default", rows[2][6].fg != "default"] == [True] * 3
    assert rows[0][8].fg == "default"
    screen.send("\r")
    screen.shows(">     ")
    screen.send("return 1\r")
    screen.shows(">     ")
    screen.send(CLEAR + ":undo\r")
    screen.sees("the document ends: '    return'")
    screen.send(CLEAR + "return")
    screen.shows("> return")
    assert screen.screen.buffer[screen.screen.cursor.y][2].fg != "default"
    screen.send(CLEAR + ":return")
    screen.shows("> :return")
    assert screen.screen.buffer[screen.screen.cursor.y][3].fg == "default"


def test_tab_indents_code_where_there_is_no_ghost(prompt: Any) -> None:
    screen = prompt("code")
    screen.send("for")
    screen.shows("> for", " i in range(10):")
    screen.send(TAB)
    screen.shows("> for i in range(10):")
    screen.send("\r" + TAB + "pass")
    screen.shows(">     pass")
    screen.send("\x12" + TAB)  # looking for something entered before
    screen.sees("(reverse-i-search)`':     pass")


def test_tab_in_the_other_mode_of_vi_indents_nothing(prompt: Any) -> None:
    screen = prompt("code", RNNCOMPLETE_EDITING_MODE="vi")
    screen.send("pass\x1b")
    screen.until(lambda: screen.typed == "> pas")
    screen.send(TAB + "A!")
    screen.shows("> pass!")


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
def test_a_signal_does_not_lose_a_document(prompt: Any, number: int) -> None:
    screen = prompt()
    screen.send("One line\r")
    screen.sees("> One line\n>")
    screen.send("Half a l")
    screen.shows("> Half a l")
    for _ in range(2):  # a terminal that goes away is told of twice
        screen.program.kill(number)
    screen.until(lambda: not screen.program.isalive())
    assert unsaved_path().read_text(encoding="utf-8") == "One line\nHalf a l"


def test_a_signal_waits_for_the_editor(prompt: Any, isolation: Path) -> None:
    editor = isolation / "editor.py"
    editor.write_text(
        "import pathlib, sys, time\npath = pathlib.Path(sys.argv[1])\nprint('editing', flush=True)\n"
        f"while not pathlib.Path({str(isolation / 'go')!r}).exists():\n    time.sleep(0.01)\npath.write_text('edited')\n",
        encoding="utf-8",
    )
    screen = prompt(EDITOR=shlex.join([sys.executable, str(editor)]))
    screen.send(":edit\r")
    screen.sees("\nediting")
    screen.program.kill(signal.SIGTERM)
    (isolation / "go").touch()
    screen.until(lambda: not screen.program.isalive())
    assert unsaved_path().read_text(encoding="utf-8") == "edited"


def test_the_toolbar_tells_style_size_device_time_and_keys(prompt: Any) -> None:
    screen = prompt()
    screen.send("To be,")
    screen.shows("> To be,", " or not to be, that is the question")
    screen.until(lambda: " ms · 0 keystrokes saved" in screen.text.splitlines()[-1])
    screen.send(RIGHT)
    screen.until(lambda: screen.typed == "> " + QUESTION)
    screen.until(lambda: " · 34 keystrokes saved" in screen.text.splitlines()[-1])
    assert screen.text.splitlines()[-1].startswith(" hamlet · 1.23M parameters · cpu · ")


def test_each_style_has_a_history_and_two_prompts_at_once_and_a_crash_lose_nothing(prompt: Any) -> None:
    one, other = prompt(), prompt()
    one.send("the first prompt\r")
    one.sees("\n> the first prompt\n>")
    other.send("the second prompt\r")
    other.sees("\n> the second prompt\n>")
    for screen in (one, other):
        os.kill(screen.program.pid, signal.SIGKILL)
    third = prompt()
    for line in ("the second prompt", "the first prompt"):
        third.send(UP)
        third.shows("> " + line)
    third.send(CLEAR + ":style code\r")
    third.sees(" code · 1.23M")
    third.send(UP + "x")
    third.shows("> x")
    third.send(CLEAR + ":style hamlet\r")
    third.sees(" hamlet · 1.23M")
    third.send(UP + UP)
    third.shows("> the second prompt")


def test_a_damaged_network_leaves_a_prompt_and_a_line(terminal: Any, sentence_style: Any) -> None:
    (sentence_style("hamlet", QUESTION) / "step.int8.onnx").write_bytes(b"damaged")
    screen = terminal("--style", "hamlet", "--device", "cpu")
    screen.sees("no ghosts: ")
    screen.sees(" hamlet · no ghosts; :style tells why")
    screen.send("I type on\r:show\r")
    screen.sees("\nI type on\n>")


def test_control_characters_of_a_style_never_reach_the_terminal(terminal: Any, sentence_style: Any) -> None:
    sentence_style("hostile", "To\x1b]0;owned\x07 be\x9b2J\x1b[31m", "to or\x1b]0;owned\x07")
    screen = terminal("--style", "hostile")
    screen.sees(" hostile · 1.23M")
    screen.resize(80, 60)  # all that is listed of all styles stays in sight
    screen.send("to")
    screen.shows("> to", " or")
    screen.send(RIGHT)
    screen.until(lambda: screen.typed.rstrip() == "> to or")
    screen.send("\rTo\r:generate 200\r")
    screen.until(lambda: screen.row == "+" or (screen.row == ">" and ":generate" in screen.text))
    for command in (":style", ":styles", ":stages", ":show"):
        screen.send(f"{command}\r")
        screen.until(lambda command=command: command in screen.text and screen.row in (">", "+"))
    assert screen.screen.title == ""
    assert "\N{REPLACEMENT CHARACTER}]0;owned" in screen.text
    assert "red" not in {cell.fg for line in screen.screen.buffer.values() for cell in line.values()}


def test_it_is_drawn_anew_in_a_narrow_and_low_terminal(prompt: Any) -> None:
    screen = prompt()
    screen.send("To be, or")
    screen.shows("> To be, or", " not to be, that is the question")
    screen.resize(24, 7)
    screen.until(lambda: "\n  hat is the question\n" in screen.text)
    screen.until(lambda: screen.typed == "> To be, or")
    screen.send(CLEAR + ":sty")
    screen.until(lambda: " :styles" in screen.text)


def test_the_terminal_echoes_nothing_while_no_prompt_reads(terminal: Any, sentence_style: Any) -> None:
    sentence_style("loop", "ab" * 30)
    screen = terminal("--style", "loop")
    screen.sees("loop · 1.23M")
    screen.send(":generate 1000000\r")
    screen.until(lambda: screen.text.count("ab") > 100)
    assert not screen.program.getecho()
    screen.send(CONTROL_C)
    screen.until(lambda: screen.row == "+")


def test_echo_comes_back_at_the_end_and_only_terminals_are_touched() -> None:
    ours, theirs = os.openpty()
    before = termios.tcgetattr(theirs)
    with unseen_typeahead(theirs):
        os.write(ours, b"a\x15b\r")
        assert os.read(theirs, 9) == b"a\x15b\r"
    assert termios.tcgetattr(theirs) == before
    reading, writing = os.pipe()
    with unseen_typeahead(reading):
        os.write(writing, b"a")
    for descriptor in (ours, theirs, reading, writing):
        os.close(descriptor)


def test_tabs_are_drawn_to_the_next_stop(prompt: Any) -> None:
    screen = prompt()
    screen.paste("a\tb\tlast")
    screen.shows("> a   b   last")


def test_control_z_types_nothing(prompt: Any) -> None:
    """It suspends; but a terminal without a shell, such as this one, has nobody to come back to, so the prompt stays."""
    screen = prompt()
    screen.send("To be")
    screen.shows("> To be", ", or not to be, that is the question")
    screen.send(CONTROL_Z + ", or")
    screen.shows("> To be, or", " not to be, that is the question")


@pytest.mark.parametrize("command", [":show", ":generate 1000000"])
def test_control_c_while_something_is_printed_leaves_a_clean_prompt(
    terminal: Any, sentence_style: Any, tmp_path: Path, command: str
) -> None:
    sentence_style("loop", "ab" * 30)
    (tmp_path / "text").write_text("ab" * 2_000_000, encoding="utf-8")
    screen = terminal("--style", "loop")
    screen.sees("loop · 1.23M")
    screen.send(f":open {tmp_path / 'text'}\r")
    screen.sees("4,000,000 characters")
    if command != ":show":
        screen.send(":clear\r")
        screen.until(lambda: screen.row == ">")
    log = screen.program.logfile_read = io.BytesIO()
    screen.send(command + "\r")
    screen.until(lambda: screen.text.count("ab") > 300)
    screen.program.kill(signal.SIGINT)
    screen.send("x y")
    screen.until(lambda: screen.row in ("> x y", "+ x y"))
    printed = log.getvalue()
    assert printed.count(b"ab") < 1_900_000, "the rest was not printed"
    assert re.match(rb"ba?\r*\n", printed[printed.rindex(b"ab") + 1 :]), "the prompt begins a line of its own"


def test_a_signal_between_commands_stops_nothing(prompt: Any) -> None:
    screen = prompt()
    screen.send(":stats\r" * 20)
    for _ in range(20):
        screen.program.kill(signal.SIGINT)
    screen.send("\r:show\r")
    screen.until(lambda: screen.row == ">")
    assert screen.program.isalive()


@pytest.mark.parametrize("variables", [{"TERM": "dumb"}])
def test_a_dumb_terminal_gets_no_escapes_and_no_promises(
    terminal: Any, styles: None, tmp_path: Path, variables: dict[str, str]
) -> None:
    screen = terminal("--style", "hamlet", "--device", "cpu", **variables)
    log = screen.program.logfile_read = io.BytesIO()
    screen.sees("draws no grey text")
    for keys in ("To be, or", RIGHT, TAB, " x\r"):
        screen.send(keys)
    screen.sees("\n>")
    screen.send(":stats\r")
    screen.sees("last ghost took")
    screen.sees("ghosts shown         0")
    screen.send(":quit\r")
    assert screen.leaves() == 0
    assert b"\x1b" not in log.getvalue()
    assert b"takes the grey text" not in log.getvalue()


def test_every_locale_gives_back_what_was_typed(terminal: Any, styles: None, isolation: Path) -> None:
    plain = {"LC_ALL": "POSIX", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    for keys, row in (("café\r", ">"), (UP * 3, "> café")):
        screen = terminal("--style", "hamlet", **plain)
        screen.sees("hamlet")
        screen.send(keys)
        screen.until(lambda screen=screen, row=row: screen.row == row)
        if UP not in keys:
            screen.send(":save ~/café.txt\r:show\r")
            screen.sees("5 characters are in")
        screen.send(CONTROL_C + "\x04")
        assert screen.leaves() == 0
    assert (isolation / "café.txt").read_bytes() == "café\n".encode()
