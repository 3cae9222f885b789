"""What happens in a server, for people who ask why: into a file, and no text of theirs."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from rnncomplete.errors import SettingError

if TYPE_CHECKING:
    from pathlib import Path

LOG = logging.getLogger("rnncomplete.editors")


def write_log(path: Path) -> None:
    """Write to ``path`` from now on; raises :class:`SettingError` if that cannot be done."""
    try:
        handler = logging.FileHandler(path, encoding="utf-8")
    except OSError as error:
        raise SettingError(
            f"cannot write the log {path}: {error.strerror or error}; expected a file in a folder"
        ) from None
    handler.setFormatter(logging.Formatter("%(asctime)s.%(msecs)03d %(message)s", "%H:%M:%S"))
    LOG.addHandler(handler)
    LOG.setLevel(logging.INFO)
    LOG.propagate = False
