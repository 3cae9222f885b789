"""Contexts and tables of the Python twin: the lower half of ``_core.c``, function by function."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rnncomplete.mixing import layout

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

O1, O2, O3, O4, O5, O6, O8, O12, WORD, WORD2, WORD3, ABOVE, SKIP, FIRST, KINDS, COLUMN = range(16)
SESSION_OF = (O1, O2, O3, O4, O6, WORD, WORD2, ABOVE, SKIP, FIRST, KINDS, COLUMN)
NODES_OF = (O1, O2, O3, O4, SKIP)
SLOTS_OF = (O5, O6, O8, O12, WORD, WORD2, WORD3)
SESSION_ORDERS = (1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0)
NODE_ORDERS = (1, 1, 1, 1, 0)
SLOT_ORDERS = (1, 1, 1, 0, 0, 0, 0)
MATCH_MINIMUM = (4, 12)
LONGEST = 600
POSITION, CURRENT, PREVIOUS, BEFORE, FIRST_WORD, LINE, LINE_BEFORE, MATCH = range(8)
INDENT, SUFFIX, SUFFIX_BEFORE, DEPTH, BRACKETS = (MATCH + 2 * layout.MATCHES + place for place in range(5))

_ALL = (1 << 64) - 1


class State:
    """The buffers of :func:`rnncomplete.mixing.layout.buffers` by name."""

    def __init__(self, buffers: Sequence[Any]) -> None:
        numbers, constants, tables, paths, arena, self.journal, self.frames, *memories = buffers
        plain: list[int] = numbers[:7].tolist()
        self.symbols, self.capacity, self.entry_bits, self.match_bits = plain[:4]
        self.refine_rows, self.memories, self.run_bits = plain[4:]
        self.nodes = self.symbols - 1
        self.inputs = -(-(layout.SESSION_INPUTS + layout.MEMORY_INPUTS * self.memories) // 8) * 8
        self.node_tables, self.slots = memories[0 : 2 * layout.MEMORIES : 2], memories[1 : 2 * layout.MEMORIES : 2]
        head, cells = 16, layout.STRETCH_CELLS
        self.constant, self.stretch, self.squash = np.split(constants, [head, head + cells])
        self.least, self.most = self.constant[7], self.constant[8]
        ends = np.cumsum([2 * self.nodes, *[self.symbols] * 5])
        parts: list[list[int]] = [part.tolist() for part in np.split(tables, ends)]
        self.children, self.lengths, self.word, self.fold, self.kind, self.role, self.rate = parts
        self.paths: list[int] = paths.tolist()
        self.arena_words: NDArray[np.uint32] = arena.view(np.uint32)
        offsets = dict(zip(layout.SECTIONS, numbers[7 + 2 * layout.MEMORIES :].tolist(), strict=True))
        sizes = layout.Sizes(self.capacity, self.entry_bits, self.run_bits, self.match_bits, self.refine_rows).sections(
            self.symbols
        )
        self.view: dict[str, Any] = {
            name: arena[offsets[name] : offsets[name] + total * np.dtype(kind).itemsize].view(kind)
            for name, (kind, total) in sizes.items()
        }
        self.words = {name: offset // 4 for name, offset in offsets.items()}
        self.tokens, self.entries, self.matches = self.view["tokens"], self.view["entries"], self.view["matches"]
        self.runs, self.followers = self.view["runs"], self.view["followers"]
        rows = (
            self.nodes,
            layout.ORDER_ROWS,
            self.symbols + 1,
            layout.MATCH_ROWS,
            layout.KIND_ROWS,
            layout.COLUMN_ROWS,
        )
        self.set_bases = [sum(rows[:index]) for index in range(layout.SETS)]
        self.keep = len(self.journal) > 0

    @property
    def position(self) -> int:
        """How many characters are learned."""
        return int(self.view["registers"][POSITION])

    def read_registers(self) -> list[int]:
        """The registers as Python numbers."""
        return [int(value) for value in self.view["registers"]]

    def on_path(self, token: int, path: int, depth: int) -> bool:
        """Whether the first ``depth`` decisions of ``token`` are those of ``path``, and it has more."""
        return bool(self.lengths[token] > depth and ((self.paths[token] ^ path) & ((1 << depth) - 1)) == 0)

    def record(self, section: str, index: int, words: int) -> None:
        """Remember ``words`` words of a section, from its word ``index`` on, in the journal."""
        if not self.keep:
            return
        end, size, place = int(self.frames[1]), len(self.journal), self.words[section] + index
        for offset in range(words):
            self.journal[(end + offset) % size] = self.arena_words[place + offset]
        self.journal[(end + words) % size] = place
        self.journal[(end + words + 1) % size] = words
        self.frames[1] = end + words + 2
        self.frames[2] = max(int(self.frames[2]), end + words + 2 - size)


def scramble(value: int, factor: int) -> int:
    """One round of hashing, 64 bits."""
    value = value * factor & _ALL
    return value ^ value >> 31


def node_hash(hashed: int, node: int) -> int:
    """Hash of a context at one node of the tree, 64 bits."""
    hashed = hashed + (node + 1) * 0x9E3779B97F4A7C15 & _ALL
    hashed ^= hashed >> 29
    hashed = hashed * 0xBF58476D1CE4E5B9 & _ALL
    return hashed ^ hashed >> 32


def hash_of(one: int, other: int) -> int:
    """Hash of two numbers, 64 bits."""
    one = (one + other * 0x9E3779B97F4A7C15 + 1) * 0xD6E8FEB86659FD93 & _ALL
    one = (one ^ one >> 32) * 0xA0761D6478BD642F & _ALL
    return one ^ one >> 29


def _recent(s: State, position: int, count: int) -> list[int]:
    return [int(s.tokens[position - j]) + 1 if position >= j else 0 for j in range(1, count + 1)]


def followers(r: list[int], s: State) -> tuple[int, int]:
    """Where it is kept what last came behind the last character, and behind the last two."""
    c1, c2 = _recent(s, r[POSITION], 2)
    bits = layout.FOLLOW_BITS
    return c1 & (1 << bits) - 1, (1 << bits) + (hash_of(c1, c2) >> 64 - bits)


def run_hashes(s: State, r: list[int]) -> list[int]:
    """Hashes of the contexts of runs."""
    recent = _recent(s, r[POSITION], 9)
    c1, c2, c3, c4, c5 = recent[:5]
    orders = [0]
    for c in recent:
        orders.append(scramble(orders[-1] + c + 1, 0x9E3779B97F4A7C15))
    start, begin, line = r[CURRENT] + c1, r[LINE_BEFORE], r[LINE]
    over = begin + r[POSITION] - line
    above = int(s.tokens[over]) + 1 if over < line else 0
    before = int(s.tokens[over - 1]) + 1 if over > begin else 0
    behind = int(s.tokens[over + 1]) + 1 if over + 1 < line else 0
    top = r[BRACKETS + min(r[DEPTH], layout.STACK) - 1] if r[DEPTH] else 0
    one, two = (int(s.followers[place]) for place in followers(r, s))
    word = scramble(start & _ALL, 0xD6E8FEB86659FD93)
    word2 = scramble(word + r[PREVIOUS] & _ALL, 0xA0761D6478BD642F)
    result = [
        *(orders[n] for n in (3, 5, 7, 9)),
        word,
        word2,
        hash_of(word2, r[BEFORE]),
        hash_of(start, r[BEFORE]),
        hash_of(hash_of(start, r[SUFFIX]), r[SUFFIX_BEFORE]),
        hash_of(word2, r[FIRST_WORD]),
        hash_of(hash_of(above, before * 8192 + behind), c1),
        hash_of(hash_of(r[INDENT], c1), c2),
        hash_of(top >> 8, start),
        hash_of(top, c1),
        hash_of(one, c1),
        hash_of(two, c1),
        hash_of(hash_of(two & 0xFFFF, c1 * 8192 + c2), c3),
        hash_of(c1 * 8192 + c3, 1),
        hash_of(c2 * 8192 + c3, c4 * 8192 + c5),
        hash_of(c3 * 8192 + c4, c5),
    ]
    for m, behind_it in enumerate((c1 * 8192 + c2, c1)):
        source, length = r[MATCH + 2 * m], r[MATCH + 2 * m + 1]
        said = int(s.tokens[source]) + 1 if length else 0
        result.append(hash_of(said * 64 + length_bucket(length), behind_it))
    return [hash_of(value, k + 77) for k, value in enumerate(result)]


def context_hashes(s: State, r: list[int]) -> tuple[list[int], int, int, int]:
    """Hashes of all contexts, the last token + 1 (0 for none), the column, and the kinds of the last three."""
    position = r[POSITION]
    recent = _recent(s, position, 12)
    c1, c2, c3, c4 = recent[:4]
    hashed, orders, kinds, row, start = 0, [0], 0, 0, r[CURRENT] + c1
    for j, c in enumerate(recent):
        hashed = scramble(hashed + c + 1, 0x9E3779B97F4A7C15)
        orders.append(hashed)
        kinds = kinds * 8 + (s.kind[c - 1] if c else 7) if j < 8 else kinds
        row = kinds if j == 1 else row
    column = position - r[LINE]
    over = r[LINE_BEFORE] + column
    above = int(s.tokens[over]) + 1 if over < r[LINE] else 0
    word = scramble(start, 0xD6E8FEB86659FD93)
    word2 = scramble(word + r[PREVIOUS], 0xA0761D6478BD642F)
    result = [
        *orders[1:7],
        orders[8],
        orders[12],
        word,
        word2,
        scramble(word2 + r[BEFORE], 0xE7037ED1A0B428DB),
        scramble(scramble(above + 1000, 0x8EBC6AF09C88C6E3) + c1, 0x589965CC75374CC3),
        scramble(scramble(c2 * 8192 + c3, 0x1D8E4E27C47D124F) + c4, 0x589965CC75374CC3),
        scramble(scramble(r[FIRST_WORD], 0xEB44ACCAB455D165) + start, 0x9E3779B97F4A7C15),
        scramble(kinds * 8192 + c1, 0x1D8E4E27C47D124F),
        scramble(scramble(above + 7, 0x8EBC6AF09C88C6E3) + min(column, 255) * 8192 + c1, 0x1D8E4E27C47D124F),
    ]
    return [(value + k) * 0xD1342543DE82EF95 & _ALL for k, value in enumerate(result)], c1, column, row


def advance_words(s: State, r: list[int], token: int) -> None:
    """Words and lines after ``token``."""
    _advance_brackets(s, r, token)
    if s.word[token]:
        r[CURRENT] = scramble(r[CURRENT] + s.fold[token] + 1, 0x9FB21C651E98DF25)
    elif r[CURRENT]:
        r[BEFORE], r[PREVIOUS] = r[PREVIOUS], r[CURRENT]
        r[FIRST_WORD] = r[FIRST_WORD] or r[CURRENT]
        r[CURRENT] = 0
        last, second = _recent(s, r[POSITION], 2)
        r[SUFFIX], r[SUFFIX_BEFORE] = last * 8192 + second, r[SUFFIX]
    r[INDENT] += s.kind[token] == 3 and r[INDENT] == r[POSITION] - r[LINE]
    r[POSITION] += 1
    if s.kind[token] == 5:
        r[INDENT] = 0
        r[LINE_BEFORE], r[LINE], r[FIRST_WORD] = r[LINE], r[POSITION], 0


def _advance_brackets(s: State, r: list[int], token: int) -> None:
    if s.role[token] == 1:
        if r[DEPTH] < layout.STACK:
            r[BRACKETS + r[DEPTH]] = hash_of(r[CURRENT] or r[PREVIOUS], token) << 8 & _ALL
        r[DEPTH] += 1
    elif s.role[token] == 2:
        r[DEPTH] -= r[DEPTH] > 0
    elif s.role[token] == 3 and 0 < r[DEPTH] <= layout.STACK:
        r[BRACKETS + r[DEPTH] - 1] = r[BRACKETS + r[DEPTH] - 1] + 1 & _ALL


def match_place(s: State, which: int, end: int) -> int:
    """Where the match table keeps the place behind the last characters before ``end``."""
    hashed, last = 0, list(map(int, s.tokens[end - MATCH_MINIMUM[which] : end]))
    for token in last:
        hashed = scramble(hashed + token + 1, 0x9E3779B97F4A7C15)
    return (which << s.match_bits) + (hashed >> (64 - s.match_bits))


def advance(s: State, r: list[int], token: int) -> None:
    """Words, lines and matches after ``token``; only the token itself is written, behind the text."""
    s.tokens[r[POSITION]] = token
    advance_words(s, r, token)
    for which in range(layout.MATCHES):
        _advance_match(s, r, which, token)


def _advance_match(s: State, r: list[int], which: int, token: int) -> None:
    at, end = MATCH + 2 * which, r[POSITION]
    if r[at + 1] and s.tokens[r[at]] == token:
        r[at], r[at + 1] = r[at] + 1, min(r[at + 1] + 1, LONGEST)
        return
    r[at + 1] = 0
    if end < MATCH_MINIMUM[which]:
        return
    source, same = int(s.matches[match_place(s, which, end)]), 0
    if not source:
        return
    while same < LONGEST and source - 1 - same >= 0 and s.tokens[source - 1 - same] == s.tokens[end - 1 - same]:
        same += 1
    if same >= MATCH_MINIMUM[which]:
        r[at], r[at + 1] = source, same


def length_bucket(length: int) -> int:
    """A match's length in 32 levels."""
    if length < 16:
        return length
    if length < 32:
        return 16 + (length - 16) // 4
    if length < 64:
        return 20 + (length - 32) // 8
    return 24 + (length - 64) // 64 if length < 512 else 31


