"""What N networks learn of labels in a window, beside the language: the loss and its gradient, through the pool.

Here gradients are left to autograd: the readout is small, and what autograd does a CUDA graph can hold as well.

Shapes: N networks, T characters a window, B streams, H units, D projected numbers, K labels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from rnncomplete_export.network.pooled_readout import PROJECTED, pooled_over

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor


@dataclass(frozen=True)
class LabelledPages:
    """Of each text that is read, in the order of the texts: the label of each character, and what its loss weighs."""

    labels: Sequence[Tensor]
    """uint8[characters] each."""
    weights: Sequence[Tensor]
    """float32[characters] each."""
    boundaries: Sequence[int]
    """The token that ends a text, of each network."""
    weight: float
    """Of the loss of labels beside that of characters."""


class LabelLearner:
    """The pools of N networks and B streams, and the texts' labels on ``device``."""

    def __init__(self, pages: LabelledPages, streams: int, *, dtype: torch.dtype, device: torch.device) -> None:
        self._labels = torch.cat(list(pages.labels)).to(device)
        self._weights = torch.cat(list(pages.weights)).to(device)
        self._weight = pages.weight
        self._boundaries = torch.tensor(list(pages.boundaries), device=device)[:, None, None]
        self.pool = torch.zeros(len(pages.boundaries), streams, 2 * PROJECTED + 1, dtype=dtype, device=device)

    def ends(self, inputs: Tensor) -> Tensor:
        """Where texts end in ``inputs`` int64[N, T, B], bool."""
        return inputs == self._boundaries

    def learn(
        self,
        features: Tensor,
        parameters: Sequence[Tensor],
        gradients: Sequence[Tensor],
        *,
        ends: Tensor,
        where: Tensor,
    ) -> Tensor:
        """The gradient of ``features`` float[N, TB, 2H], in the pool's type; that of ``parameters`` into ``gradients``.

        Both are of the loss summed over the window's characters, at ``where`` int64[N, T, B] of the texts.
        """
        n, window, streams = ends.shape
        with torch.enable_grad():
            read = features.detach().to(self.pool.dtype).requires_grad_()
            own = [part.detach().requires_grad_() for part in parameters]
            projection, projection_bias, label, label_bias = own
            seen = torch.tanh(torch.baddbmm(projection_bias[:, None], read, projection.transpose(1, 2)))
            by_place = seen.view(n, window, streams, -1).transpose(0, 1)
            pooled, after = pooled_over(by_place, self.pool, ends.transpose(0, 1))
            flat = pooled.transpose(0, 1).reshape(n, window * streams, -1)
            logits = torch.baddbmm(label_bias[:, None], flat, label.transpose(1, 2))
            known = self._labels.take(where).long().view(-1)
            lost = functional.cross_entropy(logits.flatten(0, 1), known, reduction="none")
            loss = self._weight * (lost * self._weights.take(where).view(-1)).sum()
            changed, *found = torch.autograd.grad(loss, [read, *own])
        for gradient, value in zip(gradients, found, strict=True):
            gradient.copy_(value)
        self.pool.copy_(after.detach())
        return changed
