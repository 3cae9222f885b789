"""What happens in a server, for people who ask why: into a file, and no text of theirs."""

from __future__ import annotations

import logging
from logging.handlers import RotatingFileHandler
from typing import TYPE_CHECKING

from rnncomplete.errors import SettingError
from rnncomplete.text.printing import one_line

if TYPE_CHECKING:
    from pathlib import Path

LOG = logging.getLogger("rnncomplete.editors")

LARGEST_LOG = 4 * 2**20
"""Bytes, of some 50,000 ghosts; what was written before is kept once, beside it with ``.1`` behind its name."""


class _OneLine(logging.Formatter):
    """What file names and editors say comes as one line, without controls: people read logs in terminals."""

    def format(self, record: logging.LogRecord) -> str:
        return one_line(super().format(record))


def write_log(path: Path) -> None:
    """Write to ``path`` from now on; raises :class:`SettingError` if that cannot be done."""
    try:
        handler = RotatingFileHandler(path, maxBytes=LARGEST_LOG, backupCount=1, encoding="utf-8")
    except OSError as error:
        raise SettingError(
            f"cannot write the log {path}: {error.strerror or error}; expected a file in a folder"
        ) from None
    handler.setFormatter(_OneLine("%(asctime)s.%(msecs)03d %(message)s", "%H:%M:%S"))
    LOG.addHandler(handler)
    LOG.setLevel(logging.INFO)
    LOG.propagate = False
