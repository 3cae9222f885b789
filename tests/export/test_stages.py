from __future__ import annotations

import json
import shutil
import xml.etree.ElementTree as ET
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from rnncomplete.completion.sampler import MIN_P, WRITING_TEMPERATURE, sample
from rnncomplete.network.loading import read_card
from rnncomplete.text.vocabulary import UNKNOWN_CHARACTER, Vocabulary
from rnncomplete_export.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from rnncomplete_export.exporting.exporter import export_style
from rnncomplete_export.exporting.readme import render_readme
from rnncomplete_export.network.character_network import CharacterNetwork, NetworkConfig
from rnncomplete_export.network.measure import STAGE_CHARACTERS, nats_per_character, sampled, write_streams
from rnncomplete_export.story.plot import draw_stages
from rnncomplete_export.story.stages import LENGTH, known_words, measure_stages, skills_of_text

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

SEVEN = Vocabulary((UNKNOWN_CHARACTER, *"abcdef"))
LETTERS = Vocabulary((UNKNOWN_CHARACTER, "\n", " ", "(", ")", "A", "a", "b"))


@pytest.fixture
def style(trained: Path) -> Path:
    return trained / "runs" / "sea" / "style" / "sea"


def test_the_card_counts_skills_at_the_last_stage(style: Path) -> None:
    card = read_card(style)
    assert len(card.stages) >= 3
    assert all({"step", "characters", "loss", "sample", "skills"} <= stage.keys() for stage in card.stages)
    assert card.stages[-1]["characters"] >= 60_000, "the last is what was exported"
    assert card.stages[-1]["loss"] < card.stages[-2]["loss"], "and not the one before"
    assert not card.stages[0]["skills"], "after so short a training, those of the last are counted alone"
    last, true = card.stages[-1]["skills"], card.figures["skills_of_the_text"]
    for name, share in last.items():
        assert share is None or 0 <= share <= 1
        assert name in true
    assert true["words_of_4_to_6_letters"] > 0.98, "only words cut at the end of a piece are unknown"
    assert last["words_of_4_to_6_letters"] > 0
    assert true["sentences_capitalised"] > 0.95 > last["sentences_capitalised"] > 0
    assert last["environments_closed"] is None
    assert all(len(stage["sample"]) == 400 for stage in card.stages)


def test_the_page_shows_the_plot_and_the_shares(style: Path) -> None:
    page = (style / "README.md").read_text(encoding="utf-8")
    assert "](stages.svg)" in page
    last = read_card(style).stages[-1]["skills"]["sentences_capitalised"]
    assert f"{100 * last:.0f} % |" in next(line for line in page.splitlines() if line.startswith("| sentences cap"))
    ET.fromstring((style / "stages.svg").read_text(encoding="utf-8"))


