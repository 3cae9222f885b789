"""Format 2: a step may say at every character what the text so far is; whoever means harm gets no further by it."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tiny_onnx as onnx
from tiny_onnx import TensorProto, helper, numpy_helper
from tiny_readout import CELLS, LABELS, POOL, readout_card, readout_model, write_readout_style

from rnncomplete.completion.installing import check_style
from rnncomplete.errors import ModelError
from rnncomplete.network.card import METADATA_KEY, MOST_READOUTS, Card
from rnncomplete.network.gpu_graph import gpu_graph
from rnncomplete.network.graph_check import read_graph
from rnncomplete.network.loading import load_network, model_from_graph
from rnncomplete.network.onnx_runtime import open_session
from rnncomplete.text.labelled import MOST_LABELS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TOKENS = [3, 1, 4, 1, 5, 9, 2, 6]


@pytest.fixture
def card(tiny_card: Card) -> Card:
    return readout_card(tiny_card)


def expected(model: onnx.ModelProto) -> np.ndarray:
    """The same in numpy, for each of the tokens."""
    held = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    cells, total, found = np.zeros(CELLS), np.zeros(POOL), []
    for count, token in enumerate(TOKENS, 1):
        cells = np.tanh(cells @ held["recurrent"] + held["embedding"][token])
        total = total + cells @ held["seeing"]
        label = np.exp(np.maximum(total / count, total) @ held["told"])
        found.append(label / label.sum())
    return np.array(found)


def test_a_readout_is_a_distribution_at_every_character(card: Card) -> None:
    graph = readout_model(card)
    model = model_from_graph(card, graph.SerializeToString())
    state, found = model.initial_state, []
    for token in TOKENS:
        found.append(model.readout(token, state)["mood"])
        _, state = model.step(token, state)
    np.testing.assert_allclose(found, expected(graph), atol=1e-5)


def test_texts_are_read_side_by_side(card: Card) -> None:
    graph = readout_model(card)
    model = model_from_graph(card, graph.SerializeToString())
    states = np.zeros((2, card.state_size), np.float32)
    for token in TOKENS:
        states, readouts = model.read_batch(np.array([token, 7]), states)
    np.testing.assert_allclose(readouts["mood"][0], expected(graph)[-1], atol=1e-5)
    assert abs(readouts["mood"][1] - expected(graph)[-1]).max() > 1e-3


def test_the_graph_for_a_gpu_leaves_the_readout_in_float32(card: Card) -> None:
    graph = readout_model(card)
    made = gpu_graph(graph.SerializeToString())
    kinds = {tensor.name: tensor.data_type for tensor in onnx.load_from_string(made).graph.initializer}
    whole = {name for name, kind in kinds.items() if kind == TensorProto.FLOAT}
    assert whole == {"one", "more", "told"}
    session = open_session(made)
    state, found = np.zeros((1, card.state_size), np.float32), []
    for token in TOKENS:
        feed = {"token": np.array([token]), "state": state}
        _, state, readout = session.run(["logits", "next_state", "readout.mood"], feed)
        found.append(readout[0])
    np.testing.assert_allclose(found, expected(graph), atol=0.01)
    # A sum beyond what float16 can hold, and a count that it would round, come back as they are.
    state[0, CELLS:] = [100_001.0] * POOL + [4_097.0]
    _, after = session.run(["logits", "next_state"], {"token": np.array([3]), "state": state})
    assert after[0, -1] == 4_098.0
    assert np.abs(after[0, CELLS:-1] - 100_001).max() < 10


def test_a_style_with_a_readout_is_loaded_and_one_of_format_1_has_none(
    card: Card, tiny_style: Path, tmp_path: Path
) -> None:
    assert check_style(write_readout_style(tmp_path / "tiny", card)).readouts == {"mood": LABELS}
    plain = load_network(tiny_style, "cpu")
    assert plain.card.format == 1
    assert plain.readout(3, plain.initial_state) == {}
    assert "readouts" not in json.loads(plain.card.to_json())


@pytest.mark.parametrize(
    ("readouts", "said"),
    [
        ({"mood": ["good"]}, "1 labels"),
        ({"mood": ["good", "good"]}, "each of them once"),
        ({"mood": [str(number) for number in range(MOST_LABELS + 1)]}, f"2 to {MOST_LABELS}"),
        ({"mood": ["good", "\x1b[2J"]}, "can be shown"),
        ({"mood": ["good", ""]}, "can be shown"),
        ({"mood": ["good", "bad\nall is well"]}, "can be shown"),
        ({"mood": ["good", "good "]}, "can be shown"),
        ({"mood": ["good", "x" * 41]}, "1 to 40 characters"),
        ({"../mood": ["good", "bad"]}, "readout '../mood'"),
        ({f"mood{n}": ["good", "bad"] for n in range(MOST_READOUTS + 1)}, f"at most {MOST_READOUTS}"),
        ({"mood": "good"}, "readouts.mood"),
        ({"mood": [1, 2]}, "readouts.mood"),
        (["good", "bad"], "readouts"),
    ],
)
def test_odd_readouts_of_a_card_are_refused(card: Card, readouts: Any, said: str) -> None:
    facts = {**json.loads(card.to_json()), "readouts": readouts}
    with pytest.raises(ModelError, match=said):
        Card.from_json(json.dumps(facts))


def test_a_card_of_format_1_has_no_readouts_and_one_of_format_3_is_not_read(card: Card) -> None:
    for version, said in (
        (1, "expected format 2"),
        (3, "reads format 1 and 2"),
        (True, "reads format"),
        (2.0, "reads"),
    ):
        with pytest.raises(ModelError, match=said):
            Card.from_json(json.dumps({**json.loads(card.to_json()), "format": version}))


def spoiled(card: Card, spoil: Callable[[Any], None]) -> str:
    model = readout_model(card)
    spoil(model.graph)
    with pytest.raises(ModelError) as caught:
        model_from_graph(card, model.SerializeToString())
    assert "\n" not in str(caught.value)
    return str(caught.value)


def node(graph: Any, operator: str) -> Any:
    return next(item for item in graph.node if item.op_type == operator)


def test_a_graph_that_does_not_give_what_its_card_says_is_refused(card: Card) -> None:
    assert "outputs" in spoiled(card, lambda graph: graph.output.pop())
    assert "shape" in spoiled(
        card, lambda graph: setattr(graph.output[2].type.tensor_type.shape.dim[1], "dim_value", 3)
    )
    three = dataclasses.replace(card, readouts={"mood": ("awful", "fair", "good")})
    model = readout_model(card)
    helper.set_model_props(model, {METADATA_KEY: three.to_json()})
    with pytest.raises(ModelError, match="shape"):
        model_from_graph(three, model.SerializeToString())


def test_operators_of_a_readout_have_rules(card: Card) -> None:
    def by_a_row(graph: Any) -> None:
        node(graph, "Div").input[1] = "sum"

    def along_another_axis(graph: Any) -> None:
        node(graph, "Softmax").attribute[0].i = 0

    def of_three(graph: Any) -> None:
        node(graph, "Max").input.append("mean")

    def of_unlike(graph: Any) -> None:
        node(graph, "Max").input[1] = "count"

    for spoil in (by_a_row, along_another_axis, of_three, of_unlike):
        assert "shapes or settings" in spoiled(card, spoil)


def test_what_is_not_a_distribution_is_refused(card: Card) -> None:
    def not_a_softmax(graph: Any) -> None:
        softmax = node(graph, "Softmax")
        softmax.op_type = "Tanh"
        del softmax.attribute[:]

    assert "not a distribution" in spoiled(card, not_a_softmax)

    def dividing_by_nothing(graph: Any) -> None:
        for tensor in graph.initializer:
            if tensor.name in ("one", "more"):
                tensor.raw_data = b"\0" * len(tensor.raw_data)

    assert "not a distribution" in spoiled(card, dividing_by_nothing)


def test_operators_of_a_readout_are_for_readouts_alone(card: Card, tiny_card: Card) -> None:
    model = readout_model(card)
    model.graph.output.pop()
    plain = dataclasses.replace(tiny_card, state_size=card.state_size)
    helper.set_model_props(model, {METADATA_KEY: plain.to_json()})
    assert read_graph(model.SerializeToString()).nodes
    with pytest.raises(ModelError, match="no graph of this kind needs"):
        model_from_graph(plain, model.SerializeToString())
