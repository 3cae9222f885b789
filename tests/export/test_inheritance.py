from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from rnncomplete.cli import main
from rnncomplete.errors import SettingError, StyleError
from rnncomplete.network.card import Card
from rnncomplete.network.loading import load_network
from rnncomplete.text.vocabulary import UNKNOWN, UNKNOWN_CHARACTER, Vocabulary
from rnncomplete_export.checkpoint import load_checkpoint
from rnncomplete_export.exporting.exporter import network_of
from rnncomplete_export.exporting.graphs import build_graph
from rnncomplete_export.network.character_network import CharacterNetwork, NetworkConfig
from rnncomplete_export.network.weights import Weights, read_weights
from rnncomplete_export.training.configuration import TrainingConfig
from rnncomplete_export.training.inheritance import Base, inherit_config, inherit_network, read_base, unfold_table

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

LETTERS = Vocabulary((UNKNOWN_CHARACTER, *"abcdefghij"))
CARD = Card("x", "", LETTERS.characters, state_size=96, cell="lstm", layers=2, hidden_size=24, parameters=1)


@pytest.mark.parametrize("skip", [True, False])
@pytest.mark.parametrize("layers", [1, 2, 3])
def test_a_network_comes_back_from_its_graph(tmp_path: Path, layers: int, skip: bool) -> None:
    torch.manual_seed(layers)
    network = CharacterNetwork(NetworkConfig(11, 24, layers, 6, skip)).eval()
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.4)
    (tmp_path / "g.onnx").write_bytes(build_graph(network, "float32").SerializeToString())
    base = Base(CARD, LETTERS, read_weights(tmp_path / "g.onnx"))
    config = inherit_config(TrainingConfig(embedding_size=4), base, set())
    assert (config.hidden_size, config.layers) == (24, layers)
    assert 6 <= config.embedding_size <= 10
    inherited = inherit_network(base, LETTERS, config).eval()
    tokens = torch.randint(0, 11, (200, 2))
    with torch.no_grad():
        expected, _ = network(tokens, network.initial_state(2))
        found, _ = inherited(tokens, inherited.initial_state(2))
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)


def test_unfolding_finds_the_rank_of_the_embedding() -> None:
    generator = np.random.default_rng(0)
    table = (generator.normal(size=(90, 16)) @ generator.normal(size=(16, 400)) + generator.normal(size=400)).astype(
        "f2"
    )
    embedding, matrix, bias = unfold_table(table.astype(np.float32))
    assert embedding.shape == (90, 16)
    np.testing.assert_allclose(embedding @ matrix + bias, table.astype(np.float32), atol=0.02)


def test_a_new_character_begins_as_the_unknown_one(trained: Path) -> None:
    base = read_base(str(trained / "runs" / "sea" / "style" / "sea"))
    wider = Vocabulary(
        (UNKNOWN_CHARACTER, *sorted({*base.vocabulary.characters[1:], "\N{GREEK SMALL LETTER ALPHA}", "0"}))
    )
    network = inherit_network(base, wider, inherit_config(TrainingConfig(), base, set()))
    rank = unfold_table(base.weights.table)[0].shape[1]
    for character in ("\N{GREEK SMALL LETTER ALPHA}", "0"):
        row = wider.token(character)
        torch.testing.assert_close(network.embedding.weight[row, :rank], network.embedding.weight[UNKNOWN, :rank])
        torch.testing.assert_close(network.readout.weight[row], network.readout.weight[UNKNOWN])


def test_an_installed_style_comes_back_within_its_rounding(trained: Path) -> None:
    base = read_base(str(trained / "runs" / "sea" / "style" / "sea"))
    network = network_of(load_checkpoint(trained / "runs" / "sea" / "best.safetensors"))
    inherited = inherit_network(base, base.vocabulary, inherit_config(TrainingConfig(), base, set())).eval()
    tokens = torch.randint(0, len(base.vocabulary), (100, 4))
    with torch.no_grad():
        expected, _ = network(tokens, network.initial_state(4))
        found, _ = inherited(tokens, inherited.initial_state(4))
    # A style carries weights of seven bits.
    torch.testing.assert_close(found, expected, atol=0.2, rtol=0.0)


