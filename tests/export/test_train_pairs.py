"""``rnncomplete train --pairs``, from a file of pairs to a network that translates."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest
import torch
from click.testing import CliRunner
from made_pairs import rows

from rnncomplete.cli import main
from rnncomplete.completion.completer import load_completer
from rnncomplete.completion.installing import check_style
from rnncomplete.errors import SettingError
from rnncomplete_export.checkpoint import Checkpoint, load_checkpoint
from rnncomplete_export.session import check_same_task
from rnncomplete_export.training.configuration import FEWEST_UNITS, suggest_pairs_config
from rnncomplete_export.training.inheritance import earlier_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

    from rnncomplete_export.session import Request

SHAPE = ["--hidden-size", "48", "--encoder-size", "24", "--keys", "16", "--values", "32", "--embedding-size", "24"]
LEARNING = ["--batch", "16", "--window", "20", "--dropout", "0", "--weight-dropout", "0", "--learning-rate", "0.01"]


def train(folder: Path, *more: str, code: int = 0, export: str = "--no-export") -> str:
    command = ["train", "--pairs", str(folder / "all.tsv"), "--style", "fr", "--runs", str(folder / "runs")]
    result = CliRunner().invoke(main, [*command, *SHAPE, *LEARNING, "--device", "cpu", export, *more])
    assert result.exit_code == code, result.output
    return result.output


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "all.tsv").write_text(rows(900), encoding="utf-8")
    return tmp_path


@pytest.mark.slow
def test_pairs_become_a_network_that_translates(folder: Path) -> None:
    output = train(folder, "--characters", "150000", "--validate-every", "40000")
    assert "855 pairs, 45 kept for validation" in output
    told = output.splitlines()[-2]
    assert float(told.split("with beam 4 BLEU ")[1].split(",")[0]) > 80
    assert float(told.split("without the source ")[1].split()[0]) > 0.1
    facts = load_checkpoint(folder / "runs" / "fr" / "best.safetensors").facts
    assert facts["source"]["kind"] == "text"
    stages = load_checkpoint(folder / "runs" / "fr" / "checkpoint.safetensors").facts["state"]["stages"]
    assert len(stages) >= 4
    assert stages[-1]["loss"] < stages[0]["loss"]
    assert "\n> " in stages[0]["sample"]


@pytest.mark.slow
def test_they_become_a_style_that_knows_what_is_translated(folder: Path) -> None:
    output = train(folder, "--characters", "150000", "--no-install", export="--export")
    assert "the translation of the nearest source trained on has BLEU" in output
    style = folder / "runs" / "fr" / "style" / "fr"
    card = check_style(style)
    assert (card.format, card.context) == (2, {"keys": 16, "values": 32})
    assert card.source is not None
    assert (card.source["kind"], card.source["longest"]) == ("text", 400)
    figures = card.figures
    assert figures["float32_logit_difference"] < 1e-4
    assert abs(figures["int8_nats"] - figures["float32_nats"]) < 0.01
    assert figures["nats_per_character"] < 0.5 * figures["translation"]["sourceless_nats"]
    assert figures["keystrokes_saved"] > figures["translation"]["sourceless_keystrokes_saved"]
    assert figures["translation"]["tokenizer"] == "13a"
    facts = load_checkpoint(folder / "runs" / "fr" / "best.safetensors").facts["corpus"]
    assert card.corpus["sources_sha256"] == facts["sources_sha256"]
    assert earlier_of(card, facts) is not None
    assert earlier_of(card, {**facts, "sources_sha256": "of others"}) is None, "another text"
    held_out = card.corpus["validation_characters"]
    for name in ("typed_characters", "adaptive_characters"):
        assert 0 < figures[name] < 0.6 * held_out, "the other half is what threshold and weights were chosen on"
    assert figures["translation"]["beam_bleu"] > 80 > 2 * figures["translation"]["nearest_bleu"], "not by heart"
    assert all(stage["sample"].count("\n") == 3 for stage in card.stages), "lines about four sources"
    for file in sorted(style.iterdir()):
        for row in (folder / "all.tsv").read_bytes().splitlines():
            assert row.partition(b"\t")[0] not in file.read_bytes(), "no line of the user's file is given away"
    assert "## Translation" in (style / "README.md").read_text(encoding="utf-8")
    completer = load_completer(str(style), "cpu")
    for source, written in (("The old dog.", "chien vieux."), ("The red tree.", "arbre rouge.")):
        completer.open(source=source)
        assert completer.complete("Le ").text.partition("\n")[0] == written
    completer.open(source="The old dog.\nThe red tree.\nThe big cat.")
    assert completer.complete("Le chien vieux.\nLe arbre rouge.\nLe ").text.partition("\n")[0] == "chat grand."


@pytest.mark.slow
def test_a_training_begins_with_a_style_that_knows_it_already(folder: Path) -> None:
    train(folder, "--characters", "100000", "--no-install", export="--export")
    base = folder / "runs" / "fr" / "style" / "fr"
    unknown = folder / "all.tsv"
    unknown.write_text(rows(800, seed=3) + "The żółw.\tLe tortue ŵ.\n" * 30, encoding="utf-8")
    output = train(folder, "--from", str(base), "--style", "more", "--characters", "2000")
    first = next(line for line in output.splitlines() if "validation" in line and "nats" in line)
    assert float(first.split("validation ")[1].split()[0]) < 0.5, "a new one would have 3 nats"
    assert "that of fr" in output
    output = train(folder, "--from", str(base), "--style", "less", "--characters", "2000", "--precision", "bf16-mixed")
    facts = load_checkpoint(folder / "runs" / "less" / "best.safetensors").facts
    assert facts["about"]["precision"] == "bf16-mixed"
    output = train(folder, "--from", "shakespeare", code=2)
    assert "does not translate" in output
    output = train(folder, "--from", str(base), "--keys", "8", code=2)
    assert "keys 8, but the style 'fr' has 16" in output


@pytest.mark.slow
def test_an_interrupted_training_and_an_unbroken_one_are_equal(
    folder: Path, stopped_after: Callable[[int], AbstractContextManager[None]]
) -> None:
    more = ("--dropout", "0.2", "--weight-dropout", "0.1", "--save-seconds", "1000000")
    # Where the learning rate has not begun to fall, where a training ends changes nothing of what it does before.
    train(folder, *more, "--characters", "40000", "--style", "whole")
    whole = load_checkpoint(folder / "runs" / "whole" / "checkpoint.safetensors")
    with stopped_after(60):
        train(folder, *more, "--characters", "40000", code=130)
    train(folder, *more, "--characters", "40000", "--resume")
    parts = load_checkpoint(folder / "runs" / "fr" / "checkpoint.safetensors")
    assert parts.facts["state"]["updates"] == whole.facts["state"]["updates"] > 60
    assert parts.facts["state"]["loss"] == whole.facts["state"]["loss"]
    assert parts.tensors.keys() == whole.tensors.keys()
    for name, tensor in whole.tensors.items():
        assert torch.equal(tensor, parts.tensors[name]), name


@pytest.mark.slow
def test_a_training_whose_pairs_are_others_now_says_that_it_cannot_be_resumed(folder: Path) -> None:
    train(folder, "--characters", "2000")
    (folder / "all.tsv").write_text(rows(900, seed=5), encoding="utf-8")
    told = train(folder, "--characters", "4000", "--resume", code=2)
    run = folder / "runs" / "fr"
    assert f"the checkpoint in {run} learned from other pairs" in told
    assert "cannot be resumed" in told
    assert f"rnncomplete export {run / 'best.safetensors'} -o STYLE" in told, "what is still of use"


def test_thousands_of_kinds_of_characters_get_a_network_that_a_style_has_room_for() -> None:
    sizes = [
        suggest_pairs_config(5_000_000, 0, 10**8, kinds, gpu=True).hidden_size for kinds in (100, 500, 3_000, 60_000)
    ]
    assert sizes[0] == 512
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] == FEWEST_UNITS
    assert 27 * sizes[2] ** 2 + 19 * 3_000 * sizes[2] < 9_500_000


@pytest.mark.slow
def test_what_is_not_to_be_exported_is_not_said_to_be(folder: Path) -> None:
    train(folder, "--characters", "2000")
    output = train(folder, "--characters", "2000")
    assert "holds this training, finished but not exported; to begin anew, move" in output
    assert "make a style of them with: rnncomplete export" in output
    assert "exporting" not in output


@pytest.mark.parametrize(("held", "said"), [("picture", "without pairs"), (None, "without pairs"), ("text", None)])
def test_a_training_of_another_kind_is_not_gone_on_with(held: str | None, said: str | None) -> None:
    request = cast("Request", SimpleNamespace(labels=None, pairs="some", pictures=None, folder="runs/x"))
    earlier = Checkpoint({}, {"source": {"kind": held}} if held else {})
    if said is None:
        check_same_task(request, earlier)
        return
    with pytest.raises(SettingError, match=said):
        check_same_task(request, earlier)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["x.txt"], "x.txt beside --pairs"),
        (["--labels", "x.tsv"], "--labels beside --pairs"),
        (["--longest", "9"], "--longest beside --pairs"),
        (["--profile"], "--profile beside --pairs"),
        (["--layers", "5"], "--layers beside --pairs"),
        (["--no-skip"], "--no-skip beside --pairs"),
        (["--glob", "*.tsv"], "--glob beside --pairs"),
        (["--window", "60000"], "smaller --batch or --window"),
        (["--pairs", "nowhere.tsv"], "cannot read nowhere.tsv"),
        (["--resume"], "no checkpoint"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(folder: Path, arguments: list[str], said: str) -> None:
    output = train(folder, *arguments, code=2)
    assert said in output
    assert len(output.strip().splitlines()) == 1
