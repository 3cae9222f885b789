"""What a peer is: another completer, and what it takes to know what it knows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

HELD_OUT = 0.05
"""Share of the corpus, its end, on which what is best for a peer is found."""


@dataclass(frozen=True)
class Peer:
    """Another completer."""

    name: str
    ghost: Callable[[str], str]
    """What it shows after a text."""
    megabytes: float
    """What it has to hold to do so: its counts, its lines, its weights; of 1,000,000 bytes."""
    facts: dict[str, int | float] = field(default_factory=dict)
    """What was found to be best for it."""


def held_out(corpus: str) -> str:
    """The end of ``corpus``, at least two characters."""
    return corpus[-max(2, int(HELD_OUT * len(corpus))) :]
