"""What is in an ONNX graph, as far as it matters here: ports, operators, weights."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Element(IntEnum):
    """Element types of ``onnx.TensorProto``, those that are let through."""

    FLOAT = 1
    INT8 = 3
    INT64 = 7
    FLOAT16 = 10


ELEMENT_BYTES = {Element.FLOAT: 4, Element.INT8: 1, Element.INT64: 8, Element.FLOAT16: 2}


Attribute = int | str | tuple[int, ...]
"""A setting of an operator."""


@dataclass(frozen=True)
class Node:
    """One operator of a graph."""

    domain: str
    operator: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: dict[str, Attribute]


@dataclass(frozen=True)
class Weights:
    """Numbers that the graph holds: their type, shape and bytes, which are as many as those say."""

    element: int
    shape: tuple[int, ...]
    data: memoryview


@dataclass(frozen=True)
class Port:
    """One input or output of the graph; an unnamed or symbolic size is ``None``."""

    name: str
    element_type: int
    shape: tuple[int | None, ...]


@dataclass(frozen=True)
class Graph:
    """What was found in a graph that is well formed."""

    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    metadata: dict[str, str]
    opsets: dict[str, int]
    nodes: tuple[Node, ...]
    weights: dict[str, Weights]

    @property
    def int8_bytes(self) -> int:
        """Of the weights, those that are quantised."""
        return sum(weights.data.nbytes for weights in self.weights.values() if weights.element == Element.INT8)
