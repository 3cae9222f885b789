"""Several processes train as one; these tests start eight of them in all, about half a minute on two cores."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from rnncomplete_export.checkpoint import load_checkpoint

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

SMALL = ["--hidden-size", "16", "--embedding-size", "8", "--batch", "4", "--window", "16", "--dropout", "0"]
# Sums of halves of a batch are those of the whole to many digits in float32 only.
SMALL += ["--precision", "32-true"]
PLAIN = ["-m", "rnncomplete"]
TORCHRUN = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "rnncomplete"]


def start(folder: Path, text: Path, launcher: list[str], *arguments: str) -> subprocess.Popen[str]:
    folder.mkdir()
    return subprocess.Popen(
        [sys.executable, *launcher, "train", str(text), "--style", "x", *SMALL, *arguments],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        start_new_session=True,
    )


def finish(process: subprocess.Popen[str]) -> str:
    output, errors = process.communicate(timeout=240)
    assert process.returncode == 0, errors
    return output + errors


def test_two_processes_train_to_the_loss_of_one(tmp_path: Path, text_file: Path) -> None:
    options = ["--characters", "9000", "--validate-every", "4000", "--no-install"]
    said = finish(start(tmp_path / "one", text_file, PLAIN, *options, "--log", "csv")).count("validation")
    for name, launcher, more in (("two", PLAIN, ["--devices", "2"]), ("torchrun", TORCHRUN, [])):
        spoken = finish(start(tmp_path / name, text_file, launcher, *options, *more))
        assert spoken.count("validation") == said, "one process speaks"
    one = load_checkpoint(tmp_path / "one" / "runs" / "x" / "checkpoint.safetensors").facts["state"]
    for name in ("two", "torchrun"):
        state = load_checkpoint(tmp_path / name / "runs" / "x" / "checkpoint.safetensors").facts["state"]
        assert state["characters"] == one["characters"]
        assert state["loss"] == pytest.approx(one["loss"], abs=1e-4)
        assert state["best_loss"] == pytest.approx(one["best_loss"], abs=1e-4)
        card = json.loads((tmp_path / name / "runs" / "x" / "style" / "x" / "card.json").read_text(encoding="utf-8"))
        assert card["corpus"]["characters"] == 60_000
        counted = state["processor_seconds"]
        assert card["training"]["processor_seconds"] <= round(counted), "the best did not come after the end"
        assert counted > 0
    log = next((tmp_path / "one").glob("runs/x/logs/*/metrics.csv"))
    rows = list(csv.DictReader(log.read_text(encoding="utf-8").splitlines()))
    logged = [float(row["validation"]) for row in rows if row["validation"]]
    assert min(logged) == pytest.approx(one["best_loss"], abs=1e-6)
    assert [row["loss"] for row in rows if row["loss"]]


def test_two_processes_stop_together(tmp_path: Path, text_file: Path) -> None:
    process = start(
        tmp_path / "two", text_file, PLAIN, "--minutes", "4", "--devices", "2", "--save-seconds", "0.2", "--no-install"
    )
    checkpoint = tmp_path / "two" / "runs" / "x" / "checkpoint.safetensors"
    deadline = time.monotonic() + 120
    while not checkpoint.exists():
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "--resume" in errors.strip().splitlines()[-1]
