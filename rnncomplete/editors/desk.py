"""Where requests of many editors meet documents: which text a request belongs to, and the ghosts for it.

A plug-in that asks ahead, as if its ghost had been accepted, teaches nothing: a text that is what was offered before is
supposed, not read, until somebody types behind it.
"""

from __future__ import annotations

import itertools
import math
import sys
import threading
from collections import OrderedDict, deque
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING, NamedTuple

from rnncomplete.completion.auto import FEWEST, AutoDocument
from rnncomplete.editors.catalogue import read_as
from rnncomplete.editors.languages import UNKNOWN, language_of
from rnncomplete.editors.offer import LENGTH, LENGTH_OF_LINES, offer, wants_lines
from rnncomplete.editors.windows import likeness, put_back
from rnncomplete.settings import LONGEST
from rnncomplete.styles import AUTO

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from rnncomplete.completion.completes import Completes
    from rnncomplete.completion.decoder import Ghost

Styles = tuple[str, ...]

MOST_SHEETS = 256
"""Texts that are known apart at once; the completers' own bound of memory may forget what they teach sooner."""

TEXT_BYTES = 64 * 2**20
"""All texts take at most so much, besides what they teach; those not used for longest are forgotten."""

OFFERS = 8
"""Ghosts of a text that are remembered as offered."""

ALIKE = 0.5
"""Of the shorter of two texts without a name, how much they must share to be one text."""


@dataclass(frozen=True)
class Asked:
    """What a request asks for, whichever protocol it came by."""

    before: str
    """The text before the cursor, or the end of it."""
    after: str = ""
    """The text behind the cursor, or the beginning of it."""
    name: str | None = None
    """The document's name, where the client says it; else it is known by its path, if that is a whole one, or its text."""
    path: str | None = None
    """The file's path or name."""
    language: str | None = None
    """As editors call it, such as "python"."""
    style: str | None = None
    """The model that is asked for."""
    length: int | None = None
    """Characters at most; ``None`` for the server's own measure, 0 where nothing is to be offered or learned."""
    budget_ms: float | None = None
    """Milliseconds of decoding after which a ghost is wanted as far as it is."""
    stops: tuple[str, ...] = ()
    """Texts at which a ghost ends, which it does not contain."""
    count: int = 1
    """How many different ghosts are wanted."""


@dataclass
class Sheet:
    """One text that is being written somewhere."""

    number: int
    name: str | None = None
    """What its client calls it; others may call theirs so, too."""
    text: str = ""
    """All that is known to stand before the cursor."""
    lock: threading.Lock = field(default_factory=threading.Lock)
    """Held while a ghost is made for it."""
    waiting: int = 0
    """How many requests wait for its lock."""
    offers: deque[tuple[int, str]] = field(default_factory=lambda: deque(maxlen=OFFERS))
    """Hashes of texts, and the ghosts that were offered behind them."""


class Offered(NamedTuple):
    """Ghosts, and the text that they go on."""

    before: str
    texts: list[str]


