"""Giving ghosts to a session or a buffer: the suggester, the drawing and the keys together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from prompt_toolkit.filters import Condition, FilterOrBool, to_filter
from prompt_toolkit.key_binding import merge_key_bindings

from rnncomplete.ghost.drawing import replace_control
from rnncomplete.ghost.escape import heed_escape
from rnncomplete.ghost.keys import ghost_bindings
from rnncomplete.ghost.suggest import RNNAutoSuggest

if TYPE_CHECKING:
    from collections.abc import Callable

    from prompt_toolkit import PromptSession
    from prompt_toolkit.application import Application
    from prompt_toolkit.buffer import Buffer

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
    unheed = heed_escape(app, suggest, buffer)

    def begin(_: object) -> None:
        suggest.watch(buffer).forget()  # what was dismissed or rejected at the last prompt
        if (buffer.text or suggest.source is not None) and app.loop is not None:
            app.create_background_task(suggest.greet(buffer))

    app.on_reset += begin

    def detach() -> None:
        suggest.leave(buffer)
        buffer.auto_suggest, app.key_bindings = former, keys
        unheed()
        app.on_reset -= begin
        for window, control in replaced:
            window.content = control

    return detach
