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
from rnncomplete.mixing.core import compiled_core
from rnncomplete.mixing.label_memory import LabelMemory
from rnncomplete.mixing.memory_check import MOST_PLACES, check_memory, whole
from rnncomplete.mixing.packing import pack, rounded, unpack
from rnncomplete.mixing.prior import Prior

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

MAGIC = b"rnncomplete memory 1\n"
"""The first line of a file that holds the tables as they are, for the same machine."""

PACKED = b"rnncomplete memory 2\n"
"""The first line of a file that holds the tables packed, to travel."""

_CHUNK = 1 << 18

STYLE_NODES, STYLE_SLOTS, STYLE_ENTRIES = 400_000, 2_600_000, 1_200_000
"""Places of a memory that a style can carry, and how many of its slots are used: 4.1 MB as a file, 12 MB as tables."""

MOST_PACKED = 1 << 22
"""Places of a packed table: a small file can hold many, and unpacking takes a hundred bytes each."""

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
    labels: LabelMemory | None = None
    """What was counted for the labels of the corpus, if it has labels."""

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
        sizes = layout.Sizes(
            len(tokens), entry_bits=2, run_bits=1, match_bits=1, refine_rows=1, journal_words=0, frames=1
        )
        state = buffers(alphabet, sizes, Arena.create(sizes, len(alphabet)), layout.Rates(), [memory])
        for begin in range(0, len(tokens), _CHUNK):
            compiled_core().count(state, np.ascontiguousarray(tokens[begin : begin + _CHUNK], np.uint16))
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
        return CorpusMemory(self.alphabet, nodes, slots, self.prior, self.labels)

    def pruned(self, entries: int) -> CorpusMemory:
        """The memory to travel: the ``entries`` slots seen oftenest, none seen only once, all rounded as packing does.

        What stood once in one place is left out for the sake of whoever wrote it, and costs 0.003 nats per character.
        """
        times = self.slots & 0xFF
        slots = np.where(times > 1, self.slots, 0).astype(np.uint32)
        used = np.flatnonzero(slots)
        if len(used) > entries:
            slots[used[np.argsort(times[used], kind="stable")[: len(used) - entries]]] = 0
        return CorpusMemory(self.alphabet, *rounded(self.nodes, slots), self.prior, self.labels)

    def to_bytes(self, *, packed: bool = False) -> bytes:
        """The memory as a file: a line that says what it is, a header, the tables, the prior.

        Tables stand as they are, or, of a memory that is :meth:`pruned`, ``packed`` in a third of the room.
        """
        magic = PACKED if packed else MAGIC
        prior = self.prior.to_bytes()
        header = {
            "characters": list(self.alphabet.characters),
            "counts": list(self.alphabet.counts),
            "nodes": len(self.nodes),
            "slots": len(self.slots),
            "prior": len(prior),
            "weights": layout.VERSION,
            "rate": self.prior.rate,
        }
        labels = self.labels.to_bytes() if self.labels else b""
        if labels:
            header["labels"] = len(labels)
        head = json.dumps(header).encode("ascii")
        head += b" " * (-(len(magic) + 4 + len(head)) % 64)
        plain = [np.asarray(table, "<u4").tobytes() for table in (self.nodes, self.slots)]
        tables = [pack(self.nodes, self.slots)] if packed else plain
        return b"".join((magic, struct.pack("<I", len(head)), head, *tables, prior, labels))

    @classmethod
    def from_bytes(cls, data: bytes | memoryview) -> CorpusMemory:
        """The memory in ``data``, whose tables are not copied unless they are packed.

        Weights that another version of the mixer learned are left out: its counts are what they were.

        Raises :class:`ModelError` if it is not a memory, is cut short, or holds what the core cannot work with.
        """
        try:
            magic = bytes(data[: len(MAGIC)])
            if magic not in (MAGIC, PACKED):
                raise ValueError("another first line")
            (length,) = struct.unpack_from("<I", data, len(MAGIC))
            at = len(MAGIC) + 4 + length
            header = json.loads(bytes(data[len(MAGIC) + 4 : at]))
            places = [header[name] for name in ("nodes", "slots")]
            most = MOST_PACKED if magic == PACKED else MOST_PLACES
            if not all(whole(count) and 0 < count <= most for count in places):
                raise ValueError("impossible sizes")
            if magic == PACKED:
                nodes, slots, size = unpack(data[at:], *places)
            else:
                # Copied only where they lie at an odd address, which not every machine can read from.
                nodes = np.require(np.frombuffer(data, "<u4", places[0], at), requirements="A")
                slots = np.require(np.frombuffer(data, "<u4", places[1], at + nodes.nbytes), requirements="A")
                size = nodes.nbytes + slots.nbytes
            rest = bytes(data[at + size :])
            of_prior, of_labels = header["prior"], header.get("labels", 0)
            if not all(whole(size) and size >= 0 for size in (of_prior, of_labels)):
                raise ValueError("impossible sizes")
            if len(rest) != of_prior + of_labels:
                raise ValueError("another length than it says")
            labels = LabelMemory.from_bytes(rest[of_prior:]) if of_labels else None
            prior = Prior()
            if header.get("weights") == layout.VERSION:
                prior = Prior.from_bytes(rest[:of_prior], header.get("rate", Prior.rate))
            alphabet = Alphabet(tuple(header["characters"]), tuple(header["counts"]))
            check_memory(alphabet, nodes, slots, prior)
        except (
            ValueError,
            LookupError,
            TypeError,
            AttributeError,
            OverflowError,
            RecursionError,
            struct.error,
        ) as error:
            raise ModelError(
                f"a corpus memory with {error}; expected one of format 1 or 2: learn the corpus again"
            ) from None
        return cls(alphabet, nodes, slots, prior, labels)


def _best(table: NDArray[np.uint32], bucket: int, factor: int, times: NDArray[Any]) -> NDArray[np.uint32]:
    """Of every ``factor`` buckets, which smaller tables make one, the entries seen oftenest."""
    order = np.argsort(times.reshape(-1, bucket * factor), axis=1, kind="stable")[:, -bucket:]
    return np.take_along_axis(table.reshape(-1, bucket * factor), order, axis=1).reshape(-1)
