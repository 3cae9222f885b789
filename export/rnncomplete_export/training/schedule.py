"""The learning rate over a training: a short rise, a plateau, a late fall to nearly nothing."""

from __future__ import annotations

FLOOR = 0.02
"""Share of the peak that is left at the end."""


def learning_rate_factor(progress: float, updates: int, *, warm_up: int = 50, decay_from: float = 0.6) -> float:
    """Share of the peak learning rate, 0 to 1.

    ``progress`` is how much of the training is over, 0 to 1; ``updates`` counts the updates done. The plateau lets a
    training be prolonged before its fall (Hu et al. 2024, arXiv:2404.06395, warm-up, stable, decay); the fall is linear.
    """
    rise = min(1.0, (updates + 1) / warm_up)
    fall = 1.0 if progress <= decay_from else max(0.0, (1 - progress) / (1 - decay_from))
    return rise * (FLOOR + (1 - FLOOR) * fall)
