"""The texts that are open in an editor, and the ghosts that are offered in them. No protocol is known here.

Texts are read by the documents of completers (:mod:`rnncomplete.completion.document`). A text is read with what its
project teaches and what is written in others that are open beside it. When any of that has changed, a new document is
read in the background, and takes the place of the old one once it knows the text: no key waits for it.
"""

from __future__ import annotations

import itertools
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from rnncomplete.completion.auto import FEWEST, JUDGED, MARGIN, Judge
from rnncomplete.completion.worker import THREAD_NAME, one_line
from rnncomplete.editors.languages import language_of
from rnncomplete.editors.offer import LENGTH, LENGTH_OF_LINES, offer, wants_lines
from rnncomplete.errors import RnncompleteError
from rnncomplete.ghost.rules import Trail

if TYPE_CHECKING:
    from collections.abc import Callable

    from rnncomplete.completion.completer import Completer
    from rnncomplete.completion.decoder import DecoderOptions
    from rnncomplete.completion.document import Document
    from rnncomplete.editors.positions import Text
    from rnncomplete.editors.preferences import Preferences
    from rnncomplete.editors.project import Project
    from rnncomplete.editors.shelf import Shelf

BUDGET_MS, BUDGET_ASKED_MS = 12.0, 200.0
"""For the characters of a ghost that nobody has asked for, and of one that somebody has."""

BESIDE, MOST_BESIDE = 16_000, 48_000
"""Characters of another open text that are read before this one, and of all others."""

JUDGED_AGAIN = 200
"""Characters that a text changes by until it is asked again which style fits."""


@dataclass(frozen=True)
class Ask:
    """A request: what stands before and behind the cursor, with line ends of one character."""

    before: str
    after: str
    asked: bool = False
    """Whether somebody has asked, and is to get several; otherwise one comes, if it is likely."""
    given: str = ""
    """What is chosen in a list of words at the end of ``before``, and so not written yet."""
    wanted: Callable[[], bool] = lambda: True


@dataclass(frozen=True)
class Reading:
    """A document that reads a text, and what it knows beside."""

    completer: Completer
    beside: str
    document: Document


@dataclass
class OpenText:
    """One text, as its editor has it."""

    uri: str
    path: str
    """Of the file, or what stands for it."""
    language: str
    text: Text
    version: int | None = None
    project: Project | None = None
    off: str | None = None
    """Why there are no ghosts here."""
    why: str = "nobody has asked for a ghost here yet"
    """Why there was no ghost the last time; empty if there was one."""
    milliseconds: float | None = None
    changed: float = 0.0
    """When, in seconds of ``time.monotonic``."""
    candidates: tuple[str, ...] = ()
    """Styles that it may be written in."""
    style: str = ""
    reading: Reading | None = None
    trail: Trail = field(default_factory=Trail)
    judged: int | None = None
    """How long the text before the cursor was when the style was chosen."""
    judges: dict[str, Judge] = field(default_factory=dict)
    before: str = ""
    """The text before the cursor when somebody last asked."""
    whole: str = ""
    """All of the text then."""
    beside: str = ""
    """What of other texts is read before this one."""


