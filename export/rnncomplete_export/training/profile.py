"""How fast training is beside what the machine can do: its arithmetic rate against that of plain matrix products."""

from __future__ import annotations

import time
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

import torch

from rnncomplete_export.training.muon import Muon

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import nn

    from rnncomplete_export.training.trainer import Trainer

ROUNDS = 5
ROUND_SECONDS = 1.0
SIDE = 1024
"""Rows and columns of the matrices; three of them fit no first or second cache, as the weights don't."""


@dataclass(frozen=True)
class Profile:
    """Rates of one run on one machine, in 10^9 floating-point operations a second; medians over rounds in turn."""

    training: float
    products: float
    """Of matrices of float32, whatever precision the training has."""
    characters_a_second: float

    def __str__(self) -> str:
        return (
            f"training {self.training:.1f} GFLOP/s ({self.characters_a_second:,.0f} characters/s), "
            f"float32 matrix products {self.products:.1f} GFLOP/s: {100 * self.training / self.products:.0f} %"
        )


def operations_a_character(*parts: nn.Module) -> int:
    """Floating-point operations of training ``parts`` on one character: two a weight forward, four backward.

    Weights are those of matrix products; gates, embeddings and the loss are not counted.
    """
    return 6 * sum(p.numel() for part in parts for name, p in part.named_parameters() if "weight" in name)


def operations_an_update(trainer: Trainer) -> int:
    """Floating-point operations of one update of ``trainer``: of its task, and of Muon's products."""
    optimizers = [getattr(wrapped, "optimizer", wrapped) for wrapped in trainer.optimizers]  # fabric's, around torch's
    moved = sum(optimizer.operations for optimizer in optimizers if isinstance(optimizer, Muon))
    return trainer.task.operations + moved


READINGS = 4.0
"""Learning from a window takes as long as reading it so often: three times in float32 to five times in bfloat16."""


def expected_rate(trainer: Trainer) -> float:
    """Characters a second that ``trainer`` will read, about, from the time of reading alone."""
    network, config, device = trainer.network, trainer.config, trainer.fabric.device
    read = trainer.task.reading()
    network.eval()  # draws no numbers, which are those of the training
    with torch.no_grad(), trainer.fabric.autocast():
        read()
        rate = _rate(read, device, seconds=0.2)
    network.train()
    return rate * config.window * config.batch / READINGS


def profile_training(trainer: Trainer) -> Profile:
    """Measure updates of ``trainer``, which trains meanwhile, and matrix products, in turn."""
    device = trainer.fabric.device
    left, right = _matrices(device)
    characters = trainer.config.batch * trainer.config.window
    operations = operations_an_update(trainer)
    trainer.update()
    rates = [(_rate(trainer.update, device), _rate(lambda: torch.mm(left, right), device)) for _ in range(ROUNDS)]
    updates, products = (median(column) for column in zip(*rates, strict=True))
    return Profile(updates * operations / 1e9, products * 2 * SIDE**3 / 1e9, updates * characters)


def _matrices(device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """Two to multiply, not of the generator whose numbers a training draws its dropout from."""
    return torch.full((SIDE, SIDE), 0.5, device=device), torch.full((SIDE, SIDE), 0.25, device=device)


def _rate(work: Callable[[], object], device: torch.device, seconds: float | None = None) -> float:
    """Calls of ``work`` a second, over about ``seconds``."""
    calls, started = 0, time.perf_counter()
    while (spent := time.perf_counter() - started) < (seconds or ROUND_SECONDS) or not calls:
        work()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        calls += 1
    return calls / spent
