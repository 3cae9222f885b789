"""The place behind a text that was read, and the ghosts that may stand there."""

from __future__ import annotations

from dataclasses import replace
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from rnncomplete.completion.decoder import Decoder, DecoderOptions, Ghost
from rnncomplete.completion.ghost_length import eager_threshold
from rnncomplete.completion.likely_words import LikelyWord, WordSearch
from rnncomplete.text.words import is_word_character, worth_showing

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator, Sequence

    from rnncomplete.network.model import FloatArray
    from rnncomplete.text.vocabulary import Vocabulary

LEAST_LIKELY = 0.001
"""Probability of a word that somebody who asks is given, at least."""

LEAST_SHARE = 0.04
"""Probability of an alternative, as a share of the likeliest word's: what is much less likely is often no word."""


class Place:
    """The place behind the text ``before``: what may come there, by the ``scores`` and the ``state`` of ``reader``.

    ``wanted`` says whether that still holds, and is asked for. The reader is used only with ``lock`` held.
    """

    def __init__(
        self,
        reader: Any,
        vocabulary: Vocabulary,
        reading: tuple[Any, Any],
        *,
        before: str,
        wanted: Callable[[], bool],
        lock: threading.RLock,
    ) -> None:
        self.reader, self.before, self.wanted = reader, before, wanted
        self.scores, self.state = reading
        self._vocabulary, self._lock = vocabulary, lock

    @property
    def _decoder(self) -> Decoder[Any, Any]:
        # Not kept: it would hold this place, and the text before it, until the next collection of cycles.
        return Decoder(self._step, self._choose, self._vocabulary)

    def suppose(self, tokens: Sequence[int]) -> bool:
        """Move on behind ``tokens`` as if they stood there, without learning from them; false once it is not wanted."""
        for token in tokens:
            if not self.wanted():
                return False
            self.scores, self.state = self._step(token, self.state)
        return True

    def greedy(self, length: int) -> Iterator[tuple[str, float]]:
        """The ``length`` likeliest characters here, with their probabilities, as they are asked for and wanted."""
        return takewhile(lambda _: self.wanted(), self._decoder.greedy(self.scores, self.state, length))

    def grow(self, options: DecoderOptions) -> Iterator[Ghost]:
        """The first word as soon as it is known, then the whole ghost, which may be empty.

        At the beginning of a text the likeliest word may be less likely than elsewhere.
        """
        ghost = Ghost("", (), "abandoned")
        for ghost in self._ghosts(options):
            yield ghost
        least = eager_threshold(options.threshold, self.before, " ")
        if ghost.text or ghost.stopped != "confidence" or not options.whole_words or least == options.threshold:
            return
        word = self._worthy_word(least, options.length)
        if word is not None and word.probability >= eager_threshold(options.threshold, self.before, word.text):
            yield self._beginning_with(word.tokens, options)

    def insist(self, options: DecoderOptions) -> Ghost:
        """The whole ghost, or where nothing is likely enough the likeliest word."""
        *_, ghost = self._ghosts(options)
        if ghost.text or ghost.stopped != "confidence":
            return ghost
        word = self._worthy_word(LEAST_LIKELY, options.length)
        return self._beginning_with(word.tokens if word else (), options)

    def alternatives(self, count: int, options: DecoderOptions) -> list[Ghost]:
        """At most ``count`` ghosts that begin with different words, each likely, the likeliest first."""
        ghosts: list[Ghost] = []
        least = LEAST_LIKELY
        for word in self._words(least, options.length):
            least = max(least, LEAST_SHARE * word.probability)  # the first is the likeliest
            if len(ghosts) == count or word.probability < least:
                break
            ghost = self._beginning_with(word.tokens, options)
            if ghost.text and all(ghost.text != other.text for other in ghosts):
                ghosts.append(ghost)
        return ghosts

    def _ghosts(self, options: DecoderOptions, forced: Sequence[int] = ()) -> Iterator[Ghost]:
        """Growing ghosts, whose first tokens are ``forced``."""
        return self._decoder.grow(self.scores, self.state, options, self.wanted, before=self.before, forced=forced)

    def _beginning_with(self, tokens: Sequence[int], options: DecoderOptions) -> Ghost:
        """The ghost whose first tokens are given, or where that is not worth showing a word that begins with them."""
        *_, ghost = self._ghosts(options, tokens)
        if ghost.text or ghost.stopped != "confidence":
            return ghost
        return replace(next(self._ghosts(replace(options, threshold=0.0), tokens)), stopped="confidence")

    def _worthy_word(self, least: float, length: int) -> LikelyWord | None:
        """The likeliest word that somebody may want to see: no sign, and more than a letter."""
        words = self._words(least, length)
        return next((word for word in words if worth_showing(word.text) and is_word_character(word.text[-1])), None)

    def _words(self, least: float, length: int) -> Iterator[LikelyWord]:
        """Words with at least the probability ``least``, the likeliest first."""
        search: WordSearch[Any, Any] = WordSearch(self._step, self._probabilities, self._vocabulary)
        return search.words(self.scores, self.state, least, length, self.wanted)

    def _step(self, token: int, state: Any) -> tuple[Any, Any]:
        with self._lock:
            following: tuple[Any, Any] = self.reader.step(token, state)
            return following

    def _choose(self, scores: Any, token: int | None) -> tuple[int, float]:
        with self._lock:
            chosen: tuple[int, float] = self.reader.choose(scores, token)
            return chosen

    def _probabilities(self, scores: Any) -> FloatArray:
        with self._lock:
            probabilities: FloatArray = self.reader.probabilities(scores)
            return probabilities
