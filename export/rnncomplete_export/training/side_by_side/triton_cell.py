"""The pointwise part of a step as two kernels of Triton, which comes with PyTorch for CUDA.

The arguments that end in ``_n`` and ``_b`` are strides from one network and from one stream to the next; ``hidden`` is
units a layer, ``block`` of them are computed by one program.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import triton
import triton.language as tl

if TYPE_CHECKING:
    from torch import Tensor

LARGEST_BLOCK = 256


@triton.jit
def _tanh(x):
    return 2.0 / (1.0 + tl.exp(-2.0 * x)) - 1.0


@triton.jit
def _activated(g, b, valid, hidden: tl.constexpr):
    i = tl.sigmoid(tl.load(g, valid, 0.0).to(tl.float32) + tl.load(b, valid, 0.0))
    f = tl.sigmoid(tl.load(g + hidden, valid, 0.0).to(tl.float32) + tl.load(b + hidden, valid, 0.0))
    z = _tanh(tl.load(g + 2 * hidden, valid, 0.0).to(tl.float32) + tl.load(b + 2 * hidden, valid, 0.0))
    o = tl.sigmoid(tl.load(g + 3 * hidden, valid, 0.0).to(tl.float32) + tl.load(b + 3 * hidden, valid, 0.0))
    return i, f, z, o


@triton.jit
def _forward(  # noqa: PLR0917 - a kernel has no keywords
    gates, bias, before, after, out, gates_n, gates_b, bias_n, held_n, held_b, out_n, out_b,
    streams, hidden: tl.constexpr, block: tl.constexpr,
):  # fmt: skip
    n, row = (tl.program_id(0) // streams).to(tl.int64), (tl.program_id(0) % streams).to(tl.int64)
    at = tl.program_id(1) * block + tl.arange(0, block)
    valid = at < hidden
    i, f, z, o = _activated(gates + n * gates_n + row * gates_b + at, bias + n * bias_n + at, valid, hidden)
    held = n * held_n + row * held_b + at
    c = f * tl.load(before + held, valid, 0.0) + i * z
    tl.store(after + held, c, valid)
    tl.store(out + n * out_n + row * out_b + at, (o * _tanh(c)).to(out.dtype.element_ty), valid)


@triton.jit
def _backward(  # noqa: PLR0917 - a kernel has no keywords
    gates, bias, before, after, wanted, carried, gates_n, gates_b, bias_n, held_n, held_b, wanted_n, wanted_b, carried_n,
    carried_b, streams, hidden: tl.constexpr, block: tl.constexpr,
):  # fmt: skip
    n, row = (tl.program_id(0) // streams).to(tl.int64), (tl.program_id(0) % streams).to(tl.int64)
    at = tl.program_id(1) * block + tl.arange(0, block)
    valid = at < hidden
    g = gates + n * gates_n + row * gates_b + at
    i, f, z, o = _activated(g, bias + n * bias_n + at, valid, hidden)
    held = n * held_n + row * held_b + at
    c0 = tl.load(before + held, valid, 0.0)
    t = _tanh(tl.load(after + held, valid, 0.0))
    dh = tl.load(wanted + n * wanted_n + row * wanted_b + at, valid, 0.0).to(tl.float32)
    where = carried + n * carried_n + row * carried_b + at
    dc = tl.load(where, valid, 0.0) + dh * o * (1.0 - t * t)
    kind = gates.dtype.element_ty
    tl.store(g, (dc * z * i * (1.0 - i)).to(kind), valid)
    tl.store(g + hidden, (dc * c0 * f * (1.0 - f)).to(kind), valid)
    tl.store(g + 2 * hidden, (dc * i * (1.0 - z * z)).to(kind), valid)
    tl.store(g + 3 * hidden, (dh * t * o * (1.0 - o)).to(kind), valid)
    tl.store(where, dc * f, valid)


class TritonCell:
    """A :class:`rnncomplete_export.training.side_by_side.cell.Cell` that is one kernel forward and one backward."""

    def forward(self, gates: Tensor, bias: Tensor, before: Tensor, after: Tensor, out: Tensor) -> None:
        """As :meth:`Cell.forward`."""
        grid, hidden, block = _split(before)
        _forward[grid](
            gates, bias, before, after, out, *gates.stride()[:2], bias.stride(0), *before.stride()[:2],
            *out.stride()[:2], before.shape[1], hidden, block, num_warps=4,
        )  # fmt: skip

    def backward(
        self, gates: Tensor, bias: Tensor, before: Tensor, after: Tensor, *, wanted: Tensor, carried: Tensor
    ) -> None:
        """As :meth:`Cell.backward`."""
        grid, hidden, block = _split(before)
        _backward[grid](
            gates, bias, before, after, wanted, carried, *gates.stride()[:2], bias.stride(0), *before.stride()[:2],
            *wanted.stride()[:2], *carried.stride()[:2], before.shape[1], hidden, block, num_warps=4,
        )  # fmt: skip


def _split(held: Tensor) -> tuple[tuple[int, int], int, int]:
    """The grid of programs over [N, B, H], H, and how many units one program computes."""
    networks, streams, hidden = held.shape
    block = min(LARGEST_BLOCK, triton.next_power_of_2(hidden))
    return (networks * streams, triton.cdiv(hidden, block)), hidden, block
