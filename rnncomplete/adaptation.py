"""The network's word and what the text itself has taught, as one distribution.

A :class:`~rnncomplete.mixing.reader.Reader` learns every character before the cursor, with what the network expected at
its place, and unlearns what is deleted: what is known is a function of the text alone. Looking ahead learns nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from rnncomplete.mixing.alphabet import Alphabet
from rnncomplete.mixing.mixer import Mixer
from rnncomplete.mixing.reader import Reader
from rnncomplete.prefix_cache import always
from rnncomplete.reading import log_softmax

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from rnncomplete.model import FloatArray
    from rnncomplete.reading import StaticReader
    from rnncomplete.vocabulary import Vocabulary

PIECE = 32
"""Characters learned between two questions whether the reading is still wanted; about 5 ms."""


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
        self._static = static
        self._mixer = mixer
        self._reader = Reader(mixer, self._expected, piece=PIECE)

    def read(
        self, tokens: NDArray[np.uint16], wanted: Callable[[], bool] = always
    ) -> tuple[FloatArray, LookAhead] | None:
        """(log-probabilities float32[V], state) after ``tokens``; ``None`` once ``wanted()`` is false."""
        if not self._reader.read(tokens, wanted) or (reading := self._static.read(tokens, wanted)) is None:
            return None
        logits, state = reading
        return self._mixed((), logits), LookAhead(state, ())

    def step(self, token: int, state: LookAhead) -> tuple[FloatArray, LookAhead]:
        """(log-probabilities float32[V], next state) after supposing ``token``."""
        logits, network = self._static.step(token, state.network)
        path = (*state.path, token)
        return self._mixed(path, logits), LookAhead(network, path)

    def _mixed(self, path: tuple[int, ...], logits: FloatArray) -> FloatArray:
        return np.log(self._mixer.distribution(path, self._probabilities(logits)))

    def _probabilities(self, logits: FloatArray) -> FloatArray:
        result: FloatArray = np.exp(log_softmax(logits / self._static.temperature))
        return result

    def _expected(self, tokens: NDArray[np.uint16], begin: int) -> FloatArray:
        """The network's probabilities of ``tokens[begin:]``, float32[n - begin, V]."""
        rows = []
        for position in range(begin, len(tokens)):
            reading = self._static.read(tokens[:position])
            assert reading is not None, "always wanted"
            rows.append(self._probabilities(reading[0]))
        return np.array(rows, np.float32)
