"""A session's mixer: it learns the text character by character and predicts the next one, or unlearns the last ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

from rnncomplete.mixing import layout
from rnncomplete.mixing.buffers import Arena, buffers, start
from rnncomplete.mixing.core import compiled_core
from rnncomplete.mixing.prior import Prior

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from rnncomplete.mixing.alphabet import Alphabet
    from rnncomplete.mixing.core import Core
    from rnncomplete.mixing.layout import FloatArray
    from rnncomplete.mixing.memory import CorpusMemory


class Mixer:
    """Probabilities of the next character from the text learned so far, up to two corpus memories and a network.

    What it has learned is a function of the characters and network probabilities that it was given, in order: after
    :meth:`undo` it is byte for byte what it was before. Looking ahead learns nothing. Not for several threads at once.
    """

    def __init__(
        self,
        alphabet: Alphabet,
        memories: Sequence[CorpusMemory] = (),
        *,
        prior: Prior | None = None,
        sizes: layout.Sizes | None = None,
        rates: layout.Rates | None = None,
        core: Core | None = None,
    ) -> None:
        if len(memories) > layout.MEMORIES:
            raise ValueError(f"{len(memories)} corpus memories; expected at most {layout.MEMORIES}")
        if any(memory.alphabet != alphabet for memory in memories):
            raise ValueError("a corpus memory of another alphabet; expected one counted with the session's own")
        self.alphabet, self.memories, self._core = alphabet, tuple(memories), core or compiled_core()
        self.sizes = sizes or layout.Sizes()
        self.prior = prior or Prior()
        self._arena = Arena.create(self.sizes, len(alphabet))
        rates = rates or layout.Rates(weights=self.prior.rate)
        self._state = buffers(alphabet, self.sizes, self._arena, rates, self.memories)
        self._begin()

    def _begin(self) -> None:
        start(self._arena)
        self.prior.apply(self._arena)
        self._frames[:] = 0

    @property
    def _frames(self) -> NDArray[np.int64]:
        return cast("NDArray[np.int64]", self._state[6])

    def __len__(self) -> int:
        """How many characters are learned."""
        return int(self._arena.views["registers"][0])

    @property
    def tokens(self) -> NDArray[np.uint16]:
        """The characters learned, uint16[len(self)]; a view."""
        return cast("NDArray[np.uint16]", self._arena.views["tokens"])[: len(self)]

    def reset(self) -> None:
        """Forget the session; weights are the prior's again."""
        for name in layout.SECTIONS:
            if name not in layout.LEARNED:
                self._arena.views[name][:] = 0
        self._begin()

    def learn(
        self, tokens: Sequence[int] | NDArray[np.uint16], network: FloatArray | None = None
    ) -> NDArray[np.float64]:
        """Learn ``tokens`` (n) with the network's probabilities of each, float32[n, V]; without, it has no say.

        Returns the probability that each token had just before it was learned, float64[n].
        """
        read = np.ascontiguousarray(tokens, np.uint16)
        probabilities = np.empty(len(read), np.float64)
        self._core.learn(self._state, read, _floats(network), probabilities)
        return probabilities

    def skim(self, tokens: Sequence[int] | NDArray[np.uint16]) -> None:
        """Remember ``tokens`` (n), but learn nothing of how to weigh: several times quicker than :meth:`learn`.

        Neither they nor what was learned before can be undone.
        """
        self._core.skim(self._state, np.ascontiguousarray(tokens, np.uint16))

    def distribution(self, path: Sequence[int] = (), network: FloatArray | None = None) -> FloatArray:
        """Probabilities of what follows the text and ``path``, float32[V]; ``network`` is its word for that place."""
        result = np.empty(len(self.alphabet), np.float32)
        self._core.distribution(self._state, np.asarray(path, np.uint16), _floats(network), result)
        return result

    def likeliest(self, path: Sequence[int], network: FloatArray | None, shown: NDArray[np.bool_]) -> tuple[int, float]:
        """The likeliest token behind ``path`` of those in ``shown`` bool[V], and its probability in :meth:`distribution`."""
        return self._core.likeliest(
            self._state, np.asarray(path, np.uint16), _floats(network), np.ascontiguousarray(shown, np.uint8)
        )

    def undo(self, count: int) -> int:
        """Unlearn the last ``count`` characters; returns how many it could (the journal is bounded)."""
        return self._core.undo(self._state, count)

    @property
    def nbytes(self) -> int:
        """Bytes of memory that are this session's own."""
        return sum(self._state[place].nbytes for place in (4, 5, 6))

    def learned(self) -> bytes:
        """All that the session has learned, to be compared."""
        return self._arena.bytes.tobytes()

    def learned_prior(self) -> Prior:
        """The weights as they are now, for sessions to come."""
        return Prior.of(self._arena)


def _floats(network: FloatArray | None) -> FloatArray | None:
    return None if network is None else np.ascontiguousarray(network, np.float32)
