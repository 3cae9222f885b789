"""The network: a stacked LSTM over characters (Graves 2013, arXiv:1308.0850).

Shapes: T characters in a window, B streams, V characters in the vocabulary, E embedding width, H units a layer,
L layers. A recurrent state is a pair of float tensors [L, B, H]: what the cells put out, and what they hold.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional

RecurrentState: TypeAlias = tuple[Tensor, Tensor]

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

    A ``weight_dropout`` leaves out a share of each layer's recurrent weights, others in each window (Merity, Keskar,
    Socher 2018, arXiv:1708.02182, section 2).
    """

    def __init__(self, config: NetworkConfig, dropout: float = 0.0, weight_dropout: float = 0.0) -> None:
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(config.vocabulary_size, config.embedding_size)
        inputs = [config.embedding_size] + [
            config.hidden_size + (config.embedding_size if config.skip else 0) for _ in range(config.layers - 1)
        ]
        self.cells = nn.ModuleList(nn.LSTM(width, config.hidden_size) for width in inputs)
        self.readout = nn.Linear(config.hidden_size * (config.layers if config.skip else 1), config.vocabulary_size)
        self.dropout = LockedDropout(dropout)
        self.weight_dropout = weight_dropout
        self._initialise()

    def _initialise(self) -> None:
        nn.init.normal_(self.embedding.weight, std=EMBEDDING_SCALE)
        nn.init.zeros_(self.readout.bias)
        nn.init.normal_(self.readout.weight, std=0.02)
        for cell in self.cells:
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
            hidden = self.config.hidden_size
            with torch.no_grad():
                parameters["bias_ih_l0"][hidden : 2 * hidden].fill_(1.0)

    def initial_state(self, streams: int) -> RecurrentState:
        """Zeros, a pair of float[L, B, H]: the start of a text."""
        shape = (self.config.layers, streams, self.config.hidden_size)
        device = self.embedding.weight.device
        return torch.zeros(shape, device=device), torch.zeros(shape, device=device)

    def forward(self, tokens: Tensor, state: RecurrentState) -> tuple[Tensor, RecurrentState]:
        """Read ``tokens`` int64[T, B] from ``state``; logits float[T, B, V] of what comes next, and the state after."""
        embedded = self.dropout(self.embedding(tokens))
        reads = embedded
        outputs, hidden, held = [], [], []
        for layer, cell in enumerate(self.cells):
            output, last_hidden, last_held = self._read(cell, reads, [part[layer : layer + 1] for part in state])
            output = self.dropout(output)
            outputs.append(output)
            hidden.append(last_hidden)
            held.append(last_held)
            reads = torch.cat((output, embedded), dim=-1) if self.config.skip else output
        features = torch.cat(outputs, dim=-1) if self.config.skip else outputs[-1]
        return self.readout(features), (torch.cat(hidden), torch.cat(held))

    def _read(self, cell: nn.Module, reads: Tensor, state: list[Tensor]) -> tuple[Tensor, Tensor, Tensor]:
        """What ``cell`` puts out, float[T, B, H], and its state after, float[1, B, H] twice."""
        below, recurrent, *biases = cell.parameters()
        weights = [below, functional.dropout(recurrent, self.weight_dropout, self.training), *biases]
        # What nn.LSTM calls, which would not see that its weights are others than its own.
        return torch.lstm(
            reads, [part.contiguous() for part in state], weights, True, 1, 0.0, self.training, False, False
        )


def parameter_count(network: nn.Module) -> int:
    """Trained numbers in ``network``."""
    return sum(parameter.numel() for parameter in network.parameters())
