from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from rnncomplete.completion.completer import load_completer
from rnncomplete.measure.peers.ngram import KneserNey
from rnncomplete.measure.threshold_tuning import CANDIDATES
from rnncomplete.network.loading import read_card
from rnncomplete_export.exporting.comparison import counted_on, ngram_figures, tell, tuned_threshold
from rnncomplete_export.exporting.effort import effort_after
from rnncomplete_export.network.measure import sampled

if TYPE_CHECKING:
    from pathlib import Path


def test_the_best_order_is_taken_and_a_long_text_counted_in_part() -> None:
    text = np.array([1, 2, 3, 1, 2, 4] * 400, np.uint16)
    said: list[str] = []
    figures = ngram_figures(text[:-200], text[-200:], 5, most=10_000, advance=said.append)
    losses = KneserNey(text[:-200], 5, 20).losses(text[-200:])
    assert figures["ngram_nats"] == pytest.approx(losses.min(), abs=1e-5)
    assert figures["ngram_order"] == losses.argmin() + 1 >= 4, "three characters tell what comes next"
    assert figures["ngram_share"] == 1
    assert counted_on(figures) == "all 2,200 characters trained on"
    assert len(said) == len(set(said)) == 20
    figures = ngram_figures(text[:-200], text[-200:], 5, most=110)
    assert figures["ngram_characters"] == 110
    assert sampled(np.arange(100, dtype=np.uint16), 12, 3).tolist() == [
        *range(4),
        *range(48, 52),
        *range(96, 100),
    ]
    assert counted_on(figures) == "110 characters, 5 % of those trained on"


@pytest.mark.slow
def test_the_card_has_the_figures_of_the_ngram_and_of_typing(trained: Path) -> None:
    style = trained / "runs" / "sea" / "style" / "sea"
    figures = read_card(style).figures
    assert read_card(style).threshold in CANDIDATES
    assert figures["ngram_characters"] == 57_000
    assert 0 < figures["ngram_nats"] < figures["nats_per_character"], "the network of the tests is tiny"
    assert figures["typed_characters"] == effort_after(read_card(style).training["seconds"], 30).typed == 1_000
    assert 0 < figures["keystrokes_saved"] < 1
    page = (style / "README.md").read_text(encoding="utf-8")
    assert f"| {figures['ngram_nats']:.4f} |" in page


def test_what_is_told_after_a_training_is_honest() -> None:
    figures = {"ngram_order": 7, "ngram_characters": 900, "keystrokes_saved": 0.25, "typed_characters": 3000}
    better = tell({**figures, "nats_per_character": 0.9, "ngram_nats": 1.0})
    assert "10.0 % below" in better
    assert "25.0 % of the keys" in better
    assert "0.8000; it is better than the network" in tell({**figures, "nats_per_character": 0.9, "ngram_nats": 0.8})
    assert "n-gram" not in tell({"keystrokes_saved": 0.25, "typed_characters": 3000, "nats_per_character": 1.0})


def test_the_threshold_is_one_of_those_that_were_tried(tiny_style: Path) -> None:
    completer = load_completer(str(tiny_style), "cpu")
    tokens = completer.model.vocabulary.encode("some words to type, and more. " * 40).astype(np.uint16)
    assert tuned_threshold(completer, tokens, session=300) in CANDIDATES
