"""The task of writing about sources: lines of text to translate, or pictures to describe."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.nn import functional

from rnncomplete.errors import SettingError
from rnncomplete.text.vocabulary import UNKNOWN
from rnncomplete_export.network.encoders import build_network
from rnncomplete_export.network.text_encoder import PADDING
from rnncomplete_export.network.writing import written_lines
from rnncomplete_export.training.profile import operations_a_character
from rnncomplete_export.training.task import Learned, Shown, Validated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from lightning_fabric import Fabric
    from numpy.typing import NDArray
    from torch import Tensor

    from rnncomplete.text.vocabulary import Vocabulary
    from rnncomplete_export.network.conditioned_network import ConditionedNetwork
    from rnncomplete_export.training.configuration import TrainingConfig
    from rnncomplete_export.training.examples import Examples

STAGED = 4
"""Batches held out, evenly spaced by length, whose loss is measured at a stage: the first stages follow in seconds."""

SHOWN = 4
"""Sources held out about which the network writes at each stage."""

EMPHASIS = 10.0
"""What a character that tells of the source weighs at first, beside any other."""

EMPHASISED = 0.5
"""Share of the training in which that falls to nothing, so that in the end all characters are as likely as they are."""

LONGEST_SHOWN = 120
"""Characters of such a line."""


@torch.no_grad()
def logits_about(
    network: ConditionedNetwork, examples: Examples, *, empty: bool = False, every: int = 1
) -> Iterator[tuple[NDArray[np.int64], Tensor, Tensor]]:
    """All of ``examples`` in batches: their numbers, logits float32[T, B, V], and targets int64[T, B].

    With their sources or with ``empty`` ones; only batch in ``every``.
    """
    was_training = network.training
    network.eval()
    for which, batch in examples.each(empty=empty, every=every):
        yield which, network(batch.source, batch.inputs).float(), batch.targets
    network.train(was_training)


def nats_of(
    network: ConditionedNetwork, examples: Examples, *, empty: bool = False, temperature: float = 1.0, every: int = 1
) -> float:
    """Nats per character of all lines of ``examples``, their ends among them, with their sources or with ``empty`` ones.

    Or of one batch in ``every``, evenly spaced by length.
    """
    total = torch.zeros((), dtype=torch.float64, device=network.embedding.weight.device)
    characters = 0
    for _, logits, targets in logits_about(network, examples, empty=empty, every=every):
        scaled = logits.flatten(0, 1) / temperature
        total += functional.cross_entropy(scaled, targets.flatten(), ignore_index=PADDING, reduction="sum")
        characters += int((targets != PADDING).sum())
    return total.item() / characters


class SourceTask:
    """``training`` and ``validation`` examples of a ``source`` as the card describes it, to be written of in ``vocabulary``.

    ``told`` are the sources held out for people, ``about`` what is trained on, ``corpus`` what a checkpoint says of it.
    ``network`` is what to start from instead of a new one, in the shape of ``config``.
    """

    methods: tuple[str, ...] = ()

    def __init__(
        self,
        training: Examples,
        validation: Examples,
        vocabulary: Vocabulary,
        config: TrainingConfig,
        fabric: Fabric,
        *,
        source: dict[str, Any],
        told: Sequence[str],
        about: str,
        corpus: dict[str, Any],
        network: ConditionedNetwork | None = None,
    ) -> None:
        if fabric.world_size > 1:
            raise SettingError(
                f"pairs or pictures in {fabric.world_size} processes; expected one: leave --devices and --nodes out"
            )
        self.training, self.validation, self.vocabulary = training, validation, vocabulary
        self.config, self.fabric, self.device, self.about = config, fabric, fabric.device, about
        self._source, self._told, self._corpus = source, told, corpus
        self.inherited = network is not None
        torch.manual_seed(config.seed)
        self.network = network or build_network(source, dataclasses.asdict(config), len(vocabulary))
        if network is None:
            self.network.begin_with(training.counts(len(vocabulary)))
        self.network.to(fabric.device)

    @property
    def operations(self) -> int:
        """Those of products of matrices, without those of attention."""
        sources, targets = self.training.sources.lengths.sum(), self.training.characters
        network = self.network
        of_all = operations_a_character(network.encoder) * sources
        of_all += operations_a_character(network.cells, network.query, network.readout) * targets
        return int(of_all / len(self.training))

    def twin(self) -> ConditionedNetwork:
        """Another network of the same shape."""
        return build_network(self._source, dataclasses.asdict(self.config), len(self.vocabulary)).to(self.device)

    def reading(self) -> Callable[[], object]:
        """What reads a batch."""
        batch = self.training.batch(0)
        return lambda: self.network(batch.source, batch.inputs)

    def learn(self, module: Any, updates: int, share: float) -> Learned:
        """One batch."""
        batch = self.training.batch(updates)
        inputs = batch.inputs
        hidden = torch.rand(inputs.shape, device=self.device) < self.config.unknown_share
        inputs = inputs.masked_fill(hidden & (inputs != self.training.newline), UNKNOWN)
        logits, targets = self.write(module, batch.source, inputs).flatten(0, 1), batch.targets.flatten()
        each = functional.cross_entropy(logits, targets, ignore_index=PADDING, reduction="none")
        nats = each.sum() / batch.characters
        loss, smoothing = nats, self.config.label_smoothing
        if smoothing:
            loss = functional.cross_entropy(logits, targets, ignore_index=PADDING, label_smoothing=smoothing)
        emphasis = EMPHASIS * max(0.0, 1 - share / EMPHASISED)
        if emphasis and batch.telling is not None:
            loss = loss + emphasis * (each * batch.telling.flatten()).sum() / batch.characters
        return Learned(loss, nats.detach(), batch.characters)

    def write(self, module: Any, source: Tensor, inputs: Tensor) -> Tensor:
        """Logits float[T, B, V] of what is written behind ``inputs`` int64[T, B] about sources."""
        logits: Tensor = module(source, inputs)
        return logits

    def validate(self, network: Any) -> Validated:
        """Loss on the lines held out."""
        nats = nats_of(network, self.validation)
        return Validated(nats, nats, "")

    def show(self, network: Any) -> Shown:
        """Loss on some of the lines held out, and what is written about some of their sources."""
        which, source = self.shown()
        lines = written_lines(network, source, self.validation.newline, LONGEST_SHOWN)
        sample = "\n".join(
            f"{self._told[number]}\n> {self.vocabulary.decode(line)}" for number, line in zip(which, lines, strict=True)
        )
        every = max(1, len(self.validation) // STAGED)
        return Shown(nats_of(network, self.validation, every=every), sample, {})

    def shown(self) -> tuple[NDArray[np.int64], Tensor]:
        """Some of the sources held out: their numbers, and the sources."""
        which = np.unique(np.linspace(0, self.validation.count - 1, SHOWN, dtype=np.int64))
        return which, self.validation.sources_of(which)

    def facts(self) -> dict[str, Any]:
        """For a checkpoint."""
        return {
            "vocabulary": list(self.vocabulary.characters),
            "normalisation": list(self.vocabulary.normalisation),
            "corpus": self._corpus,
            "source": self._source,
        }

    def tensors(self, gathered: Callable[[Tensor, int], Tensor]) -> dict[str, Tensor]:  # noqa: ARG002 - one process
        """Nothing: batches are a function of the number of updates."""
        return {}

    def restore(self, tensors: Mapping[str, Tensor], rank: int) -> None:
        """Nothing."""
