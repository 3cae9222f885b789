"""What is kept between runs: lines typed before, one file for each style, and the last document that was not saved."""

from __future__ import annotations

import contextlib
import hashlib
import os
from datetime import UTC, datetime
from pathlib import Path

from prompt_toolkit.history import FileHistory

from rnncomplete.files import at_home, belongs_to_us, true_path
from rnncomplete.styles import AUTO, is_installed
from rnncomplete.text.characters import well_formed

FOLDER_VARIABLE = "RNNCOMPLETE_HISTORY"
"""Environment variable: the folder of the history files."""


def history_folder() -> Path:
    """Where the history files are; it may not exist yet."""
    if folder := os.environ.get(FOLDER_VARIABLE):
        return at_home(folder)
    from platformdirs import user_data_path

    return user_data_path("rnncomplete", appauthor=False) / "history"


def unsaved_path() -> Path:
    """Where the document of the last prompt that was left without saving it is kept; it may not exist."""
    return history_folder() / "unsaved.txt"


def history_name(style: str) -> str:
    """What the history file of ``style`` is called: as the style is, if it is installed.

    That of a folder has a dot in its name, which no installed style has, and is another one for each folder.
    """
    if style == AUTO or is_installed(style):
        return style
    try:
        place = str(true_path(at_home(style)))
    except (OSError, ValueError):
        place = style
    return f"folder.{hashlib.sha256(place.encode('utf-8', 'surrogateescape')).hexdigest()[:16]}"


class StyleHistory(FileHistory):
    """The history of one style. Each entry is appended in one write, so nothing is lost if two prompts are open.

    Where it cannot be kept, the prompt works on with what was typed in this run.
    """

    def __init__(self, style: str) -> None:
        super().__init__(str(history_folder() / history_name(style)))

    def load_history_strings(self) -> list[str]:
        """Entries, the newest first."""
        path = Path(os.fsdecode(self.filename))
        try:
            return list(super().load_history_strings()) if path.is_file() and belongs_to_us(path) else []
        except OSError:
            return []

    def append_string(self, string: str) -> None:
        """Add one entry, as it can be read again whatever the locale was."""
        super().append_string(well_formed(string))

    def store_string(self, string: str) -> None:
        """Append one entry to the file."""
        lines = "".join(f"+{line}\n" for line in string.split("\n"))
        entry = f"\n# {datetime.now(UTC):%Y-%m-%d %H:%M:%S}\n{lines}".encode()
        path = Path(os.fsdecode(self.filename))
        with contextlib.suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            if os.path.lexists(path) and not (path.is_file() and belongs_to_us(path)):
                return  # others may write here, too
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                os.write(handle, entry)
            finally:
                os.close(handle)
