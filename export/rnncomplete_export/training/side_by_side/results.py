"""What comes of a plan: the best network of each style, and what it wrote on the way, as the trainer's own checkpoints."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import torch

from rnncomplete_export.checkpoint import Checkpoint, save_checkpoint
from rnncomplete_export.network.measure import STAGE_CHARACTERS, STREAMS
from rnncomplete_export.story.skills import count_skills
from rnncomplete_export.story.stages import APART, LENGTH, SAMPLE_CHARACTERS
from rnncomplete_export.story.stages import STREAMS as WRITTEN
from rnncomplete_export.training.configuration import TrainingConfig
from rnncomplete_export.training.side_by_side.judge import Judge
from rnncomplete_export.training.side_by_side.parameters import LAYERS, state_of
from rnncomplete_export.training.trainer import TrainingState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from torch import Tensor

    from rnncomplete_export.texts.corpus import Corpus
    from rnncomplete_export.training.side_by_side.plan import PlannedNetwork, Shared
    from rnncomplete_export.training.side_by_side.plan_texts import PlanTexts
    from rnncomplete_export.training.side_by_side.round import Round


@dataclass(frozen=True)
class Counted:
    """What a network has behind it."""

    updates: int = 0
    characters: int = 0
    seconds: float = 0.0

    def after(self, done: Round) -> Counted:
        """With what it did in a round."""
        return Counted(
            self.updates + done.state.updates, self.characters + done.characters, self.seconds + done.state.seconds
        )


@dataclass
class Best:
    """Of one style."""

    loss: float = math.inf
    """Nats per character, on all of what is held out that networks are compared on."""
    stages: list[dict[str, Any]] = field(default_factory=list)
    """``step``, ``characters``, ``loss``, ``sample`` and ``skills``; the last is what is kept."""


def better(done: Round, losses: list[float], best: Mapping[str, Best]) -> dict[str, int]:
    """The number of the best network of each style, where it is better than that of the rounds before."""
    found: dict[str, int] = {}
    for number, network in enumerate(done.networks):
        bar = losses[found[network.style]] if network.style in found else best.get(network.style, Best()).loss
        if losses[number] < bar:
            found[network.style] = number
    return found


def tell_stages(
    done: Round,
    chosen: Tensor,
    numbers: Mapping[str, int],
    *,
    before: list[Counted],
    best: dict[str, Best],
    texts: PlanTexts,
    told: Callable[[int, Tensor], dict[str, list[float]]],
) -> None:
    """Measure what the networks of those ``numbers`` were at each stage of a round, and add it to ``best``.

    ``chosen`` float[N, P] are the weights they have in the end. One that goes on has the stages of the round before, but
    for its end, and then few. ``told`` gives what else a stage holds of the network of a number, with weights float[P].
    """
    rows = list(numbers.values())
    learner = done.learner
    validation = [texts.validation(style) for style in numbers]
    for style, number in numbers.items():
        stages = best.setdefault(style, Best()).stages
        best[style].stages = stages[:-1] if done.networks[number].goes_on else []
    for updates in [*done.state.stages, None]:
        weights = chosen if updates is None else done.stage(updates)
        judge = Judge(
            weights[rows].to(learner.loss.dtype),
            learner.shape,
            learner.beyond[rows],
            [learner.boundaries[row] for row in rows],
        )
        loss = judge.losses(validation, streams=STREAMS, warm=128, length=STAGE_CHARACTERS // STREAMS)[0]
        written = judge.write(WRITTEN, LENGTH, seed=0)
        for index, (style, number) in enumerate(numbers.items()):
            earlier, stages = before[number], best[style].stages
            step = earlier.updates + (done.state.updates if updates is None else updates)
            characters = step * learner.characters
            if updates is not None and earlier.updates and stages and characters < APART * stages[-1]["characters"]:
                continue
            pieces = [texts.corpora[style].vocabulary.decode(piece) for piece in written[index].tolist()]
            seen = {"sample": pieces[0][:SAMPLE_CHARACTERS], "skills": count_skills(pieces, texts.words(style))}
            reached = {"step": step, "characters": characters, "loss": float(loss[index])}
            stages.append({**reached, **seen, **told(number, weights[number])})


def save_style(
    path: Path,
    done: Round,
    number: int,
    weights: Tensor,
    *,
    counted: Counted,
    best: Best,
    corpus: Corpus,
    shared: Shared,
    about: dict[str, Any],
    labels: Sequence[str] = (),
) -> None:
    """Write one network, ``weights`` float[P], as the checkpoint that ``rnncomplete export`` takes, with its stages."""
    network, shape = done.networks[number], done.learner.shape
    state = TrainingState(
        updates=counted.updates,
        characters=counted.characters,
        seconds=counted.seconds,
        processor_seconds=math.nan,
        loss=done.state.loss,
        best_loss=best.loss,
        kept_loss=best.loss,
        fell=True,
        stages=best.stages[:-1],  # the last is what is exported, which is measured again there
    )
    held = state_of(weights.float().cpu(), shape, len(corpus.vocabulary))
    facts = {
        "about": about,
        "config": asdict(config_of(network, shared, shape.embedding, shape.hidden, counted.characters)),
        "state": asdict(state),
        "vocabulary": list(corpus.vocabulary.characters),
        "normalisation": list(corpus.vocabulary.normalisation),
        "labels": list(labels),
        "corpus": corpus.facts(),
    }
    save_checkpoint(path, Checkpoint({f"average.{name}": value for name, value in held.items()}, facts))


def config_of(network: PlannedNetwork, shared: Shared, embedding: int, hidden: int, characters: int) -> TrainingConfig:
    """How ``network`` was trained, as the trainer would say it."""
    return TrainingConfig(
        hidden_size=hidden,
        layers=LAYERS,
        embedding_size=embedding,
        skip=True,
        batch=shared.batch,
        window=shared.window,
        dropout=network.dropout,
        weight_dropout=network.weight_dropout,
        optimizer="muon",
        learning_rate=network.learning_rate,
        weight_decay=network.weight_decay,
        clip=shared.clip,
        average_decay=shared.average_decay,
        decay_from=shared.decay_from,
        unknown_share=shared.unknown_share,
        reset_share=shared.reset_share,
        label_weight=shared.label_weight,
        characters=characters,
        patience=0,
        seed=network.seed,
    )


def whole_rows(rows: Tensor) -> Tensor:
    """A copy on the CPU that nothing else writes to."""
    return rows.detach().to("cpu", torch.float32, copy=True)
