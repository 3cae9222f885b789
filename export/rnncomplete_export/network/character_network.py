"""The network: a stacked LSTM over characters (Graves 2013, arXiv:1308.0850).

Shapes: T characters in a window, B streams, V characters in the vocabulary, E embedding width, H units a layer,
L layers. A recurrent state is a pair of float tensors [L, B, H]: what the cells put out, and what they hold. A network
with labels has a third, [1, B, 2D + 1]: the pool of its readout (:mod:`rnncomplete_export.network.pooled_readout`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional

from rnncomplete_export.network.pooled_readout import PooledReadout

if TYPE_CHECKING:
    from collections.abc import Sequence

RecurrentState: TypeAlias = tuple[Tensor, ...]

EMBEDDING_SCALE = 0.3
"""Standard deviation of the numbers that a character is embedded in, at the start."""


@dataclass(frozen=True)
class NetworkConfig:
    """The shape of a network."""

    vocabulary_size: int
    """V, the unknown character included."""
    hidden_size: int = 512
    """H, units in each layer."""
    layers: int = 2
    """L, layers of recurrent cells."""
    embedding_size: int = 128
    """E, numbers a character is embedded in; folded into the first layer on export."""
    skip: bool = True
    """Every layer also reads the embedding, and the readout reads every layer."""
    labels: int = 0
    """Labels of a text that it tells apart, at every character; 0 for a network of the language alone."""
    boundary: int = 0
    """The token that ends a text, after which the cells are as at the start of one; 0 if none does."""


SHUT = 100.0
"""What is taken from the gates at a boundary: the sigmoid of so little is zero in float32, whatever else a gate reads."""


class LockedDropout(nn.Module):
    """Dropout whose mask is drawn once a stream, for all characters of a window (Gal, Ghahramani 2016, arXiv:1512.05287)."""

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share

    def forward(self, values: Tensor) -> Tensor:
        """``values`` float[T, B, N] with a ``share`` of the N numbers of each stream at zero, the others scaled up."""
        if not self.training or not self.share:
            return values
        return values * functional.dropout(torch.ones_like(values[:1]), self.share)


class CharacterNetwork(nn.Module):
    """Embedding, L layers of LSTM with dropout between them and on their recurrent weights, and a linear readout.

    With labels, a second readout says at every character which label the text so far has.
    A ``weight_dropout`` leaves out a share of each layer's recurrent weights, others in each window (Merity, Keskar,
    Socher 2018, arXiv:1708.02182, section 2).
    """

    shut: Tensor

    def __init__(self, config: NetworkConfig, dropout: float = 0.0, weight_dropout: float = 0.0) -> None:
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(config.vocabulary_size, config.embedding_size)
        inputs = [config.embedding_size] + [
            config.hidden_size + (config.embedding_size if config.skip else 0) for _ in range(config.layers - 1)
        ]
        self.cells = nn.ModuleList(nn.LSTM(width, config.hidden_size) for width in inputs)
        features = config.hidden_size * (config.layers if config.skip else 1)
        self.readout = nn.Linear(features, config.vocabulary_size)
        self.pooled = PooledReadout(features, config.labels) if config.labels else None
        self.register_buffer("shut", shut_gates(config.hidden_size), persistent=False)
        self.dropout = LockedDropout(dropout)
        self.weight_dropout = weight_dropout
        self._initialise()

    def _initialise(self) -> None:
        nn.init.normal_(self.embedding.weight, std=EMBEDDING_SCALE)
        nn.init.zeros_(self.readout.bias)
        nn.init.normal_(self.readout.weight, std=0.02)
        for cell in self.cells:
            initialise_cell(cell)

    @torch.no_grad()
    def begin_with(self, counts: Tensor) -> None:
        """Let it expect each character as often as ``counts`` float[V] say, before it has learned anything.

        Of thousands of kinds, learning that alone would take more updates than some minutes have.
        """
        self.readout.bias.copy_(torch.log((counts + 1) / (counts + 1).sum()))

    def initial_state(self, streams: int) -> RecurrentState:
        """Zeros: the start of a text."""
        shape = (self.config.layers, streams, self.config.hidden_size)
        device = self.embedding.weight.device
        cells = torch.zeros(shape, device=device), torch.zeros(shape, device=device)
        return cells if self.pooled is None else (*cells, self.pooled.empty(streams, device))

    def forward(self, tokens: Tensor, state: RecurrentState) -> tuple[Tensor, RecurrentState]:
        """Read ``tokens`` int64[T, B] from ``state``; logits float[T, B, V] of what comes next, and the state after."""
        features, state = self.features(tokens, state)
        return self.readout(features), state

    def read(self, tokens: Tensor, state: RecurrentState) -> tuple[Tensor, Tensor, RecurrentState]:
        """As :meth:`forward`, with logits float[T, B, labels] of the text so far; behind a boundary, of the next text."""
        features, (hidden, held, pool) = self.features(tokens, state)
        assert self.pooled is not None, "a network without labels"
        labels, pool = self.pooled(features, pool, tokens == self.config.boundary)
        return self.readout(features), labels, (hidden, held, pool)

    def features(self, tokens: Tensor, state: RecurrentState) -> tuple[Tensor, RecurrentState]:
        """What the readouts read, float[T, B, H] or [T, B, L H], and the state after, its pool as it was."""
        embedded = self.dropout(self.embedding(tokens))
        ends = (tokens == self.config.boundary)[..., None].to(embedded.dtype) if self.config.boundary else None
        reads = embedded
        outputs, hidden, held = [], [], []
        for layer, cell in enumerate(self.cells):
            output, last_hidden, last_held = self._read(
                cell, reads, ends, [part[layer : layer + 1] for part in state[:2]]
            )
            output = self.dropout(output)
            outputs.append(output)
            hidden.append(last_hidden)
            held.append(last_held)
            reads = torch.cat((output, embedded), dim=-1) if self.config.skip else output
        features = torch.cat(outputs, dim=-1) if self.config.skip else outputs[-1]
        return features, (torch.cat(hidden), torch.cat(held), *state[2:])

    def _read(
        self, cell: nn.Module, reads: Tensor, ends: Tensor | None, state: Sequence[Tensor]
    ) -> tuple[Tensor, Tensor, Tensor]:
        """What ``cell`` puts out, float[T, B, H], and its state after, float[1, B, H] twice.

        Where ``ends`` [T, B, 1] is 1, its gates are shut, so that it holds nothing and puts nothing out.
        """
        shut = None if ends is None else self.shut
        return run_cell(
            cell, reads if ends is None else torch.cat((reads, ends), dim=-1), state, self.weight_dropout, shut
        )


def initialise_cell(cell: nn.Module) -> None:
    """Give a layer of LSTM the numbers to begin with: orthogonal recurrent matrices, and open forget gates."""
    parameters = dict(cell.named_parameters())
    for name, parameter in parameters.items():
        if name.startswith("weight_hh"):
            for gate in parameter.chunk(4):
                nn.init.orthogonal_(gate)
        elif name.startswith("weight_ih"):
            nn.init.xavier_uniform_(parameter)
        else:
            nn.init.zeros_(parameter)
    # Gates are input, forget, cell, output; open forget gates let gradients through from the start
    # (Jozefowicz, Zaremba, Sutskever 2015).
    with torch.no_grad():
        bias = parameters["bias_ih_l0"]
        bias[len(bias) // 4 : len(bias) // 2].fill_(1.0)


def run_cell(
    cell: nn.Module, reads: Tensor, state: Sequence[Tensor], weight_dropout: float, widened: Tensor | None = None
) -> tuple[Tensor, Tensor, Tensor]:
    """What a layer of LSTM puts out over ``reads`` float[T, B, N], float[T, B, H], and its state after, [1, B, H] twice.

    While it trains a share of its recurrent weights is left out. Columns ``widened`` float[4H, n] are what it has for
    the last n of the numbers that it reads.
    """
    below, recurrent, *biases = cell.parameters()
    reading = below if widened is None else torch.cat((below, widened), dim=1)
    weights = [reading, functional.dropout(recurrent, weight_dropout, cell.training), *biases]
    if reads.device.type == "cpu" and torch.is_autocast_enabled("cpu"):
        # Autocast leaves it in float32, which where a processor multiplies bfloat16 takes twice as long.
        reads, *weights = (part.to(torch.get_autocast_dtype("cpu")) for part in (reads, *weights))
    state = [part.to(reads.dtype).contiguous() for part in state]
    # What nn.LSTM calls, which would not see that its weights are others than its own.
    return torch.lstm(reads, state, weights, True, 1, 0.0, cell.training, False, False)


def shut_gates(hidden: int) -> Tensor:
    """What a boundary adds to gates, float[4H, 1]: input, forget and output gates are shut."""
    added = torch.full((4, hidden), -SHUT)
    added[2] = 0  # the candidate, which nothing lets in
    return added.view(-1, 1)


def parameter_count(network: nn.Module) -> int:
    """Trained numbers in ``network``."""
    return sum(parameter.numel() for parameter in network.parameters())
