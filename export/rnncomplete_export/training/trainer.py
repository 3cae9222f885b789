"""Training: whatever the task, its updates, validations, stages and checkpoints, resumable to the bit.

What is resumed: parameters, optimizers, averaged weights, random states, the number of updates, what the task holds (a
recurrent state) and the time spent. On one process and the CPU, an interrupted and an unbroken run are equal if the end
is given in characters; an end given in minutes depends on the machine's speed.
"""

from __future__ import annotations

import math
import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import torch

from rnncomplete.errors import CheckpointError
from rnncomplete_export.checkpoint import (
    BEST,
    CHECKPOINT,
    PLATEAU,
    STAGES,
    Checkpoint,
    load_checkpoint,
    load_optimizer,
    optimizer_tensors,
    save_checkpoint,
    way_on,
    way_out,
)
from rnncomplete_export.story.stages import STAGES_A_DECADE
from rnncomplete_export.training.average import WeightAverage
from rnncomplete_export.training.configuration import TrainingConfig
from rnncomplete_export.training.interruption import Interruption
from rnncomplete_export.training.muon import Muon
from rnncomplete_export.training.schedule import learning_rate_factor
from rnncomplete_export.training.task import matrices_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lightning_fabric import Fabric
    from torch import Tensor, nn

    from rnncomplete_export.training.task import Task

FIRST_STAGE = 10_000
SHOWN_SECONDS, SHOWN_SHARE = 15.0, 0.03
"""Of the training, between two samples that are shown: the first stages, which follow in seconds, are only kept."""
DIVERGED = 2.0
"""Nats per character above those of knowing nothing, which a training that learns anything stays below."""
USUAL_RATE = TrainingConfig.learning_rate
"""A learning rate that goes well with most networks."""
READ_LOSSES = 20
"""Updates on a GPU between two looks at their losses: each look waits for it."""
LOG_UPDATES = 50
"""Updates between two lines of a log, where one is kept."""


class Reporter(Protocol):
    """Whoever is told how a training goes."""

    def say(self, text: str) -> None:
        """One line (or more), as it is."""

    def update(self, *, characters: int, loss: float, rate: float, progress: float, left: float | None) -> None:
        """Where the training is: characters read, nats per character, characters a second, seconds left."""


@dataclass
class TrainingState:
    """How far a training is."""

    updates: int = 0
    characters: int = 0
    seconds: float = 0.0
    """Spent training, over all resumptions."""
    processor_seconds: float = 0.0
    """Of all threads of all processes meanwhile; not a number if an earlier version, which didn't count, began."""
    loss: float = float("nan")
    """Running mean of the training loss, nats per character."""
    best_loss: float = float("inf")
    """Of the validations since it began, or since before the fall that it goes on from."""
    kept_loss: float = float("inf")
    """Of the weights in ``best.safetensors``, whose fall may be one that the training no longer goes on from."""
    validations_since_best: int = 0
    fell: bool = False
    """Whether the learning rate has begun its fall."""
    stages: list[dict[str, Any]] = field(default_factory=list)
    """At moments evenly spaced in the logarithm of characters: ``step``, ``characters``, ``loss``, ``sample``."""

    def next_stage(self) -> float:
        """Characters at which the next stage is kept."""
        return float(FIRST_STAGE * 10 ** (len(self.stages) / STAGES_A_DECADE))

    def share(self, config: TrainingConfig) -> float:
        """How much of a training of ``config`` is over, 0 to 1, by whichever limit comes first."""
        shares = [0.0]
        if config.characters:
            shares.append(self.characters / config.characters)
        if config.minutes:
            shares.append(self.seconds / (60 * config.minutes))
        return min(1.0, max(shares))

    def finished(self, config: TrainingConfig) -> bool:
        """Whether a training of ``config`` is at its end."""
        patient = not config.patience or self.validations_since_best < config.patience
        return self.share(config) >= 1.0 or not patient


def product_dtype(fabric: Fabric) -> torch.dtype:
    """What matrices may be multiplied in: bfloat16 where the precision chosen allows it, else float32."""
    kind = fabric.device.type
    with fabric.autocast():
        bfloat16 = torch.is_autocast_enabled(kind) and torch.get_autocast_dtype(kind) == torch.bfloat16
    return torch.bfloat16 if bfloat16 else torch.float32


