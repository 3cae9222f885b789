"""Parts of a text that stand for all of it: stretches of one length, evenly spaced."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def starts(length: int, size: int, count: int) -> NDArray[np.int64]:
    """Where ``count`` stretches of ``size`` characters begin in a text of ``length``, int64[count].

    The first begins where the text does, and if there are more, the last ends where it ends. They overlap where the text
    is too short for them.
    """
    return np.arange(count, dtype=np.int64) * (length - size) // max(1, count - 1)


def stretches(tokens: NDArray[np.uint16], size: int, count: int) -> NDArray[np.int64]:
    """``count`` stretches of ``size`` tokens, evenly spaced over ``tokens`` uint16[n], side by side: int64[size, count]."""
    table: NDArray[np.int64] = tokens[starts(len(tokens), size, count) + np.arange(size)[:, None]].astype(np.int64)
    return table
