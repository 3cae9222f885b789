"""An exponential moving average of the weights: what is validated, sampled from and exported."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor, nn


class WeightAverage:
    """Averages of a network's parameters that follow them with a memory of about ``1 / (1 - decay)`` updates."""

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.decay = decay
        self.updates = 0
        self.weights = {name: value.detach().clone() for name, value in network.state_dict().items()}

    @torch.no_grad()
    def update(self, network: nn.Module) -> None:
        """Move the averages towards the current weights; at the start faster, so that noise is forgotten."""
        self.updates += 1
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
        for name, value in network.state_dict().items():
            self.weights[name].lerp_(value, 1 - decay)

    def load(self, weights: dict[str, Tensor], updates: int) -> None:
        """Go on from saved averages."""
        self.updates = updates
        for name, value in weights.items():
            self.weights[name].copy_(value)
