"""ONNX graphs of one step of the network, in float32, float16 and int8 (the model contract).

The embedding is folded: what it adds to the gates of every layer, biases included, is one table a character, so a step
begins with one Gather. Each layer then is one matrix product over what it reads beside its table, and the gates. In the
int8 graph that product is ``com.microsoft.DynamicQuantizeMatMul`` with a scale a column.

The flat state float[batch, S] holds the outputs of all layers, then what their cells hold, and of a network with labels
the pool of its readout: sums, a count, and maxima.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from rnncomplete.network.card import METADATA_KEY
from rnncomplete.network.contract import READOUT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rnncomplete_export.network.character_network import CharacterNetwork
    from rnncomplete_export.network.pooled_readout import PooledReadout

Precision: TypeAlias = Literal["float32", "float16", "int8"]

OPSET = 21
"""From 22 on, ONNX Runtime may move recurrent operators off CUDA."""

INT8_LARGEST = 63
"""Seven bits. Processors with AVX2 and no VNNI add two products of an unsigned and a signed byte in 16 bits, which
overflow, silently, from 8-bit weights on; ONNX Runtime's quantisation guide calls this ``reduce_range``."""


class StepGraph:
    """Builds the graph node by node; every method returns the name of what it made."""

    def __init__(self, precision: Precision) -> None:
        self.precision = precision
        self.float_type = np.float16 if precision == "float16" else np.float32
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []

    def constant(self, name: str, value: NDArray[np.generic]) -> str:
        """A weight that the graph holds."""
        self.initializers.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(
        self, operator: str, inputs: list[str], output: str, *, domain: str = "", **attributes: int | str | list[int]
    ) -> str:
        """One node with one output, named after it."""
        node = helper.make_node(operator, inputs, [output], name=output, domain=domain)
        node.attribute.extend(helper.make_attribute(key, value) for key, value in attributes.items())
        self.nodes.append(node)
        return output

    def looked_up(self, table: NDArray[np.float32], tokens: str, output: str) -> str:
        """Rows of ``table`` float32[V, n] by ``tokens``.

        In float16 a table takes half of the room, and what a step gathers from it is cast in 2 µs.
        """
        half = self.precision == "int8"
        held = self.constant("table", table.astype(np.float16 if half else self.float_type))
        row = self.node("Gather", [held, tokens], f"{output}.half" if half else output, axis=0)
        return self.node("Cast", [row], output, to=TensorProto.FLOAT) if half else row

    def split(self, source: str, outputs: list[str], sizes: list[int]) -> list[str]:
        """Columns of ``source``, by ``sizes``."""
        lengths = self.constant(f"{source}.sizes", np.array(sizes, np.int64))
        self.nodes.append(helper.make_node("Split", [source, lengths], outputs, name=f"{source}.split", axis=1))
        return outputs

    def concat(self, parts: list[str], output: str) -> str:
        """Parts side by side; a single part as it is."""
        return self.node("Concat", parts, output, axis=1) if len(parts) > 1 else parts[0]

    def product(
        self, source: str, weights: NDArray[np.float32], output: str, bias: NDArray[np.float32] | None = None
    ) -> str:
        """``source`` [batch, n] times ``weights`` float32[n, m], plus ``bias`` float32[m], in the graph's precision."""
        if self.precision == "int8":
            quantised, scale = quantise(weights)
            inputs = [source, self.constant(f"{output}.weight", quantised), self.constant(f"{output}.scale", scale)]
            if bias is not None:
                inputs += ["", self.constant(f"{output}.bias", bias)]  # there is no zero point
            return self.node("DynamicQuantizeMatMul", inputs, output, domain="com.microsoft")
        weight = self.constant(f"{output}.weight", self.cast(weights))
        if bias is None:
            return self.node("MatMul", [source, weight], output)
        return self.node("Gemm", [source, weight, self.constant(f"{output}.bias", self.cast(bias))], output)

    def cast(self, weights: NDArray[np.float32]) -> NDArray[np.generic]:
        """Weights in the graph's floating-point type."""
        return weights.astype(self.float_type)

    def result(self, name: str) -> str:
        """What the node that makes the output ``name`` is to call it: a float16 graph still has to cast it."""
        return f"{name}.half" if self.precision == "float16" else name

    def finish(self, name: str) -> None:
        """Make the output ``name`` a float32 tensor."""
        if self.precision == "float16":
            self.node("Cast", [self.result(name)], name, to=TensorProto.FLOAT)


