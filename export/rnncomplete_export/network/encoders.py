"""The encoders by kind of source: what the card's ``source`` and the sizes of a training say, as a module.

A source is described as the card describes it: ``{"kind": "text", "vocabulary": [...], "longest": 400}`` or
``{"kind": "picture", "size": 64}``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from rnncomplete.errors import CheckpointError
from rnncomplete_export.network.conditioned_network import ConditionedNetwork, DecoderShape
from rnncomplete_export.network.picture_encoder import PictureEncoder
from rnncomplete_export.network.text_encoder import TextEncoder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rnncomplete_export.checkpoint import Checkpoint
    from rnncomplete_export.network.conditioned_network import Encoder


Sizes: TypeAlias = "Mapping[str, Any]"
"""Fields of :class:`rnncomplete_export.training.configuration.TrainingConfig`, those of a network among them."""


def _text(source: Mapping[str, Any], sizes: Sizes) -> Encoder:
    return TextEncoder(
        len(source["vocabulary"]),
        sizes["encoder_size"],
        embedding_size=sizes["embedding_size"],
        keys=sizes["keys"],
        values=sizes["values"],
        dropout=sizes["dropout"],
        weight_dropout=sizes["weight_dropout"],
        unknown_share=sizes["unknown_share"],
    )


def _picture(source: Mapping[str, Any], sizes: Sizes) -> Encoder:
    return PictureEncoder(
        sizes["encoder_size"],
        sizes["keys"],
        sizes["values"],
        dropout=sizes["dropout"],
        subjects=source.get("subjects", 0),
        codes=source.get("codes", 0),
    )


ENCODERS: dict[str, Callable[[Mapping[str, Any], Sizes], Encoder]] = {"text": _text, "picture": _picture}
"""By the ``kind`` of a source."""


def conditioned_network_of(checkpoint: Checkpoint, dropout: float = 0.0) -> ConditionedNetwork:
    """The averaged network in ``checkpoint``, to go on with that ``dropout``; raises :class:`CheckpointError` if it does not fit its facts."""
    try:
        facts = checkpoint.facts
        sizes = {**facts["config"], "dropout": dropout, "weight_dropout": 0.0}
        network = build_network(facts["source"], sizes, len(facts["vocabulary"]))
        network.load_state_dict(checkpoint.part("average"))
    except (AttributeError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise CheckpointError(
            f"the checkpoint does not hold the network that it describes ({str(error).splitlines()[0]}); "
            "expected what `rnncomplete train` writes"
        ) from None
    return network.eval()


def build_network(source: Mapping[str, Any], sizes: Sizes, vocabulary_size: int) -> ConditionedNetwork:
    """A new network that writes with so many characters about sources of that description; raises ``KeyError``."""
    shape = DecoderShape(vocabulary_size, sizes["hidden_size"], sizes["embedding_size"], sizes["keys"], sizes["values"])
    return ConditionedNetwork(ENCODERS[source["kind"]](source, sizes), shape, sizes["dropout"], sizes["weight_dropout"])