def times_level(n: int) -> int:
    """A count of characters in 12 levels."""
    return n if n < 4 else 4 + sum(n >= bound for bound in (6, 9, 16, 32, 64, 128, 256))


def nearer(s: State, p: int, bit: int, seen: int) -> int:
    """A probability of 16 bits moved towards ``bit``."""
    moved = p + (((65535 if bit else 0) - p) * s.rate[seen] >> 16)
    return min(max(moved, 16), 65519)


def find_entry(s: State, hashed: int) -> int:
    """Index of the session's entry of a context at a node, -1 for none."""
    at, check = hashed >> 16 & (1 << s.entry_bits) - 1, hashed & 0xFFFF or 1
    for probe in range(3):
        if int(s.entries[at ^ probe]) >> 16 == check:
            return at ^ probe
    return -1


def entry_to_replace(s: State, hashed: int) -> int:
    """Index of the least seen entry in reach."""
    at = hashed >> 16 & (1 << s.entry_bits) - 1
    return min((at ^ probe for probe in range(3)), key=lambda index: int(s.entries[index]) & 0xFF)


def find_run(s: State, hashed: int) -> int:
    """Index of the session's run behind a context, -1 for none."""
    at = hashed >> 16 & (1 << s.run_bits) - 1
    for place in (at, at ^ 1):
        entry = int(s.runs[place])
        if entry >> 48 == hashed & 0xFFFF and entry & 0xF:
            return place
    return -1