def test_without_the_weights_of_stages_their_loss_and_sample_stay(trained: Path, style: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(trained / "runs" / "sea", run, ignore=shutil.ignore_patterns("style", "02.safetensors"))
    card = export_style(run / "best.safetensors", tmp_path / "out", "sea")
    with_all = read_card(style).stages
    assert card.stages[0] == with_all[0]
    assert card.stages[1]["skills"] == {}
    assert card.stages[1]["loss"] == with_all[1]["loss"]
    assert len(card.stages[1]["sample"]) == 400
    assert json.loads((tmp_path / "out" / "card.json").read_text(encoding="utf-8"))["stages"][1]["skills"] == {}


def test_the_loss_of_every_stage_is_what_its_weights_give_on_one_sample(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rnncomplete_export.story.stages.LENGTH", 20)
    tokens = np.random.default_rng(0).integers(0, len(LETTERS), 3 * STAGE_CHARACTERS).astype(np.uint16)
    told = [{"step": n, "characters": 100 * n, "loss": 9.0, "sample": ""} for n in (1, 10)]
    networks = []
    for number, path in enumerate(["stages/01.safetensors", "stages/02.safetensors", "best.safetensors"]):
        torch.manual_seed(number)
        network = CharacterNetwork(NetworkConfig(len(LETTERS), 12, 1, 4)).eval()
        torch.nn.init.normal_(network.readout.bias)
        state = {"updates": 30, "characters": [100, 1000, 3000][number], "stages": told}
        facts = {"about": {}, "vocabulary": list(LETTERS.characters), "state": state}
        weights = {f"average.{name}": value for name, value in network.state_dict().items()}
        save_checkpoint(tmp_path / path, Checkpoint(weights, facts))
        networks.append(network)
    best = tmp_path / "best.safetensors"
    expected = [nats_per_character(network, sampled(tokens, STAGE_CHARACTERS)) for network in networks]
    measured = measure_stages(best, load_checkpoint(best), networks[-1], tokens, words=(), vocabulary=LETTERS)
    assert [stage["loss"] for stage in measured] == pytest.approx(expected)
    assert len({round(loss, 4) for loss in expected}) == 3
    said: list[str] = []
    fewer = measure_stages(
        best, load_checkpoint(best), networks[-1], tokens, words=(), vocabulary=LETTERS, most=1, advance=said.append
    )
    assert fewer == ({**told[0], "skills": {}}, *measured[1:]), "of the others the card has what was noted in training"
    assert len(said) == 2


def test_skills_that_a_training_counted_itself_stay_where_it_kept_no_weights(tmp_path: Path) -> None:
    network = CharacterNetwork(NetworkConfig(len(LETTERS), 12, 1, 4)).eval()
    counted = {"step": 1, "characters": 100, "loss": 2.0, "sample": "ab", "skills": {"brackets_closed": 0.25}}
    told = [counted, {"step": 9, "characters": 900, "loss": 1.0, "sample": "ab"}]
    state = {"updates": 9, "characters": 900, "stages": told}
    facts = {"about": {}, "vocabulary": list(LETTERS.characters), "state": state}
    stages = measure_stages(
        tmp_path / "best.safetensors",
        Checkpoint({}, facts),
        network,
        np.ones(500, np.uint16),
        words=(),
        vocabulary=LETTERS,
    )
    assert stages == (counted, {**told[1], "skills": {}})


def test_streams_written_side_by_side_follow_from_the_seed() -> None:
    torch.manual_seed(0)
    network = CharacterNetwork(NetworkConfig(7, 12, 2, 4)).eval()
    once = write_streams(network, 3, 50, seed=1)
    assert [len(stream) for stream in once] == [50, 50, 50]
    assert once == write_streams(network, 3, 50, seed=1)
    assert once != write_streams(network, 3, 50, seed=2)
    assert once[0] != once[1]
    assert all(0 not in stream for stream in once)


def test_what_is_written_leaves_out_what_is_hardly_likely_as_generating_does() -> None:
    network = CharacterNetwork(NetworkConfig(7, 12, 1, 4)).eval()
    with torch.no_grad():
        network.readout.weight.zero_()
        network.readout.bias.copy_(torch.tensor([9.0, 0.0, 0.0, 0.0, 0.0, 0.0, -4.0]))
    for options, rare in (({}, False), ({"temperature": 3.0}, False), ({"temperature": 3.0, "min_p": 0.0}, True)):
        [written] = write_streams(network, 1, 400, **options)
        assert (6 in written) == rare
        step = lambda token, state: (network.readout.bias.detach().numpy(), state)  # noqa: E731
        text = "".join(islice(sample(step, step(0, 0)[0], 0, SEVEN, seed=1, **options), 400))
        assert ("f" in text) == rare


def test_the_card_says_how_its_style_writes(style: Path) -> None:
    card = read_card(style)
    writing = card.figures["writing"]
    assert writing == {"temperature": WRITING_TEMPERATURE, "min_p": MIN_P, "skills": card.stages[-1]["skills"]}
    assert "at the temperature of writing, 0.65" in (style / "README.md").read_text(encoding="utf-8")
    before = replace(card, figures={name: value for name, value in card.figures.items() if name != "writing"})
    assert "at the temperature above" in render_readme(before), "cards of earlier versions don't tell"


def test_a_certain_network_writes_what_it_is_certain_of_in_every_stream() -> None:
    network = CharacterNetwork(NetworkConfig(7, 12, 1, 4)).eval()
    with torch.no_grad():
        network.readout.bias[4] = 50
    assert write_streams(network, 2, 9) == [[4] * 9] * 2


def test_the_words_of_a_text_are_not_cut_at_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rnncomplete_export.story.stages.CHUNK", 3)
    assert known_words(LETTERS.encode("ab Abba (b) baa"), LETTERS) == {"ab", "abba", "b", "baa"}


def test_skills_of_a_text_are_counted_in_pieces_as_long_as_what_is_written() -> None:
    tokens = LETTERS.encode("(" + "a " * LENGTH + ")")
    skills = skills_of_text(tokens, frozenset({"a"}), LETTERS)
    assert skills["brackets_closed"] == 0.0
    assert skills["words_of_1_to_3_letters"] == 1.0


def test_the_same_stages_give_the_same_picture() -> None:
    stages = [
        {"characters": 10**n, "loss": 5.0 - n, "skills": {"words": n / 4, "brackets_closed": None}} for n in range(1, 4)
    ]
    picture = draw_stages("sea", stages)
    assert picture == draw_stages("sea", stages)
    texts = "".join(ET.fromstring(picture).itertext())
    assert "nats per character" in texts
    assert "words" in texts
    assert "brackets" not in texts, "what was never counted has no line"
    told = [{**stage, "told_right": [0.5, 0.75, 1.0]} for stage in stages]
    drawn = "".join(ET.fromstring(draw_stages("sea", told)).itertext())
    assert "labels told right" in drawn
    assert "words" in drawn
    assert "labels told right" not in texts
    assert "of a text read" in draw_stages("sea", [{"characters": 10, "loss": 2.0, "told_right": [0.5, 1.0]}])
    draw_stages("old", [{"characters": 10, "loss": 2.0}])
    draw_stages("none", [])
    assert "share" not in draw_stages("told", [{"characters": 10, "loss": 2.0, "skills": {}}]), (
        "no skills, no room for them"
    )
