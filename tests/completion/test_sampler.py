"""Sampling follows the distribution, the temperature and the seed."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from rnncomplete.completion.sampler import sample
from rnncomplete.text.vocabulary import UNKNOWN_CHARACTER, Vocabulary

if TYPE_CHECKING:
    from rnncomplete.network.model import FloatArray

VOCABULARY = Vocabulary((UNKNOWN_CHARACTER, "a", "b", "\x1b"))
LOGITS = np.log(np.array([0.4, 0.3, 0.1, 0.2], np.float32))


def draw(number: int, **options: Any) -> str:
    def step(token: int, state: int) -> tuple[FloatArray, int]:
        return LOGITS, state

    return "".join(
        islice(sample(step, LOGITS, 0, VOCABULARY, **{"temperature": 1.0, "min_p": 0.0, "seed": 5} | options), number)
    )


def test_draws_in_proportion_and_only_what_may_be_shown() -> None:
    counts = Counter(draw(4000))
    assert set(counts) == {"a", "b"}
    assert abs(counts["a"] / 4000 - 0.75) < 0.03


def test_the_same_seed_writes_the_same_text() -> None:
    assert draw(100) == draw(100)
    assert draw(100) != draw(100, seed=6)


def test_temperature_zero_takes_the_likeliest_and_low_ones_nearly_always() -> None:
    assert draw(50, temperature=0) == "a" * 50
    assert Counter(draw(1000, temperature=0.25))["a"] > 960


def test_what_is_less_likely_than_the_floor_is_never_written_whatever_the_temperature() -> None:
    assert set(draw(500, temperature=20, min_p=0.4)) == {"a"}
    assert set(draw(500, temperature=20, min_p=0.3)) == {"a", "b"}
