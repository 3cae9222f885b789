"""The prompt's document and the user's files: whatever is named, nothing is lost and nothing else is touched."""

from __future__ import annotations

import os
import socket
import stat
from typing import TYPE_CHECKING, Any

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import create_pipe_input

from rnncomplete.errors import SettingError
from rnncomplete.repl.actions import path_of, unquoted
from rnncomplete.repl.history import StyleHistory, unsaved_path
from rnncomplete.repl.manuscript import Manuscript
from rnncomplete.repl.program import Repl

if TYPE_CHECKING:
    from pathlib import Path

CONTROL_D, PASTE = "\x04", "\x1b[200~{}\x1b[201~"


@pytest.fixture
def converse(fake: Any, recorder: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A function that types into the prompt, in an empty folder, until it is left; returns the text, and what was said."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")

    fake.static = False

    def run(keys: str) -> tuple[str, str]:
        output = recorder()
        with create_pipe_input() as pipe, create_app_session(input=pipe, output=output):
            repl = Repl("fake", completer=fake)
            pipe.send_text(keys + CONTROL_D)
            repl.run()
        return repl.manuscript.text, output.said

    return run


@pytest.fixture
def here(tmp_path: Path) -> Path:
    return tmp_path / "here"


@pytest.mark.parametrize("command", [":save loop", ":save! loop", ":open loop", ":learn loop", ":style ./loop"])
def test_a_link_to_itself_is_a_clear_line(converse: Any, here: Path, command: str) -> None:
    (here / "loop").symlink_to("loop")
    text, said = converse(f"one\r{command}\rtwo\r")
    assert text == "one\ntwo\n", "the prompt goes on"
    assert "loop" in said.partition(command)[2]
    assert (here / "loop").is_symlink()
    assert [path.name for path in here.iterdir()] == ["loop"]


def test_nothing_but_a_regular_file_is_replaced(converse: Any, here: Path) -> None:
    os.mkfifo(here / "pipe")
    (here / "folder").mkdir()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        for command in (":save", ":save!"):
            _, said = converse(f"one\r{command} pipe\r{command} socket\r{command} folder\r:clear\r")
            assert "pipe is a pipe or a device; expected a file" in said
            assert "socket is a pipe or a device; expected a file" in said
            assert "folder is a folder; name a file in it: :save folder/text.txt\n" in said
            assert ":save! folder" not in said.replace(f"{command} folder", "")
        assert stat.S_ISFIFO((here / "pipe").stat().st_mode)
        assert stat.S_ISSOCK((here / "socket").stat().st_mode)
    _, said = converse("one\r:save folder/text.txt\r")
    assert (here / "folder" / "text.txt").read_text() == "one\n"


def test_the_other_names_of_a_file_are_mentioned(converse: Any, here: Path) -> None:
    (here / "file").write_text("old")
    os.link(here / "file", here / "other")
    _, said = converse("one\r:save! file\r")
    assert "4 characters are in file; 1 other name of the file (hard links) keeps the old text\n" in said
    assert (here / "other").read_text() == "old"


def test_a_pipe_is_not_waited_for(converse: Any, here: Path) -> None:
    os.mkfifo(here / "pipe")
    text, said = converse("one\r:open pipe\rtwo\r")
    assert "cannot read pipe: it is a pipe or a device, not a regular file; expected a text file\n" in said
    assert text == "one\ntwo\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"one\r\ntwo\r\n", b"one\r\ntwo\r\nthree\r\n"),
        (b"one\rtwo\r", b"one\rtwo\rthree\r"),
        (b"\xef\xbb\xbfone\n", b"\xef\xbb\xbfone\nthree\n"),
        (b"\xef\xbb\xbfone\r\ntwo\nfour\r\n", b"\xef\xbb\xbfone\r\ntwo\nfour\r\nthree\r\n"),
    ],
)
def test_line_ends_and_a_mark_are_kept(converse: Any, here: Path, before: bytes, after: bytes) -> None:
    (here / "text").write_bytes(before)
    converse(":open text\rthree\r:save! text\r:save! copy\r")
    assert (here / "text").read_bytes() == (here / "copy").read_bytes() == after
    (here / "text").write_bytes(before)
    converse(":open text\rthree\r:undo\r:save! text\r:open text\rthree\r")
    assert (here / "text").read_bytes() == before
    assert unsaved_path().read_bytes() == after, "what was not saved is kept as it is, too"
    converse(":open text\r:clear\rnew\r:save! text\r")
    assert (here / "text").read_bytes() == b"new\n", "a new document is a new file"


def test_an_editor_gets_and_gives_the_file_as_it_is(converse: Any, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "text").write_bytes(b"one\r\ntwo\n")
    given: list[str] = []

    def edit(text: str) -> str:
        given.append(text)
        return "zero\n" + text

    monkeypatch.setattr("click.edit", edit)
    converse(":open text\r:edit\r:save! text\r")
    assert given == ["one\r\ntwo\n"]
    assert (here / "text").read_bytes() == b"zero\none\r\ntwo\n"


