"""One loaded network: its card, its vocabulary, and one step (the model contract, formats 1 and 2).

Inputs ``token int64[batch]`` and ``state float32[batch, S]``, outputs ``logits float32[batch, V]`` and
``next_state float32[batch, S]``; which cell is inside does not matter here. A state of zeros is the start of a text.
In format 2 there may be outputs ``readout.NAME float32[batch, labels]``: a distribution over labels of the text so far.
There may also be a source, a line that is translated or a picture that is described: then every step reads its context,
``context.keys float32[places, K]`` and ``context.values float32[places, D]``, which :meth:`Model.encode` makes once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from rnncomplete.errors import ModelError, StyleError
from rnncomplete.network.contract import READOUT
from rnncomplete.text.vocabulary import Vocabulary

if TYPE_CHECKING:
    from rnncomplete.network.card import Card
    from rnncomplete.network.encoder import Context, Encoder

FloatArray = NDArray[np.float32]
Step = Callable[..., tuple[FloatArray, FloatArray]]
"""``step(token, state)``, and for a style with a source ``step(token, state, context)``."""
Readouts = dict[str, FloatArray]


class Reads(Protocol):
    """A step that can say what its readouts were."""

    def readouts(self, token: int, state: FloatArray) -> Readouts:
        """Of each readout the distribution after ``token`` in ``state`` float32[S]."""


class Batch(Protocol):
    """Steps of many texts at once."""

    def __call__(
        self, tokens: NDArray[np.int64], states: FloatArray, context: Context | None = None
    ) -> tuple[FloatArray, FloatArray, Readouts]:
        """Logits float32[B, V], next states float32[B, S] and readouts after ``tokens`` in ``states``."""


LARGEST_LOGIT = 1e4
"""Beyond this a network is as sure as it can be."""


class Model:
    """One loaded network; ``device`` is what really runs, "cpu" or "cuda"."""

    def __init__(
        self, card: Card, device: str, step: Step, batch: Batch | None = None, encoder: Encoder | None = None
    ) -> None:
        self.card = card
        self.vocabulary = Vocabulary(card.vocabulary, card.normalisation)
        self.device = device
        self.note: str | None = None
        """Why it does not run where it was asked to, in one line."""
        self.initial_state: FloatArray = np.zeros(card.state_size, np.float32)
        self.initial_state.flags.writeable = False
        self._step, self._batch, self._encoder = step, batch, encoder
        self._reads = step

    def with_step(self, step: Step) -> Model:
        """The same network, whose steps are taken by ``step``."""
        same = Model(self.card, self.device, step, self._batch, self._encoder)
        same.note, same._reads = self.note, self._reads
        return same

    def encode(self, source: str | FloatArray) -> Context:
        """The context of a line that is translated, or of a picture float32[3, size, size] that is described.

        An empty text is no source. Raises :class:`StyleError` if the style has none, or one of another kind.
        """
        if self._encoder is None:
            raise StyleError(f"the style {self.card.style!r} has no source; expected one that translates or describes")
        return self._encoder(source)

    def step(self, token: int, state: FloatArray, context: Context | None = None) -> tuple[FloatArray, FloatArray]:
        """(logits float32[V], next state float32[S]) after reading ``token`` in ``state``, which is left as it was.

        ``context`` is that of the source of what follows ``token``, if the style has one; none is that of no source.
        Logits are at most :data:`LARGEST_LOGIT`, so that whoever goes on with them need not expect others. Raises
        :class:`ModelError` if they are not finite.
        """
        logits, following = self._step(token, state) if context is None else self._step(token, state, context)
        if not (np.maximum.reduce(logits) <= LARGEST_LOGIT and np.minimum.reduce(logits) >= -LARGEST_LOGIT):
            logits = _bounded(logits)
        return logits, following

    def readout(self, token: int, state: FloatArray) -> dict[str, FloatArray]:
        """Of each readout of the card the distribution float32[labels] after reading ``token`` in ``state``.

        Raises :class:`ModelError` if they are not distributions.
        """
        found = cast("Reads", self._reads).readouts(token, state) if self.card.readouts else {}
        return {name.removeprefix(READOUT): _shares(values) for name, values in found.items()}

    def read_batch(self, tokens: NDArray[np.int64], states: FloatArray) -> tuple[FloatArray, dict[str, FloatArray]]:
        """States float32[B, S] and readouts float32[B, labels] after ``tokens`` int64[B] in ``states``.

        What is computed of one text differs a little with the texts beside it, by the rounding of quantised products.
        Raises :class:`ModelError` if the readouts are not distributions.
        """
        _, states, found = self._in_batch()(tokens, states)
        return states, {name.removeprefix(READOUT): _shares(values) for name, values in found.items()}

    def step_batch(
        self, tokens: NDArray[np.int64], states: FloatArray, context: Context | None = None
    ) -> tuple[FloatArray, FloatArray]:
        """As :meth:`step` of several texts about one source: logits float32[B, V] and next states float32[B, S]."""
        logits, following, _ = self._in_batch()(tokens, states, context)
        return _bounded(logits), following

    def _in_batch(self) -> Batch:
        if self._batch is None:
            raise ModelError(
                f"the style {self.card.style!r} reads one text at a time on {self.device}; use --device cpu"
            )
        return self._batch


def _shares(values: FloatArray) -> FloatArray:
    sums = values.sum(axis=-1)
    if not (np.isfinite(values).all() and (values >= 0).all() and (np.abs(sums - 1) < 0.01).all()):
        raise ModelError("a readout of the network is not a distribution; expected shares that add up to 1")
    return values


def _bounded(logits: FloatArray) -> FloatArray:
    if not np.isfinite(logits).all():
        raise ModelError("the network predicts NaN or infinity; expected finite logits")
    return logits.clip(-LARGEST_LOGIT, LARGEST_LOGIT)
