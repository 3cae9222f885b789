from __future__ import annotations

import itertools
import math
import os
import resource
import signal
import subprocess
import sys
import time
import tracemalloc
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

import lightning_fabric
import numpy as np
import pytest
import torch
from click.testing import CliRunner

from rnncomplete.cli import main
from rnncomplete.errors import TextError
from rnncomplete.network.card import Card
from rnncomplete.styles import Style
from rnncomplete.text import decoding as text
from rnncomplete.text.discovery import find_files
from rnncomplete.text.vocabulary import LARGEST, UNKNOWN_CHARACTER, Vocabulary
from rnncomplete_export.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from rnncomplete_export.progress import TrainingProgress, say
from rnncomplete_export.session import fastest_precision, say_replaced, start_log
from rnncomplete_export.texts import corpus as corpus_module
from rnncomplete_export.texts.corpus import build_corpus
from rnncomplete_export.training.configuration import TrainingConfig, suggest_config
from rnncomplete_export.training.language_task import LanguageTask
from rnncomplete_export.training.trainer import Trainer, TrainingState, resume_point

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Run = Callable[..., subprocess.CompletedProcess[str]]

pytestmark = pytest.mark.slow

TINY = ["--hidden-size", "16", "--embedding-size", "8", "--batch", "4", "--window", "16", "--no-install"]


def start_training(text: Path, folder: Path, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "rnncomplete", "train", str(text), "--style", "x", *TINY, *arguments]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.PIPE, text=True)


