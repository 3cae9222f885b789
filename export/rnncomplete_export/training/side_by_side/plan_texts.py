"""The texts of a plan, encoded: each style's in its own folder of runs, where exporting finds it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import torch

from rnncomplete.errors import TextError
from rnncomplete.text.vocabulary import UNKNOWN
from rnncomplete_export.story.stages import known_words
from rnncomplete_export.training.side_by_side.label_learner import LabelledPages

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from rnncomplete_export.texts.corpus import Corpus
    from rnncomplete_export.texts.labelled import Labelling
    from rnncomplete_export.training.side_by_side.plan import Plan

JUDGED = 600_000
"""Characters at most of a text held out on which networks are compared with one another; exporting measures more."""


@dataclass(frozen=True)
class PlanTexts:
    """The corpora of a plan, by the name that it gives them."""

    corpora: dict[str, Corpus]
    labellings: dict[str, Labelling] = field(default_factory=dict)
    """Of those with labels."""
    _words: dict[str, frozenset[str]] = field(default_factory=dict)

    def vocabularies(self, styles: Sequence[str]) -> list[int]:
        """V of each."""
        return [len(self.corpora[style].vocabulary) for style in styles]

    def training(self, style: str, text: str) -> Tensor:
        """What is not held out of ``text``, in the characters of ``style``: uint8 or int16[characters]."""
        tokens = self.corpora[text].training
        if text == style:
            return self._tensor(tokens)
        number = self.corpora[style].vocabulary.token
        others = self.corpora[text].vocabulary.characters
        table = np.array([UNKNOWN, *(number(character) for character in others[1:])], np.uint16)
        return self._tensor(table[tokens])

    def labels_of(self, style: str) -> tuple[str, ...]:
        """The labels of ``style``; none if it has none."""
        return self.labellings[style].labels if style in self.labellings else ()

    def labelled(self, styles: Sequence[str], weight: float) -> LabelledPages | None:
        """The labels of the texts of ``styles``, if they have some, and what their loss weighs."""
        if not any(map(self.labels_of, styles)):
            return None
        newlines = {style: self.corpora[style].vocabulary.token("\n") for style in styles}
        own = list(dict.fromkeys(styles))
        each = [self.labellings[style].each(self.corpora[style].training, newlines[style]) for style in own]
        labels, weights = ([torch.from_numpy(pair[part]) for pair in each] for part in (0, 1))
        return LabelledPages(labels, weights, [newlines[style] for style in styles], weight)

    def validation(self, style: str) -> Tensor:
        """What is held out, or its beginning."""
        return self._tensor(self.corpora[style].validation[:JUDGED])

    def words(self, style: str) -> frozenset[str]:
        """Those of the text that ``style`` learns, in lower case; counted once."""
        if style not in self._words:
            corpus = self.corpora[style]
            self._words[style] = known_words(corpus.training, corpus.vocabulary)
        return self._words[style]

    def _tensor(self, tokens: NDArray[np.uint16]) -> Tensor:
        """All in the smallest kind of numbers that holds the largest vocabulary: texts lie on the device."""
        widest = max(len(corpus.vocabulary) for corpus in self.corpora.values())
        return torch.from_numpy(tokens.astype(np.uint8 if widest <= 256 else np.int16))


def check_texts(plan: Plan, texts: PlanTexts) -> None:
    """Raise :class:`TextError` if a text is too short to be learned as the plan says."""
    for number, one in enumerate(plan.rounds, 1):
        counts = {network.style: len(texts.labels_of(network.style)) for network in one.networks}
        if len(set(counts.values())) > 1:
            told = ", ".join(f"{style} {count}" for style, count in counts.items())
            raise TextError(
                f"the plan {plan.name}, round {number}, has networks with different numbers of labels ({told}); expected "
                "as many in all: give the others a round, or a plan, of their own"
            )
    least = plan.shared.window + plan.shared.batch + 1
    for name, corpus in texts.corpora.items():
        if len(corpus.validation) < 2 or len(corpus.training) <= least:
            raise TextError(
                f"the text {name} of the plan {plan.name} has {len(corpus.training):,} characters to learn from and "
                f"{len(corpus.validation):,} held out; expected more than {least:,} and 2: give more text, a smaller "
                "window or batch, or another held_out"
            )
