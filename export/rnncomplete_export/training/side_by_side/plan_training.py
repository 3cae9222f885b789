"""A whole plan: its rounds one after another, saved at intervals, and goes on to the bit.

What is saved is all that the rest depends on: weights, optimizers, averages, recurrent states, places in the texts, random
states, the time spent, the best weights so far, and what goes from one round to the next. On the CPU an interrupted and an
unbroken run are equal if the end is given in characters; an end given in minutes depends on the machine's speed.
"""

from __future__ import annotations

import time
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from rnncomplete.errors import CheckpointError
from rnncomplete_export.checkpoint import BEST, CHECKPOINT, Checkpoint, save_checkpoint, way_out
from rnncomplete_export.network.character_network import CharacterNetwork
from rnncomplete_export.training.interruption import Interruption
from rnncomplete_export.training.label_task import LabelTask
from rnncomplete_export.training.network_shape import network_config
from rnncomplete_export.training.side_by_side.cell import choose_cell
from rnncomplete_export.training.side_by_side.learner import Learner
from rnncomplete_export.training.side_by_side.parameters import LAYERS, Shape, new_rows, state_of
from rnncomplete_export.training.side_by_side.plan_checkpoint import Handed, another_plan, plan_folder
from rnncomplete_export.training.side_by_side.results import (
    Best,
    Counted,
    better,
    config_of,
    save_style,
    tell_stages,
    whole_rows,
)
from rnncomplete_export.training.side_by_side.round import Limit, Round
from rnncomplete_export.training.side_by_side.teachers import Teachers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from torch import Tensor

    from rnncomplete_export.training.side_by_side.beginning import Beginning
    from rnncomplete_export.training.side_by_side.plan import Plan, PlannedNetwork
    from rnncomplete_export.training.side_by_side.plan_texts import PlanTexts
    from rnncomplete_export.training.trainer import Reporter


