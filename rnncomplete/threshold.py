"""Finding the threshold of a style: how likely a ghost has to be to be shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rnncomplete.typing_simulation import simulate_typing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

CANDIDATES = (0.1, 0.15, 0.2, 0.22, 0.24, 0.26, 0.28, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6)

LEAST_PRECISION = 0.5
"""Every other ghost shown has to be accepted at least in part: beyond that ghosts are in the way."""


def best_threshold(
    ghost: Callable[[str, float], str], text: str, candidates: Sequence[float] = CANDIDATES, start: int = 0
) -> float:
    """The candidate that saves the most keystrokes on ``text`` from ``start`` on, with precision enough.

    ``ghost(before, threshold)`` is what would be shown. A lower threshold shows more and saves more, so that is the
    lowest with a precision of :data:`LEAST_PRECISION`; if none has that, the highest.
    """
    for threshold in sorted(candidates):
        before = text[:start]
        typing = simulate_typing(text[start:], lambda typed: ghost(before + typed, threshold))  # noqa: B023 - called here
        if typing.precision >= LEAST_PRECISION:
            return threshold
    return max(candidates)
