"""The parameters of N networks as rows of one array, and as what the project's checkpoints hold.

The networks are of one shape: an embedding, two LSTM layers with skips, a readout of both
(:class:`rnncomplete_export.network.character_network.CharacterNetwork`). As rows of one array they are multiplied,
clipped, moved and averaged together, so that a GPU is busy although each of them is small.

Shapes: N networks, P parameters, V characters of the padded vocabulary, E embedding, H units a layer.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from rnncomplete_export.network.character_network import CharacterNetwork, NetworkConfig
from rnncomplete_export.network.pooled_readout import PROJECTED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torch import Tensor

LAYERS = 2
"""L, of every network that is trained side by side with others."""

TILE = 8
"""Vocabularies are padded to a multiple of this, as matrix units want their columns."""

NAMES = {
    "recurrent0": "cells.0.weight_hh_l0",
    "recurrent1": "cells.1.weight_hh_l0",
    "below1": "cells.1.weight_ih_l0",
    "below0": "cells.0.weight_ih_l0",
    "embedding": "embedding.weight",
    "readout": "readout.weight",
    "bias": "readout.bias",
    "bias_below0": "cells.0.bias_ih_l0",
    "bias_recurrent0": "cells.0.bias_hh_l0",
    "bias_below1": "cells.1.bias_ih_l0",
    "bias_recurrent1": "cells.1.bias_hh_l0",
}
"""In the order in which they lie in a row: the names here, and those of a :class:`CharacterNetwork`. Muon moves the first
four, AdamW the others."""

OF_LABELS = {
    "projection": "pooled.projection.weight",
    "projection_bias": "pooled.projection.bias",
    "label": "pooled.readout.weight",
    "label_bias": "pooled.readout.bias",
}
"""Likewise behind them, where networks have labels; AdamW moves them."""

SWAPPED = ("readout", "projection")
"""Their columns are what both layers put out."""

PADDED = ("embedding", "readout", "bias")
"""Their rows are characters."""


@dataclass(frozen=True)
class Shape:
    """The shape that all networks of a batch have."""

    vocabulary: int
    """V, of the largest vocabulary, padded."""
    embedding: int
    """E."""
    hidden: int
    """H."""
    labels: int = 0
    """K, of every network; 0 if they tell none."""

    @classmethod
    def for_vocabularies(cls, sizes: Sequence[int], embedding: int, hidden: int, labels: int = 0) -> Shape:
        """One that holds vocabularies of all ``sizes``."""
        return cls(-(-max(sizes) // TILE) * TILE, embedding, hidden, labels)

    @property
    def names(self) -> Mapping[str, str]:
        """The parameters in the order in which they lie in a row, and what a :class:`CharacterNetwork` calls them."""
        return {**NAMES, **OF_LABELS} if self.labels else NAMES

    def layout(self) -> dict[str, tuple[int, tuple[int, ...]]]:
        """Where each parameter begins in a row of P numbers, and its shape."""
        v, e, h = self.vocabulary, self.embedding, self.hidden
        sizes: dict[str, tuple[int, ...]] = {
            "recurrent0": (4 * h, h),
            "recurrent1": (4 * h, h),
            "below1": (4 * h, h + e),
            "below0": (4 * h, e),
            "embedding": (v, e),
            "readout": (v, 2 * h),
            "bias": (v,),
            "projection": (PROJECTED, 2 * h),
            "projection_bias": (PROJECTED,),
            "label": (self.labels, 2 * PROJECTED),
            "label_bias": (self.labels,),
        }
        placed, at = {}, 0
        for name in self.names:
            shape = sizes.get(name, (4 * h,))
            placed[name] = (at, shape)
            at += math.prod(shape)
        return placed

    @property
    def size(self) -> int:
        """P."""
        at, shape = list(self.layout().values())[-1]
        return at + math.prod(shape)

    @property
    def moved_by_muon(self) -> int:
        """So many numbers at the beginning of a row are matrices of cells."""
        return self.layout()["embedding"][0]


@dataclass(frozen=True)
class Parameters:
    """Views into float[N, P]: what is written to them is written there."""

    recurrent: tuple[Tensor, Tensor]
    """float[N, 4H, H] of each layer; gates are input, forget, cell, output."""
    below: tuple[Tensor, Tensor]
    """float[N, 4H, E] and float[N, 4H, H + E]."""
    embedding: Tensor
    """float[N, V, E]."""
    readout: Tensor
    """float[N, V, 2H]; columns are those of layer 1, then of layer 0, as their outputs lie in memory here."""
    bias: Tensor
    """float[N, V]."""
    bias_below: tuple[Tensor, Tensor]
    """float[N, 4H]."""
    bias_recurrent: tuple[Tensor, Tensor]
    """float[N, 4H]."""
    of_labels: tuple[Tensor, ...] = ()
    """Of networks with labels, of D projected numbers: float[N, D, 2H], [N, D], [N, K, 2D], [N, K]; columns as above."""

    @classmethod
    def of(cls, flat: Tensor, shape: Shape) -> Parameters:
        """The parameters in ``flat`` float[N, P]."""
        views = {
            name: flat[:, at : at + math.prod(size)].view(len(flat), *size)
            for name, (at, size) in shape.layout().items()
        }

        def both(name: str) -> tuple[Tensor, Tensor]:
            return views[f"{name}0"], views[f"{name}1"]

        return cls(
            both("recurrent"),
            both("below"),
            views["embedding"],
            views["readout"],
            views["bias"],
            both("bias_below"),
            both("bias_recurrent"),
            tuple(views[name] for name in OF_LABELS if name in views),
        )

    def gate_biases(self) -> list[Tensor]:
        """float[N, 4H] of each layer: the two that an LSTM of PyTorch has, added."""
        return [below + own for below, own in zip(self.bias_below, self.bias_recurrent, strict=True)]


def swapped(readout: Tensor) -> Tensor:
    """The columns of a readout float[..., 2H], first half behind the second: from the project's order to ours, or back."""
    first, second = readout.chunk(LAYERS, dim=-1)
    return torch.cat((second, first), dim=-1)