def run_behind(s: State, hashed: int) -> list[tuple[int, int]]:
    """The characters of a run and how often each came, the last one first."""
    index = find_run(s, hashed)
    entry = int(s.runs[index]) if index >= 0 else 0
    return [(entry >> 16 * j + 4 & 0xFFF, entry >> 16 * j & 0xF) for j in range(layout.RUN_LENGTH)]


def learn_run(s: State, hashed: int, token: int) -> None:
    """Put ``token`` to the front of a run; whatever stood there before counts half from now on."""
    index, run, times = find_run(s, hashed), run_behind(s, hashed), 1
    if index < 0:
        at = hashed >> 16 & (1 << s.run_bits) - 1
        index = at ^ 1 if int(s.runs[at ^ 1]) & 0xF < int(s.runs[at]) & 0xF else at
    again = [j for j, (other, count) in enumerate(run) if count and other == token]
    if again != [0] and run[0][1] > 1:
        run[0] = run[0][0], (run[0][1] + 1) // 2
    if again:
        times = min(run.pop(again[0])[1] + 1, 15)
    value = (hashed & 0xFFFF) << 48
    for j, (other, count) in enumerate([(token, times), *run][: layout.RUN_LENGTH]):
        value |= (other << 4 | count) << 16 * j
    s.record("runs", 2 * index, 2)
    s.runs[index] = value


