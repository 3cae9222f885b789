"""What a trainer needs of a task: a network, the loss of an update, and how what was learned is seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torch import Tensor, nn

    from rnncomplete.text.vocabulary import Vocabulary


class Learned(NamedTuple):
    """What an update learns from."""

    loss: Tensor
    """What is to fall, with its gradients."""
    nats: Tensor
    """Nats per character, of which a training is told."""
    characters: int
    """That were read."""


class Validated(NamedTuple):
    """What was found on what is held out."""

    loss: float
    """What the best weights have the least of."""
    nats: float
    """Nats per character."""
    told: str
    """Of what else was found, for people; begins with a comma if it says anything."""


class Shown(NamedTuple):
    """What is seen of a network at a stage of its training."""

    loss: float
    """Nats per character on some of what is held out."""
    sample: str
    """Of what it writes."""
    told: dict[str, list[float]]
    """What else a stage on a card holds."""


class Task(Protocol):
    """What one training learns. All weights are those of ``network``, which is on the device from the start."""

    network: Any
    inherited: bool
    """Whether the network knew something at the start."""
    methods: tuple[str, ...]
    """Methods of the network that are called beside ``forward``."""

    @property
    def vocabulary(self) -> Vocabulary:
        """What is written with."""

    @property
    def about(self) -> str:
        """What is trained on, for people: lines, each with its end."""

    @property
    def operations(self) -> int:
        """Floating-point operations of an update, about, but those of its optimizers."""

    def twin(self) -> nn.Module:
        """Another network of the same shape, on the device, for averaged weights."""

    def reading(self) -> Callable[[], object]:
        """What reads as much as an update reads, and draws no numbers that the training draws."""

    def learn(self, module: Any, updates: int, share: float) -> Learned:
        """What the network, which ``module`` wraps, learns in the update after so many, when that ``share`` of the training is over."""

    def validate(self, network: nn.Module) -> Validated:
        """Of ``network``, whose weights are averaged ones."""

    def show(self, network: nn.Module) -> Shown:
        """What a stage of the training keeps of ``network``."""

    def facts(self) -> dict[str, Any]:
        """For a checkpoint: ``vocabulary``, ``normalisation``, ``corpus``, and what else the task needs to be known by."""

    def tensors(self, gathered: Callable[[Tensor, int], Tensor]) -> dict[str, Tensor]:
        """What else is resumed, whole: of every process one after another along a dimension."""

    def restore(self, tensors: Mapping[str, Tensor], rank: int) -> None:
        """Go on from the :meth:`tensors` of a checkpoint, in process ``rank``; raises ``KeyError`` if they are others."""


def matrices_of(network: nn.Module) -> list[nn.Parameter]:
    """What Muon moves: the matrices of all layers of LSTM."""
    cells = [module for module in network.modules() if isinstance(module, torch.nn.LSTM)]
    return [parameter for cell in cells for name, parameter in cell.named_parameters() if "weight" in name]
