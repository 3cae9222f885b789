"""What signals do to the prompt: nothing that is being written is lost."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LEAVING = ("SIGTERM", "SIGHUP")
"""What ends the prompt: the second when its terminal has gone, which Windows does not tell."""


@contextmanager
def stoppable() -> Iterator[Callable[[], bool]]:
    """Within, Ctrl-C raises nothing; the function given says whether to go on."""
    stopped = False

    def stop(*_: object) -> None:
        nonlocal stopped
        stopped = True

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield lambda: not stopped
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def leaving_by_signal() -> Iterator[None]:
    """Within, a signal of ``LEAVING`` raises ``SystemExit``, so that all is done that is to be done when one leaves."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def leave(number: int, _: object) -> None:
        raise SystemExit(128 + number)

    before = {name: signal.signal(getattr(signal, name), leave) for name in LEAVING if hasattr(signal, name)}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(getattr(signal, name), handler)
