"""What is typed while no prompt reads it, such as during a command: it waits unseen for the next prompt."""

from __future__ import annotations

import contextlib
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

try:
    import termios
except ImportError:  # Windows has none, and its console echoes nothing that nobody reads
    termios = None  # type: ignore[assignment] # as above


@contextmanager
def unseen_typeahead(descriptor: int) -> Iterator[None]:
    """Within, the terminal at ``descriptor`` neither echoes keys, which would tear the next prompt, nor edits them.

    Keys that interrupt or suspend work as ever. Whoever reads meanwhile, such as a prompt, sets its own mode and puts
    this one back. Anything but a terminal is left alone.
    """
    if termios is None:
        yield
        return
    try:
        before = termios.tcgetattr(descriptor)
    except termios.error:
        yield
        return
    during = list(before)
    during[0] &= ~termios.ICRNL
    during[3] &= ~(termios.ECHO | termios.ICANON)
    termios.tcsetattr(descriptor, termios.TCSANOW, during)
    try:
        yield
    finally:
        # The terminal may have gone.
        with contextlib.suppress(termios.error):
            termios.tcsetattr(descriptor, termios.TCSANOW, before)
