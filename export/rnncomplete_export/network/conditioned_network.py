"""The network that writes about something: a decoder of characters that attends to what an encoder made of a *source*.

The first layer reads the text; its output asks for places of the source (Bahdanau, Cho, Bengio 2015, arXiv:1409.0473,
with the products and the scale of Vaswani et al. 2017, arXiv:1706.03762), and the second layer reads what was found
there. Nothing found goes back into the first layer, so that a whole line is a few products of matrices.

Shapes: T characters in a line, B lines, V characters in the vocabulary, E embedding width, H units a layer, P places of
a source, K and D the widths of their keys and values. A recurrent state is a pair of float tensors [2, B, H].
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from rnncomplete_export.network.character_network import (
    EMBEDDING_SCALE,
    LockedDropout,
    RecurrentState,
    initialise_cell,
    run_cell,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

LAYERS = 2
"""Of the decoder: one that asks, and one that reads what was found."""


class Context(NamedTuple):
    """What an encoder made of B sources."""

    keys: Tensor
    """What places are found by, float[B, P, K]."""
    values: Tensor
    """What is read at them, float[B, P, D]."""
    mask: Tensor | None = None
    """bool[B, P], False where a shorter source has no place; ``None`` if all have P."""

    def rows(self, which: Tensor) -> Context:
        """The contexts of lines ``which`` int64[n], in that order."""
        return Context(self.keys[which], self.values[which], None if self.mask is None else self.mask[which])


class Encoder(nn.Module, ABC):
    """Makes a context of sources: what differs from one kind of source to the other."""

    keys: nn.Linear
    values: nn.Linear

    @property
    def beside(self) -> Tensor | None:
        """What keys and values read of each place last, whatever the source: float[P, n], or nothing."""
        return None

    @abstractmethod
    def forward(self, source: Tensor) -> Context:
        """The context of B sources, of which the first dimension of ``source`` is the number."""


@dataclass(frozen=True)
class DecoderShape:
    """The shape of what writes."""

    vocabulary_size: int
    """V, the unknown character included."""
    hidden_size: int = 512
    """H, units in each of the two layers."""
    embedding_size: int = 128
    """E, numbers a character is embedded in; folded into the layers on export."""
    keys: int = 256
    """K."""
    values: int = 512
    """D."""


class ConditionedNetwork(nn.Module):
    """An encoder, and two layers of LSTM that write a line with its context before them.

    A line is read with the newline that is its boundary before it, at which the cells hold nothing and put nothing out.
    """

    def __init__(
        self, encoder: Encoder, shape: DecoderShape, dropout: float = 0.0, weight_dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.encoder, self.shape = encoder, shape
        units, width = shape.hidden_size, shape.embedding_size
        self.embedding = nn.Embedding(shape.vocabulary_size, width)
        self.cells = nn.ModuleList(
            [nn.LSTM(width, units), nn.LSTM(units + shape.values + width, units)],
        )
        self.query = nn.Linear(units, shape.keys)
        self.readout = nn.Linear(LAYERS * units + shape.values, shape.vocabulary_size)
        self.dropout = LockedDropout(dropout)
        self.weight_dropout = weight_dropout
        nn.init.normal_(self.embedding.weight, std=EMBEDDING_SCALE)
        nn.init.normal_(self.readout.weight, std=0.02)
        nn.init.zeros_(self.readout.bias)
        for cell in self.cells:
            initialise_cell(cell)

    @torch.no_grad()
    def begin_with(self, counts: Tensor) -> None:
        """Let it expect each character as often as ``counts`` float[V] say, before it has learned anything."""
        self.readout.bias.copy_(torch.log((counts + 1) / (counts + 1).sum()))

    def initial_state(self, lines: int) -> RecurrentState:
        """Zeros: where a line begins, and where its boundary leaves the cells."""
        shape = (LAYERS, lines, self.shape.hidden_size)
        device = self.embedding.weight.device
        return torch.zeros(shape, device=device), torch.zeros(shape, device=device)

    def forward(self, source: Tensor, tokens: Tensor) -> Tensor:
        """Logits float[T, B, V] of what comes next in lines ``tokens`` int64[T, B], each begun with its boundary."""
        return self.write(self.encoder(source), tokens)[0]

    def write(
        self, context: Context, tokens: Tensor, state: RecurrentState | None = None
    ) -> tuple[Tensor, RecurrentState]:
        """Logits float[T, B, V] behind ``tokens`` int64[T, B], and the state after.

        Without a ``state`` the first of them is the boundary of each line; with one, none of them is.
        """
        embedded = self.dropout(self.embedding(tokens))
        begun = state is not None
        before = state if state is not None else self.initial_state(tokens.shape[1])
        first, *one = self._layer(0, embedded, before, begun=begun)
        found = self.dropout(self.attend(first, context))
        second, *two = self._layer(1, torch.cat((first, found, embedded), dim=-1), before, begun=begun)
        logits = self.readout(torch.cat((first, second, found), dim=-1))
        return logits, (torch.cat((one[0], two[0])), torch.cat((one[1], two[1])))

    def attend(self, asking: Tensor, context: Context) -> Tensor:
        """What ``asking`` float[T, B, H] finds in ``context``, float[T, B, D]."""
        queries = self.query(asking).transpose(0, 1) * self.shape.keys**-0.5
        scores = queries @ context.keys.transpose(1, 2)
        if context.mask is not None:
            scores = scores.masked_fill(~context.mask[:, None], -torch.inf)
        found: Tensor = torch.softmax(scores, dim=-1) @ context.values
        return found.transpose(0, 1)

    def _layer(
        self, layer: int, reads: Tensor, before: Sequence[Tensor], *, begun: bool
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Outputs float[T, B, H] of a layer and its state after; of a line that is not ``begun``, zeros at its boundary."""
        state = [part[layer : layer + 1] for part in before]
        if not begun:
            reads = reads[1:]
        if len(reads):
            outputs, *state = run_cell(self.cells[layer], reads, state, self.weight_dropout)
            outputs = self.dropout(outputs)
        else:
            outputs = reads.new_zeros((0, reads.shape[1], self.shape.hidden_size))
        if not begun:
            outputs = functional.pad(outputs, (0, 0, 0, 0, 1, 0))
        return outputs, state[0], state[1]
