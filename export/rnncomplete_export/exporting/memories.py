"""What a style carries beside its network: counts of the text it was trained on, and weights to mix them with."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from rnncomplete.completion.adaptive_reader import Expectations
from rnncomplete.completion.static_reader import StaticReader
from rnncomplete.mixing.memory import STYLE_NODES, STYLE_SLOTS
from rnncomplete.mixing.mixer import Mixer
from rnncomplete.mixing.training import learn_style
from rnncomplete.text.tail import Tail
from rnncomplete_export.exporting.telling import tenths
from rnncomplete_export.texts.disguise import common_words, disguised

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from rnncomplete.mixing.memory import CorpusMemory
    from rnncomplete.network.model import FloatArray, Model

FEWEST_WEIGHED = 20_000
"""Characters at the end of a text, or of the part held out, with which weights are learned."""

FIGURES_ON = 100_000
"""Characters at the beginning of the part held out on which the figures are measured."""

MOST_COUNTED = 1 << 25
"""Characters, the last of a longer text: it takes a minute, and far fewer fill the tables."""

SLOTS_A_CHARACTER = 4
"""Of a short text; a quarter as many nodes."""

RATES = (0.001, 0.0015, 0.002, 0.003, 0.004, 0.006, 0.008)
RATED_SESSION = 10_000
"""Characters of each session in which they are tried."""


def learn_memory(
    model: Model,
    tokens: NDArray[np.uint16],
    weighed: int,
    held_out: NDArray[np.uint16],
    advance: Callable[[str], None] = lambda _: None,
) -> CorpusMemory:
    """The memory of the style whose network is ``model`` and was trained on ``tokens`` uint16[n].

    A network that has read a text often is right there more often than it will be, and weights learned there would trust
    it too much: so most are learned on the end of the part ``held_out`` uint16[m] (:func:`unread_part`).
    ``weighed`` is how many characters weights are learned on; ``advance`` is told of progress.
    """
    tokens = tokens[-MOST_COUNTED:]
    common = common_words(model.vocabulary, tokens)
    expected = Expectations(StaticReader(model))
    unread = unread_part(held_out)[:weighed]
    slots = min(STYLE_SLOTS, max(8, SLOTS_A_CHARACTER * len(tokens) // 8 * 8))
    return learn_style(
        model.vocabulary.characters,
        tokens,
        lambda text, begin: expected(Tail(0, text), begin),
        sessions=max(weighed - len(unread), FEWEST_WEIGHED),
        unread=unread,
        disguise=lambda part, session: disguised(model.vocabulary, part, common, session),
        nodes=min(STYLE_NODES, max(8, slots // 4 // 8 * 8)),
        slots=slots,
        progress=tenths(advance, "learning what counts are worth beside the network"),
    )


def unread_part(held_out: NDArray[np.uint16]) -> NDArray[np.uint16]:
    """The end of the part held out, on which no figure of a card is measured that depends on weights, uint16[n]."""
    return held_out[_figures_on(held_out) :]


def figures_part(held_out: NDArray[np.uint16]) -> NDArray[np.uint16]:
    """The rest, its beginning, on which such figures are measured; two characters at least, since one tells nothing."""
    return held_out[: max(2, _figures_on(held_out))]


def _figures_on(held_out: NDArray[np.uint16]) -> int:
    return FIGURES_ON if len(held_out) > FIGURES_ON + FEWEST_WEIGHED else len(held_out) // 2


def expected(model: Model, text: NDArray[np.uint16]) -> FloatArray:
    """The network's word on each character of ``text`` uint16[n], float32[n, V]."""
    return Expectations(StaticReader(model))(Tail(0, text), 0)


def with_best_rate(
    memory: CorpusMemory,
    text: NDArray[np.uint16],
    network: FloatArray,
    advance: Callable[[str], None] = lambda _: None,
) -> CorpusMemory:
    """``memory`` with the rate that predicts ``text`` uint16[n] best, beside the ``network``'s word on it float32[n, V].

    The network should not have been trained on it.

    Found on a text that was trained on it would be too low: there the network is right more often than it will be.
    ``advance`` is told of each rate that is tried.
    """

    def loss(rate: float) -> float:
        advance(f"finding how fast to adapt: {rate:g}")
        mixer, total = Mixer(memory.alphabet, [memory], prior=replace(memory.prior, rate=rate)), 0.0
        for begin in range(0, len(text), RATED_SESSION):
            mixer.reset()
            session = slice(begin, begin + RATED_SESSION)
            total -= float(np.log(mixer.learn(text[session], network[session])).sum())
        return total

    return replace(memory, prior=replace(memory.prior, rate=min(RATES, key=loss)))
