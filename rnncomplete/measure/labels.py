"""How well labels are told: accuracy, macro-F1, calibration error, and which label is taken for which."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

BINS = 10


def accuracy(shares: NDArray[np.float64], known: NDArray[np.integer]) -> float:
    """Share of texts whose likeliest label, of ``shares`` float64[texts, K], is the ``known`` one, int[texts]."""
    return float((shares.argmax(axis=1) == known).mean())


def confusion(shares: NDArray[np.float64], known: NDArray[np.integer]) -> NDArray[np.int64]:
    """Texts of each label (row) that were told to be of each label (column), int64[K, K]."""
    size = shares.shape[1]
    return np.bincount(known * size + shares.argmax(axis=1), minlength=size * size).reshape(size, size)


def macro_f1(table: NDArray[np.int64]) -> float:
    """The mean over labels of the harmonic mean of precision and recall, from a :func:`confusion` table."""
    right = table.diagonal()
    return float((2 * right / np.maximum(table.sum(axis=0) + table.sum(axis=1), 1)).mean())


def calibration_error(shares: NDArray[np.float64], known: NDArray[np.integer]) -> float:
    """Expected calibration error in ten bins of the likeliest label's share (Guo et al. 2017, arXiv:1706.04599)."""
    sure, right = shares.max(axis=1), shares.argmax(axis=1) == known
    bins = np.minimum((sure * BINS).astype(int), BINS - 1)
    gaps = [abs(sure[bins == one].sum() - right[bins == one].sum()) for one in range(BINS)]
    return float(sum(gaps) / len(sure))
