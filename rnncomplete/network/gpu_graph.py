"""The graph of a style as a GPU runs it: float16, made here of the int8 graph that the CPU runs.

CUDA has no kernel for ``DynamicQuantizeMatMul``, so each becomes a product in float16 of the same weights; then both
graphs predict the same up to rounding, and no style has to carry a second file. A readout and the part of the state that
it alone reads stay in float32: sums over a long text are larger than float16 can hold. Field numbers are those of
``onnx.proto`` (https://github.com/onnx/onnx). Only graphs that :func:`rnncomplete.network.graph_check.read_graph` has let
through are read here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from rnncomplete.errors import ModelError
from rnncomplete.network.contract import READOUT
from rnncomplete.network.protobuf import as_int, as_ints, as_message, as_text, read_fields, write_field

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rnncomplete.network.protobuf import Value

_FLOAT, _FLOAT16 = 1, 10
_TYPES = {1: "<f4", 3: "<i1", 7: "<i8", 10: "<f2"}
_INT_ATTRIBUTE = 2
_QUANTISED = "DynamicQuantizeMatMul"


@dataclass
class _Node:
    operator: str = ""
    domain: str = ""
    inputs: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    attributes: list[bytes] = field(default_factory=list)


def gpu_graph(graph: bytes) -> bytes:
    """The float16 graph for the int8 ``graph``, with the same inputs and outputs (float32) and the same metadata.

    Raises :class:`ModelError` if it is not one that ``rnncomplete export`` makes.
    """
    parts = list(read_fields(memoryview(graph)))
    [body] = [as_message(value) for number, value in parts if number == 7]
    made = b""
    for number, value in parts:
        if number == 7:
            made += write_field(7, _converted(body))
        elif number != 8 or _domain(as_message(value)) != "com.microsoft":
            made += write_field(number, value)
    return made


def _domain(opset: memoryview) -> str:
    return next((as_text(value) for number, value in read_fields(opset) if number == 1), "")


def _converted(body: memoryview) -> bytes:
    """A graph message with its nodes and initializers in float16; all else as it is."""
    nodes: list[_Node] = []
    weights: dict[str, NDArray[np.generic]] = {}
    others: list[tuple[int, Value]] = []
    ports: dict[int, list[str]] = {11: [], 12: []}
    for number, value in read_fields(body):
        if number == 1:
            nodes.append(_node(as_message(value)))
        elif number == 5:
            name, array = _tensor(as_message(value))
            weights[name] = array
        else:
            others.append((number, value))
            if number in ports:
                ports[number].append(next(as_text(item) for part, item in read_fields(as_message(value)) if part == 1))
    floats = _kept_in_float(nodes, ports[12])
    half = {name: f"{name}.half" for name in ("state", *ports[12]) if name not in floats}
    converted = [_cast("state", half["state"], _FLOAT16)] if "state" in half else []
    passed: dict[str, str] = {}
    """What a cast to float32 made, and what it was made of: in a float16 graph the same."""
    crossed: dict[str, str] = {}
    """What goes from one type to the other, and what the cast of it is called."""
    values = {name for node in nodes for name in node.outputs} | {"state"}
    for node in nodes:
        whole = node.outputs[0] in floats
        for place, name in enumerate(node.inputs):
            source = passed.get(name, name)
            if name in values and (name in floats) != whole:
                if source not in crossed:
                    crossed[source] = f"{source}.cast"
                    converted.append(_cast(source, crossed[source], _FLOAT if whole else _FLOAT16))
                source = crossed[source]
            node.inputs[place] = half.get(source, source)
        node.outputs = [half.get(name, name) for name in node.outputs]
        if node.operator == "Cast":
            passed[node.outputs[0]] = node.inputs[0]
        elif node.operator == _QUANTISED:
            converted.append(_product(node, weights))
        else:
            converted.append(node)
    converted += [_cast(passed.get(half[name], half[name]), name, _FLOAT) for name in ports[12] if name in half]
    used = {name for node in converted for name in node.inputs}
    read_whole = {name for node in converted if node.outputs[0] in floats for name in node.inputs}
    kept = {name: array if name in read_whole else _halved(array) for name, array in weights.items() if name in used}
    return b"".join(
        [write_field(number, value) for number, value in others]
        + [write_field(1, _node_bytes(node)) for node in converted]
        + [write_field(5, _tensor_bytes(name, array)) for name, array in kept.items()]
    )


def _kept_in_float(nodes: list[_Node], outputs: list[str]) -> set[str]:
    """What stays in float32 for the sake of readouts; nothing in a graph without any.

    That is the state, its parts, and all that comes of those parts that the logits are not made of.
    """
    if not any(name.startswith(READOUT) for name in outputs):
        return set()
    logits = {"logits"}
    for node in reversed(nodes):
        if logits.intersection(node.outputs) and "state" not in node.inputs:
            logits.update(node.inputs)
    parts = {name for node in nodes if "state" in node.inputs for name in node.outputs}
    own = parts - logits
    for node in nodes:
        if own.intersection(node.inputs):
            own.update(node.outputs)
    return {"state", *parts, *own}


def _product(node: _Node, weights: dict[str, NDArray[np.generic]]) -> _Node:
    """The float16 product in place of a quantised one, whose weights are put among ``weights``."""
    source, weight, scale, *rest = [*node.inputs, "", ""][:5]
    if weight not in weights or scale not in weights or rest[0]:
        raise ModelError("the graph has products of another kind than `rnncomplete export` makes: the CPU runs it")
    name = f"{weight}.half"
    weights[name] = (weights[weight].astype(np.float32) * weights[scale].astype(np.float32)).astype(np.float16)
    if not rest[1]:
        return _Node("MatMul", "", [source, name], node.outputs)
    return _Node("Gemm", "", [source, name, rest[1]], node.outputs)


def _halved(array: NDArray[np.generic]) -> NDArray[np.generic]:
    return array.astype(np.float16) if array.dtype == np.float32 else array


def _cast(source: str, output: str, element_type: int) -> _Node:
    attribute = write_field(1, b"to") + write_field(3, element_type) + write_field(20, _INT_ATTRIBUTE)
    return _Node("Cast", "", [source], [output], [attribute])


def _node(data: memoryview) -> _Node:
    node = _Node()
    for number, value in read_fields(data):
        if number == 1:
            node.inputs.append(as_text(value))
        elif number == 2:
            node.outputs.append(as_text(value))
        elif number == 4:
            node.operator = as_text(value)
        elif number == 5:
            node.attributes.append(bytes(as_message(value)))
        elif number == 7:
            node.domain = as_text(value)
    return node


def _node_bytes(node: _Node) -> bytes:
    return b"".join(
        [
            *(write_field(1, name.encode()) for name in node.inputs),
            *(write_field(2, name.encode()) for name in node.outputs),
            write_field(3, node.outputs[0].encode()),
            write_field(4, node.operator.encode()),
            *(write_field(5, attribute) for attribute in node.attributes),
            write_field(7, node.domain.encode()),
        ]
    )


def _tensor(data: memoryview) -> tuple[str, NDArray[np.generic]]:
    """Name and numbers of a tensor that keeps them as raw bytes."""
    name, element_type, raw = "", 0, None
    sizes: list[int] = []
    for number, value in read_fields(data):
        if number == 1:
            sizes += as_ints(value)
        elif number == 2:
            element_type = as_int(value)
        elif number == 8:
            name = as_text(value)
        elif number == 9:
            raw = as_message(value)
    if raw is None or element_type not in _TYPES:
        raise ModelError(f"the graph keeps {name!r} in another way than `rnncomplete export` does: the CPU runs it")
    return name, np.frombuffer(raw, _TYPES[element_type]).reshape(sizes)


def _tensor_bytes(name: str, array: NDArray[np.generic]) -> bytes:
    element_type = next(number for number, kind in _TYPES.items() if np.dtype(kind) == array.dtype)
    sizes = b"".join(write_field(1, size) for size in array.shape)
    return sizes + write_field(2, element_type) + write_field(8, name.encode()) + write_field(9, array.tobytes())
