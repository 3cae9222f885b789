"""What the C core must give, computed in Python: the same work and the same bits, some hundred times slower.

It follows ``_core.c`` function by function; what the numbers mean is said there and in ``layout.py``. Single-precision
numbers are added, subtracted, multiplied and compared in the same order, so every result is the same to the last bit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from mixing_twin_tables import (
    CURRENT,
    MATCH,
    MATCH_MINIMUM,
    NODE_ORDERS,
    NODES_OF,
    O2,
    POSITION,
    SESSION_OF,
    SESSION_ORDERS,
    SLOT_ORDERS,
    SLOTS_OF,
    State,
    advance,
    advance_words,
    bucket_of,
    context_hashes,
    count_node,
    count_slot,
    entry_to_replace,
    find_entry,
    find_node,
    followers,
    learn_run,
    length_bucket,
    match_place,
    node_hash,
    run_behind,
    run_cell,
    run_hashes,
    times_level,
)

from rnncomplete.mixing import layout

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

F = np.float32
_ONE, _TWO, _CELLS = F(1.0), F(2.0), F(4096.0)


class _Place:
    """What all nodes of one position share."""

    def __init__(self, s: State, registers: list[int], network: NDArray[np.float32] | None) -> None:
        self.registers = registers
        self.hashes, self.last, column, self.kinds = context_hashes(s, registers)
        self.run_hashes = run_hashes(s, registers)
        self.runs = [run_behind(s, hashed) for hashed in self.run_hashes]
        self.column = min(column, 31) * 2 + (registers[CURRENT] != 0)
        self.slots = [[self._slots(s, m, self.hashes[k]) for k in SLOTS_OF] for m in range(s.memories)]
        self.predicted = []
        for m in range(layout.MATCHES):
            source, length = registers[MATCH + 2 * m], registers[MATCH + 2 * m + 1]
            self.predicted.append((int(s.tokens[source]) if length else -1, length_bucket(length)))
        self.network = network
        if network is not None:
            self.below = np.zeros(s.nodes, np.float32)
            for node in range(s.nodes - 1, -1, -1):
                self.below[node] = self.share(s, node, 0) + self.share(s, node, 1)

    @staticmethod
    def _slots(s: State, m: int, hashed: int) -> list[tuple[int, int]]:
        begin = bucket_of(s.slots[m], hashed)
        found = [int(slot) for slot in s.slots[m][begin : begin + 8]]
        return [(slot >> 8 & 0xFFF, slot & 0xFF) for slot in found if slot & 0xFF and slot >> 20 == hashed & 0xFFF]

    def share(self, s: State, node: int, bit: int) -> Any:
        """The network's probability of all symbols behind one side of ``node``."""
        child = s.children[2 * node + bit]
        assert self.network is not None
        return self.below[child] if child >= 0 else self.network[~child]


