"""Stretches reach from a text's start to its end."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rnncomplete.text.stretches import starts, stretches


def test_three_stretches_of_four_in_a_hundred() -> None:
    assert stretches(np.arange(100, dtype=np.uint16), 4, 3).T.tolist() == [
        [0, 1, 2, 3],
        [48, 49, 50, 51],
        [96, 97, 98, 99],
    ]


@given(st.integers(1, 500), st.integers(1, 100), st.integers(1, 30))
def test_all_lie_inside_evenly_spaced(length: int, size: int, count: int) -> None:
    size = min(size, length)
    begin = starts(length, size, count)
    assert begin[0] == 0
    assert count == 1 or begin[-1] == length - size
    gaps = np.diff(begin)
    assert count < 3 or gaps.max() - gaps.min() <= 1
