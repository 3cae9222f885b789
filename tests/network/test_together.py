"""Calls that run side by side, and take their steps together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tiny_readout import readout_card, write_readout_style

from rnncomplete.completion.completer import Completer
from rnncomplete.network.loading import load_network
from rnncomplete.network.together import Together

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rnncomplete.network.card import Card
    from rnncomplete.network.model import FloatArray, Model

pytest.importorskip("greenlet")


@pytest.fixture
def model(tiny_style: Path) -> Model:
    return load_network(tiny_style, "cpu")


def reading(model: Model, text: str) -> Callable[[], FloatArray]:
    def read() -> FloatArray:
        state, logits = model.initial_state, None
        for token in model.vocabulary.encode(text):
            logits, state = model.step(int(token), state)
        assert logits is not None, "there is no text"
        return logits

    return read


def test_calls_get_what_they_would_alone_with_as_many_steps_as_the_longest_has(
    model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = ["to be", "or not", "to", "that is the question"]
    alone = [reading(model, text)() for text in texts]
    sizes: list[int] = []
    true = model.step_batch

    def counted(tokens: Any, states: Any) -> Any:
        sizes.append(len(tokens))
        return true(tokens, states)

    monkeypatch.setattr(model, "step_batch", counted)
    together = Together(model)
    found = together.run([reading(together.model, text) for text in texts])
    for one, other in zip(found, alone, strict=True):
        assert isinstance(one, np.ndarray)
        np.testing.assert_allclose(one, other, atol=0.1)  # int8 is rounded by what stands beside it
    assert sizes == [4, 4, 3, 3, 3, 2]  # and the rest of the longest alone


def test_one_that_fails_leaves_the_others_alone(model: Model) -> None:
    together = Together(model)
    found = together.run([reading(together.model, "to be"), reading(together.model, ""), lambda: 1])  # type: ignore[list-item] # more than a reading may be run
    assert isinstance(found[0], np.ndarray)
    assert isinstance(found[1], AssertionError)
    assert found[2] == 1
    assert together.run([]) == []


def test_whoever_is_not_side_by_side_takes_a_step_alone(model: Model) -> None:
    np.testing.assert_array_equal(reading(Together(model).model, "to be")(), reading(model, "to be")())


def test_a_completer_completes_many_documents(model: Model) -> None:
    together = Together(model)
    completer = Completer(together.model)
    texts = [f"to be or not {number}" for number in range(8)]
    found = together.run(
        [
            lambda number=number, text=text: completer.open(number).complete(text).text
            for number, text in enumerate(texts)
        ]
    )
    assert all(isinstance(text, str) for text in found)


def test_labels_are_told_by_the_same_network(tiny_card: Card, tmp_path: Path) -> None:
    model = load_network(write_readout_style(tmp_path / "labels", readout_card(tiny_card)), "cpu")
    model.note = "why"
    together = Together(model).model
    assert together.note == "why"
    for name, shares in model.readout(1, model.initial_state).items():
        assert together.readout(1, model.initial_state)[name].tolist() == shares.tolist()
