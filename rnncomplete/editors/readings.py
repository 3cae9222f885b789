"""What reads each open text: a document in its style, with what its project teaches and what is open beside it.

When any of that has changed, a new document reads the text in the background, and takes the place of the old one once it
knows it: no key waits for that.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from rnncomplete.completion.auto import FEWEST, JUDGED, MARGIN, Judge
from rnncomplete.editors.open_text import OpenText, Reading
from rnncomplete.errors import RnncompleteError
from rnncomplete.network.source_kind import suits

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rnncomplete.completion.completer import Completer
    from rnncomplete.editors.errands import Errands
    from rnncomplete.editors.shelf import Shelf

JUDGED_AGAIN = 200
"""Characters that a text changes by until it is asked again which style fits."""


class Readings:
    """The documents of open texts. ``labelled`` is told, in the thread of errands, when the label of a text is another one."""

    def __init__(self, shelf: Shelf, errands: Errands, labelled: Callable[[OpenText], None]) -> None:
        self._shelf, self._errands, self._labelled = shelf, errands, labelled
        self._completers: dict[tuple[str, Path | None], Completer] = {}
        self._names = itertools.count()
        self.learn = True
        """Whether what projects teach is used."""

    def current(self, text: OpenText) -> Reading:
        """What reads ``text``; where it is to be another one, that is prepared meanwhile."""
        completer = self._completer(text)
        reading = text.reading
        if reading is None:
            reading = text.reading = self._open(text, completer, "")
        if not _knows(reading, completer, text):
            self._errands.send("read", text, self._prepare)
        return reading

    def look_on(self, text: OpenText) -> None:
        """What is done while a ghost is looked at: its label is told, and another style may fit better."""
        if text.reading is not None and (text.reading.completer.card.readouts or text.label):
            self._errands.send("tell the label of", text, self._label)
        length = len(text.before)
        due = text.judged is None or abs(length - text.judged) >= JUDGED_AGAIN
        if len(text.candidates) > 1 and length >= FEWEST and due:
            text.judged = length
            self._errands.send("choose the style of", text, self.judge)

    def judge(self, text: OpenText) -> None:
        """Let ``text`` be read in the style that finds it least surprising."""
        before, candidates = text.before[-2 * JUDGED :], text.candidates
        nats: dict[str, float] = {}
        for name in candidates:
            try:
                judge = text.judges.get(name) or Judge(self._shelf.network(name))
            except RnncompleteError:
                continue  # `rnncomplete doctor` tells why
            text.judges[name] = judge
            surprise = judge.surprise(before, lambda: not self._errands.closed)
            if surprise is None:
                return
            nats[name] = surprise
        if text.candidates is not candidates:  # somebody has chosen meanwhile
            return
        best = min(nats, key=nats.__getitem__, default=text.style)
        if nats.get(best, 0.0) < nats.get(text.style, float("inf")) - MARGIN:
            text.style = best
            self._prepare(text)

    def _open(self, text: OpenText, completer: Completer, beside: str) -> Reading:
        source = text.source if text.source and suits(completer.card, text.source) else None
        return Reading(completer, beside, completer.open((text.uri, next(self._names)), source))

    def _label(self, text: OpenText) -> None:
        reading, before = text.reading, text.before
        if reading is None:
            return
        found = reading.document.readout(
            before, lambda: text.before is before and not (self._errands.closed or text.closed)
        )
        if text.before is before and found != text.label:
            text.label = found
            self._labelled(text)

    def _prepare(self, text: OpenText) -> None:
        """Let a new document read ``text`` as it is to be read, and take the place of the old one."""
        completer = self._completer(text)
        if text.reading is not None and _knows(text.reading, completer, text):
            return
        new = self._open(text, completer, text.beside)

        def wanted() -> bool:
            return not (self._errands.closed or text.closed)

        if new.document.predict(new.beside + text.before, wanted) is None:
            close(new)
            return
        old, text.reading = text.reading, new
        if old is not None:
            close(old)

    def _completer(self, text: OpenText) -> Completer:
        """That of its style, which knows its project."""
        learned = text.project.learned.get(text.style) if text.project and self.learn else None
        key = text.style, text.project.root if text.project else None
        known = self._completers.get(key)
        if known is None or known.learned is not learned:
            known = self._completers[key] = self._shelf.completer(text.style, learned)
        return known


def _knows(reading: Reading, completer: Completer, text: OpenText) -> bool:
    """Whether ``reading`` is the one that ``text`` is to have."""
    return reading.completer is completer and reading.beside == text.beside


def close(reading: Reading) -> None:
    """Forget what a document has read."""
    reading.completer.close(reading.document.identity)
