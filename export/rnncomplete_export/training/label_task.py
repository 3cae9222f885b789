"""What a training learns of labels beside the language: the loss of a window, and what is found on texts held out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional

from rnncomplete_export.network.measure_labels import label_logits, told_right
from rnncomplete_export.texts.labelled import texts_of

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from rnncomplete_export.network.character_network import CharacterNetwork
    from rnncomplete_export.texts.corpus import Corpus
    from rnncomplete_export.texts.labelled import Labelling

VALIDATED_CHARACTERS = 100_000
"""Of the texts held out, evenly spaced, on which labels are validated while training."""


class LabelTask:
    """The labels of the lines of ``corpus``, whose loss weighs ``weight``."""

    def __init__(self, corpus: Corpus, labelling: Labelling, weight: float) -> None:
        self.labelling, self.weight = labelling, weight
        newline = corpus.vocabulary.token("\n")
        self._labels, self._weights = labelling.each(corpus.training, newline)
        texts = texts_of(corpus.validation, newline)
        self._known = labelling.lines[-len(texts) :]
        self._all = texts, self._known
        every = max(1, -(-sum(map(len, texts)) // VALIDATED_CHARACTERS))
        self._texts, self._known = texts[::every], self._known[::every]

    def loss(self, logits: Tensor, places: NDArray[np.int64]) -> Tensor:
        """Of ``logits`` float[T, B, K] at ``places`` int64[T, B] of the text: weighted nats per character."""
        labels = torch.from_numpy(self._labels[places].astype(np.int64)).to(logits.device)
        weights = torch.from_numpy(self._weights[places]).to(logits.device)
        lost = functional.cross_entropy(logits.flatten(0, 1), labels.flatten(), reduction="none")
        return self.weight * (lost * weights.flatten()).mean()

    def validate(self, network: CharacterNetwork) -> tuple[float, float]:
        """Mean nats of the right label when each text held out is read, and the share of texts it is the likeliest of."""
        logits = torch.from_numpy(label_logits(network, self._texts)[0])
        known = torch.from_numpy(self._known)
        return functional.cross_entropy(logits, known).item(), (logits.argmax(1) == known).double().mean().item()

    def show(self, network: CharacterNetwork) -> dict[str, list[float]]:
        """What a stage of learning notes: how much of a text it has to read to tell its label."""
        return {"told_right": told_right(network, *self._all)}
