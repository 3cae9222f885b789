"""Windows over a text for stateful truncated backpropagation: B contiguous streams, each read in order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Streams:
    """``batch`` readers, evenly spaced over ``tokens`` uint16[N], that move on by ``window`` characters at a time.

    A reader that comes to the end goes on at the beginning. The position is an argument, so that a training resumes
    anywhere: what is read is a function of the position alone.
    """

    tokens: NDArray[np.uint16]
    batch: int
    window: int

    def at(self, position: int, first: int = 0, last: int | None = None) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Inputs and targets, int64[window, last - first] each, ``position`` characters into every stream.

        ``first`` and ``last`` choose some of the streams: the share of one process among several.
        """
        where = self.places(position, first, last)
        return self.tokens[where].astype(np.int64), self.tokens[where + 1].astype(np.int64)

    def places(self, position: int, first: int = 0, last: int | None = None) -> NDArray[np.int64]:
        """Where in the tokens the inputs of :meth:`at` are, int64[window, last - first]."""
        size = len(self.tokens) - 1
        starts = np.arange(first, self.batch if last is None else last, dtype=np.int64) * size // self.batch
        places: NDArray[np.int64] = (starts + position + np.arange(self.window)[:, None]) % size
        return places