def run_cell(s: State, run: list[tuple[int, int]], path: int, depth: int) -> int:
    """What a run says of a decision, as a cell of its map; -1 for nothing."""
    said = [(j, s.paths[t] >> depth & 1, n) for j, (t, n) in enumerate(run) if n and s.on_path(t, path, depth)]
    if not said:
        return -1
    (first, bit, times), second = said[0], 0 if said[0][0] == 0 and not run[1][1] else 1
    if len(said) > 1:
        second = 2 if said[1][1] == bit else 3 if said[1][2] < times else 4
    level = (0, 0, 1, 2, 3, 3, 4, 4, 5, 5, 5, 6, 6, 6, 6, 7)[times]
    return ((second * layout.RUN_LENGTH + first) * 8 + level) * 2 + bit


def find_node(table: NDArray[np.uint32], hashed: int, *, create: bool) -> int:
    """Index of a memory's node; of the least seen one in reach if ``create``, else -1."""
    at, check = (hashed >> 32) * len(table) >> 32, hashed & 0x3FF
    for probe in range(4):
        entry = int(table[at ^ probe])
        if entry and entry >> 22 == check:
            return at ^ probe
    if not create:
        return -1
    return min((at ^ probe for probe in range(4)), key=lambda index: int(table[index]) >> 16 & 0x3F)


