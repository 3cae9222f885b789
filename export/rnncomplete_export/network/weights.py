"""The weights inside a graph that :mod:`rnncomplete_export.exporting.graphs` built, as float32 arrays.

Two things need them back: training that starts from a style, and measuring a style against other ways of running the
same network. A float16 graph gives nearly what was trained; an int8 graph gives what its seven bits kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import onnx
from onnx import numpy_helper

from rnncomplete.errors import ModelError
from rnncomplete.network.graph_check import read_graph

if TYPE_CHECKING:
    from pathlib import Path

    from rnncomplete.network.model import FloatArray

LOGITS = ("logits.half", "logits")
"""What the product of the readout is called: in a float16 graph it is cast once more."""


@dataclass(frozen=True)
class Weights:
    """A stacked LSTM with its embedding folded in; gates are in the order input, forget, output, cell."""

    table: FloatArray
    """What each character adds to the gates of all layers, biases included, float32[V, 4 L H]."""
    recurrent: list[FloatArray]
    """For each layer float32[n, 4H]: what it multiplies the layer below by (not in the first), then itself."""
    readout: FloatArray
    """float32[n, V] over the outputs of all layers, or of the last."""
    bias: FloatArray
    """Of the readout, float32[V]."""
    pooled: tuple[FloatArray, ...] = ()
    """Of a network with labels: projection float32[n, D] and its bias [D], readout of labels [2D, K] and its bias [K]."""

    @property
    def vocabulary_size(self) -> int:
        """V, the unknown character included."""
        return len(self.table)

    @property
    def layers(self) -> int:
        """L."""
        return len(self.recurrent)

    @property
    def hidden_size(self) -> int:
        """H."""
        return int(self.recurrent[0].shape[1]) // 4

    @property
    def skip(self) -> bool:
        """Whether the readout reads every layer, and every layer the embedding; one layer cannot tell, and has none."""
        return self.layers > 1 and len(self.readout) == self.layers * self.hidden_size


def read_weights(graph_path: Path) -> Weights:
    """The weights in the graph at ``graph_path``, of any precision; raises :class:`ModelError` if it holds no LSTM."""
    held = read_initializers(graph_path)
    try:
        return _checked(held)
    except (KeyError, ValueError) as error:
        raise ModelError(
            f"{graph_path} holds no stacked LSTM as `rnncomplete export` writes it ({error}); take a style it wrote"
        ) from None


def read_initializers(graph_path: Path) -> dict[str, np.ndarray]:
    """The arrays that the graph at ``graph_path`` holds, by name; raises :class:`ModelError`."""
    try:
        data = graph_path.read_bytes()
        read_graph(data)
    except (OSError, ModelError) as error:
        raise ModelError(f"cannot read {graph_path}: {error}; expected what `rnncomplete export` writes") from None
    return {item.name: numpy_helper.to_array(item) for item in onnx.load_from_string(data).graph.initializer}


def _checked(held: dict[str, np.ndarray]) -> Weights:
    """The weights among the initializers ``held``; raises ``KeyError`` or ``ValueError`` if they are not all there."""
    layers = sum(1 for name in held if name.startswith("product.") and name.endswith(".weight"))
    logits = next((name for name in LOGITS if f"{name}.weight" in held), LOGITS[-1])
    readout = matrix(held, logits)
    weights = Weights(
        held["table"].astype(np.float32),
        [matrix(held, f"product.{layer}") for layer in range(layers)],
        readout,
        held[f"{logits}.bias"].astype(np.float32),
        _pooled(held) if "projected.bias" in held else (),
    )
    if not layers:
        raise ValueError("no layers")
    hidden, size = weights.hidden_size, weights.vocabulary_size
    shapes = [array.shape for array in (weights.table, *weights.recurrent, readout, weights.bias)]
    own = [(hidden * (2 if layer else 1), 4 * hidden) for layer in range(layers)]
    expected = [(size, 4 * layers * hidden), *own, (len(readout), size), (size,)]
    if shapes != expected or len(readout) not in (hidden, layers * hidden):
        raise ValueError(f"shapes {shapes}")
    return weights


def _pooled(held: dict[str, np.ndarray]) -> tuple[FloatArray, ...]:
    """What reads labels out."""
    biases = [held[f"{name}.bias"].astype(np.float32) for name in ("projected", "label")]
    return matrix(held, "projected"), biases[0], matrix(held, "label"), biases[1]


def matrix(held: dict[str, np.ndarray], product: str) -> FloatArray:
    """The matrix of one product, float32[n, m], scaled back if it is quantised."""
    matrix: FloatArray = held[f"{product}.weight"].astype(np.float32)
    return matrix * held[f"{product}.scale"] if f"{product}.scale" in held else matrix
