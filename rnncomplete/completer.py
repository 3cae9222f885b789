"""From a text to its ghost: reading it with a prefix cache and decoding what follows.

A text is read from an *anchor* (:func:`anchor`), so that a long one opens in bounded time. The anchor depends on nothing
but the text's length, hence the same text always has the same ghost, however it came to be.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from rnncomplete.decoder import Decoder, DecoderOptions, Ghost
from rnncomplete.model import FloatArray, Model, load_model
from rnncomplete.prefix_cache import PrefixCache, always
from rnncomplete.styles import DEFAULT_STYLE, find_style
from rnncomplete.vocabulary import normalise

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rnncomplete.card import Card

ANCHOR_DISTANCE = 2048
"""Characters; a text is read from at least this many before its end, or from its start."""

START = "\n"
"""What is read for an empty text: a network predicts nothing before the first character."""


def anchor(length: int) -> int:
    """Where reading a text of ``length`` characters begins.

    That is 0 up to 4095 characters, then the last multiple of 2048 with at least 2048 characters behind it.
    """
    return max(0, (length // ANCHOR_DISTANCE - 1) * ANCHOR_DISTANCE)


class Completer:
    """Completes texts in one style. Safe to share among threads: reading takes turns, a step is a value.

    ``options`` say when a ghost ends; by default with the threshold of the style's card.
    """

    def __init__(self, model: Model, options: DecoderOptions | None = None) -> None:
        self.model = model
        self.card: Card = model.card
        self.device = model.device
        self.options = options or DecoderOptions(threshold=model.card.threshold)
        self._decoder = Decoder(model.step, model.vocabulary, temperature=model.card.temperature)
        self._lock = threading.Lock()
        # Two anchors, because keys and backspaces at a boundary change from one to the other.
        self._caches: dict[int, PrefixCache[FloatArray]] = {}

    def fresh(self) -> Completer:
        """Another completer with the same model and options, that has read nothing."""
        return Completer(self.model, self.options)

    def read(self, before: str, wanted: Callable[[], bool] = always) -> tuple[FloatArray, FloatArray] | None:
        """(logits float32[V], state float32[S]) after the text ``before``; ``None`` once ``wanted()`` is false."""
        text = normalise(before)
        start = anchor(len(text))
        tokens = self.model.vocabulary.encode(text[start:] or START)
        with self._lock:
            cache = self._caches.pop(start, None) or PrefixCache(self.model.step, self.model.initial_state)
            while len(self._caches) > 1:
                del self._caches[next(iter(self._caches))]
            self._caches[start] = cache
            return cache.read(tokens, wanted)

    def grow(
        self, before: str, wanted: Callable[[], bool] = always, options: DecoderOptions | None = None
    ) -> Iterator[Ghost]:
        """Growing ghosts after ``before``: the first word as soon as it is known, then the whole; may be none.

        ``wanted`` is asked at every character, also while reading; once it is false nothing more comes.
        """
        for ghost in self._decode(before, wanted, options):
            if ghost.text:
                yield ghost

    def complete(
        self, before: str, wanted: Callable[[], bool] = always, options: DecoderOptions | None = None
    ) -> Ghost:
        """The whole ghost after ``before``; empty if nothing is likely enough, or if it was abandoned."""
        *_, ghost = self._decode(before, wanted, options)
        return ghost

    def insist(self, before: str, wanted: Callable[[], bool] = always, options: DecoderOptions | None = None) -> Ghost:
        """What somebody gets who asks: the ghost after ``before``, or where nothing is likely enough a word all the same.

        Empty only if it was abandoned, out of time, or there is not even a word within the length.
        """
        reading = self.read(before, wanted)
        if reading is None:
            return Ghost("", (), "abandoned")
        return self._insist(reading, wanted, options or self.options)

    def alternatives(
        self, before: str, count: int, wanted: Callable[[], bool] = always, options: DecoderOptions | None = None
    ) -> list[Ghost]:
        """For each of the ``count`` likeliest next characters a ghost, or a word, the likeliest first."""
        reading = self.read(before, wanted)
        if reading is None:
            return []
        tokens = self._decoder.likeliest(reading[0], count)
        ghosts = [self._insist(reading, wanted, options or self.options, token) for token in tokens]
        return [ghost for ghost in ghosts if ghost.text]

    def _decode(self, before: str, wanted: Callable[[], bool], options: DecoderOptions | None) -> Iterator[Ghost]:
        reading = self.read(before, wanted)
        if reading is None:
            yield Ghost("", (), "abandoned")
            return
        yield from self._decoder.grow(*reading, options or self.options, wanted)

    def _insist(
        self,
        reading: tuple[FloatArray, FloatArray],
        wanted: Callable[[], bool],
        options: DecoderOptions,
        first: int | None = None,
    ) -> Ghost:
        """The whole ghost, or where nothing is likely enough the likeliest word."""
        *_, ghost = self._decoder.grow(*reading, options, wanted, first)
        if ghost.text or ghost.stopped != "confidence":
            return ghost
        word = next(self._decoder.grow(*reading, replace(options, threshold=0.0), wanted, first))
        return replace(word, stopped="confidence")


def load_completer(
    style: str = DEFAULT_STYLE,
    device: str = "auto",
    *,
    length: int | None = None,
    threshold: float | None = None,
    budget_ms: float | None = None,
) -> Completer:
    """The completer of a style, by name or as a folder; what is not given comes from the card or is the default.

    Raises :class:`~rnncomplete.errors.StyleError`, ``ModelError`` or ``DeviceError``.
    """
    model = load_model(find_style(style), device)
    default = DecoderOptions(threshold=model.card.threshold)
    return Completer(
        model,
        DecoderOptions(
            length=default.length if length is None else length,
            threshold=default.threshold if threshold is None else threshold,
            budget_ms=default.budget_ms if budget_ms is None else budget_ms,
        ),
    )
