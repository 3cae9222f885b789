"""Reading a window forward, N networks at a time, with recurrent states that stay.

Shapes: N networks, T characters a window, B streams, V characters, E embedding, H units.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from rnncomplete_export.network.character_network import shut_gates

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from rnncomplete_export.training.side_by_side.cell import Cell
    from rnncomplete_export.training.side_by_side.parameters import Parameters, Shape


class Reader:
    """The memory of a window, and the way forward through it.

    Matrices are multiplied in ``dtype``; cells add up in float32 (float64 if that is ``dtype``, for tests).
    """

    def __init__(
        self,
        shape: Shape,
        networks: int,
        window: int,
        streams: int,
        *,
        dtype: torch.dtype,
        device: torch.device,
        cell: Cell,
    ) -> None:
        self.shape, self.networks, self.window, self.streams, self.cell = shape, networks, window, streams, cell
        h = shape.hidden
        wide = torch.float64 if dtype == torch.float64 else torch.float32

        def buffer(length: int, width: int, kind: torch.dtype) -> Tensor:
            return torch.zeros(networks, length, streams, width, dtype=kind, device=device)

        self._shut = shut_gates(h).view(-1).to(device, dtype)
        self.features = buffer(window, 2 * h + shape.embedding, dtype)
        """Outputs of layer 1, of layer 0, and the embedding, after dropout: what each matrix reads lies side by side."""
        self.gates = [buffer(window, 4 * h, dtype) for _ in range(2)]
        self.out = [buffer(window + 1, h, dtype) for _ in range(2)]
        self.held = [buffer(window + 1, h, wide) for _ in range(2)]

    def flat(self, tensor: Tensor) -> Tensor:
        """[N, T, B, K] as [N, TB, K], the same memory."""
        return tensor.view(self.networks, self.window * self.streams, tensor.shape[-1])

    def read(
        self,
        weights: Parameters,
        biases: Sequence[Tensor],
        recurrent: Sequence[Tensor],
        ones: Tensor,
        masks: Sequence[Tensor] | None,
        *,
        ends: Tensor | None = None,
    ) -> Tensor:
        """Logits [N, TB, V], without the readout's bias, of what follows ``ones`` [N, TB, V], the characters one-hot.

        ``masks`` are those of :class:`rnncomplete_export.training.side_by_side.learner.Noise`; ``recurrent`` are the
        recurrent matrices that are left of ``weights``. Where ``ends`` bool[N, T, B] is true a text ends, and cells forget.
        """
        h = self.shape.hidden
        embedded = torch.bmm(ones, weights.embedding).view(self.networks, self.window, self.streams, -1)
        self.features[..., 2 * h :] = embedded if masks is None else embedded * masks[2]
        flat = self.flat(self.features)
        for layer, width in enumerate((2 * h, h)):
            gates, out, held = self.gates[layer], self.out[layer], self.held[layer]
            torch.bmm(flat[:, :, width:], weights.below[layer].transpose(1, 2), out=self.flat(gates))
            if ends is not None:
                gates.addcmul_(ends[..., None].to(gates.dtype), self._shut)
            own = recurrent[layer].transpose(1, 2)
            for t in range(self.window):
                gates[:, t].baddbmm_(out[:, t], own)
                self.cell.forward(gates[:, t], biases[layer], held[:, t], held[:, t + 1], out[:, t + 1])
            place = self.features[..., (1 - layer) * h : (2 - layer) * h]
            if masks is None:
                place.copy_(out[:, 1:])
            else:
                torch.mul(out[:, 1:], masks[layer], out=place)
        return torch.bmm(flat[:, :, : 2 * h], weights.readout.transpose(1, 2))

    def begins(self) -> list[Tensor]:
        """What the next window begins with: outputs and what cells hold, of both layers, [N, B, H] each; live."""
        return [tensor[:, 0] for tensor in (*self.out, *self.held)]

    def go_on(self) -> None:
        """The next window begins where this one ended."""
        for tensor in (*self.out, *self.held):
            tensor[:, 0].copy_(tensor[:, self.window])

    def forget(self, kept: Tensor) -> None:
        """Streams begin as a text begins where ``kept`` [N, B, 1] is false."""
        for state in self.begins():
            state.mul_(kept)
