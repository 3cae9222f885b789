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


class Interruption:
    """Whether Ctrl-C was pressed since :meth:`forget`: what takes long asks, and ends where it can be left."""

    def __init__(self) -> None:
        self._came = False

    def forget(self) -> None:
        """Something new begins."""
        self._came = False

    def wanted(self) -> bool:
        """Whether to go on."""
        return not self._came

    def note(self, *_: object) -> None:
        """Ctrl-C was pressed."""
        self._came = True


@contextmanager
def noted_interruption(interruption: Interruption) -> Iterator[None]:
    """Within, Ctrl-C raises nothing, which could be in the middle of anything: ``interruption`` notes it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, interruption.note)
    try:
        yield
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