def build_optimizers(network: nn.Module, config: TrainingConfig, dtype: torch.dtype) -> list[torch.optim.Optimizer]:
    """Muon for the recurrent layers' matrices, multiplied in ``dtype``, and AdamW for the rest, or for everything."""
    matrices = matrices_of(network) if config.optimizer == "muon" else []
    chosen = {id(parameter) for parameter in matrices}
    others = [p for p in network.parameters() if id(p) not in chosen]
    optimizers: list[torch.optim.Optimizer] = []
    if matrices:
        optimizers.append(Muon(matrices, lr=config.learning_rate, weight_decay=config.weight_decay, dtype=dtype))
    optimizers.append(
        torch.optim.AdamW(others, lr=config.learning_rate, betas=(0.9, 0.99), weight_decay=config.weight_decay)
    )
    return optimizers


class Trainer:
    """One training in one folder: ``checkpoint.safetensors``, ``best.safetensors``, ``plateau.safetensors``.

    What is learned is the ``task``. ``about`` goes into the card; a checkpoint is saved every ``save_seconds``.
    """

    def __init__(
        self,
        task: Task,
        config: TrainingConfig,
        folder: Path,
        fabric: Fabric,
        progress: Reporter,
        *,
        about: dict[str, Any],
        save_seconds: float = 60.0,
    ) -> None:
        self.task, self.config, self.folder, self.fabric, self.progress = task, config, folder, fabric, progress
        self.state = TrainingState()
        self.about = about
        self.save_seconds = save_seconds
        self.network = task.network
        fabric.seed_everything(config.seed + fabric.global_rank, verbose=False)
        optimizers = build_optimizers(self.network, config, product_dtype(fabric))
        self._module, *self.optimizers = fabric.setup(self.network, *optimizers)
        for method in task.methods:
            self._module.mark_forward_method(method)
        self.average = WeightAverage(self.network, config.average_decay)
        self.shadow = task.twin()
        torch.manual_seed(config.seed + fabric.global_rank)
        self._interruption = Interruption()
        self._stopping = False
        self._shown = (0.0, 0.0)
        self._unread: list[Tensor] = []
        self._last_characters = 0

    def run(self, interruption: Interruption | None = None) -> bool:
        """Train to the end; returns whether it came there (False: interrupted, saved, to be resumed).

        An ``interruption`` ends the training between two updates.
        """
        self._interruption = interruption or Interruption()
        with self._interruption.deferred():
            return self._run()

    def _run(self) -> bool:
        started = time.monotonic() - self.state.seconds
        counted = self.state.processor_seconds if self.fabric.is_global_zero else 0.0  # of all processes: once
        started_processor = time.process_time() - counted
        saved = self.state.seconds
        rate = _Rate()
        if self.task.inherited and not self.state.updates:
            self._validate()  # nothing worse than the start is ever kept
        while not self.state.finished(self.config) and not self._stopping:
            before = time.monotonic()
            self.update()
            rate.add(self._last_characters, time.monotonic() - before)
            self._agree(time.monotonic() - started, time.process_time() - started_processor)
            self._report(rate.per_second())
            if self.state.characters >= self.state.next_stage():
                self._keep_stage()
            if self._crossed(self.config.validate_every):
                self._validate()
            self._keep_plateau()
            if self.state.seconds - saved > self.save_seconds:
                saved = self.state.seconds
                self.save()
        finished = self.state.finished(self.config)
        if finished:
            self._validate()
        self.save()
        return finished

    def _agree(self, seconds: float, processor_seconds: float) -> None:
        """All processes go by the same clock, and stop together: everything else follows from these two.

        An interruption may come to one process sooner than to another, so only what was agreed on here ends the loop.
        """
        mine = torch.tensor([seconds, float(self._interruption.asked), processor_seconds], dtype=torch.float64)
        every = self._gathered(mine[None], 0)
        self.state.seconds, interrupted = every[:, :2].amax(dim=0).tolist()
        self._stopping, self.state.processor_seconds = bool(interrupted), every[:, 2].sum().item()

    def _crossed(self, every: int) -> bool:
        before = self.state.characters - self._last_characters
        return before // every != self.state.characters // every

    def update(self) -> None:
        """One batch: forward, backward, clip, step, average."""
        state, config = self.state, self.config
        share = state.share(config)
        factor = learning_rate_factor(share, state.updates, decay_from=config.decay_from)
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = config.learning_rate * factor
        learned = self.task.learn(self._module, state.updates, share)
        self.fabric.backward(learned.loss)
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), config.clip)
        for optimizer in self.optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        self.average.update(self.network)
        state.updates += 1
        state.characters += learned.characters
        self._last_characters = learned.characters
        self._unread.append(torch.as_tensor(self.fabric.all_reduce(learned.nats)))
        if len(self._unread) >= (READ_LOSSES if self.fabric.device.type == "cuda" else 1):
            self._read_losses()

    def _read_losses(self) -> None:
        """Count the losses of the last updates in, which on a GPU means to wait for them."""
        state = self.state
        for value in torch.stack(self._unread).tolist() if self._unread else ():
            state.loss = value if math.isnan(state.loss) else state.loss + 0.05 * (value - state.loss)
        self._unread.clear()
        if state.updates:
            self._check_learning(state.loss)

    def _check_learning(self, loss: float) -> None:
        """Raise :class:`CheckpointError` if ``loss`` is not a number, or far above that of knowing nothing."""
        knowing_nothing = math.log(len(self.task.vocabulary))
        if not loss < knowing_nothing + DIVERGED:
            rate = self.config.learning_rate
            lower = f"lower --learning-rate, which is {rate:g}: {min(rate / 10, USUAL_RATE):g} or so"
            raise CheckpointError(
                f"the training diverges: after {self.state.characters:,} characters its loss is {loss:.3g} nats per "
                f"character, and knowing nothing has {knowing_nothing:.3g}; {lower}, and {way_on(self.folder)}"
            )

    def _report(self, rate: float) -> None:
        if self.state.updates % LOG_UPDATES == 0:
            figures = {"characters": self.state.characters, "loss": self.state.loss, "characters_a_second": rate}
            self._log(figures)
        share = self.state.share(self.config)
        left = self.state.seconds * (1 - share) / share if share > 0 else None
        self.progress.update(
            characters=self.state.characters, loss=self.state.loss, rate=rate, progress=share, left=left
        )

    def _log(self, figures: dict[str, float]) -> None:
        with self.logging():
            self.fabric.log_dict(figures, step=self.state.updates)

    @contextmanager
    def logging(self) -> Iterator[None]:
        """What cannot be written ends the log, and not the training."""
        try:
            yield
        except OSError as error:
            self.fabric.loggers.clear()
            self.progress.say(f"no more is logged: {error.strerror or error}; the training itself loses nothing")

    def _averaged(self) -> nn.Module:
        self.shadow.load_state_dict(self.average.weights)
        return self.shadow.eval()

    def _validate(self) -> None:
        """What the averaged weights make of what is held out; the best weights are kept."""
        validated = self.task.validate(self._averaged())
        self._check_learning(validated.nats)
        loss = self.fabric.broadcast(validated.loss)  # it decides when all stop, and may differ in the last digits
        self.progress.say(
            f"{self.state.characters:,} characters: validation {validated.nats:.4f} nats per character{validated.told}"
        )
        self._log({"characters": self.state.characters, "validation": loss})
        if loss < self.state.best_loss:
            self.state.best_loss, self.state.validations_since_best = loss, 0
        else:
            self.state.validations_since_best += 1
        if loss < self.state.kept_loss:
            self.state.kept_loss = loss
            self._save_average(BEST)

    def _keep_stage(self) -> None:
        loss, sample, told = self.task.show(self._averaged())
        reached = {"step": self.state.updates, "characters": self.state.characters}
        self.state.stages.append({**reached, "loss": loss, "sample": sample, **told})
        self._show(loss, sample)
        self._save_average(f"{STAGES}/{len(self.state.stages):02}.safetensors")

    def _save_average(self, name: str) -> None:
        """Write the averaged weights alone: what is exported, and sampled from."""
        if self.fabric.is_global_zero:
            tensors = {f"average.{key}": value for key, value in self.average.weights.items()}
            save_checkpoint(self.folder / name, Checkpoint(tensors, self._facts()))

    def _show(self, loss: float, sample: str) -> None:
        seconds, share = self._shown
        now = self.state.seconds, self.state.share(self.config)
        if now[0] - seconds >= SHOWN_SECONDS and now[1] - share >= SHOWN_SHARE:
            self._shown = now
            characters = f"{self.state.characters:,} characters ({loss:.3f} nats)"
            self.progress.say(f"--- after {characters} it writes:\n{sample.strip()}\n---")

    def _keep_plateau(self) -> None:
        """Before the learning rate falls, keep what a longer training can go on from."""
        if not self.state.fell and self.state.share(self.config) > self.config.decay_from:
            self.save(PLATEAU)
            self.state.fell = True

    def _facts(self) -> dict[str, Any]:
        return {
            "about": self.about,
            "config": asdict(self.config),
            "state": asdict(self.state),
            **self.task.facts(),
        }

    def _gathered(self, tensor: Tensor, dimension: int) -> Tensor:
        """Every process's ``tensor``, one after another along ``dimension``."""
        if self.fabric.world_size == 1:
            return tensor
        return torch.cat(tuple(self.fabric.all_gather(tensor)), dim=dimension)

    def save(self, name: str = CHECKPOINT) -> None:
        """Write a checkpoint, whole or not at all; every process must call it."""
        self._read_losses()
        tensors = {f"network.{key}": value for key, value in self.network.state_dict().items()}
        tensors |= {f"average.{key}": value for key, value in self.average.weights.items()}
        for index, optimizer in enumerate(self.optimizers):
            tensors |= optimizer_tensors(optimizer, f"optimizer{index}")
        tensors |= self.task.tensors(self._gathered)
        tensors["random.torch"] = self._gathered(torch.get_rng_state()[None], 0)
        if self.fabric.is_global_zero:
            save_checkpoint(self.folder / name, Checkpoint(tensors, self._facts()))

    def resume(self, checkpoint: Checkpoint) -> None:
        """Go on from ``checkpoint`` as if the training had never stopped.

        Raises :class:`CheckpointError` if it is of another training or version.
        """
        try:
            self._restore(checkpoint)
        except (RuntimeError, KeyError, TypeError, ValueError) as error:
            raise CheckpointError(
                f"the checkpoint in {self.folder} does not hold this training ({str(error).splitlines()[0]}); "
                + way_out(self.folder)
            ) from None

    def _restore(self, checkpoint: Checkpoint) -> None:
        facts = checkpoint.facts
        self.network.load_state_dict(checkpoint.part("network"))
        self.average.load(checkpoint.part("average"), facts["state"]["updates"])
        for index, optimizer in enumerate(self.optimizers):
            load_optimizer(optimizer, checkpoint.part(f"optimizer{index}"))
        rank = min(self.fabric.global_rank, len(checkpoint.tensors["random.torch"]) - 1)
        torch.set_rng_state(checkpoint.tensors["random.torch"][rank])
        self.task.restore(checkpoint.tensors, rank)
        # Earlier versions had one loss for both, and counted no processor's time.
        before = {"kept_loss": facts["state"]["best_loss"], "processor_seconds": math.nan}
        self.state = TrainingState(**{**before, **facts["state"]})


