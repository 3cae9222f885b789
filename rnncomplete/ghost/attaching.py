"""Giving ghosts to a session or a buffer: the suggester, the drawing and the keys together."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from prompt_toolkit.enums import EditingMode
from prompt_toolkit.filters import Condition, FilterOrBool, to_filter
from prompt_toolkit.key_binding import merge_key_bindings
from prompt_toolkit.key_binding.key_processor import KeyPress
from prompt_toolkit.keys import Keys

from rnncomplete.ghost.drawing import replace_control
from rnncomplete.ghost.keys import ghost_bindings, ghost_of
from rnncomplete.ghost.suggest import RNNAutoSuggest

if TYPE_CHECKING:
    from collections.abc import Callable

    from prompt_toolkit import PromptSession
    from prompt_toolkit.application import Application
    from prompt_toolkit.buffer import Buffer
    from prompt_toolkit.key_binding.key_processor import KeyProcessor

ESCAPE_SECONDS = 0.05
"""How long after a lone Esc another key may come that makes it an Alt key.

The bytes of one key may come far apart on a slow link. How long a program waits for the rest of them is its own setting,
``ttimeoutlen``, which is left alone.
"""

_installed: WeakKeyDictionary[PromptSession[Any], Callable[[], None]] = WeakKeyDictionary()
"""What undoes :func:`install`, by session."""


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
    ghost; by default it does where the session completes nothing. What was installed before is replaced;
    :func:`uninstall` takes it all back.
    """
    uninstall(session)
    suggest = suggest or RNNAutoSuggest(style, **options)
    takes_tab = Condition(lambda: session.completer is None) if tab is None else to_filter(tab)
    # Some programs pass a suggester of their own at each prompt, so it is the buffer that is given ours.
    former, session.auto_suggest = session.auto_suggest, suggest
    detach = attach(session.app, session.default_buffer, suggest, takes_tab)
    # The session's own word, which may change; its buffer would take several lines anyway.
    several_lines = Condition(lambda: bool(to_filter(session.multiline)()))
    suggest.watch(session.default_buffer).several_lines = several_lines

    def undo() -> None:
        detach()
        session.auto_suggest = former

    _installed[session] = undo
    return suggest


def uninstall(session: PromptSession[Any]) -> None:
    """Take back what :func:`install` has done to ``session``, if anything; its suggester is left to whoever else uses it."""
    if (undo := _installed.pop(session, None)) is not None:
        undo()


def attach(
    app: Application[Any], buffer: Buffer, suggest: RNNAutoSuggest, takes_tab: FilterOrBool = False
) -> Callable[[], None]:
    """Show ghosts of ``suggest`` in ``buffer``, with their keys, wherever ``app`` shows it; for programs without a session.

    Returns what gives the buffer its former suggestions and keys back. ``suggest`` is not closed: others may use it.
    """
    suggest.anywhere = True
    former, keys = buffer.auto_suggest, app.key_bindings
    buffer.auto_suggest = suggest
    suggest.watch(buffer)
    replaced = replace_control(app.layout, buffer)
    # Behind the program's own keys, which win over those before them.
    app.key_bindings = merge_key_bindings([*([keys] if keys else []), ghost_bindings(suggest, to_filter(takes_tab))])
    escape = _dismiss_on_escape(app, suggest, buffer)
    app.key_processor.after_key_press += escape

    def begin(_: object) -> None:
        suggest.watch(buffer).forget()  # what was dismissed or rejected at the last prompt
        if buffer.text and app.loop is not None:
            app.create_background_task(suggest.greet(buffer))

    app.on_reset += begin

    def detach() -> None:
        suggest.leave(buffer)
        buffer.auto_suggest, app.key_bindings = former, keys
        app.key_processor.after_key_press -= escape
        app.on_reset -= begin
        for window, control in replaced:
            window.content = control

    return detach


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
