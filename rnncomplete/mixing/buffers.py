"""The memory that the core works on: the arena of a session, what it holds at first, and all arrays in one tuple."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from rnncomplete.mixing.layout import (
    BINS,
    COMMON,
    HISTORIES,
    MEMORIES,
    SECTIONS,
    SESSION_CONTEXTS,
    SETS,
    SLOT_CELLS,
    SQUASH_STEPS,
)
from rnncomplete.mixing.tables import squash_table, stretch_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from rnncomplete.mixing.alphabet import Alphabet
    from rnncomplete.mixing.layout import Rates, Sizes


class Counts(Protocol):
    """What a corpus memory is to the core: two tables of counts, ``nodes`` uint32[n] and ``slots`` uint32[m]."""

    @property
    def nodes(self) -> NDArray[np.uint32]:
        """Decisions of low orders."""

    @property
    def slots(self) -> NDArray[np.uint32]:
        """Characters of high orders."""


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
        # The system hands out its pages as they are used: a key waits for a few at a time, never for all.
        memory = np.zeros(end, np.uint8)
        views = {
            name: memory[offsets[name] : offsets[name] + count * np.dtype(kind).itemsize].view(kind)
            for name, (kind, count) in sections.items()
        }
        return cls(memory, offsets, views)


def settings(sizes: Sizes, symbols: int, arena: Arena, memories: list[tuple[int, int]]) -> NDArray[np.int64]:
    """The whole numbers that the cores need; ``memories`` holds the node and slot totals of each memory."""
    totals = [*memories, *[(0, 0)] * (MEMORIES - len(memories))]
    plain = [
        symbols,
        sizes.capacity,
        sizes.entry_bits,
        sizes.match_bits,
        sizes.refine_rows,
        len(memories),
        sizes.run_bits,
    ]
    nodes, slots = [pair[0] for pair in totals], [pair[1] for pair in totals]
    return np.array([*plain, *nodes, *slots, *(arena.offsets[name] for name in SECTIONS)], np.int64)


def constants(rates: Rates) -> NDArray[np.float32]:
    """Rates, bounds and the two tables, float32[16 + 2 x 4096]."""
    bounds = [0.0005, 0.9995, 0.00001, 0.99999, COMMON]
    head = np.zeros(16, np.float32)
    head[:10] = [*rates, *bounds]
    return np.concatenate([head, stretch_table(), squash_table()])


def start(arena: Arena) -> None:
    """Fill the learned sections of ``arena`` with what to believe before anything was learned."""
    views = arena.views
    views["weights"][:] = 0.1
    views["second"].reshape(-1, 8)[:, :SETS] = np.float32(1.0 / SETS)
    views["session_maps"].reshape(SESSION_CONTEXTS, HISTORIES)[:] = _histories()
    zeros, ones = np.divmod(np.arange(SLOT_CELLS), 12)
    views["slot_maps"].reshape(-1, SLOT_CELLS)[:] = ((ones + 0.3) / (zeros + ones + 0.6)).astype(np.float32)
    views["run_maps"].reshape(-1, 2)[:] = np.array([0.15, 0.85], np.float32)
    views["match_maps"].reshape(-1, 2)[:] = np.array([0.1, 0.9], np.float32)
    line = squash_table()[(np.arange(BINS) - BINS // 2 + 12) * SQUASH_STEPS]
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
    alphabet: Alphabet, sizes: Sizes, arena: Arena, rates: Rates, memories: Sequence[Counts]
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
