"""Ctrl-C, a termination and a closed terminal while there is something to save."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rnncomplete.cli.interruption import exit_code, heeded

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType


class Interruption:
    """A context manager: inside it a first signal raises ``KeyboardInterrupt``, or is only noted where that is deferred.

    A second one ends the process at once: that is the system's own way, and needs no Python. Files are replaced whole, so
    nothing is lost that was saved.
    """

    def __init__(self) -> None:
        self._number = 0
        self._deferred = False
        self._previous: dict[int, Any] = {}

    @property
    def asked(self) -> bool:
        """Whether somebody asked to stop."""
        return bool(self._number)

    @property
    def exit_code(self) -> int:
        """Of a process that ends for that, as shells have it: 130 after Ctrl-C."""
        return exit_code(self._number or signal.SIGINT)

    @contextmanager
    def deferred(self) -> Iterator[None]:
        """Inside this block a signal is only noted, until there is time for it."""
        self._deferred = True
        try:
            yield
        finally:
            self._deferred = False

    def __enter__(self) -> Interruption:
        if threading.current_thread() is threading.main_thread():
            self._previous = {number: signal.signal(number, self._note) for number in heeded()}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for number, handler in self._previous.items() if not self.asked else ():
            signal.signal(number, handler)

    def _note(self, number: int, _frame: object) -> None:
        for every in self._previous:
            signal.signal(every, signal.SIG_DFL)
        self._number = number
        if not self._deferred:
            raise KeyboardInterrupt
