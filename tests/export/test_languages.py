"""Writing of many kinds is trained on, completed and accepted by word, and comes back as it was."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from math import inf
from typing import TYPE_CHECKING

import numpy as np
import pytest

from rnncomplete.completion.completer import Completer, load_completer
from rnncomplete.measure.evaluation import evaluate
from rnncomplete.network.loading import read_card
from rnncomplete.text.characters import NORMALISATIONS, UNKNOWN_CHARACTER
from rnncomplete.text.vocabulary import Vocabulary
from rnncomplete.text.words import next_word
from rnncomplete_export.checkpoint import vocabulary_of
from rnncomplete_export.texts.corpus import build_corpus

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.slow

DECOMPOSED = unicodedata.normalize("NFD", "L'\u00e9t\u00e9 \u00e0 la for\u00eat est l\u00e9ger.")
SENTENCES = {
    "persian": "\u0645\u0646 \u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645 \u0628\u0647 \u062e\u0627\u0646\u0647 \u0645\u06cc\u200c\u0631\u0648\u0645.",
    "hindi": "\u092f\u0939 \u092e\u0947\u0930\u0940 \u0905\u091a\u094d\u091b\u0940 \u0915\u093f\u0924\u093e\u092c \u0939\u0948.",
    "thai": "\u0e41\u0e21\u0e48\u0e19\u0e49\u0e33\u0e19\u0e35\u0e49\u0e2a\u0e27\u0e22 \u0e41\u0e25\u0e30\u0e40\u0e22\u0e47\u0e19.",
    "korean": "\ub098\ub294 \ud55c\uad6d\uc5b4\ub97c \uc4f4\ub2e4.",
    "french": DECOMPOSED,
    "emoji": "Us: \U0001f468\u200d\U0001f469\u200d\U0001f467 like it \U0001f44d\U0001f3fd so much \u2764\ufe0f.",
}


@pytest.fixture(scope="module")
def style(
    tmp_path_factory: pytest.TempPathFactory, run_rnncomplete: Callable[..., subprocess.CompletedProcess[str]]
) -> Path:
    """A style of all those sentences, again and again, and of a form feed now and then."""
    folder = tmp_path_factory.mktemp("languages")
    text = "".join(f"{sentence}\n" for sentence in SENTENCES.values()) + "\f"
    (folder / "all.txt").write_text(text * 150, encoding="utf-8")
    small = ["--hidden-size", 32, "--embedding-size", 8, "--batch", 8, "--window", 20]
    result = run_rnncomplete(
        "train", "all.txt", "--style", "all", "--characters", 60_000, *small, "--no-install", cwd=folder
    )
    assert result.returncode == 0, result.stderr
    assert "read as the unknown character: U+000C (150 times)" in result.stderr
    return folder / "runs" / "all" / "style" / "all"


@pytest.fixture(scope="module")
def completer(style: Path) -> Completer:
    completer = load_completer(str(style), "cpu", budget_ms=inf)
    completer.options = replace(completer.options, budget_ms=inf, threshold=0.1)
    return completer


@pytest.mark.parametrize("name", SENTENCES)
def test_a_sentence_comes_back_as_it_was_word_by_word(completer: Completer, name: str) -> None:
    sentence = unicodedata.normalize("NFC", SENTENCES[name])
    start = sentence[: sentence.index(" ")]
    before = "\n".join([*SENTENCES.values(), start])
    written, accepted = start, 0
    while written != sentence:
        ghost = completer.complete(before + written[len(start) :]).text
        assert ghost, f"nothing after {written!r}"
        word = next_word(ghost)
        assert sentence.startswith(written + word)
        following = sentence[len(written + word) :][:1]
        assert not following or unicodedata.category(following)[0] != "M", "no character is cut"
        written += word
        accepted += len(word) > 1
    assert accepted >= 2


def test_what_is_composed_and_what_is_not_are_the_same_to_the_network(style: Path, completer: Completer) -> None:
    card = read_card(style)
    assert card.normalisation == NORMALISATIONS
    assert "\u0301" not in card.vocabulary
    assert {"\u00e9", "\u200c", "\u200d", "\ufe0f"} <= set(card.vocabulary)
    composed = unicodedata.normalize("NFC", DECOMPOSED)
    assert composed != DECOMPOSED
    one, other = (evaluate(completer.fresh(), [text], typed=0) for text in (DECOMPOSED, composed))
    assert one.nats_per_character == other.nats_per_character
    assert one.unknown_characters == 0
    assert (
        completer.read(DECOMPOSED[:6])[0].tolist()
        == completer.read(unicodedata.normalize("NFC", DECOMPOSED[:6]))[0].tolist()
    )


def test_a_network_of_an_earlier_version_reads_as_it_always_did(tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text(DECOMPOSED * 90, encoding="utf-8")
    earlier = vocabulary_of({"vocabulary": [UNKNOWN_CHARACTER, *sorted(set(DECOMPOSED))]})
    assert earlier.normalisation == ("line-ends",)
    before = build_corpus([tmp_path / "text.txt"], tmp_path / "before", known=earlier)
    now = build_corpus([tmp_path / "text.txt"], tmp_path / "now")
    assert before.vocabulary == earlier
    assert before.characters == len(DECOMPOSED) * 90
    assert now.characters == len(unicodedata.normalize("NFC", DECOMPOSED)) * 90
    known = Vocabulary(now.vocabulary.characters, NORMALISATIONS)
    assert np.array_equal(now.tokens, known.encode(known.normalise(DECOMPOSED * 90)))
