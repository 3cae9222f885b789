"""Drawing ghosts of several lines and in the middle of a line, which prompt_toolkit itself cannot."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

from prompt_toolkit.application.current import get_app
from prompt_toolkit.data_structures import Point
from prompt_toolkit.enums import EditingMode
from prompt_toolkit.filters import Condition, FilterOrBool, to_filter
from prompt_toolkit.key_binding import merge_key_bindings
from prompt_toolkit.key_binding.key_processor import KeyPress
from prompt_toolkit.keys import Keys
from prompt_toolkit.layout.controls import BufferControl, UIContent
from prompt_toolkit.layout.processors import Processor, Transformation, TransformationInput

from rnncomplete.keys import ghost_bindings, ghost_of
from rnncomplete.suggest import RNNAutoSuggest

if TYPE_CHECKING:
    from collections.abc import Callable

    from prompt_toolkit import PromptSession
    from prompt_toolkit.application import Application
    from prompt_toolkit.buffer import Buffer
    from prompt_toolkit.formatted_text import StyleAndTextTuples
    from prompt_toolkit.key_binding.key_processor import KeyProcessor
    from prompt_toolkit.layout import Layout, Window
    from prompt_toolkit.layout.controls import SearchBufferControl

GHOST_STYLE = "class:auto-suggestion"
"""The style class of ghosts, the same as that of prompt_toolkit's own suggestions."""

TAB_STOP = 4
"""Tabs in ghosts are drawn up to the next multiple of so many columns, as ``TabsProcessor`` draws those in the text."""

ESCAPE_SECONDS = 0.05
"""How long after Esc another key may come that makes it an Alt key."""


class GhostControl(BufferControl):
    """A ``BufferControl`` that draws the suggestion of its buffer at the cursor, over as many lines as it has."""

    def create_content(self, width: int, height: int, preview_search: bool = False) -> UIContent:
        """The content with the ghost in it."""
        content = super().create_content(width, height, preview_search)
        app = get_app()
        if app.is_done or app.layout.current_control is not self or not (ghost := ghost_of(self.buffer)):
            return content
        column = content.cursor_position.x
        return insert_ghost(content, (" " * column + ghost).expandtabs(TAB_STOP)[column:].split("\n"))


def insert_ghost(content: UIContent, ghost: list[str]) -> UIContent:
    """``content`` with the lines of ``ghost`` at its cursor, and what stands behind the cursor after the last."""
    row, column = content.cursor_position.y, content.cursor_position.x
    last = row + len(ghost) - 1

    def get_line(number: int) -> StyleAndTextTuples:
        if not row <= number <= last:
            return content.get_line(number if number < row else number - last + row)
        head, tail = split_fragments(content.get_line(row), column)
        line: StyleAndTextTuples = [(GHOST_STYLE, ghost[number - row])]
        return [*(head if number == row else []), *line, *(tail if number == last else [("", " ")])]

    return UIContent(
        get_line=get_line,
        line_count=content.line_count + len(ghost) - 1,
        cursor_position=Point(x=column, y=row),
        menu_position=content.menu_position,
        show_cursor=content.show_cursor,
    )


def split_fragments(fragments: StyleAndTextTuples, column: int) -> tuple[StyleAndTextTuples, StyleAndTextTuples]:
    """Formatted text before and behind character ``column``."""
    head: StyleAndTextTuples = []
    tail: StyleAndTextTuples = []
    for style, text, *handler in fragments:
        if before := text[:column]:
            head.append((style, before, *handler))  # type: ignore[arg-type] # the handler is there or not
        if behind := text[column:]:
            tail.append((style, behind, *handler))  # type: ignore[arg-type] # as above
        column = max(0, column - len(text))
    return head, tail


def install(
    session: PromptSession[Any],
    style: str = "shakespeare",
    *,
    suggest: RNNAutoSuggest | None = None,
    tab: FilterOrBool | None = None,
    **options: Any,
) -> RNNAutoSuggest:
    """Give ``session`` ghosts of several lines and in the middle of a line, and the keys to accept them.

    ``options`` go to :class:`RNNAutoSuggest`, unless ``suggest`` is one already. ``tab`` says whether Tab accepts a
    ghost; by default it does where the session completes nothing.
    """
    suggest = suggest or RNNAutoSuggest(style, **options)
    takes_tab = Condition(lambda: session.completer is None) if tab is None else to_filter(tab)
    # Some programs pass a suggester of their own at each prompt, so it is the buffer that is given ours.
    session.auto_suggest = suggest
    attach(session.app, session.default_buffer, suggest, takes_tab)
    return suggest


