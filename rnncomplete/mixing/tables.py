"""The tables that the core reads: logarithmic odds and back, and how fast counts move. The same bits on every machine."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from rnncomplete.mixing.layout import SQUASH_CELLS, SQUASH_STEPS

if TYPE_CHECKING:
    from numpy.typing import NDArray


def adaptation() -> NDArray[np.int32]:
    """Share of the error that moves a probability seen n times before, int32[256], in 65536ths: 1 / (n + 1.5)."""
    return np.array([131072 // (2 * seen + 3) for seen in range(256)], np.int32)


@cache
def stretch_table() -> NDArray[np.float32]:
    """ln(p / (1 - p)) in the middle of 4096 cells of p, float32[4096].

    Made of additions, multiplications and divisions only, so that it is the same on every machine: a library's
    logarithm may differ in its last bit.
    """
    upper = (np.arange(2048, 4096) + 0.5) / 4096
    mantissa, exponent = np.frexp(upper / (1.0 - upper))
    ratio = (mantissa - 1.0) / (mantissa + 1.0)
    square, power, total = ratio * ratio, ratio.copy(), ratio.copy()
    for odd in range(3, 61, 2):
        power = power * square
        total = total + power / odd
    logarithm = 2.0 * total + exponent * 0.6931471805599453
    return np.concatenate([-logarithm[::-1], logarithm]).astype(np.float32)


@cache
def squash_table() -> NDArray[np.float32]:
    """1 / (1 + exp(-x)) for x = -12 + cell / 170, float32[4096]; by powers of a series, for the same reason."""
    exponent = (12.0 - np.arange(SQUASH_CELLS) / SQUASH_STEPS) / 1024
    total, term = np.ones_like(exponent), np.ones_like(exponent)
    for order in range(1, 12):
        term = term * exponent / order
        total = total + term
    for _ in range(10):
        total = total * total
    return (1.0 / (1.0 + total)).astype(np.float32)
