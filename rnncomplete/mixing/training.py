"""Teaching the mixer a corpus: its counts, and weights that were learned on parts it had not counted yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rnncomplete.mixing.alphabet import Alphabet
from rnncomplete.mixing.layout import Rates
from rnncomplete.mixing.memory import STYLE_ENTRIES, STYLE_NODES, STYLE_SLOTS, CorpusMemory
from rnncomplete.mixing.mixer import Mixer
from rnncomplete.mixing.prior import Prior

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from rnncomplete.mixing.layout import FloatArray

FIRST, LAST = (
    Rates(weights=0.006, maps=0.02, matches=0.02, refine=0.04),
    Rates(weights=0.001, maps=0.003, matches=0.003, refine=0.006),
)
"""How fast weights and maps move in the first and in the last session while a prior is learned; in between they slow down."""

PASSES = 2
"""How often a prior is learned on the same characters."""

SESSION = 50_000
"""Characters of a session while a prior is learned; less where there is less text, so that all turns come."""


def learn_prior(
    alphabet: Alphabet,
    turns: Sequence[Sequence[CorpusMemory]],
    tokens: NDArray[np.uint16],
    network: Callable[[int, int], FloatArray] | None = None,
    *,
    session: int = SESSION,
    progress: Callable[[int, int], None] = lambda *_: None,
) -> Prior:
    """Weights that sessions of ``session`` characters over ``tokens`` uint16[n] end with, each from those before it.

    They go over the text :data:`PASSES` times, and slower and slower.
    Each session has the memories whose turn it is; none should have counted ``tokens``. ``network(begin, end)`` is the
    network's word on ``tokens[begin:end]``, float32[end - begin, V]; it is asked once for each and rounded to half
    precision. ``progress`` is told characters done of all.
    """
    prior, done = Prior(), 0
    words: dict[int, NDArray[np.float16]] = {}
    begins = [*range(0, len(tokens), session)] * PASSES
    for number, begin in enumerate(begins):
        end = min(begin + session, len(tokens))
        rates = _between(number / max(1, len(begins) - 1))
        mixer = Mixer(alphabet, turns[number % len(turns)], prior=prior, rates=rates)
        for piece in range(begin, end, 1024):
            stop = min(piece + 1024, end)
            if network is not None and piece not in words:
                words[piece] = network(piece, stop).astype(np.float16)
            mixer.learn(tokens[piece:stop], words[piece].astype(np.float32) if words else None)
            done += stop - piece
            progress(done, PASSES * len(tokens))
        prior = mixer.learned_prior()
    return prior


def _between(share: float) -> Rates:
    """Rates at that share of the way from the first to the last."""
    return Rates(*(first + (last - first) * share for first, last in zip(FIRST, LAST, strict=True)))


def learn_style(
    characters: Sequence[str],
    tokens: NDArray[np.uint16],
    network: Callable[[NDArray[np.uint16], int], FloatArray] | None = None,
    *,
    sessions: int = 300_000,
    unread: NDArray[np.uint16] | None = None,
    disguise: Callable[[NDArray[np.uint16], int], NDArray[np.uint16]] = lambda tokens, _: tokens,
    nodes: int = STYLE_NODES,
    slots: int = STYLE_SLOTS,
    entries: int | None = STYLE_ENTRIES,
    room: int = 3,
    progress: Callable[[int, int], None] = lambda *_: None,
) -> CorpusMemory:
    """The memory of a style: ``tokens`` uint16[n] of its training text, and weights for them.

    Weights are learned on the last ``sessions`` characters (at most a quarter) and then on ``unread`` uint16[m], text that
    the network was not trained on, every other session with the memory of somebody's files as well, for which the text
    right before those stands. Then everything but ``unread`` is counted. Counting takes
    ``room`` times the memory's final size; ``entries`` is what it is :meth:`~CorpusMemory.pruned` to.

    ``disguise(tokens, session)`` gives what weights are learned on in place of those characters, which are sessions of
    that length. ``network(tokens, begin)`` is the network's word on ``tokens[begin:]``, float32[n - begin, V]: best of one
    that was not trained on those.
    """
    alphabet = Alphabet.counted(characters, tokens)
    first = len(tokens) - min(sessions, len(tokens) // 4)
    files = first - min(sessions, first // 4)

    def count(part: NDArray[np.uint16]) -> CorpusMemory:
        counted = CorpusMemory.count(alphabet, part, nodes * room, slots * room).shrunk(room)
        return counted if entries is None else counted.pruned(entries)

    style = count(tokens[:files])
    turns = [[style, CorpusMemory.count(alphabet, tokens[files:first], nodes, slots)], [style]]
    session = min(SESSION, max(1, (len(tokens) - first + (0 if unread is None else len(unread))) // 4))
    weighed = disguise(np.concatenate([tokens[first:], tokens[:0] if unread is None else unread]), session)
    text = np.concatenate([tokens[:first], weighed])

    def rows(begin: int, end: int) -> FloatArray:
        assert network is not None
        return network(text[: first + end], first + begin)

    prior = learn_prior(alphabet, turns, weighed, rows if network else None, session=session, progress=progress)
    memory = count(tokens)
    return CorpusMemory(alphabet, memory.nodes, memory.slots, prior if entries is None else prior.rounded())
