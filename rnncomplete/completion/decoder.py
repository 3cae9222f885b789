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
from rnncomplete.completion.repetition import until_repetition
from rnncomplete.network.distribution import softmax
from rnncomplete.text.words import whole_characters, worth_showing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from rnncomplete.network.model import FloatArray
    from rnncomplete.text.vocabulary import Vocabulary

Scores = TypeVar("Scores")
State = TypeVar("State")


@dataclass(frozen=True)
class Ghost:
    """A continuation that may be shown."""

    text: str
    """What would be shown; empty if nothing is likely enough. A ghost of whole words never ends in a blank."""
    probabilities: tuple[float, ...]
    """Of each character of ``text``, given those before it."""
    stopped: str
    """Why it ends: "confidence", "length", "time" or "abandoned"; "line" is an empty one where no more lines may follow."""
    blank: str = ""
    """The blanks behind ``text``, which nobody can see. They come with the next word, if one is typed after accepting."""

    @property
    def spelled_out(self) -> str:
        """``text`` and ``blank``: all that accepting it spares somebody who goes on with a word."""
        return self.text + self.blank


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
    line_ends: int | None = None
    """How many line ends a ghost may have; ``None`` for any number."""


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
        self, scores: Scores, state: State, length: int, forced: Sequence[int] = ()
    ) -> Iterator[tuple[str, float]]:
        """``length`` characters after the text, each the likeliest, with their probabilities, as they are asked for.

        ``scores`` and ``state`` are those after the text. ``forced`` are the tokens to begin with.
        """
        for place in range(length):
            token, probability = self._choose(scores, forced[place] if place < len(forced) else None)
            yield self._characters[token], probability
            if place < length - 1:
                scores, state = self._step(token, state)

    def grow(
        self,
        scores: Scores,
        state: State,
        options: DecoderOptions,
        wanted: Callable[[], bool] = always,
        *,
        before: str = "",
        forced: Sequence[int] = (),
    ) -> Iterator[Ghost]:
        """What :func:`decide` makes of :meth:`greedy`."""
        characters = self.greedy(scores, state, options.length, forced)
        return decide(characters, options, wanted, before=before, forced=len(forced), clock=self._clock)


def decide(
    characters: Iterable[tuple[str, float]],
    options: DecoderOptions,
    wanted: Callable[[], bool] = always,
    *,
    before: str = "",
    forced: int = 0,
    clock: Callable[[], float] = time.perf_counter,
) -> Iterator[Ghost]:
    """The first word as soon as it is known, then the whole ghost, which may be empty.

    Of ``characters`` and their probabilities no more are taken than the decision needs: with a higher threshold fewer,
    or as many. ``wanted`` is asked at every character, before anything is made of it; once it is false the last
    ghost is empty and says "abandoned". ``before`` is the text that they come after, which a ghost does not repeat. The
    first ``forced`` characters are taken whatever their probability. ``clock`` gives seconds.
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
            word = _cut(text, probabilities, character, options, before=before, forced=forced)
            if announced := bool(word.text):
                yield word
        if character == "\n" and options.line_ends is not None and text.count("\n") >= options.line_ends:
            stopped, following = "confidence" if text else "line", character
            break
        # The first word must be likely enough; further ones are cut where they are worth less than they cost.
        smallest = smallest_joint(options.threshold) if announced else options.threshold
        if len(text) >= forced:
            if not joint * probability >= smallest:  # also where it is NaN
                stopped, following = "confidence", character
                break
            joint *= probability
        text += character
        probabilities.append(probability)
        if clock() >= deadline:
            stopped = "time"
            break
    if options.whole_words:
        whole = _cut(text, probabilities, following, options, before=before, forced=forced)
        if not whole.text and stopped == "length" and len(text.lstrip()) >= options.length - 1:
            # One word that is longer than a ghost may be, and likely so far: what fits of it.
            part = whole_characters(text).rstrip()
            whole = Ghost(part, tuple(probabilities[: len(part)]), stopped) if worth_showing(part) else whole
        yield replace(whole, stopped=stopped)
    else:
        yield Ghost(text, tuple(probabilities), stopped)


def _cut(
    text: str, probabilities: list[float], following: str, options: DecoderOptions, *, before: str, forced: int
) -> Ghost:
    """What of ``text`` is worth showing behind ``before``; its first ``forced`` characters count as certain."""
    likely = [1.0] * min(forced, len(text)) + probabilities[forced:]
    length = best_length(text, likely, options.threshold, following)
    if length and (fresh := until_repetition(before, text[:length])) < length:
        length = best_length(text[:fresh], likely[:fresh], options.threshold, text[fresh])
    seen = text[:length].rstrip()
    return Ghost(seen, tuple(probabilities[: len(seen)]), "length", text[len(seen) : length])
