"""Which label a text has: what the network reads out at its end, with what the style counted of words.

A text is read from its start on, all whitespace in it single spaces, as texts with labels are when they are learned.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rnncomplete.completion.prefix_cache import PrefixCache, always
from rnncomplete.errors import StyleError
from rnncomplete.text.labelled import one_line_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from rnncomplete.mixing.memory import CorpusMemory
    from rnncomplete.network.model import FloatArray, Model

BATCH = 64
"""Texts read side by side."""

LONGEST = 1 << 20
"""Characters of one text at most; of a longer one only the first are read."""

DENSE, DISTANCE = 64, 96
"""As of a document's own cache."""


@dataclass(frozen=True)
class Moment:
    """What was thought of a text behind one of its words."""

    word: str
    """With the blanks and marks before it."""
    shares: NDArray[np.float64]
    """Of each label, float64[K]."""
    moved: float
    """By how many nats the word moved the log-odds of the label that the whole text has."""


class Classifier:
    """The labels of texts, by a ``model`` that has a readout, and what a ``memory`` counted for its labels.

    Raises :class:`StyleError` if the model has none. Not for several threads at once.
    """

    def __init__(self, model: Model, memory: CorpusMemory | None) -> None:
        self.model = model
        if not self.model.card.readouts:
            raise StyleError(
                f"the style {self.model.card.style} tells no labels; expected one with a readout: rnncomplete train --labels"
            )
        self.name, self.labels = next(iter(self.model.card.readouts.items()))
        self._counts = memory.labels if memory else None
        self._cache: PrefixCache[FloatArray] = PrefixCache(
            self._step, self.model.initial_state, dense=DENSE, distance=DISTANCE
        )

    def classify(
        self, texts: Sequence[str], progress: Callable[[int, int], None] = lambda *_: None
    ) -> NDArray[np.float64]:
        """The share of each label, float64[texts, K]; ``progress`` is told of characters read, and of all there are."""
        lines = [self._line(text) for text in texts]
        return self._mixed(self.by_network(lines, progress), lines)

    def by_network(
        self, lines: Sequence[str], progress: Callable[[int, int], None] = lambda *_: None
    ) -> NDArray[np.float64]:
        """The same by the network alone, of texts of one line."""
        tokens = [self.model.vocabulary.encode(line).astype(np.int64) for line in lines]
        order = sorted(range(len(tokens)), key=lambda index: -len(tokens[index]))
        result = np.full((len(tokens), len(self.labels)), 1 / len(self.labels))
        total, done = sum(map(len, tokens)), 0
        for first in range(0, len(order), BATCH):
            chosen = [index for index in order[first : first + BATCH] if len(tokens[index])]
            states = np.zeros((len(chosen), self.model.card.state_size), np.float32)
            for place in range(len(tokens[chosen[0]]) if chosen else 0):
                while len(tokens[chosen[-1]]) <= place:
                    chosen.pop()
                now = np.array([tokens[index][place] for index in chosen])
                states, readouts = self.model.read_batch(now, states[: len(chosen)])
                for row in reversed(range(len(chosen))):
                    if len(tokens[chosen[row]]) > place + 1:
                        break
                    result[chosen[row]] = readouts[self.name][row]
            done += sum(len(tokens[index]) for index in order[first : first + BATCH])
            progress(done, total)
        return result

    def now(self, text: str, wanted: Callable[[], bool] = always) -> NDArray[np.float64] | None:
        """The share of each label, float64[K], of ``text``, of which only what has changed is read.

        ``None`` once ``wanted()`` is false, and where there is nothing to read.
        """
        line = self._line(text)
        found = self._cache.read(self.model.vocabulary.encode(line), wanted) if line else None
        return None if found is None else self._mixed(found[0][None].astype(np.float64), [line])[0]

    @property
    def nbytes(self) -> int:
        """Bytes that what is remembered of the text takes."""
        return self._cache.nbytes

    def moments(self, text: str) -> list[Moment]:
        """How the shares moved over ``text``, word by word."""
        line = self._line(text)
        ends = [word.end() for word in re.finditer(r"\S+", line)]
        if not ends:
            return []
        tokens = self.model.vocabulary.encode(line)
        readouts = [shares for shares, _ in self._cache.through(tokens, 1)]
        found = np.array([readouts[end - 1] for end in ends], np.float64)
        if self._counts is not None:
            found = self._counts.mixed(found, self._counts.evidence_along(line, ends))
        label = int(found[-1].argmax())
        start = self._mixed(np.full((1, len(self.labels)), 1 / len(self.labels)), [""])
        share = np.concatenate((start, found))[:, label]
        moved = np.diff(np.log(np.maximum(share, 1e-9)) - np.log(np.maximum(1 - share, 1e-9)))
        begins = [0, *ends[:-1]]
        return [
            Moment(line[begin:end], shares, float(change))
            for begin, end, shares, change in zip(begins, ends, found, moved, strict=True)
        ]

    def _line(self, text: str) -> str:
        return self.model.vocabulary.normalise(one_line_of(text[:LONGEST]))

    def _mixed(self, shares: NDArray[np.float64], lines: Sequence[str]) -> NDArray[np.float64]:
        if self._counts is None:
            return shares
        evidence = np.array([self._counts.evidence(line) for line in lines]).reshape(shares.shape)
        return self._counts.mixed(shares, evidence)

    def _step(self, token: int, state: FloatArray) -> tuple[FloatArray, FloatArray]:
        return self.model.readout(token, state)[self.name], self.model.step(token, state)[1]
