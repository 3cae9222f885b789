"""Hostile, damaged and foreign graphs are refused in one clear line; ours are read."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from rnncomplete.errors import ModelError
from rnncomplete.network import graph_check as graph
from rnncomplete.network.contract import check_contract
from rnncomplete.network.graph_check import FLOAT, INT64, Port, read_graph

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


def test_reads_names_types_sizes_and_metadata(model: onnx.ModelProto, tiny_card: Card) -> None:
    found = read_graph(model.SerializeToString())
    assert found.inputs == (Port("token", INT64, (None,)), Port("state", FLOAT, (None, 16)))
    assert found.outputs == (Port("logits", FLOAT, (None, 32)), Port("next_state", FLOAT, (None, 16)))
    assert found.metadata == {"rnncomplete.card": tiny_card.to_json()}
    assert found.opsets == {"": 20}
    assert found.nodes == 8
    assert found.initializer_bytes == 4 * (2 * 32 * 16 + 16 * 16)


@pytest.mark.parametrize("operator", ["ConstantOfShape", "Expand", "Tile", "Range", "Loop", "If", "Scan", "EPContext"])
def test_refuses_operators_that_no_step_needs(model: onnx.ModelProto, operator: str) -> None:
    model.graph.node.append(helper.make_node(operator, ["state"], ["bomb"]))
    assert operator in refusal(model)


@pytest.mark.parametrize("domain", ["com.example", "com.microsoft", "ai.onnx.ml"])
def test_an_operator_is_allowed_in_its_own_domain_only(model: onnx.ModelProto, domain: str) -> None:
    model.graph.node.append(helper.make_node("Add", ["state", "state"], ["sum"], domain=domain))
    assert f"{domain}.Add" in refusal(model)


def test_allows_the_quantised_product_of_onnx_runtime(model: onnx.ModelProto) -> None:
    model.graph.node.append(helper.make_node("DynamicQuantizeMatMul", ["a"], ["b"], domain="com.microsoft"))
    assert read_graph(model.SerializeToString()).nodes == 9


def test_refuses_a_graph_inside_an_operator_that_is_allowed(model: onnx.ModelProto) -> None:
    node = helper.make_node("Identity", ["state"], ["copy"])
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


def test_refuses_weights_in_other_files_inside_an_attribute(model: onnx.ModelProto) -> None:
    tensor = numpy_helper.from_array(np.zeros(3, np.float32), "value")
    tensor.data_location = TensorProto.EXTERNAL
    model.graph.node.append(helper.make_node("Constant", [], ["value"], value=tensor))
    assert "another file" in refusal(model)


def test_refuses_sparse_weights(model: onnx.ModelProto) -> None:
    model.graph.sparse_initializer.add()
    model.graph.sparse_initializer[0].dims.append(3)
    assert "sparse" in refusal(model)


@pytest.mark.parametrize("sizes", [[2**40], [2**32, 2**32], [17, 32], [-1], [31, 16]])
def test_refuses_sizes_that_the_bytes_do_not_have(model: onnx.ModelProto, sizes: list[int]) -> None:
    del model.graph.initializer[0].dims[:]
    model.graph.initializer[0].dims.extend(sizes)
    assert "shape" in refusal(model)


def test_refuses_sizes_that_typed_numbers_do_not_have(model: onnx.ModelProto) -> None:
    tensor = TensorProto(name="many", data_type=TensorProto.FLOAT, dims=[1000], float_data=[1.0])
    model.graph.initializer.append(tensor)
    assert "damaged" in refusal(model)


def test_accepts_typed_numbers(model: onnx.ModelProto) -> None:
    model.graph.initializer.append(helper.make_tensor("axes", TensorProto.INT64, [2], [-1, 5]))
    model.graph.initializer.append(helper.make_tensor("scales", TensorProto.FLOAT, [2], [0.5, 2.0]))
    read_graph(model.SerializeToString())


def test_refuses_strings_among_the_weights(model: onnx.ModelProto) -> None:
    model.graph.initializer.append(
        TensorProto(name="words", data_type=TensorProto.STRING, dims=[1], string_data=[b"x"])
    )
    assert "element type" in refusal(model)


def test_refuses_too_many_operators(model: onnx.ModelProto) -> None:
    model.graph.node.extend([helper.make_node("Identity", ["state"], [f"copy{index}"]) for index in range(2000)])
    assert "2,000" in refusal(model)


def test_refuses_too_many_weights(model: onnx.ModelProto, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graph, "MOST_INITIALIZER_BYTES", 1000)
    assert "MB" in refusal(model)


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
        assert read_graph(bytes(good)).nodes == 1
