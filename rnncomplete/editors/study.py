"""Counting projects behind an editor, one style after another, in a thread of its own."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from rnncomplete.completion.worker import THREAD_NAME, one_line
from rnncomplete.editors.log import LOG

if TYPE_CHECKING:
    from collections.abc import Callable

    from rnncomplete.editors.project import Project
    from rnncomplete.editors.shelf import Shelf


QUIET = 0.3
"""Seconds without a key after which what takes long goes on."""


class Study:
    """Counts what it is sent, and ``tell(project, style, share)`` how much is done, in its thread; ``None`` at the end."""

    def __init__(self, shelf: Shelf, tell: Callable[[Project, str, float | None], None]) -> None:
        self._shelf, self._tell = shelf, tell
        self._thread = ThreadPoolExecutor(1, THREAD_NAME)
        self._lock = threading.Lock()
        self._sent: set[tuple[Project, str]] = set()
        self._closed = False
        self._typed = 0.0
        self._doing = ""
        self.problem: str | None = None
        """Why the last count failed."""

    @property
    def busy(self) -> list[str]:
        """Styles that are being counted, or will be."""
        with self._lock:
            return sorted({style for _, style in self._sent} | ({self._doing} if self._doing else set()))

    def send(self, project: Project, style: str) -> None:
        """Count the files of ``style`` in the ``project``, unless that is about to be done."""
        with self._lock:
            if self._closed or (project, style) in self._sent:
                return
            self._sent.add((project, style))
        self._thread.submit(self._count, project, style)

    def forget(self, project: Project) -> None:
        """Let nothing be known of ``project``, at once and when a count that is under way has ended."""
        project.forget()
        with self._lock:
            if not self._closed:
                self._thread.submit(project.forget)

    def somebody_types(self) -> None:
        """What takes long may wait."""
        self._typed = time.monotonic()

    def _pause(self) -> None:
        while not self._closed and time.monotonic() - self._typed < QUIET:
            time.sleep(QUIET / 4)

    def end(self) -> None:
        """Give up."""
        self._closed = True
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _count(self, project: Project, style: str) -> None:
        with self._lock:  # files saved from now on are counted by the next
            self._sent.discard((project, style))
            self._doing = style
        try:
            project.count(
                style,
                self._shelf,
                lambda done, total: self._tell(project, style, done / max(1, total)),
                lambda: not self._closed and project.preferences.learn,
                self._pause,
            )
            self.problem = None
            if (learned := project.learned.get(style)) is not None:
                LOG.info("counted %s files, %s characters for %s", learned.files, learned.characters, style)
        except Exception as error:  # whatever somebody's files can bring about: the editor must go on working
            self.problem = one_line(error)
            LOG.info("could not count %s: %s", style, self.problem)
        self._doing = ""
        self._tell(project, style, None)
