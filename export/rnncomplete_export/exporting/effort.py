"""How much work an export may do: a share of what the training was, so that two minutes of it are not followed by four.

Nothing here looks at a clock: the counts follow from what a checkpoint says of the training and from the size of the
vocabulary, so that the same checkpoint gives the same style on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass

BREADTH = 700
"""Kinds of characters that double what one prediction costs, beside the part of it that does not depend on them."""

OPERATIONS = 1e12
"""Floating-point operations in a second of training, at most, by which it counts: a GPU's three minutes are an hour."""


def seconds_trained(seconds: float, characters: int, parameters: int) -> float:
    """What a training of so many ``seconds`` counts for, by the ``characters`` that it read if it was on something fast.

    A character costs six operations a parameter: two forward, four backward.
    """
    return max(seconds, 6 * parameters * characters / OPERATIONS)


MINUTES_OF_TWO = 120.0, 900.0
"""Seconds of training after which an export does what it does after two minutes, which takes about half a minute: whoever
waited for ten does not wait for another one."""

HALF_AN_HOUR = 1800.0
"""Seconds of training from which on an export does no more."""


@dataclass(frozen=True)
class Effort:
    """Characters that an export works through, each for its purpose, and stages that it measures."""

    measured: int
    """Of the text held out, on which the network and an n-gram are measured."""
    calibrated: int
    """Of those, on which the temperature is found."""
    counted: int
    """Of the text trained on, in n-grams."""
    weighed: int
    """On which it is learned what counts are worth beside the network."""
    rated: int
    """On which each rate of adapting is tried."""
    tuned: int
    """Typed at each of the places where the threshold is tuned."""
    adaptive: int
    """On which the network and what the text itself teaches are measured together."""
    typed: int
    """Typed with ghosts, for the card."""
    stages: int
    """Stages of learning, the last ones, whose weights are measured and write again; of others the card has what was noted
    in training."""


def effort_after(seconds: float, vocabulary_size: int) -> Effort:
    """What to do after a training of so many ``seconds`` on so many kinds of characters.

    After two seconds it takes some seconds, after two minutes to a quarter of an hour about half a minute, and from half an
    hour on it no longer grows. A text of 4,000 kinds gets a sixth of what one of 100 gets, where the kinds are what costs.
    """
    least, most = MINUTES_OF_TWO
    if least < seconds < HALF_AN_HOUR:
        seconds = least + (HALF_AN_HOUR - least) * max(0.0, seconds - most) / (HALF_AN_HOUR - most)
    wide = seconds / (1 + vocabulary_size / BREADTH)
    return Effort(
        measured=_between(20_000, 1_000 * wide, 1_000_000),
        calibrated=_between(5_000, 250 * wide, 200_000),
        counted=_between(300_000, 10_000 * seconds, 12_000_000),
        weighed=_between(20_000, 800 * wide, 300_000),
        rated=_between(8_000, 150 * wide, 40_000),
        tuned=_between(300, 10 * wide, 2_000),
        adaptive=_between(1_000, 30 * wide, 20_000),
        typed=_between(1_000, 40 * wide, 5_000),
        stages=_between(0, wide / 40, 100),
    )


def _between(least: int, wanted: float, most: int) -> int:
    return int(min(max(least, wanted), most))