class _Node:
    """What was looked up for one node: enough to mix, and to learn afterwards."""

    def __init__(self, s: State, place: _Place, node: int, path: int, depth: int) -> None:
        self.x = np.zeros(layout.INPUTS, np.float32)
        self.maps: list[tuple[str, int]] = []
        session, match_row = self._session_inputs(s, place, node, path, depth)
        known = [0, 0]
        for m in range(s.memories):
            known[m] = self._memory_inputs(s, place, m, (node, path, depth))
        orders = session * 64 + known[0] * 8 + known[1]
        self._mix(s, place, node, (orders, match_row, place.kinds * 8 + min(depth, 7)))

    def _add(self, s: State, at: int, cell: tuple[str, int]) -> None:
        self.maps.append(cell)
        self.x[at] = stretched(s, s.view[cell[0]][cell[1]])

    def _session_inputs(self, s: State, place: _Place, node: int, path: int, depth: int) -> tuple[int, int]:
        known, at, row, confidence = 0, layout.SESSION_CONTEXTS, 0, 0
        self.hashes = [node_hash(place.hashes[k], node) for k in SESSION_OF]
        for k, hashed in enumerate(self.hashes):
            index = find_entry(s, hashed)
            if index >= 0:
                history = int(s.entries[index]) >> 8 & 0xFF
                self._add(s, k, ("session_maps", k * layout.HISTORIES + history))
                known += SESSION_ORDERS[k]
        for k, run in enumerate(place.runs):
            cell = run_cell(s, run, path, depth)
            if cell >= 0:
                self._add(s, at + k, ("run_maps", k * layout.RUN_CELLS + cell))
        at += layout.RUNS
        for m, (token, bucket) in enumerate(place.predicted):
            if token >= 0 and s.on_path(token, path, depth):
                cell = (m * 32 + bucket) * 2 + (s.paths[token] >> depth & 1)
                self._add(s, at + m, ("match_maps", cell))
                row = row or 1 + bucket // 2
        at += layout.MATCHES
        self.x[at] = 0.3
        if place.network is not None:
            confidence = self._network_inputs(s, place, node, at)
        return known, row * 8 + confidence

    def _network_inputs(self, s: State, place: _Place, node: int, at: int) -> int:
        p = (place.share(s, node, 1) + F(1e-6)) / (place.below[node] + F(2e-6))
        p = max(p, F(0)) if p < F(0.99999) else F(0.99999)
        x = stretched(s, p)
        size = -x if x < 0 else x
        self.x[at + 1], self.x[at + 2], self.x[at + 3] = x, p * _TWO - _ONE, x if size > 2 else F(0)
        return min(int(size * F(1.5)), 6) + 1

    def _memory_inputs(self, s: State, place: _Place, m: int, where: tuple[int, int, int]) -> int:
        node, path, depth = where
        known, at = 0, layout.SESSION_INPUTS + layout.MEMORY_INPUTS * m
        for k, context in enumerate(NODES_OF):
            index = find_node(s.node_tables[m], node_hash(place.hashes[context], node), create=False)
            if index >= 0:
                entry = int(s.node_tables[m][index])
                self.x[at + k] = s.stretch[(entry & 0xFFFF) >> 4]
                known += NODE_ORDERS[k]
        at += layout.NODE_CONTEXTS
        for k, slots in enumerate(place.slots[m]):
            times = [0, 0]
            for token, count in slots:
                if s.on_path(token, path, depth):
                    times[s.paths[token] >> depth & 1] += count
            if any(times):
                cell = (
                    (m * layout.SLOT_CONTEXTS + k) * layout.SLOT_CELLS
                    + times_level(times[0]) * 12
                    + times_level(times[1])
                )
                self._add(s, at + k, ("slot_maps", cell))
                known += SLOT_ORDERS[k]
        return known

    def _mix(self, s: State, place: _Place, node: int, rows: tuple[int, int, int]) -> None:
        orders, match_row, kind_row = rows
        chosen = (node, orders, place.last, match_row, kind_row, place.column)
        self.rows = [(base + row) * layout.INPUTS for base, row in zip(s.set_bases, chosen, strict=True)]
        weights = s.view["weights"]
        self.dots, self.single = [], []
        for row in self.rows:
            total = clamped(dot(weights[row : row + s.inputs], self.x[: s.inputs]), F(11.0))
            self.dots.append(total)
            self.single.append(squashed(s, total))
        z = self._blend(s, chosen)
        self.mixed = squashed(s, z)
        at = clamped(z, F(7.999)) + F(8.0)
        cell = int(at)
        self.fraction = at - F(cell)
        first = (place.last * s.nodes + node) % s.refine_rows
        other = (node_hash(place.hashes[O2], node) >> 20) % s.refine_rows + s.refine_rows
        self.low = [first * layout.BINS + cell, other * layout.BINS + cell]
        refine = s.view["refine"]
        refined = [refine[low] + (refine[low + 1] - refine[low]) * self.fraction for low in self.low]
        p = F(0.5) * self.mixed + (F(0.25) * refined[0] + F(0.25) * refined[1])
        self.p = min(max(p, s.least), s.most)

    def _blend(self, s: State, chosen: tuple[int, ...]) -> Any:
        second, bases = s.view["second"], (0, layout.ORDER_ROWS, layout.ORDER_ROWS + layout.MATCH_ROWS)
        self.second, self.blended, z = [], [], F(0)
        for base, which in zip(bases, (1, 3, 0), strict=True):
            at, total = (base + chosen[which]) * 8, F(0)
            for place_of_set, one in enumerate(self.dots):
                total = total + second[at + place_of_set] * one
            total = clamped(total, F(11.0))
            self.second.append(at)
            self.blended.append(squashed(s, total))
            z = z + total
        return z / F(layout.SECONDS)


def stretched(s: State, p: Any) -> Any:
    """ln(p / (1 - p)) from the table."""
    return s.stretch[int(p * _CELLS)]


def squashed(s: State, x: Any) -> Any:
    """1 / (1 + exp(-x)) from the table, between its cells along a line."""
    at = (clamped(x, F(11.99)) + F(12.0)) * F(170.0)
    cell = int(at)
    return s.squash[cell] + (s.squash[cell + 1] - s.squash[cell]) * (at - F(cell))


def clamped(x: Any, most: Any) -> Any:
    """``x`` within ``most`` of zero."""
    return most if x > most else -most if x < -most else x


