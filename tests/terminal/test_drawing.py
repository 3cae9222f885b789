"""Drawing: ghosts over several lines, in the middle of a line, in any session."""

from __future__ import annotations

import asyncio
import io
from typing import Any

import pyte
import pytest
from prompt_toolkit import PromptSession
from prompt_toolkit.application import create_app_session
from prompt_toolkit.auto_suggest import Suggestion
from prompt_toolkit.data_structures import Point, Size
from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import fragment_list_to_text
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.layout.controls import UIContent
from prompt_toolkit.output import ColorDepth
from prompt_toolkit.output.vt100 import Vt100_Output

from rnncomplete.ghost.attaching import install
from rnncomplete.ghost.drawing import GHOST_STYLE, insert_ghost, split_fragments


def content(lines: list[str], x: int, y: int) -> UIContent:
    return UIContent(lambda number: [("", lines[number] + " ")], len(lines), Point(x, y))


@pytest.mark.parametrize(
    ("ghost", "drawn"),
    [
        ([" GHOST"], ["one", "tw GHOSTo", "three"]),
        ([" GHOST", "MORE"], ["one", "tw GHOST", "MOREo", "three"]),
        (["", "MORE", "AND"], ["one", "tw", "MORE", "ANDo", "three"]),
    ],
)
def test_a_ghost_stands_at_the_cursor_before_the_rest(ghost: list[str], drawn: list[str]) -> None:
    with_ghost = insert_ghost(content(["one", "two", "three"], 2, 1), ghost)
    assert with_ghost.cursor_position == Point(2, 1)
    lines = [with_ghost.get_line(number) for number in range(with_ghost.line_count)]
    assert [fragment_list_to_text(line).rstrip() for line in lines] == drawn
    grey = "".join(text for line in lines for style, text, *_ in line if style == GHOST_STYLE)
    assert grey == "".join(ghost)


def test_fragments_are_split_inside_and_between() -> None:
    fragments: Any = [("a", "one"), ("b", "two")]
    for column in range(8):
        head, tail = split_fragments(fragments, column)
        assert fragment_list_to_text(head) == "onetwo"[:column]
        assert fragment_list_to_text(tail) == "onetwo"[column:]


@pytest.fixture
def draw() -> Any:
    """A function that shows a document with a ghost in a session, and returns the screen."""

    def run(document: Document, ghost: str, width: int = 30) -> pyte.Screen:
        async def main() -> pyte.Screen:
            drawn = io.StringIO()
            output = Vt100_Output(
                drawn,
                lambda: Size(rows=10, columns=width),
                default_color_depth=ColorDepth.DEPTH_24_BIT,
                enable_cpr=False,
            )
            with create_pipe_input() as keys, create_app_session(input=keys, output=output):
                session: PromptSession[str] = PromptSession(">", multiline=True, prompt_continuation=".")
                install(session, completer=None, when=lambda _: False)
                asking = asyncio.ensure_future(session.prompt_async())
                buffer = session.default_buffer
                while not session.app.is_running:
                    await asyncio.sleep(0.001)
                buffer.document = document
                buffer.suggestion = Suggestion(ghost)
                buffer.on_suggestion_set.fire()
                screen = pyte.Screen(width, 10)
                seen = 0
                before = session.app.render_counter
                session.app.invalidate()
                while session.app.render_counter == before:
                    await asyncio.sleep(0.001)
                pyte.Stream(screen).feed(drawn.getvalue()[seen:].replace("\n", "\r\n"))
                session.app.exit(result="")
                await asking
                return screen

        return asyncio.run(main())

    return run


def rows(screen: pyte.Screen) -> list[str]:
    return [line.rstrip() for line in screen.display if line.strip()]


def test_several_lines_on_a_screen_with_cursor_and_colour(draw: Any) -> None:
    screen = draw(Document("one\ntwo\nthree", 5), "GHOST\nMORE")
    assert rows(screen) == [">one", ".tGHOST", ".MOREwo", ".three"]
    assert (screen.cursor.y, screen.cursor.x) == (1, 2)
    assert screen.buffer[1][1].fg == "default"
    assert {screen.buffer[1][column].fg for column in range(2, 7)} == {"666666"}
    assert screen.buffer[2][5].fg == "default"


def test_a_long_ghost_wraps(draw: Any) -> None:
    screen = draw(Document("to be"), " or not to be that is", width=12)
    assert rows(screen) == [">to be or no", ".t to be tha", ".t is"]


def test_wide_characters_and_tabs(draw: Any) -> None:
    assert rows(draw(Document("漢"), "字\tend"))[0].replace(" ", "") == ">漢字end"
    assert rows(draw(Document("if"), " x:\n\ta\tb")) == [">if x:", ".    a   b"]


def test_escape_sequences_are_never_drawn(draw: Any) -> None:
    screen = draw(Document("to"), " be\x1b[2J\x1b]0;owned\x07")
    assert rows(screen) == [">to be"]
    assert screen.title == ""
