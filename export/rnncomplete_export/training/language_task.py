"""The task of continuing texts: streams of one text, read side by side, and their labels if they have some."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.nn import functional

from rnncomplete.errors import TextError
from rnncomplete_export.network.character_network import CharacterNetwork
from rnncomplete_export.network.measure import STAGE_CHARACTERS, nats_per_character, sampled, write_streams
from rnncomplete_export.story.stages import SAMPLE_CHARACTERS
from rnncomplete_export.texts.streams import Streams
from rnncomplete_export.training.label_task import LabelTask
from rnncomplete_export.training.network_shape import network_config
from rnncomplete_export.training.profile import operations_a_character
from rnncomplete_export.training.requirements import check_needs
from rnncomplete_export.training.task import Learned, Shown, Validated

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lightning_fabric import Fabric
    from numpy.typing import NDArray
    from torch import Tensor

    from rnncomplete.text.vocabulary import Vocabulary
    from rnncomplete_export.network.character_network import RecurrentState
    from rnncomplete_export.texts.corpus import Corpus
    from rnncomplete_export.texts.labelled import Labelling
    from rnncomplete_export.training.configuration import TrainingConfig

VALIDATION_CHARACTERS = 65_536
"""Validated on while training, in stretches all over the slice; the whole of it is measured on export."""
COUNTED = 1 << 18
"""Characters whose kinds are counted at a time."""
RECURRENT = ("hidden", "held", "pool")
"""What the parts of a recurrent state are called in a checkpoint."""


def counts_of(tokens: NDArray[np.uint16], kinds: int) -> Tensor:
    """How often each of so many ``kinds`` is in ``tokens`` uint16[n], float32[kinds]; in pieces, since n may be large."""
    pieces = range(0, len(tokens), COUNTED)
    counts = sum((np.bincount(tokens[at : at + COUNTED], minlength=kinds) for at in pieces), np.zeros(kinds, np.int64))
    return torch.from_numpy(np.asarray(counts, np.float32))


class LanguageTask:
    """A ``corpus`` to go on with; ``network`` is what to start from instead of a new one, in the shape of ``config``.

    With a ``labelling`` the labels of its lines are learned as well.
    """

    methods: tuple[str, ...] = ("read",)

    def __init__(
        self,
        corpus: Corpus,
        config: TrainingConfig,
        fabric: Fabric,
        *,
        network: CharacterNetwork | None = None,
        labelling: Labelling | None = None,
    ) -> None:
        check_needs(corpus, config, fabric.device)
        if config.batch % fabric.world_size:
            raise TextError(
                f"a batch of {config.batch} streams over {fabric.world_size} processes; expected a multiple"
            )
        self.corpus, self.config, self.device = corpus, config, fabric.device
        self.labels = LabelTask(corpus, labelling, config.label_weight) if labelling else None
        self._shape = network_config(config, corpus.vocabulary, len(labelling.labels) if labelling else 0)
        self.inherited = network is not None
        torch.manual_seed(config.seed)
        self.network = network or CharacterNetwork(self._shape, config.dropout, config.weight_dropout)
        if network is None:
            self.network.begin_with(counts_of(corpus.training, len(corpus.vocabulary)))
        self.network.to(fabric.device)
        # The same in every process, drawn for the whole batch, so that two of them train as one would.
        self.noise = torch.Generator().manual_seed(config.seed)
        self.streams = Streams(corpus.training, config.batch, config.window)
        share = config.batch // fabric.world_size
        self._first, self._last = fabric.global_rank * share, (fabric.global_rank + 1) * share
        self.recurrent: RecurrentState = self.network.initial_state(share)

    @property
    def vocabulary(self) -> Vocabulary:
        """What is written with."""
        return self.corpus.vocabulary

    @property
    def about(self) -> str:
        """What is trained on, for people."""
        corpus = self.corpus
        files = "1 file" if corpus.files == 1 else f"{corpus.files:,} files"
        told = (
            f"{corpus.characters:,} characters of {len(corpus.vocabulary)} kinds from {files}, "
            f"the last {len(corpus.validation):,} kept for validation\n"
        )
        return told + (f"labels: {', '.join(self.labels.labelling.labels)}\n" if self.labels else "")

    @property
    def operations(self) -> int:
        """Those of products of matrices."""
        characters = self.config.batch * self.config.window
        return operations_a_character(self.network.cells, self.network.readout) * characters

    def twin(self) -> CharacterNetwork:
        """Another network of the same shape."""
        return CharacterNetwork(self._shape).to(self.device)

    def reading(self) -> Callable[[], object]:
        """What reads a window from zero state."""
        inputs = torch.zeros((self.config.window, self._last - self._first), dtype=torch.int64, device=self.device)
        state = self.network.initial_state(inputs.size(1))
        return lambda: self.network(inputs, state)

    def learn(self, module: Any, updates: int, share: float) -> Learned:  # noqa: ARG002 - all characters weigh alike
        """One window of each stream."""
        position = updates * self.config.window
        inputs, targets = (
            torch.from_numpy(part).to(self.device) for part in self.streams.at(position, self._first, self._last)
        )
        inputs, self.recurrent = self._disturb(inputs, self.recurrent)
        if self.labels is None:
            logits, recurrent = module(inputs, self.recurrent)
            loss = nats = functional.cross_entropy(logits.flatten(0, 1), targets.flatten())
        else:
            logits, labels, recurrent = module.read(inputs, self.recurrent)
            nats = functional.cross_entropy(logits.flatten(0, 1), targets.flatten())
            loss = nats + self.labels.loss(labels, self.streams.places(position, self._first, self._last))
        self.recurrent = tuple(part.detach() for part in recurrent)
        return Learned(loss, nats.detach(), self.config.batch * self.config.window)

    def _disturb(self, inputs: Tensor, recurrent: RecurrentState) -> tuple[Tensor, RecurrentState]:
        """Some characters become the unknown one, and some streams begin anew."""
        config, share = self.config, slice(self._first, self._last)
        hidden = (torch.rand((config.window, config.batch), generator=self.noise) < config.unknown_share)[:, share]
        kept = (torch.rand(config.batch, generator=self.noise) >= config.reset_share)[share]
        mask = kept.to(self.device)[None, :, None]
        hidden = hidden.to(self.device)
        if self.labels is not None:
            hidden &= inputs != self._shape.boundary
        return inputs.masked_fill(hidden, 0), tuple(part * mask for part in recurrent)

    def validate(self, network: Any) -> Validated:
        """Loss on some of the validation slice, and that of the labels."""
        nats = nats_per_character(network, sampled(self.corpus.validation, VALIDATION_CHARACTERS))
        if self.labels is None:
            return Validated(nats, nats, "")
        lost, accuracy = self.labels.validate(network)
        told = f", label {lost:.4f} nats, {100 * accuracy:.2f} % right"
        return Validated(nats + self.config.label_weight * lost, nats, told)

    def show(self, network: Any) -> Shown:
        """Loss on less of it, what is written from the start of a text, and how soon labels are told."""
        loss = nats_per_character(network, sampled(self.corpus.validation, STAGE_CHARACTERS))
        [written] = write_streams(network, 1, SAMPLE_CHARACTERS, seed=self.config.seed)
        return Shown(loss, self.vocabulary.decode(written), self.labels.show(network) if self.labels else {})

    def facts(self) -> dict[str, Any]:
        """For a checkpoint."""
        return {
            "vocabulary": list(self.vocabulary.characters),
            "labels": list(self.labels.labelling.labels) if self.labels else [],
            "normalisation": list(self.vocabulary.normalisation),
            "corpus": self.corpus.facts(),
        }

    def tensors(self, gathered: Callable[[Tensor, int], Tensor]) -> dict[str, Tensor]:
        """The recurrent state, and that of the noise."""
        parts = zip(RECURRENT, self.recurrent, strict=False)
        kept = {f"recurrent.{kind}": gathered(part, 1) for kind, part in parts}
        return kept | {"random.noise": gathered(self.noise.get_state()[None], 0)}

    def restore(self, tensors: Mapping[str, Tensor], rank: int) -> None:
        """Go on from them."""
        self.recurrent = tuple(
            tensors[f"recurrent.{name}"][:, self._first : self._last].to(self.device)
            for name, _ in zip(RECURRENT, self.recurrent, strict=False)
        )
        self.noise.set_state(tensors["random.noise"][rank])
