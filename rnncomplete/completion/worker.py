"""One thread that loads a style and computes ghosts, so that no key ever waits for a network."""

from __future__ import annotations

import atexit
import threading
import time
import weakref
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rnncomplete.errors import RnncompleteError
from rnncomplete.network.source_kind import suits

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable

    from rnncomplete.completion.completes import Completes
    from rnncomplete.completion.decoder import Ghost
    from rnncomplete.completion.sources import Source

THREAD_NAME = "rnncomplete"

READING_SECONDS = 0.2
"""After so long without a ghost people are told that a text is being read: a long one that was just opened."""

FAREWELL_SECONDS = 0.2
"""How long the end of the process waits for a step that is being computed."""


@dataclass
class Request:
    """A ghost asked for. The callbacks are called in the background thread."""

    before: str
    """The text before the cursor, with its context."""
    show: Callable[[str], None]
    """Called with the ghost's text as far as it is known, and the blanks behind it."""
    finish: Callable[[], None]
    """Called once, whatever happened."""
    document: Hashable = None
    """The document that the text belongs to."""
    source: Source | None = None
    """What the text is about, where the style writes about such a thing."""
    alternatives: int = 0
    """How many different ghosts are asked for, each of which is shown whole; 0 for one that grows."""
    insisting: bool = False
    """Whether somebody has asked, and is to get something even where nothing is likely enough to be shown unasked."""
    alive: bool = True
    """Set to false when nobody wants the ghost any more."""
    asked: float = field(default_factory=time.perf_counter)
    """When, in seconds of ``time.perf_counter``."""


class Background:
    """Loads with ``load`` and then answers requests, the newest only; both begin at :meth:`start`.

    ``changed`` is called, in the background thread, when ``completer``, ``problem``, ``milliseconds``, ``reading`` or
    ``readout`` has changed.
    """

    def __init__(self, load: Callable[[], Completes], changed: Callable[[], None]) -> None:
        self.completer: Completes | None = None
        """What was loaded; ``None`` until then, and when it failed."""
        self.problem: str | None = None
        """One line: why there are no ghosts."""
        self.milliseconds: float | None = None
        """From the last request to its whole ghost."""
        self.reading = False
        """Whether a text takes long to be read."""
        self.readout: tuple[str, float] | None = None
        """The label of the text of the last request, and how likely it is, if the style tells labels."""
        self._load = load
        self._changed = changed
        self._news = threading.Condition()
        self._waiting: Request | None = None
        self._running: Request | None = None
        self._closed = False
        self._loaded = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to load, if that has not begun."""
        if self._thread is None:
            # A daemon, since the process must end even while a step or a load takes long.
            self._thread = threading.Thread(target=self._run, name=THREAD_NAME, daemon=True)
            self._thread.start()
            atexit.register(_close, weakref.ref(self))

    def wait(self, seconds: float | None = None) -> None:
        """Wait until the style has been loaded or could not be, at most for so long, if that is said."""
        self._loaded.wait(seconds)

    def ask(self, request: Request) -> None:
        """Answer ``request`` next, and no older one any more."""
        self.start()
        with self._news:
            replaced, self._waiting = (self._waiting, request) if not self._closed else (request, None)
            self._news.notify()
        if replaced is not None:
            replaced.alive = False
            replaced.finish()

    def close(self, patience: float = 0.0) -> None:
        """Stop; wait at most ``patience`` seconds for what is being computed."""
        with self._news:
            self._closed = True
            for request in (self._waiting, self._running):
                if request is not None:
                    request.alive = False
            self._news.notify()
        if self._thread is not None and patience:
            self._thread.join(patience)

    def _run(self) -> None:
        try:
            self.completer = self._load()
        except Exception as error:  # whatever a model file can bring about: the prompt must go on working
            self.problem = one_line(error)
        self._loaded.set()
        self._changed()
        while (request := self._next()) is not None:
            try:
                if request.alive and self.completer is not None:
                    self._answer(self.completer, request)
            except Exception as error:  # as above
                self.problem = one_line(error)
                self.completer = None
                self._changed()
            finally:
                if self.reading:
                    self.reading = False
                    self._changed()
                request.finish()

    def _answer(self, completer: Completes, request: Request) -> None:
        shown, card = "", completer.card
        about = request.source is not None and card.source is not None and suits(card, request.source)
        document = completer.open(request.document, request.source) if about else completer.open(request.document)
        began = time.perf_counter()

        def wanted() -> bool:
            if not (shown or self.reading) and time.perf_counter() - began > READING_SECONDS:
                self.reading = True
                self._changed()
            return request.alive

        ghosts: Iterable[Ghost]
        if request.alternatives:
            ghosts = document.alternatives(request.before, request.alternatives, wanted)
        elif request.insisting:
            ghosts = [document.insist(request.before, wanted)]
        else:
            ghosts = document.grow(request.before, wanted)
        for ghost in ghosts:
            if not request.alive:
                return
            # What is written about a source ends with its line.
            offered = ghost.spelled_out.partition("\n")[0] if about else ghost.spelled_out
            if ghost.text and offered and offered != shown:
                shown, self.reading = offered, False
                request.show(shown)
                self.milliseconds = (time.perf_counter() - request.asked) * 1000
        if request.alive and (completer.card.readouts or self.readout):  # a style chosen since may tell no labels
            found = document.readout(request.before, lambda: request.alive) if completer.card.readouts else None
            if request.alive:
                self.readout = found
                self._changed()
        if shown or completer.card is not card:
            self._changed()

    def _next(self) -> Request | None:
        with self._news:
            self._running = None
            self._news.wait_for(lambda: self._closed or self._waiting is not None)
            if self._closed and self._waiting is None:
                return None
            request, self._waiting = self._waiting, None
            self._running = request
            return request


def one_line(error: Exception) -> str:
    """What to tell people about ``error``."""
    text = " ".join(str(error).split())
    return text if isinstance(error, RnncompleteError) and text else f"{type(error).__name__}: {text}".rstrip(": ")


def _close(reference: weakref.ref[Background]) -> None:
    if (background := reference()) is not None:
        background.close(FAREWELL_SECONDS)
