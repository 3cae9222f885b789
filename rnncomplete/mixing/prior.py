"""What to believe of weights before a session: those that earlier sessions ended with, and how fast to leave them."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from rnncomplete.errors import ModelError
from rnncomplete.mixing.layout import INPUTS, LEARNED, NETWORK_INPUT, SESSION_INPUTS, Rates

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rnncomplete.mixing.buffers import Arena

ROUNDED = 5
"""Bits of the ten behind the leading one of a float16 that :meth:`Prior.rounded` does without."""

LARGEST = 1 << 23
"""Bytes of all values; those of the largest vocabulary take a sixth."""


@dataclass(frozen=True)
class Prior:
    """Values of the learned sections, float16 as stored; empty for none."""

    sections: dict[str, bytes] = field(default_factory=dict)
    rate: float = Rates().weights
    """Share of the error by which weights move in a session: more where texts differ more, as code does."""

    @classmethod
    def of(cls, arena: Arena) -> Prior:
        """The weights and maps of a session that has learned."""
        return cls({name: arena.views[name].astype("<f2").tobytes() for name in LEARNED})

    @classmethod
    def trusting_the_network(cls, weights: int) -> Prior:
        """What to begin with where nothing was learned before: the network, and a little of all else, of memories a little more.

        ``weights`` is how many weights a session has. On a held-out text of Shakespeare's, the first 1,000 characters
        took 1.51 nats each so (the network alone 1.53, equal weights 1.75), and 60,000 took 1.272 (1.334, 1.290).
        """
        rows = np.full((weights // INPUTS, INPUTS), 0.05)
        rows[:, NETWORK_INPUT], rows[:, SESSION_INPUTS:] = 0.9, 0.07
        return cls({"weights": rows.astype("<f2").tobytes()})

    def rounded(self) -> Prior:
        """The prior to travel: values of :data:`ROUNDED` bits less, which zlib brings to half of their size.

        On 30,000 characters of War and Peace it costs nothing (1.2237 nats per character before, 1.2234 after).
        """
        step = np.uint16(1 << ROUNDED)

        def shorter(data: bytes) -> bytes:
            values = np.frombuffer(data, "<u2")
            # Up or down to the nearest, but never to another power of two: a bound at one stays a bound.
            nearest: NDArray[np.uint16] = np.minimum((values + step // 2) // step * step, values | 0x3FF)
            return nearest.astype("<u2").tobytes()

        return Prior({name: shorter(data) for name, data in self.sections.items()}, self.rate)

    def apply(self, arena: Arena) -> None:
        """Put the values into ``arena``; raises :class:`ModelError` if it has other sizes."""
        for name, data in self.sections.items():
            if len(data) != 2 * len(arena.views[name]):
                raise ModelError(
                    f"weights of {len(data) // 2} {name}; expected {len(arena.views[name])}: learn the corpus again"
                )
            arena.views[name][:] = np.frombuffer(data, "<f2").astype(np.float32)

    def to_bytes(self) -> bytes:
        """All values, compressed; nothing for none."""
        if not self.sections:
            return b""
        joined = b"".join(len(self.sections[name]).to_bytes(4, "little") + self.sections[name] for name in LEARNED)
        return zlib.compress(joined, 9)

    @classmethod
    def from_bytes(cls, data: bytes, rate: float) -> Prior:
        """The prior that ``data`` holds, to be left at ``rate``; raises :class:`ValueError` if there is none.

        Whether its values are possible, :func:`rnncomplete.mixing.memory_check.check_memory` says.
        """
        if not data:
            return cls(rate=rate)
        unpacker = zlib.decompressobj()
        try:
            joined = unpacker.decompress(data, LARGEST)
        except zlib.error as error:
            raise ValueError(f"a damaged prior ({error})") from None
        if not unpacker.eof or unpacker.unused_data:
            raise ValueError("a prior of another length")
        sections, at = {}, 0
        for name in LEARNED:
            size = int.from_bytes(joined[at : at + 4], "little")
            sections[name] = joined[at + 4 : at + 4 + size]
            at += 4 + size
        return cls(sections, rate)
