"""Teaching the mixer a corpus: its counts, and weights that were learned on parts it had not counted yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rnncomplete.mixing.alphabet import Alphabet
from rnncomplete.mixing.layout import Rates
from rnncomplete.mixing.memory import STYLE_NODES, STYLE_SLOTS, CorpusMemory
from rnncomplete.mixing.mixer import Mixer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from rnncomplete.mixing.layout import FloatArray
    from rnncomplete.mixing.prior import Prior

LEARNING = Rates(weights=0.003)
"""While a prior is learned, weights move faster than later in a session."""


def learn_prior(
    alphabet: Alphabet,
    memories: Sequence[CorpusMemory],
    tokens: NDArray[np.uint16],
    network: Callable[[int, int], FloatArray] | None = None,
    session: int = 100_000,
) -> Prior:
    """Weights that sessions of ``session`` characters over ``tokens`` uint16[n] end with, each from those before it.

    None of ``memories`` should have counted ``tokens``. ``network(begin, end)`` is the network's word on them, float32[end - begin, V].
    """
    mixer = Mixer(alphabet, memories, rates=LEARNING)
    for begin in range(0, len(tokens), session):
        end = min(begin + session, len(tokens))
        mixer.reset()
        for piece in range(begin, end, 4096):
            stop = min(piece + 4096, end)
            mixer.learn(tokens[piece:stop], None if network is None else network(piece, stop))
        mixer.prior = mixer.learned_prior()
    return mixer.prior


def learn_style(
    characters: Sequence[str],
    tokens: NDArray[np.uint16],
    network: Callable[[int, int], FloatArray] | None = None,
    *,
    sessions: int = 500_000,
    nodes: int = STYLE_NODES,
    slots: int = STYLE_SLOTS,
    room: int = 4,
) -> CorpusMemory:
    """The memory of a style: ``tokens`` uint16[n] of its training text, and weights for them.

    Weights are learned on the last ``sessions`` characters (at most a quarter) with a memory of those before; then
    everything is counted. Counting takes ``room`` times the memory's final size. ``network(begin, end)`` is the
    network's word on ``tokens[begin:end]``: best of one that was not trained on those.
    """
    alphabet = Alphabet.counted(characters, tokens)
    first = len(tokens) - min(sessions, len(tokens) // 4)

    def count(part: NDArray[np.uint16]) -> CorpusMemory:
        return CorpusMemory.count(alphabet, part, nodes * room, slots * room).shrunk(room)

    def shifted(begin: int, end: int) -> FloatArray:
        assert network is not None
        return network(first + begin, first + end)

    prior = learn_prior(alphabet, [count(tokens[:first])], tokens[first:], None if network is None else shifted)
    memory = count(tokens)
    return CorpusMemory(alphabet, memory.nodes, memory.slots, prior)
