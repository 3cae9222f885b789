"""What signals do to the prompt: they end it as its user would, so that nothing written in it is lost."""

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
def leaving_by_signal(last: Callable[[], None]) -> Iterator[None]:
    """Within, a signal of ``LEAVING`` raises ``SystemExit``; however it is left, no signal stops ``last()``."""
    signals = _signals()

    def leave(number: int, _: object) -> None:
        for other in signals:
            signal.signal(other, signal.SIG_IGN)  # shell and kernel both tell that a terminal has gone
        raise SystemExit(128 + number)

    before = {number: signal.signal(number, leave) for number in signals}
    try:
        yield
    finally:
        for number in signals:
            signal.signal(number, signal.SIG_IGN)
        try:
            last()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


@contextmanager
def postponed_signals() -> Iterator[None]:
    """Within, signals of ``LEAVING`` wait for the end."""
    came: list[int] = []
    before = {number: signal.signal(number, lambda number, _: came.append(number)) for number in _signals()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for number in came[:1]:
            signal.raise_signal(number)


def _signals() -> list[int]:
    """Those of ``LEAVING`` that there are; none in a thread, which may not handle them."""
    if threading.current_thread() is not threading.main_thread():
        return []
    return [getattr(signal, name) for name in LEAVING if hasattr(signal, name)]