class _Rate:
    """Characters a second over the last hundred updates or so, validations and samples left out."""

    def __init__(self) -> None:
        self._seconds_a_character = 0.0

    def add(self, characters: int, seconds: float) -> None:
        share = seconds / characters
        self._seconds_a_character += (share - self._seconds_a_character) * (0.03 if self._seconds_a_character else 1)

    def per_second(self) -> float:
        return 1 / max(self._seconds_a_character, 1e-9)


def resume_point(folder: Path, limits: dict[str, float]) -> Checkpoint:
    """Where the training in ``folder`` goes on: at its newest checkpoint, or before the learning rate fell.

    The latter only if it has fallen and ``limits``, the fields of the configuration that were given, put the end
    elsewhere: the same command again goes on where it was. What was best until now is kept until there is better, and
    with another end there is new patience.
    """
    newest = load_checkpoint(folder / CHECKPOINT)
    plateau = folder / PLATEAU
    if all(newest.facts["config"][name] == value for name, value in limits.items()):
        return newest
    if not (newest.facts["state"]["fell"] and plateau.is_file()):
        return _patient(newest)
    before = load_checkpoint(plateau)
    before.facts["state"]["kept_loss"] = newest.facts["state"].get("kept_loss", newest.facts["state"]["best_loss"])
    return _patient(before)


def _patient(checkpoint: Checkpoint) -> Checkpoint:
    checkpoint.facts["state"]["validations_since_best"] = 0
    return checkpoint
