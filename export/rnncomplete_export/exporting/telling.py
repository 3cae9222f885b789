"""What a long step of an export tells of itself: that it begins, and each tenth of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

TENTHS = 10


def tenths(advance: Callable[[str], None], step: str) -> Callable[[int, int], None]:
    """What takes (done, total) of a ``step``, and tells ``advance`` of every tenth that is done; of the step at once."""
    told = 0
    advance(step)

    def progress(done: int, total: int) -> None:
        nonlocal told
        while told < TENTHS * done // max(total, 1):
            told += 1
            advance(f"{step}, {100 * told // TENTHS} %")

    return progress