class Texts:
    """All open texts. :meth:`answer` is called by one thread at a time, all else by that of the protocol."""

    def __init__(self, shelf: Shelf, preferences: Preferences) -> None:
        self.shelf = shelf
        self.preferences = preferences
        self.on = True
        """Whether there are ghosts at all."""
        self.projects: list[Project] = []
        self.open_texts: dict[str, OpenText] = {}
        self._completers: dict[tuple[str, Path | None], Completer] = {}
        self._names = itertools.count()
        self._active: OpenText | None = None
        self._errands = ThreadPoolExecutor(1, THREAD_NAME)
        self._errand = threading.Lock()
        self._running: set[str] = set()
        self._closed = False

    @property
    def active(self) -> OpenText | None:
        """The text that somebody writes in."""
        return self._active

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
        self._active = None  # what was beside another text may be gone
        if closed is not None and closed.reading is not None:
            closed.reading.completer.close(closed.reading.document.identity)

    def reconsider(self, preferences: Preferences | None = None) -> None:
        """What is wanted, or which projects there are, has changed."""
        if preferences is not None:
            self.preferences = preferences
            for project in self.projects:
                project.preferences = preferences
        for text in self.open_texts.values():
            self._place(text)

    def end(self) -> None:
        """Nothing is wanted any more."""
        self._closed = True
        self._errands.shutdown(wait=False, cancel_futures=True)

    def answer(self, text: OpenText, ask: Ask) -> list[str]:
        """What to offer at the cursor, behind what is ``given``; may be nothing, and ``text.why`` then says why."""
        began = time.perf_counter()
        if not ask.wanted():
            return []
        text.before = ask.before
        try:
            offers = self._answer(text, ask)
        except Exception as error:  # whatever a style can bring about: the editor must go on working
            text.why = one_line(error)
            return []
        if not ask.wanted():
            text.why = "the text had changed before the ghost was there"
            return []
        text.milliseconds = 1000 * (time.perf_counter() - began)
        if offers:
            text.why = ""
        return offers

    def _answer(self, text: OpenText, ask: Ask) -> list[str]:
        if not self.on or text.off:
            text.why = text.off or "ghosts are switched off"
            return []
        plain = not (ask.asked or ask.given)
        if plain and (rest := self._along(text, ask)):
            return [rest]
        text.why = "nothing is likely enough here"
        reading = self._current(text)
        before = reading.beside + ask.before
        options = self._options(text, reading, ask)
        whole = ask.before + ask.given
        if ask.asked:
            ghosts = self._several(reading.document, before, options, ask)
        else:
            if plain:
                text.trail.begin(ask.before, ask.after)
            grown = [ghost.text for ghost in reading.document.grow(before, ask.wanted, options, ask.given)]
            ghosts = grown[-1:] or [""]
        offers = [offer(ghost, whole, ask.after, text.language, asked=ask.asked) for ghost in ghosts]
        if any(ghosts) and not any(offers):
            text.why = "what is likely stands behind the cursor already, or would break a word"
        if plain and text.trail.offers_back(offers[0]):
            text.why = "what is likely was just deleted"
            offers = []
        elif plain:
            text.trail.grow(offers[0])
            offers = [text.trail.rest]
        self._after(text)
        return [found for found in dict.fromkeys(offers) if found]

    @staticmethod
    def _along(text: OpenText, ask: Ask) -> str:
        """The rest of the ghost that was there, if all since was typed along it."""
        whole = ask.before + ask.after
        if whole == text.whole:
            text.trail.move(ask.before, ask.after)
        else:
            text.trail.change(ask.before, ask.after)
            text.whole = whole
        return text.trail.rest

    def _several(self, document: Document, before: str, options: DecoderOptions, ask: Ask) -> list[str]:
        first = document.insist(before, ask.wanted, options)
        others = document.alternatives(before, self.preferences.alternatives, ask.wanted, options)
        return [ghost.text for ghost in [first, *others]][: self.preferences.alternatives]

    def _options(self, text: OpenText, reading: Reading, ask: Ask) -> DecoderOptions:
        wanted = self.preferences
        several = wants_lines(text.language, ask.before + ask.given, ask.after)
        usual = BUDGET_ASKED_MS if ask.asked else BUDGET_MS
        return replace(
            reading.completer.options,
            length=wanted.length or (LENGTH_OF_LINES if several else LENGTH),
            threshold=reading.completer.card.threshold if wanted.threshold is None else wanted.threshold,
            budget_ms=usual if wanted.budget_ms is None else wanted.budget_ms,
        )

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

    def _current(self, text: OpenText) -> Reading:
        """What reads ``text``; where it is to be another one, that is prepared meanwhile."""
        if text is not self._active:
            self._active, text.beside = text, self._beside(text)
        completer = self._completer(text)
        reading = text.reading
        if reading is None:
            reading = text.reading = Reading(completer, "", completer.open((text.uri, next(self._names))))
        if reading.completer is not completer or reading.beside != text.beside:
            self._send("read", text, self._prepare)
        return reading

    def _completer(self, text: OpenText) -> Completer:
        """That of its style, which knows its project."""
        learned = text.project.learned.get(text.style) if text.project and self.preferences.learn else None
        key = text.style, text.project.root if text.project else None
        known = self._completers.get(key)
        if known is None or known.learned is not learned:
            known = self._completers[key] = self.shelf.completer(text.style, learned)
        return known

    def _beside(self, text: OpenText) -> str:
        """The ends of other open texts of the same style and project, the one changed last at the end."""
        if not self.preferences.learn:
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

    def _after(self, text: OpenText) -> None:
        """What is done while a ghost is looked at: another style may fit better."""
        length = len(text.before)
        due = text.judged is None or abs(length - text.judged) >= JUDGED_AGAIN
        if len(text.candidates) > 1 and length >= FEWEST and due:
            text.judged = length
            self._send("judge", text, self._judge)

    def _send(self, kind: str, text: OpenText, errand: Callable[[OpenText], None]) -> None:
        """Let the other thread do an ``errand``, unless it is doing that already."""
        name = f"{kind} {text.uri}"
        with self._errand:
            if name in self._running or self._closed:
                return
            self._running.add(name)

        def run() -> None:
            try:
                errand(text)
            except RnncompleteError as error:
                text.why = one_line(error)
            finally:
                with self._errand:
                    self._running.discard(name)

        self._errands.submit(run)

    def _prepare(self, text: OpenText) -> None:
        """Let a new document read ``text`` as it is to be read, and take the place of the old one."""

        def wanted() -> bool:
            return not self._closed and text.uri in self.open_texts

        completer, beside = self._completer(text), text.beside
        document = completer.open((text.uri, next(self._names)))
        if document.predict(beside + text.before, wanted) is None:
            completer.close(document.identity)
            return
        old, text.reading = text.reading, Reading(completer, beside, document)
        if old is not None:
            old.completer.close(old.document.identity)

    def _judge(self, text: OpenText) -> None:
        """Let ``text`` be read in the style that finds it least surprising."""
        before, candidates = text.before[-2 * JUDGED :], text.candidates
        nats: dict[str, float] = {}
        for name in candidates:
            try:
                judge = text.judges.get(name) or Judge(self.shelf.network(name))
            except RnncompleteError:
                continue  # `rnncomplete doctor` tells why
            text.judges[name] = judge
            surprise = judge.surprise(before, lambda: not self._closed)
            if surprise is None:
                return
            nats[name] = surprise
        if text.candidates is not candidates:  # somebody has chosen meanwhile
            return
        best = min(nats, key=nats.__getitem__, default=text.style)
        if nats.get(best, 0.0) < nats.get(text.style, float("inf")) - MARGIN:
            text.style = best
            self._prepare(text)