def dot(weights: NDArray[np.float32], x: NDArray[np.float32]) -> Any:
    """Sum of products in eight lanes, then the lanes in pairs."""
    lane = np.zeros(8, np.float32)
    for products in (weights * x).reshape(-1, 8):
        lane = lane + products
    return ((lane[0] + lane[4]) + (lane[1] + lane[5])) + ((lane[2] + lane[6]) + (lane[3] + lane[7]))


def _move(s: State, cell: tuple[str, int], target: Any, rate: Any, bounds: tuple[Any, Any]) -> None:
    (section, index), (low, high) = cell, bounds
    s.record(section, index, 1)
    view = s.view[section]
    moved = view[index] + (target - view[index]) * rate
    view[index] = low if moved < low else high if moved > high else moved


def _learn_bit(s: State, n: _Node, bit: int) -> None:
    target, constant = F(bit), s.constant
    second, weights = s.view["second"], s.view["weights"]
    common = (target - n.mixed) * constant[9]
    for row, blended in zip(n.second, n.blended, strict=True):
        s.record("second", row, layout.SETS)
        error = (target - blended) * constant[1]
        for place, total in enumerate(n.dots):
            second[row + place] += error * total
    for row, single in zip(n.rows, n.single, strict=True):
        s.record("weights", row, s.inputs)
        error = ((target - single) * (_ONE - constant[9]) + common) * constant[0]
        weights[row : row + s.inputs] += error * n.x[: s.inputs]
    for low in n.low:
        _move(s, ("refine", low), target, constant[4] * (_ONE - n.fraction), (F(0), _ONE))
        _move(s, ("refine", low + 1), target, constant[4] * n.fraction, (F(0), _ONE))
    for cell in n.maps:
        _move(s, cell, target, constant[2], (constant[5], constant[6]))
    _learn_entries(s, n.hashes, bit)


def _learn_entries(s: State, hashes: list[int], bit: int) -> None:
    for hashed in hashes:
        index, history, seen = find_entry(s, hashed), 1, 0
        if index >= 0:
            entry = int(s.entries[index])
            history, seen = entry >> 8 & 0xFF, entry & 0xFF
        else:
            index = entry_to_replace(s, hashed)
        s.record("entries", index, 1)
        seen += seen < 60
        history = history * 2 + bit
        if history > 255:
            history = 128 | (history & 127)
        s.entries[index] = (hashed & 0xFFFF or 1) << 16 | history << 8 | seen


def _learn_token(s: State, network: NDArray[np.float32] | None, token: int) -> float:
    frame, probability, node = int(s.frames[1]), 1.0, 0
    s.record("registers", 0, 2 * layout.REGISTERS)
    place = _Place(s, s.read_registers(), network)
    looked_up: list[tuple[_Node, int]] = []
    for depth in range(s.lengths[token]):
        bit = s.paths[token] >> depth & 1
        n = _Node(s, place, node, s.paths[token], depth)
        probability *= float(n.p if bit else _ONE - n.p)
        looked_up.append((n, bit))
        node = s.children[2 * node + bit]
    for n, bit in looked_up:
        _learn_bit(s, n, bit)
    _learn_runs(s, place.run_hashes, token)
    _learn_matches(s, place.registers, token)
    if s.keep:
        s.frames[3 + s.frames[0] % (len(s.frames) - 3)] = frame
        s.frames[0] += 1
    return probability


def _learn_runs(s: State, hashes: list[int], token: int) -> None:
    for hashed in hashes:
        learn_run(s, hashed, token)


def _learn_matches(s: State, registers: list[int], token: int) -> None:
    for index in followers(registers, s):
        s.record("followers", index, 1)
        s.followers[index] = (int(s.followers[index]) << 16 | token + 1) & 0xFFFFFFFF
    advance(s, registers, token)
    end = registers[POSITION]
    for m in range(layout.MATCHES):
        if end >= MATCH_MINIMUM[m]:
            index = match_place(s, m, end)
            s.record("matches", index, 1)
            s.view["matches"][index] = end
    s.view["registers"][:] = registers


def _skim_token(s: State, token: int) -> None:
    registers = s.read_registers()
    hashes, runs, node = context_hashes(s, registers)[0], run_hashes(s, registers), 0
    for depth in range(s.lengths[token]):
        bit = s.paths[token] >> depth & 1
        _learn_entries(s, [node_hash(hashes[context], node) for context in SESSION_OF], bit)
        node = s.children[2 * node + bit]
    _learn_runs(s, runs, token)
    _learn_matches(s, registers, token)


def _count_token(s: State, token: int) -> None:
    registers = s.read_registers()
    hashes, node = context_hashes(s, registers)[0], 0
    for depth in range(s.lengths[token]):
        bit = s.paths[token] >> depth & 1
        for context in NODES_OF:
            count_node(s, node_hash(hashes[context], node), bit)
        node = s.children[2 * node + bit]
    for context in SLOTS_OF:
        count_slot(s.slots[0], hashes[context], token)
    s.tokens[registers[POSITION]] = token
    advance_words(s, registers, token)
    s.view["registers"][:] = registers