def attach(
    app: Application[Any], buffer: Buffer, suggest: RNNAutoSuggest, takes_tab: FilterOrBool = False
) -> Callable[[], None]:
    """Show ghosts of ``suggest`` in ``buffer``, with their keys, wherever ``app`` shows it; for programs without a session.

    Returns what gives the buffer its former suggestions and keys back.
    """
    suggest.anywhere = True
    former, keys, wait = buffer.auto_suggest, app.key_bindings, app.ttimeoutlen
    buffer.auto_suggest = suggest
    suggest.watch(buffer)
    replaced = replace_control(app.layout, buffer)
    # Behind the program's own keys, which win over those before them.
    app.key_bindings = merge_key_bindings([*([keys] if keys else []), ghost_bindings(suggest, to_filter(takes_tab))])
    app.ttimeoutlen = ESCAPE_SECONDS
    escape = _dismiss_on_escape(app, suggest, buffer)
    app.key_processor.after_key_press += escape

    def begin(_: object) -> None:
        suggest.watch(buffer).forget()  # what was dismissed or rejected at the last prompt

    app.on_reset += begin

    def detach() -> None:
        suggest.close()
        suggest.leave(buffer)
        buffer.auto_suggest, app.key_bindings, app.ttimeoutlen = former, keys, wait
        app.key_processor.after_key_press -= escape
        app.on_reset -= begin
        for window, control in replaced:
            window.content = control

    return detach


def replace_control(layout: Layout, buffer: Buffer) -> list[tuple[Window, BufferControl]]:
    """Put a :class:`GhostControl` where ``layout`` shows ``buffer``; returns what was there."""
    replaced = []
    for window in layout.find_all_windows():
        old = window.content
        if isinstance(old, BufferControl) and not isinstance(old, GhostControl) and old.buffer is buffer:
            window.content = ghost_control(old)
            replaced.append((window, old))
    return replaced


def ghost_control(old: BufferControl) -> GhostControl:
    """A :class:`GhostControl` in place of ``old``, which shows suggestions only at the end of a text."""
    return GhostControl(
        buffer=old.buffer,
        input_processors=[_Blind(item) for item in old.input_processors or []],
        include_default_input_processors=old.include_default_input_processors,
        lexer=old.lexer,
        preview_search=old.preview_search,
        focusable=old.focusable,
        search_buffer_control=cast("Callable[[], SearchBufferControl]", lambda: old.search_buffer_control),
        menu_position=old.menu_position,
        focus_on_click=old.focus_on_click,
        key_bindings=old.key_bindings,
    )


class _Blind(Processor):
    """Hides the suggestion from a processor, since :class:`GhostControl` draws it."""

    def __init__(self, processor: Processor) -> None:
        self._processor = processor

    def apply_transformation(self, transformation_input: TransformationInput) -> Transformation:
        buffer = transformation_input.buffer_control.buffer
        suggestion, buffer.suggestion = buffer.suggestion, None
        try:
            return self._processor.apply_transformation(transformation_input)
        finally:
            buffer.suggestion = suggestion


def _dismiss_on_escape(
    app: Application[Any], suggest: RNNAutoSuggest, buffer: Buffer
) -> Callable[[KeyProcessor], None]:
    """What lets a lone Esc dismiss the ghost, to be called after each key. It cannot be bound: so do Alt keys begin.

    Then the Esc is over: with a letter after it, it would be an Alt key, and in vi's insert mode, which it ends, it would
    wait a second for one.
    """
    processor = app.key_processor

    def lone_escape() -> bool:
        return [press.key for press in processor.key_buffer] == [Keys.Escape]

    def end() -> None:
        if not lone_escape():
            return
        ghost = ghost_of(buffer)
        if ghost:
            suggest.dismiss(buffer)
        if ghost or app.editing_mode == EditingMode.VI:
            processor.feed(KeyPress(Keys.Ignore, ""))  # which does nothing, in a macro neither
            processor.process_keys()

    def after_key(_: KeyProcessor) -> None:
        if lone_escape() and (ghost_of(buffer) or app.editing_mode == EditingMode.VI):
            asyncio.get_running_loop().call_later(ESCAPE_SECONDS, end)

    return after_key
