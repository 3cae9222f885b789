"""Drawing ghosts of several lines and in the middle of a line, which prompt_toolkit itself cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from prompt_toolkit.application.current import get_app
from prompt_toolkit.data_structures import Point
from prompt_toolkit.layout.controls import BufferControl, UIContent
from prompt_toolkit.layout.processors import (
    AfterInput,
    ConditionalProcessor,
    Processor,
    Transformation,
    TransformationInput,
)

from rnncomplete.ghost.keys import ghost_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from prompt_toolkit.buffer import Buffer
    from prompt_toolkit.formatted_text import StyleAndTextTuples
    from prompt_toolkit.layout import Layout, Window
    from prompt_toolkit.layout.controls import SearchBufferControl

GHOST_STYLE = "class:auto-suggestion"
"""The style class of ghosts, the same as that of prompt_toolkit's own suggestions."""

TAB_STOP = 4
"""Tabs in ghosts are drawn up to the next multiple of so many columns, as ``TabsProcessor`` draws those in the text."""


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
    """Hides the suggestion from a processor, since :class:`GhostControl` draws it, and a placeholder from a suggestion."""

    def __init__(self, processor: Processor) -> None:
        self._processor = processor
        # What stands in an empty prompt is written behind its text only there.
        inside = getattr(processor, "processor", None)
        self._is_placeholder = isinstance(processor, ConditionalProcessor) and isinstance(inside, AfterInput)

    def apply_transformation(self, transformation_input: TransformationInput) -> Transformation:
        buffer = transformation_input.buffer_control.buffer
        if not buffer.text and self._is_placeholder and ghost_of(buffer):
            return Transformation(transformation_input.fragments)
        suggestion, buffer.suggestion = buffer.suggestion, None
        try:
            return self._processor.apply_transformation(transformation_input)
        finally:
            buffer.suggestion = suggestion
