"""Labels of texts: in batches and one by one, at once and as they are typed, with counts of words and without."""

from __future__ import annotations

import dataclasses
import json
import re
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_readout import readout_card, readout_model, write_readout_style

from rnncomplete.completion.classifier import Classifier
from rnncomplete.completion.completer import load_completer
from rnncomplete.completion.document import LONGEST_LIVE
from rnncomplete.completion.installing import check_style, read_memory
from rnncomplete.errors import ModelError, StyleError
from rnncomplete.mixing import label_memory
from rnncomplete.mixing.alphabet import Alphabet
from rnncomplete.mixing.label_memory import LabelMemory, features
from rnncomplete.mixing.memory import CorpusMemory
from rnncomplete.network.loading import load_network, model_from_graph

if TYPE_CHECKING:
    from pathlib import Path

    from rnncomplete.network.card import Card

TEXTS = ["a good one", "", "what a mess, all of it", "x", "  good \n again  "]


def counts() -> LabelMemory:
    weights = np.zeros((1 << 10, 1), np.int8)
    weights[features("mess", 10)] = -50
    weights[features("good", 10)] = 50
    return LabelMemory(weights, 0.02, 1.0, 1.0, (0.0, 0.1))


def memory(card: Card, labels: LabelMemory | None) -> CorpusMemory:
    alphabet = Alphabet(card.vocabulary, (1,) * len(card.vocabulary))
    return CorpusMemory(alphabet, np.zeros(8, np.uint32), np.zeros(8, np.uint32), labels=labels)


@pytest.fixture(scope="session")
def card(tiny_card: Card) -> Card:
    return readout_card(tiny_card)


def classifier_of(card: Card, labels: LabelMemory | None = None) -> Classifier:
    model = model_from_graph(card, readout_model(card).SerializeToString())
    return Classifier(model, memory(card, labels))


@pytest.mark.parametrize("labels", [None, counts()])
def test_texts_side_by_side_are_told_as_when_they_are_typed(card: Card, labels: LabelMemory | None) -> None:
    classifier = classifier_of(card, labels)
    found = classifier.classify(TEXTS)
    assert found.shape == (len(TEXTS), 2)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-6)
    for text, shares in zip(TEXTS, found, strict=True):
        alone = classifier.now(text)
        assert (alone is None) == (not text.strip())
        if alone is not None:
            np.testing.assert_allclose(alone, shares, atol=1e-5)


def test_counts_of_words_move_a_label(card: Card) -> None:
    plain, mixed = (classifier_of(card, labels).classify(TEXTS) for labels in (None, counts()))
    assert mixed[0, 1] > plain[0, 1]
    assert mixed[2, 0] > plain[2, 0]


def test_moments_follow_the_words_and_end_with_the_whole(card: Card) -> None:
    classifier = classifier_of(card, counts())
    moments = classifier.moments(TEXTS[2])
    assert "".join(moment.word for moment in moments) == TEXTS[2]
    np.testing.assert_allclose(moments[-1].shares, classifier.classify([TEXTS[2]])[0], atol=1e-5)
    label = int(moments[-1].shares.argmax())
    odds = np.log(moments[-1].shares[label] / moments[-1].shares[1 - label])
    start = counts().mixed(np.full(2, 0.5), np.zeros(2))
    begun = np.log(start[label] / start[1 - label])
    assert abs(sum(moment.moved for moment in moments) - (odds - begun)) < 1e-5
    assert classifier.moments(" \n") == []


def test_a_style_without_labels_tells_none(tiny_style: Path) -> None:
    with pytest.raises(StyleError, match="tells no labels"):
        Classifier(load_network(tiny_style, "cpu"), None)


@given(st.text())
def test_any_text_has_features_within_the_table(text: str) -> None:
    found = features(text, 10)
    assert (np.diff(found) > 0).all()
    assert not len(found) or 0 <= found[0] <= found[-1] < 1 << 10


def test_labels_of_a_memory_come_back_from_a_file(card: Card, tmp_path: Path) -> None:
    for packed in (False, True):
        data = memory(card, counts()).to_bytes(packed=packed)
        found = CorpusMemory.from_bytes(data).labels
        assert found is not None
        assert (found.weights == counts().weights).all()
        assert dataclasses.replace(found, weights=counts().weights).bias == counts().bias
    folder = write_readout_style(tmp_path / "tiny", card)
    (folder / "memory.bin").write_bytes(memory(card, counts()).to_bytes())
    check_style(folder)
    assert read_memory(folder, dataclasses.replace(card, readouts={"mood": ("awful", "good")})) is not None
    for readouts in ({}, {"mood": ("a", "b", "c")}, {"mood": ("a", "b"), "more": ("a", "b")}):
        with pytest.raises(ModelError, match="counts of 2 labels"):
            read_memory(folder, dataclasses.replace(card, readouts=readouts))


