"""ONNX graphs of a network that writes about a source: one step with attention, and the encoder, run once a source.

In int8 the step multiplies as other steps do (:mod:`rnncomplete_export.exporting.graphs`); the encoder computes in
float32 with weights that are kept in int8, since it runs once a line.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import nn

from rnncomplete.network.contract import KEYS, VALUES
from rnncomplete.network.operators import PLACES, SOURCE
from rnncomplete_export.exporting.encoder_graph import EncoderGraph, numbers
from rnncomplete_export.exporting.graphs import (
    StepGraph,
    finished_model,
    gates_in_order,
    lstm_cell,
    port,
    token_port,
)
from rnncomplete_export.exporting.picture_graph import picture_graph
from rnncomplete_export.network.character_network import shut_gates
from rnncomplete_export.network.conditioned_network import LAYERS
from rnncomplete_export.network.picture_encoder import PictureEncoder
from rnncomplete_export.network.text_encoder import TextEncoder

if TYPE_CHECKING:
    from collections.abc import Callable

    import onnx
    from numpy.typing import NDArray
    from torch import Tensor

    from rnncomplete_export.exporting.graphs import Precision
    from rnncomplete_export.network.conditioned_network import ConditionedNetwork


def state_size(network: ConditionedNetwork) -> int:
    """S, numbers in the flat state: what both layers put out, and what they hold."""
    return 2 * LAYERS * network.shape.hidden_size


def folded_table(network: ConditionedNetwork, boundary: int) -> NDArray[np.float32]:
    """What each character adds to the gates of both layers, float32[V, 8H]; the ``boundary`` shuts them."""
    embedding = network.embedding.weight.detach().double().numpy()
    columns = []
    for cell in network.cells:
        weights = dict(cell.named_parameters())
        read = weights["weight_ih_l0"].detach().double().numpy()[:, -embedding.shape[1] :]
        added = embedding @ read.T + (weights["bias_ih_l0"] + weights["bias_hh_l0"]).detach().double().numpy()
        added[boundary] += shut_gates(network.shape.hidden_size)[:, 0].double().numpy()
        columns.append(gates_in_order(added.astype(np.float32)))
    return np.concatenate(columns, axis=1)


def build_step(network: ConditionedNetwork, precision: Precision, boundary: int) -> onnx.ModelProto:
    """One step, in float32 or int8; ``boundary`` is the token that ends a line.

    ``token`` int64[batch], ``state`` float32[batch, S], ``context.keys`` float32[places, K] and ``context.values``
    float32[places, D] -> ``logits`` float32[batch, V], ``next_state``.
    """
    shape, graph = network.shape, StepGraph(precision)
    hidden, kinds, size = shape.hidden_size, shape.vocabulary_size, state_size(network)
    parts = graph.split("state", ["before.0", "before.1", "held.0", "held.1"], [hidden] * 4)
    row = graph.looked_up(folded_table(network, boundary), "token", "row")
    rows = graph.split(row, ["row.0", "row.1"], [4 * hidden] * LAYERS)

    def layer(number: int, reads: list[str]) -> tuple[str, str]:
        weights = dict(network.cells[number].named_parameters())
        below = numbers(weights["weight_ih_l0"])[:, : -shape.embedding_size].T  # all but the embedding
        own = numbers(weights["weight_hh_l0"]).T
        matrix = gates_in_order(np.concatenate((below, own)))
        product = graph.product(graph.concat([*reads, parts[number]], f"reads.{number}"), matrix, f"product.{number}")
        gates = graph.node("Add", [product, rows[number]], f"gates.{number}")
        return lstm_cell(graph, gates, parts[LAYERS + number], number, hidden)

    first, held_first = layer(0, [])
    scale = np.float32(shape.keys**-0.5)
    weight, bias = numbers(network.query.weight) * scale, numbers(network.query.bias) * scale
    query = graph.product(first, weight.T, "query", bias)
    scores = graph.node("Gemm", [query, KEYS], "scores", transB=1)
    found = graph.node("MatMul", [graph.node("Softmax", [scores], "shares", axis=1), VALUES], "found")
    second, held_second = layer(1, [first, found])
    features = graph.concat([first, second, found], "features")
    graph.product(features, numbers(network.readout.weight).T, "logits", numbers(network.readout.bias))
    graph.node("Concat", [first, second, held_first, held_second], "next_state", axis=1)
    inputs = [token_port(), port("state", "batch", size), *_context(network)]
    outputs = [port("logits", "batch", kinds), port("next_state", "batch", size)]
    return finished_model(graph, "step", inputs, outputs)


def _context(network: ConditionedNetwork, places: int | str = PLACES) -> list[onnx.ValueInfoProto]:
    return [port(KEYS, places, network.shape.keys), port(VALUES, places, network.shape.values)]


def lstm_gates(matrix: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows [4H, ...] from torch's gate order (input, forget, cell, output) to ONNX's: input, output, forget, cell."""
    first, forget, cell, output = np.split(matrix, 4)
    return np.concatenate((first, output, forget, cell))


