"""What the network makes of a text: its logits and state after any of the text's prefixes.

A prefix is read from an *anchor* (:func:`anchor`), so that a long text opens in bounded time. The anchor depends on
nothing but the prefix's length, hence the same text always gives the same logits, however it came to be.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from rnncomplete.completion.decoder import LogitChoice
from rnncomplete.completion.prefix_cache import PrefixCache, always
from rnncomplete.network.distribution import softmax

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rnncomplete.network.encoder import Context
    from rnncomplete.network.model import FloatArray, Model
    from rnncomplete.text.tail import Tail

SEGMENT = 4096
"""Characters between two anchors."""

WARM_UP = 512
"""Characters that a network reads before a segment, or from the text's start.

On held-out Shakespeare, what a network of 2 x 576 cells then says is within 0.0001 nats of what it says having read all.
"""

AHEAD_STEPS = 2
"""Steps from the next anchor at a key, where that is near: whoever types a whole text never waits for the warm-up."""

DENSE, DISTANCE = 64, 96
"""Positions kept of those used last, and characters between two others: 2 MB a document with 2,304 numbers of state."""

START = "\n"
"""What is read for an empty text: a network predicts nothing before the first character."""


def anchor(length: int) -> int:
    """Where reading a text of ``length`` characters begins.

    That is ``WARM_UP`` characters before the last whole segment, or the start.
    """
    return max(0, length // SEGMENT * SEGMENT - WARM_UP)


class LineState(NamedTuple):
    """The state of a text whose lines are about something."""

    hidden: FloatArray
    """float32[S], the network's."""
    line: int
    """The number of the line that goes on; -1 before the first."""

    @property
    def nbytes(self) -> int:
        """Bytes of memory."""
        return self.hidden.nbytes


class StaticReader:
    """The network alone: ``step`` gives its logits. Not for several threads at once.

    ``about`` gives the context of what each line of the text is about, if the style has a source. Then states are
    :class:`LineState`, else float32[S].
    """

    def __init__(self, model: Model, about: Callable[[int], Context] | None = None) -> None:
        self.model = model
        self._about = about
        self._newline = model.vocabulary.token("\n")
        self.step: Callable[[int, Any], tuple[FloatArray, Any]] = self._step_about if about else model.step
        """(logits float32[V], next state) after a token in a state."""
        self.begin = anchor
        """From where on a text of some length has to be at hand."""
        self._choice = LogitChoice(model.vocabulary, model.card.temperature)
        self.choose = self._choice.choose
        self._start = model.vocabulary.encode(START)
        # Two anchors, because keys and backspaces at a boundary change from one to the other.
        self._caches: dict[tuple[int, int], PrefixCache[Any]] = {}

    def read(self, text: Tail, wanted: Callable[[], bool] = always) -> tuple[FloatArray, Any] | None:
        """(logits float32[V], state) after ``text``; ``None`` once ``wanted()`` is false."""
        if not len(text):
            return self._beginning().read(self._start, wanted)
        start, following = anchor(len(text)), anchor(len(text) + WARM_UP)
        reading = self._cache(text, start).read(text.since(start), wanted)
        if reading is not None and start < following < len(text):
            self._cache(text, following).advance(text.since(following), AHEAD_STEPS)
        return reading

    def through(self, text: Tail, first: int) -> Iterator[FloatArray]:
        """The logits that :meth:`read` gives after the first ``first`` characters of ``text``, one more, and so on to all."""
        if first == 0:
            yield from (logits for logits, _ in self._beginning().through(self._start, len(self._start)))
            first = 1
        while first <= len(text):
            start = anchor(first)
            end = min(len(text), (first // SEGMENT + 1) * SEGMENT - 1)  # the last place with the same anchor
            tokens = text.until(end).since(start)
            yield from (logits for logits, _ in self._cache(text, start).through(tokens, first - start))
            first = end + 1

    def forget(self, place: int) -> None:
        """Forget what was made of the first ``place`` characters of the text, and of more: they are about something else."""
        for (start, line), cache in self._caches.items():
            cache.forget(place - start if line >= 0 else place)

    def _beginning(self) -> PrefixCache[Any]:
        """What is remembered of the text that is empty: where lines count, its newline does not."""
        return self._kept(0, -1 if self._about else 0)

    def _cache(self, text: Tail, start: int) -> PrefixCache[Any]:
        """What is remembered of ``text`` behind the anchor ``start``."""
        if self._about is None:
            return self._kept(start, 0)
        ends = np.count_nonzero(text.tokens[: start - text.begin] == self._newline)
        return self._kept(start, text.lines + int(ends))

    def _kept(self, start: int, line: int) -> PrefixCache[Any]:
        """What is remembered behind the anchor ``start``, which stands in that line."""
        cache = self._caches.pop((start, line), None)
        if cache is None:  # an empty one is false, and counting what it holds takes as long as a key may
            begin = self.model.initial_state
            state = LineState(begin, line) if self._about else begin
            cache = PrefixCache[Any](self.step, state, dense=DENSE, distance=DISTANCE)
        while len(self._caches) > 1:
            del self._caches[next(iter(self._caches))]
        self._caches[start, line] = cache
        return cache

    @property
    def nbytes(self) -> int:
        """Bytes that what is remembered of the text takes."""
        return sum(cache.nbytes for cache in self._caches.values())

    def _step_about(self, token: int, state: LineState) -> tuple[FloatArray, LineState]:
        assert self._about is not None, "this is a step about something"
        line = state.line + (token == self._newline)
        logits, hidden = self.model.step(token, state.hidden, self._about(line))
        return logits, LineState(hidden, line)

    def probabilities(self, scores: FloatArray) -> FloatArray:
        """Of every character, float32[V], at the card's temperature."""
        return softmax(scores, self.model.card.temperature)
