"""What each operator that a style may use makes of the shapes that it is given.

ONNX Runtime checks little of what it is told: an operator that we let through, with weights of a shape that nobody
writes, has written past the end of a table and ended the process. So a graph is followed from its inputs to its
outputs by the rules below before it is run. What they do not describe is refused; a new operator needs a rule here.

Sizes that are not known before a graph runs have a name: at a step every value has one row for each text of the
``batch``, but for the context of a source, which has one for each of its ``places``.
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
    from rnncomplete.network.graph import Attribute, Graph, Node, Port

CONTEXT, SOURCE, PICTURE = "context.", "source", "picture"
"""What the names of what is known of a source begin with; the sources that it is made of."""

MOST_PLACES = 1024
"""Of the context of a source; ours have a hundred."""

BATCH, PLACES = "batch", "places"


@dataclass(frozen=True)
class Bounds:
    """What one run of a graph may take."""

    numbers: int
    """In all values together."""
    products: int
    """Multiplications."""


STEP_BOUNDS = Bounds(numbers=2**22, products=2**26)
"""Of a step for one text; ours have some fifty thousand numbers and take six million products."""


@dataclass(frozen=True)
class Flow:
    """A value: of one type, with sizes that are numbers or names."""

    element: int
    shape: tuple[int | str, ...]


Given = Weights | Flow | None
"""An input of an operator; ``None`` where it is left out."""

Rule = Callable[[list[Given], Mapping[str, "Attribute"]], list[Flow] | None]
"""The values that an operator gives, from what it is given and its attributes; ``None`` if that is not to be."""


def _gather(given: list[Given], attributes: Mapping[str, Attribute]) -> list[Flow] | None:
    """Rows of a table by token."""
    match given:
        case [Weights(element, (_, columns)), Flow(Element.INT64, (rows,))] if element != Element.INT64:
            return [Flow(element, (rows, columns))] if attributes in ({}, {"axis": 0}) else None
    return None


def _split(given: list[Given], attributes: Mapping[str, Attribute]) -> list[Flow] | None:
    """Columns, by sizes that the graph holds."""
    match given:
        case [Flow(element, (rows, columns)), Weights(Element.INT64, (count,), data)] if attributes == {"axis": 1}:
            sizes = struct.unpack(f"<{count}q", data)
            if min(sizes) >= 1 and sum(sizes) == columns:
                return [Flow(element, (rows, size)) for size in sizes]
    return None


def _concat(given: list[Given], attributes: Mapping[str, Attribute]) -> list[Flow] | None:
    """Columns side by side."""
    parts = [part for part in given if isinstance(part, Flow) and len(part.shape) == 2]
    columns = [part.shape[1] for part in parts if isinstance(part.shape[1], int)]
    alike = {(part.element, part.shape[0]) for part in parts}
    if attributes != {"axis": 1} or not len(given) == len(parts) == len(columns) or len(alike) != 1:
        return None
    return [Flow(parts[0].element, (parts[0].shape[0], sum(columns)))]


def _cast(given: list[Given], attributes: Mapping[str, Attribute]) -> list[Flow] | None:
    match given:
        case [Flow(Element.FLOAT | Element.FLOAT16, shape)]:
            match attributes:
                case {"to": Element.FLOAT | Element.FLOAT16 as element} if len(attributes) == 1:
                    return [Flow(element, shape)]
    return None


def alike(given: list[Given], attributes: Mapping[str, Attribute]) -> list[Flow] | None:
    """One value or two of the same type and size, number by number."""
    match given:
        case [Flow(Element.FLOAT | Element.FLOAT16) as value, *others] if not attributes:
            return [value] if others in ([], [value]) else None
    return None


def holds(value: Given, element: int, *shape: int | str) -> bool:
    """Whether ``value`` is there, of that type and shape."""
    return value is not None and (value.element, value.shape) == (element, shape)


def matmul(given: list[Given], attributes: Mapping[str, Attribute]) -> list[Flow] | None:
    """A product with weights, perhaps with a bias, or with a value that has a row for each column."""
    match given:
        case [
            Flow(Element.FLOAT | Element.FLOAT16 as element, (rows, columns)),
            Weights(kind, (height, more)) | Flow(kind, (height, more)),
            *bias,
        ] if not attributes:
            fits = kind == element and height == columns and all(holds(part, element, more) for part in bias)
            return [Flow(element, (rows, more))] if fits and len(bias) <= 1 else None
    return None


def _quantised(given: list[Given], attributes: Mapping[str, Attribute]) -> list[Flow] | None:
    """A product with int8 weights, a scale for each column, no zero point, and perhaps a bias."""
    match given:
        case [Flow(Element.FLOAT, (rows, columns)), Weights(Element.INT8, (height, more)), scale, *rest] if (
            height == columns
        ):
            point, bias = (*rest, None, None)[:2]
            weights = all(isinstance(part, Weights) for part in (scale, bias or scale))
            fits = (
                point is None and weights and all(holds(part, Element.FLOAT, more) for part in (scale, bias or scale))
            )
            return [Flow(Element.FLOAT, (rows, more))] if fits and len(rest) <= 2 and not attributes else None
    return None


def _ratio(given: list[Given], attributes: Mapping[str, Attribute]) -> list[Flow] | None:
    """Columns divided by a single one."""
    match given:
        case [Flow(Element.FLOAT, (rows, int())) as value, Flow(Element.FLOAT, (others, 1))] if not attributes:
            return [value] if rows == others else None
    return None


def _larger(given: list[Given], attributes: Mapping[str, Attribute]) -> list[Flow] | None:
    """The larger of two values, number by number."""
    return alike(given, attributes) if len(given) == 2 else None


def shares(given: list[Given], attributes: Mapping[str, Attribute]) -> list[Flow] | None:
    """Columns as a distribution."""
    match given:
        case [Flow(Element.FLOAT, (_, _)) as value] if attributes == {"axis": 1}:
            return [value]
    return None


def attention(given: list[Given], attributes: Mapping[str, Attribute]) -> list[Flow] | None:
    """The products of each row with each of another value's, or what :func:`matmul` gives."""
    match given:
        case [Flow(Element.FLOAT, (rows, columns)), Flow(Element.FLOAT, (places, width))] if attributes == {
            "transB": 1
        }:
            return [Flow(Element.FLOAT, (rows, places))] if columns == width else None
    return matmul(given, attributes)


