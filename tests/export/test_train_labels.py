"""``rnncomplete train --labels``, from a file of texts to a style that tells their labels beside its peers."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from rnncomplete.cli import main
from rnncomplete.completion.completer import load_completer
from rnncomplete.completion.installing import check_style
from rnncomplete.network.loading import read_card
from rnncomplete_export.checkpoint import load_checkpoint

if TYPE_CHECKING:
    from pathlib import Path

GOOD, BAD = ("great", "lovely", "superb", "perfect"), ("awful", "poor", "broken", "sad")
THINGS = ("battery", "screen", "film", "plot", "sound", "room")


def texts(count: int, seed: int = 1) -> str:
    """Of two labels, which the words tell, and two sources."""
    draw = random.Random(seed)
    lines = ["label\tsource\ttext"]
    for number in range(count):
        good = draw.random() < 0.5
        told = [f"{draw.choice(THINGS)} is {draw.choice(GOOD if good else BAD)}" for _ in range(1 + number % 2)]
        lines.append(f"{'pos' if good else 'neg'}\t{('one', 'two')[number % 2]}\tthe {' and the '.join(told)}")
    return "\n".join(lines) + "\n"


def train(folder: Path, *more: str) -> str:
    command = ["train", "--labels", str(folder / "all.tsv"), "--style", "mood", "--runs", str(folder / "runs")]
    shape = ["--hidden-size", "32", "--batch", "16", "--window", "32", "--characters", "150000"]
    result = CliRunner().invoke(main, [*command, *shape, "--no-install", *more])
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.slow
def test_texts_with_labels_become_a_style_that_tells_them(tmp_path: Path) -> None:
    (tmp_path / "all.tsv").write_text(texts(1200), encoding="utf-8")
    output = train(tmp_path, "--name", "pos=liked", "--name", "neg=hated", "--readout", "sentiment")
    assert "labels: hated, liked" in output
    folder = tmp_path / "runs" / "mood" / "style" / "mood"
    card = check_style(folder)
    assert card.format == 2
    assert card.readouts == {"sentiment": ("hated", "liked")}
    figures = card.figures["labels"]
    assert figures["accuracy"] > 0.95
    assert figures["calibration_error"] < 0.05
    assert set(figures["parts"]) == {"all", "one", "two"}
    for part in figures["parts"].values():
        assert set(part) == {"texts", "network", "accuracy", "half", "tfidf", "nb"}
    assert sum(map(sum, figures["confusion"])) == figures["texts"] == 60
    page = (folder / "README.md").read_text(encoding="utf-8")
    assert len(card.stages) >= 3
    for stage in card.stages:
        assert len(stage["told_right"]) == 10, "noted in training where there was no time to measure it again"
        assert f"| {stage['characters']:,} | {100 * stage['told_right'][0]:.0f} % | " in page
    first, last = card.stages[0]["told_right"], card.stages[-1]["told_right"]
    assert last[-1] > 0.95 > first[-1], "it learned to tell them"
    assert last[0] < last[-1], "and needs to read for it"
    assert "labels told right" in (folder / "stages.svg").read_text(encoding="utf-8")
    assert "## Labels" in (folder / "README.md").read_text(encoding="utf-8")
    result = CliRunner().invoke(
        main, ["classify", "--style", str(folder), "--json"], input="the film is superb\nthe sound is broken\n"
    )
    assert [item["label"] for item in json.loads(result.stdout)] == ["liked", "hated"]
    assert load_completer(str(folder), "cpu").complete("the battery is ").text


@pytest.mark.slow
def test_it_goes_on_from_a_style_and_where_it_was(tmp_path: Path) -> None:
    (tmp_path / "all.tsv").write_text(texts(400), encoding="utf-8")
    (tmp_path / "kept.tsv").write_text(texts(60, seed=2), encoding="utf-8")
    more = ("--validation", str(tmp_path / "kept.tsv"))
    train(tmp_path, *more)
    base = tmp_path / "runs" / "mood" / "style" / "mood"
    train(tmp_path, *more, "--from", str(base), "--characters", "20000")
    assert read_card(base).training["from"] == "mood"
    assert read_card(base).figures["labels"]["texts"] == 60
    train(tmp_path, *more, "--characters", "30000", "--resume")
    state = load_checkpoint(tmp_path / "runs" / "mood" / "checkpoint.safetensors").facts["state"]
    assert state["characters"] >= 30_000


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--name", "pos=liked", "x.txt"], "go with --labels"),
        (["--labels", "all.tsv", "x.txt"], "x.txt beside --labels"),
        (["--labels", "all.tsv", "--name", "pos"], "expected OLD=NEW"),
        (["--labels", "all.tsv", "--readout", "A/B"], "lower case"),
        (["--labels", "nowhere.tsv"], "cannot read nowhere.tsv"),
        (["--labels", "all.tsv", "--longest", "-1"], "longest"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "all.tsv").write_text(texts(100), encoding="utf-8")
    result = CliRunner().invoke(main, ["train", "--style", "mood", *arguments])
    assert result.exit_code == 2
    assert said in result.output