def test_an_editor_that_does_not_write_utf_8_changes_nothing(converse: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("click.edit", lambda _: b"caf\xe9".decode("utf-8"))
    text, said = converse("one\r:edit\r")
    assert text == "one\n"
    assert "what the editor wrote is not UTF-8; the document is as it was\n" in said


@pytest.mark.parametrize(
    ("argument", "name"),
    [
        ("a text.txt", "a text.txt"),
        ('"a text.txt"', "a text.txt"),
        ("'a text.txt'", "a text.txt"),
        ("a\\ text.txt", "a text.txt"),
        ('"it\'s.txt"', "it's.txt"),
        ("it's.txt", "it's.txt"),
        ('"half', '"half'),
        ("#1", "#1"),
    ],
)
def test_names_may_be_quoted_and_may_have_blanks(converse: Any, here: Path, argument: str, name: str) -> None:
    converse(f"one\r:save {argument}\r:clear\r")
    assert [path.name for path in here.iterdir()] == [name]
    text, _ = converse(f":open {argument}\r")
    assert text == "one\n"


def test_a_file_whose_name_has_quotes_is_found_as_it_is(converse: Any, here: Path) -> None:
    (here / "'a'").write_text("quoted")
    (here / "a").write_text("plain")
    assert path_of("'a'").name == "'a'"
    assert unquoted("''") == "''"
    text, _ = converse(":open 'a'\r:open a\r")
    assert text == "plain"
    with pytest.raises(SettingError, match="NUL"):
        path_of("a\0b")


def test_a_command_has_one_line(converse: Any, here: Path) -> None:
    text, said = converse(PASTE.format(":save out\rtext") + "\r" + PASTE.format(":save in\n") + "\r")
    assert "a command has one line, and this has 2 lines; :: begins a text with a colon\n" in said
    assert [path.name for path in here.iterdir()] == ["in"]
    assert text == ""


def test_what_nobody_can_read_is_typed_and_saved_as_utf_8(converse: Any, here: Path) -> None:
    typed = b"caf\xc3\xa9 \xe9".decode("ascii", "surrogateescape")
    history = StyleHistory("fake")
    history.append_string(typed)
    assert list(StyleHistory("fake").load_history_strings()) == ["café \N{REPLACEMENT CHARACTER}"]
    assert history.get_strings() == ["café \N{REPLACEMENT CHARACTER}"]
    manuscript = Manuscript()
    manuscript.add(typed)
    manuscript.save(here / "text")
    manuscript.open(here / "text")
    assert manuscript.text == "café \N{REPLACEMENT CHARACTER}"


def test_a_name_is_utf_8_whatever_the_locale_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.fsdecode", lambda name: name.decode("ascii", "surrogateescape"))
    assert str(path_of("café")) == "caf\udcc3\udca9"


def test_what_is_counted_is_said_in_grammar(converse: Any, here: Path) -> None:
    (here / "one").write_text("a")
    (here / "empty").write_text("")
    _, said = converse(":open one\r:open empty\r:save none\r:clear\ra\r\x1b\r:save two\r")
    assert "\n1 character, 1 line; it ends:\na\n" in said
    assert "\n0 characters, 0 lines\n" in said


def test_a_very_long_line_is_cut(fake: Any, recorder: Any, tmp_path: Path) -> None:
    (tmp_path / "long").write_text("wide 漢字 " + "x" * 200_000, encoding="utf-8")
    output = recorder()
    with create_pipe_input() as pipe, create_app_session(input=pipe, output=output):
        repl = Repl("fake", completer=fake)
        for line in (f":open {tmp_path / 'long'}", "y" * 100_000, ":undo"):
            repl.enter(line)
        with pytest.raises(SettingError, match=f"^there is no command :{40 * 'z'}…; "):
            repl.enter(":" + "z" * 9999)
    assert len(repl.manuscript.text) > 200_000
    drawn = [line for line in output.said.split("\n") if line.startswith(("wide", "the document ends"))]
    assert len(drawn) == 2
    assert all(len(line) <= 80 and line.endswith("…") for line in drawn)


def test_tabs_are_as_wide_in_what_is_printed_as_in_the_prompt(converse: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rnncomplete.repl.actions.Actions._completer", lambda self: None)
    monkeypatch.setattr("rnncomplete.repl.actions.Actions._written", lambda *_: iter("ab\tc\n\td"))
    _, said = converse(":generate\r:show\r")
    assert said.count("ab  c\n    d\n") == 2


@pytest.mark.parametrize(
    ("typed", "meant"), [("q", "quit"), ("wq", "quit"), ("w", "save"), ("e x", "open"), ("?", "help")]
)
def test_commands_of_other_programs_are_understood(converse: Any, typed: str, meant: str) -> None:
    _, said = converse(f":{typed}\r")
    assert f"did you mean :{meant}?" in said


def test_help_fits_a_small_terminal(converse: Any) -> None:
    _, said = converse(":help\r")
    lines = said[said.index("  :style [NAME]") :].partition("\n>")[0].rstrip().splitlines()
    assert len(lines) <= 22, "24 less the prompt and the toolbar"
    assert max(map(len, lines)) <= 80
    for word in (":quit", ":save FILE", "Alt-G", "Alt-Enter", "Esc", "::"):
        assert any(word in line for line in lines)


def test_welcome_and_farewell_fit_a_small_terminal(converse: Any) -> None:
    _, said = converse("one\r")
    told = [
        line for line in said.splitlines() if "Right or Tab" in line or "not saved" in line or "unsaved.txt" in line
    ]
    assert len(told) == 3
    assert max(map(len, told)) <= 80
