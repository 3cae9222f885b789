"""The styles that are shipped: each whole, small, and as its card says."""

from __future__ import annotations

import os
from dataclasses import replace
from math import inf
from pathlib import Path

import numpy as np
import pytest

from rnncomplete.completion.completer import load_completer
from rnncomplete.completion.installing import check_style
from rnncomplete.measure.evaluation import spelling
from rnncomplete.network.distribution import nats
from rnncomplete.network.loading import STEP, load_network, read_card
from rnncomplete.styles import shipped_styles_folder
from rnncomplete.text.decoding import read_text
from rnncomplete.text.vocabulary import Vocabulary
from rnncomplete_export.exporting.parity import INT8_TOLERANCE, batched_nats, cut_streams, step_function
from rnncomplete_export.exporting.readme import render_readme
from rnncomplete_export.training.recipe import list_recipes, load_recipe

pytestmark = pytest.mark.slow

CORPORA = Path(os.environ.get("RNNCOMPLETE_CORPORA") or Path(__file__).parents[3] / "shared" / "corpora")
"""Where the texts are that they were trained on, beside the checkout by default."""

FOLDER = shipped_styles_folder()
STYLES = list_recipes()
OF_TEXTS = [style for style in STYLES if load_recipe(style).kind == "text"]

SMALL = 10_000_000
"""Bytes of a style."""

each_style = pytest.mark.parametrize("style", STYLES)


def test_every_recipe_has_its_style() -> None:
    assert sorted(path.parent.name for path in FOLDER.glob("*/card.json")) == STYLES


@each_style
def test_a_style_is_whole_and_small(style: str) -> None:
    card = check_style(FOLDER / style)
    assert 4e6 < card.parameters < (7e6 if card.source is None else 9e6)
    assert sum(path.stat().st_size for path in (FOLDER / style).iterdir()) <= SMALL
    assert card.figures["int8_nats"] - card.figures["float32_nats"] <= INT8_TOLERANCE
    assert card.source or card.figures["ngram_share"] == 1, (
        "the n-gram was counted on all that the network was trained on"
    )
    assert "/" not in card.training["command"], "no path of a machine"


@each_style
def test_the_card_for_people_says_what_the_card_says(style: str) -> None:
    card = read_card(FOLDER / style)
    assert (FOLDER / style / "README.md").read_text(encoding="utf-8") == render_readme(card)
    about = load_recipe(style).about
    assert (card.description, card.corpus["name"]) == (about["description"], about["corpus_name"])
    assert (card.corpus["licence"], card.lexer) == (about["licence"], about.get("lexer"))


@each_style
def test_the_stages_tell_of_about_ten_moments(style: str) -> None:
    card = read_card(FOLDER / style)
    stages = card.stages
    if card.source:
        assert len(stages) >= 8
        assert all(stage["sample"].count("\n") < 8 for stage in stages), "what is written about four sources"
        assert stages[-1]["loss"] < 0.5 * stages[0]["loss"]
        return
    assert 8 <= len(stages) <= 15
    for stage in stages:
        assert len(stage["sample"]) == 400
        assert any(share is not None for share in stage["skills"].values())
    # One that begins with the weights of another style knows words already.
    assert stages[-1]["loss"] < (0.8 if card.training.get("from") else 0.5) * stages[0]["loss"]


@pytest.mark.parametrize("style", OF_TEXTS)
def test_the_network_predicts_the_text_held_out_as_its_card_says(style: str) -> None:
    path = CORPORA / style / "train.txt"
    if not path.is_file():
        pytest.skip(f"the text that {style} was trained on is not at {path}")
    card = read_card(FOLDER / style)
    text = read_text(path)[-card.corpus["validation_characters"] :]
    table = cut_streams(Vocabulary(card.vocabulary).encode(text))
    step = step_function((FOLDER / style / STEP).read_bytes())
    nats = np.mean([batched_nats(step, column[:, None], card.state_size) for column in table.T])
    assert nats == pytest.approx(card.figures["int8_nats"], abs=0.005)


def test_the_network_predicts_translations_held_out_as_its_card_says() -> None:
    path = CORPORA / "english-french" / "val.tsv"
    if not path.is_file():
        pytest.skip(f"the pairs that were held out of english-french are not at {path}")
    model = load_network(FOLDER / "english-french", "cpu")
    newline, lost = model.vocabulary.token("\n"), []
    for row in read_text(path).splitlines()[1:]:
        source, line = row.split("\t")[:2]
        about, state = model.encode(source), model.initial_state
        tokens = model.vocabulary.encode(f"\n{line}\n")
        rows = []
        for token in tokens[:-1].tolist():
            logits, state = model.step(token, state, about)
            rows.append(logits)
        lost.append(nats(np.stack(rows), tokens[1:].astype(np.int64), model.card.temperature) + spelling(tokens[1:]))
        assert tokens[0] == newline
    assert np.concatenate(lost).mean() == pytest.approx(model.card.figures["int8_nats"], abs=0.005)


NAMES = ("Kowalczyk", "Nakamura", "Lindqvist", "Abernathy", "Dubrovsky", "Gallagher", "Ivanova", "Whitcombe", "Svoboda")
"""Of which hardly one is in the pairs trained on."""


def test_a_name_that_a_translation_has_had_comes_back() -> None:
    completer = load_completer("english-french", "cpu")
    options = replace(completer.options, budget_ms=inf)

    def right(first: str) -> int:
        count = 0
        for name in NAMES:
            completer.close()
            completer.open(source=f"Mrs {name} came yesterday.\nI like {name}.\nI have not seen {name} since.")
            before = f"{first.format(name=name)}\nJe n'ai pas vu {name[:3]}"
            count += completer.insist(before, options=options).text.startswith(name[3:])
        return count

    assert right("Mme {name} est venue hier.\nJ'aime bien {name}.") >= 2 * len(NAMES) // 3
    assert right("Elle est venue hier.\nJe l'aime bien.") <= len(NAMES) // 3, "it is the text that has taught them"
