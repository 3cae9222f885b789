"""The likeliest words of a language of a few words, where the likeliest characters lead to none of them."""

from __future__ import annotations

from dataclasses import replace
from math import inf
from typing import TYPE_CHECKING

import numpy as np
import pytest

from rnncomplete.completion.completer import Completer
from rnncomplete.completion.decoder import DecoderOptions
from rnncomplete.completion.ghost_length import EAGERNESS, EAGERNESS_INSIDE, YOUNG, eager_threshold
from rnncomplete.completion.likely_words import WordSearch
from rnncomplete.network.model import Model
from rnncomplete.text.vocabulary import Vocabulary

if TYPE_CHECKING:
    from rnncomplete.network.card import Card
    from rnncomplete.network.model import FloatArray

WORDS = {"to": 0.2, "so": 0.19, "in": 0.18, "ape": 0.08, "ace": 0.08, "ado": 0.08, "aft": 0.08, "axe": 0.06}
"""With a 0.38 is the likeliest character, but to the likeliest word; what is missing to 1 is noise."""


class Language:
    """After a blank each of ``words``, then a blank; the state is the beginning of a word as number of its node."""

    def __init__(self, words: dict[str, float], vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self.nodes = sorted({word[:end] for word in words for end in range(len(word) + 1)})
        self.words = words

    def probabilities(self, beginning: str) -> FloatArray:
        whole = sum(p for word, p in self.words.items() if word.startswith(beginning))
        result = np.full(len(self.vocabulary), (1 - whole if not beginning else 0) / len(self.vocabulary), np.float32)
        for word, p in self.words.items():
            if word.startswith(beginning):
                following = word[len(beginning) :][:1] or " "
                result[self.vocabulary.token(following)] += p / (whole if beginning else 1)
        return result

    def step(self, token: int, state: FloatArray) -> tuple[FloatArray, FloatArray]:
        beginning = self.nodes[int(state[0])] + self.vocabulary.characters[token]
        known = beginning if beginning in self.nodes else ""
        following = state.copy()
        following[0] = self.nodes.index(known)
        return np.log(self.probabilities(known) + 1e-9), following


@pytest.fixture
def vocabulary(tiny_card: Card) -> Vocabulary:
    return Vocabulary(tiny_card.vocabulary)


@pytest.fixture
def completer(tiny_card: Card, vocabulary: Vocabulary) -> Completer:
    options = DecoderOptions(threshold=0.3, budget_ms=inf)
    return Completer(Model(tiny_card, "cpu", Language(WORDS, vocabulary).step), options, static=True)


def test_words_come_in_the_order_of_their_probability(vocabulary: Vocabulary) -> None:
    language = Language(WORDS, vocabulary)
    search: WordSearch[FloatArray, str] = WordSearch(
        lambda token, state: (
            language.probabilities(state + vocabulary.characters[token]),
            state + vocabulary.characters[token],
        ),
        lambda scores: scores,
        vocabulary,
    )
    found = list(search.words(language.probabilities(""), "", 0.07, 10))
    assert [word.text for word in found[:3]] == ["to", "so", "in"]
    assert {word.text for word in found[3:]} == {"ape", "ace", "ado", "aft"}
    assert [word.probability for word in found] == pytest.approx([0.2, 0.19, 0.18, *[0.08] * 4], abs=0.01)
    assert [vocabulary.decode(word.tokens) for word in found] == [word.text for word in found]
    assert list(search.words(language.probabilities(""), "", 0.0, 10, lambda: False)) == []


def test_at_the_beginning_of_a_text_the_likeliest_word_is_shown_sooner(completer: Completer) -> None:
    """At the start of a text hardly a word reaches the threshold, and the first sentence would get no ghost at all."""
    assert completer.complete("so in ").text == "to"
    assert [ghost.text for ghost in completer.grow("so in ")] == ["to"]
    assert completer.complete("so in " * 40).text == "", "a text that is long enough is judged by the threshold alone"
    assert completer.complete("so in ", options=replace(completer.options, threshold=0.5, whole_words=False)).text == ""


def test_asking_brings_the_likeliest_word_and_not_the_likeliest_characters(completer: Completer) -> None:
    assert completer.insist("so in " * 40).text == "to"


def test_alternatives_are_other_words_each_likely(completer: Completer) -> None:
    ghosts = completer.alternatives("so in " * 40, 20)
    assert [ghost.text for ghost in ghosts[:3]] == ["to", "so", "in"]
    assert {ghost.text for ghost in ghosts} == set(WORDS)
    assert [ghost.text for ghost in completer.alternatives("so in t", 5)] == ["o"], "there is no other word"


def test_behind_a_whole_word_a_new_one_is_shown_as_soon_as_behind_its_blank() -> None:
    assert eager_threshold(0.4, "to", " work") == eager_threshold(0.4, "to ", "work") == 0.4 / EAGERNESS
    assert eager_threshold(0.4, "to", "tal") == 0.4 / EAGERNESS_INSIDE


@pytest.mark.parametrize(("text", "eagerness"), [("a ", EAGERNESS), ("ab", EAGERNESS_INSIDE)])
def test_the_threshold_grows_with_the_text(text: str, eagerness: int) -> None:
    at = [eager_threshold(0.4, text * length) for length in range(1, YOUNG)]
    assert at == sorted(at)
    assert at[0] == 0.4 / eagerness
    assert at[YOUNG // 2] == at[-1] == 0.4
