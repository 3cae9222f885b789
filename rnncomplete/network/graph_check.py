"""Checking an ONNX graph before ONNX Runtime sees it: a style is a file from anybody.

Only the operators that a recurrent step needs are let through, none that can loop, branch, read other files or blow a
few bytes up into gigabytes. Field numbers are those of ``onnx.proto`` (https://github.com/onnx/onnx).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rnncomplete.errors import ModelError
from rnncomplete.network.protobuf import WireError, as_int, as_ints, as_message, as_text, read_fields

if TYPE_CHECKING:
    from rnncomplete.network.protobuf import Value

MOST_NODES = 2_000
MOST_INITIALIZER_BYTES = 256 * 2**20
NEWEST_OPSET = 21
"""From 22 on ONNX Runtime may move recurrent operators off the GPU."""

ALLOWED_OPERATORS: dict[str, frozenset[str]] = {
    "": frozenset(
        {
            *("Gather", "Concat", "Split", "Slice", "Identity", "Constant", "Cast"),
            *("Reshape", "Squeeze", "Unsqueeze", "Transpose"),
            *("Gemm", "MatMul", "Add", "Sub", "Mul", "Div", "Neg"),
            *("Sigmoid", "Tanh", "Relu", "Softmax", "LogSoftmax", "LayerNormalization"),
            *("LSTM", "GRU", "RNN"),
        }
    ),
    "com.microsoft": frozenset(["DynamicQuantizeLSTM", "DynamicQuantizeMatMul", "MatMulNBits"]),
}

FLOAT, INT8, INT64 = 1, 3, 7
"""Element types of ``onnx.TensorProto``."""

_ELEMENT_BYTES = {1: 4, 2: 1, 3: 1, 4: 2, 5: 2, 6: 4, 7: 8, 9: 1, 10: 2, 11: 8, 12: 4, 13: 8, 16: 2}
_EXTERNAL = 1
_RAW_DATA = 9
_TYPED_DATA = {4: 4, 5: 1, 7: 1, 10: 8, 11: 1}
"""Fields of a tensor that hold numbers one by one, and the fewest bytes a number takes there."""


@dataclass(frozen=True)
class Port:
    """One input or output of the graph; an unnamed or symbolic size is ``None``."""

    name: str
    element_type: int
    shape: tuple[int | None, ...]


@dataclass(frozen=True)
class Graph:
    """What was found in a graph that may be run."""

    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    metadata: dict[str, str]
    opsets: dict[str, int]
    nodes: int
    initializer_bytes: int
    int8_bytes: int
    """Of the initializers, those that are quantised weights."""


@dataclass
class _Findings:
    inputs: list[Port] = field(default_factory=list)
    outputs: list[Port] = field(default_factory=list)
    metadata: dict[str, str] = field(default_factory=dict)
    opsets: dict[str, int] = field(default_factory=dict)
    nodes: int = 0
    initializer_bytes: int = 0
    int8_bytes: int = 0
    graphs: int = 0


def read_graph(data: bytes) -> Graph:
    """Check the bytes of an ``.onnx`` file and return what the model contract needs to know of them.

    Raises :class:`ModelError` for anything that is not an ONNX graph, or not one that may be run here.
    """
    found = _Findings()
    try:
        for number, value in read_fields(memoryview(data)):
            _read_model_field(number, value, found)
    except WireError as error:
        raise ModelError(
            f"not an ONNX graph, or a truncated one ({error}); expected what `rnncomplete export` writes"
        ) from None
    if found.graphs != 1 or not found.nodes:
        raise ModelError("no graph found in it; expected an ONNX model as `rnncomplete export` writes it")
    _check_opsets(found.opsets)
    return Graph(
        tuple(found.inputs),
        tuple(found.outputs),
        found.metadata,
        found.opsets,
        found.nodes,
        found.initializer_bytes,
        found.int8_bytes,
    )


def _read_model_field(number: int, value: Value, found: _Findings) -> None:
    if number == 7:
        found.graphs += 1
        _read_graph_message(as_message(value), found)
    elif number == 8:
        domain, version = "", 0
        for part, item in read_fields(as_message(value)):
            if part == 1:
                domain = as_text(item)
            elif part == 2:
                version = as_int(item)
        found.opsets["" if domain == "ai.onnx" else domain] = version
    elif number == 14:
        entry = {1: "", 2: ""}
        for part, item in read_fields(as_message(value)):
            entry[part] = as_text(item)
        found.metadata[entry[1]] = entry[2]
    elif number in (20, 25):
        kind = "training steps" if number == 20 else "functions of its own"
        raise ModelError(f"the graph brings {kind}; expected plain operators only")


def _check_opsets(opsets: dict[str, int]) -> None:
    if foreign := opsets.keys() - ALLOWED_OPERATORS.keys() - {"ai.onnx.ml", "pkg.onnxscript.torch_lib"}:
        raise ModelError(f"the graph asks for the operators of {min(foreign)!r}; expected ai.onnx and com.microsoft")
    if not 1 <= opsets.get("", 0) <= NEWEST_OPSET:
        raise ModelError(f"the graph has opset {opsets.get('')}; expected at most {NEWEST_OPSET}")


def _read_graph_message(data: memoryview, found: _Findings) -> None:
    for number, value in read_fields(data):
        if number == 1:
            _read_node(as_message(value), found)
        elif number == 5:
            _read_tensor(as_message(value), found)
        elif number == 11:
            found.inputs.append(_read_port(as_message(value)))
        elif number == 12:
            found.outputs.append(_read_port(as_message(value)))
        elif number == 15:
            raise ModelError("the graph has sparse weights; expected dense ones")


def _read_node(data: memoryview, found: _Findings) -> None:
    found.nodes += 1
    if found.nodes > MOST_NODES:
        raise ModelError(f"the graph has more than {MOST_NODES:,} operators; expected one step of a small network")
    operator, domain = "", ""
    attributes = []
    for number, value in read_fields(data):
        if number == 4:
            operator = as_text(value)
        elif number == 5:
            attributes.append(as_message(value))
        elif number == 7:
            domain = as_text(value)
    if operator not in ALLOWED_OPERATORS.get("" if domain == "ai.onnx" else domain, ()):
        name = f"{domain}.{operator}" if domain else operator
        raise ModelError(f"the graph uses the operator {name!r}, which no recurrent step needs, so it is not run")
    for attribute in attributes:
        _read_attribute(attribute, found)


def _read_attribute(data: memoryview, found: _Findings) -> None:
    for number, value in read_fields(data):
        if number in (5, 10):
            _read_tensor(as_message(value), found)
        elif number in (6, 11):
            raise ModelError("the graph holds another graph inside an operator; expected no loops and no branches")
        elif number in (22, 23):
            raise ModelError("the graph has sparse weights; expected dense ones")
        elif number == 21:
            raise ModelError("the graph has an attribute of a function; expected plain operators only")


def _read_tensor(data: memoryview, found: _Findings) -> None:
    """Add a tensor's bytes; refuse external data, and sizes other than those of the numbers that are there."""
    sizes: list[int] = []
    element_type = stored = fewest = 0
    raw = False
    for number, value in read_fields(data):
        if number == 1:
            sizes += as_ints(value)
        elif number == 2:
            element_type = as_int(value)
        elif number == 3:
            raise ModelError("the graph has a tensor in segments; expected whole ones")
        elif number == 13 or (number == 14 and value == _EXTERNAL):
            raise ModelError("the graph keeps weights in another file; expected a self-contained one")
        elif number == _RAW_DATA:
            raw, stored = True, stored + len(as_message(value))
        elif number in _TYPED_DATA:
            fewest = _TYPED_DATA[number]
            stored += fewest if isinstance(value, int) else len(value)
    if element_type not in _ELEMENT_BYTES:
        raise ModelError(f"the graph has a tensor of element type {element_type}; expected plain numbers")
    if any(size < 0 for size in sizes):
        raise ModelError(f"the graph has a tensor of shape {sizes}; expected sizes of 0 or more")
    declared = math.prod(sizes)
    if (
        (raw and declared * _ELEMENT_BYTES[element_type] != stored)
        or declared * fewest > stored
        or (declared and not stored)
    ):
        raise ModelError(f"the graph has a tensor of shape {sizes} with {stored:,} bytes in it; the file is damaged")
    found.initializer_bytes += stored
    found.int8_bytes += stored if element_type == INT8 else 0
    if found.initializer_bytes > MOST_INITIALIZER_BYTES:
        raise ModelError(f"the graph has more than {MOST_INITIALIZER_BYTES // 2**20} MB of weights")


def _read_port(data: memoryview) -> Port:
    name, element_type = "", 0
    shape: list[int | None] = []
    for number, value in read_fields(data):
        if number == 1:
            name = as_text(value)
        elif number == 2:
            for part, item in read_fields(as_message(value)):
                if part == 1:
                    element_type, shape = _read_tensor_type(as_message(item))
    return Port(name, element_type, tuple(shape))


def _read_tensor_type(data: memoryview) -> tuple[int, list[int | None]]:
    """Element type and sizes of a ``TypeProto.Tensor``."""
    element_type = 0
    shape: list[int | None] = []
    for number, value in read_fields(data):
        if number == 1:
            element_type = as_int(value)
        elif number == 2:
            for _, dimension in read_fields(as_message(value)):
                size: int | None = None
                for part, item in read_fields(as_message(dimension)):
                    if part == 1:
                        size = as_int(item)
                shape.append(size)
    return element_type, shape
