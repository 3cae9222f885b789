"""Learning from files behind a prompt: in a thread of its own, while ghosts are made without them."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from rnncomplete.completion.worker import THREAD_NAME, one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from rnncomplete.completion.completes import Completes
    from rnncomplete.completion.file_memory import Learned


class Study:
    """One completer learning from ``paths``, in the background from :meth:`start` on.

    ``changed`` is called, in that thread, when ``share``, ``learned`` or ``problem`` has changed.
    """

    def __init__(self, paths: Sequence[Path], changed: Callable[[], None]) -> None:
        self.paths = tuple(paths)
        self.share: float | None = 0.0
        """How much is done, from 0 to 1; ``None`` at the end."""
        self.learned: Learned | None = None
        """What was learned; ``None`` until then, and when it failed."""
        self.problem: str | None = None
        """One line: why nothing was learned."""
        self.left_out: list[str] = []
        """A line for each file left out."""
        self._changed = changed
        self._wanted = True

    def start(self, learner: Callable[[], Completes | None]) -> None:
        """Begin; ``learner()`` may wait for the completer, and gives none if there will be none."""
        # A daemon, since the process must end even while a large folder is read.
        threading.Thread(target=self._run, args=(learner,), name=THREAD_NAME, daemon=True).start()

    def stop(self) -> None:
        """Give up."""
        self._wanted = False

    def _run(self, learner: Callable[[], Completes | None]) -> None:
        try:
            completer = learner()
            if completer is not None:
                self.learned = completer.learn_files(
                    self.paths, progress=self._tell, skipped=self.left_out.append, wanted=lambda: self._wanted
                )
        except Exception as error:  # whatever somebody's files can bring about: the prompt must go on working
            self.problem = one_line(error)
        self.share = None
        self._changed()

    def _tell(self, done: int, total: int) -> None:
        share = done / max(1, total)
        if self.share is None or share - self.share >= 0.01:
            self.share = share
            self._changed()
