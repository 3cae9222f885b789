"""A finished training stays whole, with the text that it learned from, until a new one in its folder has saved something."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from rnncomplete.cli import main
from rnncomplete_export.checkpoint import BEST, CHECKPOINT
from rnncomplete_export.texts.corpus import TOKENS
from rnncomplete_export.texts.labelled import LABELS
from rnncomplete_export.training.earlier import ASIDE, parts, set_aside, settle
from rnncomplete_export.training.run_lock import held, held_if_trained

if TYPE_CHECKING:
    from click.testing import Result

TINY = ["--hidden-size", "16", "--embedding-size", "8", "--batch", "4", "--window", "16", "--characters", "3000"]


class Killed(BaseException):
    """Ends a block as a kill ends a process: nothing cleans up."""


def kept(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.name != ".lock"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """As a finished training with labels leaves it."""
    for name in (CHECKPOINT, BEST, TOKENS, LABELS, "stages/01.safetensors"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"earlier " + name.encode())
    return tmp_path


def test_what_was_set_aside_comes_back_if_nothing_is_saved(folder: Path) -> None:
    before = kept(folder)
    with set_aside([folder]):
        assert not parts(folder)
        (folder / TOKENS).write_bytes(b"new")
        (folder / "stages").mkdir()
        (folder / "stages" / "01.safetensors").write_bytes(b"new")
    assert kept(folder) == before
    assert not (folder / ASIDE).exists()


@pytest.mark.parametrize("saved", [CHECKPOINT, BEST])
def test_what_was_set_aside_is_gone_once_something_is_saved(folder: Path, saved: str) -> None:
    with set_aside([folder]):
        (folder / TOKENS).write_bytes(b"new")
        (folder / saved).write_bytes(b"new")
    assert kept(folder) == {TOKENS: b"new", saved: b"new"}


@pytest.mark.parametrize("moves", range(1, 10))
def test_a_process_that_is_killed_at_any_move_loses_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch, moves: int
) -> None:
    before, left = kept(folder), moves
    replace = Path.replace

    def move(path: Path, target: Path) -> Any:
        nonlocal left
        left -= 1
        if left == 0:
            raise Killed
        return replace(path, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", move)
        patched.setattr("rnncomplete_export.training.earlier.ExitStack.__exit__", lambda *_: None)
        try:
            with set_aside([folder]):
                pass
            settle(folder)
        except Killed:
            pass
    with held_if_trained(folder):
        assert kept(folder) == before
        assert not (folder / ASIDE).exists()


def test_whoever_comes_next_puts_back_what_a_killed_process_had_set_aside(folder: Path) -> None:
    before = kept(folder)
    (folder / ASIDE).mkdir()
    for name in parts(folder):
        (folder / name).replace(folder / ASIDE / name)
    (folder / TOKENS).write_bytes(b"new")
    with held([folder]):
        assert kept(folder) == before


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.mark.slow
@pytest.mark.parametrize("how", ["ended by an error", "--profile"])
def test_the_weights_before_can_be_exported_though_another_text_was_begun(
    text_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.chdir(tmp_path)
    reviews = "".join(
        f"{text_file.read_text()[at : at + 60].strip()!r}\t{'good' if at % 120 else 'bad'}\n"
        for at in range(0, 3600, 60)
    )
    Path("reviews.tsv").write_text("text\tlabel\n" + reviews)
    result = run("train", "--labels", "reviews.tsv", "--style", "x", *TINY, "--no-install")
    assert result.exit_code == 0, result.output
    if how == "--profile":
        assert run("train", text_file, "--style", "x", *TINY, how).exit_code == 0
    else:
        with monkeypatch.context() as patched:
            patched.setattr("rnncomplete_export.training.trainer.Trainer.run", lambda *_: 1 / 0)
            assert run("train", text_file, "--style", "x", *TINY, "--no-install").exit_code == 1
    result = run("export", "runs/x/best.safetensors", "-o", "again", "--style", "x")
    assert result.exit_code == 0, result.output
    assert Path("again/card.json").read_text() == Path("runs/x/style/x/card.json").read_text()


@pytest.mark.slow
def test_a_plan_that_saved_nothing_leaves_the_weights_before_with_their_text(
    text_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("train", text_file, "--style", "sea", *TINY, "--no-install").exit_code == 0
    before = kept(tmp_path / "runs" / "sea")
    Path("sea.txt").write_text(text_file.read_text()[:5000])
    Path("sea.toml").write_text('[styles.sea]\ntext = "sea.txt"\n[[rounds]]\nnetworks = [{ style = "sea" }]\n')
    path = "rnncomplete_export.training.side_by_side.plan_training.PlanTraining.run"
    monkeypatch.setattr(path, lambda *_: 1 / 0)
    result = run("train", "--plan", "sea.toml", "--characters", 2000, "--device", "cpu", "--no-install")
    assert result.exit_code == 1, result.output
    assert kept(tmp_path / "runs" / "sea") == before
