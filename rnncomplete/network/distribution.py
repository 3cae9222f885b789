"""From logits to probabilities and losses."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Float = TypeVar("Float", np.float32, np.float64)


def softmax(logits: NDArray[Float], temperature: float = 1.0) -> NDArray[Float]:
    """The probabilities float[V] that ``logits`` float[V], divided by ``temperature``, stand for, in the same type."""
    scaled = logits / temperature if temperature != 1 else logits
    result: NDArray[Float] = np.exp(scaled - np.maximum.reduce(scaled))
    result /= np.add.reduce(result)
    return result


def nats(logits: NDArray[Float], tokens: NDArray[np.integer] | int, temperature: float = 1.0) -> NDArray[np.float64]:
    """Natural-log losses float64[...] of ``tokens`` int[...] by ``logits`` float[..., V], divided by ``temperature``."""
    scaled = logits.astype(np.float64) / temperature
    scaled -= scaled.max(axis=-1, keepdims=True)
    chosen = np.take_along_axis(scaled, np.expand_dims(tokens, -1), axis=-1)[..., 0]
    losses: NDArray[np.float64] = np.log(np.exp(scaled).sum(axis=-1)) - chosen
    return losses
