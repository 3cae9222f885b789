"""The prompt to write in: its document, its commands, its history."""

from __future__ import annotations

import os
import stat
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prompt_toolkit.application import create_app_session
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document
from prompt_toolkit.input import create_pipe_input

from rnncomplete.errors import SettingError, TextError
from rnncomplete.repl.actions import Actions
from rnncomplete.repl.commands import COMMANDS, CommandCompleter, is_command, parse, unescaped
from rnncomplete.repl.history import StyleHistory, history_name, unsaved_path
from rnncomplete.repl.look import indent_of, short, table
from rnncomplete.repl.manuscript import Manuscript
from rnncomplete.repl.program import Repl

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def converse(fake: Any, recorder: Any) -> Callable[..., tuple[Repl, str]]:
    """A function that types into the prompt until it is left; returns the prompt, and what it said."""

    def run(keys: str, completer: Any = None) -> tuple[Repl, str]:
        output = recorder()
        with create_pipe_input() as pipe, create_app_session(input=pipe, output=output):
            repl = Repl("fake", completer=completer or fake)
            pipe.send_text(keys)
            repl.run()
        return repl, output.said

    return run


CONTROL_C, CONTROL_D = "\x03", "\x04"


def test_lines_become_the_document_and_the_context(converse: Any, fake: Any) -> None:
    repl, _ = converse("one\r\r   \r::two\r  ::three\r  :stats\r" + CONTROL_D)
    assert repl.manuscript.text == "one\n\n\n:two\n  :three\n"
    assert repl.suggest.context() == repl.manuscript.text


def test_control_c_drops_the_line_and_control_d_leaves_only_an_empty_one(converse: Any) -> None:
    repl, _ = converse("dropped" + CONTROL_C + "kept" + CONTROL_D + "\r" + CONTROL_D)
    assert repl.manuscript.text == "kept\n"


def test_alt_enter_enters_several_lines_at_once(converse: Any) -> None:
    repl, _ = converse("one\x1b\rtwo\r:undo\r" + CONTROL_D)
    assert repl.manuscript.text == ""


def test_commands_and_what_comes_back_from_the_history_are_not_counted_as_typed(converse: Any) -> None:
    _, said = converse("one\r:styles\r" + "\x1b[A" * 2 + CONTROL_C + "three\r:stats\r:quit\r")
    assert "(0 % of 8 characters)" in said


def test_undo_clear_and_show(converse: Any) -> None:
    repl, said = converse("one\rtwo\r:undo\r:clear\r:undo\r:show\r:quit\r")
    assert repl.manuscript.text == "one\n"
    assert "the document ends: 'one'\n" in said


def test_save_and_open(converse: Any, tmp_path: Path) -> None:
    path = tmp_path / "a text.txt"
    repl, said = converse(f"one\r:save {path}\r:clear\r:save {path}\r:open {path}\r:save! {path}\r:quit\r")
    assert repl.manuscript.text == path.read_text(encoding="utf-8") == "one\n"
    assert f"{path} is there already; :save! {path} replaces it" in said


def test_leaving_keeps_a_document_that_was_not_saved(converse: Any, tmp_path: Path) -> None:
    path = tmp_path / "text"
    _, said = converse(f"one\r:save {path}\r:open {path}\r:quit\r")
    assert "not saved" not in said
    assert not unsaved_path().exists()
    for keys in (f":open {path}\rtwo\r:quit\r", f":open {path}\rtwo\r" + CONTROL_D):
        _, said = converse(keys)
        assert (
            f"the document was not saved; until the next one that is not, it is kept in\n{short(unsaved_path())}\n"
            in said
        )
        assert unsaved_path().read_text(encoding="utf-8") == "one\ntwo\n"
        assert stat.S_IMODE(unsaved_path().stat().st_mode) == 0o600
    assert path.read_text(encoding="utf-8") == "one\n"
    converse(f":open {unsaved_path()}\r:clear\r   \r:quit\r")
    assert unsaved_path().read_text(encoding="utf-8") == "one\ntwo\n"


