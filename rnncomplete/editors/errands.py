"""What is done for open texts while nobody waits for it, in a thread of its own."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from rnncomplete.completion.worker import THREAD_NAME, one_line
from rnncomplete.editors.log import LOG

if TYPE_CHECKING:
    from collections.abc import Callable

    from rnncomplete.editors.open_text import OpenText


class Errands:
    """Does one errand after another. What fails is told by the text that it was for, and in the log."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, THREAD_NAME)
        self._lock = threading.Lock()
        self._under_way: dict[tuple[str, str], bool] = {}
        """Whether it was sent again meanwhile."""
        self.closed = False

    def send(self, kind: str, text: OpenText, errand: Callable[[OpenText], None]) -> None:
        """Do ``errand(text)``; where one of that ``kind`` is under way for it, do it again then, and once only."""
        name = kind, text.uri
        with self._lock:
            if self.closed:
                return
            if name in self._under_way:
                self._under_way[name] = True
                return
            self._under_way[name] = False
            self._thread.submit(self._run, kind, text, errand)

    def _run(self, kind: str, text: OpenText, errand: Callable[[OpenText], None]) -> None:
        try:
            errand(text)
            text.problems.pop(kind, None)
        except Exception as error:  # whatever a style can bring about: the editor must go on working
            problem = one_line(error)
            if problem != text.problems.get(kind):  # it may fail again at every key
                LOG.info("could not %s %s: %s", kind, text.path, problem)
            text.problems[kind] = problem
        with self._lock:
            if self._under_way.pop((kind, text.uri)) and not self.closed:
                self._under_way[kind, text.uri] = False
                self._thread.submit(self._run, kind, text, errand)

    def end(self) -> None:
        """Nothing is wanted any more."""
        with self._lock:
            self.closed = True
            self._thread.shutdown(wait=False, cancel_futures=True)
