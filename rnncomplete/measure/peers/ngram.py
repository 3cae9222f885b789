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
    from collections.abc import Callable, Iterable, Iterator

    from numpy.typing import NDArray

    from rnncomplete.network.model import FloatArray

    IntArray = NDArray[np.int64]

HIGHEST_ORDER = 20
"""Longest grams tried."""

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
        self._lengths = list(_count(tokens, vocabulary_size, order))
        self.order = len(self._lengths)
        self.initial_state: tuple[int, ...] = (0,)

    @property
    def bytes(self) -> int:
        """Of all counts as they are held."""
        return sum(grams.keys.nbytes + grams.share.nbytes + grams.rest.nbytes for grams in self._lengths)

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
        return _losses(self._lengths, tokens, self.vocabulary_size, progress)

    def _find(self, length: int, context: int, token: int) -> int:
        """Number of the gram of ``length`` + 1 characters, or ``ABSENT``."""
        keys = self._lengths[length].keys
        key = context * self.vocabulary_size + token
        place = int(np.searchsorted(keys, key))
        return place if place < len(keys) and keys[place] == key else ABSENT


def losses_of_orders(
    training: NDArray[np.integer],
    tokens: NDArray[np.integer],
    vocabulary_size: int,
    order: int,
    progress: Callable[[int], None] = lambda _: None,
) -> NDArray[np.float64]:
    """:meth:`KneserNey.losses` of ``tokens`` after counting ``training``, with the grams of one length in memory at once.

    ``progress`` is told each length that is done. About 110 bytes a character of ``training``, whatever the order.
    """
    return _losses(_count(training, vocabulary_size, order), tokens, vocabulary_size, progress)


def _losses(
    lengths: Iterable[_Length], tokens: NDArray[np.integer], size: int, progress: Callable[[int], None]
) -> NDArray[np.float64]:
    """Mean loss of each order, given the grams of every length from the shortest up."""
    text: IntArray = np.asarray(tokens, np.int64)
    targets = text[1:]
    lower = np.full(len(targets), 1 / size)
    contexts = np.zeros(len(targets), np.int64)
    result = []
    for length, grams in enumerate(lengths):
        seen = (contexts != ABSENT) & (contexts < grams.rest.shape[1])
        known = np.where(seen, contexts, 0)
        at, hit = _places(grams.keys, np.where(seen, contexts * size + targets, ABSENT))
        mixed = [
            np.where(seen, np.where(hit, grams.share[kind, at], 0) + grams.rest[kind, known] * lower, lower)
            for kind in (0, 1)
        ]
        result.append(-np.log(mixed[0]).mean())
        lower = mixed[1]
        # The context of the next length before a target is this one of the target before, and the character between.
        before = np.concatenate(([ABSENT if length else 0], contexts[:-1]))
        at, hit = _places(grams.keys, np.where(before == ABSENT, ABSENT, before * size + text[:-1]))
        contexts = np.where(hit, at, ABSENT)
        progress(length + 1)
    return np.array(result)


def _places(keys: IntArray, wanted: IntArray) -> tuple[IntArray, NDArray[np.bool_]]:
    """Where each of ``wanted`` is among ``keys``, which are sorted, and whether it is there at all."""
    places = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return places, keys[places] == wanted


def _count(tokens: NDArray[np.integer], size: int, order: int) -> Iterator[_Length]:
    """Grams of 1 to ``order`` characters with their discounted shares, one length after another."""
    endings = np.zeros(len(tokens), np.int32)  # number of the gram that ends behind each token; all are empty at first
    numbers = endings  # and of the one that ends before it
    shorter: tuple[IntArray, NDArray[np.int32]] | None = None  # keys and counts of the length before
    for length in range(1, order + 2):
        keys = numbers.astype(np.int64) * size
        keys += tokens
        keys[: length - 1] = ABSENT  # the first tokens have too few before them
        sorting = np.argsort(keys)
        keys = keys[sorting]
        new = np.concatenate(([True], keys[1:] != keys[:-1]))
        starts = np.flatnonzero(new)
        absent = int(keys[0] == ABSENT)
        unique, counts = keys[starts][absent:], np.diff(starts, append=len(keys)).astype(np.int32)[absent:]
        suffixes = endings[sorting[starts[absent:]]]
        numbers = np.cumsum(new, dtype=np.int32)
        numbers -= 1 + absent
        endings = np.empty(len(tokens), np.int32)
        endings[sorting] = numbers
        del keys, new, starts, sorting
        if shorter is not None:
            continuation = np.bincount(suffixes[suffixes >= 0], minlength=len(shorter[0]))
            yield _discounted(*shorter, continuation, size)
        shorter = unique, counts
        numbers[1:], numbers[0] = endings[:-1], ABSENT
        if not len(unique):
            break


def _discounted(keys: IntArray, counts: NDArray[np.int32], continuation: IntArray, size: int) -> _Length:
    contexts = (keys // size).astype(np.int32)
    shares, rests = [], []
    for kind in (counts, np.maximum(continuation, 1)):
        discounts = _discounts(kind)
        total = np.bincount(contexts, weights=kind).astype(np.float64)
        removed = discounts[np.minimum(kind, 3)]
        rests.append(np.where(total > 0, np.bincount(contexts, weights=removed) / np.maximum(total, 1), 1.0))
        np.subtract(kind, removed, out=removed)
        removed /= np.maximum(total, 1)[contexts]
        shares.append(removed.astype(np.float32))
    return _Length(keys, np.array(shares), np.array(rests, np.float32))


def _discounts(counts: NDArray[np.integer]) -> NDArray[np.float64]:
    """Discounts of counts 0, 1, 2 and 3 or more (Chen, Goodman 1999, equation 26), kept within their counts."""
    of = [int((counts == number).sum()) for number in range(1, 5)]
    result = np.zeros(4)
    ratio = of[0] / max(1, of[0] + 2 * of[1])
    for number in (1, 2, 3):
        estimate = number - (number + 1) * ratio * of[number] / of[number - 1] if of[number - 1] else number / 2
        result[number] = min(max(estimate, 0.05), number - 0.05)
    return result
