"""Where everything lies that the mixer knows: one arena of bytes, shared by the compiled core and Python.

An arena makes things simple: undoing is putting old words back, and the core works on the same memory as Python. The numbers here and the enumerations at the top of ``_core.c`` change together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
"""Probabilities, float32[V] or float32[n, V]."""

SESSION_CONTEXTS, NODE_CONTEXTS, SLOT_CONTEXTS = 12, 5, 7
MEMORIES, MATCHES, SETS, SECONDS, BINS = 2, 2, 6, 3, 17
RUNS, RUN_LENGTH, RUN_CELLS, HISTORIES, FOLLOW_BITS, STACK = 22, 3, 256, 256, 12, 8
COMMON = 0.3
"""Of the error that a set of weights learns from, the share that is the mixture's, not its own."""
INPUTS, SESSION_INPUTS, MEMORY_INPUTS = 64, 40, 12
NETWORK_INPUT = SESSION_CONTEXTS + RUNS + MATCHES + 1
"""Where the network's odds stand among a decision's inputs."""
VERSION = 3
"""Counted up with what a core can do."""
SIGNATURE = (((VERSION * 100 + INPUTS) * 100 + SESSION_CONTEXTS) * 100 + NODE_CONTEXTS) * 100 + SLOT_CONTEXTS
"""What a compiled core must have been made for."""
SLOT_CELLS = 144
ORDER_ROWS, MATCH_ROWS, KIND_ROWS, COLUMN_ROWS = 384, 256, 512, 64
REGISTERS = 32
SYMBOLS, DEEPEST = 4096, 64
"""Characters of a vocabulary, and decisions that tell one of them, at most."""
LOOK_AHEAD = 512
"""Room behind the session's capacity for characters that are only supposed."""

STRETCH_CELLS, SQUASH_CELLS, SQUASH_STEPS = 4096, 4096, 170

SECTIONS = (
    "registers",
    "tokens",
    "entries",
    "matches",
    "runs",
    "followers",
    "weights",
    "second",
    "session_maps",
    "slot_maps",
    "match_maps",
    "run_maps",
    "refine",
)
LEARNED = SECTIONS[6:]
"""The sections that a prior replaces: how to weigh, as opposed to what was read."""


class Rates(NamedTuple):
    """How fast the mixer learns: shares of the error, per decision."""

    weights: float = 0.002
    second: float = 0.0005
    maps: float = 0.01
    matches: float = 0.01
    refine: float = 0.02


@dataclass(frozen=True)
class Sizes:
    """How much room a session has."""

    capacity: int = 1 << 17
    """Characters that one session can hold."""
    entry_bits: int = 21
    """Session entries, as a power of two; 4 bytes each. 100,000 characters make about a million, 10,000 about 220,000."""
    run_bits: int = 20
    """Runs, as a power of two; 8 bytes each."""
    match_bits: int = 18
    """Match table places, as a power of two; 4 bytes each, twice."""
    refine_rows: int = 2048
    """Rows of each refinement map; 68 bytes each, twice."""
    journal_words: int = 3 << 18
    """Journal for undoing, in words of 4 bytes: about 3,000 a character."""
    frames: int = 4096
    """Characters that can be undone at most."""

    @classmethod
    def holding(cls, characters: int) -> Sizes:
        """Room for so many characters and no more: a short text takes little memory.

        With 8 entries and 4 runs a character, texts take as many nats as with four times as many.
        """
        return cls(
            characters,
            entry_bits=(8 * characters - 1).bit_length(),
            run_bits=(4 * characters - 1).bit_length(),
            match_bits=(2 * characters - 1).bit_length(),
        )

    def sections(self, symbols: int) -> dict[str, tuple[type[np.generic], int]]:
        """Type and number of elements of each section, in the arena's order, for a vocabulary of ``symbols``."""
        rows = (symbols - 1) + ORDER_ROWS + (symbols + 1) + MATCH_ROWS + KIND_ROWS + COLUMN_ROWS
        return {
            "registers": (np.uint64, REGISTERS),
            "tokens": (np.uint16, self.capacity + LOOK_AHEAD),
            "entries": (np.uint32, 1 << self.entry_bits),
            "matches": (np.int32, MATCHES << self.match_bits),
            "runs": (np.uint64, 1 << self.run_bits),
            "followers": (np.uint32, 2 << FOLLOW_BITS),
            "weights": (np.float32, rows * INPUTS),
            "second": (np.float32, (ORDER_ROWS + MATCH_ROWS + symbols - 1) * 8),
            "session_maps": (np.float32, SESSION_CONTEXTS * HISTORIES),
            "slot_maps": (np.float32, MEMORIES * SLOT_CONTEXTS * SLOT_CELLS),
            "match_maps": (np.float32, MATCHES * 32 * 2),
            "run_maps": (np.float32, RUNS * RUN_CELLS),
            "refine": (np.float32, 2 * self.refine_rows * BINS),
        }
