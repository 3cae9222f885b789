"""Texts on the device, and which window of which text each of N networks reads.

All texts lie behind one another in one array; a network is pointed at one by an offset and a size, so that which text it
reads can change without an operation's arguments changing: a captured CUDA graph goes on as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor


class Pages:
    """``texts`` int[characters] each, and N networks that read B streams of them, T characters a window."""

    def __init__(
        self, texts: Sequence[Tensor], networks: int, *, window: int, streams: int, device: torch.device
    ) -> None:
        self.window, self.streams = window, streams
        self._text = torch.cat(list(texts)).to(device)
        self._places, at = [], 0
        for text in texts:
            self._places.append((at, len(text) - 1))
            at += len(text)
        self._offset, self._size = (torch.zeros(networks, 1, 1, dtype=torch.int64, device=device) for _ in range(2))
        self._starts = torch.zeros(networks, 1, streams, dtype=torch.int64, device=device)
        self._clock = torch.zeros((), dtype=torch.int64, device=device)
        self._steps = torch.arange(window, device=device)[None, :, None]
        self.where = self._starts
        """Where in all texts the inputs of the last window are, int64[N, T, B]."""

    def point(self, network: int, text: int, updates: Tensor) -> None:
        """From now on ``network`` reads the text of that number, where it would be after so many ``updates`` before."""
        offset, size = self._places[text]
        self._offset[network], self._size[network] = offset, size
        spread = torch.arange(self.streams, dtype=torch.int64) * size // self.streams
        self._starts[network, 0] = spread.to(self._starts.device) + updates.long() * self.window

    def turn(self) -> tuple[Tensor, Tensor]:
        """The next window: inputs and targets, int64[N, T, B]."""
        self.where = where = (self._starts + self._clock * self.window + self._steps) % self._size + self._offset
        self._clock.add_(1)
        return self._text.take(where).long(), self._text.take(where + 1).long()

    def state(self) -> dict[str, Tensor]:
        """All that a later window depends on, beside the texts; live."""
        return {"offset": self._offset, "size": self._size, "starts": self._starts, "clock": self._clock}
