"""What is kept between runs: lines typed before, one file for each style, and the last document that was not saved."""

from __future__ import annotations

import contextlib
import os
from datetime import UTC, datetime
from pathlib import Path

from prompt_toolkit.history import FileHistory

FOLDER_VARIABLE = "RNNCOMPLETE_HISTORY"
"""Environment variable: the folder of the history files."""


def history_folder() -> Path:
    """Where the history files are; it may not exist yet."""
    if folder := os.environ.get(FOLDER_VARIABLE):
        return Path(folder).expanduser()
    from platformdirs import user_data_path

    return user_data_path("rnncomplete", appauthor=False) / "history"


def unsaved_path() -> Path:
    """Where the document of the last prompt that was left without saving it is kept; it may not exist."""
    return history_folder() / "unsaved.txt"


class StyleHistory(FileHistory):
    """The history of one style. Each entry is appended in one write, so nothing is lost if two prompts are open.

    Where it cannot be kept, the prompt works on with what was typed in this run.
    """

    def __init__(self, style: str) -> None:
        super().__init__(str(history_folder() / Path(style).name))

    def load_history_strings(self) -> list[str]:
        """Entries, the newest first."""
        try:
            return list(super().load_history_strings())
        except OSError:
            return []

    def store_string(self, string: str) -> None:
        """Append one entry to the file."""
        lines = "".join(f"+{line}\n" for line in string.split("\n"))
        entry = f"\n# {datetime.now(UTC):%Y-%m-%d %H:%M:%S}\n{lines}".encode("utf-8", "replace")
        path = Path(os.fsdecode(self.filename))
        with contextlib.suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                os.write(handle, entry)
            finally:
                os.close(handle)
