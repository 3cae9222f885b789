"""Muon: momentum whose update is orthogonalised, for the matrices of recurrent layers.

Jordan et al. 2024, https://kellerjordan.github.io/posts/muon/. ``torch.optim.Muon`` iterates in bfloat16, which
processors without it emulate more than ten times slower; this one iterates in what it is told to, and treats the four
gates that an LSTM's matrix stacks as four matrices.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.optim import Optimizer

if TYPE_CHECKING:
    from collections.abc import Iterable

GATES = 4

COEFFICIENTS = ((8.0211, -22.9563, 16.6232), (3.6233, -2.6622, 0.5141), (2.6872, -1.9714, 0.4407))
"""Of three polynomials a x + b x^3 + c x^5, applied in turn: each the best approximation to 1 on what the one before it
makes of 0.01 to 1, with a margin of 1 % for the rounding of bfloat16, which then is 0.70 to 1.30 (Amsel et al. 2025,
arXiv:2505.16932, section 3). Muon's own five times 3.4445, -4.7750, 2.0315 give 0.68 to 1.21 for five thirds of the
products."""

RMS = 0.2
"""Root mean square of AdamW's updates at a learning rate of 1, as measured in the paper."""


def orthogonalise(matrix: Tensor, dtype: torch.dtype = torch.float32) -> Tensor:
    """The nearest semi-orthogonal matrix, about: float[m, n] by a Newton-Schulz iteration of :data:`COEFFICIENTS`.

    Singular values below 0.01 of the matrix's Frobenius norm stay smaller than the others.
    """
    tall = matrix.size(0) > matrix.size(1)
    x = matrix.T if tall else matrix
    x = (x / (x.norm() + 1e-7)).to(dtype)
    for a, b, c in COEFFICIENTS:
        square = x @ x.T
        x = torch.addmm(x, torch.addmm(square, square, square, beta=b, alpha=c), x, beta=a)
    return (x.T if tall else x).to(matrix.dtype)


def operations(rows: int, columns: int) -> int:
    """Floating-point operations of :func:`orthogonalise` for a matrix of that size; those of its products."""
    short, long = min(rows, columns), max(rows, columns)
    return len(COEFFICIENTS) * 2 * (2 * short**2 * long + short**3)


class Muon(Optimizer):
    """Nesterov momentum, orthogonalised gate by gate in ``dtype``; every parameter must be float[4H, n].

    An update's entries have root mean square ``0.2 * lr``, about that of AdamW's, so that one learning rate serves both
    (Liu et al. 2025, arXiv:2502.16982, section 2.2).
    """

    def __init__(
        self,
        parameters: Iterable[Tensor],
        lr: float,
        momentum: float = 0.95,
        weight_decay: float = 0.0,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        super().__init__(parameters, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})
        self.dtype = dtype

    @property
    def operations(self) -> int:
        """Floating-point operations of the matrix products in a step."""
        parameters = [parameter for group in self.param_groups for parameter in group["params"]]
        return sum(GATES * operations(p.size(0) // GATES, p.size(1)) for p in parameters)

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
                gates = ahead.chunk(GATES)
                update = torch.cat([orthogonalise(gate, self.dtype) for gate in gates])
                # An orthogonal m x n matrix has entries of root mean square 1 / sqrt(max(m, n)).
                scale = RMS * max(gates[0].shape) ** 0.5
                parameter.mul_(1 - group["lr"] * group["weight_decay"])
                parameter.add_(update, alpha=-group["lr"] * scale)
