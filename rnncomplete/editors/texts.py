"""The texts that are open in an editor: where each belongs, and what of the others is read beside it. No protocol is known here."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from rnncomplete.editors.errands import Errands
from rnncomplete.editors.languages import language_of
from rnncomplete.editors.open_text import OpenText
from rnncomplete.editors.pictures import Pictures
from rnncomplete.editors.readings import Readings, close

if TYPE_CHECKING:
    from collections.abc import Callable

    from rnncomplete.editors.positions import Text
    from rnncomplete.editors.preferences import Preferences
    from rnncomplete.editors.project import Project
    from rnncomplete.editors.shelf import Shelf

BESIDE, MOST_BESIDE = 16_000, 48_000
"""Characters of another open text that are read before this one, and of all others."""


class Texts:
    """All open texts. :meth:`activate` is called by the thread that answers, all else by that of the protocol."""

    def __init__(
        self, shelf: Shelf, preferences: Preferences, labelled: Callable[[OpenText], None] = lambda _: None
    ) -> None:
        self.shelf = shelf
        self.preferences = preferences
        self.on = True
        """Whether there are ghosts at all."""
        self.projects: list[Project] = []
        self.open_texts: dict[str, OpenText] = {}
        self.active: OpenText | None = None
        """The text that somebody writes in."""
        self.errands = Errands()
        self.pictures = Pictures(shelf)
        self.readings = Readings(shelf, self.errands, labelled)

    def open(self, uri: str, path: str, said: str, text: Text, version: int | None = None) -> OpenText:
        """A text is open now."""
        opened = OpenText(uri, path, language_of(path, said), text, version, changed=time.monotonic())
        self.open_texts[uri] = opened
        self._place(opened)
        return opened

    @staticmethod
    def touch(text: OpenText) -> None:
        """``text`` has changed."""
        text.changed = time.monotonic()

    def close(self, uri: str) -> None:
        """A text is not open any more."""
        closed = self.open_texts.pop(uri, None)
        self.active = None  # what was beside another text may be gone
        if closed is not None:
            closed.closed = True
            if closed.reading is not None:
                close(closed.reading)

    def activate(self, text: OpenText) -> None:
        """Somebody writes in ``text`` now: what is written in others is read before it."""
        if text is not self.active:
            self.active, text.beside = text, self._beside(text)

    def reconsider(self, preferences: Preferences | None = None) -> None:
        """What is wanted, or which projects there are, has changed."""
        if preferences is not None:
            self.preferences = preferences
            self.readings.learn = preferences.learn
            for project in self.projects:
                project.preferences = preferences
        for text in self.open_texts.values():
            self._place(text)

    def end(self) -> None:
        """Nothing is wanted any more."""
        self.errands.end()

    def _place(self, text: OpenText) -> None:
        """Find out where ``text`` belongs, and whether there are ghosts in it."""
        path = Path(text.path)
        holding = [project for project in self.projects if path.is_relative_to(project.root)]
        text.project = max(holding, key=lambda project: len(project.root.parts), default=None)
        inside = text.project.inside(path) if text.project else path.name
        text.off = self.preferences.why_off(text.path, inside, text.language)
        candidates = self.preferences.candidates(text.language, self.shelf.installed)
        if candidates != text.candidates:
            text.candidates, text.style, text.judged, text.judges = candidates, next(iter(candidates), ""), None, {}
        if not candidates:
            text.off = "there is no style; train one with: rnncomplete train TEXT --style NAME"

    def _beside(self, text: OpenText) -> str:
        """The ends of other open texts of the same style and project, the one changed last at the end.

        Nothing before what is about a source, whose lines are counted from the beginning.
        """
        if not self.preferences.learn or self.shelf.has_source(text.style):
            return ""
        parts: list[str] = []
        left = MOST_BESIDE
        for other in sorted(self.open_texts.values(), key=lambda one: one.changed, reverse=True):
            if (
                other.path == text.path  # itself, or a cell of its notebook: those before it count anyway
                or other.off
                or other.style != text.style
                or other.project is not text.project
                or left <= 0
            ):
                continue
            part = str(other.text).replace("\r\n", "\n")[-min(BESIDE, left) :]
            left -= len(part)
            parts.insert(0, part if part.endswith("\n") else part + "\n")
        return "".join(parts)
