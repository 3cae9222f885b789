"""All that one editor has open: its settings, its folders with what they teach, and its texts. No protocol is known here."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from rnncomplete.editors.log import LOG
from rnncomplete.editors.preferences import read_preferences
from rnncomplete.editors.project import Project
from rnncomplete.editors.shelf import Shelf
from rnncomplete.editors.study import Study
from rnncomplete.editors.texts import Texts
from rnncomplete.files import at_home, true_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rnncomplete.editors.open_text import OpenText

COUNT_AFTER = 2.0
"""Seconds after the last file was saved until the project is counted again."""


class Listener(Protocol):
    """Who hears of what happens by itself."""

    def warn(self, problem: str) -> None:
        """Something is wrong with the settings."""

    def counted(self, project: Project, style: str, share: float | None) -> None:
        """How much of a project is counted, as :class:`Study` says; called in its thread."""

    def labelled(self, text: OpenText) -> None:
        """A text has another label; called in a thread of its own."""


class Workspace:
    """What is open, and what is wanted there. ``flags`` are the options of the command."""

    def __init__(self, flags: Mapping[str, Any], listener: Listener) -> None:
        self._flags, self._listener = dict(flags), listener
        self.said: dict[str, Any] = {}
        """The editor's settings."""
        self.chosen: dict[str, Any] = {}
        """What commands have set since."""
        preferences = read_preferences({}, flags=flags)
        self.texts = Texts(Shelf(preferences.device), preferences, listener.labelled)
        self.study = Study(self.texts.shelf, listener.counted)
        self._recount: asyncio.TimerHandle | None = None
        self._saved: set[tuple[Project, str]] = set()

    def open_folders(self, folders: Iterable[Path]) -> None:
        """These folders are open."""
        known = {project.root: project for project in self.texts.projects}
        # A home or a whole disk is not a project, whatever it is called.
        home = true_path(at_home("~"))
        roots = [path for path in folders if path.is_dir() and true_path(path) not in (home, Path(path.anchor))]
        self.texts.projects = [known.get(root) or Project(root, self.texts.preferences) for root in roots]
        self.configure(self.said)

    def configure(self, said: Mapping[str, Any]) -> None:
        """The editor's settings are these."""
        self.said = dict(said)
        roots: list[Path | None] = [project.root for project in self.texts.projects]
        first, *others = (read_preferences(self.said | self.chosen, root, self._flags) for root in roots or [None])
        preferences = first.switched_off_by(others)
        for problem in preferences.problems:
            if problem not in self.texts.preferences.problems:
                LOG.info("problem: %s", problem)
                self._listener.warn(problem)
        self.texts.reconsider(preferences)
        for text in self.texts.open_texts.values():
            self.count(text)

    def choose(self, name: str, value: Any) -> None:
        """A command sets what editors set otherwise; ``None`` for what they say."""
        if value is None:
            self.chosen.pop(name, None)
        else:
            self.chosen[name] = value
        self.configure(self.said)

    def count(self, text: OpenText) -> None:
        """Let the project of ``text`` be counted for its style, if that was not done."""
        if text.project is not None and self.texts.preferences.learn and not text.off:
            for style in text.candidates[:2]:
                if style not in text.project.learned:
                    self.study.send(text.project, style)

    def saved(self, path: Path) -> None:
        """A file is another one on the disk: in a while its project is counted again."""
        for project in self.texts.projects:
            if path.is_relative_to(project.root):
                self._saved |= {(project, style) for style in project.styles_of(path, self.texts.shelf.installed)}
        if self._recount is not None:
            self._recount.cancel()
        if self._saved:
            self._recount = asyncio.get_running_loop().call_later(COUNT_AFTER, self._count_saved)

    def _count_saved(self) -> None:
        for project, style in self._saved:
            if style in project.learned:
                self.study.send(project, style)
        self._saved.clear()

    def end(self) -> None:
        """The editor is gone."""
        self.texts.end()
        self.study.end()
