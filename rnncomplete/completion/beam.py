"""Beam search: the likeliest line about one source, of several that are gone on with side by side.

Of all lines that were begun, and of those that end, the likeliest are kept, until as many as are kept have ended. Longer
lines are less likely, so ends are compared by their log-probability over ``((5 + length) / 6) ** alpha``
(Wu et al. 2016, arXiv:1609.08144, equation 14, with its length in characters).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from rnncomplete.network.model import FloatArray, Model
    from rnncomplete.text.vocabulary import Vocabulary

    Step = Callable[[NDArray[np.int64], FloatArray], tuple[FloatArray, FloatArray]]
    """From tokens int64[B] and states float32[B, S] to logits float32[B, V] and the next states."""

ALPHA = 1.0
"""How much length is forgiven: 0 prefers short lines, 1 compares by what a character costs."""


def length_penalty(length: int, alpha: float = ALPHA) -> float:
    """What the log-probability of a line of so many characters is divided by."""
    return float(((5 + length) / 6) ** alpha)


@dataclass(frozen=True)
class Line:
    """A line that was found."""

    text: str
    nats: float
    """Its surprise, with that of its end."""

    @property
    def nats_per_character(self) -> float:
        """Of each character and the end."""
        return self.nats / (len(self.text) + 1)


def likeliest_line(
    step: Step, initial_state: FloatArray, vocabulary: Vocabulary, *, beam: int, longest: int, alpha: float = ALPHA
) -> Line:
    """The likeliest line of at most ``longest`` characters; what is as long ends there.

    ``step`` begins with a line end in ``initial_state`` float32[S]. With a ``beam`` of 1 each character is the likeliest.
    """
    newline = vocabulary.token("\n")
    silenced = np.where(vocabulary.suggestible, 0, -np.inf)
    logits, states = step(np.array([newline]), initial_state[None])
    begun: list[tuple[int, ...]] = [()]
    scores = np.zeros(1)
    ended: list[Line] = []
    for length in range(longest + 1):
        likely = scores[:, None] + _log_shares(logits) + silenced
        if length == longest:
            likely[:, np.arange(likely.shape[1]) != newline] = -np.inf
        best = np.argsort(-likely, axis=None, kind="stable")[: beam - len(ended)]
        rows, tokens = np.divmod(best, likely.shape[1])
        scores, ends = likely[rows, tokens], tokens == newline
        ended += [
            Line(vocabulary.decode(begun[row]), -float(score))
            for row, score in zip(rows[ends].tolist(), scores[ends].tolist(), strict=True)
        ]
        on = ~ends & np.isfinite(scores)
        if len(ended) == beam or not on.any():
            break
        rows, tokens, scores = rows[on], tokens[on], scores[on]
        begun = [(*begun[row], token) for row, token in zip(rows.tolist(), tokens.tolist(), strict=True)]
        logits, states = step(tokens, states[rows])
    return min(ended, key=lambda line: line.nats / length_penalty(len(line.text), alpha))


def line_about(model: Model, source: str | FloatArray, *, beam: int, longest: int) -> Line:
    """What ``model`` writes about ``source``: :func:`likeliest_line` of at most ``longest`` characters."""
    about = model.encode(source)

    def step(tokens: NDArray[np.int64], states: FloatArray) -> tuple[FloatArray, FloatArray]:
        return model.step_batch(tokens, states, about)

    return likeliest_line(step, model.initial_state, model.vocabulary, beam=beam, longest=longest)


def _log_shares(logits: FloatArray) -> NDArray[np.float64]:
    """Log-probabilities float64[B, V]."""
    shifted = logits.astype(np.float64)
    shifted -= shifted.max(axis=1, keepdims=True)
    shifted -= np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return shifted
