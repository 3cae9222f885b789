"""The readout of labels: what the text so far is, told from the mean and the maximum of what was seen in it.

What the cells put out is projected to D numbers at each character. Their running sum, how many were summed, and their
running maximum are the *pool*, part of the recurrent state; a linear layer over mean and maximum gives the logits of the
labels (concatenated pooling: Howard, Ruder 2018, arXiv:1801.06146, section 3.3, but of a text that is still being written).

Shapes: T characters in a window, B streams, F features, D projected ones, K labels.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

PROJECTED = 128
"""D."""


class PooledReadout(nn.Module):
    """``features`` float[T, B, F] to logits float[T, B, K] of the text so far, through a pool float[1, B, 2D + 1]."""

    def __init__(self, features: int, labels: int, projected: int = PROJECTED) -> None:
        super().__init__()
        self.size = projected
        self.projection = nn.Linear(features, projected)
        self.readout = nn.Linear(2 * projected, labels)
        nn.init.normal_(self.projection.weight, std=features**-0.5)
        nn.init.zeros_(self.projection.bias)
        nn.init.normal_(self.readout.weight, std=0.02)
        nn.init.zeros_(self.readout.bias)

    def empty(self, streams: int, device: torch.device) -> Tensor:
        """The pool at the start of a text: sums, a count, and maxima, all zero."""
        return torch.zeros(1, streams, 2 * self.size + 1, device=device)

    def forward(self, features: Tensor, pool: Tensor, ends: Tensor) -> tuple[Tensor, Tensor]:
        """Logits at each character, and the pool after the last; behind ``ends`` bool[T, B] it is empty again."""
        seen = torch.tanh(self.projection(features))
        pooled, after = pooled_over(seen if seen.dtype == pool.dtype else seen.float(), pool[0], ends)
        return self.readout(pooled), after[None]


def pooled_over(seen: Tensor, pool: Tensor, ends: Tensor) -> tuple[Tensor, Tensor]:
    """Means and maxima float[T, ..., 2D] of what was ``seen`` float[T, ..., D] up to each of T characters.

    It begins with ``pool`` float[..., 2D + 1]; the pool after the last character comes back. Behind ``ends`` bool[T, ...]
    it is empty again.
    """
    size = seen.shape[-1]
    total, count, most = torch.split(pool, [size, 1, size], dim=-1)
    # The pool is the first row, and a row belongs to the text that so many others ended before.
    text = torch.cat((torch.zeros_like(ends[:1]), torch.zeros_like(ends[:1]), ends[:-1])).cumsum(0)
    before = torch.ones(len(text), len(text), dtype=torch.bool, device=seen.device).tril()
    of_text = (text.movedim(0, -1)[..., None] == text.movedim(0, -1)[..., None, :]) & before
    rows = torch.cat((torch.cat((total, count), dim=-1)[None], functional.pad(seen, (0, 1), value=1)))
    sums = torch.matmul(of_text.to(seen.dtype), rows.movedim(0, -2)).movedim(-2, 0)
    # All that was seen lies between -1 and 1, so that nothing of an earlier text is as large as what a later one saw.
    most = torch.cat((most[None], seen.clamp_min(0)))  # the pool is zero at the start of a text
    apart = most.detach().double() + 2 * text[..., None]
    most = most.gather(0, apart.cummax(0).indices)
    after = torch.cat((sums[-1], most[-1]), dim=-1) * (~ends[-1])[..., None]
    return torch.cat((sums[1:, ..., :size] / sums[1:, ..., size:], most[1:]), dim=-1), after
