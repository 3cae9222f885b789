"""The facts of a card that come from the checkpoint."""

from __future__ import annotations

import math
import platform
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import torch

from rnncomplete.network.card import Card
from rnncomplete_export.checkpoint import vocabulary_of

if TYPE_CHECKING:
    from rnncomplete.network.card import Training
    from rnncomplete_export.checkpoint import Checkpoint


def make_card(checkpoint: Checkpoint, style: str, **own: Any) -> Card:
    """The facts about an exported network: those of its ``checkpoint``, and its ``own`` by the names of the card's fields."""
    facts = checkpoint.facts
    about, corpus = facts["about"], facts["corpus"]
    return Card(
        style=style,
        description=about.get("description", ""),
        vocabulary=vocabulary_of(facts).characters,
        normalisation=vocabulary_of(facts).normalisation,
        cell="lstm",
        lexer=about.get("lexer"),
        corpus={
            "name": about.get("corpus_name", ""),
            "licence": about.get("licence", "unknown"),
            "sha256": corpus["sha256"],
            "characters": corpus["characters"],
            "validation_characters": corpus["characters"] - corpus["split"],
            **({"sources_sha256": corpus["sources_sha256"]} if "sources_sha256" in corpus else {}),
        },
        training=training_facts(checkpoint),
        **own,
    )


def training_facts(checkpoint: Checkpoint) -> Training:
    """How the weights in ``checkpoint`` were trained, as a card says it."""
    facts = checkpoint.facts
    about, state = facts["about"], facts["state"]
    processor_seconds = state.get("processor_seconds", math.nan)
    return {
        "command": about.get("command", ""),
        "from": about.get("base"),
        "earlier": (about.get("earlier") or {}).get("training"),
        "recipe": facts["config"],
        "precision": about.get("precision", "32-true"),
        "seed": facts["config"]["seed"],
        "updates": state["updates"],
        "characters_seen": state["characters"],
        "seconds": round(state["seconds"]),
        "processor_seconds": None if math.isnan(processor_seconds) else round(processor_seconds),
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "onnx": onnx.__version__,
            "numpy": np.__version__,
        },
    }


def is_card_of(card: Card, facts: dict[str, Any]) -> bool:
    """Whether ``card`` is that of the weights whose checkpoint has these ``facts``."""
    state, training = facts["state"], card.training
    ours = (facts["corpus"]["sha256"], state["updates"], state["characters"], round(state["seconds"]))
    theirs = (card.corpus.get("sha256"), *(training.get(name) for name in ("updates", "characters_seen", "seconds")))
    return ours == theirs and training.get("seed") == facts["config"]["seed"]