Rules = Mapping[tuple[str, str], Rule]
"""By domain and name: operators that may be run."""

STEP_RULES: Rules = {
    ("", "Gather"): _gather,
    ("", "Split"): _split,
    ("", "Concat"): _concat,
    ("", "Cast"): _cast,
    ("", "MatMul"): matmul,
    ("", "Gemm"): matmul,
    ("", "Add"): alike,
    ("", "Mul"): alike,
    ("", "Sigmoid"): alike,
    ("", "Tanh"): alike,
    ("com.microsoft", "DynamicQuantizeMatMul"): _quantised,
}
"""Those of every step."""

READOUT_RULES: Rules = {
    ("", "Div"): _ratio,
    ("", "Max"): _larger,
    ("", "Softmax"): shares,
}
"""Those that a step with a readout may use as well."""

ATTENTION_RULES: Rules = {
    ("", "Gemm"): attention,
    ("", "Softmax"): shares,
}
"""Those that a step with the context of a source may use as well, or otherwise."""


def check_operators(
    graph: Graph,
    vocabulary_size: int,
    rules: Rules = STEP_RULES,
    bounds: Bounds = STEP_BOUNDS,
    places: int = MOST_PLACES,
) -> None:
    """Follow ``graph`` from its inputs to its outputs; raises :class:`ModelError` where a rule is broken.

    Only operators with one of the ``rules`` are let through. A table that a token looks up must have ``vocabulary_size``
    rows; a source has at most so many ``places``.
    """
    values: dict[str, Given] = {"": None, **graph.weights}
    for port in graph.inputs:
        _define(values, port.name, _flow(port))
    numbers = products = 0
    for node in graph.nodes:
        given, results = _results(node, values, vocabulary_size, rules)
        for name, result in zip(node.outputs, results, strict=True):
            _define(values, name, result)
            numbers += _count(result.shape, places)
        products += _products(node, given, results, places)
    if numbers > bounds.numbers or products > bounds.products:
        raise ModelError("a run of the graph takes too long; expected a small network")
    for port in graph.outputs:
        if values.get(port.name) != _flow(port):
            raise ModelError(f"the graph gives {port.name!r} in another shape than it says; the file is damaged")


def _flow(port: Port) -> Flow:
    """What a port gives or takes, whose unknown sizes get a name."""
    if port.name in (SOURCE, PICTURE) or port.name.startswith(CONTEXT):
        return Flow(port.element_type, tuple(PLACES if size is None else size for size in port.shape))
    return Flow(port.element_type, (BATCH, *(-1 if size is None else size for size in port.shape[1:])))


def _count(shape: tuple[int | str, ...], places: int) -> int:
    """How many numbers a value of that shape has at most, for one text."""
    named = {BATCH: 1, PLACES: places}
    return math.prod(named[size] if isinstance(size, str) else size for size in shape)


def _products(node: Node, given: list[Given], results: list[Flow], places: int) -> int:
    """How many multiplications an operator takes at most: what it multiplies by, as often as it does."""
    if node.operator not in ("MatMul", "Gemm", "DynamicQuantizeMatMul", "LSTM", "Conv"):
        return 0
    [result, *_] = results
    times = _count(result.shape[2:] if node.operator == "Conv" else result.shape[:1], places)
    return times * sum(_count(part.shape, places) for part in given[1:] if part is not None)


def _define(values: dict[str, Given], name: str, value: Flow) -> None:
    if name in values:
        raise ModelError(f"the graph has {name!r} twice; expected a name for each value")
    values[name] = value


def _results(
    node: Node, values: dict[str, Given], vocabulary_size: int, rules: Rules
) -> tuple[list[Given], list[Flow]]:
    """What ``node`` is given, and what it gives; raises :class:`ModelError` if its rule does not say."""
    if missing := [name for name in node.inputs if name not in values]:
        raise ModelError(f"the graph reads {missing[0]!r} before it is there; expected operators in their order")
    given = [values[name] for name in node.inputs]
    if (node.domain, node.operator) not in rules:
        raise ModelError(
            f"the graph uses the operator {node.operator!r}, which no graph of this kind needs, so it is not run"
        )
    results = rules[node.domain, node.operator](given, node.attributes)
    if results is None or len(results) != len(node.outputs):
        shapes = [getattr(value, "shape", None) for value in given][:8]
        raise ModelError(
            f"the graph gives its {node.operator} shapes or settings that nothing of this kind needs ({shapes}), so it "
            "is not run"
        )
    if node.operator == "Gather" and isinstance(given[0], Weights) and given[0].shape[0] != vocabulary_size:
        raise ModelError(f"the graph looks tokens up in {given[0].shape[0]} rows; expected {vocabulary_size}")
    return given, results