def row_of(state: Mapping[str, Tensor], shape: Shape) -> Tensor:
    """A row float[P] from the state dictionary of a :class:`CharacterNetwork` with at most V characters.

    Raises ``KeyError`` or ``RuntimeError`` if that is of another shape.
    """
    row = torch.zeros(shape.size, dtype=state[NAMES["embedding"]].dtype)
    for name, (at, size) in shape.layout().items():
        value = state[shape.names[name]]
        own = row[at : at + math.prod(size)].view(size)
        own = own[: len(value)] if name in PADDED else own
        own.copy_(swapped(value) if name in SWAPPED else value)
    return row


def state_of(row: Tensor, shape: Shape, vocabulary: int) -> dict[str, Tensor]:
    """The reverse of :func:`row_of`, for a network of so many characters."""
    state = {}
    for name, (at, size) in shape.layout().items():
        value = row[at : at + math.prod(size)].view(size)
        value = value[:vocabulary] if name in PADDED else value
        state[shape.names[name]] = (swapped(value) if name in SWAPPED else value).contiguous().clone()
    return state


def new_rows(shape: Shape, vocabularies: Sequence[int], seeds: Sequence[int]) -> Tensor:
    """float32[N, P]: networks as they begin, each from its seed."""
    rows = []
    for vocabulary, seed in zip(vocabularies, seeds, strict=True):
        torch.manual_seed(seed)
        config = NetworkConfig(vocabulary, shape.hidden, LAYERS, shape.embedding, skip=True, labels=shape.labels)
        rows.append(row_of(CharacterNetwork(config).state_dict(), shape))
    return torch.stack(rows)