def test_what_was_generated_is_kept_whatever_stops_it(converse: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def written(*_: object) -> Iterator[str]:
        yield from "so"
        raise SystemExit(143)

    monkeypatch.setattr(Actions, "_written", written)
    with pytest.raises(SystemExit):
        converse("one\r:generate\r")
    assert unsaved_path().read_text(encoding="utf-8") == "one\nso"


def test_a_path_at_home_is_short(isolation: Path) -> None:
    assert short(isolation / "a" / "text") == "~/a/text"
    assert short(Path("/elsewhere/text")) == str(Path("/elsewhere/text"))


def test_a_bug_of_ours_does_not_lose_a_document(converse: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Actions, "_show", broken)
    with pytest.raises(ZeroDivisionError):
        converse("one\r:show\r")
    assert unsaved_path().read_text(encoding="utf-8") == "one\n"


@pytest.mark.parametrize(
    ("text", "lexer", "expected"),
    [
        ("", "python", "    "),
        ("", "c", "\t"),
        ("if x:\n  y\n", "python", "  "),
        ("f(x)\n{\n\treturn;\n}\n", "python", "\t"),
        ("   \n", "c", "\t"),
        ("/*\n * Licence\n */\nint f(void)\n{\n\treturn 1;\n}\n", "c", "\t"),
        ("def f(a,\n      b):\n    pass\n", "python", "    "),
    ],
)
def test_tab_indents_as_the_text_does_or_else_the_language(text: str, lexer: str, expected: str) -> None:
    assert indent_of(text, lexer) == expected


def test_leaving_tells_where_a_document_cannot_be_kept(
    converse: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("RNNCOMPLETE_HISTORY", str(tmp_path / "file" / "folder"))
    _, said = converse("one\r:quit\r")
    assert f"the document was not saved: cannot write {unsaved_path()}: Not a directory\n" in said


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (":nonsense", "there is no command :nonsense"),
        (":stlye", "did you mean :style?"),
        (":", "there is no command :"),
        (":open", ":open needs an argument: :open FILE"),
        (":open /nowhere/at/all", "cannot read /nowhere/at/all"),
        (":quit now", ":quit takes no argument"),
        (":style nowhere", "there is no style 'nowhere'"),
        (":generate many", ":generate takes a number"),
        (":generate 99999999999999999999", ":generate takes a number"),
        (":save /nowhere/at/all", "cannot write /nowhere/at/all"),
        (":save ~nobody-at-all.txt", "~nobody-at-all.txt begins with the home of somebody unknown"),
        (":open ~nobody-at-all.txt", "~nobody-at-all.txt begins with the home of somebody unknown"),
        (":save " + 300 * "x", "cannot write"),
    ],
)
def test_a_mistake_is_one_clear_line(converse: Any, line: str, message: str) -> None:
    repl, said = converse(f"{line}\r:quit\r")
    assert [message in text for text in said.split("\n")].count(True) == 1
    assert repl.manuscript.text == ""


@given(st.one_of(st.text(), st.text().map(":".__add__)))
def test_any_line_is_a_line_a_command_or_a_clear_error(line: str) -> None:
    if not is_command(line):
        assert unescaped(line).lstrip(" \t")[:1] != ":" or "::" in line
        return
    with suppress(SettingError):
        name, _ = parse(line)
        assert name.removesuffix("!") in {command.name for command in COMMANDS}


def completions(line: str) -> list[str]:
    found = CommandCompleter().get_completions(Document(line), CompleteEvent(text_inserted=True))
    return [line[: len(line) + item.start_position] + item.text for item in found]


