"""Texts with labels: read from TSV, learned with the characters, told at every character by the graph as by PyTorch."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from rnncomplete.errors import SettingError, TextError
from rnncomplete.network.gpu_graph import gpu_graph
from rnncomplete.network.loading import STEP, model_from_graph
from rnncomplete.network.onnx_runtime import open_session
from rnncomplete.text.labelled import read_labelled
from rnncomplete.text.vocabulary import UNKNOWN_CHARACTER, Vocabulary
from rnncomplete_export.exporting import label_figures
from rnncomplete_export.exporting.graphs import build_graph, state_size, with_card
from rnncomplete_export.exporting.label_figures import LabelledSet
from rnncomplete_export.network.character_network import CharacterNetwork, NetworkConfig
from rnncomplete_export.network.measure_labels import label_logits
from rnncomplete_export.texts.labelled import build_labelled, label_names, read_labelling, texts_of
from rnncomplete_export.training.configuration import TrainingConfig
from rnncomplete_export.training.inheritance import inherit_config, inherit_network, read_base

if TYPE_CHECKING:
    from pathlib import Path

    from rnncomplete.network.card import Card

NEWLINE = 1


@pytest.fixture
def network() -> CharacterNetwork:
    torch.manual_seed(3)
    network = CharacterNetwork(NetworkConfig(9, 12, 2, 4, labels=3, boundary=NEWLINE)).eval()
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.4)
    return network


@torch.no_grad()
def read(network: CharacterNetwork, tokens: list[int]) -> tuple[np.ndarray, np.ndarray]:
    logits, labels, _ = network.read(torch.tensor(tokens)[:, None], network.initial_state(1))
    return logits[:, 0].numpy(), torch.softmax(labels[:, 0], dim=-1).numpy()


def test_after_a_boundary_a_text_is_read_as_from_its_start(network: CharacterNetwork) -> None:
    alone, labels_alone = read(network, [5, 3, 7])
    behind, labels_behind = read(network, [2, 8, 4, NEWLINE, 5, 3, 7])
    np.testing.assert_allclose(behind[4:], alone, atol=1e-6)
    np.testing.assert_allclose(labels_behind[4:], labels_alone, atol=1e-6)


def test_windows_give_what_the_whole_does(network: CharacterNetwork) -> None:
    tokens = torch.tensor([2, 8, 4, NEWLINE, 5, 3, 7, 6])[:, None]
    with torch.no_grad():
        _, whole, _ = network.read(tokens, network.initial_state(1))
        _, first, state = network.read(tokens[:3], network.initial_state(1))
        _, second, _ = network.read(tokens[3:], state)
    torch.testing.assert_close(torch.cat((first, second)), whole)


def test_texts_side_by_side_are_told_as_one_by_one(network: CharacterNetwork) -> None:
    texts = [np.array(text, np.uint16) for text in ([5, 3, 7], [2, 8], [4] * 200, [6])]
    found = label_logits(network, texts, (0.5, 1.0))
    for index, text in enumerate(texts):
        shares = np.exp(found[1, index]) / np.exp(found[1, index]).sum()
        _, labels = read(network, text.tolist())
        np.testing.assert_allclose(shares, labels[-1], atol=1e-5)
        half = np.exp(found[0, index]) / np.exp(found[0, index]).sum()
        np.testing.assert_allclose(half, labels[(len(text) + 1) // 2 - 1], atol=1e-5)


@pytest.mark.parametrize("precision", ["float32", "int8"])
def test_the_graph_computes_what_pytorch_does(network: CharacterNetwork, tiny_card: Card, precision: str) -> None:
    card = dataclasses.replace(
        tiny_card,
        vocabulary=(UNKNOWN_CHARACTER, "\n", *"abcdefg"),
        state_size=state_size(network),
        format=2,
        readouts={"mood": ("a", "b", "c")},
    )
    graph = with_card(build_graph(network, precision, "mood"), card.to_json())  # type: ignore[arg-type]
    model = model_from_graph(card, graph)
    tokens = [5, 3, 7, 6, 2, 8, 4, 4]
    logits, labels = read(network, tokens)
    tolerance = 1e-5 if precision == "float32" else 0.06
    state = model.initial_state
    for index, token in enumerate(tokens):
        np.testing.assert_allclose(model.readout(token, state)["mood"], labels[index], atol=tolerance)
        found, state = model.step(token, state)
        np.testing.assert_allclose(found, logits[index], atol=10 * tolerance)
    _, ended = model.step(NEWLINE, state)
    assert np.abs(ended[: 2 * 2 * 12]).max() == 0, "behind a boundary the cells are as at the start"
    if precision == "int8":
        session = open_session(gpu_graph(graph))
        state = model.initial_state[None]
        for index, token in enumerate(tokens):
            names = ["next_state", "readout.mood"]
            state, readout = session.run(names, {"token": np.array([token]), "state": state})
            np.testing.assert_allclose(readout[0], labels[index], atol=tolerance)


def test_a_float16_graph_with_labels_is_not_built(network: CharacterNetwork) -> None:
    with pytest.raises(ValueError, match="float16"):
        build_graph(network, "float16")


def lines(count: int) -> str:
    return "".join(f"text number {number}\t{('bad', 'good')[number % 2]}\n" for number in range(count))


def test_a_line_is_a_text_and_knows_its_label(tmp_path: Path) -> None:
    (tmp_path / "all.tsv").write_text(lines(100), encoding="utf-8")
    corpus, labelling = build_labelled(tmp_path / "all.tsv", tmp_path / "run", names={"bad": "awful"})
    assert labelling.labels == ("awful", "good")
    assert labelling.held_out == 5
    newline = corpus.vocabulary.token("\n")
    texts = [corpus.vocabulary.decode(text.tolist()) for text in texts_of(corpus.tokens, newline)]
    assert sorted(texts) == sorted(f"text number {number}" for number in range(100))
    assert [int(text.split()[-1]) % 2 for text in texts] == labelling.lines.tolist()
    assert len(texts_of(corpus.validation, newline)) == 5
    known = read_labelling(tmp_path / "run")
    assert known is not None
    assert known.lines.tolist() == labelling.lines.tolist()


def test_at_least_two_texts_are_held_out(tmp_path: Path) -> None:
    (tmp_path / "all.tsv").write_text(lines(22), encoding="utf-8")
    _, labelling = build_labelled(tmp_path / "all.tsv", tmp_path / "run")
    assert labelling.held_out == 2
    (tmp_path / "one.tsv").write_text(lines(1), encoding="utf-8")
    with pytest.raises(TextError, match="1 text held out; expected at least 2"):
        build_labelled(tmp_path / "all.tsv", tmp_path / "run", validation=tmp_path / "one.tsv")


def test_no_two_labels_get_the_same_name(tmp_path: Path) -> None:
    (tmp_path / "all.tsv").write_text(lines(100), encoding="utf-8")
    with pytest.raises(SettingError, match="are called 'good'; expected a name of its own"):
        build_labelled(tmp_path / "all.tsv", tmp_path / "run", names={"bad": "good"})
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("name", ["x" * 41, "a\tb", "\x1b[2J"])
def test_a_name_of_a_label_can_be_shown(name: str) -> None:
    with pytest.raises(SettingError, match="expected at most 40 plain characters"):
        label_names([f"bad={name}"])


class Hesitant:
    """A classifier that is right, but not sure."""

    def __init__(self, *_: object) -> None:
        pass

    def by_network(self, texts: list[str]) -> np.ndarray:
        return np.array([[0.6, 0.4] if number % 2 == 0 else [0.4, 0.6] for number in range(len(texts))])


@pytest.mark.slow
def test_texts_held_out_whose_labels_take_turns_are_told_as_well_as_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(label_figures, "Classifier", Hesitant)
    some = LabelledSet(["a thing"] * 40, np.arange(40) % 2, ("",) * 40)
    _, figures = label_figures.label_figures(Any, label_figures.counted(some, 2), some, some)
    assert figures["accuracy"] == figures["parts"]["all"]["network"] == 1


def test_what_cannot_be_known_yet_weighs_little(tmp_path: Path) -> None:
    (tmp_path / "all.tsv").write_text(lines(100) + "x" * 400 + "\tgood\n", encoding="utf-8")
    corpus, labelling = build_labelled(tmp_path / "all.tsv", tmp_path / "run")
    newline = corpus.vocabulary.token("\n")
    labels, weights = labelling.each(corpus.tokens, newline)
    assert abs(weights.mean() - 1) < 1e-5
    assert (weights[corpus.tokens == newline] == 0).all()
    ends = np.flatnonzero(corpus.tokens == newline)
    begin = 0
    for line, end in enumerate(ends):
        assert (np.diff(weights[begin:end]) > 0).all()
        assert (labels[begin : end + 1] == labelling.lines[line]).all()
        begin = end + 1


def test_columns_are_found_by_their_names(tmp_path: Path) -> None:
    path = tmp_path / "named.tsv"
    path.write_text("source\tlabel\ttext\nhere\tgood\ta  text\nthere\tbad\tanother\n", encoding="utf-8")
    first, second = read_labelled(path)
    assert (first.text, first.label, first.source) == ("a text", "good", "here")
    assert second.source == "there"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("only a text\n", "line 1, has 1 column; expected 2"),
        ("a\tb\tc\n", "has 3 columns"),
        ("\tgood\n", "has no text"),
        ("fine\t \n", "has no label"),
        ("good\t" + "a long text in the wrong column " * 3 + "\n", "is the text the first column"),
        ("fine\t\x1b[2J\n", "plain"),
        (lines(100).replace("bad", "good"), "1 labels"),
        (lines(10), "at least 20"),
        ("".join(f"text {n}\tlabel {n}\n" for n in range(100)), "at most 64"),
    ],
)
def test_what_is_not_texts_with_labels_is_refused_in_one_line(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "odd.tsv").write_text(text, encoding="utf-8")
    with pytest.raises(TextError, match=said) as caught:
        build_labelled(tmp_path / "odd.tsv", tmp_path / "run")
    assert "\n" not in str(caught.value)


def test_a_network_begins_with_the_readout_of_a_style_that_has_as_many_labels(
    network: CharacterNetwork, tiny_card: Card, tmp_path: Path
) -> None:
    vocabulary = Vocabulary((UNKNOWN_CHARACTER, "\n", *"abcdefg"))
    card = dataclasses.replace(
        tiny_card,
        vocabulary=vocabulary.characters,
        state_size=state_size(network),
        format=2,
        readouts={"mood": ("a", "b", "c")},
    )
    (tmp_path / "card.json").write_text(card.to_json(), encoding="utf-8")
    (tmp_path / STEP).write_bytes(with_card(build_graph(network, "float32"), card.to_json()))
    base = read_base(str(tmp_path))
    assert np.abs(base.weights.table).max() < 50, "what shuts gates at a boundary is not in the embedding"
    config = inherit_config(TrainingConfig(), base, set())
    tokens = [5, 3, 7, NEWLINE, 6, 2, 8]
    for begun, expected in zip(
        read(inherit_network(base, vocabulary, config, 3).eval(), tokens), read(network, tokens), strict=True
    ):
        np.testing.assert_allclose(begun, expected, atol=1e-4)
    assert read(inherit_network(base, vocabulary, config, 2).eval(), tokens)[1].shape == (7, 2)