def wait_for(path: Path, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 120
    while not path.exists():
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline, f"{path} never came"
        time.sleep(0.02)


def assert_same_network(first: Path, second: Path) -> None:
    ours, theirs = load_checkpoint(first), load_checkpoint(second)
    assert ours.facts["state"]["characters"] == theirs.facts["state"]["characters"]
    assert ours.facts["state"]["loss"] == pytest.approx(theirs.facts["state"]["loss"], abs=1e-6)
    assert ours.facts["state"]["best_loss"] == pytest.approx(theirs.facts["state"]["best_loss"], abs=1e-6)
    for part in ("network", "average", "optimizer0", "recurrent"):
        torch.testing.assert_close(ours.part(part), theirs.part(part), atol=1e-6, rtol=0)


def assert_refused(arguments: Sequence[object], expected: str) -> None:
    """In this process, since importing PyTorch takes seconds: one line on stderr, exit code 2."""
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exit_code == 2, result.output
    assert expected in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def assert_fails(arguments: Sequence[object], expected: str) -> None:
    """In this process, once training has begun: the last of what is said on stderr, and exit code 2."""
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exit_code == 2, result.output
    assert expected in result.stderr.splitlines()[-1]


@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
def test_killed_and_resumed_equals_unbroken(
    text_file: Path, tmp_path: Path, run_rnncomplete: Run, optimizer: str
) -> None:
    unbroken, broken = tmp_path / "unbroken", tmp_path / "broken"
    unbroken.mkdir()
    broken.mkdir()
    plan = ["--characters", "60000", "--validate-every", "20000", "--optimizer", optimizer]
    result = run_rnncomplete("train", text_file, "--style", "x", *TINY, *plan, cwd=unbroken)
    assert result.returncode == 0, result.stderr
    process = start_training(text_file, broken, *plan, "--save-seconds", "0.05")
    checkpoint = broken / "runs" / "x" / "checkpoint.safetensors"
    wait_for(checkpoint, process)
    process.kill()
    process.communicate()
    before = load_checkpoint(checkpoint).facts["state"]["characters"]
    assert 0 < before < 60_000, "killed half-way"
    result = run_rnncomplete("train", text_file, "--style", "x", *TINY, *plan, "--resume", cwd=broken)
    assert result.returncode == 0, result.stderr
    assert f"going on after {before:,} characters" in result.stderr
    assert_same_network(checkpoint, unbroken / "runs" / "x" / "checkpoint.safetensors")


def test_ctrl_c_saves_and_says_how_to_go_on_which_nothing_but_that_does(text_file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "x"
    process = start_training(
        text_file, tmp_path, "--minutes", "5", "--save-seconds", "0.05", "--log", "csv", "--licence", "MIT"
    )
    wait_for(folder / "checkpoint.safetensors", process)
    deadline = time.monotonic() + 60
    while not list(folder.glob("logs/*/metrics.csv")):
        assert time.monotonic() < deadline, "the log is written while it trains"
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, output = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in output
    last = output.strip().splitlines()[-1]
    assert "go on with" in last
    assert last.endswith("--resume")
    kept = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.name != ".lock"}
    anew = ["train", text_file, "--style", "x", *TINY, "--runs", tmp_path / "runs", "--characters", 1000]
    assert_refused(anew, "holds a training that was interrupted after")
    assert {path: path.read_bytes() for path in kept} == kept
    result = CliRunner().invoke(main, [*map(str, anew[:-1]), "500000000", "--minutes", "0.001", "--resume"])
    assert result.exit_code == 0, result.output
    card = Card.from_json((folder / "style" / "x" / "card.json").read_text(encoding="utf-8"))
    assert card.corpus["licence"] == "MIT", "what was told before is not to be told again"
    assert_refused(
        [*anew[:-2], "--characters", 1000, "--hidden-size", 32, "--resume"], f"move {folder} away to begin anew"
    )
    first, second = card.training["command"].splitlines()
    assert "--minutes 5.0" in first
    assert first.endswith("--licence MIT")
    assert "--minutes 0.001 --characters 500000000" in second
    assert second.endswith("--resume")


def test_a_folder_that_holds_its_own_runs_is_read_without_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "notes.txt").write_text("Some words to learn from.\n" * 800, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert [item.path.name for item in find_files([Path()])] == ["notes.txt"]
    build_corpus([Path()], Path("runs", "x"))
    (tmp_path / "runs" / "x" / "README.md").touch()
    assert [item.path.name for item in find_files([Path()])] == ["notes.txt"]


@pytest.mark.parametrize("fell", [False, True])
def test_new_patience_comes_with_another_end(tmp_path: Path, *, fell: bool) -> None:
    for name in ("checkpoint", "plateau"):
        state = asdict(TrainingState(validations_since_best=7, fell=fell))
        facts = {"config": asdict(TrainingConfig()), "state": state}
        save_checkpoint(tmp_path / f"{name}.safetensors", Checkpoint({}, facts))
    for limits, expected in (({}, 7), ({"minutes": 0.0}, 7), ({"minutes": 60.0}, 0)):
        assert resume_point(tmp_path, limits).facts["state"]["validations_since_best"] == expected


def test_an_ignore_file_that_was_there_stays(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("*.o\n", encoding="utf-8")
    (tmp_path / "notes.txt").write_text("Some words to learn from.\n" * 800, encoding="utf-8")
    build_corpus([tmp_path / "notes.txt"], tmp_path)
    assert (tmp_path / ".gitignore").read_text(encoding="utf-8") == "*.o\n"


def test_what_this_version_cannot_read_is_not_replaced(tmp_path: Path, text_file: Path) -> None:
    folder = tmp_path / "x"
    folder.mkdir()
    save_checkpoint(folder / "checkpoint.safetensors", Checkpoint({}, {"format": 7}))
    assert_refused(
        ["train", text_file, "--style", "x", "--runs", tmp_path, "--characters", 1000],
        "has checkpoint format 7, and this version reads format 1; use the version that wrote it",
    )


def test_which_style_will_be_replaced_is_said_before(monkeypatch: pytest.MonkeyPatch) -> None:
    there = [Style("linux", Path(), shipped=True), Style("mine", Path(), shipped=False)]
    monkeypatch.setattr("rnncomplete_export.session.list_styles", lambda: there)
    said: list[str] = []
    progress = TrainingProgress(silent=True)
    monkeypatch.setattr(progress, "say", said.append)
    for style in ("linux", "mine", "new"):
        say_replaced(style, progress)
    assert said == [
        "in the end it hides the shipped linux, until: rnncomplete styles remove linux",
        "in the end it replaces your style mine",
    ]


def test_what_a_network_writes_is_shown_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    for progress in (say, TrainingProgress().say):
        progress("[bold]:key: :smile:[/bold]")
    assert capsys.readouterr().err == "[bold]:key: :smile:[/bold]\n" * 2


def test_a_longer_training_goes_on_from_before_the_fall(text_file: Path, tmp_path: Path, run_rnncomplete: Run) -> None:
    common = ["train", text_file, "--style", "x", *TINY]
    assert run_rnncomplete(*common, "--characters", 20_000, cwd=tmp_path).returncode == 0
    plateau = load_checkpoint(tmp_path / "runs" / "x" / "plateau.safetensors").facts["state"]["characters"]
    assert plateau < 20_000
    folder = tmp_path / "runs" / "x"
    for same in ({}, {"minutes": 0.0, "characters": 20_000}):
        assert resume_point(folder, same).facts["state"]["characters"] >= 20_000, (
            "the same command goes on where it was"
        )
    result = run_rnncomplete(*common, "--characters", 40_000, "--resume", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert f"going on after {plateau:,} characters" in result.stderr


def test_a_longer_training_keeps_what_is_best_until_there_is_better(
    text_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus = build_corpus([text_file], tmp_path)
    config = TrainingConfig(hidden_size=16, embedding_size=8, batch=4, window=16, characters=9_000)

    def trainer(characters: int) -> Trainer:
        fabric = lightning_fabric.Fabric(accelerator="cpu", devices=1)
        longer = replace(config, characters=characters)
        return Trainer(
            LanguageTask(corpus, longer, fabric), longer, tmp_path, fabric, TrainingProgress(silent=True), about={}
        )

    short = trainer(9_000)
    assert short.run()
    best = short.state.best_loss
    kept = (tmp_path / "best.safetensors").read_bytes()
    longer = trainer(12_000)
    longer.resume(resume_point(tmp_path, {"characters": 12_000}))
    assert longer.state.best_loss == float("inf"), "before the fall it had not been validated"
    for loss, replaced in ((best + 0.1, False), (best - 0.1, True)):
        monkeypatch.setattr(
            "rnncomplete_export.training.language_task.nats_per_character", lambda network, tokens, loss=loss: loss
        )
        longer._validate()
        assert longer.state.best_loss == loss, "which patience goes by"
        assert ((tmp_path / "best.safetensors").read_bytes() != kept) == replaced


def test_the_time_of_processors_is_counted_over_resumptions(
    text_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus = build_corpus([text_file], tmp_path)
    clock = itertools.count(1000.0, 2.0)
    monkeypatch.setattr(time, "process_time", lambda: next(clock))
    for updates, before, expected in ((3, 0.0, 6.0), (5, 6.0, 10.0), (6, None, math.nan)):
        config = TrainingConfig(hidden_size=16, embedding_size=8, batch=4, window=16, characters=64 * updates)
        fabric = lightning_fabric.Fabric(accelerator="cpu", devices=1)
        trainer = Trainer(
            LanguageTask(corpus, config, fabric), config, tmp_path, fabric, TrainingProgress(silent=True), about={}
        )
        if before != 0.0:
            checkpoint = load_checkpoint(tmp_path / "checkpoint.safetensors")
            if before is None:  # as an earlier version saved it
                del checkpoint.facts["state"]["processor_seconds"]
            trainer.resume(checkpoint)
        assert trainer.run()
        assert trainer.state.processor_seconds == pytest.approx(expected, nan_ok=True)


def test_a_trained_style_completes(trained: Path, run_rnncomplete: Run) -> None:
    result = run_rnncomplete("generate", "--style", "sea", "--chars", 50, cwd=trained)
    assert result.returncode == 0, result.stderr
    assert len(result.stdout.rstrip("\n")) >= 40


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"short", "5 characters; expected at least 1,000"),
        (b"PK\x03\x04\0\0\0", "binary"),
        (b"caf\xe9 " * 5000, "not UTF-8"),
        (b"aaaaaaaaaa" * 5000, "1 kind of character"),
    ],
)
def test_bad_texts_get_one_clear_line(tmp_path: Path, content: bytes, expected: str) -> None:
    path = tmp_path / "text.txt"
    path.write_bytes(content)
    assert_refused(["train", path, "--style", "x", "--runs", tmp_path, "--characters", 1000], expected)


def test_other_bad_requests_get_one_clear_line(tmp_path: Path, text_file: Path) -> None:
    for arguments, expected in (
        (["nowhere.txt", "--style", "x"], "no file or folder nowhere.txt"),
        ([text_file, "--style", "Not A Name"], "lower case"),
        ([text_file, "--style", "x", "--resume"], "no checkpoint"),
        ([text_file, "--style", "x", "--device", "cuda"], "CUDA"),
        ([text_file, "--style", "x", "--window", "60000"], "more than a window of 60000"),
        ([text_file, "--style", "x", "--precision", "8-bit"], "'8-bit' is not one of 'auto', '32-true', 'bf16-mixed'"),
        ([text_file, "--style", "x", "--profile", "--devices", "2"], "--profile in 2 processes"),
        (["--style", "x"], "no text"),
    ):
        assert_refused(["train", *arguments, "--runs", tmp_path], expected)


def test_a_log_that_nothing_can_write_says_what_to_install(
    tmp_path: Path, text_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for package in ("_TENSORBOARD_AVAILABLE", "_TENSORBOARDX_AVAILABLE"):
        monkeypatch.setattr(f"lightning_fabric.loggers.tensorboard.{package}", False)
    options = ["--style", "x", "--runs", tmp_path, "--log", "tensorboard"]
    assert_refused(["train", text_file, *options], "type: pip install tensorboard")


def test_patience_goes_by_the_loss_of_the_first_process(
    text_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fabric = lightning_fabric.Fabric(accelerator="cpu", devices=1)
    monkeypatch.setattr(fabric, "broadcast", lambda loss: 3.0)
    config = TrainingConfig(hidden_size=16, embedding_size=8, batch=4, window=16, validate_every=640, patience=3)
    progress = TrainingProgress(silent=True)
    trainer = Trainer(
        LanguageTask(build_corpus([text_file], tmp_path), config, fabric), config, tmp_path, fabric, progress, about={}
    )
    assert trainer.run()
    assert (trainer.state.best_loss, trainer.state.characters) == (3.0, 4 * 640)


def test_processes_go_by_one_clock_stop_together_and_add_up_their_time(
    text_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fabric = lightning_fabric.Fabric(accelerator="cpu", devices=1)
    config = TrainingConfig(hidden_size=16, embedding_size=8, batch=4, window=16, characters=7_000)
    corpus = build_corpus([text_file], tmp_path)
    trainer = Trainer(
        LanguageTask(corpus, config, fabric), config, tmp_path, fabric, TrainingProgress(silent=True), about={}
    )
    other = torch.tensor([[7.0, 1.0, 5.0]], dtype=torch.float64)
    monkeypatch.setattr(trainer, "_gathered", lambda mine, _: torch.cat([mine, other]))
    trainer._agree(3.0, 4.0)
    assert (trainer.state.seconds, trainer.state.processor_seconds, trainer._stopping) == (7.0, 9.0, True)


def test_a_log_that_cannot_be_written_ends_alone(
    text_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "logs").write_text("in the way", encoding="utf-8")
    said: list[str] = []
    progress = TrainingProgress(silent=True)
    monkeypatch.setattr(progress, "say", said.append)
    fabric = lightning_fabric.Fabric(accelerator="cpu", devices=1, loggers=start_log("csv", tmp_path))
    config = TrainingConfig(
        hidden_size=16, embedding_size=8, batch=4, window=16, characters=7_000, validate_every=3_000
    )
    trainer = Trainer(
        LanguageTask(build_corpus([text_file], tmp_path), config, fabric), config, tmp_path, fabric, progress, about={}
    )
    assert trainer.run()
    assert [line for line in said if "logged" in line] == [
        "no more is logged: Not a directory; the training itself loses nothing"
    ]
    assert load_checkpoint(tmp_path / "checkpoint.safetensors").facts["state"]["characters"] >= 7_000


def test_bfloat16_is_taken_where_the_processor_is_faster_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for capabilities, precision in (({"amx_bf16": True}, "bf16-mixed"), ({"avx512_bf16": True}, "32-true")):
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda known=capabilities: known, raising=False)
        assert fastest_precision("cpu") == precision
    monkeypatch.delattr(torch.cpu, "get_capabilities")
    assert fastest_precision("cpu") == "32-true"
    for supported, precision in ((True, "bf16-mixed"), (False, "32-true")):
        monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation, known=supported: known)
        assert fastest_precision("cuda") == precision


def test_memory_is_bounded_by_chunk_and_window_not_by_the_corpus(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text, "CHUNK", 1 << 16)
    path = tmp_path / "long.txt"
    path.write_text("A long and calm text.\n" * 200_000, encoding="utf-8")
    fabric = lightning_fabric.Fabric(accelerator="cpu", devices=1)
    config = TrainingConfig(hidden_size=16, embedding_size=8, batch=4, window=16, characters=2_000)
    tracemalloc.start()
    try:
        corpus = build_corpus([path], tmp_path / "run")
        trainer = Trainer(
            LanguageTask(corpus, config, fabric),
            config,
            tmp_path / "run",
            fabric,
            TrainingProgress(silent=True),
            about={},
        )
        assert trainer.run()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert corpus.characters == 4_400_000
    assert peak < 0.7 * corpus.tokens.nbytes, "neither the text nor its tokens are held"


def test_resuming_another_network_is_refused(trained: Path, text_file: Path, tmp_path: Path) -> None:
    resume = ["train", text_file, "--style", "sea", "--resume", "--runs", trained / "runs"]
    assert_refused([*resume, "--hidden-size", "64"], "hidden_size 64, but the training to resume has 32")
    assert_refused([*resume, "--batch", "4"], "batch 4")
    run = tmp_path / "sea"
    run.mkdir()
    saved = load_checkpoint(trained / "runs" / "sea" / "checkpoint.safetensors")
    for config, expected in (({**saved.facts["config"], "gears": 5}, "another version"), ({}, "does not hold")):
        facts = {name: value for name, value in saved.facts.items() if name != "format"} | {"config": config}
        save_checkpoint(run / "checkpoint.safetensors", Checkpoint(saved.tensors if config else {}, facts))
        assert_refused([*resume[:-1], tmp_path], expected)


def test_a_full_disk_costs_nothing_that_was_saved(
    text_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    train = ["train", text_file, "--style", "x", *TINY, "--hidden-size", 64, "--save-seconds", 0.05]
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, hard))
        assert_refused([*train, "--characters", 9_000], "cannot write the encoded text")
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
        assert_fails([*train, "--characters", 9_000], "File too large; nothing was saved before")
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert CliRunner().invoke(main, [*map(str, train), "--characters", "9000"]).exit_code == 0
        saved = (tmp_path / "runs" / "x" / "checkpoint.safetensors").read_bytes()
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
        assert_fails([*train, "--characters", 12_000, "--resume"], "what was saved before is untouched")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (tmp_path / "runs" / "x" / "checkpoint.safetensors").read_bytes() == saved
    assert not list(tmp_path.rglob("*.partial"))
    assert CliRunner().invoke(main, [*map(str, train), "--characters", "12000", "--resume"]).exit_code == 0


def test_resuming_with_another_text_is_refused(trained: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.txt"
    other.write_text("Something else. " * 4000, encoding="utf-8")
    before = (trained / "runs" / "sea" / "tokens.u16").read_bytes()
    assert_refused(["train", other, "--style", "sea", "--resume", "--runs", trained / "runs"], "another text")
    assert (trained / "runs" / "sea" / "tokens.u16").read_bytes() == before, "nothing is lost"


def test_a_corpus_reads_folders_skips_what_is_not_text_and_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "notes"
    (folder / "deep").mkdir(parents=True)
    (folder / ".git").mkdir()
    (folder / ".git" / "config").write_text("hidden", encoding="utf-8")
    (folder / "a.txt").write_bytes(b"\xef\xbb\xbfone\r\ntwo\r")
    (folder / "deep" / "b.txt").write_text("three\n", encoding="utf-8")
    (folder / "picture.png").write_bytes(b"\x89PNG\0\0")
    said: list[str] = []
    corpus = build_corpus([folder], tmp_path / "run", skipped=said.append)
    assert corpus.vocabulary.decode(corpus.tokens.tolist()) == "one\ntwo\nthree\n"
    assert corpus.files == 2
    assert len(said) == 1
    assert "picture.png" in said[0]
    with pytest.raises(TextError, match="binary"):
        build_corpus([folder / "picture.png"], tmp_path / "run")


def test_a_pipe_is_asked_to_be_written_into_a_file(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    try:
        os.write(writing, b"A calm sea.\n" * 100)
        with pytest.raises(TextError, match=r"is a pipe or a device, not a file; write its text into a file first"):
            build_corpus([Path(f"/dev/fd/{reading}")], tmp_path)
    finally:
        os.close(reading)
        os.close(writing)


def test_the_reading_of_a_text_tells_how_far_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "CHUNK", 1 << 16)
    monkeypatch.setattr(corpus_module, "CHUNK", 1 << 16)
    (tmp_path / "long.txt").write_text("A calm sea.\n" * 20_000, encoding="utf-8")
    (tmp_path / "short.txt").write_text("A calm sea.\n" * 20, encoding="utf-8")
    size = 12 * 20_020
    told: list[tuple[int, int]] = []
    build_corpus(
        [tmp_path / "long.txt", tmp_path / "short.txt"], tmp_path / "run", progress=lambda *at: told.append(at)
    )
    assert {total for _, total in told} == {2 * size}
    done = [at for at, _ in dict.fromkeys(told)]
    assert len(done) == 2 * (4 + 1), "each chunk, in both readings"
    assert done == sorted(done)
    assert (done[4], done[-1]) == (size, 2 * size)


def test_rare_characters_become_the_unknown_one(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_text("plain text. " * 40_000 + "\N{SNOWMAN}", encoding="utf-8")
    corpus = build_corpus([path], tmp_path / "run")
    assert "\N{SNOWMAN}" not in corpus.vocabulary.characters
    assert corpus.vocabulary.characters[0] == UNKNOWN_CHARACTER
    assert int(corpus.tokens[-1]) == 0


def test_the_most_frequent_of_too_many_characters_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    many = "".join(map(chr, range(0x4E00, 0x4E00 + 4_200)))
    path.write_text("\x07\x07\x07" + many + many[200:], encoding="utf-8")
    said: list[str] = []
    corpus = build_corpus([path], tmp_path / "run", skipped=said.append)
    assert said == [
        "what a terminal must not be sent, read as the unknown character: U+0007 (3 times)",
        "the 105 rarest of 4,201 kinds of characters, 105 characters in all, read as the unknown one",
    ]
    assert len(corpus.vocabulary) == LARGEST
    assert set(many[200:]) < set(corpus.vocabulary.characters)
    known = Vocabulary((UNKNOWN_CHARACTER, *sorted({*corpus.vocabulary.characters[2:], "\N{SNOWMAN}"})))
    assert build_corpus([path], tmp_path / "run", known=known).vocabulary == known, (
        "as a training that is resumed has it"
    )


def test_a_few_minutes_get_one_layer_that_sees_the_text_more_than_once() -> None:
    sizes = [suggest_config(1_000_000, minutes, 0).hidden_size for minutes in (0.05, 1, 2, 5, 15)]
    assert sizes == sorted(sizes)
    assert sizes[2] == 256
    two = suggest_config(1_000_000, 2, 0)
    assert (two.layers, two.dropout) == (1, 0)
    assert suggest_config(100_000, 2, 0).dropout == 0.3, "what is read forty times is learned by heart"
    assert suggest_config(100_000_000, 2, 0).dropout == 0
    going_on, usual = suggest_config(1_000_000, 2, 0, anew=False), TrainingConfig()
    assert (
        (going_on.learning_rate, going_on.decay_from)
        == (usual.learning_rate, usual.decay_from)
        != (
            two.learning_rate,
            two.decay_from,
        )
    )


def test_a_network_begins_with_how_often_each_character_comes(text_file: Path, tmp_path: Path) -> None:
    corpus = build_corpus([text_file], tmp_path)
    fabric = lightning_fabric.Fabric(accelerator="cpu", devices=1)
    config = TrainingConfig(hidden_size=16, embedding_size=8, batch=4, window=16, characters=64)
    trainer = Trainer(
        LanguageTask(corpus, config, fabric), config, tmp_path, fabric, TrainingProgress(silent=True), about={}
    )
    network, tokens = trainer.network, np.asarray(corpus.training, np.int64)
    counts = np.bincount(tokens, minlength=len(corpus.vocabulary))
    expected = torch.softmax(network.readout.bias, 0).detach().numpy()
    assert expected == pytest.approx((counts + 1) / (counts + 1).sum(), rel=1e-4)
    [logits, _] = network(torch.from_numpy(tokens[:300, None]), network.initial_state(1))
    loss = torch.nn.functional.cross_entropy(logits[:-1, 0], torch.from_numpy(tokens[1:300])).item()
    assert loss < 0.93 * math.log(len(corpus.vocabulary))


def test_why_a_network_has_its_size_and_what_may_begin_better_is_said_before(
    text_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(trainer: Trainer, interruption: object) -> bool:
        raise TextError("enough")

    monkeypatch.setattr(Trainer, "run", stop)
    other = tmp_path / "other.txt"
    other.write_text("\u0430\u0431\u0432\u0433 \u0434\u0435\u0436.\n" * 900, encoding="utf-8")
    better = "in so few minutes a style of the same language is a better beginning than none: --from english"
    for path, options, why, hinted in (
        (text_file, ["--minutes", 2], "256 LSTM, small, to see enough of the text in 2 minutes", True),
        (other, ["--minutes", 2], "small, to see enough", False),
        (text_file, ["--minutes", 2, "--hidden-size", 16], "1 x 16 LSTM, as you chose", True),
        (text_file, ["--minutes", 60], "the largest that a text of this length and the time are enough for", False),
        (text_file, ["--minutes", 2, "--from", "math"], "LSTM, that of math", False),
        (text_file, ["--recipe", "linux"], "that of the recipe linux", False),
    ):
        arguments = ["train", path, "--style", "x", "--runs", tmp_path / "runs", *options]
        result = CliRunner().invoke(main, [str(argument) for argument in arguments])
        assert result.stderr.splitlines()[-1].endswith("enough"), result.output
        assert why in result.stderr
        assert (better in result.stderr) == hinted


def test_the_size_follows_the_text_and_the_time() -> None:
    quick = suggest_config(200_000, 2, 0)
    long = suggest_config(5_000_000, 300, 0)
    assert quick.hidden_size < long.hidden_size
    assert suggest_config(200_000, 60, 0).dropout > long.dropout, "what is read often is learned by heart"
    assert quick.window * quick.batch * 20 < 200_000
    for characters in (50, 500, 5_000):
        config = suggest_config(characters, 1, 0)
        assert 8 <= config.window <= 128


@pytest.mark.parametrize("unit", ["3.14 ", "12\r\n"])
def test_one_endless_line_and_a_text_without_letters_train(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unit: str
) -> None:
    monkeypatch.chdir(tmp_path)
    text = tmp_path / "odd.txt"
    text.write_bytes(("\ufeff" + unit * 4_000).encode())
    result = CliRunner().invoke(main, ["train", str(text), "--style", "x", *TINY, "--characters", "12000"])
    assert result.exit_code == 0, result.output
    assert "to install it" in result.stderr.splitlines()[-1]
