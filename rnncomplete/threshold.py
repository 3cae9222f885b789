"""Finding the threshold of a style: how likely a ghost has to be to be shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rnncomplete.typing_simulation import TypingFigures, simulate_typing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

CANDIDATES = (0.1, 0.15, 0.2, 0.22, 0.24, 0.26, 0.28, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6)

LEAST_PRECISION = 0.52
"""Every other ghost shown has to be accepted at least in part, on other texts than those tuned on, too: beyond that
ghosts are in the way."""

SESSIONS, SESSION = 4, 2_000
"""Places of a text at which somebody begins to type, and characters they type, to find the best threshold."""


def beginnings(text: str) -> list[str]:
    """Stretches evenly spaced over ``text``, each to be typed by itself; all of a text that is short."""
    last = len(text) - SESSION
    spaced = [last * number // (SESSIONS - 1) for number in range(SESSIONS)]
    starts = spaced if len(text) > SESSIONS * SESSION else range(0, len(text), SESSION)
    return [text[start : start + SESSION] for start in starts]


def best_threshold(
    ghost: Callable[[str, float], str], texts: Sequence[str], candidates: Sequence[float] = CANDIDATES
) -> float:
    """The candidate that saves the most keystrokes on ``texts``, each typed by itself, with precision enough.

    ``ghost(before, threshold)`` is what would be shown. A lower threshold shows more and saves more, so that is the
    lowest with a precision of :data:`LEAST_PRECISION`; if none has that, the highest.
    """

    def precision(threshold: float) -> float:
        typings = (simulate_typing(text, lambda before: ghost(before, threshold)) for text in texts)
        return sum(typings, TypingFigures()).precision

    enough = (threshold for threshold in sorted(candidates) if precision(threshold) >= LEAST_PRECISION)
    return next(enough, max(candidates))
