"""Ctrl-C, a termination and a closed terminal, for commands that have nothing to save: a line, and the end at once.

While the program loads it ends without a word. An exception is raised at no time: inside the import of a large library, or
a callback from another language, it would be lost or become a different one.
"""

from __future__ import annotations

import contextlib
import functools
import os
import shlex
import signal
import sys
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    import click

Command = TypeVar("Command", bound="Callable[..., Any]")

SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
"""Windows has no terminal that hangs up."""

_MARK = "__rnncomplete_interruptible__"


def heeded() -> list[int]:
    """Those of the signals that whoever started the process did not have ignored, as ``nohup`` and shells do."""
    return [number for number in SIGNALS if signal.getsignal(number) != signal.SIG_IGN]


def exit_code(number: int) -> int:
    """Of a process that a signal ended, as shells have it."""
    return 128 + number


def load_silently() -> None:
    """From here on Ctrl-C ends the process without a word, until a command begins."""
    if signal.SIGINT in heeded():
        signal.signal(signal.SIGINT, _end_silently)


def _end_silently(number: int, _frame: object) -> NoReturn:
    os._exit(exit_code(number))


def _is_loading() -> bool:
    return signal.getsignal(signal.SIGINT) is _end_silently


def begin(command: click.Command | None) -> None:
    """Let ``command`` see Ctrl-C as Python programs do, unless it is :func:`interruptible`."""
    if _is_loading() and not hasattr(getattr(command, "callback", None), _MARK):
        signal.signal(signal.SIGINT, signal.default_int_handler)


def interruptible(command: Command) -> Command:
    """A command that a signal ends with a line. In another program, which has its own ways, nothing is changed."""

    @functools.wraps(command)
    def run(*arguments: Any, **options: Any) -> Any:
        if _is_loading():
            for number in heeded():
                signal.signal(number, _end)
        return command(*arguments, **options)

    setattr(run, _MARK, True)
    return run  # type: ignore[return-value] # it takes and gives what the command does


def _end(number: int, _frame: object) -> NoReturn:
    if os.environ.get("LOCAL_RANK", "0") == "0":  # of several processes that train together one speaks
        line = f"rnncomplete: interrupted; nothing was saved, and nothing is lost; again: {typed_command()}\n"
        with contextlib.suppress(OSError):  # a terminal that has gone
            os.write(2, (b"\n" if os.isatty(2) else b"") + line.encode("utf-8", "replace"))
    if "multiprocessing" in sys.modules:
        for child in sys.modules["multiprocessing"].active_children():
            child.kill()
    os._exit(exit_code(number))


def typed_command() -> str:
    """The command as it was typed, as a shell takes it."""
    from rnncomplete.text.printing import one_line

    return one_line(shlex.join(["rnncomplete", *sys.argv[1:]]))
