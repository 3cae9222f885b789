"""One round of a plan: its networks train side by side until its time is over, and are looked at now and then."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from rnncomplete_export.checkpoint import STAGES, Checkpoint, load_checkpoint, save_checkpoint
from rnncomplete_export.story.stages import STAGES_A_DECADE
from rnncomplete_export.training.side_by_side.graph import as_one_graph
from rnncomplete_export.training.side_by_side.judge import Judge
from rnncomplete_export.training.trainer import FIRST_STAGE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from torch import Tensor

    from rnncomplete_export.training.side_by_side.learner import Learner
    from rnncomplete_export.training.side_by_side.plan import PlannedNetwork

UNWATCHED = 20
"""Updates that a GPU is given at a time, without waiting for it."""
WATCHED = 100
"""Updates at the beginning that come one at a time: the first stages follow one another closely."""
LOOK = 0.04
"""Share of the round between two looks."""
SAMPLED = {"streams": 64, "warm": 128, "length": 1024}
"""What a look reads of a text held out: at most so many characters of each of so many streams."""


@dataclass(frozen=True)
class Limit:
    """Where a round ends: by the clock, or after so many characters of each network, whichever is not 0."""

    seconds: float = 0.0
    characters: float = 0.0

    def share(self, seconds: float, characters: float) -> float:
        """How much is over, 0 to 1."""
        return min(1.0, characters / self.characters if self.characters else seconds / self.seconds)


@dataclass
class RoundState:
    """How far a round is."""

    updates: int = 0
    seconds: float = 0.0
    """Spent in it, over all resumptions."""
    stages: list[int] = field(default_factory=list)
    """Updates after which the weights were kept."""
    next_look: float = LOOK
    """Share of the round at which it is looked at again."""
    looked: int = 0
    """Updates at the last look."""
    best: list[float] = field(default_factory=list)
    """Losses of each network at its best look; those weights are kept."""
    reading: list[int] = field(default_factory=list)
    """The text of each network."""
    loss: float = float("nan")
    """Mean training loss of all networks between the last two looks."""


class Round:
    """``networks`` of ``learner``; of each, the numbers of the text that it reads first and of its own in ``pages``.

    ``validation`` are texts held out, one a network. Stages are kept in ``folder``/stages.
    """

    def __init__(
        self,
        learner: Learner,
        networks: Sequence[PlannedNetwork],
        pages: Sequence[tuple[int, int]],
        validation: Sequence[Tensor],
        limit: Limit,
        *,
        folder: Path,
        say: Callable[[str], None],
    ) -> None:
        self.learner, self.networks, self.limit = learner, networks, limit
        self._pages, self._validation, self._folder, self._say = pages, validation, folder, say
        n = len(networks)
        self.state = RoundState(best=[float("inf")] * n, reading=[-1] * n)
        self.best_weights = torch.zeros(n, learner.shape.size, dtype=torch.float16, device=learner.device)

    @property
    def characters(self) -> int:
        """That each network has read."""
        return self.state.updates * self.learner.characters

    @property
    def share(self) -> float:
        """How much of the round is over, 0 to 1."""
        return self.limit.share(self.state.seconds, self.characters)

    def train(self, *, stopping: Callable[[], bool], save: Callable[[], None], told: Callable[[Round], None]) -> bool:
        """Train to the end; returns whether it came there, or was ``stopping`` before.

        ``told`` is called after every few updates, and ``save`` then, which decides whether it is time to.
        """
        self._turn_pages()
        step = as_one_graph(self.learner, self._say)
        started = time.monotonic() - self.state.seconds
        while self.share < 1:
            if stopping():
                return False
            self._turn_pages()
            self._advance(step)
            if self.characters >= self._next_stage():
                self._keep_stage()
            if self.share >= self.state.next_look:
                self._look()
            self.state.seconds = time.monotonic() - started
            told(self)
            save()
        return True

    def _advance(self, step: Callable[[], None]) -> None:
        """One update, or on a GPU some; then wait for it."""
        cuda = self.learner.device.type == "cuda"
        for _ in range(UNWATCHED if cuda and self.state.updates >= WATCHED else 1):
            self.learner.mover.tell(self.share, self.state.updates)
            step()
            self.state.updates += 1
        if cuda:
            torch.cuda.synchronize()

    def _turn_pages(self) -> None:
        """Point each network at the text that it is to read now."""
        for number, (network, (first, own)) in enumerate(zip(self.networks, self._pages, strict=True)):
            text = first if self.share < network.first_share else own
            if self.state.reading[number] != text:
                self.state.reading[number] = text
                self.learner.point(number, text)

    def _next_stage(self) -> float:
        """Characters at which the next stage is kept: evenly in their logarithm."""
        kept = self.state.stages[-1] * self.learner.characters if self.state.stages else 0
        number = 0
        while FIRST_STAGE * 10 ** (number / STAGES_A_DECADE) <= kept:
            number += 1
        return float(FIRST_STAGE * 10 ** (number / STAGES_A_DECADE))

    def _keep_stage(self) -> None:
        self.state.stages.append(self.state.updates)
        weights = self.learner.mover.average.to(torch.float16)
        save_checkpoint(self._stage(self.state.updates), Checkpoint({"weights": weights}, {}))

    def _stage(self, updates: int) -> Path:
        return self._folder / STAGES / f"{updates}.safetensors"

    def stage(self, updates: int) -> Tensor:
        """The averaged weights kept after so many ``updates``, float16[N, P]."""
        return load_checkpoint(self._stage(updates)).tensors["weights"].to(self.learner.device)

    def forget_stages(self) -> None:
        """Remove what was kept of them."""
        for updates in self.state.stages:
            self._stage(updates).unlink(missing_ok=True)

    def _look(self) -> None:
        """Validate on a sample; the best weights of each network are kept."""
        state, learner = self.state, self.learner
        loss = self._judged(learner.mover.average, **SAMPLED)
        state.loss = float(learner.loss.mean()) / max(1, state.updates - state.looked)
        learner.loss.zero_()
        better = [bool(now < best) for now, best in zip(loss, state.best, strict=True)]
        state.best = [min(float(now), best) for now, best in zip(loss, state.best, strict=True)]
        rows = torch.tensor(np.flatnonzero(better), device=learner.device)
        self.best_weights[rows] = learner.mover.average[rows].to(torch.float16)
        state.looked = state.updates
        state.next_look = self.share + LOOK
        told = ", ".join(f"{one.style} {value:.4f}" for one, value in zip(self.networks, loss, strict=True))
        self._say(f"{self.characters:,} characters each; validation {told}")

    def _judged(self, weights: Tensor, **how: Any) -> NDArray[np.float64]:
        judge = Judge(
            weights.to(self.learner.loss.dtype), self.learner.shape, self.learner.beyond, self.learner.boundaries
        )
        losses: NDArray[np.float64] = judge.losses(self._validation, **how)[0]
        return losses

    def chosen(self) -> tuple[Tensor, NDArray[np.float64]]:
        """The best weights float[N, P] of each network, and their losses on all of the text held out.

        The end of the fall is nearly always the best; where it isn't, the best of the looks is taken.
        """
        final, earlier = self.learner.mover.average, self.best_weights.to(self.learner.loss.dtype)
        at_the_end, at_best = self._judged(final), self._judged(earlier)
        last = torch.tensor(at_the_end <= at_best, device=final.device)
        return torch.where(last[:, None], final, earlier), np.fmin(at_the_end, at_best)  # not a number loses

    def facts(self) -> dict[str, Any]:
        """What :meth:`restore` needs beside :meth:`tensors`."""
        return asdict(self.state)

    def tensors(self) -> dict[str, Tensor]:
        """What :meth:`restore` needs beside :meth:`facts`; live."""
        return {**{f"learner.{name}": value for name, value in self.learner.state().items()}, "best": self.best_weights}

    def restore(self, checkpoint: Checkpoint, facts: dict[str, Any]) -> None:
        """Go on from there; raises ``KeyError``, ``TypeError`` or ``RuntimeError`` if it is of another plan."""
        self.state = RoundState(**facts)
        self.learner.restore(checkpoint.part("learner"))
        self.best_weights.copy_(checkpoint.tensors["best"])
