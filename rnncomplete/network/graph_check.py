"""Reading an ONNX graph before ONNX Runtime sees it: a style is a file from anybody.

Only what `rnncomplete export` writes is let through: plain operators, weights as raw bytes in the file itself, none of
the fields by which a graph can loop, branch, read other files or hold functions. What the operators make of the shapes
that they are given is :mod:`rnncomplete.network.operators`'. Field numbers are those of ``onnx.proto``
(https://github.com/onnx/onnx).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NoReturn

from rnncomplete.errors import ModelError
from rnncomplete.network.card import LARGEST_CARD
from rnncomplete.network.encode_operators import ENCODE_RULES
from rnncomplete.network.graph import ELEMENT_BYTES, Element, Graph, Node, Port, Weights
from rnncomplete.network.operators import READOUT_RULES, STEP_RULES
from rnncomplete.network.protobuf import (
    Budget,
    Field,
    WireError,
    as_int,
    as_ints,
    as_message,
    as_text,
    read_message,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from rnncomplete.network.graph import Attribute
    from rnncomplete.network.protobuf import Schema, Value

LARGEST_GRAPH = 64 * 2**20
"""Bytes of a graph at most; ours take six million."""
MOST_NODES = 2_000
MOST_PORTS = 16
MOST_FIELDS = 100_000
MOST_DIMENSIONS, LARGEST_DIMENSION = 8, 2**31 - 1
NEWEST_OPSET = 21
"""From 22 on ONNX Runtime may move recurrent operators off the GPU."""

_KNOWN = {*STEP_RULES, *READOUT_RULES, *ENCODE_RULES}
"""Operators that one graph or another may use, by domain and name; which of them, its contract says."""


def _refuse(reason: str) -> Callable[[Value], NoReturn]:
    def refuse(_: Value) -> NoReturn:
        raise ModelError(f"the graph {reason}")

    return refuse


_ELSEWHERE = _refuse("keeps weights in another file; expected a self-contained one")
_SPARSE = _refuse("has sparse weights; expected dense ones")
_INSIDE = _refuse("holds another graph inside an operator; expected no loops and no branches")
_TYPED = _refuse("has weights as single numbers; expected raw bytes")

_TENSOR: Schema = {
    1: Field("dims", as_ints, repeated=True),
    2: Field("data_type", as_int),
    3: Field("segment", _refuse("has a tensor in segments; expected whole ones")),
    **{number: Field("typed_data", _TYPED) for number in (4, 5, 6, 7, 10, 11)},
    8: Field("name", as_text),
    9: Field("raw_data", as_message),
    12: Field("doc_string", as_text),
    13: Field("external_data", _ELSEWHERE),
    14: Field("data_location", _ELSEWHERE),
}
_ATTRIBUTE: Schema = {
    1: Field("name", as_text),
    3: Field("i", as_int),
    4: Field("s", as_text),
    8: Field("ints", as_ints, repeated=True),
    **{
        number: Field("value", _refuse("has an attribute that is neither whole numbers nor a word"))
        for number in (2, 5, 7, 9, 10)
    },
    **{number: Field("graph", _INSIDE) for number in (6, 11)},
    20: Field("type", as_int),
    21: Field("ref", _refuse("has an attribute of a function; expected plain operators only")),
    **{number: Field("sparse", _SPARSE) for number in (22, 23)},
}
_NODE: Schema = {
    1: Field("input", as_text, repeated=True),
    2: Field("output", as_text, repeated=True),
    3: Field("name", as_text),
    4: Field("operator", as_text),
    5: Field("attribute", _ATTRIBUTE, repeated=True),
    6: Field("doc_string", as_text),
    7: Field("domain", as_text),
}
_DIMENSION: Schema = {1: Field("size", as_int), 2: Field("symbol", as_text), 3: Field("denotation", as_text)}
_SHAPE: Schema = {1: Field("dimension", _DIMENSION, repeated=True)}
_TENSOR_TYPE: Schema = {1: Field("element", as_int), 2: Field("shape", _SHAPE)}
_PORT: Schema = {
    1: Field("name", as_text),
    2: Field("type", {1: Field("tensor", _TENSOR_TYPE)}),
    3: Field("doc", as_text),
}
_GRAPH: Schema = {
    1: Field("node", _NODE, repeated=True),
    2: Field("name", as_text),
    5: Field("weights", _TENSOR, repeated=True),
    10: Field("doc_string", as_text),
    11: Field("input", _PORT, repeated=True),
    12: Field("output", _PORT, repeated=True),
    15: Field("sparse", _SPARSE),
}
_MODEL: Schema = {
    1: Field("ir_version", as_int),
    **{number: Field(f"about{number}", as_text) for number in (2, 3, 4, 6)},
    5: Field("model_version", as_int),
    7: Field("graph", _GRAPH),
    8: Field("opset", {1: Field("domain", as_text), 2: Field("version", as_int)}, repeated=True),
    14: Field("metadata", {1: Field("key", as_text), 2: Field("value", as_text)}, repeated=True),
    20: Field("training", _refuse("brings training steps; expected plain operators only")),
    25: Field("function", _refuse("brings functions of its own; expected plain operators only")),
}
_INT_ATTRIBUTE, _STRING_ATTRIBUTE, _INTS_ATTRIBUTE = 2, 3, 7


def read_graph(data: bytes) -> Graph:
    """Check the form of an ``.onnx`` file and return what it holds; nothing of the weights is copied.

    Raises :class:`ModelError` for anything that is not an ONNX graph, or not one that may be run here.
    """
    if len(data) > LARGEST_GRAPH:
        raise ModelError(f"the graph is larger than {LARGEST_GRAPH // 2**20} MB; expected one step of a small network")
    try:
        model = read_message(memoryview(data), _MODEL, Budget(MOST_FIELDS))
    except WireError as error:
        raise ModelError(
            f"not an ONNX graph, or a truncated one ({error}); expected what `rnncomplete export` writes"
        ) from None
    found = model.get("graph")
    if not found or not found["node"]:
        raise ModelError("no graph found in it; expected an ONNX model as `rnncomplete export` writes it")
    if len(found["node"]) > MOST_NODES:
        raise ModelError(f"the graph has more than {MOST_NODES:,} operators; expected one step of a small network")
    if max(len(found["input"]), len(found["output"])) > MOST_PORTS:
        raise ModelError(
            f"the graph has more than {MOST_PORTS} inputs or outputs; expected one step of a small network"
        )
    return Graph(
        tuple(_port(port) for port in found["input"]),
        tuple(_port(port) for port in found["output"]),
        _metadata(model["metadata"]),
        _opsets(model["opset"]),
        tuple(_node(node) for node in found["node"]),
        _weights(found["weights"]),
    )


def _metadata(entries: list[dict[str, str]]) -> dict[str, str]:
    if any(len(entry.get("value", "")) > LARGEST_CARD for entry in entries):
        raise ModelError(f"the graph carries a card of more than {LARGEST_CARD // 2**20} MB; expected a few kilobytes")
    return {entry.get("key", ""): entry.get("value", "") for entry in entries}


def _opsets(entries: list[dict[str, Any]]) -> dict[str, int]:
    opsets = {_domain(entry): entry.get("version", 0) for entry in entries}
    known = {domain for domain, _ in _KNOWN}
    if foreign := opsets.keys() - known - {"ai.onnx.ml", "pkg.onnxscript.torch_lib"}:
        raise ModelError(f"the graph asks for the operators of {min(foreign)!r}; expected ai.onnx and com.microsoft")
    if not 1 <= opsets.get("", 0) <= NEWEST_OPSET:
        raise ModelError(f"the graph has opset {opsets.get('')}; expected at most {NEWEST_OPSET}")
    return opsets


def _domain(entry: dict[str, Any]) -> str:
    domain: str = entry.get("domain", "")
    return "" if domain == "ai.onnx" else domain


def _node(found: dict[str, Any]) -> Node:
    domain, operator = _domain(found), found.get("operator", "")
    if (domain, operator) not in _KNOWN:
        name = f"{domain}.{operator}" if domain else operator
        raise ModelError(f"the graph uses the operator {name!r}, which no style needs, so it is not run")
    attributes = {item.get("name", ""): _attribute(item, operator) for item in found["attribute"]}
    if len(attributes) != len(found["attribute"]):
        raise ModelError(f"the graph has odd attributes of {operator}; expected each once")
    return Node(domain, operator, tuple(found["input"]), tuple(found["output"]), attributes)


def _attribute(found: dict[str, Any], operator: str) -> Attribute:
    """A whole number, whole numbers or a word: the one that its type says, and no other beside it."""
    kind, ints = (
        found.get("type"),
        tuple(number for numbers in found["ints"] for number in numbers[: MOST_DIMENSIONS + 1]),
    )
    if kind == _INT_ATTRIBUTE and not ints and "s" not in found:
        return int(found.get("i", 0))
    if kind == _INTS_ATTRIBUTE and 1 <= len(ints) <= MOST_DIMENSIONS and not found.keys() & {"i", "s"}:
        return ints
    if kind == _STRING_ATTRIBUTE and not ints and "s" in found and "i" not in found:
        return str(found["s"])
    raise ModelError(f"the graph has odd attributes of {operator}; expected whole numbers or a word")


def _weights(tensors: list[dict[str, Any]]) -> dict[str, Weights]:
    weights = {tensor.get("name", ""): _tensor(tensor) for tensor in tensors}
    if len(weights) != len(tensors):
        raise ModelError("the graph has two tensors of the same name; expected one of each")
    return weights


def _tensor(found: dict[str, Any]) -> Weights:
    """A tensor whose bytes are those of its shape and type."""
    shape = tuple(size for sizes in found["dims"] for size in sizes[: MOST_DIMENSIONS + 1])
    element, data = found.get("data_type", 0), found.get("raw_data", memoryview(b""))
    if element not in ELEMENT_BYTES:
        raise ModelError(f"the graph has a tensor of element type {element}; expected plain numbers")
    if len(shape) > MOST_DIMENSIONS or any(not 1 <= size <= LARGEST_DIMENSION for size in shape):
        raise ModelError(f"the graph has a tensor of shape {list(shape[:9])}; expected at most 8 sizes of 1 to 2^31")
    if math.prod(shape) * ELEMENT_BYTES[Element(element)] != len(data):
        raise ModelError(f"the graph has a tensor of shape {list(shape)} in {len(data):,} bytes; the file is damaged")
    return Weights(element, shape, data)


def _port(found: dict[str, Any]) -> Port:
    tensor = found.get("type", {}).get("tensor", {})
    shape = tensor.get("shape", {"dimension": []})["dimension"][: MOST_DIMENSIONS + 1]
    return Port(found.get("name", ""), tensor.get("element", 0), tuple(size.get("size") for size in shape))