def quantise(weights: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Weights float32[n, m] as int8[n, m] of seven bits, and the scale float32[m] of each column."""
    largest = np.abs(weights).max(axis=0)
    scale = (np.where(largest > 0, largest, 1) / INT8_LARGEST).astype(np.float32)
    return np.rint(weights / scale).clip(-INT8_LARGEST, INT8_LARGEST).astype(np.int8), scale


def gates_in_order(matrix: NDArray[np.float32]) -> NDArray[np.float32]:
    """Columns [..., 4H] from torch's gate order (input, forget, cell, output) to input, forget, output, cell."""
    first, forget, cell, output = np.split(matrix, 4, axis=-1)
    return np.concatenate((first, forget, output, cell), axis=-1)


def folded_table(network: CharacterNetwork) -> NDArray[np.float32]:
    """What each character adds to every layer's gates, float32[V, 4 L H]."""
    embedding = network.embedding.weight.detach().double().numpy()
    columns = []
    for layer, cell in enumerate(network.cells):
        parameters = dict(cell.named_parameters())
        bias = (parameters["bias_ih_l0"] + parameters["bias_hh_l0"]).detach().double().numpy()
        weights = parameters["weight_ih_l0"].detach().double().numpy()
        added = np.zeros((len(embedding), len(bias))) + bias
        if layer == 0:
            added += embedding @ weights.T
        elif network.config.skip:
            added += embedding @ weights[:, network.config.hidden_size :].T
        if network.config.boundary:
            added[network.config.boundary] += network.shut[:, 0].double().numpy()
        columns.append(gates_in_order(added.astype(np.float32)))
    return np.concatenate(columns, axis=1)


def recurrent_weights(network: CharacterNetwork, layer: int) -> NDArray[np.float32]:
    """What one layer multiplies its reads by, float32[n, 4H]: the layer below (none for the first), then itself."""
    parameters = dict(network.cells[layer].named_parameters())
    own = parameters["weight_hh_l0"].detach().float().numpy().T
    if layer == 0:
        return gates_in_order(own)
    below = parameters["weight_ih_l0"].detach().float().numpy()[:, : network.config.hidden_size].T
    return gates_in_order(np.concatenate((below, own)))


def state_size(network: CharacterNetwork) -> int:
    """S, numbers in the flat state."""
    cells = 2 * network.config.layers * network.config.hidden_size
    return cells if network.pooled is None else cells + 2 * network.pooled.size + 1


def build_graph(
    network: CharacterNetwork, precision: Precision, readout: str = "label", temperature: float = 1.0
) -> onnx.ModelProto:
    """One step: ``token`` int64[batch], ``state`` float32[batch, S] -> ``logits`` float32[batch, V], ``next_state``.

    Of a network with labels also ``readout.NAME`` float32[batch, K], of logits divided by ``temperature``. There is no
    float16 graph of these: a GPU's is made of the int8 one. Raises :class:`ValueError` if it is asked for.
    """
    if network.pooled is not None and precision == "float16":
        raise ValueError("a float16 graph of a network with labels; expected float32 or int8")
    config = network.config
    hidden, layers, size = config.hidden_size, config.layers, config.vocabulary_size
    graph = StepGraph(precision)
    state = "state"
    if precision == "float16":
        state = graph.node("Cast", ["state"], "state.half", to=TensorProto.FLOAT16)
    pool: list[str] = []
    if network.pooled is not None:
        size_of_cells, size_of_pool = 2 * layers * hidden, network.pooled.size
        sizes = [size_of_cells, size_of_pool, 1, size_of_pool]
        state, *pool = graph.split("state", ["state.cells", "pool.sum", "pool.count", "pool.most"], sizes)
    parts = graph.split(
        state, [f"before.{i}" for i in range(layers)] + [f"held.{i}" for i in range(layers)], [hidden] * 2 * layers
    )
    row = graph.looked_up(folded_table(network), "token", "row")
    rows = graph.split(row, [f"row.{i}" for i in range(layers)], [4 * hidden] * layers) if layers > 1 else [row]
    outputs: list[str] = []
    held: list[str] = []
    for layer in range(layers):
        reads = graph.concat([*outputs[-1:], parts[layer]], f"reads.{layer}")
        product = graph.product(reads, recurrent_weights(network, layer), f"product.{layer}")
        gates = graph.node("Add", [product, rows[layer]], f"gates.{layer}")
        output, cell = lstm_cell(graph, gates, parts[layers + layer], layer, hidden)
        outputs.append(output)
        held.append(cell)
    features = graph.concat(outputs if config.skip else outputs[-1:], "features")
    weights = network.readout.weight.detach().float().numpy().T
    graph.product(features, weights, graph.result("logits"), network.readout.bias.detach().float().numpy())
    if network.pooled is not None:
        pool = _pooled(graph, network.pooled, features, pool, output=READOUT + readout, temperature=temperature)
    graph.node("Concat", [*outputs, *held, *pool], graph.result("next_state"), axis=1)
    graph.finish("logits")
    graph.finish("next_state")
    return _model(graph, state_size(network), size, {READOUT + readout: network.config.labels} if pool else {})


def lstm_cell(graph: StepGraph, gates: str, held: str, layer: int, hidden: int) -> tuple[str, str]:
    """The gates of an LSTM cell (Hochreiter, Schmidhuber 1997; Gers et al. 2000): its output and what it holds."""
    opening, candidate = graph.split(gates, [f"opening.{layer}", f"candidate.{layer}"], [3 * hidden, hidden])
    opening = graph.node("Sigmoid", [opening], f"open.{layer}")
    names = [f"{name}.{layer}" for name in ("input", "forget", "output")]
    let_in, kept, shown = graph.split(opening, names, [hidden] * 3)
    candidate = graph.node("Tanh", [candidate], f"new.{layer}")
    remembered = graph.node("Mul", [kept, held], f"remembered.{layer}")
    added = graph.node("Mul", [let_in, candidate], f"added.{layer}")
    cell = graph.node("Add", [remembered, added], f"cell.{layer}")
    squashed = graph.node("Tanh", [cell], f"squashed.{layer}")
    return graph.node("Mul", [shown, squashed], f"out.{layer}"), cell


def _pooled(
    graph: StepGraph, pooled: PooledReadout, features: str, pool: list[str], *, output: str, temperature: float
) -> list[str]:
    """The readout ``output``; returns the parts of the pool after it, which are kept in float32 whatever reads them."""
    total, count, most = pool
    weights, bias = (part.detach().float().numpy() for part in pooled.projection.parameters())
    seen = graph.node("Tanh", [graph.product(features, weights.T, "projected", bias)], "seen")
    total = graph.node("Add", [total, seen], "pool.sum.next")
    one = [graph.constant("one", np.ones((1, 1), np.float32)), graph.constant("more", np.ones(1, np.float32))]
    count = graph.node("Gemm", [count, *one], "pool.count.next")
    most = graph.node("Max", [most, seen], "pool.most.next")
    mean = graph.node("Div", [total, count], "pool.mean")
    weights, bias = (part.detach().float().numpy() / temperature for part in pooled.readout.parameters())
    inputs = [
        graph.concat([mean, most], "pooled"),
        graph.constant("label.weight", weights.T),
        graph.constant("label.bias", bias),
    ]
    graph.node("Softmax", [graph.node("Gemm", inputs, "label")], output, axis=1)
    return [total, count, most]


def _model(graph: StepGraph, state_size: int, vocabulary_size: int, readouts: dict[str, int]) -> onnx.ModelProto:
    outputs = [port("logits", "batch", vocabulary_size), port("next_state", "batch", state_size)]
    outputs += [port(name, "batch", size) for name, size in readouts.items()]
    return finished_model(graph, "step", [token_port(), port("state", "batch", state_size)], outputs)


def port(name: str, *shape: int | str) -> onnx.ValueInfoProto:
    """An input or output of float32."""
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def token_port(name: str = "token", size: str = "batch") -> onnx.ValueInfoProto:
    """An input of tokens, int64[size]."""
    return helper.make_tensor_value_info(name, TensorProto.INT64, [size])


def finished_model(
    graph: StepGraph, name: str, inputs: list[onnx.ValueInfoProto], outputs: list[onnx.ValueInfoProto]
) -> onnx.ModelProto:
    """The graph with its ports, checked as far as onnx can."""
    opsets = [helper.make_opsetid("", OPSET)]
    if graph.precision == "int8":
        opsets.append(helper.make_opsetid("com.microsoft", 1))
    model = helper.make_model(
        helper.make_graph(graph.nodes, name, inputs, outputs, graph.initializers),
        opset_imports=opsets,
        producer_name="rnncomplete",
        ir_version=10,
    )
    onnx.checker.check_model(model, full_check=graph.precision != "int8")
    return model


def with_card(model: onnx.ModelProto, card: str) -> bytes:
    """The serialised graph with the card inside."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    helper.set_model_props(copy, {METADATA_KEY: card})
    data: bytes = copy.SerializeToString()
    return data
