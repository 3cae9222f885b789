"""The pointwise part of a step of an LSTM, forward and backward, for N networks and B streams at a time.

It is written out instead of left to autograd, so that a whole update is a fixed list of operations on fixed memory,
which a CUDA graph can hold. Between two matrix products there are a dozen small operations; where Triton can fuse them
into one, :func:`choose_cell` takes that, which on one H100 was 2.5 times as fast in all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import torch

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from rnncomplete_export.training.side_by_side.parameters import Shape

LARGEST_DIFFERENCE = 5e-3
"""Between two cells' results, as a share of their norm; float16 rounds at 5e-4."""


class Cell(Protocol):
    """One step of N x B cells. All tensors may be slices of larger ones; units lie next to one another."""

    def forward(self, gates: Tensor, bias: Tensor, before: Tensor, after: Tensor, out: Tensor) -> None:
        """Write what cells hold into ``after`` float[N, B, H], and what they put out into ``out``.

        ``gates`` float[N, B, 4H] are those before ``bias`` float[N, 4H], ``before`` is what they held.
        """

    def backward(
        self, gates: Tensor, bias: Tensor, before: Tensor, after: Tensor, *, wanted: Tensor, carried: Tensor
    ) -> None:
        """From gradients of outputs (``wanted`` float[N, B, H]) and of what is held (``carried``) to those before.

        Those of the gates are written over ``gates``, those of ``before`` over ``carried``.
        """


class TorchCell:
    """A :class:`Cell` of PyTorch's own operations, which runs everywhere."""

    def forward(self, gates: Tensor, bias: Tensor, before: Tensor, after: Tensor, out: Tensor) -> None:
        """As :meth:`Cell.forward`."""
        i, f, z, o = _activated(gates, bias)
        torch.add(f * before, i * z, out=after)
        out.copy_(o * after.tanh())

    def backward(
        self, gates: Tensor, bias: Tensor, before: Tensor, after: Tensor, *, wanted: Tensor, carried: Tensor
    ) -> None:
        """As :meth:`Cell.backward`."""
        i, f, z, o = _activated(gates, bias)
        t, dh = after.tanh(), wanted.to(carried.dtype)
        dc = carried + dh * o * (1 - t * t)
        parts = (dc * z * i * (1 - i), dc * before * f * (1 - f), dc * i * (1 - z * z), dh * t * o * (1 - o))
        gates.copy_(torch.cat(parts, dim=-1))
        carried.copy_(dc * f)


def _activated(gates: Tensor, bias: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    i, f, z, o = (gates + bias[:, None]).chunk(4, dim=-1)
    return i.sigmoid(), f.sigmoid(), z.tanh(), o.sigmoid()


def choose_cell(shape: Shape, dtype: torch.dtype, device: torch.device, say: Callable[[str], None]) -> Cell:
    """The fastest cell that computes here what PyTorch's does; ``say`` is told why it is not Triton's on a GPU."""
    if device.type != "cuda":
        return TorchCell()
    try:
        from rnncomplete_export.training.side_by_side.triton_cell import TritonCell

        found = difference(TritonCell(), shape.hidden, dtype, device)
    except Exception as error:  # whatever goes wrong in a compiler, there is another way
        say(f"without Triton, several times slower ({(str(error).splitlines() or [repr(error)])[0]})")
        return TorchCell()
    if found < LARGEST_DIFFERENCE:
        return TritonCell()
    say(f"without Triton, several times slower: its cells differ from PyTorch's by {found:.1e} of their norm here")
    return TorchCell()


def difference(cell: Cell, hidden: int, dtype: torch.dtype, device: torch.device) -> float:
    """The largest difference of a result of ``cell`` from PyTorch's, as a share of its norm, on slices of random arrays."""
    generator = torch.Generator(device).manual_seed(0)
    n, b = 2, 8
    drawn = [torch.randn(n, 3, b, size, device=device, generator=generator) for size in (4 * hidden, hidden, hidden)]
    bias = torch.randn(n, 4 * hidden, device=device, generator=generator)
    results = []
    for one in (cell, TorchCell()):
        gates, held, wanted = drawn[0].to(dtype, copy=True), drawn[1].clone(), drawn[2].to(dtype)
        carried, out = drawn[2][:, 0].clone(), torch.zeros(n, 3, b, hidden, dtype=dtype, device=device)
        one.forward(gates[:, 1], bias, held[:, 0], held[:, 1], out[:, 1])
        ahead = [out.clone(), held.clone()]
        one.backward(gates[:, 1], bias, held[:, 0], held[:, 1], wanted=wanted[:, 1], carried=carried)
        results.append([*ahead, gates, carried])
    return max(
        float((ours.float() - theirs.float()).norm() / (theirs.float().norm() + 1e-9))
        for ours, theirs in zip(*results, strict=True)
    )
