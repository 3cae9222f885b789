"""What trained networks think comes next, for others to learn from.

Half of the loss against the mean of two networks' distributions instead of against the text makes a network of the same
size better where a text is small and read many times (Hinton, Vinyals, Dean 2015, arXiv:1503.02531; Furlanello et al.
2018, arXiv:1805.04770).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rnncomplete_export.training.side_by_side.parameters import Parameters
from rnncomplete_export.training.side_by_side.reader import Reader

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from rnncomplete_export.training.side_by_side.cell import Cell
    from rnncomplete_export.training.side_by_side.parameters import Shape
    from rnncomplete_export.training.side_by_side.plan import Shared


class Teachers:
    """``rows`` float[K, P]: for each of K / ``each`` pupils so many networks, which read along with it."""

    def __init__(
        self, shape: Shape, rows: Tensor, each: int, shared: Shared, *, dtype: torch.dtype, cell: Cell
    ) -> None:
        self.each, self.pupils = each, len(rows) // each
        self.reader = Reader(shape, len(rows), shared.window, shared.batch, dtype=dtype, device=rows.device, cell=cell)
        weights = Parameters.of(rows, shape)
        self._biases, self._bias = weights.gate_biases(), weights.bias[:, None].clone()
        self._half = Parameters.of(rows.to(dtype, copy=True), shape)

    def think(self, ones: Tensor, kept: Tensor, beyond: Tensor) -> Tensor:
        """The mean of what the teachers of each pupil expect: shares float[pupils, TB, V]; their states go on.

        ``ones`` [pupils, TB, V] is what the pupils read, ``kept`` bool[pupils, B, 1] which streams go on, and ``beyond``
        [pupils, 1, V] what is added to the logits.
        """
        ones, kept, beyond = (part.repeat_interleave(self.each, 0) for part in (ones, kept, beyond))
        self.reader.forget(kept)
        logits = self.reader.read(self._half, self._biases, self._half.recurrent, ones, None)
        self.reader.go_on()
        shares = (logits.to(beyond.dtype) + (self._bias + beyond)).softmax(-1)
        return shares.view(self.pupils, self.each, *shares.shape[1:]).mean(1)
