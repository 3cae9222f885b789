"""Esc dismisses a ghost as soon as it is pressed, though it cannot be bound: Alt keys, arrows and others begin with it."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Any, cast

from prompt_toolkit.enums import EditingMode
from prompt_toolkit.key_binding.key_processor import KeyPress
from prompt_toolkit.keys import Keys

from rnncomplete.ghost.keys import ghost_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from prompt_toolkit.application import Application
    from prompt_toolkit.buffer import Buffer
    from prompt_toolkit.input import Input
    from prompt_toolkit.key_binding.key_processor import KeyProcessor

    from rnncomplete.ghost.suggest import RNNAutoSuggest

ESCAPE_SECONDS = 0.05
"""How long after a lone Esc another key may come that makes it an Alt key.

The bytes of one key may come far apart on a slow link. How long a program waits for the rest of them is its own setting,
``ttimeoutlen``, which is left alone.
"""


class EagerEscape:
    """Stands before the input of ``app``, and hides the ghost of ``buffer`` while an Esc waits there for more to come.

    If it was the beginning of another key, the ghost is there again before that key is handled; else it is dismissed.
    """

    def __init__(self, app: Application[Any], suggest: RNNAutoSuggest, buffer: Buffer) -> None:
        self._input = app.input
        self._suggest = suggest
        self._buffer = buffer
        self._timer: asyncio.TimerHandle | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._input, name)

    def read_keys(self) -> list[KeyPress]:
        """The keys that have come; none where what has come is not a whole key."""
        keys = self._input.read_keys()
        return self._settled(keys) if keys else self._waiting()

    def flush_keys(self) -> list[KeyPress]:
        """What has come, as keys, whole or not: nothing more is waited for."""
        return self._settled(self._input.flush_keys())

    def _waiting(self) -> list[KeyPress]:
        self._stop()
        if ghost_of(self._buffer):
            veil = self._suggest.watch(self._buffer).veil
            self._timer = asyncio.get_running_loop().call_later(ESCAPE_SECONDS, veil)
        return []

    def _settled(self, keys: list[KeyPress]) -> list[KeyPress]:
        self._stop()
        watch = self._suggest.watch(self._buffer)
        if watch.veiled:
            watch.unveil()
            pressed = [press.key for press in keys[:2]]
            if pressed[:1] == [Keys.Escape] and not (set(pressed) & BEGINNINGS):
                watch.dismiss()
                return [keys[0], OVER, *keys[1:]]
        return keys

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


BEGINNINGS = {"[", "O"}
"""What follows an Esc in most keys of several bytes. Their Alt keys, such as Alt-[, are waited for as an Esc is."""

OVER = KeyPress(Keys.Ignore, "")
"""Behind an Esc, ends it: with a letter, that would be an Alt key. It does nothing, in a macro neither."""


def heed_escape(app: Application[Any], suggest: RNNAutoSuggest, buffer: Buffer) -> Callable[[], None]:
    """Let a lone Esc dismiss the ghost of ``buffer``, and end inserting in vi; returns what undoes this.

    Then the Esc is over: with a letter after it, it would be an Alt key, and in vi's insert mode, which it ends, it would
    wait a second for one.
    """
    processor, former = app.key_processor, app.input

    def lone_escape() -> bool:
        return [press.key for press in processor.key_buffer] == [Keys.Escape]

    def end() -> None:
        if not lone_escape():
            return
        ghost = ghost_of(buffer)
        if ghost:
            suggest.dismiss(buffer)
        if ghost or app.editing_mode == EditingMode.VI:
            processor.feed(OVER)
            processor.process_keys()

    def after_key(_: KeyProcessor) -> None:
        if lone_escape() and (ghost_of(buffer) or app.editing_mode == EditingMode.VI):
            asyncio.get_running_loop().call_later(ESCAPE_SECONDS, end)

    eager = cast("Input", EagerEscape(app, suggest, buffer))
    if sys.platform != "win32":  # where an Esc comes as a key, not as a byte that others begin with
        app.input = eager
    processor.after_key_press += after_key

    def undo() -> None:
        processor.after_key_press -= after_key
        if app.input is eager:
            app.input = former

    return undo
