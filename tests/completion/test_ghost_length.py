"""How much of a ghost is shown, against sums written out by hand and a person who types at random."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnncomplete.completion.ghost_length import best_length, smallest_joint
from rnncomplete.measure.typing_simulation import simulate_typing

if TYPE_CHECKING:
    from collections.abc import Sequence
from rnncomplete.text.words import cut_places

probabilities = st.floats(0.3, 1)


def shown(text: str, likely: Sequence[float], threshold: float = 0.25, following: str = "") -> str:
    return text[: best_length(text, likely, threshold, following)]


def test_all_of_a_sure_ghost_is_shown_up_to_where_a_word_may_go_on() -> None:
    assert shown("er, and the mo", [1.0] * 14) == "er, and the "
    assert shown("er, and the mo", [1.0] * 14, following=" ") == "er, and the mo"
    assert shown("er, and the mo", [1.0] * 14, following="s") == "er, and the "


@pytest.mark.parametrize("text", ["", "a", " ", "\n\n  ", "word"])
def test_what_is_not_worth_reaching_for_a_key_is_not_shown(text: str) -> None:
    assert shown(text, [1.0] * len(text)) == ""


def test_nothing_is_shown_whose_first_word_is_less_likely_than_the_threshold() -> None:
    likely = [0.5, 1, 1, 1, 1, 1]
    assert shown("being ", likely, 0.5) == "being "
    assert shown("being ", likely, 0.51) == ""


def test_the_first_word_is_the_first_that_can_be_accepted() -> None:
    # The comma alone spares nothing, so it is the word behind it that has to be likely.
    assert shown(",and ", [0.9, 0.6, 1, 1, 1], 0.6) == ""
    assert shown(",and ", [0.9, 0.7, 1, 1, 1], 0.6) == ",and "


def test_a_word_is_left_out_that_costs_more_than_it_spares() -> None:
    # Four sure keystrokes for "once "; for "once more " nine or three: equal at 1/6, without a price.
    assert shown("once more ", [1, 1, 1, 1, 1, 1 / 6 + 0.01, 1, 1, 1, 1], 1e-9) == "once more "
    assert shown("once more ", [1, 1, 1, 1, 1, 1 / 6 - 0.01, 1, 1, 1, 1], 1e-9) == "once "
    # The price of five characters that are wrong more often than not.
    assert shown("once more ", [1, 1, 1, 1, 1, 1 / 6 + 0.01, 1, 1, 1, 1], 0.25) == "once "
    assert shown("once more ", [1, 1, 1, 1, 1, 1 / 6 + 0.15, 1, 1, 1, 1], 0.25) == "once more "


@given(st.text("ab ,\n", min_size=1, max_size=20), st.lists(probabilities, min_size=20, max_size=20), st.floats(0, 1))
def test_a_surer_person_never_sees_more(text: str, likely: list[float], threshold: float) -> None:
    lengths = [best_length(text, likely[: len(text)], t, " ") for t in (threshold, (1 + threshold) / 2, 1.0)]
    assert lengths == sorted(lengths, reverse=True)


@given(
    st.text("ab ,\n", min_size=1, max_size=20), st.lists(probabilities, min_size=20, max_size=20), st.floats(0.05, 1)
)
def test_below_the_smallest_joint_probability_only_a_word_begun_is_finished(
    text: str, likely: list[float], threshold: float
) -> None:
    joint = np.cumprod(likely[: len(text)])
    enough = int((joint >= smallest_joint(threshold)).sum())
    end = min((place for place in cut_places(text, " ") if place >= enough), default=enough)
    assert best_length(text, likely[: len(text)], threshold, " ") <= end


def test_the_keystrokes_expected_are_those_that_the_simulation_counts() -> None:
    """Where a ghost breaks off at random by its probabilities, its worth without a price is what it spares."""
    text, step = "once more unto ", 0.9
    chooser, spared, rounds = random.Random(1), 0, 4000
    for _ in range(rounds):
        right = next((index for index in range(len(text)) if chooser.random() > step), len(text))
        typed = "." + (text if right == len(text) else text[:right] + "#" * (len(text) - right))
        spared += len(typed) - simulate_typing(typed, lambda before: text if before == "." else "").keys
    joint = [step**count for count in range(1, len(text) + 1)]
    last = joint[-1]
    ends = ((4, 4), (9, 5), (14, 5))  # a blank belongs to the word behind it
    expected = last * 14 + sum((joint[end - 1] - last) * (length - 1) for end, length in ends)
    assert spared / rounds == pytest.approx(expected, rel=0.05)
