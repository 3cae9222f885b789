"""One loaded network: its card, its vocabulary, and one step (the model contract, format 1).

Inputs ``token int64[batch]`` and ``state float32[batch, S]``, outputs ``logits float32[batch, V]`` and
``next_state float32[batch, S]``; which cell is inside does not matter here. A state of zeros is the start of a text.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rnncomplete.errors import ModelError
from rnncomplete.text.vocabulary import Vocabulary

if TYPE_CHECKING:
    from rnncomplete.network.card import Card

FloatArray = NDArray[np.float32]
Step = Callable[[int, FloatArray], tuple[FloatArray, FloatArray]]


LARGEST_LOGIT = 1e4
"""Beyond this a network is as sure as it can be."""


class Model:
    """One loaded network; ``device`` is what really runs, "cpu" or "cuda"."""

    def __init__(self, card: Card, device: str, step: Step) -> None:
        self.card = card
        self.vocabulary = Vocabulary(card.vocabulary, card.normalisation)
        self.device = device
        self.note: str | None = None
        """Why it does not run where it was asked to, in one line."""
        self.initial_state: FloatArray = np.zeros(card.state_size, np.float32)
        self.initial_state.flags.writeable = False
        self._step = step

    def step(self, token: int, state: FloatArray) -> tuple[FloatArray, FloatArray]:
        """(logits float32[V], next state float32[S]) after reading ``token`` in ``state``, which is left as it was.

        Logits are at most :data:`LARGEST_LOGIT`, so that whoever goes on with them need not expect others. Raises
        :class:`ModelError` if they are not finite.
        """
        logits, following = self._step(token, state)
        if not (np.maximum.reduce(logits) <= LARGEST_LOGIT and np.minimum.reduce(logits) >= -LARGEST_LOGIT):
            logits = _bounded(logits)
        return logits, following


def _bounded(logits: FloatArray) -> FloatArray:
    if not np.isfinite(logits).all():
        raise ModelError("the network predicts NaN or infinity; expected finite logits")
    return logits.clip(-LARGEST_LOGIT, LARGEST_LOGIT)
