"""What a corpus teaches, counted: of each context, how its characters went on. Read only, once counted."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from rnncomplete.errors import ModelError
from rnncomplete.mixing import layout
from rnncomplete.mixing.alphabet import Alphabet
from rnncomplete.mixing.buffers import Arena, buffers
from rnncomplete.mixing.core import core
from rnncomplete.mixing.prior import Prior

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

MAGIC = b"rnncomplete memory 1\n"
_CHUNK = 1 << 18

STYLE_NODES, STYLE_SLOTS = 400_000, 1_900_000
"""Sizes of a memory that a style can carry: 9.2 MB, and up to 0.6 MB of weights."""

FOLDER_NODES, FOLDER_SLOTS = 1 << 21, 1 << 23
"""Sizes of a memory of a person's own files, kept on their disk: 42 MB."""


@dataclass(frozen=True)
class CorpusMemory:
    """Counts of a corpus: ``nodes`` uint32[n] decisions of low orders, ``slots`` uint32[m] characters of high ones.

    ``prior`` holds weights that were learned with this memory, if any were.
    """

    alphabet: Alphabet
    nodes: NDArray[np.uint32]
    slots: NDArray[np.uint32]
    prior: Prior = field(default_factory=Prior)

    @classmethod
    def count(
        cls,
        alphabet: Alphabet,
        tokens: NDArray[np.uint16],
        nodes: int = STYLE_NODES,
        slots: int = STYLE_SLOTS,
        progress: Callable[[int], bool] | None = None,
    ) -> CorpusMemory:
        """Count ``tokens`` uint16[n] into tables of that many places (rounded to whole buckets).

        ``progress`` is told after every quarter million characters how many are counted; False from it stops there.
        """
        memory = cls(alphabet, np.zeros(-(-nodes // 8) * 8, np.uint32), np.zeros(-(-slots // 8) * 8, np.uint32))
        sizes = layout.Sizes(len(tokens), entry_bits=2, match_bits=1, refine_rows=1, journal_words=0, frames=1)
        state = buffers(alphabet, sizes, Arena.create(sizes, len(alphabet)), layout.Rates(), [memory])
        for begin in range(0, len(tokens), _CHUNK):
            core.count(state, np.ascontiguousarray(tokens[begin : begin + _CHUNK], np.uint16))
            if progress is not None and not progress(min(begin + _CHUNK, len(tokens))):
                break
        return memory

    def shrunk(self, factor: int) -> CorpusMemory:
        """The memory in a ``factor``-th of its room: what was seen oftener stays.

        Counting in much room and keeping the best loses less than counting in little room. Raises :class:`ValueError`
        if the tables can't be divided so.
        """
        if factor < 1 or len(self.nodes) % (8 * factor) or len(self.slots) % (8 * factor):
            raise ValueError(
                f"tables of {len(self.nodes)} and {len(self.slots)} places; expected multiples of {8 * factor}"
            )
        nodes = _best(self.nodes, 4, factor, self.nodes >> 16 & 0x3F)
        slots = _best(self.slots, 8, factor, self.slots & 0xFF)
        return CorpusMemory(self.alphabet, nodes, slots, self.prior)

    def to_bytes(self) -> bytes:
        """The memory as a file: a line that says what it is, a header, the tables as they are, the prior."""
        prior = self.prior.to_bytes()
        header = {
            "characters": list(self.alphabet.characters),
            "counts": list(self.alphabet.counts),
            "nodes": len(self.nodes),
            "slots": len(self.slots),
            "prior": len(prior),
            "rate": self.prior.rate,
        }
        head = json.dumps(header).encode("ascii")
        head += b" " * (-(len(MAGIC) + 4 + len(head)) % 64)
        tables = (np.asarray(table, "<u4").tobytes() for table in (self.nodes, self.slots))
        return b"".join((MAGIC, struct.pack("<I", len(head)), head, *tables, prior))

    @classmethod
    def from_bytes(cls, data: bytes | memoryview) -> CorpusMemory:
        """The memory in ``data``, whose tables are not copied.

        Raises :class:`ModelError` if it is none, or is cut short.
        """
        try:
            if bytes(data[: len(MAGIC)]) != MAGIC:
                raise ValueError("another first line")
            (length,) = struct.unpack_from("<I", data, len(MAGIC))
            at = len(MAGIC) + 4 + length
            header = json.loads(bytes(data[len(MAGIC) + 4 : at]))
            nodes = np.frombuffer(data, "<u4", int(header["nodes"]), at)
            slots = np.frombuffer(data, "<u4", int(header["slots"]), at + nodes.nbytes)
            rest = bytes(data[at + nodes.nbytes + slots.nbytes :])
            prior = Prior.from_bytes(rest, int(header["prior"]), header.get("rate", Prior.rate))
            alphabet = Alphabet(tuple(header["characters"]), tuple(header["counts"]))
            if not all(isinstance(count, int) and 0 <= count < 1 << 40 for count in alphabet.counts):
                raise ValueError("impossible counts")
            if len(alphabet.characters) != len(alphabet.counts) or len(nodes) % 8 or len(slots) % 8:
                raise ValueError("sizes that do not fit")
            if not len(nodes) or not len(slots):
                raise ValueError("empty tables")
            if int((slots >> 8 & 0xFFF).max()) >= len(alphabet):
                raise ValueError("a character outside its own vocabulary")
        except (ValueError, KeyError, TypeError, struct.error, RecursionError) as error:
            raise ModelError(
                f"a corpus memory with {error}; expected one of format 1: learn the corpus again"
            ) from None
        return cls(alphabet, nodes, slots, prior)


def _best(table: NDArray[np.uint32], bucket: int, factor: int, times: NDArray[Any]) -> NDArray[np.uint32]:
    """Of every ``factor`` buckets, which smaller tables make one, the entries seen oftenest."""
    order = np.argsort(times.reshape(-1, bucket * factor), axis=1, kind="stable")[:, -bucket:]
    return np.take_along_axis(table.reshape(-1, bucket * factor), order, axis=1).reshape(-1)