def build_encode(network: ConditionedNetwork, precision: Precision) -> onnx.ModelProto:
    """The encoder: ``source`` int64[length] or ``picture`` float32[3, size, size] -> the tensors of the context.

    In float32, or with weights in int8. Raises ``KeyError`` if nothing builds a graph of that encoder.
    """
    graph = EncoderGraph(precision)
    source, places, seen = ENCODER_GRAPHS[type(network.encoder)](graph, network.encoder)
    _read(graph, seen, network.encoder.beside, network.encoder.keys, KEYS)
    _read(graph, seen, network.encoder.beside, network.encoder.values, VALUES)
    return finished_model(graph, "encode", [source], _context(network, places))


def _read(graph: EncoderGraph, seen: str, beside: Tensor | None, layer: nn.Linear, output: str) -> None:
    """``seen`` [places, n] through a ``layer`` whose last columns read what is ``beside`` it, which is known: a table that is added."""
    if beside is None:
        graph.linear(seen, layer, output)
        return
    of_seen = copy.deepcopy(layer)
    of_seen.weight = nn.Parameter(layer.weight[:, : -beside.shape[1]])
    table = numbers(beside @ layer.weight[:, -beside.shape[1] :].T)
    graph.node(
        "Add", [graph.linear(seen, of_seen, f"{output}.seen"), graph.constant(f"{output}.beside", table)], output
    )


def _text(graph: EncoderGraph, encoder: TextEncoder) -> tuple[onnx.ValueInfoProto, str, str]:
    """The input, how many places it has, and what both layers see at each character, [length, 4N]."""
    reads = graph.looked_up(numbers(encoder.embedding.weight), SOURCE, "reads.0")
    outputs = []
    for number, cells in enumerate(zip(encoder.forwards, encoder.backwards, strict=True)):
        parameters = [dict(cell.named_parameters()) for cell in cells]

        def stacked(name: str, parameters: list[dict[str, Any]] = parameters) -> NDArray[np.float32]:
            return np.stack([lstm_gates(numbers(own[name])) for own in parameters])

        name = f"layer.{number}"
        biases = np.concatenate((stacked("bias_ih_l0"), stacked("bias_hh_l0")), axis=1)
        inputs = [
            graph.node("Unsqueeze", [reads, graph.axis(1)], f"{name}.reads"),
            graph.weights(f"{name}.weight", stacked("weight_ih_l0"), 1),
            graph.weights(f"{name}.recurrent", stacked("weight_hh_l0"), 1),
            graph.constant(f"{name}.bias", biases),
        ]
        both = graph.node("LSTM", inputs, f"{name}.both", hidden_size=encoder.units, direction="bidirectional")
        alone = graph.node("Squeeze", [both, graph.axis(2)], f"{name}.alone")
        shape = graph.constant(f"{name}.shape", np.array([0, -1], np.int64))
        reads = graph.node("Reshape", [alone, shape], name)
        outputs.append(reads)
    return token_port(SOURCE, PLACES), PLACES, graph.concat(outputs, "seen")


ENCODER_GRAPHS: dict[type, Callable[[EncoderGraph, Any], tuple[onnx.ValueInfoProto, int | str, str]]] = {
    TextEncoder: _text,
    PictureEncoder: picture_graph,
}
"""By kind of encoder: what gives the graph's input, how many places there are, and the name of what keys and values are made of, float32[places, n]."""
