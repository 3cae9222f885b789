"""Writing text in a style: one character after another, drawn from the network's distribution."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rnncomplete.network.model import FloatArray
    from rnncomplete.text.vocabulary import Vocabulary

State = TypeVar("State")


def sample(
    step: Callable[[int, State], tuple[FloatArray, State]],
    logits: FloatArray,
    state: State,
    vocabulary: Vocabulary,
    *,
    temperature: float,
    seed: int | None = None,
) -> Iterator[str]:
    """Endless characters after the text that gave ``logits`` (float32[V]) and ``state``; the same for the same seed.

    ``temperature`` divides the logits; 0 always takes the likeliest. Only suggestible characters are drawn.
    """
    generator = np.random.default_rng(seed)
    suggestible = np.flatnonzero(vocabulary.suggestible)
    while True:
        scores = logits[suggestible].astype(np.float64)
        if temperature == 0:
            token = int(suggestible[scores.argmax()])
        else:
            # Adding Gumbel noise and taking the largest draws from the softmax.
            token = int(suggestible[(scores / temperature + generator.gumbel(size=len(scores))).argmax()])
        yield vocabulary.characters[token]
        logits, state = step(token, state)
