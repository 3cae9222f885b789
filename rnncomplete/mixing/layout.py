"""Where everything lies that the mixer knows: one arena of bytes, shared by the C core and its Python twin.

An arena makes three things simple: a checkpoint is a copy, undoing is putting old words back, and both cores work on
the same memory. The numbers here and the enumerations at the top of ``_core.c`` change together.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rnncomplete.mixing.alphabet import Alphabet
    from rnncomplete.mixing.memory import CorpusMemory

FloatArray = NDArray[np.float32]
"""Probabilities, float32[V] or float32[n, V]."""

SESSION_CONTEXTS, NODE_CONTEXTS, SLOT_CONTEXTS = 12, 5, 7
MEMORIES, MATCHES, SETS, BINS = 2, 2, 6, 33
INPUTS, SESSION_INPUTS, MEMORY_INPUTS = 80, 32, 24
NETWORK_INPUT = 2 * SESSION_CONTEXTS + 2 * MATCHES + 1
"""Where the network's odds stand among a decision's inputs."""
VERSION = 2
"""Counted up with what a core can do."""
SIGNATURE = (((VERSION * 100 + INPUTS) * 100 + SESSION_CONTEXTS) * 100 + NODE_CONTEXTS) * 100 + SLOT_CONTEXTS
"""What a compiled core must have been made for."""
NODE_CELLS, SLOT_CELLS = 704, 144
ORDER_ROWS, MATCH_ROWS, KIND_ROWS, COLUMN_ROWS = 384, 256, 4096, 64
REGISTERS = 16
LOOK_AHEAD = 512
"""Room behind the session's capacity for characters that are only supposed."""

STRETCH_CELLS, SQUASH_CELLS, SQUASH_STEPS = 4096, 4096, 170

SECTIONS = (
    "registers",
    "tokens",
    "entries",
    "matches",
    "weights",
    "second",
    "session_maps",
    "node_maps",
    "slot_maps",
    "match_maps",
    "refine",
)
LEARNED = SECTIONS[4:]
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
    """Session entries, as a power of two; 8 bytes each. 100,000 characters make about 1.5 million."""
    match_bits: int = 18
    """Match table places, as a power of two; 4 bytes each, twice."""
    refine_rows: int = 8192
    """Rows of each refinement map; 132 bytes each, twice."""
    journal_words: int = 1 << 21
    """Journal for undoing, in words of 4 bytes: about 2,000 a character."""
    frames: int = 4096
    """Characters that can be undone at most."""

    def sections(self, symbols: int) -> dict[str, tuple[type[np.generic], int]]:
        """Type and number of elements of each section, in the arena's order, for a vocabulary of ``symbols``."""
        rows = (symbols - 1) + ORDER_ROWS + (symbols + 1) + MATCH_ROWS + KIND_ROWS + COLUMN_ROWS
        return {
            "registers": (np.uint64, REGISTERS),
            "tokens": (np.uint16, self.capacity + LOOK_AHEAD),
            "entries": (np.uint64, 1 << self.entry_bits),
            "matches": (np.int32, MATCHES << self.match_bits),
            "weights": (np.float32, rows * INPUTS),
            "second": (np.float32, ORDER_ROWS * 8),
            "session_maps": (np.float32, SESSION_CONTEXTS * 256),
            "node_maps": (np.float32, MEMORIES * NODE_CONTEXTS * NODE_CELLS),
            "slot_maps": (np.float32, MEMORIES * SLOT_CONTEXTS * SLOT_CELLS),
            "match_maps": (np.float32, MATCHES * 32 * 2),
            "refine": (np.float32, 2 * self.refine_rows * BINS),
        }


