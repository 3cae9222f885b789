"""A progress line on stderr for what takes more than a second, where somebody is looking."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from types import TracebackType

_PATIENCE = 1.0
_INTERVAL = 0.2


class Progress:
    """Call it with what is done and what there is to do; leaving the ``with`` block wipes the line."""

    def __init__(self, what: str, *, visible: bool = True) -> None:
        self._what = what
        self._visible = visible and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self._next = time.monotonic() + _PATIENCE
        self._drawn = False

    def __call__(self, done: int, total: int) -> None:
        """Draw the line anew, if it is time to."""
        if not self._visible or (now := time.monotonic()) < self._next:
            return
        self._next, self._drawn = now + _INTERVAL, True
        self._draw(f"\r{self._what} {100 * done // max(1, total)} %")

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._drawn:
            self._draw("\r\x1b[K")

    def _draw(self, text: str) -> None:
        with contextlib.suppress(OSError):  # a terminal that has gone
            click.echo(text, err=True, nl=False)
