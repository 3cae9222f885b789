"""The graphs that tests and a GPU are given, read by ONNX itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import pytest
import tiny_onnx
from onnx import TensorProto, helper, numpy_helper

from rnncomplete.network.gpu_graph import gpu_graph
from rnncomplete.network.loading import STEP, read_card
from rnncomplete.styles import list_styles

if TYPE_CHECKING:
    from collections.abc import Callable

    from rnncomplete.network.card import Card

SHIPPED = {
    style.name: style.folder for style in list_styles() if style.shipped and read_card(style.folder).source is None
}
"""Those that a GPU may run: one with a source the CPU runs."""


def test_graphs_for_tests_are_valid(make_graph: Callable[..., Any], tiny_card: Card) -> None:
    for half in (False, True):
        model = onnx.load_from_string(make_graph(tiny_card, half=half).SerializeToString())
        onnx.checker.check_model(model, full_check=True)
        assert tiny_onnx.load_from_string(model.SerializeToString()) == make_graph(tiny_card, half=half)


def test_what_tests_make_is_what_onnx_makes() -> None:
    array = np.arange(6, dtype=np.float16).reshape(2, 3)

    def parts(module: Any, values: Any) -> list[bytes]:
        tensor = values.from_array(array, "t")
        assert np.array_equal(values.to_array(tensor), array)
        node = module.make_node("Cast", ["a"], ["b"], domain="d", to=10, names=[1, 2], scale=0.5, word="w", more=tensor)
        ports = [module.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", 3]) for name in "ab"]
        graph = module.make_graph([node], "g", ports[:1], ports[1:], [tensor])
        opsets = [module.make_opsetid("", 20)]
        model = module.make_model(graph, opset_imports=opsets, ir_version=9)
        module.set_model_props(model, {"key": "value"})
        function = module.make_function("d", "f", ["x"], ["y"], [node], opsets)
        numbers = module.make_tensor("n", TensorProto.FLOAT, [2], [0.5, 2.0])
        made = (model, function, numbers, module.make_attribute("body", graph))
        return [part.SerializeToString(deterministic=True) for part in made]

    assert parts(tiny_onnx.helper, tiny_onnx.numpy_helper) == parts(helper, numpy_helper)


@pytest.mark.parametrize("style", SHIPPED)
def test_the_graph_that_is_made_for_a_gpu_is_valid(style: str) -> None:
    made = onnx.load_from_string(gpu_graph((SHIPPED[style] / STEP).read_bytes()))
    onnx.checker.check_model(made, full_check=True)
