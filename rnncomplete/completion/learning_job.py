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


class Learning:
    """What a program has been told to learn from, through all changes of its style.

    ``paths`` are learned from at the first :meth:`begin`; ``changed`` is that of each :class:`Study`. A ``learner()`` may
    wait for a completer, and gives none if there will be none.
    """

    def __init__(self, paths: Sequence[Path], changed: Callable[[], None]) -> None:
        self._paths = tuple(paths)
        self._changed = changed
        self.study: Study | None = None
        """What is being, or has been, learned."""

    @property
    def paths(self) -> tuple[Path, ...]:
        """What has been learned from, is being, or will be; what could not be is not tried again."""
        return self._paths if self.study is None or self.study.problem is not None else self.study.paths

    def begin(self, learner: Callable[[], Completes | None]) -> None:
        """Learn, if there is something to learn from and that has not begun."""
        if self.study is None and self._paths:
            paths, self._paths = self._paths, ()
            self._start(paths, learner)

    def again(self) -> None:
        """Another style is used, which has learned nothing: the next :meth:`begin` does it."""
        self._paths = self.paths
        self.stop()
        self.study = None

    def add(self, paths: Sequence[Path], learner: Callable[[], Completes | None]) -> None:
        """Learn from ``paths``, too."""
        self._paths = self.paths
        self._start(tuple(dict.fromkeys([*self._paths, *paths])), learner)

    def forget(self) -> None:
        """Learn from nothing any more."""
        self.stop()
        self._paths, self.study = (), None

    def stop(self) -> None:
        """Give up what is being learned."""
        if self.study is not None:
            self.study.stop()

    def _start(self, paths: tuple[Path, ...], learner: Callable[[], Completes | None]) -> None:
        self.stop()
        self.study = Study(paths, self._changed)
        self.study.start(learner)


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