@dataclass(frozen=True)
class Arena:
    """All lasting state of a session: ``bytes`` uint8[N], and a view of each section by its name."""

    bytes: NDArray[np.uint8]
    offsets: dict[str, int]
    views: dict[str, NDArray[np.generic]]

    @classmethod
    def create(cls, sizes: Sizes, symbols: int) -> Arena:
        """An arena of zeros."""
        sections, offsets, end = sizes.sections(symbols), {}, 0
        for name, (kind, count) in sections.items():
            offsets[name] = end
            end += -(-count * np.dtype(kind).itemsize // 64) * 64
        memory = np.empty(end, np.uint8)
        memory.fill(0)  # now, so that no key waits for the system to hand out pages
        views = {
            name: memory[offsets[name] : offsets[name] + count * np.dtype(kind).itemsize].view(kind)
            for name, (kind, count) in sections.items()
        }
        return cls(memory, offsets, views)


def settings(sizes: Sizes, symbols: int, arena: Arena, memories: list[tuple[int, int]]) -> NDArray[np.int64]:
    """The whole numbers that the cores need; ``memories`` holds the node and slot totals of each memory."""
    totals = [*memories, *[(0, 0)] * (MEMORIES - len(memories))]
    plain = [symbols, sizes.capacity, sizes.entry_bits, sizes.match_bits, sizes.refine_rows, len(memories)]
    nodes, slots = [pair[0] for pair in totals], [pair[1] for pair in totals]
    return np.array([*plain, *nodes, *slots, *(arena.offsets[name] for name in SECTIONS)], np.int64)


def constants(rates: Rates) -> NDArray[np.float32]:
    """Rates, bounds and the two tables, float32[16 + 2 x 4096]."""
    bounds = [0.0005, 0.9995, 0.00001, 0.99999]
    head = np.zeros(16, np.float32)
    head[:9] = [*rates, *bounds]
    return np.concatenate([head, stretch_table(), squash_table()])


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


def start(arena: Arena, memories: int) -> None:
    """Fill the learned sections of ``arena`` with what to believe before anything was learned."""
    views = arena.views
    middle = squash_table()
    views["weights"][:] = 0.15 if memories == 0 else 0.09
    views["second"].reshape(-1, 8)[:, :SETS] = np.float32(1.0 / SETS)
    views["session_maps"].reshape(SESSION_CONTEXTS, 256)[:] = _histories()
    centre = (np.arange(64) + 0.5) / 3.5 - 9.1
    cells = np.repeat(middle[((np.clip(centre, -11.9, 11.9) + 12.0) * SQUASH_STEPS).astype(np.int64)][None], 11, axis=0)
    views["node_maps"].reshape(-1, NODE_CELLS)[:] = np.clip(cells.reshape(-1), 0.0005, 0.9995)
    zeros, ones = np.divmod(np.arange(SLOT_CELLS), 12)
    views["slot_maps"].reshape(-1, SLOT_CELLS)[:] = ((ones + 0.3) / (zeros + ones + 0.6)).astype(np.float32)
    views["match_maps"].reshape(-1, 2)[:] = np.array([0.25, 0.75], np.float32)
    line = middle[((np.clip((np.arange(BINS) - 16) / 2.0, -11.9, 11.9) + 12.0) * SQUASH_STEPS).astype(np.int64)]
    views["refine"].reshape(-1, BINS)[:] = line


def _histories() -> NDArray[np.float32]:
    """First guess for each history of up to seven decisions behind a leading one: later ones count more, float32[256]."""
    result = np.full(256, 0.5, np.float32)
    for history in range(2, 256):
        zeros = ones = 0.4
        weight = 1.0
        for place in range(history.bit_length() - 1):
            if history >> place & 1:
                ones += weight
            else:
                zeros += weight
            weight *= 0.8
        result[history] = ones / (zeros + ones)
    return result


def buffers(
    alphabet: Alphabet, sizes: Sizes, arena: Arena, rates: Rates, memories: Sequence[CorpusMemory]
) -> tuple[NDArray[np.generic], ...]:
    """The arrays that the cores work on, in the order that they expect."""
    totals = [(len(memory.nodes), len(memory.slots)) for memory in memories]
    tables = [table for memory in memories for table in (memory.nodes, memory.slots)]
    empty = np.zeros(0, np.uint32)
    return (
        settings(sizes, len(alphabet), arena, totals),
        constants(rates),
        alphabet.tables,
        alphabet.tree.paths,
        arena.bytes,
        np.zeros(sizes.journal_words, np.uint32),
        np.zeros(3 + sizes.frames, np.int64),
        *tables,
        *[empty] * (2 * MEMORIES - len(tables)),
    )
