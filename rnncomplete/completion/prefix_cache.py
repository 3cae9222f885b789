"""Remembering what the network made of a text's prefixes, so that a key costs one step and a backspace none.

States are kept densely for the positions used last, and at checkpoints over the whole text; the checkpoints move apart
as the text grows, so memory is bounded. After an edit in the middle, reading goes on from the nearest position kept.
What comes out is exactly what reading from the start gives: the same steps are done, only fewer of them again.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from rnncomplete.network.model import FloatArray

State = TypeVar("State")


def always() -> bool:
    """The ``wanted`` of a caller who never changes their mind."""
    return True


class PrefixCache(Generic[State]):
    """What ``step`` made of the prefixes of the text read last.

    ``step(token, state) -> (logits, next state)`` must not change the state it is given. ``dense`` is the number of
    positions kept of those used last, ``checkpoints`` the number kept at regular distances, at first ``distance``
    characters. Not safe to share among threads.
    """

    def __init__(
        self,
        step: Callable[[int, State], tuple[FloatArray, State]],
        initial_state: State,
        *,
        dense: int = 512,
        checkpoints: int = 256,
        distance: int = 32,
    ) -> None:
        self._step = step
        self._initial_state = initial_state
        self._dense = dense
        self._most_checkpoints = checkpoints
        self._first_distance = distance
        self._distance = distance
        self._tokens: NDArray[np.int64] = np.zeros(0, np.int64)
        # Both map the number of tokens read to (logits, state).
        self._recent: OrderedDict[int, tuple[FloatArray, State]] = OrderedDict()
        self._checkpoints: dict[int, tuple[FloatArray, State]] = {}

    def __len__(self) -> int:
        """How many positions are kept."""
        return len(self._recent.keys() | self._checkpoints.keys())

    @property
    def nbytes(self) -> int:
        """Bytes that logits and states take, if states are arrays."""
        kept = {**self._recent, **self._checkpoints}
        return sum(logits.nbytes + getattr(state, "nbytes", 0) for logits, state in kept.values())

    def advance(self, tokens: Sequence[int] | NDArray[np.integer], steps: int) -> None:
        """Do at most so many of the ``steps`` that reading ``tokens`` takes; the next call goes on from there."""
        text = np.asarray(tokens, np.int64)
        self._follow(text)
        position, _ = self._nearest(len(text))
        if position < len(text):
            self.read(text[: position + steps])

    def read(
        self, tokens: Sequence[int] | NDArray[np.integer], wanted: Callable[[], bool] = always
    ) -> tuple[FloatArray, State] | None:
        """(logits float32[V], state) after ``tokens``, of which there must be at least one.

        ``None`` as soon as ``wanted()`` is false, which is asked before each step; what was read until then is kept.
        """
        if not len(tokens):
            raise ValueError("no tokens to read: a network predicts nothing before the first character")
        return next(self.through(tokens, len(tokens), wanted), None)

    def through(
        self, tokens: Sequence[int] | NDArray[np.integer], first: int, wanted: Callable[[], bool] = always
    ) -> Iterator[tuple[FloatArray, State]]:
        """(logits, state) after the first ``first`` of ``tokens``, at least one, after one more, and so on to all.

        Nothing more comes once ``wanted()`` is false.
        """
        text = np.asarray(tokens, np.int64)
        self._follow(text)
        position, (logits, state) = self._nearest(first)
        if position == first:
            yield logits, state
        for token in text[position:].tolist():
            if not wanted():
                return
            logits, state = self._step(token, state)
            position += 1
            self._keep(position, logits, state)
            if position >= first:
                yield logits, state

    def forget(self, position: int) -> None:
        """Forget what was made of the first ``position`` tokens, and of more: it would be something else now."""
        for kept in (self._recent, self._checkpoints):
            for place in [place for place in kept if place >= position]:
                del kept[place]

    def _follow(self, text: NDArray[np.int64]) -> None:
        """Forget what the network made of characters that ``text`` does not have."""
        shorter = min(len(text), len(self._tokens))
        different = np.flatnonzero(text[:shorter] != self._tokens[:shorter])
        if not len(different) and len(text) <= len(self._tokens):
            return  # a prefix of the old text, which may come back
        if len(different):
            self.forget(int(different[0]) + 1)
        if not self._checkpoints:
            self._distance = self._first_distance
        self._tokens = text.copy()

    def _nearest(self, position: int) -> tuple[int, tuple[FloatArray, State]]:
        """The last kept position up to ``position``, and what is kept there."""
        for at in range(position, 0, -1):
            if at in self._recent:
                self._recent.move_to_end(at)
                return at, self._recent[at]
            if at in self._checkpoints:
                return at, self._checkpoints[at]
        return 0, (np.zeros(0, np.float32), self._initial_state)

    def _keep(self, position: int, logits: FloatArray, state: State) -> None:
        self._recent[position] = logits, state
        if len(self._recent) > self._dense:
            self._recent.popitem(last=False)
        if position % self._distance == 0:
            self._checkpoints[position] = logits, state
        if len(self._checkpoints) > self._most_checkpoints:
            self._distance *= 2
            self._checkpoints = {at: kept for at, kept in self._checkpoints.items() if at % self._distance == 0}
