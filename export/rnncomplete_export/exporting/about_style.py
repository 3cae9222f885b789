"""A style that writes about sources, whatever their kind: what is measured of each kind beside what all have."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np
import torch

from rnncomplete.errors import SettingError
from rnncomplete.network.loading import STEP
from rnncomplete.styles import ENCODER
from rnncomplete_export.checkpoint import vocabulary_of
from rnncomplete_export.exporting.facts import make_card
from rnncomplete_export.exporting.picture_figures import album_figures
from rnncomplete_export.exporting.source_graphs import state_size
from rnncomplete_export.exporting.source_style import measured_style
from rnncomplete_export.exporting.style_folder import refuse_others, write_style
from rnncomplete_export.exporting.translation_figures import nearest_figures, translation_figures
from rnncomplete_export.network.character_network import parameter_count
from rnncomplete_export.network.conditioned_network import LAYERS
from rnncomplete_export.network.encoders import conditioned_network_of
from rnncomplete_export.network.writing import written_lines
from rnncomplete_export.story.stages import APART
from rnncomplete_export.texts.pairs import open_pairs
from rnncomplete_export.training.configuration import TrainingConfig
from rnncomplete_export.training.pair_task import PairExamples
from rnncomplete_export.training.picture_examples import PictureExamples, examples_beside
from rnncomplete_export.training.source_task import LONGEST_SHOWN, SHOWN

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rnncomplete.network.card import Card, Figures, Stage
    from rnncomplete.network.source import Source
    from rnncomplete_export.checkpoint import Checkpoint
    from rnncomplete_export.exporting.source_style import Collection, Sourceless
    from rnncomplete_export.network.conditioned_network import ConditionedNetwork

CPU = torch.device("cpu")

TRANSLATED_A_SECOND, FEWEST_TRANSLATED = 10, 100
"""Lines held out that are translated for the figures, for each second trained; and at least."""


class Kind(NamedTuple):
    """What a kind of source needs."""

    collect: Callable[[Path, Checkpoint], Collection]
    """The lines beside a checkpoint, and what they are about."""
    figures: Callable[[ConditionedNetwork, Checkpoint, Collection, Sourceless, Callable[[str], None]], Figures]
    """What only such styles have: of a network, its lines, and what it does without a source."""


def pairs_beside(path: Path, checkpoint: Checkpoint) -> PairExamples:
    """The pairs beside the checkpoint at ``path``."""
    pairs = open_pairs(path.parent, checkpoint.facts)
    return PairExamples(pairs, TrainingConfig(**checkpoint.facts["config"]), CPU)


def of_translations(
    network: ConditionedNetwork,
    checkpoint: Checkpoint,
    collection: Collection,
    sourceless: Sourceless,
    advance: Callable[[str], None],
) -> Figures:
    """How well lines are translated, beside the nearest line that was trained on."""
    most = max(FEWEST_TRANSLATED, int(TRANSLATED_A_SECOND * checkpoint.facts["state"]["seconds"]))
    pairs = cast("PairExamples", collection)
    kept = pairs.held_out(most)
    advance(f"translating {len(kept):,} lines")
    figures = translation_figures(network, pairs, kept)
    advance("finding the nearest lines that were trained on")
    figures |= nearest_figures(pairs, kept)
    return {"translation": {**figures, **sourceless}}


def pictures_beside(path: Path, checkpoint: Checkpoint) -> PictureExamples:
    """The pictures beside the checkpoint at ``path``."""
    return examples_beside(path, checkpoint.facts, TrainingConfig(**checkpoint.facts["config"]), CPU)


def of_descriptions(
    network: ConditionedNetwork,
    checkpoint: Checkpoint,
    collection: Collection,
    sourceless: Sourceless,
    advance: Callable[[str], None],
) -> Figures:
    """How well pictures are described; what was found of composed scenes at the end of their training stands beside it."""
    most = max(FEWEST_TRANSLATED, int(TRANSLATED_A_SECOND * checkpoint.facts["state"]["seconds"]))
    album = cast("PictureExamples", collection).album(most)
    advance(f"describing {len(album.pictures):,} pictures")
    figures = album_figures(network, album, cast("PictureExamples", collection).vocabulary)
    figures = {**figures, **sourceless}
    if scenes := cast("PictureExamples", collection).scenes:
        figures["scenes"] = scenes
    return {"description": figures}


KINDS = {"text": Kind(pairs_beside, of_translations), "picture": Kind(pictures_beside, of_descriptions)}
"""By the ``kind`` of a source."""


def export_about(
    path: Path,
    checkpoint: Checkpoint,
    folder: Path,
    style: str,
    *,
    text: Path | None = None,
    advance: Callable[[str], None] = lambda _: None,
) -> Card:
    """As :func:`rnncomplete_export.exporting.exporter.export_style`, of a network that writes about sources."""
    refuse_others(folder)
    source = checkpoint.facts["source"]
    if text is not None or source["kind"] not in KINDS:
        told = f"--text {text}" if text else f"a source of the kind {source['kind']}"
        raise SettingError(f"{told} for a style that writes about sources; leave it out: what was held out is measured")
    kind = KINDS[source["kind"]]
    network = conditioned_network_of(checkpoint)
    collection = kind.collect(path, checkpoint)
    card = make_card(
        checkpoint,
        style,
        format=2,
        source=described(source),
        context={"keys": network.shape.keys, "values": network.shape.values},
        state_size=state_size(network),
        layers=LAYERS,
        hidden_size=network.shape.hidden_size,
        parameters=parameter_count(network),
        temperature=1.0,
    )
    card, graphs, memory, sourceless = measured_style(network, checkpoint, card, collection, advance=advance)
    own = kind.figures(network, checkpoint, collection, sourceless, advance)
    last = stage_of(network, checkpoint, collection, card.figures["float32_nats"])
    card = dataclasses.replace(card, figures={**card.figures, **own}, stages=stages_of(checkpoint, last))
    write_style(folder, card, {STEP: graphs["step"], ENCODER: graphs["encode"]}, memory)
    return card


def described(source: dict[str, Any]) -> Source:
    """What the card says of the source that a checkpoint describes."""
    card = {name: value for name, value in source.items() if name in ("kind", "longest", "size")}
    return cast("Source", card | ({"vocabulary": tuple(source["vocabulary"])} if "vocabulary" in source else {}))


def written_in(sample: str) -> str:
    """What the network wrote in a ``sample`` of :meth:`rnncomplete_export.training.source_task.SourceTask.show`."""
    return "\n".join(line.removeprefix("> ").rstrip() for line in sample.split("\n")[1::2])


def stages_of(checkpoint: Checkpoint, *last: dict[str, Any]) -> tuple[Stage, ...]:
    """What was noted in training, behind what was noted in the training before it on the same lines; then the ``last``.

    Of samples only what was written: the sources are lines, or names of files, of whoever trained it.
    """
    earlier = checkpoint.facts["about"].get("earlier")
    stages: list[Any] = list(earlier["stages"]) if earlier else []
    begun = stages[-1] if stages else {"step": 0, "characters": 0}
    for stage in (*checkpoint.facts["state"]["stages"], *last):
        counted = {name: begun[name] + stage[name] for name in ("step", "characters")}
        if stage in last or counted["characters"] >= APART * begun["characters"]:
            stages.append({"skills": {}, **stage, **counted, "sample": written_in(stage["sample"])})
    return tuple(stages)


def stage_of(
    network: ConditionedNetwork, checkpoint: Checkpoint, collection: Collection, loss: float
) -> dict[str, Any]:
    """The ``network`` of ``checkpoint`` itself as a stage, with its ``loss`` on all lines held out."""
    shown = np.unique(np.linspace(collection.split, collection.count - 1, SHOWN, dtype=np.int64))
    vocabulary, state = vocabulary_of(checkpoint.facts), checkpoint.facts["state"]
    source = collection.of(shown).sources_of(np.arange(len(shown)))
    lines = written_lines(network, source, vocabulary.token("\n"), LONGEST_SHOWN)
    sample = "".join(f"\n\n> {vocabulary.decode(line)}" for line in lines).removeprefix("\n")
    return {"step": state["updates"], "characters": state["characters"], "loss": loss, "sample": sample}
