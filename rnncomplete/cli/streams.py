"""Standard streams that are closed, full or gone: what cannot be written is said, and is never a bug."""

from __future__ import annotations

import errno
import os
import sys

_NAMES = (
    "EACCES",
    "EBADF",
    "EDQUOT",
    "EIO",
    "EMFILE",
    "ENFILE",
    "ENOMEM",
    "ENOSPC",
    "ENXIO",
    "EPERM",
    "EROFS",
    "ESTALE",
)

REFUSALS = frozenset(getattr(errno, name) for name in _NAMES if hasattr(errno, name))
"""Numbers of errors by which a system refuses what a program asks for in good order."""


def open_closed_streams() -> None:
    """Give the process those of its streams that it was started without: reading or writing them fails, as it should.

    Without them Python has ``None`` there, and the next file that is opened takes the stream's number. What is written
    to such a stderr is lost.
    """
    for name, mode, flags in (
        ("stdin", "r", os.O_WRONLY),
        ("stdout", "w", os.O_RDONLY),
        ("stderr", "w", os.O_WRONLY),
    ):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.open(os.devnull, flags), mode, encoding="utf-8"))  # noqa: PTH123, SIM115 - a handle, open to the end


def refusal(error: OSError) -> str | None:
    """What to say of an error that is the system's, or the user's, and not ours; ``None`` for one that is ours."""
    if error.errno not in REFUSALS:
        return None
    what = f"cannot use {error.filename}" if error.filename else "cannot write what is to be printed"
    return f"{what}: {error.strerror or error}; expected a file or a terminal with room for it"


def end_output() -> None:
    """Lose what cannot be written to stdout, or Python would complain again when it flushes it at the end."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
