"""The shape of the network that a training makes: what its configuration says, and what its text and labels need."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rnncomplete_export.network.character_network import NetworkConfig

if TYPE_CHECKING:
    from rnncomplete.text.vocabulary import Vocabulary
    from rnncomplete_export.training.configuration import TrainingConfig


def network_config(config: TrainingConfig, vocabulary: Vocabulary, labels: int = 0) -> NetworkConfig:
    """The shape of the network that is trained so over ``vocabulary``, with so many ``labels``: then a line is a text."""
    return NetworkConfig(
        len(vocabulary),
        config.hidden_size,
        config.layers,
        config.embedding_size,
        config.skip,
        labels=labels,
        boundary=vocabulary.token("\n") if labels else 0,
    )
