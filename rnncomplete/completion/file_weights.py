"""Weights that suit somebody's files: learned on some of them, with the counts of the others.

How much to believe the network, the style's memory and the files differs from project to project. On two files of
prompt_toolkit, with its others counted, weights learned so on 50,000 characters take 2 % of the nats off.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from rnncomplete.completion.file_memory import Learned, keep, read_files, table_sizes
from rnncomplete.completion.prefix_cache import always
from rnncomplete.mixing.layout import Sizes
from rnncomplete.mixing.memory import CorpusMemory
from rnncomplete.mixing.mixer import Mixer
from rnncomplete.network.distribution import softmax

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from rnncomplete.network.model import FloatArray, Model
    from rnncomplete.text.discovery import Found

WEIGHED = 50_000
"""Characters that weights are learned on; at most a quarter of all."""

FEWEST = 20_000
"""Characters of files; of fewer nothing can be learned of weights."""

_PIECE = 256


def learn_weights(
    found: Sequence[Found],
    model: Model,
    style: CorpusMemory | None,
    learned: Learned,
    *,
    cache: Path,
    pause: Callable[[], None] = lambda: None,
    wanted: Callable[[], bool] = always,
) -> Learned | None:
    """``learned`` of the files ``found``, with weights; ``None`` if there is too little text, or it is not wanted.

    ``style`` is the memory of the style that ``model`` is of. ``pause`` is called every hundredth of a second or two, and
    may wait: this takes seconds. The result is kept in ``cache``.
    """
    texts = read_files(list(found), model.vocabulary, wanted=wanted)
    if texts is None or style is None or not style.prior.sections or sum(map(len, texts)) < FEWEST:
        return None
    weighed, others = _apart(texts)
    alphabet = learned.memory.alphabet
    counted = CorpusMemory.count(alphabet, others, *table_sizes(len(others), len(learned.memory.slots)))
    mixer = Mixer(alphabet, [style, counted], sizes=Sizes.holding(len(weighed)), prior=style.prior)
    state: FloatArray = model.initial_state
    logits, state = model.step(int(model.vocabulary.encode("\n")[0]), state)
    for begin in range(0, len(weighed), _PIECE):
        piece = weighed[begin : begin + _PIECE]
        rows = np.empty((len(piece), len(model.vocabulary)), np.float32)
        for row, token in enumerate(piece.tolist()):
            if row % 64 == 0:
                pause()
            rows[row] = softmax(logits, model.card.temperature)
            logits, state = model.step(token, state)
        if not wanted():
            return None
        mixer.learn(piece, rows)
    prior = replace(mixer.learned_prior(), rate=style.prior.rate)
    better = replace(learned, memory=replace(learned.memory, prior=prior))
    keep(found, better, cache, model.vocabulary)
    return better


def _apart(texts: list[NDArray[np.uint16]]) -> tuple[NDArray[np.uint16], NDArray[np.uint16]]:
    """Texts to learn weights on, evenly spaced among all, and the others."""
    most = min(WEIGHED, sum(map(len, texts)) // 4)
    order = sorted(range(len(texts)), key=lambda number: (number * 0.6180339887) % 1)
    chosen: set[int] = set()
    taken = 0
    for number in order:
        if taken < most and taken + len(texts[number]) <= 2 * most:
            chosen.add(number)
            taken += len(texts[number])
    if not chosen or len(chosen) == len(texts):  # one long file, or two: its end
        whole = np.concatenate(texts)
        return whole[-most:], whole[:-most]
    weighed = np.concatenate([texts[number] for number in sorted(chosen)])[:WEIGHED]
    return weighed, np.concatenate([text for number, text in enumerate(texts) if number not in chosen])
