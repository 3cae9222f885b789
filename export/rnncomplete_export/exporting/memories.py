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
from rnncomplete_export.texts.disguise import common_words, disguised

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from rnncomplete.mixing.memory import CorpusMemory
    from rnncomplete.network.model import Model

FEWEST_WEIGHED, MOST_WEIGHED = 20_000, 300_000
"""Characters at the end of a text on which weights are learned."""

FIGURES_ON = 100_000
"""Characters at the beginning of the part kept back on which the figures are measured."""

SEEN_A_WEIGHED = 20
"""Characters trained on for each of those, so that weighing takes a small part of a training."""

MOST_COUNTED = 1 << 25
"""Characters, the last of a longer text: it takes a minute, and far fewer fill the tables."""

SLOTS_A_CHARACTER = 4
"""Of a short text; a quarter as many nodes."""

TOLD = 10
"""Calls of ``advance`` in one :func:`learn_memory`."""

RATES = (0.001, 0.0015, 0.002, 0.003, 0.004, 0.006, 0.008)
RATED_CHARACTERS, RATED_SESSION = 40_000, 10_000
"""Of the end of a text kept back, on which the best of those is found, in sessions of so many characters."""


def learn_memory(
    model: Model,
    tokens: NDArray[np.uint16],
    seen: int,
    kept_back: NDArray[np.uint16],
    advance: Callable[[str], None] = lambda _: None,
) -> CorpusMemory:
    """The memory of the style whose network is ``model`` and was trained on ``tokens`` uint16[n].

    A network that has read a text often is right there more often than it will be, and weights learned there would trust
    it too much: so most are learned on the end of the part ``kept_back`` uint16[m] (:func:`unread_part`).
    ``seen`` is how many characters it was trained on, and bounds the time this takes; ``advance`` is told of progress.
    """
    tokens = tokens[-MOST_COUNTED:]
    common = common_words(model.vocabulary, tokens)
    told = 0

    def progress(done: int, total: int) -> None:
        nonlocal told
        while told < TOLD * done // total:
            told += 1
            advance(f"learning what counts are worth beside the network, {100 * told // TOLD} %")

    expected = Expectations(StaticReader(model))
    unread = unread_part(kept_back)
    most = min(max(seen // SEEN_A_WEIGHED, FEWEST_WEIGHED), MOST_WEIGHED)
    unread = unread[:most]
    slots = min(STYLE_SLOTS, max(8, SLOTS_A_CHARACTER * len(tokens) // 8 * 8))
    return learn_style(
        model.vocabulary.characters,
        tokens,
        lambda text, begin: expected(Tail(0, text), begin),
        sessions=max(most - len(unread), FEWEST_WEIGHED),
        unread=unread,
        disguise=lambda part, session: disguised(model.vocabulary, part, common, session),
        nodes=min(STYLE_NODES, max(8, slots // 4 // 8 * 8)),
        slots=slots,
        progress=progress,
    )


def unread_part(kept_back: NDArray[np.uint16]) -> NDArray[np.uint16]:
    """The end of the part kept back, on which no figure of a card is measured that depends on weights, uint16[n]."""
    return kept_back[FIGURES_ON:] if len(kept_back) > FIGURES_ON + FEWEST_WEIGHED else kept_back[len(kept_back) // 2 :]


def with_best_rate(memory: CorpusMemory, model: Model, tokens: NDArray[np.uint16]) -> CorpusMemory:
    """``memory`` with the rate that predicts the end of ``tokens`` uint16[n] best, which ``model`` was not trained on.

    Found on a text that was trained on it would be too low: there the network is right more often than it will be.
    """
    text = tokens[-RATED_CHARACTERS:]
    network = Expectations(StaticReader(model))(Tail(0, text), 0)

    def loss(rate: float) -> float:
        mixer, total = Mixer(memory.alphabet, [memory], prior=replace(memory.prior, rate=rate)), 0.0
        for begin in range(0, len(text), RATED_SESSION):
            mixer.reset()
            session = slice(begin, begin + RATED_SESSION)
            total -= float(np.log(mixer.learn(text[session], network[session])).sum())
        return total

    return replace(memory, prior=replace(memory.prior, rate=min(RATES, key=loss)))
