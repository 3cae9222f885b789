"""Graphs whose operators do not fit each other are refused before ONNX Runtime runs them; ours are followed to the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import tiny_onnx as onnx
from hypothesis import given
from hypothesis import strategies as st
from tiny_onnx import TensorProto, helper, numpy_helper

from rnncomplete.errors import ModelError
from rnncomplete.network.contract import check_contract
from rnncomplete.network.graph_check import read_graph
from rnncomplete.network.loading import STEP, load_network, read_card, read_style_file
from rnncomplete.network.operators import STEP_BOUNDS, Bounds, check_operators
from rnncomplete.styles import shipped_styles_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from rnncomplete.network.card import Card

ROWS, COLUMNS = 6, 8


def graph_of(nodes: list[onnx.NodeProto], weights: dict[str, np.ndarray], columns: int = COLUMNS) -> bytes:
    """A graph from ``token`` int64[batch] and ``state`` float32[batch, 6] to ``out`` float32[batch, columns]."""
    graph = helper.make_graph(
        nodes,
        "step",
        [
            helper.make_tensor_value_info("token", TensorProto.INT64, ["batch"]),
            helper.make_tensor_value_info("state", TensorProto.FLOAT, ["batch", ROWS]),
        ],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, ["batch", columns])],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=10).SerializeToString()


def check(nodes: list[onnx.NodeProto], weights: dict[str, np.ndarray], columns: int = COLUMNS) -> None:
    check_operators(read_graph(graph_of(nodes, weights, columns)), 5)


def floats(*shape: int) -> np.ndarray:
    return np.ones(shape, np.float32)


def sizes(*numbers: int) -> np.ndarray:
    return np.array(numbers, np.int64)


def quantised(inputs: Sequence[str] = ("state", "w", "s"), **attributes: int) -> list[onnx.NodeProto]:
    return [helper.make_node("DynamicQuantizeMatMul", inputs, ["out"], domain="com.microsoft", **attributes)]


BYTES = np.ones((ROWS, COLUMNS), np.int8)
PRODUCT = {"w": BYTES, "s": floats(COLUMNS), "b": floats(COLUMNS)}


def test_a_quantised_product_fits_with_a_scale_and_a_bias_for_each_column() -> None:
    check(quantised(), PRODUCT)
    check(quantised(["state", "w", "s", "", "b"]), PRODUCT)


@pytest.mark.parametrize(
    "wrong",
    [
        {"s": floats(1)},
        {"s": floats(COLUMNS - 1)},
        {"s": floats(COLUMNS, 1)},
        {"s": np.ones(COLUMNS, np.float16)},
        {"b": floats(COLUMNS + 1)},
        {"w": np.ones((ROWS + 1, COLUMNS), np.int8)},
        {"w": floats(ROWS, COLUMNS)},
        {"w": np.ones((COLUMNS,), np.int8)},
        {"w": np.ones((ROWS, 1), np.int8)},
    ],
)
def test_a_quantised_product_of_other_shapes_is_refused(wrong: dict[str, np.ndarray]) -> None:
    with pytest.raises(ModelError, match="DynamicQuantizeMatMul"):
        check(quantised(["state", "w", "s", "", "b"]), PRODUCT | wrong)


@pytest.mark.parametrize("inputs", [["state", "w", "s", "b"], ["w", "w", "s"], ["state", "state", "s"], ["state", "w"]])
def test_a_quantised_product_of_other_inputs_is_refused(inputs: list[str]) -> None:
    with pytest.raises(ModelError, match="DynamicQuantizeMatMul"):
        check(quantised(inputs), PRODUCT)


def split(
    lengths: np.ndarray, outputs: int = 2, **attributes: int
) -> tuple[list[onnx.NodeProto], dict[str, np.ndarray]]:
    names = [f"part{index}" for index in range(outputs)]
    nodes = [helper.make_node("Split", ["state", "n"], names, **({"axis": 1} | attributes))]
    return [*nodes, helper.make_node("Concat", [*names, names[0]], ["out"], axis=1)], {"n": lengths}


def test_a_split_fits_where_its_sizes_are_those_of_what_it_splits() -> None:
    check(*split(sizes(2, 4)))


@pytest.mark.parametrize(
    ("lengths", "outputs", "attributes"),
    [
        (sizes(2, 5), 2, {}),
        (sizes(-2, 8), 2, {}),
        (sizes(0, 6), 2, {}),
        (sizes(2**62, -(2**62) + 6), 2, {}),
        (sizes(2, 4), 1, {}),
        (sizes(2, 2, 2), 2, {}),
        (sizes(2, 4), 2, {"axis": 0}),
        (sizes(2, 4), 2, {"num_outputs": 0}),
        (sizes([2, 4]), 2, {}),
        (floats(2), 2, {}),
    ],
)
def test_a_split_of_other_sizes_is_refused(lengths: np.ndarray, outputs: int, attributes: dict[str, int]) -> None:
    with pytest.raises(ModelError, match="Split"):
        check(*split(lengths, outputs, **attributes))


@pytest.mark.parametrize(
    ("operator", "inputs", "attributes"),
    [
        ("MatMul", ["state", "state"], {}),
        ("MatMul", ["matrix", "matrix"], {}),
        ("MatMul", ["token", "matrix"], {}),
        ("MatMul", ["state", "half"], {}),
        ("Gemm", ["state", "matrix", "state"], {}),
        ("Gemm", ["state", "matrix"], {"transB": 1}),
        ("Add", ["state", "matrix"], {}),
        ("Add", ["state", "token"], {}),
        ("Mul", ["state"] * 3, {}),
        ("Tanh", ["token"], {}),
        ("Tanh", ["matrix"], {}),
        ("Sigmoid", [""], {}),
        ("Cast", ["matrix"], {"to": 1}),
        ("Cast", ["state"], {"to": 8}),
        ("Cast", ["state"], {}),
        ("Concat", ["state", "token"], {"axis": 1}),
        ("Concat", ["state", "state"], {"axis": 0}),
        ("Concat", ["matrix", "matrix"], {"axis": 1}),
        ("Gather", ["matrix", "token"], {}),
        ("Gather", ["table", "token"], {"axis": 1}),
        ("Gather", ["state", "token"], {"axis": 0}),
        ("Gather", ["table", "numbers"], {"axis": 0}),
        ("Gather", ["numbers", "token"], {"axis": 0}),
        ("Tanh", ["nowhere"], {}),
    ],
)
def test_what_no_step_needs_is_refused(operator: str, inputs: list[str], attributes: dict[str, int]) -> None:
    held = {"matrix": floats(ROWS, COLUMNS), "half": np.ones((ROWS, COLUMNS), np.float16), "table": floats(5, COLUMNS)}
    with pytest.raises(ModelError, match=r"so it is not run|before it is there|rows"):
        check([helper.make_node(operator, inputs, ["out"], **attributes)], held | {"numbers": sizes(1, 2)})


def test_a_name_stands_for_one_value() -> None:
    twice = [helper.make_node("Tanh", ["state"], ["out"]), helper.make_node("Sigmoid", ["state"], ["out"])]
    with pytest.raises(ModelError, match="twice"):
        check(twice, {})
    with pytest.raises(ModelError, match="twice"):
        check([helper.make_node("Tanh", ["state"], ["out"])], {"state": floats(ROWS)})


def test_an_output_has_the_shape_that_it_says() -> None:
    tanh = [helper.make_node("Tanh", ["state"], ["out"])]
    check(tanh, {}, ROWS)
    for columns in (ROWS + 1, COLUMNS):
        with pytest.raises(ModelError, match="'out'"):
            check(tanh, {}, columns)


def test_a_step_that_takes_long_is_refused() -> None:
    names = [f"doubled{index}" for index in range(30)]
    doubling = [helper.make_node("Concat", [a, a], [b], axis=1) for a, b in zip(["state", *names], names, strict=False)]
    with pytest.raises(ModelError, match="takes too long"):
        check([*doubling, *quantised()], PRODUCT)
    tight = Bounds(STEP_BOUNDS.numbers, ROWS * COLUMNS)
    with pytest.raises(ModelError, match="takes too long"):
        check_operators(read_graph(graph_of(quantised(), PRODUCT)), 5, bounds=tight)


def test_the_graphs_of_every_shipped_style_are_followed_to_the_end() -> None:
    folders = sorted(path.parent for path in shipped_styles_folder().glob("*/card.json"))
    for folder in folders:
        check_contract(read_graph(read_style_file(folder / STEP)), read_card(folder))


def test_bytes_in_two_formats_are_run_as_what_was_checked(
    tmp_path: Path, tiny_card: Card, make_style: Callable[..., Path]
) -> None:
    folder = make_style(tmp_path / "tiny", tiny_card)
    model = onnx.load(folder / "step.int8.onnx")
    model.ir_version, model.producer_name = 10, "ORTM"
    data = model.SerializeToString()
    assert data[4:8] == b"ORTM", "where ONNX Runtime's own format has its mark"
    (folder / "step.int8.onnx").write_bytes(data)
    assert load_network(folder, "cpu").card == tiny_card


@given(st.data())
def test_whatever_shapes_a_product_has_it_is_run_or_refused(data: st.DataObject) -> None:
    small = st.integers(1, 9)
    weights = {name: floats(*data.draw(st.lists(small, max_size=3))) for name in ("w", "b")}
    node = helper.make_node("Gemm", ["state", "w", "b"], ["out"])
    fits = weights["w"].shape == (ROWS, COLUMNS) and weights["b"].shape == (COLUMNS,)
    if fits:
        check([node], weights)
    else:
        with pytest.raises(ModelError):
            check([node], weights)
