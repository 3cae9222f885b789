from __future__ import annotations

import itertools
import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prompt_toolkit.auto_suggest import AutoSuggestFromHistory
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.document import Document
from prompt_toolkit.history import InMemoryHistory

from rnncomplete.measure.peers.frequency import FrequencyPeer
from rnncomplete.measure.peers.history import HistoryPeer
from rnncomplete.measure.peers.ngram import KneserNey, losses_of_orders

LINES = st.lists(st.text("ab c", min_size=1, max_size=6), max_size=8)


@given(lines=LINES, typed=st.text("ab c\n", max_size=10))
def test_the_history_peer_shows_what_prompt_toolkit_shows(lines: list[str], typed: str) -> None:
    history = InMemoryHistory(lines)
    buffer = Buffer(history=history)
    list(history.load_history_strings())
    for line in lines:
        history.append_string(line)
    peer = HistoryPeer(lines)
    for end in range(len(typed) + 1):
        suggestion = AutoSuggestFromHistory().get_suggestion(buffer, Document(typed[:end]))
        assert peer(typed[:end]) == (suggestion.text if suggestion else "")


def test_the_frequency_peer_shows_the_rest_of_the_most_frequent_word() -> None:
    peer = FrequencyPeer(Counter({"there": 3, "the": 9, "then": 3, "thing": 5}))
    assert peer("and th") == "e"
    assert peer("and the") == "n"
    assert peer("and thi") == "ng"
    assert peer("and ") == ""
    assert peer("thing") == ""
    assert peer("xyz") == ""


def test_a_unigram_gives_discounted_shares() -> None:
    model = KneserNey(np.array([0, 0, 0, 0, 1, 1, 1, 2]), 4, 1)
    found = model.probabilities(model.initial_state)
    assert found.sum() == pytest.approx(1)
    assert found[0] > found[1] > found[2] > found[3] > 0


def test_a_bigram_by_hand() -> None:
    text = "ababa" + "bac"
    tokens = np.array(["abc".index(character) for character in text])
    model = KneserNey(tokens, 3, 2)
    counts = Counter(itertools.pairwise(text))
    assert counts == {("a", "b"): 3, ("b", "a"): 3, ("a", "c"): 1}
    after_a = model.probabilities(model.next_state(0, model.initial_state))
    # One bigram is seen once, none twice or four times: the ratio is 1, the discounts 1 and 3, less the 0.05 to be left.
    once, thrice = 0.95, 2.95
    left = (once + thrice) / 4
    # Continuations: a follows 1 character, b follows 1, c follows 1: the unigram level discounts each by 0.95 of 1.
    lower = (1 - 0.95) / 3 + 0.95 * (1 / 3)
    assert after_a[1] == pytest.approx((3 - thrice) / 4 + left * lower, abs=1e-6)
    assert after_a[2] == pytest.approx((1 - once) / 4 + left * lower, abs=1e-6)
    assert after_a[0] == pytest.approx(left * lower, abs=1e-6)


@given(
    tokens=st.lists(st.integers(0, 3), min_size=2, max_size=60),
    test=st.lists(st.integers(0, 4), min_size=2, max_size=20),
    order=st.integers(1, 6),
)
def test_probabilities_sum_to_one_and_losses_are_theirs(tokens: list[int], test: list[int], order: int) -> None:
    model = KneserNey(np.array(tokens), 5, order)
    state = model.next_state(test[0], model.initial_state)
    total = 0.0
    for token in test[1:]:
        probabilities = model.probabilities(state)
        assert probabilities.sum() == pytest.approx(1, abs=1e-5)
        assert probabilities.min() > 0
        total -= math.log(probabilities[token])
        state = model.next_state(token, state)
    assert len(state) <= order
    losses = model.losses(np.array(test))
    assert losses[-1] == pytest.approx(total / (len(test) - 1), rel=1e-4)
    said: list[int] = []
    np.testing.assert_array_equal(losses_of_orders(np.array(tokens), np.array(test), 5, order, said.append), losses)
    assert said == list(range(1, model.order + 1))


def test_longer_contexts_help_on_a_text_that_repeats() -> None:
    tokens = np.array([ord(character) - 32 for character in "the quick brown fox jumps over the lazy dog. " * 30])
    losses = KneserNey(tokens[:-200], 96, 8).losses(tokens[-200:])
    assert losses[5] < 0.3 < losses[0]
