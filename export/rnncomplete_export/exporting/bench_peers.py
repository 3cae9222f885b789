"""Other ways to run a style's network, for ``rnncomplete bench`` to measure it against.

Each takes the folder of a style and returns a step with its weights in float32, from its graph. Both keep our
folding of the embedding into a table, which spares them work, so the comparison is to their advantage.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper

from rnncomplete.network.card import Card
from rnncomplete.network.loading import STEP
from rnncomplete.network.onnx_runtime import open_session
from rnncomplete.network.step import BoundStep
from rnncomplete.styles import CARD
from rnncomplete_export.exporting.graphs import OPSET, StepGraph
from rnncomplete_export.network.weights import read_weights

if TYPE_CHECKING:
    from pathlib import Path

    from rnncomplete.network.model import FloatArray, Step
    from rnncomplete_export.network.weights import Weights


def torch_eager(folder: Path) -> Step:
    """PyTorch, one operation after another as it is written, on one thread: ``torch.lstm_cell`` a layer."""
    torch.set_num_threads(1)
    weights = read_weights(folder / STEP)
    hidden, layers = weights.hidden_size, weights.layers
    # torch has its gates in the order input, forget, cell, output.
    table = [torch.from_numpy(_in_order(part, (0, 1, 3, 2))) for part in np.split(weights.table, layers, axis=1)]
    matrices = [torch.from_numpy(_in_order(matrix, (0, 1, 3, 2)).T.copy()) for matrix in weights.recurrent]
    below = [matrix[:, : matrix.shape[1] - hidden].contiguous() for matrix in matrices]
    own = [matrix[:, matrix.shape[1] - hidden :].contiguous() for matrix in matrices]
    readout, bias = torch.from_numpy(weights.readout.T.copy()), torch.from_numpy(weights.bias)
    nothing = torch.zeros(4 * hidden)

    @torch.inference_mode()
    def step(token: int, state: FloatArray) -> tuple[FloatArray, FloatArray]:
        parts = torch.tensor(state[: 2 * layers * hidden]).view(2 * layers, 1, hidden)  # a pool behind them is not read
        reads = torch.zeros(1, 0)
        outputs, held = [], []
        for layer in range(layers):
            reads, cell = torch.lstm_cell(
                reads, (parts[layer], parts[layers + layer]), below[layer], own[layer], table[layer][token], nothing
            )
            outputs.append(reads)
            held.append(cell)
        features = torch.cat(outputs, dim=1) if weights.skip else reads
        logits = torch.nn.functional.linear(features, readout, bias)
        return logits[0].numpy(), torch.cat([*outputs, *held], dim=1)[0].numpy()

    return step


def float32_lstm(folder: Path) -> Step:
    """ONNX Runtime's own ``LSTM`` operator in float32, one a layer, on one thread."""
    card = Card.from_json((folder / CARD).read_bytes())
    weights = read_weights(folder / STEP)
    cells = 2 * weights.layers * weights.hidden_size
    step = BoundStep(open_session(build_lstm_graph(weights).SerializeToString()), len(card.vocabulary), cells)
    return lambda token, state: step(token, state[:cells])  # a pool behind them is not read


def build_lstm_graph(weights: Weights) -> onnx.ModelProto:
    """The network with ``LSTM`` operators, inputs and outputs as in the model contract.

    The row of the table is the operator's bias. The first layer reads nothing but itself, which the operator does not
    allow: it is given a single zero.
    """
    hidden, layers, size = weights.hidden_size, weights.layers, weights.vocabulary_size
    graph = StepGraph("float32")
    shape = graph.constant("shape", np.array([1, 1, hidden], np.int64))
    parts = [
        graph.node("Reshape", [part, shape], f"{part}.shaped")
        for part in graph.split("state", [f"state.{i}" for i in range(2 * layers)], [hidden] * 2 * layers)
    ]
    columns = [_in_order(part, (0, 2, 1, 3)) for part in np.split(weights.table, layers, axis=1)]
    table = graph.constant("table", np.concatenate(columns, axis=1))
    row = graph.node("Gather", [table, "token"], "row", axis=0)
    rows = graph.split(row, [f"row.{i}" for i in range(layers)], [4 * hidden] * layers) if layers > 1 else [row]
    nothing = graph.constant("nothing", np.zeros((1, 4 * hidden), np.float32))
    reads = graph.constant("zero", np.zeros((1, 1, 1), np.float32))
    outputs, held = [], []
    for layer, matrix in enumerate(weights.recurrent):
        # The operator has its gates in the order input, output, forget, cell.
        ordered = _in_order(matrix, (0, 2, 1, 3)).T[None]
        below = ordered[:, :, : matrix.shape[0] - hidden] if layer else np.zeros((1, 4 * hidden, 1), np.float32)
        inputs = [
            reads,
            graph.constant(f"below.{layer}", below),
            graph.constant(f"own.{layer}", ordered[:, :, -hidden:]),
            graph.node("Concat", [rows[layer], nothing], f"bias.{layer}", axis=1),
            "",
            parts[layer],
            parts[layers + layer],
        ]
        reads, cell = f"out.{layer}", f"cell.{layer}"
        graph.nodes.append(helper.make_node("LSTM", inputs, ["", reads, cell], name=reads, hidden_size=hidden))
        outputs.append(reads)
        held.append(cell)
    flat = graph.constant("flat", np.array([1, hidden], np.int64))
    outputs, held = (
        [graph.node("Reshape", [name, flat], f"{name}.flat") for name in names] for names in (outputs, held)
    )
    features = graph.concat(outputs if weights.skip else outputs[-1:], "features")
    graph.product(features, weights.readout, "logits", weights.bias)
    graph.node("Concat", [*outputs, *held], "next_state", axis=1)
    return _model(graph, 2 * layers * hidden, size)


def _model(graph: StepGraph, state_size: int, vocabulary_size: int) -> onnx.ModelProto:
    """The graph with ports of a single text."""
    ports = [
        helper.make_tensor_value_info(name, kind, shape)
        for name, kind, shape in (
            ("token", TensorProto.INT64, [1]),
            ("state", TensorProto.FLOAT, [1, state_size]),
            ("logits", TensorProto.FLOAT, [1, vocabulary_size]),
            ("next_state", TensorProto.FLOAT, [1, state_size]),
        )
    ]
    return helper.make_model(
        helper.make_graph(graph.nodes, "step", ports[:2], ports[2:], graph.initializers),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=10,
    )


def _in_order(matrix: FloatArray, order: tuple[int, ...]) -> FloatArray:
    """Columns [..., 4H] with the four gates in another order."""
    gates = np.split(matrix, 4, axis=-1)
    return np.ascontiguousarray(np.concatenate([gates[index] for index in order], axis=-1))
