"""Muon: momentum whose update is orthogonalised, for the matrices of recurrent layers.

Jordan et al. 2024, https://kellerjordan.github.io/posts/muon/. ``torch.optim.Muon`` iterates in bfloat16, which
processors without it emulate more than ten times slower; this one stays in float32 and treats the four gates that an
LSTM's matrix stacks as four matrices.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.optim import Optimizer

if TYPE_CHECKING:
    from collections.abc import Iterable

GATES = 4

RMS = 0.2
"""Root mean square of AdamW's updates at a learning rate of 1, as measured in the paper."""


def orthogonalise(matrix: Tensor, iterations: int = 5) -> Tensor:
    """The nearest semi-orthogonal matrix, about: float[..., m, n] by Newton-Schulz with Muon's quintic coefficients."""
    a, b, c = 3.4445, -4.7750, 2.0315
    tall = matrix.size(-2) > matrix.size(-1)
    x = matrix.mT if tall else matrix
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(iterations):
        square = x @ x.mT
        x = a * x + (b * square + c * square @ square) @ x
    result: Tensor = x.mT if tall else x
    return result


class Muon(Optimizer):
    """Nesterov momentum, orthogonalised gate by gate; every parameter must be float[4H, n].

    An update's entries have root mean square ``0.2 * lr``, about that of AdamW's, so that one learning rate serves both
    (Liu et al. 2025, arXiv:2502.16982, section 2.2).
    """

    def __init__(self, parameters: Iterable[Tensor], lr: float, momentum: float = 0.95, weight_decay: float = 0.0):
        super().__init__(parameters, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]  # noqa: ARG002 - overloaded there; nobody passes a closure
        """Update every parameter that has a gradient."""
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is None:
                    continue
                state = self.state[parameter]
                if "momentum" not in state:
                    state["momentum"] = torch.zeros_like(parameter)
                momentum = state["momentum"].lerp_(parameter.grad, 1 - group["momentum"])
                ahead = parameter.grad.lerp(momentum, group["momentum"])
                gates = ahead.view(GATES, -1, ahead.size(-1))
                update = orthogonalise(gates).view_as(parameter)
                # An orthogonal m x n matrix has entries of root mean square 1 / sqrt(max(m, n)).
                scale = RMS * max(gates.shape[-2:]) ** 0.5
                parameter.mul_(1 - group["lr"] * group["weight_decay"])
                parameter.add_(update, alpha=-group["lr"] * scale)
