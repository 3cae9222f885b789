"""The encoder of a line of text: two layers of LSTM over its characters, each read in both directions.

Shapes: L characters of the longest of B sources, E embedding width, N units in each direction of a layer.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from rnncomplete.text.vocabulary import UNKNOWN
from rnncomplete_export.network.character_network import EMBEDDING_SCALE, LockedDropout, initialise_cell, run_cell
from rnncomplete_export.network.conditioned_network import Context, Encoder

PADDING = -1
"""Stands behind the end of a shorter line; as a target it costs nothing."""

LAYERS = 2


class TextEncoder(Encoder):
    """Sources int64[B, L], padded behind their ends with :data:`PADDING`; a place a character."""

    def __init__(
        self,
        kinds: int,
        units: int,
        *,
        embedding_size: int,
        keys: int,
        values: int,
        dropout: float = 0.0,
        weight_dropout: float = 0.0,
        unknown_share: float = 0.0,
    ) -> None:
        super().__init__()
        self.units = units
        self.embedding = nn.Embedding(kinds, embedding_size)
        inputs = [embedding_size, 2 * units]
        self.forwards = nn.ModuleList(nn.LSTM(width, units) for width in inputs)
        self.backwards = nn.ModuleList(nn.LSTM(width, units) for width in inputs)
        self.keys = nn.Linear(2 * LAYERS * units, keys)
        self.values = nn.Linear(2 * LAYERS * units, values)
        self.dropout = LockedDropout(dropout)
        self.weight_dropout, self.unknown_share = weight_dropout, unknown_share
        nn.init.normal_(self.embedding.weight, std=EMBEDDING_SCALE)
        for cell in (*self.forwards, *self.backwards):
            initialise_cell(cell)

    def forward(self, source: Tensor) -> Context:
        """The context of B sources; of a shorter one, places behind its end are masked."""
        mask = source != PADDING
        lengths, places = mask.sum(dim=1), torch.arange(source.shape[1], device=source.device)
        # The last character first; what is behind the end stays there, where neither direction comes by before.
        back = torch.where(mask, lengths[:, None] - 1 - places, places).T[..., None]
        tokens = source.clamp(min=0)
        if self.training and self.unknown_share:  # so that it is learned
            tokens = tokens.masked_fill(torch.rand(tokens.shape, device=tokens.device) < self.unknown_share, UNKNOWN)
        reads = self.dropout(self.embedding(tokens.T))
        outputs = []
        for onward, backward in zip(self.forwards, self.backwards, strict=True):
            ahead = self._run(onward, reads)
            behind = turned(self._run(backward, turned(reads, back)), back)
            reads = self.dropout(torch.cat((ahead, behind), dim=-1))
            outputs.append(reads)
        seen = torch.cat(outputs, dim=-1).transpose(0, 1)
        return Context(self.keys(seen), self.values(seen), mask)

    def _run(self, cell: nn.Module, reads: Tensor) -> Tensor:
        start = reads.new_zeros((1, reads.shape[1], self.units))
        return run_cell(cell, reads, (start, start), self.weight_dropout)[0]


def turned(values: Tensor, back: Tensor) -> Tensor:
    """``values`` float[L, B, N] in the order of places ``back`` int64[L, B, 1]."""
    return values.gather(0, back.expand(-1, -1, values.shape[-1]))
