"""``train`` and ``export`` interrupted at any moment: what was saved is said, nothing is lost, nothing is trained twice."""

from __future__ import annotations

import errno
import io
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from rnncomplete.cli import main
from rnncomplete.cli.interruption import typed_command
from rnncomplete_export.checkpoint import load_checkpoint
from rnncomplete_export.progress import TrainingProgress, say
from rnncomplete_export.training.run_lock import held, held_if_trained, is_first_process

if TYPE_CHECKING:
    from click.testing import Result

PROGRAM = Path(__file__).parents[1] / "interrupted.py"
TINY = ["--style", "x", "--hidden-size", "16", "--embedding-size", "8", "--batch", "4", "--window", "16"]
SESSION, EXPORTER = "rnncomplete_export.session", "rnncomplete_export.exporting.exporter"


@pytest.fixture
def command(text_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A short training, in a folder where commands run."""
    monkeypatch.chdir(tmp_path)
    return ["train", str(text_file), *TINY, "--characters", "3000"]


def interrupted(number: str, moment: str, *arguments: str) -> tuple[int, list[str]]:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    process = subprocess.run(
        [sys.executable, str(PROGRAM), number, moment, *arguments],
        capture_output=True,
        text=True,
        env=environment,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert "Traceback" not in process.stderr
    return process.returncode, process.stderr.splitlines()


def run(command: list[str]) -> Result:
    result = CliRunner().invoke(main, command)
    assert result.exit_code == 0, result.output
    return result


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["torch:<module>", "lightning_fabric:<module>"])
def test_while_pytorch_loads_nothing_is_begun(moment: str, command: list[str], tmp_path: Path) -> None:
    code, said = interrupted("SIGINT", moment, *command)
    assert (code, len(said)) == (130, 1)
    assert "interrupted; nothing was saved, and nothing is lost; again: rnncomplete train" in said[0]
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_before_a_training_begins_nothing_is_left(command: list[str], tmp_path: Path) -> None:
    code, said = interrupted("SIGTERM", "rnncomplete_export.texts.corpus:build_corpus", *command)
    assert (code, len(said)) == (143, 1)
    assert said[0].startswith("interrupted; nothing was saved; begin again with: rnncomplete train")
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_training_is_saved(number: str, command: list[str], tmp_path: Path) -> None:
    code, said = interrupted(number, "rnncomplete_export.training.trainer:Trainer.update", *command)
    assert code == 128 + getattr(signal, number)
    assert "stopped and saved after 64 characters; go on with: rnncomplete train" in said[-1]
    assert said[-1].endswith("--resume")
    assert load_checkpoint(tmp_path / "runs" / "x" / "checkpoint.safetensors").facts["state"]["characters"] == 64
    refused = CliRunner().invoke(main, command)
    assert "holds a training that was interrupted after 64" in refused.stderr


@pytest.mark.slow
@pytest.mark.parametrize("moment", [f"{EXPORTER}:make_card", "rnncomplete.files:replaced_folder"])
def test_an_export_that_was_interrupted_is_made_up_for_without_training_again(
    moment: str, command: list[str], tmp_path: Path
) -> None:
    code, said = interrupted("SIGINT", moment, *command)
    assert code == 130
    best = tmp_path / "runs" / "x" / "best.safetensors"
    assert "interrupted; the finished weights are safe in runs/x/best.safetensors; export them with: " in said[-1]
    assert "--resume" not in said[-1]
    kept = best.read_bytes()
    refused = CliRunner().invoke(main, [*command, "--seed", "2"])
    assert refused.exit_code == 2, "it would train over them"
    assert (
        "holds a finished training that was not exported; export it with: rnncomplete export runs/x/best"
        in refused.stderr
    )
    result = run(command)
    assert "finished but not exported: exporting it" in result.stderr
    assert "validation" not in result.stderr, "nothing was trained"
    assert "installed; type: rnncomplete --style x" in result.stderr
    assert best.read_bytes() == kept
    assert "validation" in run([*command, "--no-install"]).stderr, "what is exported is trained again when asked for"


@pytest.mark.slow
def test_an_installation_that_was_interrupted_says_what_to_type(command: list[str]) -> None:
    _, said = interrupted("SIGINT", "rnncomplete.completion.installing:install_style", *command)
    assert said[-1] == (
        "interrupted; the style is exported, but not installed; to install it: rnncomplete styles add runs/x/style/x"
    )
    run(said[-1].partition("rnncomplete ")[2].split())


@pytest.mark.slow
def test_an_export_leaves_what_was_there(trained: Path, tmp_path: Path) -> None:
    best = trained / "runs" / "sea" / "best.safetensors"
    code, said = interrupted("SIGINT", f"{EXPORTER}:make_card", "export", str(best), "-o", str(tmp_path / "out"))
    assert code == 130
    assert said[-1].startswith(
        f"interrupted; nothing was written to {tmp_path}/out, and {best} is as it was; again: rnn"
    )
    assert not list(tmp_path.iterdir())


def test_a_folder_in_use_is_left_alone_and_never_called_interrupted(command: list[str], tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "x"
    with held([folder]):
        for more in ([], ["--resume"]):
            result = CliRunner().invoke(main, [*command, *more])
            assert result.exit_code == 2
            assert f"runs/x is in use by another training or export (process {os.getpid()}); wait" in result.stderr
            assert "interrupted" not in result.stderr
    assert not (tmp_path / "runs").exists(), "nothing came of it"


@pytest.mark.slow
def test_an_export_does_not_wait_for_a_training_in_its_folder(trained: Path, tmp_path: Path) -> None:
    folder = trained / "runs" / "sea"
    with held([folder]):
        result = CliRunner().invoke(main, ["export", str(folder / "best.safetensors"), "-o", str(tmp_path / "out")])
    assert result.exit_code == 2
    assert "is in use by another training or export" in result.stderr
    with held_if_trained(tmp_path):
        assert not list(tmp_path.iterdir()), "where nobody trains nothing is locked"


def test_the_lock_of_a_process_that_died_is_free(tmp_path: Path) -> None:
    code = f"""
import os, pathlib
from rnncomplete_export.training.run_lock import held
with held([pathlib.Path({str(tmp_path / "x")!r})]):
    os.kill(os.getpid(), 9)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -9
    assert (tmp_path / "x" / ".lock").exists()
    with held([tmp_path / "x"]):
        pass


def test_the_first_of_several_processes_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("LOCAL_RANK", "1"), ("RANK", "3"), ("NODE_RANK", "1")):
        with monkeypatch.context() as patched:
            patched.setenv(name, value)
            assert not is_first_process()
            with held([tmp_path]), held([tmp_path]):
                pass
    assert is_first_process()


def test_the_command_is_told_as_a_shell_takes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["/usr/bin/rnncomplete", "train", "my book.txt", "--style", "x\x1b"])
    assert typed_command() == "rnncomplete train 'my book.txt' --style 'x\N{REPLACEMENT CHARACTER}'"


def test_a_log_on_a_full_disk_does_not_end_a_training(monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

        def flush(self) -> None:
            raise OSError(errno.EIO, "the terminal has gone")

    monkeypatch.setattr(sys, "stderr", Full())
    say("nobody reads this")
    TrainingProgress().say("nor this")
