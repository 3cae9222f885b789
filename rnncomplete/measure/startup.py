"""How long the prompt takes from the start of its process, measured from outside: in a pseudo-terminal.

A prompt is usable when what is typed is drawn; the first ghost is there when its first letters are.
"""

from __future__ import annotations

import contextlib
import os
import re
import select
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_ESCAPES = re.compile(rb"\x1b\[[0-9;?>]*[a-zA-Z~]|\x1b\][^\x07]*\x07|\x1b[=>()][A-Z0-9]?")
_WHERE_IS_THE_CURSOR = b"\x1b[6n"
_PATIENCE = 10.0
"""Seconds after which something will not come any more."""


@dataclass(frozen=True)
class Startup:
    """One start of the prompt."""

    prompt_ms: float
    """From the start of the process until what is typed is drawn."""
    ghost_ms: float
    """From the start of the process until the first ghost is drawn."""
    peak_memory_mb: float
    """Of the process, until then."""


def can_measure() -> bool:
    """Whether this system has pseudo-terminals."""
    return os.name == "posix"


def start_prompt(arguments: Sequence[str], typed: str, ghost: str) -> Startup | None:
    """Start ``rnncomplete`` with ``arguments``, type ``typed`` and wait until ``ghost``, without blanks, is drawn.

    ``None`` if that does not come. The process is ended, so that nothing is kept of what was typed.
    """
    import fcntl
    import pty
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 120, 0, 0))
    # -P: what is installed, and not a folder of that name that happens to lie here.
    command = [sys.executable, "-P", "-m", "rnncomplete", *arguments]
    environment = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    start = time.perf_counter()
    process = subprocess.Popen(
        command,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        env=environment | {"TERM": "xterm-256color"},
    )
    os.close(theirs)
    screen = _Screen(ours, start)
    try:
        prompt = screen.waits_for(">") and screen.waits_for(typed, typing=True)
        shown = prompt and screen.waits_for(ghost)
        memory = memory_of(process.pid)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        _, _, usage = os.wait4(process.pid, 0)
        process.returncode = 0  # so that nobody waits for it again
        os.close(ours)
    if prompt is None or shown is None:
        return None
    # Kilobytes on Linux, bytes on a Mac.
    most = memory or usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return Startup(1000 * prompt, 1000 * shown, most / 2**20)


class _Screen:
    """What a program has written to its terminal, escape sequences left out."""

    def __init__(self, descriptor: int, start: float) -> None:
        self._descriptor = descriptor
        self._start = start
        self._seen = b""

    def waits_for(self, text: str, *, typing: bool = False) -> float | None:
        """Seconds since the start until ``text`` is drawn, after it was typed if it is to be; ``None`` if it never is.

        What was drawn before does not count, and blanks at its ends may not be drawn at all.
        """
        self._seen = b""
        if typing:
            os.write(self._descriptor, text.encode())
        while text.strip().encode() not in _ESCAPES.sub(b"", self._seen):
            if time.perf_counter() - self._start > _PATIENCE or not self._read():
                return None
        return time.perf_counter() - self._start

    def _read(self) -> bool:
        """Take what there is within a moment; false if the program has gone."""
        if not select.select([self._descriptor], [], [], 0.1)[0]:
            return True
        try:
            data = os.read(self._descriptor, 65_536)
        except OSError:
            return False
        self._seen += data
        for _ in range(data.count(_WHERE_IS_THE_CURSOR)):
            os.write(self._descriptor, b"\x1b[1;1R")
        return bool(data)


def memory_of(process: int, what: str = "VmHWM") -> int | None:
    """Bytes of memory that a running process had at most, or with "VmRSS" has now, where the system tells.

    What ``wait4`` tells includes the memory of the process that started it, until it became another program.
    """
    try:
        status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    except OSError:
        return None
    found = re.search(rf"{what}:\s*(\d+) kB", status)
    return 1024 * int(found.group(1)) if found else None
