"""One loaded network: its card, its vocabulary, and one step (the model contract, formats 1 and 2).

Inputs ``token int64[batch]`` and ``state float32[batch, S]``, outputs ``logits float32[batch, V]`` and
``next_state float32[batch, S]``; which cell is inside does not matter here. A state of zeros is the start of a text.
In format 2 there may be outputs ``readout.NAME float32[batch, labels]``: a distribution over labels of the text so far.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from rnncomplete.errors import ModelError
from rnncomplete.network.contract import READOUT
from rnncomplete.text.vocabulary import Vocabulary

if TYPE_CHECKING:
    from rnncomplete.network.card import Card

FloatArray = NDArray[np.float32]
Step = Callable[[int, FloatArray], tuple[FloatArray, FloatArray]]
Batch = Callable[[NDArray[np.int64], FloatArray], tuple[FloatArray, dict[str, FloatArray]]]
Readouts = dict[str, FloatArray]


class Reads(Protocol):
    """A step that can say what its readouts were."""

    def readouts(self, token: int, state: FloatArray) -> Readouts:
        """Of each readout the distribution after ``token`` in ``state`` float32[S]."""


LARGEST_LOGIT = 1e4
"""Beyond this a network is as sure as it can be."""


class Model:
    """One loaded network; ``device`` is what really runs, "cpu" or "cuda"."""

    def __init__(self, card: Card, device: str, step: Step, batch: Batch | None = None) -> None:
        self.card = card
        self.vocabulary = Vocabulary(card.vocabulary, card.normalisation)
        self.device = device
        self.note: str | None = None
        """Why it does not run where it was asked to, in one line."""
        self.initial_state: FloatArray = np.zeros(card.state_size, np.float32)
        self.initial_state.flags.writeable = False
        self._step, self._batch = step, batch

    def step(self, token: int, state: FloatArray) -> tuple[FloatArray, FloatArray]:
        """(logits float32[V], next state float32[S]) after reading ``token`` in ``state``, which is left as it was.

        Logits are at most :data:`LARGEST_LOGIT`, so that whoever goes on with them need not expect others. Raises
        :class:`ModelError` if they are not finite.
        """
        logits, following = self._step(token, state)
        if not (np.maximum.reduce(logits) <= LARGEST_LOGIT and np.minimum.reduce(logits) >= -LARGEST_LOGIT):
            logits = _bounded(logits)
        return logits, following

    def readout(self, token: int, state: FloatArray) -> dict[str, FloatArray]:
        """Of each readout of the card the distribution float32[labels] after reading ``token`` in ``state``.

        Raises :class:`ModelError` if they are not distributions.
        """
        found = cast("Reads", self._step).readouts(token, state) if self.card.readouts else {}
        return {name.removeprefix(READOUT): _shares(values) for name, values in found.items()}

    def read_batch(self, tokens: NDArray[np.int64], states: FloatArray) -> tuple[FloatArray, dict[str, FloatArray]]:
        """States float32[B, S] and readouts float32[B, labels] after ``tokens`` int64[B] in ``states``.

        What is computed of one text differs a little with the texts beside it, by the rounding of quantised products.
        Raises :class:`ModelError` if the readouts are not distributions.
        """
        if self._batch is None:
            raise ModelError(
                f"the style {self.card.style!r} reads one text at a time on {self.device}; use --device cpu"
            )
        states, found = self._batch(tokens, states)
        return states, {name.removeprefix(READOUT): _shares(values) for name, values in found.items()}


def _shares(values: FloatArray) -> FloatArray:
    sums = values.sum(axis=-1)
    if not (np.isfinite(values).all() and (values >= 0).all() and (np.abs(sums - 1) < 0.01).all()):
        raise ModelError("a readout of the network is not a distribution; expected shares that add up to 1")
    return values


def _bounded(logits: FloatArray) -> FloatArray:
    if not np.isfinite(logits).all():
        raise ModelError("the network predicts NaN or infinity; expected finite logits")
    return logits.clip(-LARGEST_LOGIT, LARGEST_LOGIT)
