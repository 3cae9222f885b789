"""Writing text in a style: one character after another, drawn from the network's distribution."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rnncomplete.network.model import FloatArray
    from rnncomplete.text.vocabulary import Vocabulary

State = TypeVar("State")

WRITING_TEMPERATURE = 0.65
"""Divides the logits when a style writes. The card's temperature is another one: it makes predictions honest, and who
writes by an honest prediction goes wrong as often as it is unsure. Of the words of seven letters and more that the style
tolstoy writes, 85 % are words at the card's temperature, and 99 % at this one, with the floor below; of linux 75 and 100.
"""

MIN_P = 0.05
"""Characters less likely than this share of the likeliest one are never written, however high the temperature.

Nguyen et al. 2024, "Turning up the heat: min-p sampling for creative and coherent LLM outputs", before the temperature.
"""


def sample(
    step: Callable[[int, State], tuple[FloatArray, State]],
    logits: FloatArray,
    state: State,
    vocabulary: Vocabulary,
    *,
    temperature: float = WRITING_TEMPERATURE,
    min_p: float = MIN_P,
    seed: int | None = None,
) -> Iterator[str]:
    """Endless characters after the text that gave ``logits`` (float32[V]) and ``state``; the same for the same seed.

    ``temperature`` divides the logits; 0 always takes the likeliest. ``min_p``, from 0 to 1, is the share of the
    likeliest character's probability below which none is drawn. Only suggestible characters are drawn.
    """
    generator = np.random.default_rng(seed)
    suggestible = np.flatnonzero(vocabulary.suggestible)
    floor = np.log(min_p) if min_p > 0 else -np.inf
    while True:
        scores = logits[suggestible].astype(np.float64)
        if temperature == 0:
            token = int(suggestible[scores.argmax()])
        else:
            scores[scores < scores.max() + floor] = -np.inf
            # Adding Gumbel noise and taking the largest draws from the softmax.
            token = int(suggestible[(scores / temperature + generator.gumbel(size=len(scores))).argmax()])
        yield vocabulary.characters[token]
        logits, state = step(token, state)
