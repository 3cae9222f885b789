"""The network's word and what the text itself has taught, as one distribution.

Every character before the cursor is learned by a :class:`~rnncomplete.mixing.mixer.Mixer`, with what the network expected
at its place; after a deletion it is unlearned. Looking ahead learns nothing. What was learned is a function of the text
alone, however it was typed, with one exception, the shortcut: of more than :data:`MOST_AT_ONCE` characters that come at
once (a file is opened, a page pasted, or an edit is further back than the mixer can undo), all but the last
:data:`LEARNED_FULLY` are only counted, without asking the network or moving the mixer's weights.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from rnncomplete.mixing.alphabet import Alphabet
from rnncomplete.mixing.mixer import Mixer
from rnncomplete.prefix_cache import always
from rnncomplete.reading import log_softmax

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from rnncomplete.model import FloatArray
    from rnncomplete.reading import StaticReader
    from rnncomplete.vocabulary import Vocabulary

MOST_AT_ONCE = 4096
"""Characters that are learned with the network's word for each; about half a second."""

LEARNED_FULLY = 2048
"""Characters before the cursor that are always learned so."""

_PIECE = 4096


def session_mixer(vocabulary: Vocabulary) -> Mixer:
    """A mixer for one session with a style of that ``vocabulary``."""
    return Mixer(Alphabet.usual(vocabulary.characters))


class LookAhead(NamedTuple):
    """A place behind the learned text."""

    network: FloatArray
    """The network's state, float32[S]."""
    path: tuple[int, ...]
    """The tokens supposed since the learned text."""


class AdaptiveReader:
    """Reads with the network of ``static`` and a ``mixer`` that learns the text. Not for several threads at once.

    ``step`` gives natural logarithms of probabilities, which need no temperature. It looks ahead of the text read last:
    a state is good until the next ``read``.
    """

    temperature = 1.0

    def __init__(self, static: StaticReader, mixer: Mixer) -> None:
        self.static = static
        self.mixer = mixer
        self._base = 0
        """Characters of the text that the mixer has no room for."""

    def read(
        self, tokens: NDArray[np.uint16], wanted: Callable[[], bool] = always
    ) -> tuple[FloatArray, LookAhead] | None:
        """(log-probabilities float32[V], state) after ``tokens``; ``None`` once ``wanted()`` is false."""
        self._unlearn(tokens)
        if not self._learn(tokens, wanted) or (reading := self.static.read(tokens, wanted)) is None:
            return None
        logits, state = reading
        return self._mixed((), logits), LookAhead(state, ())

    def step(self, token: int, state: LookAhead) -> tuple[FloatArray, LookAhead]:
        """(log-probabilities float32[V], next state) after supposing ``token``."""
        logits, network = self.static.step(token, state.network)
        path = (*state.path, token)
        return self._mixed(path, logits), LookAhead(network, path)

    def _mixed(self, path: tuple[int, ...], logits: FloatArray) -> FloatArray:
        return np.log(self.mixer.distribution(path, self._probabilities(logits)))

    def _probabilities(self, logits: FloatArray) -> FloatArray:
        result: FloatArray = np.exp(log_softmax(logits / self.static.temperature))
        return result

    def _unlearn(self, tokens: NDArray[np.uint16]) -> None:
        """Take back whatever is not the beginning of ``tokens``."""
        base = _base(len(tokens), self.mixer.sizes.capacity)
        learned = self.mixer.tokens
        shorter = min(len(learned), len(tokens) - base)
        different = np.flatnonzero(learned[:shorter] != tokens[base : base + shorter])
        common = int(different[0]) if len(different) else shorter
        if base != self._base or self.mixer.undo(len(learned) - common) < len(learned) - common:
            self.mixer.reset()
        self._base = base

    def _learn(self, tokens: NDArray[np.uint16], wanted: Callable[[], bool]) -> bool:
        """Learn what is new in ``tokens``; false if it was given up."""
        begin = self._base + len(self.mixer)
        if len(tokens) - begin > MOST_AT_ONCE:
            for start in range(begin, len(tokens) - LEARNED_FULLY, _PIECE):
                if not wanted():
                    return False
                self.mixer.count(tokens[start : min(start + _PIECE, len(tokens) - LEARNED_FULLY)])
        for position in range(self._base + len(self.mixer), len(tokens)):
            reading = self.static.read(tokens[:position], wanted)
            if reading is None:
                return False
            self.mixer.learn(tokens[position : position + 1], self._probabilities(reading[0])[None])
        return True


def _base(length: int, capacity: int) -> int:
    """Where learning a text of ``length`` characters begins: at its start, or so that half of the room is used."""
    half = capacity // 2
    return max(0, (length - half - 1) // half) * half if length > capacity else 0