class PlanTraining:
    """``plan`` on ``texts``, in the folder ``runs``/NAME.plan; styles go to ``runs``/STYLE/best.safetensors.

    ``about`` says for the card of each style what it says. A checkpoint of all networks is saved every ``save_seconds``.
    Matrices are multiplied in ``dtype``.
    """

    def __init__(
        self,
        plan: Plan,
        texts: PlanTexts,
        runs: Path,
        *,
        device: torch.device,
        dtype: torch.dtype,
        progress: Reporter,
        about: Mapping[str, dict[str, Any]],
        beginnings: Mapping[str, Beginning],
        save_seconds: float,
    ) -> None:
        self.plan, self.texts, self.runs = plan, texts, runs
        self.folder = plan_folder(runs, plan)
        self.number = 0
        """Of the round that is next, or under way."""
        self.best: dict[str, Best] = {}
        self._device, self._dtype, self._progress = device, dtype, progress
        self._about, self._beginnings, self._save_seconds = about, beginnings, save_seconds
        self._began: dict[str, dict[str, Any]] = {}
        """For the cards of styles that began from others."""
        self._handed = Handed()
        self._round: Round | None = None
        self._resumed: Checkpoint | None = None
        self._saved = time.monotonic()

    def run(self, interruption: Interruption | None = None) -> bool:
        """Train to the end; returns whether it came there (False: interrupted, saved, to be resumed).

        An ``interruption`` ends the training between a few updates.
        """
        interruption = interruption or Interruption()
        with interruption.deferred():
            self._saved = time.monotonic()
            while self.number < len(self.plan.rounds):
                self._round = current = self._begun()
                finished = current.train(
                    stopping=lambda: interruption.asked, save=self._save_in_time, told=self._report
                )
                self.save()
                if not finished:
                    return False
                self._finish(current)
                self._round = None
                self.number += 1
                self.save()
                current.forget_stages()
        self._check_all_learned()
        return True

    def _check_all_learned(self) -> None:
        """Raise :class:`CheckpointError` if nothing came of a style: there is no network of it whose loss is a number."""
        if lost := [style for style in self.plan.trained if style not in self.best]:
            raise CheckpointError(
                f"nothing came of {', '.join(lost)}: the losses are not finite; lower learning_rate in the plan, and "
                f"{way_out(self.folder)}"
            )

    def networks(self, number: int) -> list[PlannedNetwork]:
        """Those of a round, as they lie in its batch: pupils come first."""
        return sorted(self.plan.rounds[number].networks, key=lambda network: not network.taught)

    def shape(self, number: int) -> Shape:
        """That of a round."""
        sizes = self.texts.vocabularies(list(self.texts.corpora))
        planned = self.plan.rounds[number]
        labels = max(len(self.texts.labels_of(network.style)) for network in planned.networks)
        return Shape.for_vocabularies(sizes, planned.embedding_size, planned.hidden_size, labels)

    def _begun(self) -> Round:
        """The round that is next, as it begins, or as it was when it was saved."""
        plan, shape, networks = self.plan, self.shape(self.number), self.networks(self.number)
        styles = [network.style for network in networks]
        weights = self._weights(shape, networks)
        torch.manual_seed(plan.seed + self.number)
        cell = choose_cell(shape, self._dtype, self._device, self._progress.say)
        pairs = list(dict.fromkeys((one.style, text) for one in networks for text in (one.first, one.style) if text))
        learner = Learner(
            shape,
            weights.to(self._device),
            [self.texts.training(style, text) for style, text in pairs],
            networks,
            spans=[plan.span(self.number, network) for network in networks],
            vocabularies=self.texts.vocabularies(styles),
            shared=plan.shared,
            dtype=self._dtype,
            cell=cell,
            teachers=None if self._handed.teachers is None else self._teachers(self._handed.teachers),
            labelled=self.texts.labelled(styles, plan.shared.label_weight),
        )
        for row, network in enumerate(networks):
            if network.goes_on and network.style in self._handed.paused:
                learner.mover.go_on(
                    row, self._handed.paused[network.style], self._handed.counted[network.style].updates
                )
        self._handed.paused = {}
        share = plan.share(self.number)
        begun = Round(
            learner,
            networks,
            [
                (pairs.index((one.style, one.first or one.style)), pairs.index((one.style, one.style)))
                for one in networks
            ],
            [self.texts.validation(style).to(self._device) for style in styles],
            Limit(60 * plan.minutes * share, plan.characters * share),
            folder=self.folder,
            say=self._progress.say,
        )
        self._progress.say(
            f"round {self.number + 1} of {len(plan.rounds)}: {len(networks)} network{'s' * (len(networks) > 1)} of {LAYERS} x {shape.hidden}, "
            f"{shape.size:,} parameters each"
        )
        if self._resumed:
            self._restore_round(begun, self._resumed)
        return begun

    def _weights(self, shape: Shape, networks: Sequence[PlannedNetwork]) -> Tensor:
        """float32[N, P], as networks begin that are new or begin from a style."""
        if self._resumed:
            return torch.zeros(len(networks), shape.size)
        styles = [network.style for network in networks]
        weights = new_rows(shape, self.texts.vocabularies(styles), [network.seed for network in networks])
        for row, network in zip(weights, networks, strict=True):
            if network.base:
                beginning = self._beginnings[network.base]
                begun, earlier = beginning.row(self.texts.corpora[network.style], shape)
                row.copy_(begun)
                self._began[network.style] = {"base": beginning.name, "earlier": earlier}
        return weights

    def _teachers(self, rows: Tensor) -> Teachers:
        shape = self.shape(self.number - 1)
        cell = choose_cell(shape, self._dtype, self._device, lambda _: None)
        return Teachers(shape, rows.to(self._device), self._handed.each, self.plan.shared, dtype=self._dtype, cell=cell)

    def _report(self, current: Round) -> None:
        before = sum(self.plan.share(number) for number in range(self.number))
        share = before + current.share * self.plan.share(self.number)
        seconds, characters = current.state.seconds, current.characters * len(current.networks)
        self._progress.update(
            characters=current.characters,
            loss=current.state.loss,
            rate=characters / max(seconds, 1e-9),
            progress=share,
            left=seconds / current.share * (1 - share) / self.plan.share(self.number) if current.share else None,
        )

    def _finish(self, done: Round) -> None:
        """Keep what is best of each style, and hand on what the next round needs."""
        chosen, losses = done.chosen()
        told = ", ".join(f"{one.style} {value:.4f}" for one, value in zip(done.networks, losses, strict=True))
        self._progress.say(f"on all of the texts held out: {told}")
        losses = losses + self._label_losses(done, chosen)
        for network, skipped in zip(done.networks, done.learner.mover.skipped.tolist(), strict=True):
            if skipped:
                self._progress.say(f"{network.style}: {skipped:.0f} updates left out, whose gradients were not finite")
        if not self.plan.rounds[self.number].only_teaches:
            self._keep(done, chosen, losses.tolist())
        self._handed = self._hand_on(done, chosen)

    def _label_losses(self, done: Round, chosen: Tensor) -> NDArray[np.float64]:
        """What the labels of texts held out add to the loss of each network, float64[N]; nothing without labels."""
        losses = np.zeros(len(done.networks))
        if done.learner.labels is None:
            return losses
        told = []
        for row, planned in enumerate(done.networks):
            task, network = self._labelling(done, row, chosen[row])
            nats, right = task.validate(network)
            losses[row] = self.plan.shared.label_weight * nats
            told.append(f"{planned.style} {nats:.4f} nats, {100 * right:.2f} % right")
        self._progress.say(f"labels of texts held out: {', '.join(told)}")
        return losses

    def _labelling(self, done: Round, number: int, weights: Tensor) -> tuple[LabelTask, CharacterNetwork]:
        """The task of the labels of one network, and that with ``weights`` float[P]."""
        planned, shape = done.networks[number], done.learner.shape
        corpus, labelling = self.texts.corpora[planned.style], self.texts.labellings[planned.style]
        config = config_of(planned, self.plan.shared, shape.embedding, shape.hidden, 0)
        network = CharacterNetwork(network_config(config, corpus.vocabulary, len(labelling.labels)))
        network.load_state_dict(state_of(weights.float().cpu(), shape, len(corpus.vocabulary)))
        return LabelTask(corpus, labelling, self.plan.shared.label_weight), network.to(self._device)

    def _told(self, done: Round, number: int, weights: Tensor) -> dict[str, list[float]]:
        """What a stage holds of a network of labels beside what one of texts alone has."""
        if done.learner.labels is None:
            return {}
        task, network = self._labelling(done, number, weights)
        return task.show(network)

    def _keep(self, done: Round, chosen: Tensor, losses: list[float]) -> None:
        numbers = better(done, losses, self.best)
        if not numbers:
            return
        self._progress.say("writing, and counting what was learned at each stage")
        before = [self._before(network) for network in done.networks]
        tell_stages(
            done, chosen, numbers, before=before, best=self.best, texts=self.texts, told=partial(self._told, done)
        )
        for style, number in numbers.items():
            network, best = done.networks[number], self.best[style]
            best.loss = losses[number]
            about = {"base": None, "earlier": None, **self._about[style]}
            if network.base or network.goes_on:
                about |= self._began.get(style, {})
            path = self.runs / style / BEST
            save_style(
                path,
                done,
                number,
                chosen[number],
                counted=before[number].after(done),
                best=best,
                corpus=self.texts.corpora[style],
                shared=self.plan.shared,
                about=about,
                labels=self.texts.labels_of(style),
            )
            self._progress.say(f"{path}: {best.loss:.4f} nats per character")

    def _before(self, network: PlannedNetwork) -> Counted:
        return self._handed.counted[network.style] if network.goes_on else Counted()

    def _hand_on(self, done: Round, chosen: Tensor) -> Handed:
        """For the next round: the networks that teach there, and those that go on."""
        if self.number + 1 == len(self.plan.rounds):
            return Handed()
        following = self.networks(self.number + 1)
        handed = Handed()
        kinds = [
            [row for row, one in zip(chosen, done.networks, strict=True) if one.style == pupil.style]
            for pupil in following
            if pupil.taught
        ]
        if kinds:
            handed.each = min(map(len, kinds))
            handed.teachers = whole_rows(torch.stack([row for kind in kinds for row in kind[: handed.each]]))
        for row, network in enumerate(done.networks):
            if any(one.goes_on and one.style == network.style for one in following):
                paused = done.learner.mover.pause(row)
                handed.paused[network.style] = {name: whole_rows(value) for name, value in paused.items()}
                handed.counted[network.style] = self._before(network).after(done)
        return handed

    def _save_in_time(self) -> None:
        if time.monotonic() - self._saved > self._save_seconds:
            self.save()
            self._saved = time.monotonic()

    def save(self) -> None:
        """Write the checkpoint of all networks, whole or not at all."""
        tensors = {**self._handed.tensors(), "random.cpu": torch.get_rng_state()}
        if self._device.type == "cuda":
            tensors["random.cuda"] = torch.cuda.get_rng_state(self._device)
        if self._round:
            tensors |= self._round.tensors()
        save_checkpoint(self.folder / CHECKPOINT, Checkpoint(tensors, self._facts()))

    def _facts(self) -> dict[str, Any]:
        return {
            "plan": asdict(self.plan),
            "texts": {
                name: {
                    **corpus.facts(),
                    "vocabulary": list(corpus.vocabulary.characters),
                    "normalisation": list(corpus.vocabulary.normalisation),
                }
                for name, corpus in self.texts.corpora.items()
            },
            "about": dict(self._about),
            "round": self.number,
            "under_way": self._round.facts() if self._round else None,
            "best": {style: asdict(best) for style, best in self.best.items()},
            "began": self._began,
            "handed": self._handed.facts(),
        }

    def resume(self, checkpoint: Checkpoint) -> None:
        """Go on from ``checkpoint`` as if the training had never stopped; raises :class:`CheckpointError`."""
        try:
            facts = checkpoint.facts
            self.number, self._began = facts["round"], facts["began"]
            self.best = {style: Best(**best) for style, best in facts["best"].items()}
            self._handed = Handed.of(checkpoint)
        except (KeyError, TypeError, AttributeError) as error:
            raise another_plan(self.folder, error) from None
        self._resumed = checkpoint if facts["under_way"] else None

    def _restore_round(self, begun: Round, checkpoint: Checkpoint) -> None:
        try:
            begun.restore(checkpoint, checkpoint.facts["under_way"])
            torch.set_rng_state(checkpoint.tensors["random.cpu"])
            if self._device.type == "cuda" and "random.cuda" in checkpoint.tensors:
                torch.cuda.set_rng_state(checkpoint.tensors["random.cuda"], self._device)
        except (KeyError, TypeError, RuntimeError) as error:
            raise another_plan(self.folder, error) from None
        self._resumed = None
        self._progress.say(f"going on after {begun.characters:,} characters each")
