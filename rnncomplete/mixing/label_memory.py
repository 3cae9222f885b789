"""What a corpus with labels teaches, counted: of words, pairs of words and pieces of words, how much each speaks for a label.

A text's features are a set: its words in lower case, pairs of neighbours, and runs of three to five characters within
a word, each hashed to a place of a table. What they speak is added up, which is a linear model over what naive Bayes made
of counts (Wang, Manning 2012, ACL 2012 short papers 18), and mixed with what the network says by weights that were found
on texts held out.
"""

from __future__ import annotations

import json
import math
import re
import struct
import zlib
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

BITS = 18
"""Of the places of a table that is counted."""

MOST_PLACES = 1 << 24
"""Numbers in a table, at most."""

PIECES = (3, 4, 5)
"""Characters of pieces of a word, whose ends count as one each."""

LARGEST_WEIGHT = 1e3

_WORD = re.compile(r"\w+(?:'\w+)?|[^\w\s]")
_LONGEST_WORD = 40
_LENGTH = struct.Struct("<I")


def features(text: str, bits: int = BITS) -> NDArray[np.int64]:
    """The places of what is in ``text``, each once, int64[n]."""
    return _places(_WORD.findall(text.lower()), bits)


def _places(words: Sequence[str], bits: int) -> NDArray[np.int64]:
    found = {*words, *(f"{one} {other}" for one, other in pairwise(words))}
    for word in set(words):
        marked = f"<{word[:_LONGEST_WORD]}>"
        found.update(f"{marked[at : at + n]}\t" for n in PIECES for at in range(len(marked) - n + 1))
    mask = (1 << bits) - 1
    return np.unique(np.array([zlib.crc32(item.encode("utf-8", "surrogatepass")) & mask for item in found], np.int64))


@dataclass(frozen=True)
class LabelMemory:
    """What features speak for each of K labels, and how to mix that with a network."""

    weights: NDArray[np.int8]
    """int8[2^bits, K - 1]: for each label but the first, against it."""
    scale: float
    """Of the weights, in nats."""
    network: float
    """What the network's log-probabilities weigh."""
    counts: float
    """What the features' weigh."""
    bias: tuple[float, ...]
    """Added to each label's, K numbers."""

    @property
    def bits(self) -> int:
        """Of the places."""
        return len(self.weights).bit_length() - 1

    def evidence(self, text: str) -> NDArray[np.float64]:
        """What the features of ``text`` speak for each label, in nats against the first, float64[K]."""
        spoken = self.weights[features(text, self.bits)].sum(axis=0, dtype=np.float64) * self.scale
        return np.concatenate(([0.0], spoken))

    def evidence_along(self, text: str, ends: Sequence[int]) -> NDArray[np.float64]:
        """The :meth:`evidence` of ``text`` up to each of ``ends``, float64[ends, K]; no word goes on behind one of those.

        Each word is looked at once.
        """
        spoken = np.zeros((len(ends), len(self.bias)))
        seen: set[int] = set()
        words: list[str] = []
        for row, (begin, end) in enumerate(pairwise([0, *ends])):
            words = [*words[-1:], *_WORD.findall(text[begin:end].lower())]
            new = set(_places(words, self.bits).tolist()) - seen
            seen |= new
            spoken[row, 1:] = self.weights[sorted(new)].sum(axis=0, dtype=np.float64) if new else 0
        return spoken.cumsum(axis=0) * self.scale

    def mixed(self, shares: NDArray[np.floating], evidence: NDArray[np.float64]) -> NDArray[np.float64]:
        """The distribution float64[..., K] of a network's ``shares`` [..., K] and the ``evidence`` of the same texts."""
        scores = self.network * np.log(np.maximum(shares, 1e-9)) + self.counts * evidence + np.array(self.bias)
        scores -= scores.max(axis=-1, keepdims=True)
        result: NDArray[np.float64] = np.exp(scores)
        result /= result.sum(axis=-1, keepdims=True)
        return result

    def to_bytes(self) -> bytes:
        """To stand in a file of a memory."""
        header = {
            "places": len(self.weights),
            "scale": self.scale,
            "network": self.network,
            "counts": self.counts,
            "bias": self.bias,
        }
        head = json.dumps(header).encode("ascii")
        return _LENGTH.pack(len(head)) + head + zlib.compress(np.ascontiguousarray(self.weights).tobytes(), 9)

    @classmethod
    def from_bytes(cls, data: bytes) -> LabelMemory:
        """The reverse; raises :class:`ValueError`, ``LookupError`` or ``TypeError`` for anything else."""
        (length,) = _LENGTH.unpack_from(data)
        header = json.loads(data[_LENGTH.size : _LENGTH.size + length])
        places, bias = header["places"], header["bias"]
        numbers = [header[name] for name in ("scale", "network", "counts")]
        if not (isinstance(bias, list) and all(map(_small, [*numbers, *bias]))):
            raise ValueError("impossible weights of labels")
        if not (type(places) is int and places > 1 and places & (places - 1) == 0 and 2 <= len(bias) <= 64):
            raise ValueError("impossible sizes of labels")
        size = places * (len(bias) - 1)
        if size > MOST_PLACES:
            raise ValueError("labels of too many places")
        unpacker = zlib.decompressobj()
        try:
            table = unpacker.decompress(data[_LENGTH.size + length :], size + 1)
        except zlib.error as error:
            raise ValueError(f"a damaged table of labels ({error})") from None
        if len(table) != size or not unpacker.eof or unpacker.unused_data:
            raise ValueError("a table of labels of another size than it says")
        weights = np.frombuffer(table, np.int8).reshape(places, len(bias) - 1)
        scale, network, counts = map(float, numbers)
        return cls(weights, scale, network, counts, tuple(map(float, bias)))


def _small(value: object) -> bool:
    return (
        isinstance(value, (int, float))
        and not isinstance(value, bool)
        and math.isfinite(value)
        and abs(value) <= LARGEST_WEIGHT
    )
