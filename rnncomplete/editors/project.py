"""What the files of one open project teach: counted in the background, for each style those written in its languages.

Nothing of it is used in another project. Secrets, what ignore files leave out, and what the user has left out are not read.
"""

from __future__ import annotations

import hashlib
import shutil
import time
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from rnncomplete.completion.adaptive_reader import alphabet_of
from rnncomplete.completion.file_memory import cache_folder, count_files, keep, recall_newest
from rnncomplete.completion.file_weights import learn_weights
from rnncomplete.editors.languages import language_of
from rnncomplete.files import true_path
from rnncomplete.text.discovery import Found, walk
from rnncomplete.text.ignoring import Patterns

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rnncomplete.completion.file_memory import Learned
    from rnncomplete.editors.preferences import Preferences
    from rnncomplete.editors.shelf import Shelf

MOST_FILES = 20_000
"""Files looked at, at most."""

MOST_SECONDS = 10.0
"""For looking for them."""

MOST_STYLES = 2
"""That a file is counted for: one of unknown language may be in any, and is taken for the likeliest."""

MOST_BYTES = 4_000_000
"""Of the files counted for a style; those changed last go first."""

LARGEST = 500_000
"""Bytes of one file."""

MOST_SLOTS = 1 << 22
"""Places of a style's table of them: 16 MB."""

MOST_PROJECTS = 20
"""Whose counts are kept on disk."""


class Project:
    """A folder that is open in an editor. Safe to share among threads."""

    def __init__(self, root: Path, preferences: Preferences) -> None:
        self.root = root
        self.preferences = preferences
        self.learned: dict[str, Learned] = {}
        """By style; what is not there has not been counted yet, or held nothing."""

    def inside(self, path: Path) -> str:
        """What ``path`` is called in the project, with slashes."""
        return path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else path.as_posix()

    def count(
        self,
        style: str,
        shelf: Shelf,
        progress: Callable[[int, int], None],
        wanted: Callable[[], bool],
        pause: Callable[[], None] = lambda: None,
    ) -> None:
        """Count the files of ``style``, then learn weights on some of them, unless that was done some other time.

        ``pause`` may wait; it is called while weights are learned, for some seconds.
        """
        paths = self.files(style, shelf.installed, wanted)
        if not paths:
            self.learned.pop(style, None)
            return
        model, memory = shelf.style(style)
        alphabet = alphabet_of(model.vocabulary, memory)
        found = [Found(path, named=False) for path in paths]
        cache = self.cache / style
        before = self.learned.get(style) or recall_newest(cache, alphabet)
        learned = count_files(
            found,
            model.vocabulary,
            alphabet,
            cache=cache,
            progress=progress,
            wanted=wanted,
            most_kept=1,
            most_slots=MOST_SLOTS,
        )
        if learned is None or not wanted():
            return
        known = learned.memory.prior.sections
        if before is not None and before.memory.prior.sections and not known:
            learned = replace(learned, memory=replace(learned.memory, prior=before.memory.prior))
            keep(found, learned, cache, model.vocabulary)
            known = before.memory.prior.sections
        self.learned[style] = learned
        _drop_oldest(self.cache.parent)
        if not known:
            better = learn_weights(found, model, memory, learned, cache=cache, pause=pause, wanted=wanted)
            if better is not None and wanted():
                self.learned[style] = better

    def files(self, style: str, installed: frozenset[str], wanted: Callable[[], bool]) -> list[Path]:
        """Those written in the languages of ``style``, as many as may be counted."""
        until = time.monotonic() + MOST_SECONDS
        sizes: list[tuple[float, int, Path]] = []
        for path in islice(walk(self.root, Patterns(["*"])), MOST_FILES):
            if not wanted() or time.monotonic() > until:
                break
            if style not in self.styles_of(path, installed):
                continue
            try:
                about = path.stat()
            except OSError:  # it has gone meanwhile
                continue
            if 0 < about.st_size <= LARGEST:
                sizes.append((about.st_mtime, about.st_size, path))
        found, taken = [], 0
        for _, size, path in sorted(sizes, reverse=True):
            taken += size
            if taken > MOST_BYTES:
                break
            found.append(path)
        return sorted(found)

    def styles_of(self, path: Path, installed: frozenset[str]) -> tuple[str, ...]:
        """The styles that the file ``path`` is counted for."""
        language = language_of(path.name)
        if self.preferences.why_off(str(path), self.inside(path), language) is not None:
            return ()
        return self.preferences.candidates(language, installed)[:MOST_STYLES]

    def forget(self) -> None:
        """Nothing of the project is known any more, here or on the disk."""
        self.learned.clear()
        shutil.rmtree(self.cache, ignore_errors=True)

    @property
    def cache(self) -> Path:
        """Where its counts are kept."""
        name = hashlib.sha256(str(true_path(self.root)).encode("utf-8", "surrogatepass")).hexdigest()[:32]
        return cache_folder().parent / "projects" / name


def _drop_oldest(folder: Path) -> None:
    """Keep the counts of the projects used last."""
    kept = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime)
    for path in kept[:-MOST_PROJECTS]:
        shutil.rmtree(path, ignore_errors=True)
