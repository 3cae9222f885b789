"""What builds the graph of an encoder: float32 inside, with weights that are kept in int8 where the precision says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rnncomplete_export.exporting.graphs import StepGraph

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor, nn

LARGEST = 127
"""Of a weight of the encoder in int8, which is multiplied as float32."""


def numbers(parameter: Tensor) -> NDArray[np.float32]:
    """A parameter as an array."""
    array: NDArray[np.float32] = parameter.detach().cpu().float().numpy()
    return array


class EncoderGraph(StepGraph):
    """Builds an encoder, which computes in float32 whatever the precision of its weights."""

    def weights(self, name: str, values: NDArray[np.float32], axis: int) -> str:
        """``values`` float32, kept in int8 with a scale for each place along ``axis`` if the precision says so."""
        if self.precision != "int8":
            return self.constant(name, values)
        others = tuple(other for other in range(values.ndim) if other != axis)
        largest = np.abs(values).max(axis=others)
        scale = (np.where(largest > 0, largest, 1) / LARGEST).astype(np.float32)
        along = scale.reshape([-1 if other == axis else 1 for other in range(values.ndim)])
        kept = self.constant(f"{name}.int8", np.rint(values / along).astype(np.int8))
        return self.node("DequantizeLinear", [kept, self.constant(f"{name}.scale", scale)], name, axis=axis)

    def linear(self, reads: str, layer: nn.Linear, output: str) -> str:
        """``reads`` [n, m] through a linear layer."""
        inputs = [reads, self.weights(f"{output}.weight", numbers(layer.weight).T, 1)]
        return self.node("Gemm", [*inputs, self.constant(f"{output}.bias", numbers(layer.bias))], output)

    def axis(self, number: int) -> str:
        """An axis to add or to take away."""
        return self.constant(f"axis.{len(self.initializers)}", np.array([number], np.int64))