@given(st.lists(st.text("aàΣ'b.-9", min_size=1, max_size=6), min_size=1, max_size=12))
def test_evidence_along_a_text_is_that_of_each_of_its_beginnings(words: list[str]) -> None:
    labels, text = counts(), " ".join(words)
    ends = [word.end() for word in re.finditer(r"\S+", text)]
    expected = [labels.evidence(text[:end]) for end in ends]
    np.testing.assert_allclose(labels.evidence_along(text, ends), expected, atol=1e-9)


def test_the_moments_of_a_long_text_take_as_many_words_as_it_has(card: Card, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at: list[int] = []
    places = label_memory._places

    def counting(words: list[str], bits: int) -> np.ndarray:
        looked_at.append(len(words))
        return places(words, bits)

    monkeypatch.setattr(label_memory, "_places", counting)
    assert len(classifier_of(card, counts()).moments("what a mess " * 100)) == 300
    assert sum(looked_at) <= 2 * 300 + 1


@pytest.mark.filterwarnings("error")
def test_words_move_a_label_that_is_certain_before_the_first_by_a_finite_number(card: Card) -> None:
    classifier = classifier_of(card, dataclasses.replace(counts(), bias=(0.0, 1000.0)))
    assert np.isfinite([moment.moved for moment in classifier.moments(TEXTS[0])]).all()


@pytest.mark.parametrize(
    "wrong",
    [
        {"scale": float("inf")},
        {"scale": "1"},
        {"network": 10**9},
        {"counts": True},
        {"bias": [0.0]},
        {"bias": [0.0] * 65},
        {"bias": [0.0, None]},
        {"bias": "00"},
        {"places": 1000},
        {"places": 2**40},
        {"places": -8},
        {"places": 8.0},
        {"places": 512},
        {"places": 2048},
    ],
)
def test_odd_labels_of_a_memory_are_refused(wrong: dict[str, object]) -> None:
    data = counts().to_bytes()
    size = int.from_bytes(data[:4], "little")
    head = json.dumps({**json.loads(data[4 : 4 + size]), **wrong}).encode()
    with pytest.raises((ValueError, LookupError, TypeError)):
        LabelMemory.from_bytes(len(head).to_bytes(4, "little") + head + data[4 + size :])


@pytest.mark.parametrize("cut", [1, 10, 200])
def test_labels_that_are_cut_off_are_refused(card: Card, cut: int) -> None:
    with pytest.raises(ModelError, match="a corpus memory with"):
        CorpusMemory.from_bytes(memory(card, counts()).to_bytes()[:-cut])


@given(st.binary(max_size=80), st.integers(0, 200))
def test_damaged_labels_are_refused(card: Card, noise: bytes, at: int) -> None:
    whole = memory(card, counts()).to_bytes()
    at += len(whole) - len(counts().to_bytes())
    try:
        found = CorpusMemory.from_bytes(whole[:at] + noise + whole[at + len(noise) :]).labels
    except ModelError:
        return
    assert found is not None
    assert np.isfinite(found.mixed(np.full(len(found.bias), 1 / len(found.bias)), found.evidence("a text"))).all()


def test_a_document_tells_the_label_of_its_text(card: Card, tiny_style: Path, tmp_path: Path) -> None:
    folder = write_readout_style(tmp_path / "tiny", card)
    (folder / "memory.bin").write_bytes(memory(card, counts()).to_bytes())
    completer = load_completer(str(folder), "cpu")
    document = completer.open("a")
    label, share = document.readout("what a\nmess") or ("", 0.0)
    [shares] = Classifier(completer.model, completer.memory).classify(["what a mess"])
    assert label == card.readouts["mood"][int(shares.argmax())]
    assert abs(share - shares.max()) < 1e-5
    assert document.readout("") is None
    assert document.readout("x" * (LONGEST_LIVE + 1)) is None
    assert document.readout("another text", lambda: False) is None
    assert load_completer(str(tiny_style), "cpu").open().readout("what a mess") is None
