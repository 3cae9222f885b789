"""A text made on the spot, and a network trained on it for seconds: once for all tests of the export."""

from __future__ import annotations

import contextlib
import random
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import torch

from rnncomplete_export.training.trainer import Trainer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path


@pytest.fixture(autouse=True)
def ordinary_numbers() -> Iterator[None]:
    """Training flushes denormal numbers to zero, for the whole thread; other tests are to have them."""
    yield
    torch.set_flush_denormal(False)


WORDS = ("the", "ship", "sails", "over", "a", "calm", "sea", "while", "stars", "burn", "and", "sailors", "sing", "home")


def sentences(characters: int, seed: int = 0) -> str:
    """A text of made-up sentences."""
    chooser = random.Random(seed)
    text = ""
    while len(text) < characters:
        words = [chooser.choice(WORDS) for _ in range(chooser.randint(3, 9))]
        text += " ".join(words).capitalize() + chooser.choice([". ", "! ", ".\n"])
    return text[:characters]


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """PyTorch's threads wait by spinning: beside other work two are many times slower than one."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def text_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("text") / "sea.txt"
    path.write_text(sentences(60_000), encoding="utf-8")
    return path


SMALL = ["--hidden-size", "32", "--embedding-size", "8", "--batch", "8", "--window", "20", "--validate-every", "8000"]


@pytest.fixture(scope="session")
def run_rnncomplete(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., subprocess.CompletedProcess[str]]:
    """A function that runs the command in a process of its own, in a given folder."""
    styles = tmp_path_factory.mktemp("styles")

    def run(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "rnncomplete", *map(str, arguments)],
            cwd=cwd,
            capture_output=True,
            text=True,
            timeout=300,
            stdin=subprocess.DEVNULL,
            env={"PATH": "", "HOME": str(styles), "RNNCOMPLETE_STYLES": str(styles), "OMP_NUM_THREADS": "1"},
            check=False,
        )

    return run


@pytest.fixture(scope="session")
def trained(
    tmp_path_factory: pytest.TempPathFactory,
    text_file: Path,
    run_rnncomplete: Callable[..., subprocess.CompletedProcess[str]],
) -> Path:
    """The folder where a very small network was trained, exported and installed by the command."""
    folder = tmp_path_factory.mktemp("trained")
    result = run_rnncomplete("train", text_file, "--style", "sea", "--characters", 60_000, *SMALL, cwd=folder)
    assert result.returncode == 0, result.stderr
    return folder


@pytest.fixture
def stopped_after() -> Callable[[int], AbstractContextManager[None]]:
    """``with stopped_after(updates):`` trainings stop there as an interrupt from the keyboard stops them."""

    @contextlib.contextmanager
    def stopping(updates: int) -> Iterator[None]:
        update = Trainer.update

        def stopped(trainer: Trainer) -> None:
            if trainer.state.updates == updates:
                trainer._stopping = True
                trainer._interruption._number = signal.SIGINT
            update(trainer)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Trainer, "update", stopped)
            yield

    return stopping
