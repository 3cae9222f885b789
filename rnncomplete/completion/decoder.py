"""Greedy decoding: the likeliest characters after a text, for as long as they may be worth showing.

How much of them is shown, if any, is decided by :mod:`rnncomplete.completion.ghost_length`.

The decoder takes a step function and knows nothing of networks.
"""

from __future__ import annotations

import itertools
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np

from rnncomplete.completion.ghost_length import best_length, smallest_joint
from rnncomplete.completion.prefix_cache import always
from rnncomplete.network.distribution import softmax
from rnncomplete.text.words import whole_characters, worth_showing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from rnncomplete.network.model import FloatArray
    from rnncomplete.text.vocabulary import Vocabulary

Scores = TypeVar("Scores")
State = TypeVar("State")


@dataclass(frozen=True)
class Ghost:
    """A continuation that may be shown."""

    text: str
    """What would be shown; empty if nothing is likely enough."""
    probabilities: tuple[float, ...]
    """Of each character of ``text``, given those before it."""
    stopped: str
    """Why it ends: "confidence", "length", "time" or "abandoned"."""


@dataclass(frozen=True)
class DecoderOptions:
    """When a ghost ends."""

    length: int = 40
    """Characters at most."""
    threshold: float = 0.25
    """Smallest probability of a ghost's first word; a higher one shortens ghosts, too."""
    budget_ms: float = 50.0
    """Milliseconds of decoding after which a ghost is shown as far as it is; infinite for none."""
    whole_words: bool = True
    """Whether a ghost ends at a word, where it is worth most, and is left out if it is worth nothing. Otherwise it ends
    where the joint probability of its characters falls below the threshold."""


class LogitChoice:
    """Chooses by logits float32[V], which ``temperature`` divides; log-probabilities are as good.

    Tokens that the vocabulary does not call suggestible are never chosen, but keep their share of the probability.
    """

    def __init__(self, vocabulary: Vocabulary, temperature: float = 1.0) -> None:
        self._silenced = np.where(vocabulary.suggestible, 0, -np.inf).astype(np.float32)
        self._temperature = temperature

    def choose(self, scores: FloatArray, token: int | None = None) -> tuple[int, float]:
        """The likeliest suggestible token, or the one given, and its probability among all tokens."""
        scaled = scores / self._temperature if self._temperature != 1 else scores
        top = int(scaled.argmax())
        if token is None:
            token = top if self._silenced[top] == 0 else int((scaled + self._silenced).argmax())
        return token, float(softmax(scaled)[token])

    def likeliest(self, scores: FloatArray, count: int) -> list[int]:
        """The ``count`` likeliest suggestible tokens, likeliest first; fewer if there are fewer."""
        order = np.argsort(-(scores + self._silenced), kind="stable")[:count]
        return [int(token) for token in order if self._silenced[token] == 0]


class Decoder(Generic[Scores, State]):
    """Decodes over ``step(token, state) -> (scores, next state)`` and ``choose(scores, token)``.

    The latter gives the likeliest suggestible token, or the one given if it is not ``None``, and its probability among
    all tokens. ``clock`` gives seconds.
    """

    def __init__(
        self,
        step: Callable[[int, State], tuple[Scores, State]],
        choose: Callable[[Scores, int | None], tuple[int, float]],
        vocabulary: Vocabulary,
        *,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._step = step
        self._choose = choose
        self._characters = vocabulary.characters
        self._clock = clock

    def greedy(
        self, scores: Scores, state: State, length: int, first: int | None = None
    ) -> Iterator[tuple[str, float]]:
        """``length`` characters after the text, each the likeliest, with their probabilities, as they are asked for.

        ``scores`` and ``state`` are those after the text. ``first`` forces the first token.
        """
        token, probability = self._choose(scores, first)
        for _ in range(length - 1):
            yield self._characters[token], probability
            scores, state = self._step(token, state)
            token, probability = self._choose(scores, None)
        yield self._characters[token], probability

    def grow(
        self,
        scores: Scores,
        state: State,
        options: DecoderOptions,
        wanted: Callable[[], bool] = always,
        first: int | None = None,
    ) -> Iterator[Ghost]:
        """What :func:`decide` makes of :meth:`greedy`."""
        characters = self.greedy(scores, state, options.length, first)
        return decide(characters, options, wanted, forced=first is not None, clock=self._clock)


def decide(
    characters: Iterable[tuple[str, float]],
    options: DecoderOptions,
    wanted: Callable[[], bool] = always,
    *,
    forced: bool = False,
    clock: Callable[[], float] = time.perf_counter,
) -> Iterator[Ghost]:
    """The first word as soon as it is known, then the whole ghost, which may be empty.

    Of ``characters`` and their probabilities no more are taken than the decision needs: with a higher threshold fewer,
    or as many. ``wanted`` is asked at every character, before anything is made of it; once it is false the last
    ghost is empty and says "abandoned". The first character is taken whatever its probability if it was ``forced``.
    ``clock`` gives seconds.
    """
    deadline = clock() + options.budget_ms / 1000
    text, joint = "", 1.0
    probabilities: list[float] = []
    stopped, following, announced = "length", "", False
    for character, probability in itertools.islice(characters, options.length):
        if not wanted():
            yield Ghost("", (), "abandoned")
            return
        if options.whole_words and not announced:
            word = _cut(text, probabilities, character, options, forced=forced)
            if announced := bool(word.text):
                yield word
        # The first word must be likely enough; further ones are cut where they are worth less than they cost.
        smallest = smallest_joint(options.threshold) if announced else options.threshold
        if text or not forced:
            if not joint * probability >= smallest:  # also where it is no number
                stopped, following = "confidence", character
                break
            joint *= probability
        text += character
        probabilities.append(probability)
        if clock() >= deadline:
            stopped = "time"
            break
    if options.whole_words:
        whole = _cut(text, probabilities, following, options, forced=forced)
        if not whole.text and stopped == "length" and len(text.lstrip()) >= options.length - 1:
            # One word that is longer than a ghost may be, and likely so far: what fits of it.
            part = whole_characters(text)
            whole = Ghost(part, tuple(probabilities[: len(part)]), stopped) if worth_showing(part) else whole
        yield replace(whole, stopped=stopped)
    else:
        yield Ghost(text, tuple(probabilities), stopped)


def _cut(text: str, probabilities: list[float], following: str, options: DecoderOptions, *, forced: bool) -> Ghost:
    """What of ``text`` is worth showing; a first character that was forced counts as certain."""
    likely = [1.0, *probabilities[1:]] if forced and probabilities else probabilities
    length = best_length(text, likely, options.threshold, following)
    return Ghost(text[:length], tuple(probabilities[:length]), "length")
