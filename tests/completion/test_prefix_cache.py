"""A cached reading is exactly a reading from the start, in few steps and bounded memory."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncomplete.completion.prefix_cache import PrefixCache
from rnncomplete.network.loading import load_network

if TYPE_CHECKING:
    from pathlib import Path

    from rnncomplete.network.model import FloatArray


NOTHING: tuple[int, ...] = ()


class Counter:
    """A network whose state is all that it has read, and which counts its steps."""

    def __init__(self) -> None:
        self.steps = 0

    def __call__(self, token: int, state: tuple[int, ...]) -> tuple[FloatArray, tuple[int, ...]]:
        self.steps += 1
        return np.array([token, len(state)], np.float32), (*state, token)


edits = st.lists(
    st.tuples(
        st.sampled_from(["insert", "delete", "move"]), st.integers(0, 60), st.text("ab", min_size=1, max_size=30)
    ),
    max_size=40,
)


def apply(text: str, cursor: int, edit: tuple[str, int, str]) -> tuple[str, int]:
    kind, amount, inserted = edit
    if kind == "insert":
        return text[:cursor] + inserted + text[cursor:], cursor + len(inserted)
    if kind == "delete":
        start = max(0, cursor - amount)
        return text[:start] + text[cursor:], start
    return text, min(amount, len(text))


@given(edits, st.integers(1, 20), st.integers(1, 4), st.integers(1, 5))
def test_any_edits_give_the_state_of_reading_from_the_start(
    edits: list[tuple[str, int, str]], dense: int, checkpoints: int, distance: int
) -> None:
    cache = PrefixCache(Counter(), NOTHING, dense=dense, checkpoints=checkpoints, distance=distance)
    text, cursor = "", 0
    for edit in edits:
        text, cursor = apply(text, cursor, edit)
        tokens = tuple(map(ord, text[:cursor]))
        if tokens:
            reading = cache.read(tokens)
            assert reading is not None
            assert reading[1] == tokens
            assert reading[0].tolist() == [tokens[-1], len(tokens) - 1]
        assert len(cache) <= dense + checkpoints


def test_any_edits_give_the_same_bits_with_a_real_graph(tiny_style: Path) -> None:
    model = load_network(tiny_style, "cpu")
    fresh: dict[str, FloatArray] = {}

    def from_the_start(text: str) -> FloatArray:
        state = model.initial_state
        for token in model.vocabulary.encode(text).tolist():
            logits, state = model.step(token, state)
        return logits

    @settings(max_examples=30)
    @given(edits)
    def check(edits: list[tuple[str, int, str]]) -> None:
        cache = PrefixCache(model.step, model.initial_state, dense=8, checkpoints=4, distance=4)
        text, cursor = "", 0
        for edit in edits:
            text, cursor = apply(text, cursor, edit)
            before = text[:cursor]
            if before:
                reading = cache.read(model.vocabulary.encode(before))
                assert reading is not None
                if before not in fresh:
                    fresh[before] = from_the_start(before)
                assert reading[0].tobytes() == fresh[before].tobytes()

    check()


def test_a_key_costs_one_step_a_backspace_and_a_repetition_none() -> None:
    network = Counter()
    cache = PrefixCache(network, NOTHING)
    text = list(range(300))
    cache.read(text)
    assert network.steps == 300
    cache.read([*text, 7])
    assert network.steps == 301
    cache.read(text)
    cache.read(text[:-100])
    cache.read([*text, 7])
    assert network.steps == 301


def test_an_edit_in_the_middle_reads_on_from_the_nearest_position_kept() -> None:
    network = Counter()
    cache = PrefixCache(network, NOTHING, dense=100, checkpoints=64, distance=32)
    text = list(range(2000))
    cache.read(text)
    network.steps = 0
    cache.read([*text[:1000], 5])
    assert network.steps <= 32 + 1


def test_memory_is_bounded_for_any_length() -> None:
    cache = PrefixCache(Counter(), NOTHING, dense=10, checkpoints=8, distance=2)
    for length in range(1, 200, 7):
        cache.read(list(range(length)))
        assert len(cache) <= 18


def test_reading_stops_at_once_and_goes_on_where_it_stopped() -> None:
    network = Counter()
    cache = PrefixCache(network, NOTHING)
    asked = count()
    assert cache.read(range(100), lambda: next(asked) < 40) is None
    assert network.steps == 40
    reading = cache.read(range(100))
    assert reading is not None
    assert network.steps == 100


def test_states_are_not_changed(tiny_style: Path) -> None:
    model = load_network(tiny_style, "cpu")
    cache = PrefixCache(model.step, model.initial_state)
    first = cache.read([1, 2, 3])
    assert first is not None
    kept = [array.copy() for array in first]
    cache.read([1, 2, 3, 4, 5])
    assert all(np.array_equal(now, then) for now, then in zip(first, kept, strict=True))


def test_nothing_is_predicted_before_the_first_character() -> None:
    with pytest.raises(ValueError, match="first character"):
        PrefixCache(Counter(), NOTHING).read([])
