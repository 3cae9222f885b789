"""What each operator that a style may use makes of the shapes that it is given.

ONNX Runtime checks little of what it is told: an operator that we let through, with weights of a shape that nobody
writes, has written past the end of a table and ended the process. So a graph is followed from its inputs to its
outputs by the rules below before it is run. What they do not describe is refused; a new operator needs a rule here.

At a step every value has one row for each text of the batch, so a shape is its number of columns.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rnncomplete.errors import ModelError
from rnncomplete.network.graph import Element, Weights

if TYPE_CHECKING:
    from rnncomplete.network.graph import Graph, Node, Port

MOST_COLUMNS = 2**22
"""Of all values of a step together; ours have some fifty thousand."""

MOST_PRODUCTS = 2**26
"""Multiplications of weights at a step; ours take six million."""


@dataclass(frozen=True)
class Flow:
    """A value of a step: of one type, with ``columns`` numbers for each text, or a single one without an axis."""

    element: int
    columns: int | None


Given = Weights | Flow | None
"""An input of an operator; ``None`` where it is left out."""

Rule = Callable[[list[Given], Mapping[str, int]], list[Flow] | None]
"""The values that an operator gives, from what it is given and its attributes; ``None`` if that is not to be."""


def _gather(given: list[Given], attributes: Mapping[str, int]) -> list[Flow] | None:
    """Rows of a table by token."""
    match given:
        case [Weights(element, (_, columns)), Flow(Element.INT64, None)] if element != Element.INT64:
            return [Flow(element, columns)] if attributes in ({}, {"axis": 0}) else None
    return None


def _split(given: list[Given], attributes: Mapping[str, int]) -> list[Flow] | None:
    """Columns, by sizes that the graph holds."""
    match given:
        case [Flow(element, int(columns)), Weights(Element.INT64, (count,), data)] if attributes == {"axis": 1}:
            sizes = struct.unpack(f"<{count}q", data)
            if min(sizes) >= 1 and sum(sizes) == columns:
                return [Flow(element, size) for size in sizes]
    return None


def _concat(given: list[Given], attributes: Mapping[str, int]) -> list[Flow] | None:
    """Columns side by side."""
    parts = [part for part in given if isinstance(part, Flow)]
    columns = [part.columns for part in parts if part.columns]
    if attributes != {"axis": 1} or not len(given) == len(parts) == len(columns):
        return None
    return [Flow(parts[0].element, sum(columns))] if len({part.element for part in parts}) == 1 else None


def _cast(given: list[Given], attributes: Mapping[str, int]) -> list[Flow] | None:
    match given:
        case [Flow(_, int(columns))] if attributes.keys() == {"to"} and attributes["to"] in (
            Element.FLOAT,
            Element.FLOAT16,
        ):
            return [Flow(attributes["to"], columns)]
    return None


def _alike(given: list[Given], attributes: Mapping[str, int]) -> list[Flow] | None:
    """One value or two of the same type and size, number by number."""
    match given:
        case [Flow(Element.FLOAT | Element.FLOAT16, int()) as value, *others] if not attributes:
            return [value] if others in ([], [value]) else None
    return None


def _row(weights: Given, element: int, columns: int) -> bool:
    """Whether ``weights`` are one number for each of the ``columns``."""
    return isinstance(weights, Weights) and (weights.element, weights.shape) == (element, (columns,))


def _matmul(given: list[Given], attributes: Mapping[str, int]) -> list[Flow] | None:
    match given:
        case [Flow(Element.FLOAT | Element.FLOAT16 as element, columns), Weights(kind, (rows, more)), *bias] if (
            not attributes
        ):
            fits = kind == element and rows == columns and all(_row(part, element, more) for part in bias)
            return [Flow(element, more)] if fits and len(bias) <= 1 else None
    return None


def _quantised(given: list[Given], attributes: Mapping[str, int]) -> list[Flow] | None:
    """A product with int8 weights, a scale for each column, no zero point, and perhaps a bias."""
    match given:
        case [Flow(Element.FLOAT, columns), Weights(Element.INT8, (rows, more)), scale, *rest] if rows == columns:
            point, bias = (*rest, None, None)[:2]
            fits = point is None and all(_row(part, Element.FLOAT, more) for part in (scale, bias or scale))
            return [Flow(Element.FLOAT, more)] if fits and len(rest) <= 2 and not attributes else None
    return None


def _ratio(given: list[Given], attributes: Mapping[str, int]) -> list[Flow] | None:
    """Columns divided by a single one."""
    match given:
        case [Flow(Element.FLOAT, int()) as value, Flow(Element.FLOAT, 1)] if not attributes:
            return [value]
    return None


def _larger(given: list[Given], attributes: Mapping[str, int]) -> list[Flow] | None:
    """The larger of two values, number by number."""
    return _alike(given, attributes) if len(given) == 2 else None


def _shares(given: list[Given], attributes: Mapping[str, int]) -> list[Flow] | None:
    """Columns as a distribution."""
    match given:
        case [Flow(Element.FLOAT, int()) as value] if attributes == {"axis": 1}:
            return [value]
    return None


Rules = Mapping[tuple[str, str], Rule]
"""By domain and name: operators that may be run."""

STEP_RULES: Rules = {
    ("", "Gather"): _gather,
    ("", "Split"): _split,
    ("", "Concat"): _concat,
    ("", "Cast"): _cast,
    ("", "MatMul"): _matmul,
    ("", "Gemm"): _matmul,
    ("", "Add"): _alike,
    ("", "Mul"): _alike,
    ("", "Sigmoid"): _alike,
    ("", "Tanh"): _alike,
    ("com.microsoft", "DynamicQuantizeMatMul"): _quantised,
}
"""Those of every step."""

READOUT_RULES: Rules = {
    ("", "Div"): _ratio,
    ("", "Max"): _larger,
    ("", "Softmax"): _shares,
}
"""Those that a step with a readout may use as well."""

RULES: Rules = {**STEP_RULES, **READOUT_RULES}
"""All of them."""


def check_operators(graph: Graph, vocabulary_size: int, rules: Rules = STEP_RULES) -> None:
    """Follow ``graph`` from its inputs to its outputs; raises :class:`ModelError` where a rule is broken.

    Only operators with one of the ``rules`` are let through. A table that a token looks up must have ``vocabulary_size`` rows.
    """
    values: dict[str, Given] = {"": None, **graph.weights}
    for port in graph.inputs:
        _define(values, port.name, Flow(port.element_type, _columns(port)))
    columns = products = 0
    for node in graph.nodes:
        results = _results(node, values, vocabulary_size, rules)
        for name, result in zip(node.outputs, results, strict=True):
            _define(values, name, result)
            columns += result.columns or 0
        weights = [graph.weights[name] for name in node.inputs if name in graph.weights and node.operator != "Gather"]
        products += sum(math.prod(held.shape) for held in weights)
    if columns > MOST_COLUMNS or products > MOST_PRODUCTS:
        raise ModelError("a step of the graph takes too long; expected a small network")
    for port in graph.outputs:
        if values.get(port.name) != Flow(port.element_type, _columns(port)):
            raise ModelError(f"the graph gives {port.name!r} in another shape than it says; the file is damaged")


def _columns(port: Port) -> int | None:
    return port.shape[1] if len(port.shape) == 2 else None


def _define(values: dict[str, Given], name: str, value: Flow) -> None:
    if name in values:
        raise ModelError(f"the graph has {name!r} twice; expected a name for each value")
    values[name] = value


def _results(node: Node, values: dict[str, Given], vocabulary_size: int, rules: Rules) -> list[Flow]:
    """What ``node`` gives; raises :class:`ModelError` if its rule does not say."""
    if missing := [name for name in node.inputs if name not in values]:
        raise ModelError(f"the graph reads {missing[0]!r} before it is there; expected operators in their order")
    given = [values[name] for name in node.inputs]
    if (node.domain, node.operator) not in rules:
        raise ModelError(f"the graph uses the operator {node.operator!r} without a readout, so it is not run")
    results = rules[node.domain, node.operator](given, node.attributes)
    if results is None or len(results) != len(node.outputs):
        shapes = [getattr(value, "shape", getattr(value, "columns", None)) for value in given][:8]
        raise ModelError(
            f"the graph gives its {node.operator} shapes or settings that no step needs ({shapes}), so it is not run"
        )
    if node.operator == "Gather" and isinstance(given[0], Weights) and given[0].shape[0] != vocabulary_size:
        raise ModelError(f"the graph looks tokens up in {given[0].shape[0]} rows; expected {vocabulary_size}")
    return results
