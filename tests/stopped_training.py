"""A training that is interrupted after so many updates, in this process."""

from __future__ import annotations

import contextlib
import signal
from typing import TYPE_CHECKING

import pytest

from rnncomplete_export.training.trainer import Trainer

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def stopped_after(updates: int) -> Iterator[None]:
    """Trainings stop in this block as an interrupt from the keyboard stops them."""
    update = Trainer.update

    def stopped(trainer: Trainer) -> None:
        if trainer.state.updates == updates:
            trainer._stopping = True
            trainer._interruption._number = signal.SIGINT
        update(trainer)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Trainer, "update", stopped)
        yield