def count_node(s: State, hashed: int, bit: int) -> None:
    """Count one decision into the first memory."""
    table, check = s.node_tables[0], hashed & 0x3FF
    index = find_node(table, hashed, create=True)
    entry = int(table[index])
    seen, p = entry >> 16 & 0x3F, entry & 0xFFFF
    if entry == 0 or entry >> 22 != check:
        if entry and seen > 1:
            table[index] = entry - (1 << 16)
            return
        seen, p = 0, 32768
    table[index] = check << 22 | min(seen + 1, 60) << 16 | nearer(s, p, bit, seen)


def bucket_of(table: NDArray[np.uint32], hashed: int) -> int:
    """First index of the eight slots that a context shares."""
    return ((hashed >> 32) * (len(table) // 8) >> 32) * 8


def count_slot(table: NDArray[np.uint32], hashed: int, token: int) -> None:
    """Count one character into a memory."""
    begin, check = bucket_of(table, hashed), hashed & 0xFFF
    bucket = [int(slot) for slot in table[begin : begin + 8]]
    for j, slot in enumerate(bucket):
        if slot & 0xFF and slot >> 20 == check and slot >> 8 & 0xFFF == token:
            if slot & 0xFF == 255:
                bucket = [
                    other & ~0xFF | ((other & 0xFF) + 1) // 2 if other >> 20 == check else other for other in bucket
                ]
            bucket[j] += 1
            table[begin : begin + 8] = bucket
            return
    least = min(range(8), key=lambda j: bucket[j] & 0xFF)
    times = bucket[least] & 0xFF
    table[begin + least] = table[begin + least] - 1 if times > 1 else check << 20 | token << 8 | 1
