"""What moves the weights of N networks at once: clipping, Muon, AdamW, averages, and a learning rate by the clock.

The same as :mod:`rnncomplete_export.training.muon`, ``torch.optim.AdamW``, :mod:`rnncomplete_export.training.average`
and :mod:`rnncomplete_export.training.schedule` do for one network, as batched operations that wait for nothing: how far
the training is comes as a number in memory, not as an argument.

Shapes: N networks, P parameters, of which Muon moves the first M; H units, E embedding.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from rnncomplete_export.training.muon import COEFFICIENTS, GATES, RMS
from rnncomplete_export.training.schedule import FLOOR

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from rnncomplete_export.training.side_by_side.parameters import Shape
    from rnncomplete_export.training.side_by_side.plan import PlannedNetwork, Shared

MOMENTUM, BETAS, EPSILON, WARM_UP = 0.95, (0.9, 0.99), 1e-8, 50

MOVED = ("weights", "average", "momentum", "first", "second")
"""What a network takes along when it goes on elsewhere, rows of arrays; and two powers."""


class Mover:
    """The weights of N networks and their optimizers; gradients are written into ``gradient`` [N, P] by others.

    A gradient is of a loss summed over so many ``characters``, so that no number in it is too small for float16.
    """

    def __init__(
        self,
        shape: Shape,
        weights: Tensor,
        networks: Sequence[PlannedNetwork],
        spans: Sequence[tuple[float, float]],
        shared: Shared,
        *,
        dtype: torch.dtype,
    ) -> None:
        self.shape, self._shared = shape, shared
        device, wide, n = weights.device, weights.dtype, len(weights)
        self.weights, self.half, self.average = weights, weights.to(dtype, copy=True), weights.clone()
        self.gradient = torch.zeros_like(self.half)
        self._ortho = torch.bfloat16 if device.type == "cuda" else wide

        def zeros(*size: int) -> Tensor:
            return torch.zeros(*size, dtype=wide, device=device)

        def each(name: str) -> Tensor:
            return torch.tensor([getattr(one, name) for one in networks], dtype=wide, device=device).view(n, 1)

        others = shape.size - shape.moved_by_muon
        self.momentum, self.first, self.second = zeros(n, shape.moved_by_muon), zeros(n, others), zeros(n, others)
        self.powers = torch.ones(2, n, 1, dtype=wide, device=device)
        self.peak, self._decay = each("learning_rate"), each("weight_decay")
        self._span = torch.tensor(list(spans), dtype=wide, device=device)
        self.begun = zeros(n, 1)
        """Updates of the rounds before, of networks that go on."""
        self._now = zeros(2)
        self.factor = zeros(n, 1)
        """Of the peak learning rate."""
        self._follow = zeros(n, 1)
        self.skipped = zeros(n)
        """Updates of each network that were left out, since a gradient was not finite."""

    def tell(self, share: float, updates: int) -> None:
        """Say how far the round is, 0 to 1, and how many updates it has had."""
        self._now[0].fill_(share)
        self._now[1].fill_(updates)

    def _pace(self) -> None:
        """The learning rate at that share of each network's training, and how far its average follows."""
        share = torch.lerp(self._span[:, :1], self._span[:, 1:], self._now[0])
        updates = self.begun + self._now[1]
        rise = ((updates + 1) / WARM_UP).clamp(max=1.0)
        fall = ((1 - share) / (1 - self._shared.decay_from)).clamp(0.0, 1.0)
        self.factor.copy_(rise * (FLOOR + (1 - FLOOR) * fall))
        self._follow.copy_(1 - ((2 + updates) / (11 + updates)).clamp(max=self._shared.average_decay))

    def move(self, characters: int) -> None:
        """One update from ``gradient``; where that is not finite, the weights only shrink and the momentum goes on."""
        split, wide = self.shape.moved_by_muon, self.weights.dtype
        norm = torch.linalg.vector_norm(self.gradient, dim=1, keepdim=True, dtype=wide) / characters
        sound = norm.isfinite()
        self.skipped.add_((~sound).view(-1))
        scale = torch.where(sound, (self._shared.clip / (norm + 1e-6)).clamp(max=1.0), torch.zeros_like(norm))
        gradient = self.gradient.nan_to_num_(0.0, 0.0, 0.0) * (scale / characters)
        self._pace()
        rate = self.peak * self.factor
        self.weights.mul_(1 - rate * self._decay)
        self._muon(gradient[:, :split], rate)
        self._adamw(gradient[:, split:], rate)
        self.average.lerp_(self.weights, self._follow)
        self.half.copy_(self.weights)

    def _muon(self, gradient: Tensor, rate: Tensor) -> None:
        self.momentum.lerp_(gradient, 1 - MOMENTUM)
        ahead = gradient.lerp(self.momentum, MOMENTUM)
        h, e, at = self.shape.hidden, self.shape.embedding, 0
        # Both recurrent matrices; what layer 1 reads; what layer 0 reads: each of four gates, as they lie in a row.
        for gates, columns in ((2 * GATES, h), (GATES, h + e), (GATES, e)):
            length = gates * h * columns
            part = ahead[:, at : at + length].reshape(-1, h, columns)
            step = orthogonalised(part, self._ortho).reshape(-1, length).to(gradient.dtype)
            self.weights[:, at : at + length].sub_(step * (rate * (RMS * max(h, columns) ** 0.5)))
            at += length

    def _adamw(self, gradient: Tensor, rate: Tensor) -> None:
        self.first.lerp_(gradient, 1 - BETAS[0])
        self.second.mul_(BETAS[1]).addcmul_(gradient, gradient, value=1 - BETAS[1])
        self.powers[0].mul_(BETAS[0])
        self.powers[1].mul_(BETAS[1])
        root = (self.second / (1 - self.powers[1])).sqrt().add_(EPSILON)
        self.weights[:, self.shape.moved_by_muon :].sub_(self.first / (1 - self.powers[0]) / root * rate)

    def state(self) -> dict[str, Tensor]:
        """All that a later update depends on, beside what the plan says; live."""
        own = {name: getattr(self, name) for name in MOVED}
        return {**own, "powers": self.powers, "begun": self.begun, "skipped": self.skipped}

    def pause(self, network: int) -> dict[str, Tensor]:
        """All that one network needs to go on in another round."""
        kept = {name: getattr(self, name)[network].clone() for name in MOVED}
        return {**kept, "powers": self.powers[:, network].clone()}

    def go_on(self, network: int, kept: dict[str, Tensor], updates: int) -> None:
        """Put what :meth:`pause` gave in the place of ``network``, after so many updates."""
        for name in MOVED:
            getattr(self, name)[network] = kept[name]
        self.powers[:, network] = kept["powers"]
        self.begun[network] = updates
        self.half.copy_(self.weights)


def orthogonalised(matrices: Tensor, dtype: torch.dtype) -> Tensor:
    """float[M, r, c] to the nearest semi-orthogonal matrices, about, in ``dtype``.

    As :func:`rnncomplete_export.training.muon.orthogonalise` does for one.
    """
    tall = matrices.shape[1] > matrices.shape[2]
    x = matrices.transpose(1, 2) if tall else matrices
    x = (x / (x.square().sum((1, 2), keepdim=True).sqrt() + 1e-7)).to(dtype).contiguous()
    for a, b, c in COEFFICIENTS:
        square = torch.bmm(x, x.transpose(1, 2))
        x = torch.baddbmm(x, torch.baddbmm(square, square, square, beta=b, alpha=c), x, beta=a)
    return x.transpose(1, 2) if tall else x
