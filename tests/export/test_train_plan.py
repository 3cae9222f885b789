"""Plans from outside: the command, the checkpoints that come of it, and going on after an interruption."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from rnncomplete.cli import main
from rnncomplete.cli.interruption import SIGNALS
from rnncomplete.network.card import Card
from rnncomplete_export import plan_session
from rnncomplete_export.checkpoint import load_checkpoint
from rnncomplete_export.network.character_network import CharacterNetwork, NetworkConfig
from rnncomplete_export.network.measure import nats_per_character
from rnncomplete_export.texts.corpus import open_tokens
from rnncomplete_export.training.interruption import Interruption
from rnncomplete_export.training.run_lock import held
from rnncomplete_export.training.side_by_side.judge import Judge

if TYPE_CHECKING:
    from collections.abc import Callable
    from subprocess import CompletedProcess

    from click.testing import Result

EXAMPLE = Path(__file__).parent / "two.toml"


@pytest.fixture
def folder(tmp_path: Path, text_file: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the example and its texts, where commands run."""
    shutil.copy(EXAMPLE, tmp_path / "two.toml")
    text = text_file.read_text(encoding="utf-8")
    (tmp_path / "sea.txt").write_text(text[:40_000], encoding="utf-8")
    (tmp_path / "river.txt").write_text(text[:30_000].replace("stars", "[reeds]"), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("rnncomplete_export.training.side_by_side.results.LENGTH", 100)  # what stages write
    monkeypatch.setattr("rnncomplete_export.training.side_by_side.round.FIRST_STAGE", 1_000)
    monkeypatch.setattr("rnncomplete_export.training.side_by_side.round.LOOK", 0.2)
    return tmp_path


def train(*arguments: object) -> Result:
    """``rnncomplete train --plan`` in this process."""
    return CliRunner().invoke(main, ["train", "--plan", "two.toml", "--device", "cpu", *map(str, arguments)])


def stop_after(updates: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if somebody had pressed Ctrl-C then."""
    counted = itertools.count()
    monkeypatch.setattr(Interruption, "asked", property(lambda _: next(counted) >= updates))


@pytest.mark.slow
def test_a_plan_trains_styles_that_export_takes(folder: Path) -> None:
    result = train("--no-export")
    assert result.exit_code == 0, result.output
    assert "round 2 of 2: 2 networks of 2 x 16" in result.stderr
    assert "to export it: rnncomplete export runs/sea/best.safetensors -o sea" in result.stderr
    for style, kept in (("sea", 2_000), ("river", 4_000)):
        checkpoint = load_checkpoint(folder / "runs" / style / "best.safetensors")
        facts, tokens = checkpoint.facts, open_tokens(folder / "runs" / style)
        assert facts["corpus"]["split"] == len(tokens) - kept
        assert facts["config"]["optimizer"] == "muon"
        assert facts["about"]["command"] == "rnncomplete train --plan two.toml"
        network = CharacterNetwork(NetworkConfig(len(facts["vocabulary"]), 16, 2, 8))
        network.load_state_dict(checkpoint.part("average"))
        loss = nats_per_character(network.eval(), np.asarray(tokens[facts["corpus"]["split"] :]))
        assert loss == pytest.approx(facts["state"]["best_loss"], abs=0.02), "it is what its file says"
        assert loss < 3.0, "it learned something"
        counts = [stage["characters"] for stage in facts["state"]["stages"]]
        assert counts == sorted(counts)
        assert all({"step", "loss", "sample", "skills"} <= stage.keys() for stage in facts["state"]["stages"])
    assert facts["state"]["characters"] == 8_064, "both rounds of the one that went on"
    assert facts["about"]["licence"] == "unknown"
    assert not list(folder.glob("runs/two.plan/stages/*")), "what was counted is not needed any more"
    assert (folder / "runs" / "two.plan" / "checkpoint.safetensors").stat().st_size < 20_000, "nor what is finished"


@pytest.mark.slow
@pytest.mark.parametrize("updates", [[13], [8, 40]])
def test_interrupted_and_resumed_equals_unbroken(
    folder: Path, monkeypatch: pytest.MonkeyPatch, updates: list[int]
) -> None:
    """Within either round, while teachers teach and while another text is read first, and once in both."""
    assert train("--no-export").exit_code == 0
    unbroken = {name: load_checkpoint(Path("runs", name, "best.safetensors")) for name in ("sea", "river")}
    shutil.rmtree("runs")
    resume: list[str] = []
    for count in updates:
        with monkeypatch.context() as patched:
            stop_after(count, patched)
            result = train("--no-export", *resume)
        assert result.exit_code == 130, result.output
        assert result.stderr.splitlines()[-1].startswith("stopped and saved; go on with: rnncomplete")
        resume = ["--resume"]
    result = train("--no-export", "--resume")
    assert result.exit_code == 0, result.output
    assert f"going on after {128 * (sum(updates) - (25 if len(updates) > 1 else 0)):,} characters each" in result.stderr
    for name, wanted in unbroken.items():
        got = load_checkpoint(Path("runs", name, "best.safetensors"))
        torch.testing.assert_close(got.tensors, wanted.tensors, rtol=0, atol=0)
        for key in ("updates", "characters", "best_loss", "stages"):
            assert got.facts["state"][key] == wanted.facts["state"][key]


def test_an_interrupted_plan_is_neither_replaced_nor_gone_on_with_as_another(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        stop_after(3, patched)
        assert train("--no-export").exit_code == 130
    kept = {path: path.read_bytes() for path in folder.rglob("*.safetensors")}
    plan = (folder / "two.toml").read_text(encoding="utf-8")
    for arguments, content, expected in (
        ([], plan, "holds a plan that was interrupted; go on with it with --resume"),
        (["--resume", "--characters", 9], plan, "is to end after 0 minutes or 8,000 characters"),
        (["--resume"], plan.replace("window = 16", "window = 20"), "says something else than when it was begun"),
    ):
        (folder / "two.toml").write_text(content, encoding="utf-8")
        result = train(*arguments)
        assert result.exit_code == 2, result.output
        assert expected in result.stderr.splitlines()[-1]
    (folder / "two.toml").write_text(plan, encoding="utf-8")
    (folder / "sea.txt").write_text("Something else. " * 3000, encoding="utf-8")
    result = train("--resume")
    assert result.exit_code == 2
    assert "was trained on another text" in result.stderr.splitlines()[-1]
    assert {path: path.read_bytes() for path in folder.rglob("*.safetensors")} == kept


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--dropout", "0.5"], "--dropout with --plan two.toml, which says that itself"),
        (["sea.txt"], "texts with --plan two.toml"),
        (["--device", "cuda"], "PyTorch finds no CUDA device here"),
        (["--resume"], "no checkpoint"),
        (["--minutes", "1", "--characters", "9"], "has two ends"),
    ],
)
def test_bad_requests_get_one_clear_line(
    folder: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], expected: str
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    result = train(*arguments)
    assert result.exit_code == 2, result.output
    assert expected in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_a_text_that_is_too_short_is_refused(folder: Path) -> None:
    (folder / "river.txt").write_text("A calm river.\n" * 286, encoding="utf-8")
    result = train()
    assert result.exit_code == 2
    assert "the text river of the plan two has 4 characters to learn from and 4,000 held out" in result.stderr


@pytest.mark.slow
def test_a_network_begins_from_a_checkpoint_or_an_installed_style(
    folder: Path, trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = """
characters = 128
[training]
window = 16
batch = 8
learning_rate = 1e-9
weight_decay = 0.0
[styles.sea]
text = "sea.txt"
[[rounds]]
hidden_size = 32
embedding_size = SIZE
networks = [{ style = "sea", from = "FROM" }]
"""
    best = trained / "runs" / "sea" / "best.safetensors"
    before = load_checkpoint(best)
    shipped = trained / "runs" / "sea" / "style" / "sea"
    for source, size in ((best, 8), (shipped, 64)):
        (folder / "two.toml").write_text(plan.replace("FROM", str(source)).replace("SIZE", str(size)), encoding="utf-8")
        result = train("--no-export")
        assert result.exit_code == 0, result.output
        after = load_checkpoint(folder / "runs" / "sea" / "best.safetensors")
        assert after.facts["about"]["base"] == "sea"
        assert set(before.facts["vocabulary"]) <= set(after.facts["vocabulary"])
        assert after.facts["state"]["best_loss"] == pytest.approx(before.facts["state"]["best_loss"], abs=0.15)
    (folder / "two.toml").write_text(plan.replace("FROM", str(best)).replace("SIZE", "16"), encoding="utf-8")
    result = train("--no-export")
    assert result.exit_code == 2
    assert "has not the shape of the plan" in result.stderr
    assert "expected 2 layers of 32 units with skips and an embedding of 16" in result.stderr


@pytest.mark.slow
def test_styles_are_exported_and_installed(folder: Path, run_rnncomplete: Callable[..., CompletedProcess[str]]) -> None:
    text = (folder / "two.toml").read_text(encoding="utf-8")
    first, _, _ = text.partition("[[rounds]]")
    one = '[[rounds]]\nhidden_size = 16\nembedding_size = 8\nnetworks = [{ style = "sea" }]\n'
    (folder / "two.toml").write_text(first + one, encoding="utf-8")
    result = run_rnncomplete("train", "--plan", "two.toml", "--device", "cpu", cwd=folder)
    assert result.returncode == 0, result.stderr
    assert "installed; type: rnncomplete --style sea" in result.stderr
    assert "--style river" not in result.stderr, "it is only a text of the plan"
    card = Card.from_json((folder / "runs" / "sea" / "style" / "sea" / "card.json").read_text(encoding="utf-8"))
    assert (card.description, card.corpus["licence"]) == ("Of the sea", "public domain")
    assert card.training["command"] == "rnncomplete train --plan two.toml"
    assert card.stages[0]["skills"], "counted in the training"
    told: dict[str, Any] = json.loads(run_rnncomplete("styles", "--json", cwd=folder).stdout)
    assert "sea" in str(told)


@pytest.mark.slow
def test_larger_networks_may_teach_and_are_not_exported(folder: Path) -> None:
    plan = """
characters = 2_000
[training]
window = 16
batch = 8
learning_rate = 0.03
[styles.sea]
text = "sea.txt"
[[rounds]]
only_teaches = true
hidden_size = 24
embedding_size = 8
networks = [{ style = "sea", seed = 1 }, { style = "sea", seed = 2 }]
[[rounds]]
hidden_size = 16
embedding_size = 8
networks = [{ style = "sea", seed = 3, taught = 0.9 }]
"""
    (folder / "two.toml").write_text(plan, encoding="utf-8")
    result = train("--no-export")
    assert result.exit_code == 0, result.output
    assert load_checkpoint(folder / "runs" / "sea" / "best.safetensors").facts["config"]["hidden_size"] == 16
    assert result.stderr.count("best.safetensors: ") == 1


def test_a_plan_of_which_nothing_comes_says_so(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(self: Judge, texts: list[torch.Tensor], **how: object) -> np.ndarray[Any, Any]:
        return np.full((1, len(texts)), np.nan)

    monkeypatch.setattr(Judge, "losses", lost)
    result = train("--characters", 500)
    assert result.exit_code == 2, result.output
    assert "nothing came of sea, river: the losses are not finite; lower learning_rate" in result.stderr


@pytest.mark.parametrize("number", SIGNALS)
def test_a_first_signal_is_told_or_noted_and_a_second_one_ends_the_process(number: int) -> None:
    before = signal.getsignal(number)
    try:
        for deferred in (False, True):
            signal.signal(number, before)
            with Interruption() as interruption:
                assert not interruption.asked
                if deferred:
                    with interruption.deferred():
                        signal.raise_signal(number)
                else:
                    with pytest.raises(KeyboardInterrupt):
                        signal.raise_signal(number)
                assert interruption.asked
                assert interruption.exit_code == 128 + number
            assert signal.getsignal(number) == signal.SIG_DFL
        for handler in (before, signal.SIG_IGN):
            signal.signal(number, handler)
            with Interruption():
                assert (signal.getsignal(number) == signal.SIG_IGN) == (handler == signal.SIG_IGN), "as nohup has it"
            assert signal.getsignal(number) == handler
    finally:
        signal.signal(number, before)


@pytest.mark.slow
def test_a_plan_that_is_finished_is_exported_and_not_trained_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert train("--no-export").exit_code == 0
    kept = {path: path.read_bytes() for path in folder.rglob("*.safetensors")}
    exported: list[str] = []
    monkeypatch.setattr(plan_session, "finish_style", lambda run, style, install: exported.append(style))
    result = train()
    assert result.exit_code == 0, result.output
    assert "holds this plan, finished but not all exported: exporting sea, river" in result.stderr
    assert exported == ["sea", "river"]
    assert {path: path.read_bytes() for path in folder.rglob("*.safetensors")} == kept
    assert train("--characters", 9).exit_code == 2, "it is another end"

    def interrupted(run: Path, style: str, install: bool) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(plan_session, "finish_style", interrupted)
    result = train()
    assert result.exit_code == 130
    best = "runs/sea/best.safetensors, runs/river/best.safetensors"
    assert f"interrupted; the finished weights are safe in {best}; export them with: rnn" in result.stderr


def test_a_plan_keeps_others_out_of_its_folders(folder: Path) -> None:
    with held([Path("runs/river")]):
        result = train()
    assert result.exit_code == 2
    assert f"runs/river is in use by another training or export (process {os.getpid()}); wait until" in result.stderr
