"""Hostile, damaged and foreign graphs are refused in one clear line; ours are read."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tiny_onnx as onnx
from hypothesis import given
from hypothesis import strategies as st
from tiny_onnx import TensorProto, helper, numpy_helper

from rnncomplete.errors import ModelError
from rnncomplete.network import graph_check as graph
from rnncomplete.network.contract import check_contract
from rnncomplete.network.graph import Element, Port
from rnncomplete.network.graph_check import read_graph

if TYPE_CHECKING:
    from collections.abc import Callable

    from rnncomplete.network.card import Card


@pytest.fixture
def model(make_graph: Callable[..., onnx.ModelProto], tiny_card: Card) -> onnx.ModelProto:
    """A good model, for a test to spoil."""
    return make_graph(tiny_card)


def refusal(model: onnx.ModelProto) -> str:
    with pytest.raises(ModelError) as caught:
        read_graph(model.SerializeToString())
    assert "\n" not in str(caught.value)
    return str(caught.value)


def refused_as_a_step(model: onnx.ModelProto, card: Card) -> str:
    with pytest.raises(ModelError) as caught:
        check_contract(read_graph(model.SerializeToString()), card)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_reads_names_types_sizes_and_metadata(model: onnx.ModelProto, tiny_card: Card) -> None:
    found = read_graph(model.SerializeToString())
    assert found.inputs == (Port("token", Element.INT64, (None,)), Port("state", Element.FLOAT, (None, 16)))
    assert found.outputs == (Port("logits", Element.FLOAT, (None, 32)), Port("next_state", Element.FLOAT, (None, 16)))
    assert found.metadata == {"rnncomplete.card": tiny_card.to_json()}
    assert found.opsets == {"": 20}
    assert len(found.nodes) == 8
    assert {name: held.shape for name, held in found.weights.items()} == {
        "embedding": (32, 16),
        "recurrent": (16, 16),
        "readout": (16, 32),
    }


@pytest.mark.parametrize(
    "operator",
    ["ConstantOfShape", "Expand", "Tile", "Range", "Loop", "If", "Scan", "EPContext", "Reshape", "Slice", "LSTM"],
)
def test_refuses_operators_that_no_step_needs(model: onnx.ModelProto, operator: str, tiny_card: Card) -> None:
    model.graph.node.append(helper.make_node(operator, ["state"], ["bomb"]))
    assert operator in refused_as_a_step(model, tiny_card)


@pytest.mark.parametrize("domain", ["com.example", "com.microsoft", "ai.onnx.ml"])
def test_an_operator_is_allowed_in_its_own_domain_only(model: onnx.ModelProto, domain: str) -> None:
    model.graph.node.append(helper.make_node("Add", ["state", "state"], ["sum"], domain=domain))
    assert f"{domain}.Add" in refusal(model)


def test_refuses_a_graph_inside_an_operator_that_is_allowed(model: onnx.ModelProto) -> None:
    node = helper.make_node("Tanh", ["state"], ["copy"])
    node.attribute.append(helper.make_attribute("body", model.graph))
    model.graph.node.append(node)
    assert "another graph" in refusal(model)


def test_refuses_functions(model: onnx.ModelProto) -> None:
    function = helper.make_function("", "Add", ["x"], ["y"], [], [helper.make_opsetid("", 20)])
    model.functions.append(function)
    assert "functions" in refusal(model)


def test_refuses_training_steps(model: onnx.ModelProto) -> None:
    model.training_info.add()
    model.training_info[0].algorithm.name = "more"
    assert "training" in refusal(model)


@pytest.mark.parametrize("location", ["/etc/passwd", "../secret", "weights.bin"])
def test_refuses_weights_in_other_files(model: onnx.ModelProto, location: str) -> None:
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", location
    assert "another file" in refusal(model)


@pytest.mark.parametrize("value", [numpy_helper.from_array(np.zeros(3, np.float32), "value"), 0.5, [0.5, 1.5]])
def test_refuses_attributes_that_are_neither_whole_numbers_nor_a_word(model: onnx.ModelProto, value: object) -> None:
    model.graph.node.append(helper.make_node("Tanh", ["state"], ["more"], alpha=value))
    assert "whole number" in refusal(model)


@pytest.mark.parametrize("value", ["word", [1, 2], 1])
def test_refuses_settings_that_an_operator_does_not_have(
    model: onnx.ModelProto, value: object, tiny_card: Card
) -> None:
    model.graph.node.append(helper.make_node("Tanh", ["state"], ["more"], alpha=value))
    assert "settings" in refused_as_a_step(model, tiny_card)


def test_refuses_an_attribute_of_two_kinds(model: onnx.ModelProto) -> None:
    node = helper.make_node("Gather", ["embedding", "token"], ["more"], axis=0)
    model.graph.node.append(node)
    spoilt = model.graph.node[-1].attribute[0]
    for change in (
        lambda: setattr(spoilt, "s", b"word"),
        lambda: spoilt.ints.append(1),
        lambda: setattr(spoilt, "type", 3),
    ):
        spoilt.CopyFrom(node.attribute[0])
        change()
        assert "odd attributes" in refusal(model)


def test_refuses_sparse_weights(model: onnx.ModelProto) -> None:
    model.graph.sparse_initializer.add()
    model.graph.sparse_initializer[0].dims.append(3)
    assert "sparse" in refusal(model)


@pytest.mark.parametrize(
    "sizes", [[2**40], [2**32, 2**32], [17, 32], [-1], [31, 16], [0, 16], [32, 16, *[1] * 7], [2**62] * 2**12]
)
def test_refuses_sizes_that_the_bytes_do_not_have(model: onnx.ModelProto, sizes: list[int]) -> None:
    del model.graph.initializer[0].dims[:]
    model.graph.initializer[0].dims.extend(sizes)
    assert "shape" in refusal(model)


def test_refuses_numbers_that_stand_one_by_one(model: onnx.ModelProto) -> None:
    model.graph.initializer.append(helper.make_tensor("scales", TensorProto.FLOAT, [2], [0.5, 2.0]))
    assert "single numbers" in refusal(model)


def test_refuses_strings_among_the_weights(model: onnx.ModelProto) -> None:
    model.graph.initializer.append(TensorProto(name="words", data_type=TensorProto.STRING, dims=[1], raw_data=b"x"))
    assert "element type" in refusal(model)


def test_refuses_too_many_operators(model: onnx.ModelProto) -> None:
    model.graph.node.extend([helper.make_node("Tanh", ["state"], [f"copy{index}"]) for index in range(2000)])
    assert "2,000" in refusal(model)


def test_refuses_a_graph_that_is_too_large(model: onnx.ModelProto, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graph, "LARGEST_GRAPH", 1000)
    assert "larger" in refusal(model)


def varint(number: int) -> bytes:
    return bytes([number & 0x7F | 0x80]) + varint(number >> 7) if number >= 0x80 else bytes([number])


def field(number: int, content: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(content)) + content


def with_graph(model: onnx.ModelProto, more: bytes) -> bytes:
    """``model`` as a file, with ``more`` bytes at the end of its graph."""
    rest = onnx.ModelProto()
    rest.CopyFrom(model)
    rest.ClearField("graph")
    return rest.SerializeToString() + field(7, model.graph.SerializeToString() + more)


@pytest.mark.parametrize("number", [1, 5, 11, 12])
def test_refuses_more_empty_parts_than_a_step_has(model: onnx.ModelProto, number: int) -> None:
    assert len(read_graph(with_graph(model, b"")).nodes) == 8
    for count in (2001, 200_000):
        with pytest.raises(ModelError):
            read_graph(with_graph(model, field(number, b"") * count))


def overlong(number: int, kind: int) -> bytes:
    """A tag of five bytes with a bit beyond the thirty-second, which ONNX Runtime drops."""
    tag = 1 << 32 | number << 3 | kind
    return varint(tag)


def test_refuses_tags_that_onnx_runtime_reads_otherwise(model: onnx.ModelProto) -> None:
    node = helper.make_node("Loop", ["state"], ["endless"]).SerializeToString()
    hidden = overlong(1, 2) + varint(len(node)) + node
    for data in (
        with_graph(model, hidden),
        with_graph(
            model, field(1, helper.make_node("Tanh", ["state"], ["x"]).SerializeToString() + overlong(4, 2) + b"\3Erf")
        ),
        model.SerializeToString() + bytes([0xBA, 0x80, 0x00, 0x00]),  # graph, in three bytes
    ):
        with pytest.raises(ModelError, match=r"field has number|more bytes than it needs"):
            read_graph(data)


def test_refuses_repeated_fields_of_which_readers_may_take_either(model: onnx.ModelProto) -> None:
    node = helper.make_node("Tanh", ["state"], ["x"]).SerializeToString()
    for data in (
        with_graph(model, field(1, node + field(4, b"Erf"))),
        model.SerializeToString() + field(7, field(1, node)),
        with_graph(
            model, field(5, model.graph.initializer[0].SerializeToString() + bytes([14 << 3]) + varint(2**32 + 1))
        ),
    ):
        with pytest.raises(ModelError):
            read_graph(data)


def test_refuses_fields_it_does_not_know(model: onnx.ModelProto) -> None:
    for data in (with_graph(model, field(99, b"new")), model.SerializeToString() + field(26, b"devices")):
        with pytest.raises(ModelError, match="not expected there"):
            read_graph(data)


@pytest.mark.parametrize(("domain", "version"), [("", 22), ("", 0), ("com.example", 1)])
def test_refuses_operator_sets_it_does_not_know(model: onnx.ModelProto, domain: str, version: int) -> None:
    model.opset_import.append(helper.make_opsetid(domain, version))
    assert (domain or str(version)) in refusal(model)


def test_every_truncation_is_refused(model: onnx.ModelProto, tiny_card: Card) -> None:
    data = model.SerializeToString()
    for size in range(len(data)):
        with pytest.raises(ModelError):
            check_contract(read_graph(data[:size]), tiny_card)


@given(st.binary(max_size=300))
def test_foreign_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(ModelError):
        read_graph(data)


@given(st.data())
def test_a_flipped_byte_gives_a_graph_or_a_clear_error(data: st.DataObject) -> None:
    good = bytearray(
        helper.make_model(
            helper.make_graph([helper.make_node("Add", ["a", "b"], ["c"])], "g", [], []),
            opset_imports=[helper.make_opsetid("", 20)],
        ).SerializeToString()
    )
    good[data.draw(st.integers(0, len(good) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(ModelError):
        assert len(read_graph(bytes(good)).nodes) == 1
