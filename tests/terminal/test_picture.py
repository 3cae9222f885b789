"""``:picture`` shows a picture, and ghosts describe it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import create_pipe_input
from tiny_source import PICTURE_SIZE, plain_picture, seeing_card, write_source_style

from rnncomplete.completion.completer import load_completer
from rnncomplete.completion.worker import Background, Request
from rnncomplete.errors import StyleError
from rnncomplete.ghost.suggest import RNNAutoSuggest
from rnncomplete.repl.look import PICTURE_COLUMNS, show_picture
from rnncomplete.repl.program import Repl

if TYPE_CHECKING:
    from pathlib import Path

    from rnncomplete.completion.completer import Completer
    from rnncomplete.network.card import Card

Image = pytest.importorskip("PIL.Image", reason="needs Pillow, from the extra 'pictures'")
pytest.importorskip("rich_pixels", reason="needs rich-pixels, from the extra 'pictures'")

RED, BLUE = plain_picture((1, 0, 0)), plain_picture((0, 0, 1))


@pytest.fixture
def completer(tiny_card: Card, tmp_path: Path) -> Completer:
    return load_completer(str(write_source_style(tmp_path / "seeing", seeing_card(tiny_card))), "cpu")


@pytest.fixture
def red(tmp_path: Path) -> Path:
    Image.new("RGB", (40, 20), (255, 0, 0)).save(tmp_path / "red.png")
    return tmp_path / "red.png"


def ask(background: Background, source: Any) -> str:
    done, shown = threading.Event(), [""]
    background.ask(Request("", show=shown.append, finish=done.set, source=source, insisting=True))
    assert done.wait(60)
    return shown[-1]


def test_ghosts_are_about_what_was_asked_for(completer: Completer) -> None:
    background = Background(lambda: completer, lambda: None)
    assert set(ask(background, RED)) == {"r"}
    assert set(ask(background, BLUE)) == {"b"}
    assert set(ask(background, None)) == {"b"}, "what was said stays"
    assert not set(ask(background, "")) & {"\n"}
    assert not background.problem, "a picture may be followed by nothing"
    background.close()


def test_what_a_style_does_not_write_about_is_refused(completer: Completer, tiny_style: Path) -> None:
    suggest = RNNAutoSuggest("tiny", completer=load_completer(str(tiny_style), "cpu"))
    suggest.start(patience=60)
    with pytest.raises(StyleError, match="has no source"):
        suggest.write_about(RED)
    suggest.use("seeing", completer=completer, patience=60)
    suggest.write_about(RED)
    assert suggest.source is RED
    suggest.use("tiny", completer=completer, patience=60)
    assert suggest.source is None
    suggest.close()


def converse(completer: Completer, keys: str, recorder: Any) -> tuple[Repl, str]:
    output = recorder()
    with create_pipe_input() as pipe, create_app_session(input=pipe, output=output):
        repl = Repl("seeing", completer=completer)
        repl.suggest.start(patience=60)
        pipe.send_text(keys)
        repl.run()
    return repl, output.said


def test_a_picture_is_shown_and_described(completer: Completer, red: Path, recorder: Any) -> None:
    repl, said = converse(completer, f":picture {red}\r:quit\r", recorder)
    assert isinstance(repl.suggest.source, type(RED))
    assert repl.suggest.source.shape == (3, PICTURE_SIZE, PICTURE_SIZE)
    assert said.count("▄") == PICTURE_COLUMNS // 2 * 5 or said.count("▄") == 40 * 10


def test_without_a_file_none_is_described(completer: Completer, red: Path, recorder: Any) -> None:
    repl, said = converse(completer, f":picture {red}\r:picture\r:quit\r", recorder)
    assert repl.suggest.source == ""
    assert "ghosts describe no picture any more" in said


def test_what_is_not_a_picture_changes_nothing(completer: Completer, red: Path, tmp_path: Path, recorder: Any) -> None:
    (tmp_path / "text.png").write_text("text")
    repl, said = converse(completer, f":picture {red}\r:picture {tmp_path / 'text.png'}\r:quit\r", recorder)
    assert "text.png is not a picture; expected a picture in PNG" in said
    assert not isinstance(repl.suggest.source, str)


def test_a_style_that_describes_nothing_says_so(tiny_style: Path, red: Path, recorder: Any) -> None:
    _, said = converse(load_completer(str(tiny_style), "cpu"), f":picture {red}\r:quit\r", recorder)
    assert "the style 'tiny' describes no pictures" in said


def test_it_writes_about_it_too(completer: Completer, red: Path, recorder: Any) -> None:
    repl, _ = converse(completer, f":picture {red}\r:generate 20\r:quit\r", recorder)
    assert repl.manuscript.text.count("r") >= 18


def test_where_there_are_no_colours_a_line_says_so(recorder: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("NO_COLOR", "1"), ("TERM", "dumb")):
        with monkeypatch.context() as patch:
            patch.setenv(name, value)
            output = recorder()
            with create_pipe_input() as pipe, create_app_session(input=pipe, output=output):
                show_picture(Image.new("RGB", (4, 4)))
            assert output.said.startswith("the picture is not shown")
            assert "▄" not in output.said


def test_without_rich_pixels_a_line_says_what_to_install(recorder: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "rich_pixels", None)
    output = recorder()
    with create_pipe_input() as pipe, create_app_session(input=pipe, output=output):
        show_picture(Image.new("RGB", (4, 4)))
    assert "pip install 'rnncomplete[pictures]'" in output.said
