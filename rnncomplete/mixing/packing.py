"""The tables of a corpus memory as a file that travels: rounded, sorted and entropy-coded, at a third of their size.

What an entry says is where it stands (its bucket), a check, and counts. Within a bucket the order says nothing, so
entries are sorted by their check, and the differences are kept; counts are rounded to levels, probabilities to steps of
log-odds. Each kind of number is a plane of bytes of its own, which zlib brings close to its entropy. Rounding costs
nothing measurable (0.0003 nats per character at most; see README.md).
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

NODE_BUCKET, SLOT_BUCKET = 4, 8
"""Entries that share a bucket, as ``_core.c`` looks them up."""

LEVELS = np.array([1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 48, 64, 96, 128, 192, 255])
"""What a slot's times are rounded to."""

STEPS, MOST_ODDS = 127, 9.0
"""Steps of log-odds on either side of one half, and the log-odds of the last."""

_LENGTH = struct.Struct("<I")


def rounded(nodes: NDArray[np.uint32], slots: NDArray[np.uint32]) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """The tables with times and probabilities rounded, which :func:`pack` keeps exactly."""
    steps = _step_of(nodes & 0xFFFF)
    exact = np.where(nodes != 0, (nodes & ~np.uint32(0xFFFF)) | _probabilities()[steps], 0).astype(np.uint32)
    levels = np.array([0, *LEVELS[np.abs(np.arange(1, 256)[:, None] - LEVELS).argmin(axis=1)]], np.uint32)
    times = slots & 0xFF
    return exact, np.where(times != 0, (slots & ~np.uint32(0xFF)) | levels[times], 0).astype(np.uint32)


def pack(nodes: NDArray[np.uint32], slots: NDArray[np.uint32]) -> bytes:
    """Tables that are :func:`rounded`, uint32[n] and uint32[m], as bytes."""
    node, node_rows = _sorted(nodes, NODE_BUCKET, 22, nodes != 0)
    slot, slot_rows = _sorted(slots, SLOT_BUCKET, 20, slots & 0xFF != 0)
    planes = [
        *_check_planes(node >> 22, node_rows),
        (node >> 16 & 0x3F).astype(np.uint8),
        _step_of(node & 0xFFFF).astype(np.uint8),
        *_check_planes(slot >> 20, slot_rows),
        (slot >> 8 & 0xFF).astype(np.uint8),
        (slot >> 16 & 0xF).astype(np.uint8),
        (slot & 0xFF).astype(np.uint8),
    ]
    coded = [zlib.compress(plane.tobytes(), 9) for plane in planes]
    return b"".join(_LENGTH.pack(len(part)) + part for part in coded)


def unpack(data: bytes | memoryview, nodes: int, slots: int) -> tuple[NDArray[np.uint32], NDArray[np.uint32], int]:
    """Tables of so many places from the beginning of ``data``, and where they end there.

    Raises :class:`ValueError` for anything that :func:`pack` did not make; takes no more room than the tables.
    """
    planes = _Planes(memoryview(data))
    table, entries, there = _checks(planes, nodes // NODE_BUCKET, NODE_BUCKET, 10)
    entries <<= 22
    entries |= planes.take(len(entries)).astype(np.uint32) << 16
    entries |= _probabilities()[planes.take(len(entries))]
    table[there] = entries
    others, entries, there = _checks(planes, slots // SLOT_BUCKET, SLOT_BUCKET, 12)
    entries <<= 20
    for shift, most in (8, 0xFF), (16, 0xF), (0, 0xFF):
        entries |= (planes.take(len(entries)) & np.uint32(most)) << shift
    others[there] = entries
    return table.reshape(-1), others.reshape(-1), planes.at


def _sorted(
    table: NDArray[np.uint32], bucket: int, shift: int, there: NDArray[np.bool_]
) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """The entries that are ``there``, bucket after bucket, each sorted by its check, and how many each has."""
    key = np.where(there, table >> shift, 0xFFFF).reshape(-1, bucket)
    order = np.argsort(key, axis=1, kind="stable")
    rows = np.take_along_axis(table.reshape(-1, bucket), order, axis=1)
    there = np.take_along_axis(there.reshape(-1, bucket), order, axis=1)
    return rows[there], there.sum(axis=1)


def _check_planes(check: NDArray[np.integer[Any]], rows: NDArray[np.int64]) -> list[NDArray[np.uint8]]:
    """How many entries each bucket has, and each one's check less that of the one before it there, in two bytes."""
    difference = check.astype(np.int64)
    difference[1:] -= check[:-1]
    first = (np.cumsum(rows) - rows)[rows > 0]
    difference[first] = check[first]
    return [rows.astype(np.uint8), (difference & 0xFF).astype(np.uint8), (difference >> 8).astype(np.uint8)]


def _checks(
    planes: _Planes, buckets: int, bucket: int, bits: int
) -> tuple[NDArray[np.uint32], NDArray[np.uint32], NDArray[np.bool_]]:
    """An empty table uint32[buckets, bucket], of each entry its check, uint32[n], and where in the table the entries are."""
    rows = planes.take(buckets)
    if rows.size and int(rows.max()) > bucket:
        raise ValueError("a bucket with more entries than it has room for")
    there = np.arange(bucket, dtype=np.uint8) < rows[:, None]
    table = np.zeros(there.shape, np.uint32)
    count = int(np.count_nonzero(there))
    table[there] = planes.take(count) + (planes.take(count).astype(np.uint32) << 8)
    np.cumsum(table, axis=1, out=table)
    if table.size and int(table.max()) >= 1 << bits:
        raise ValueError("a check beyond its bits")
    check = table[there]
    table.fill(0)
    return table, check, there


class _Planes:
    """The planes in a file, one after another."""

    def __init__(self, data: memoryview) -> None:
        self._data, self.at = data, 0

    def take(self, size: int) -> NDArray[np.uint8]:
        """The next plane, of exactly ``size`` bytes."""
        begin = self.at + _LENGTH.size
        if begin > len(self._data):
            raise ValueError("its end cut off")
        (length,) = _LENGTH.unpack_from(self._data, self.at)
        self.at = begin + length
        if self.at > len(self._data):
            raise ValueError("its end cut off")
        unpacker = zlib.decompressobj()
        try:
            plane = unpacker.decompress(self._data[begin : self.at], size + 1)
        except zlib.error as error:
            raise ValueError(f"a damaged table ({error})") from None
        if len(plane) != size or not unpacker.eof:
            raise ValueError("a table of another size than it says")
        return np.frombuffer(plane, np.uint8)


def _step_of(probability: NDArray[np.integer[Any]]) -> NDArray[np.intp]:
    """The step nearest to each probability, in 65536ths."""
    middles = (_probabilities().astype(np.int64)[:-1] + _probabilities()[1:]) // 2
    return np.searchsorted(middles, probability, side="left")


def _probabilities() -> NDArray[np.uint32]:
    """The probability of each step, in 65536ths, uint32[2 STEPS + 1]."""
    odds = np.linspace(-MOST_ODDS, MOST_ODDS, 2 * STEPS + 1)
    return np.clip(np.rint(65536 / (1 + np.exp(-odds))), 16, 65519).astype(np.uint32)
