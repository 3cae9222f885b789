"""Greedy decoding over a fake that knows one sentence by heart."""

from __future__ import annotations

from itertools import count
from math import inf
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from rnncomplete.completion.decoder import Decoder, DecoderOptions, Ghost, LogitChoice, decide
from rnncomplete.text.vocabulary import UNKNOWN_CHARACTER, Vocabulary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rnncomplete.network.model import FloatArray

VOCABULARY = Vocabulary((UNKNOWN_CHARACTER, *"\n ,.abcdefghijklmnopqrstuvwxyz", "\x1b"))


class Reciter:
    """After k characters expects the k-th of ``sentence`` with the k-th of ``probabilities``; the state is k."""

    def __init__(self, sentence: str, probabilities: list[float]) -> None:
        self.sentence, self.probabilities, self.steps = sentence, probabilities, 0

    def logits(self, position: int) -> FloatArray:
        probability = self.probabilities[position]
        logits = np.full(len(VOCABULARY), np.log((1 - probability) / (len(VOCABULARY) - 1) + 1e-30), np.float32)
        logits[VOCABULARY.token(self.sentence[position])] = np.log(probability)
        return logits

    def __call__(self, token: int, state: int) -> tuple[FloatArray, int]:
        self.steps += 1
        assert VOCABULARY.characters[token] == self.sentence[state], "the decoder feeds what it chose"
        return self.logits(state + 1), state + 1

    def ghosts(
        self, wanted: Callable[[], bool] = lambda: True, clock: Iterator[float] | None = None, **options: Any
    ) -> list[Ghost]:
        ticks = clock or count(0, 0)
        decoder = Decoder(self, LogitChoice(VOCABULARY).choose, VOCABULARY, clock=lambda: float(next(ticks)))
        return [*decoder.grow(self.logits(0), 0, DecoderOptions(**{"budget_ms": inf, **options}), wanted)]


SENTENCE = "er, and the mother of all "
SURE = [0.99] * len(SENTENCE)


def test_ends_where_the_joint_probability_falls_below_the_threshold() -> None:
    reciter = Reciter("abcdef", [0.9, 0.9, 0.5, 0.9, 0.9, 0.9])
    ghost = reciter.ghosts(threshold=0.4, whole_words=False)[-1]
    assert ghost.text == "abc"
    assert ghost.probabilities == pytest.approx((0.9, 0.9, 0.5), rel=1e-3)
    assert ghost.stopped == "confidence"


def test_is_cut_back_to_the_end_of_a_word() -> None:
    probabilities = [*SURE]
    probabilities[SENTENCE.index("other")] = 0.05
    ghost = Reciter(SENTENCE, probabilities).ghosts(threshold=0.3)[-1]
    assert (ghost.text, ghost.blank, ghost.spelled_out) == ("er, and the", " ", "er, and the ")
    assert len(ghost.probabilities) == len(ghost.text)


def test_keeps_a_word_that_the_next_character_ends_though_that_is_unlikely() -> None:
    probabilities = [*SURE]
    probabilities[SENTENCE.index(" mother")] = 0.05
    assert Reciter(SENTENCE, probabilities).ghosts(threshold=0.3)[-1].text == "er, and the"


def test_grows_by_the_first_word() -> None:
    ghosts = Reciter(SENTENCE, SURE).ghosts(length=17)
    assert [ghost.text for ghost in ghosts] == ["er", "er, and the"]
    assert ghosts[-1].stopped == "length"


def test_no_step_is_done_for_a_character_that_is_not_needed() -> None:
    reciter = Reciter(SENTENCE, SURE)
    assert len(reciter.ghosts(length=5, whole_words=False, threshold=0)[-1].text) == 5
    assert reciter.steps == 4


def test_is_abandoned_at_the_next_character() -> None:
    reciter, asked = Reciter(SENTENCE, SURE), count(1)
    ghosts = reciter.ghosts(wanted=lambda: next(asked) < 3)
    assert ghosts == [Ghost("", (), "abandoned")], "nor is a word shown that was ended by a character nobody wants"
    assert reciter.steps == 2


def test_ends_when_its_time_is_over() -> None:
    clock = count(0, 0.001)
    ghost = Reciter(SENTENCE, SURE).ghosts(clock=clock, budget_ms=8.5)[-1]
    assert ghost.stopped == "time"
    assert ghost.text == "er, and"


@pytest.mark.parametrize("index", [0, VOCABULARY.token("\x1b")])
def test_never_suggests_what_may_not_be_shown(index: int) -> None:
    logits = np.zeros(len(VOCABULARY), np.float32)
    logits[index] = 20
    logits[VOCABULARY.token("q")] = 2
    choice = LogitChoice(VOCABULARY)
    decoder: Decoder[Any, int] = Decoder(lambda token, state: (logits, state), choice.choose, VOCABULARY)
    token, probability = choice.choose(logits)
    assert VOCABULARY.characters[token] == "q"
    assert probability < 1e-6, "the share of what may not be shown is not given to others"
    assert [*decoder.grow(logits, 0, DecoderOptions())] == [Ghost("", (), "confidence")]


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_probabilities_are_the_softmax_at_the_temperature(temperature: float) -> None:
    logits = np.random.default_rng(3).normal(0, 30, len(VOCABULARY)).astype(np.float32)
    choice = LogitChoice(VOCABULARY, temperature)
    exponentials = np.exp(logits.astype(np.float64) / temperature)
    token, probability = choice.choose(logits)
    assert probability == pytest.approx(exponentials[token] / exponentials.sum(), rel=1e-5)
    shares = [choice.choose(logits, token)[1] for token in range(len(VOCABULARY))]
    assert sum(shares) == pytest.approx(1, abs=1e-5)


def test_a_ghost_does_not_repeat_itself() -> None:
    sentence = " radius" * 6
    ghost = Reciter(sentence, [0.99] * len(sentence)).ghosts(length=len(sentence) - 1)[-1]
    assert ghost.text == " radius radius"


@pytest.mark.parametrize("sentence", ["\n\n  the", "a the"])
def test_what_is_not_worth_a_key_is_not_shown(sentence: str) -> None:
    length = len(sentence) - 1  # so that the word is cut off
    assert Reciter(sentence, [0.99] * len(sentence)).ghosts(length=length if sentence[0] == "\n" else 1)[-1].text == ""


def test_what_fits_is_shown_of_a_word_that_is_longer_than_a_ghost() -> None:
    sure = [0.99] * 12
    assert Reciter("acgtacgtacgt", sure).ghosts(length=3)[-1].text == "acg"
    assert Reciter(" cgtacgtacgt", sure).ghosts(length=4)[-1].text == " cgt"
    assert Reciter("acgtacgtacgt", [0.99, 0.1] * 6).ghosts(length=3)[-1].text == "", "if it is likely"
    marks = zip("aaa\u0e48\u0e49", [0.9] * 5, strict=True)
    assert [*decide(marks, DecoderOptions(length=4, budget_ms=inf))][-1].text == "aa", "and only whole characters"
