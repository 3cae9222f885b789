"""What the rules of an encoder let through runs and gives the shapes that they say; the rest is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tiny_onnx as onnx
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_onnx import TensorProto, helper, numpy_helper

from rnncomplete.errors import ModelError
from rnncomplete.network.encode_operators import ENCODE_BOUNDS, ENCODE_RULES
from rnncomplete.network.graph_check import read_graph
from rnncomplete.network.onnx_runtime import open_session
from rnncomplete.network.operators import Flow, check_operators

ROWS, SIDE, LENGTH = 5, 8, 7
LEADING = [
    helper.make_node("Gather", ["table", "source"], ["line"]),
    helper.make_node("Unsqueeze", ["line", "one"], ["apart"]),
    helper.make_node("Unsqueeze", ["picture", "zero"], ["image"]),
]
HELD = {
    "table": np.ones((ROWS, 4), np.float32),
    "one": np.array([1], np.int64),
    "zero": np.array([0], np.int64),
}
"""``line`` float32[places, 4], ``apart`` float32[places, 1, 4], ``image`` float32[1, 3, 8, 8]."""


def graph_of(node: onnx.NodeProto, weights: dict[str, np.ndarray], shape: list[int | str]) -> bytes:
    """A graph whose last operator makes ``context.out``, which says that it has the ``shape``."""
    ports = [
        helper.make_tensor_value_info("source", TensorProto.INT64, ["places"]),
        helper.make_tensor_value_info("picture", TensorProto.FLOAT, [3, SIDE, SIDE]),
    ]
    out = helper.make_tensor_value_info("context.out", TensorProto.FLOAT, shape)
    held = [numpy_helper.from_array(value, name) for name, value in (HELD | weights).items()]
    graph = helper.make_graph([*LEADING, node], "encode", ports, [out], held)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)]).SerializeToString()


def shape_of(graph: bytes) -> list[int]:
    """What ONNX Runtime makes of it."""
    feed = {"source": np.zeros(LENGTH, np.int64), "picture": np.ones((3, SIDE, SIDE), np.float32)}
    [made] = open_session(graph).run(["context.out"], feed)
    return list(made.shape)


def agrees(
    operator: str, inputs: list[str], weights: dict[str, np.ndarray], **attributes: Any
) -> list[int | str] | None:
    """The shape that the rule says, if it lets the operator through, after ONNX Runtime has given the same."""
    node = helper.make_node(operator, inputs, ["context.out"], **attributes)
    graph = read_graph(graph_of(node, weights, ["places"]))
    given = {"apart": ("places", 1, 4), "line": ("places", 4), "image": (1, 3, SIDE, SIDE)}
    values: list[Any] = [Flow(1, given[name]) if name in given else graph.weights[name] for name in inputs]
    results = ENCODE_RULES["", operator](values, graph.nodes[-1].attributes)
    if results is None:
        with pytest.raises(ModelError):
            check_operators(graph, ROWS, ENCODE_RULES, ENCODE_BOUNDS)
        return None
    [result] = results
    shape = list(result.shape)
    data = graph_of(node, weights, shape)
    check_operators(read_graph(data), ROWS, ENCODE_RULES, ENCODE_BOUNDS)
    assert shape_of(data) == [LENGTH if size == "places" else size for size in shape]
    return shape


small = st.integers(0, 4)
pairs = st.lists(small, min_size=2, max_size=2)


@settings(max_examples=200)
@given(st.data())
def test_a_convolution_is_run_as_it_was_followed_or_refused(data: st.DataObject) -> None:
    kernel = data.draw(pairs.filter(all))
    each, made = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 6))
    attributes: dict[str, Any] = {"kernel_shape": data.draw(st.sampled_from([kernel, [2, 2]]))}
    for name, numbers in (("strides", pairs), ("dilations", pairs), ("pads", st.lists(small, min_size=3, max_size=4))):
        if data.draw(st.booleans()):
            attributes[name] = data.draw(numbers)
    if data.draw(st.booleans()):
        attributes["group"] = data.draw(st.integers(-1, 4))
    bias = data.draw(st.sampled_from([made, 3]))
    weights = {"w": np.ones((made, each, *kernel), np.float32), "b": np.ones(bias, np.float32)}
    agrees("Conv", data.draw(st.sampled_from([["image", "w"], ["image", "w", "b"]])), weights, **attributes)


@settings(max_examples=100)
@given(st.sampled_from(["MaxPool", "AveragePool"]), st.data())
def test_a_pool_is_run_as_it_was_followed_or_refused(operator: str, data: st.DataObject) -> None:
    attributes = {"kernel_shape": data.draw(pairs)}
    for name, numbers in (("strides", pairs), ("pads", st.lists(small, min_size=4, max_size=4))):
        if data.draw(st.booleans()):
            attributes[name] = data.draw(numbers)
    agrees(operator, ["image"], {}, **attributes)


@settings(max_examples=100)
@given(
    st.sampled_from(["line", "apart", "image"]),
    st.lists(st.sampled_from([-2, -1, 0, 1, 2, 3, 4, 8, 24]), min_size=1, max_size=5),
)
def test_a_value_is_laid_out_as_it_was_followed_or_refused(value: str, sizes: list[int]) -> None:
    agrees("Reshape", [value, "sizes"], {"sizes": np.array(sizes, np.int64)})


@given(st.sampled_from(["line", "apart", "image"]), st.lists(st.integers(-1, 4), min_size=1, max_size=4))
def test_axes_are_moved_as_they_were_followed_or_refused(value: str, order: list[int]) -> None:
    agrees("Transpose", [value], {}, perm=order)
    for operator in ("Squeeze", "Unsqueeze"):
        agrees(operator, [value, "axes"], {"axes": np.array(order, np.int64)})


@given(st.data())
def test_a_recurrent_layer_is_run_as_it_was_followed_or_refused(data: st.DataObject) -> None:
    hidden, claimed = data.draw(st.integers(1, 3)), data.draw(st.integers(-1, 3))
    directions, read = data.draw(st.integers(1, 2)), data.draw(st.integers(3, 4))
    attributes: dict[str, Any] = {"hidden_size": claimed}
    if data.draw(st.booleans()):
        attributes["direction"] = data.draw(st.sampled_from(["forward", "reverse", "bidirectional", "both", ""]))
    if data.draw(st.integers(0, 4)) == 4:
        attributes["layout"] = 1
    weights = {
        "W": np.ones((directions, 4 * hidden, read), np.float32),
        "R": np.ones((directions, 4 * hidden, hidden), np.float32),
        "B": np.ones((directions, data.draw(st.sampled_from([8, 8, 4])) * hidden), np.float32),
    }
    inputs = data.draw(st.sampled_from([["apart", "W", "R", "B"], ["apart", "W", "R"], ["line", "W", "R", "B"]]))
    agrees("LSTM", inputs, weights, **attributes)


def test_what_ours_are_made_of_is_let_through() -> None:
    def floats(*shape: int) -> np.ndarray:
        return np.ones(shape, np.float32)

    halving = {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1] * 4}
    assert agrees("Conv", ["image", "w"], {"w": floats(6, 3, 3, 3)}, **halving) == [1, 6, 4, 4]
    both = {"W": floats(2, 12, 4), "R": floats(2, 12, 3), "B": floats(2, 24)}
    assert agrees("LSTM", ["apart", "W", "R", "B"], both, hidden_size=3, direction="bidirectional") == [
        "places",
        2,
        1,
        3,
    ]
    assert agrees("Reshape", ["image", "sizes"], {"sizes": np.array([3, -1], np.int64)}) == [3, 64]
    assert agrees("Reshape", ["apart", "sizes"], {"sizes": np.array([0, -1], np.int64)}) == ["places", 4]
    assert agrees("Add", ["line", "bias"], {"bias": floats(4)}) == ["places", 4]
    assert agrees("DequantizeLinear", ["w", "scale"], {"w": np.ones((2, 3), np.int8), "scale": floats(3)}, axis=1) == [
        2,
        3,
    ]
    assert agrees("Cast", ["w"], {"w": np.ones((2, 3), np.float16)}, to=1) == [2, 3]


@pytest.mark.parametrize(
    ("operator", "inputs", "attributes"),
    [
        ("Add", ["line", "wide"], {}),
        ("Add", ["image", "column"], {}),
        ("Cast", ["line"], {"to": 7}),
        ("Cast", ["line"], {"to": 10}),
        ("DequantizeLinear", ["bytes", "scale"], {}),
        ("DequantizeLinear", ["bytes", "scale"], {"axis": 0}),
        ("DequantizeLinear", ["bytes", "scale"], {"axis": -1}),
        ("DequantizeLinear", ["line", "scale"], {"axis": 1}),
        ("Conv", ["image", "kernel"], {"auto_pad": "SAME_UPPER", "kernel_shape": [1, 1]}),
        ("Conv", ["line", "kernel"], {"kernel_shape": [1, 1]}),
        ("Conv", ["image", "kernel"], {"kernel_shape": [1, 1], "strides": [2**31, 1]}),
        ("Conv", ["image", "kernel"], {"kernel_shape": [1, 1], "strides": "two"}),
        ("MaxPool", ["image"], {"kernel_shape": [2, 2], "ceil_mode": 1}),
        ("MaxPool", ["image"], {"kernel_shape": 2}),
        ("AveragePool", ["image"], {"kernel_shape": [2, 2], "count_include_pad": 1}),
        ("Unsqueeze", ["image", "zero"], {}),
        ("Relu", ["line", "line", "line"], {}),
    ],
)
def test_what_no_encoder_needs_is_refused(operator: str, inputs: list[str], attributes: dict[str, Any]) -> None:
    weights = {
        "wide": np.ones(5, np.float32),
        "column": np.ones((3, 1, 1), np.float32),
        "bytes": np.ones((2, 3), np.int8),
        "scale": np.ones(3, np.float32),
        "kernel": np.ones((2, 3, 1, 1), np.float32),
    }
    node = helper.make_node(operator, inputs, ["context.out"], **attributes)
    with pytest.raises(ModelError):
        check_operators(read_graph(graph_of(node, weights, ["places", 4])), ROWS, ENCODE_RULES, ENCODE_BOUNDS)