def test_another_shape_than_the_style_has_is_refused(trained: Path) -> None:
    base = read_base(str(trained / "runs" / "sea" / "style" / "sea"))
    with pytest.raises(SettingError, match="hidden_size 64, but the style 'sea' has 32"):
        inherit_config(TrainingConfig(hidden_size=64), base, {"hidden_size"})
    with pytest.raises(SettingError, match="embedding_size 2, but the style 'sea' needs"):
        inherit_config(TrainingConfig(embedding_size=2), base, {"embedding_size"})
    assert inherit_config(TrainingConfig(embedding_size=2), base, set()).embedding_size > 2
    with pytest.raises(StyleError, match="no style"):
        read_base("nowhere")


@pytest.mark.parametrize(
    ("minutes", "given", "expected"),
    [(3.0, set(), 0.05), (0.0, set(), 0.25), (60.0, set(), 0.25), (3.0, {"dropout"}, 0.25)],
)
def test_in_a_few_minutes_no_more_is_dropped_out_than_before(minutes: float, given: set[str], expected: float) -> None:
    card = replace(CARD, training={"recipe": {"dropout": 0.05}})
    weights = Weights(
        np.eye(11, 96, dtype="f4"), [np.zeros((24, 96), "f4")], np.zeros((24, 11), "f4"), np.zeros(11, "f4")
    )
    config = inherit_config(TrainingConfig(dropout=0.25, minutes=minutes), Base(card, LETTERS, weights), given)
    assert config.dropout == expected


def test_training_from_a_style_starts_at_its_loss_and_learns_new_characters(
    trained: Path, tmp_path: Path, text_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = trained / "runs" / "sea" / "style" / "sea"
    text = tmp_path / "more.txt"
    text.write_text(text_file.read_text(encoding="utf-8")[:30_000].replace("calm", "c\u00e2lm", 100), encoding="utf-8")
    options = ["--style", "more", "--from", folder, "--characters", 20_000, "--no-install"]
    result = CliRunner().invoke(main, ["train", str(text), *map(str, options)])
    assert result.exit_code == 0, result.output
    before = next(line for line in result.stderr.splitlines() if line.startswith("0 characters: validation"))
    base = load_network(folder, "cpu").card
    assert float(before.split()[3]) == pytest.approx(base.figures["nats_per_character"], abs=0.1)
    card = json.loads((tmp_path / "runs" / "more" / "style" / "more" / "card.json").read_text(encoding="utf-8"))
    assert "\u00e2" in card["vocabulary"]
    assert set(base.vocabulary) <= set(card["vocabulary"])
    assert card["hidden_size"] == base.hidden_size
    assert card["training"]["from"] == "sea"
    assert str(trained) not in json.dumps(card)
    assert card["figures"]["nats_per_character"] < float(before.split()[3])


def test_going_on_with_a_style_on_its_own_text_counts_on_from_it(
    trained: Path, text_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = trained / "runs" / "sea" / "style" / "sea"
    before = load_network(folder, "cpu").card
    options = ["--style", "sea", "--from", folder, "--characters", 30_000, "--batch", 8, "--window", 20, "--no-install"]
    result = CliRunner().invoke(main, ["train", str(text_file), *map(str, options)])
    assert result.exit_code == 0, result.output
    style = tmp_path / "runs" / "sea" / "style" / "sea"
    card = json.loads((style / "card.json").read_text(encoding="utf-8"))
    assert card["training"]["earlier"] == before.training
    assert card["stages"][: len(before.stages)] == list(before.stages)
    (last,) = card["stages"][len(before.stages) :]
    seen = before.training["characters_seen"] + card["training"]["characters_seen"]
    assert last["characters"] == seen
    page = (style / "README.md").read_text(encoding="utf-8")
    assert page.index(before.training["command"]) < page.index("It went on from the style sea above")