def test_commands_styles_files_and_settings_are_completed(
    sentence_style: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sentence_style("hamlet", "to be")
    (tmp_path / "speech.txt").touch()
    monkeypatch.chdir(tmp_path)
    assert completions(":st") == [":style", ":styles", ":stages", ":stats"]
    assert ":style hamlet" in completions(":style h")
    assert completions(":open sp") == [":open speech.txt"]
    assert completions(":set l") == [":set length "]
    assert completions("st") == completions("::st") == completions(":undo x") == []


def test_every_command_does_something() -> None:
    assert all(callable(getattr(Actions, f"_{command.name}")) for command in COMMANDS)


def test_a_manuscript_takes_every_change_back() -> None:
    manuscript = Manuscript()
    states = [manuscript.text]
    for change in (
        lambda: manuscript.add("one\n"),
        lambda: manuscript.add("two"),
        lambda: manuscript.replace("three\n"),
        lambda: manuscript.add("four\n"),
    ):
        change()
        states.append(manuscript.text)
    assert manuscript.last_line == "four"
    for text in reversed(states[:-1]):
        assert manuscript.undo()
        assert manuscript.text == text
    assert not manuscript.undo()


def test_saving_keeps_the_old_file_where_it_fails_and_its_rights_where_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "text"
    path.write_text("old", encoding="utf-8")
    path.chmod(0o640)
    manuscript = Manuscript()
    manuscript.add("new\n")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", full)
        with pytest.raises(TextError, match="No space left on device"):
            manuscript.save(path)
    assert [item.name for item in tmp_path.iterdir()] == ["text"]
    assert path.read_text(encoding="utf-8") == "old"
    manuscript.save(path)
    assert path.read_text(encoding="utf-8") == "new\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_two_histories_at_once_lose_nothing() -> None:
    def write(name: str) -> None:
        history = StyleHistory("hamlet")
        for number in range(50):
            history.append_string(f"{name} {number}\nsecond line")

    threads = [threading.Thread(target=write, args=(name,)) for name in ("a", "b", "c")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kept = list(StyleHistory("hamlet").load_history_strings())
    assert sorted(kept) == sorted(f"{name} {number}\nsecond line" for name in "abc" for number in range(50))
    assert list(StyleHistory("tolstoy").load_history_strings()) == []


def test_a_history_that_cannot_be_kept_is_no_trouble(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("RNNCOMPLETE_HISTORY", str(tmp_path / "file" / "folder"))
    history = StyleHistory("hamlet")
    history.append_string("line")
    assert history.get_strings() == ["line"]
    assert list(history.load_history_strings()) == []


def test_columns_of_a_table_are_aligned() -> None:
    assert table([("a", "b"), ("long", "c")]) == "  a     b\n  long  c"


def test_a_style_in_a_folder_has_a_history_of_its_own(
    sentence_style: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sentence_style("hamlet", "to be")
    monkeypatch.chdir(tmp_path)
    styles = [
        "hamlet",
        "./hamlet",
        str(tmp_path / "deep" / "hamlet"),
        "unsaved.txt",
        "./unsaved.txt",
        "auto",
        "\0",
        "~x/y",
    ]
    names = [history_name(style) for style in styles]
    assert names[0] == "hamlet"
    assert names[5] == "auto"
    assert names[3] == names[4]
    assert len({*names}) == len(styles) - 1
    assert not {"unsaved.txt"} & {*names}
    for style in styles:
        history = StyleHistory(style)
        history.append_string(f"line of {style}")
        assert not unsaved_path().exists()


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="Windows knows no owners by number")
def test_in_a_shared_folder_no_links_of_others_are_followed(
    converse: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RNNCOMPLETE_HISTORY", str(tmp_path / "shared"))
    (tmp_path / "shared").mkdir()
    precious = tmp_path / "precious"
    precious.write_text("precious", encoding="utf-8")
    unsaved_path().symlink_to(precious)
    converse("one\r" + CONTROL_D)
    assert precious.read_text(encoding="utf-8") == "precious"
    assert unsaved_path().read_text(encoding="utf-8") == "one\n"
    assert not unsaved_path().is_symlink()
    assert stat.S_IMODE(unsaved_path().stat().st_mode) == 0o600
    for place in (tmp_path / "shared" / history_name("other"), tmp_path / "shared" / "pipe"):
        if place.name == "pipe":
            os.mkfifo(place)
            monkeypatch.setattr("rnncomplete.repl.history.history_name", lambda style: "pipe")
        else:
            place.symlink_to(precious)
            monkeypatch.setattr("rnncomplete.repl.history.belongs_to_us", lambda path: path != place)  # noqa: B023
        history = StyleHistory("other")
        history.append_string("line")
        assert list(history.load_history_strings()) == []
    assert precious.read_text(encoding="utf-8") == "precious"


def test_what_is_not_as_it_might_be_is_said_once(converse: Any, fake: Any) -> None:
    fake.note = "the network stands alone"
    _, said = converse("one\rtwo\r" + CONTROL_D)
    assert said.count(fake.note) == 1
