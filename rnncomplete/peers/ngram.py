"""A character n-gram model with modified Kneser-Ney smoothing, interpolated (Chen, Goodman 1999, section 3).

Counts of every length up to the order live in sorted arrays, so that a text of millions of characters is counted by
sorting and a continuation is found by bisection. A *gram* of length n is a number: grams of one length are numbered in
the order of (number of the gram without its last character, last character).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from rnncomplete.model import FloatArray

    IntArray = NDArray[np.int64]

ABSENT = -1
"""Number of a gram that was never seen."""


@dataclass(frozen=True)
class _Length:
    """Everything about the grams of one length; G of them, behind C contexts one character shorter."""

    keys: IntArray
    """int64[G], sorted: context * V + character."""
    share: FloatArray
    """float32[2, G]: discounted count over the context's total; raw counts first, then continuation counts."""
    rest: FloatArray
    """float32[2, C]: what a context leaves to the shorter one."""


class KneserNey:
    """``order`` is the longest gram, or all of a text that is shorter: the context has one character less.

    A state is a tuple of numbers: the context of each length, from the empty one up, as far as it was seen.
    """

    def __init__(self, tokens: NDArray[np.integer], vocabulary_size: int, order: int) -> None:
        self.vocabulary_size = vocabulary_size
        self._lengths = _count(np.asarray(tokens, np.int64), vocabulary_size, order)
        self.order = len(self._lengths)
        self.initial_state: tuple[int, ...] = (0,)

    def next_state(self, token: int, state: tuple[int, ...]) -> tuple[int, ...]:
        """The contexts after ``token``; the longest has ``order - 1`` characters."""
        contexts = [0]
        for length, context in enumerate(state[: self.order - 1]):
            gram = self._find(length, context, token)
            if gram == ABSENT:
                break
            contexts.append(gram)
        return tuple(contexts)

    def probabilities(self, state: tuple[int, ...]) -> NDArray[np.float64]:
        """Of each character after ``state``, float64[V]; they sum to 1."""
        size = self.vocabulary_size
        result = np.full(size, 1 / size)
        for length, context in enumerate(state):
            grams = self._lengths[length]
            # Only the longest context that the order allows counts how often; below it counts in how many contexts.
            kind = 0 if length == self.order - 1 else 1
            first, last = np.searchsorted(grams.keys, [context * size, (context + 1) * size])
            if context < grams.rest.shape[1]:
                result = result * grams.rest[kind, context]
                result[grams.keys[first:last] - context * size] += grams.share[kind, first:last]
        return result

    def step(self, token: int, state: tuple[int, ...]) -> tuple[FloatArray, tuple[int, ...]]:
        """(log-probabilities float32[V], next state), as a decoder takes it."""
        following = self.next_state(token, state)
        return np.log(self.probabilities(following)).astype(np.float32), following

    def losses(
        self, tokens: NDArray[np.integer], progress: Callable[[int], None] = lambda _: None
    ) -> NDArray[np.float64]:
        """Nats per character of ``tokens`` but the first, for every order from 1 to the highest, float64[order].

        All orders share their lower levels, so one pass measures them all.
        """
        text: IntArray = np.asarray(tokens, np.int64)
        size, count = self.vocabulary_size, len(text) - 1
        targets = text[1:]
        lower = np.full(count, 1 / size)
        contexts = np.zeros(count, np.int64)
        result = np.zeros(self.order)
        for length, grams in enumerate(self._lengths):
            seen = (contexts != ABSENT) & (contexts < grams.rest.shape[1])
            known = np.where(seen, contexts, 0)
            places = np.searchsorted(grams.keys, known * size + targets)
            hit = seen & (grams.keys[np.minimum(places, len(grams.keys) - 1)] == known * size + targets)
            at = np.where(hit, places, 0)
            mixed = [
                np.where(seen, np.where(hit, grams.share[kind, at], 0) + grams.rest[kind, known] * lower, lower)
                for kind in (0, 1)
            ]
            result[length] = -np.log(mixed[0]).mean()
            lower = mixed[1]
            contexts = self._lengthened(length, contexts, text)
            progress(length + 1)
        return result

    def _lengthened(self, length: int, contexts: IntArray, tokens: IntArray) -> IntArray:
        """From the context of ``length`` characters before each target to the one a character longer."""
        result = np.full(len(contexts), ABSENT, np.int64)
        # The longer context of a target is the shorter context one place earlier, and the character between.
        grams, size = self._lengths[length], self.vocabulary_size
        earlier, between = contexts[:-1], tokens[1:-1]
        keys = np.where(earlier == ABSENT, -1, earlier * size + between)
        places = np.minimum(np.searchsorted(grams.keys, keys), len(grams.keys) - 1)
        result[1:] = np.where(grams.keys[places] == keys, places, ABSENT)
        if length == 0:
            result[0] = self._find(0, 0, int(tokens[0]))
        return result

    def _find(self, length: int, context: int, token: int) -> int:
        """Number of the gram of ``length`` + 1 characters, or ``ABSENT``."""
        keys = self._lengths[length].keys
        key = context * self.vocabulary_size + token
        place = int(np.searchsorted(keys, key))
        return place if place < len(keys) and keys[place] == key else ABSENT


def _count(tokens: IntArray, size: int, order: int) -> list[_Length]:
    """Grams of 1 to ``order`` characters with their discounted shares."""
    numbers = np.zeros(len(tokens) + 1, np.int64)  # of the gram that ends before each place; all are empty at first
    shorter: tuple[IntArray, IntArray, IntArray] | None = None
    lengths = []
    for length in range(1, order + 2):
        # A gram ends behind each token; the first ones are too short.
        keys = numbers[:-1] * size + tokens
        keys[: length - 1] = -1
        unique, first, inverse, counts = np.unique(keys, return_index=True, return_inverse=True, return_counts=True)
        absent = int(unique[0] == -1)
        if shorter is not None:
            suffixes = shorter[2][first[absent:]]
            continuation = np.bincount(suffixes[suffixes >= 0], minlength=len(shorter[0]))
            lengths.append(_discounted(shorter[0], shorter[1], continuation, size))
        unique, counts, ids = unique[absent:], counts[absent:], inverse.reshape(-1) - absent
        shorter = (unique, counts, ids)
        numbers = np.concatenate(([ABSENT], ids))
        if not len(unique):
            break
    return lengths


def _discounted(keys: IntArray, counts: IntArray, continuation: IntArray, size: int) -> _Length:
    contexts = keys // size
    shares, rests = [], []
    for kind in (counts, np.maximum(continuation, 1)):
        discounts = _discounts(kind)
        total = np.bincount(contexts, weights=kind).astype(np.float64)
        removed = discounts[np.minimum(kind, 3)]
        safe = np.maximum(total, 1)
        shares.append((kind - removed) / safe[contexts])
        rests.append(np.where(total > 0, np.bincount(contexts, weights=removed) / safe, 1.0))
    return _Length(keys, np.array(shares, np.float32), np.array(rests, np.float32))


def _discounts(counts: IntArray) -> NDArray[np.float64]:
    """Discounts of counts 0, 1, 2 and 3 or more (Chen, Goodman 1999, equation 26), kept within their counts."""
    of = [int((counts == number).sum()) for number in range(1, 5)]
    result = np.zeros(4)
    ratio = of[0] / max(1, of[0] + 2 * of[1])
    for number in (1, 2, 3):
        estimate = number - (number + 1) * ratio * of[number] / of[number - 1] if of[number - 1] else number / 2
        result[number] = min(max(estimate, 0.05), number - 0.05)
    return result
