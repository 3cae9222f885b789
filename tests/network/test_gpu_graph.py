"""The graph for a GPU, made of the one for the CPU."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import tiny_onnx as onnx

from rnncomplete.errors import ModelError
from rnncomplete.network.gpu_graph import gpu_graph
from rnncomplete.network.graph_check import read_graph
from rnncomplete.network.loading import STEP, read_card
from rnncomplete.network.onnx_runtime import open_session
from rnncomplete.styles import list_styles

if TYPE_CHECKING:
    from pathlib import Path

SHIPPED = [style.name for style in list_styles() if style.shipped and read_card(style.folder).source is None]
"""Those that a GPU may run: one with a source the CPU runs."""


def states(graph: bytes, tokens: list[int]) -> tuple[np.ndarray, np.ndarray]:
    session = open_session(graph)
    state = np.zeros((1, session.get_inputs()[1].shape[1]), np.float32)
    logits = []
    for token in tokens:
        now, state = session.run(["logits", "next_state"], {"token": np.array([token]), "state": state})
        logits.append(now[0])
    return np.array(logits), state


@pytest.mark.parametrize("style", SHIPPED)
def test_it_predicts_what_the_int8_graph_of_a_shipped_style_does(style: str) -> None:
    [folder] = [item.folder for item in list_styles() if item.name == style and item.shipped]
    graph = (folder / STEP).read_bytes()
    made = gpu_graph(graph)
    tokens = [3, 10, 20, 5, 7, 30, 31, 12] * 8
    (expected, before), (found, after) = states(graph, tokens), states(made, tokens)
    # int8 rounds what it multiplies as well, float16 does not
    np.testing.assert_allclose(found, expected, atol=0.6)
    # The sums of a readout's pool grow with what was read, and their rounding too.
    np.testing.assert_allclose(after, before, atol=0.2, rtol=0.05)


def test_it_has_the_ports_and_the_card_of_the_other_and_is_all_float16(tiny_style: Path) -> None:
    graph = (tiny_style / STEP).read_bytes()
    made = gpu_graph(graph)
    before, after = read_graph(graph), read_graph(made)
    assert (after.inputs, after.outputs, after.metadata) == (before.inputs, before.outputs, before.metadata)
    tensors = onnx.load_from_string(made).graph.initializer
    assert {tensor.data_type for tensor in tensors} == {onnx.TensorProto.FLOAT16}


def test_products_that_an_export_does_not_make_are_left_to_the_cpu(tiny_style: Path) -> None:
    model = onnx.load(tiny_style / STEP)
    node = next(node for node in model.graph.node if node.op_type == "MatMul")
    node.op_type, node.domain = "DynamicQuantizeMatMul", "com.microsoft"
    node.input.extend(["nowhere"])
    with pytest.raises(ModelError, match="the CPU runs it"):
        gpu_graph(model.SerializeToString())