def _check(s: State, tokens: NDArray[np.uint16], room: int) -> None:
    if len(tokens) > room:
        raise ValueError("more tokens than the session has room for")
    if len(tokens) and int(tokens.max()) >= s.symbols:
        raise ValueError("a token outside the vocabulary")


def learn(state: Sequence[Any], tokens: NDArray[np.uint16], network: Any, probabilities: NDArray[np.float64]) -> None:
    """Learn ``tokens``; see :class:`rnncomplete.mixing.core.Core`."""
    s = State(state)
    _check(s, tokens, s.capacity - s.position)
    if len(probabilities) != len(tokens) or (network is not None and network.shape != (len(tokens), s.symbols)):
        raise ValueError("network or losses of another length than the tokens")
    for index, token in enumerate(tokens.tolist()):
        probabilities[index] = _learn_token(s, None if network is None else network[index], token)


def _look(state: Sequence[Any], path: NDArray[np.uint16], network: Any, out: NDArray[Any]) -> tuple[State, _Place]:
    s = State(state)
    _check(s, path, s.capacity + layout.LOOK_AHEAD - s.position)
    if len(out) != s.symbols or (network is not None and network.size != s.symbols):
        raise ValueError("network or result of another length than the vocabulary")
    registers = s.read_registers()
    for token in path.tolist():
        advance(s, registers, token)
    return s, _Place(s, registers, None if network is None else network.reshape(-1))


def distribution(state: Sequence[Any], path: NDArray[np.uint16], network: Any, out: NDArray[np.float32]) -> None:
    """Write the distribution to ``out``; see :class:`rnncomplete.mixing.core.Core`."""
    s, place = _look(state, path, network, out)
    waiting = [(0, 0, 0, _ONE)]
    while waiting:
        node, taken, depth, reach = waiting.pop()
        one = _Node(s, place, node, taken, depth).p
        for bit in (0, 1):
            child, p = s.children[2 * node + bit], reach * (one if bit else _ONE - one)
            if child < 0:
                out[~child] = p
            else:
                waiting.append((child, taken | bit << depth, depth + 1, p))


def likeliest(
    state: Sequence[Any], path: NDArray[np.uint16], network: Any, shown: NDArray[np.uint8]
) -> tuple[int, float]:
    """The likeliest token; see :class:`rnncomplete.mixing.core.Core`."""
    s, place = _look(state, path, network, shown)
    token, best = -1, F(0)
    waiting = [(0, 0, 0, _ONE)]
    while waiting:
        child, taken, depth, reach = waiting.pop()
        if reach <= best:
            continue
        if child < 0:
            if shown[~child]:
                token, best = ~child, reach
            continue
        one = _Node(s, place, child, taken, depth).p
        first = int(one > F(0.5))
        for bit in (1 - first, first):
            p = reach * (one if bit else _ONE - one)
            waiting.append((s.children[2 * child + bit], taken | bit << depth, depth + 1, p))
    return token, float(best)


def undo(state: Sequence[Any], count: int) -> int:
    """Take back ``count`` tokens; see :class:`rnncomplete.mixing.core.Core`."""
    s = State(state)
    done, room = 0, len(s.frames) - 3
    while s.keep and done < count and s.frames[0] > 0:
        slot = 3 + (int(s.frames[0]) - 1) % room
        start, end, size = int(s.frames[slot]), int(s.frames[1]), len(s.journal)
        if start < s.frames[2]:
            break
        while end > start:
            words, place = int(s.journal[(end - 1) % size]), int(s.journal[(end - 2) % size])
            end -= words + 2
            s.arena_words[place : place + words] = s.journal[(end + np.arange(words)) % size]
        s.frames[1], s.frames[slot] = start, -1
        s.frames[0] -= 1
        done += 1
    return done


def _feed(buffers: Sequence[Any], tokens: NDArray[np.uint16], take: Callable[[State, int], None]) -> None:
    s = State(buffers)
    _check(s, tokens, s.capacity - s.position)
    s.keep = False
    s.frames[2] = s.frames[1]
    for token in tokens.tolist():
        take(s, token)


def skim(state: Sequence[Any], tokens: NDArray[np.uint16]) -> None:
    """Remember ``tokens``, mixing nothing; see :class:`rnncomplete.mixing.core.Core`."""
    _feed(state, tokens, _skim_token)


def count(state: Sequence[Any], tokens: NDArray[np.uint16]) -> None:
    """Count ``tokens``; see :class:`rnncomplete.mixing.core.Core`."""
    _feed(state, tokens, _count_token)
