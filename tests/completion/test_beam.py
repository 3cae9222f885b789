"""A beam finds the likeliest line, which the likeliest characters may miss."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnncomplete.completion.beam import likeliest_line
from rnncomplete.text.vocabulary import UNKNOWN_CHARACTER, Vocabulary

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rnncomplete.network.model import FloatArray

VOCABULARY = Vocabulary((UNKNOWN_CHARACTER, "\n", "a", "b"))
LONGEST = 4


class Table:
    """A network that has a row of logits for each beginning; its state is the number of the beginning."""

    def __init__(self, seed: int, scale: float = 3.0) -> None:
        self._generator, self._scale = np.random.default_rng(seed), scale
        self._numbers: dict[tuple[int, ...], int] = {}
        self._rows: list[FloatArray] = []
        self._beginnings: list[tuple[int, ...]] = []
        self.batches: list[int] = []
        self.number(())

    def number(self, beginning: tuple[int, ...]) -> int:
        if beginning not in self._numbers:
            self._numbers[beginning] = len(self._rows)
            self._rows.append((self._scale * self._generator.normal(size=4)).astype(np.float32))
            self._beginnings.append(beginning)
        return self._numbers[beginning]

    def __call__(self, tokens: NDArray[np.int64], states: FloatArray) -> tuple[FloatArray, FloatArray]:
        self.batches.append(len(tokens))
        read = [
            () if token == 1 else (*self._beginnings[int(state)], token)
            for token, state in zip(tokens.tolist(), states[:, 0].tolist(), strict=True)
        ]
        numbers = [self.number(beginning) for beginning in read]
        return np.stack([self._rows[number] for number in numbers]), np.array(numbers, np.float32)[:, None]

    def nats(self, text: str) -> float:
        """Of a line and its end."""
        tokens, total = VOCABULARY.encode(text).tolist(), 0.0
        for place, token in enumerate([*tokens, 1]):
            row = self._rows[self.number(tuple(tokens[:place]))].astype(np.float64)
            total += float(np.log(np.exp(row).sum()) - row[token])
        return total


LINES = ["".join(letters) for length in range(LONGEST + 1) for letters in itertools.product("ab", repeat=length)]


@given(st.integers(0, 500), st.sampled_from([0.0, 0.5, 1.0]))
def test_a_wide_beam_finds_the_likeliest_line_of_all(seed: int, alpha: float) -> None:
    table = Table(seed)
    for line in LINES:
        table.nats(line)
    found = likeliest_line(table, np.zeros(1, np.float32), VOCABULARY, beam=len(LINES), longest=LONGEST, alpha=alpha)
    best = min(LINES, key=lambda line: table.nats(line) / ((5 + len(line)) / 6) ** alpha)
    assert found.text == best
    assert found.nats == pytest.approx(table.nats(best), abs=1e-4)
    assert found.nats_per_character == pytest.approx(found.nats / (len(best) + 1))


@given(st.integers(0, 500))
def test_a_beam_of_one_takes_the_likeliest_character_each_time(seed: int) -> None:
    table = Table(seed)
    found = likeliest_line(table, np.zeros(1, np.float32), VOCABULARY, beam=1, longest=LONGEST)
    text = ""
    while len(text) < LONGEST:
        row = table._rows[table.number(tuple(VOCABULARY.encode(text).tolist()))].copy()
        row[0] = -np.inf
        if row.argmax() == 1:
            break
        text += VOCABULARY.characters[int(row.argmax())]
    assert found.text == text


@given(st.integers(0, 200), st.integers(1, 6))
def test_no_more_lines_are_tried_side_by_side_than_the_beam_has(seed: int, beam: int) -> None:
    table = Table(seed)
    found = likeliest_line(table, np.zeros(1, np.float32), VOCABULARY, beam=beam, longest=LONGEST)
    assert max(table.batches) <= beam
    assert len(found.text) <= LONGEST
    assert UNKNOWN_CHARACTER not in found.text


def test_a_longer_line_is_forgiven_its_length() -> None:
    def step(tokens: NDArray[np.int64], states: FloatArray) -> tuple[FloatArray, FloatArray]:
        # Behind three letters there must be an end; before, an end has a third and a letter two.
        logits = np.log(np.array([[1e-9, 1 / 3, 2 / 3, 1e-9]] * len(tokens), np.float32))
        after = states + (tokens != 1)[:, None]
        logits[after[:, 0] >= 3] = np.log(np.array([1e-9, 1, 1e-9, 1e-9], np.float32))
        return logits, after

    texts = [
        likeliest_line(step, np.zeros(1, np.float32), VOCABULARY, beam=4, longest=9, alpha=alpha).text
        for alpha in (0.0, 1.0)
    ]
    assert texts == ["", "aaa"]
