"""The likeliest next words, found best first: not the words behind the likeliest characters, which may be none at all.

A network predicts characters, so the likeliest word may begin with a character that is not the likeliest: after ``To be,
or not `` that is ``a``, and the word ``to``. Of all beginnings of words the likeliest is always gone on with, until it
is a whole word; what is found first is then the likeliest (Dijkstra's search, with -log p as the length of a step).
"""

from __future__ import annotations

import heapq
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np

from rnncomplete.completion.prefix_cache import always
from rnncomplete.text.words import next_word

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rnncomplete.network.model import FloatArray
    from rnncomplete.text.vocabulary import Vocabulary

Scores = TypeVar("Scores")
State = TypeVar("State")

BRANCHES = 16
"""Characters tried behind each beginning of a word, the likeliest."""

MOST_STEPS = 256
"""Beginnings of words gone on with at most, so that the search ends soon where all words are about as likely."""


@dataclass(frozen=True)
class LikelyWord:
    """A word that may come next, with the blanks before it."""

    tokens: tuple[int, ...]
    text: str
    probability: float
    """That it comes next, and ends there."""


@dataclass(frozen=True)
class _Beginning(Generic[State]):
    """The beginning of a word, or with ``whole`` all of it; ``state`` is that before its last token."""

    tokens: tuple[int, ...]
    text: str
    state: State
    whole: bool


class WordSearch(Generic[Scores, State]):
    """Searches over ``step(token, state) -> (scores, next state)`` and ``probabilities(scores)``, float32[V]."""

    def __init__(
        self,
        step: Callable[[int, State], tuple[Scores, State]],
        probabilities: Callable[[Scores], FloatArray],
        vocabulary: Vocabulary,
    ) -> None:
        self._step = step
        self._probabilities = probabilities
        self._vocabulary = vocabulary

    def words(
        self, scores: Scores, state: State, floor: float, length: int, wanted: Callable[[], bool] = always
    ) -> Iterator[LikelyWord]:
        """Words of at most ``length`` characters with at least the probability ``floor``, the likeliest first.

        ``scores`` and ``state`` are those after the text. No more comes once ``wanted()`` is false.
        """
        number = itertools.count()
        # Entries are (minus the probability, what makes them different, the beginning).
        open_ends: list[tuple[float, int, _Beginning[State]]] = []
        known: Scores | None = scores
        beginning, probability = _Beginning((), "", state, whole=False), 1.0
        for _ in range(MOST_STEPS):
            if not wanted():
                return
            if known is None:
                known, state = self._step(beginning.tokens[-1], beginning.state)
            for following, share in self._behind(beginning, self._probabilities(known), state, length):
                if (likely := probability * share) >= floor:
                    heapq.heappush(open_ends, (-likely, next(number), following))
            known = None
            while open_ends and open_ends[0][2].whole:
                negative, _, word = heapq.heappop(open_ends)
                yield LikelyWord(word.tokens, word.text, -negative)
            if not open_ends:
                return
            negative, _, beginning = heapq.heappop(open_ends)
            probability = -negative

    def _behind(
        self, beginning: _Beginning[State], probabilities: FloatArray, state: State, length: int
    ) -> Iterator[tuple[_Beginning[State], float]]:
        """What ``beginning`` may become with one more character, and the share of its probability that each has."""
        text, ends = beginning.text, 0.0
        for token in np.argsort(-probabilities)[:BRANCHES].tolist():
            longer = text + self._vocabulary.characters[token]
            if text.strip() and next_word(longer) == text:
                ends += float(probabilities[token])
            elif len(longer) <= length and self._vocabulary.suggestible[token]:
                yield _Beginning((*beginning.tokens, token), longer, state, whole=False), float(probabilities[token])
        if ends:
            yield _Beginning(beginning.tokens, text, state, whole=True), ends