class Desk:
    """Answers what is asked. Safe to share among threads; those that ask about one text take turns.

    ``styles_for(language, model)`` names the styles that a text may be written in, and ``load(styles)`` gives the
    completer that has these to choose from. ``why_off(path, language)`` says of which texts nothing is read. The texts
    themselves take at most ``text_bytes``.
    """

    def __init__(
        self,
        load: Callable[[Styles], Completes],
        styles_for: Callable[[str, str | None], Styles],
        why_off: Callable[[str, str], str | None] = lambda _path, _language: None,
        *,
        text_bytes: int = TEXT_BYTES,
    ) -> None:
        self._why_off = why_off
        self._text_bytes = text_bytes
        self._load = load
        self._styles_for = styles_for
        self._lock = threading.Lock()
        self._loading = threading.Lock()
        self._completers: dict[Styles, Completes] = {}
        self._numbers = itertools.count()
        # The one used last is at the end.
        self._sheets: OrderedDict[int, Sheet] = OrderedDict()

    @property
    def documents(self) -> int:
        """How many texts are known."""
        return len(self._sheets)

    def completer(self, styles: Styles) -> Completes:
        """The completer of ``styles``, loaded once; raises :class:`RnncompleteError`."""
        if (known := self._completers.get(styles)) is not None:
            return known
        with self._loading:
            if styles not in self._completers:
                self._completers[styles] = self._load(styles)
            return self._completers[styles]

    def warm_up(self) -> None:
        """Load what a text of which nothing is known is completed with; raises :class:`RnncompleteError`."""
        self.completer(self._styles_for(UNKNOWN, None))

    def answer(self, asked: Asked, wanted: Callable[[], bool]) -> Iterator[list[str]]:
        """Growing lists of ghosts, the likeliest first: the first word as soon as it is known, then all; maybe none.

        Once ``wanted()`` is false nothing more comes. Raises :class:`RnncompleteError` where the style cannot be loaded.
        """
        if self._is_off(asked):
            return
        completer = self.completer(self._styles(asked))
        with self._lock:
            sheet = self._sheet(asked)
            sheet.waiting += 1
        with sheet.lock:
            with self._lock:
                sheet.waiting -= 1
            for ghosts in self._ghosts(asked, sheet, completer, wanted):
                if not wanted():
                    return
                sheet.offers.extend((hash(ghosts.before), text) for text in ghosts.texts)
                yield ghosts.texts

    def _ghosts(
        self, asked: Asked, sheet: Sheet, completer: Completes, wanted: Callable[[], bool]
    ) -> Iterator[Offered]:
        """What is worth offering on ``sheet``, whose lock is held."""
        text, supposed = _place(sheet, asked.before)
        before, language = text + supposed, _language(asked)
        place = read_as(completer, language, text)
        if place is None:
            return
        longest = LENGTH_OF_LINES if wants_lines(language, before, asked.after) else LENGTH
        options = replace(
            completer.options,
            length=min(longest if asked.length is None else asked.length, longest, LONGEST - len(supposed)),
            budget_ms=min(completer.options.budget_ms, asked.budget_ms or math.inf),
        )
        name = sheet.number, self._styles(asked)
        opened = completer.open(name) if place.source is None else completer.open(name, place.source)
        document = opened.chosen if isinstance(opened, AutoDocument) else opened
        text, after = place.before, place.behind(asked.after)
        growing: Iterable[Sequence[Ghost]]
        if asked.count > 1:
            growing = [document.alternatives(text, asked.count, wanted, options, supposed)]
        else:
            growing = ([ghost] for ghost in document.grow(text, wanted, options, supposed))
        for ghosts in growing:
            written = [place.written(ghost.spelled_out) for ghost in ghosts]
            texts = [_cut(offer(ghost, before, after, language), asked.stops) for ghost in written]
            if offered := list(dict.fromkeys(filter(None, texts))):
                yield Offered(before, offered)

    def reflect(self, asked: Asked) -> None:
        """After an answer: choose the style for what comes next, where there are several, unless somebody waits."""
        styles = self._styles(asked)
        if len(styles) == 1 or self._is_off(asked):
            return
        with self._lock:
            sheet = self._sheet(asked)
        if not sheet.lock.acquire(blocking=False):
            return
        try:
            opened = self.completer(styles).open((sheet.number, styles))
            if isinstance(opened, AutoDocument) and len(sheet.text) >= FEWEST:
                opened.choose(sheet.text, lambda: not sheet.waiting)
        finally:
            sheet.lock.release()

    def style(self, asked: Asked) -> str:
        """The name of the style in which ``asked`` is answered; where the text decides among several, "auto"."""
        styles = self._styles(asked)
        return styles[0] if len(styles) == 1 else AUTO

    def _is_off(self, asked: Asked) -> bool:
        """Whether nothing is to be offered, or even read."""
        return asked.length == 0 or self._why_off(asked.path or asked.name or "", _language(asked)) is not None

    def _styles(self, asked: Asked) -> Styles:
        return self._styles_for(_language(asked), asked.style)

    def _sheet(self, asked: Asked) -> Sheet:
        """The text that is asked about. Names that many texts may have, such as "main.py", do not tell one from another."""
        name = asked.name or asked.path
        called = [sheet for sheet in reversed(self._sheets.values()) if sheet.name == name]
        if asked.name is not None or _is_whole(name):
            found = next(iter(called), None)
        else:
            alike = [(likeness(sheet.text, asked.before), sheet) for sheet in called]
            best, found = max(alike, key=lambda pair: pair[0], default=(0.0, None))
            found = found if best >= ALIKE else None
        if found is None:
            found = Sheet(next(self._numbers), name)
            self._sheets[found.number] = found
        self._sheets.move_to_end(found.number)
        self._make_room()
        return found

    def _make_room(self) -> None:
        taken = sum(sys.getsizeof(sheet.text) for sheet in self._sheets.values())
        while len(self._sheets) > 1 and (len(self._sheets) > MOST_SHEETS or taken > self._text_bytes):
            _, oldest = self._sheets.popitem(last=False)
            taken -= sys.getsizeof(oldest.text)
            for styles, completer in list(self._completers.items()):  # another thread may load one
                completer.close((oldest.number, styles))


def _is_whole(path: str | None) -> bool:
    """Whether ``path`` leads to one file only, on any system."""
    return path is not None and (PurePosixPath(path).is_absolute() or PureWindowsPath(path).is_absolute())


def _cut(ghost: str, stops: Iterable[str]) -> str:
    """``ghost`` up to the first of ``stops``."""
    ends = [place for stop in stops if stop and (place := ghost.find(stop)) >= 0]
    return ghost[: min(ends)].rstrip() if ends else ghost


def _place(sheet: Sheet, window: str) -> tuple[str, str]:
    """The text of ``sheet`` that ends in ``window``, as far as somebody has written it, and what is only supposed."""
    text = put_back(sheet.text, window)
    for offered, ghost in reversed(sheet.offers):
        if text.endswith(ghost) and hash(before := text[: -len(ghost)]) == offered:
            sheet.text = before
            return before, ghost
    sheet.text = text
    return text, ""


def _language(asked: Asked) -> str:
    return language_of(asked.path or "", asked.language or "")
