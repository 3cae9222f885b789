"""What the operators of ``encode.onnx`` make of the shapes that they are given: recurrent layers over a line, or a convolutional network over a picture."""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING

from rnncomplete.network.graph import Element, Weights
from rnncomplete.network.operators import (
    ATTENTION_RULES,
    PLACES,
    STEP_RULES,
    Bounds,
    Flow,
    Given,
    Rules,
    alike,
    holds,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rnncomplete.network.graph import Attribute

ENCODE_BOUNDS = Bounds(numbers=2**24, products=2**31)
"""Of encoding one source; a line of a hundred characters takes about 2**28 products."""

MOST_AXES, LARGEST_WINDOW = 4, 16
"""Of a value; numbers that a convolution or a pool looks at, moves by or leaves out, in one direction."""


def _cast(given: list[Given], attributes: Mapping[str, Attribute]) -> list[Flow] | None:
    """Weights or a value as float32."""
    match given:
        case [Weights(Element.FLOAT16, shape) | Flow(Element.FLOAT | Element.FLOAT16, shape)] if attributes == {
            "to": Element.FLOAT
        }:
            return [Flow(Element.FLOAT, shape)]
    return None


def _dequantised(given: list[Given], attributes: Mapping[str, Attribute]) -> list[Flow] | None:
    """Weights in int8 with a scale for each place along one axis, as float32."""
    match given, attributes:
        case [Weights(Element.INT8, shape), Weights(Element.FLOAT, (scales,))], {"axis": int(axis)} if (
            len(attributes) == 1 and 0 <= axis < len(shape) and shape[axis] == scales
        ):
            return [Flow(Element.FLOAT, shape)]
    return None


def _together(given: list[Given], attributes: Mapping[str, Attribute]) -> list[Flow] | None:
    """A value and another of the same size, or weights that are: one for each number, or for each of its columns."""
    match given:
        case [Flow(Element.FLOAT, shape) as value, other] if not attributes and shape:
            return [value] if any(holds(other, Element.FLOAT, *sizes) for sizes in (shape, shape[-1:])) else None
    return None


def _unsqueeze(given: list[Given], attributes: Mapping[str, Attribute]) -> list[Flow] | None:
    match given:
        case [Flow(element, shape), Weights(Element.INT64, (1,), data)] if not attributes and len(shape) < MOST_AXES:
            (axis,) = struct.unpack("<q", data)
            return [Flow(element, (*shape[:axis], 1, *shape[axis:]))] if 0 <= axis <= len(shape) else None
    return None


def _squeeze(given: list[Given], attributes: Mapping[str, Attribute]) -> list[Flow] | None:
    match given:
        case [Flow(element, shape), Weights(Element.INT64, (1,), data)] if not attributes:
            (axis,) = struct.unpack("<q", data)
            if 0 <= axis < len(shape) and shape[axis] == 1:
                return [Flow(element, (*shape[:axis], *shape[axis + 1 :]))]
    return None


def _transpose(given: list[Given], attributes: Mapping[str, Attribute]) -> list[Flow] | None:
    match given, attributes:
        case [Flow(element, shape)], {"perm": tuple(order)} if len(attributes) == 1:
            if sorted(order) == list(range(len(shape))):
                return [Flow(element, tuple(shape[axis] for axis in order))]
    return None


def _reshape(given: list[Given], attributes: Mapping[str, Attribute]) -> list[Flow] | None:
    """Sizes that the graph holds: 0 is the size that was there, and -1 is what remains. Names stay where they are."""
    match given:
        case [Flow(element, shape), Weights(Element.INT64, (count,), data)] if not attributes and count <= MOST_AXES:
            sizes: list[int | str] = list(struct.unpack(f"<{count}q", data))
            for axis, there in enumerate(shape[:count]):
                if sizes[axis] == 0:
                    sizes[axis] = there
            known = math.prod(size for size in sizes if isinstance(size, int) and size != -1)
            total = math.prod(size for size in shape if isinstance(size, int))
            if sizes.count(-1) == 1 and known > 0 and total % known == 0:
                sizes[sizes.index(-1)], known = total // known, total
            positive = all(isinstance(size, str) or size >= 1 for size in sizes)
            named = sizes.count(PLACES) == shape.count(PLACES)
            return [Flow(element, tuple(sizes))] if positive and named and known == total else None
    return None


def _lstm(given: list[Given], attributes: Mapping[str, Attribute]) -> list[Flow] | None:
    """One layer over all places of a line: outputs [places, directions, 1, hidden]."""
    hidden, direction = attributes.get("hidden_size"), attributes.get("direction", "forward")
    directions = {"forward": 1, "reverse": 1, "bidirectional": 2}.get(str(direction), 0)
    match given:
        case [Flow(Element.FLOAT, (places, 1, int(read))), *weights] if isinstance(hidden, int) and directions:
            gates = 4 * hidden
            sizes = [(directions, gates, read), (directions, gates, hidden), (directions, 2 * gates)]
            fits = len(weights) == 3 and all(
                holds(part, Element.FLOAT, *size) for part, size in zip(weights, sizes, strict=True)
            )
            known = attributes.keys() <= {"hidden_size", "direction"}
            return [Flow(Element.FLOAT, (places, directions, 1, hidden))] if fits and known else None
    return None


def _convolution(given: list[Given], attributes: Mapping[str, Attribute]) -> list[Flow] | None:
    match given:
        case [
            Flow(Element.FLOAT, (1, int(channels), int(height), int(width))),
            (Weights(Element.FLOAT) | Flow(Element.FLOAT)) as weights,
            *bias,
        ]:
            settings = dict(attributes)
            groups, kernel = settings.pop("group", 1), weights.shape[2:]
            sizes = _window((height, width), settings)
            match weights.shape:
                case (int(made), int(each), _, _) if sizes and settings["kernel_shape"] == kernel:
                    biased = len(bias) <= 1 and all(holds(part, Element.FLOAT, made) for part in bias)
                    fits = isinstance(groups, int) and groups >= 1 and each * groups == channels and not made % groups
                    return [Flow(Element.FLOAT, (1, made, *sizes))] if biased and fits else None
    return None


def _pool(given: list[Given], attributes: Mapping[str, Attribute]) -> list[Flow] | None:
    match given:
        case [Flow(Element.FLOAT, (1, int(channels), int(height), int(width)))] if "dilations" not in attributes:
            sizes = _window((height, width), attributes)
            return [Flow(Element.FLOAT, (1, channels, *sizes))] if sizes else None
    return None


def _window(sizes: tuple[int, int], settings: Mapping[str, Attribute]) -> tuple[int, ...]:
    """The height and width of what a window that is moved over ``sizes`` gives; nothing if it does not fit."""
    kernel, strides = _numbers(settings, "kernel_shape", ()), _numbers(settings, "strides", (1, 1))
    dilations, pads = _numbers(settings, "dilations", (1, 1)), _numbers(settings, "pads", (0, 0, 0, 0), least=0)
    if settings.keys() - {"kernel_shape", "strides", "dilations", "pads"}:
        return ()
    if (len(kernel), len(strides), len(dilations), len(pads)) != (2, 2, 2, 4):
        return ()
    made = []
    for axis, size in enumerate(sizes):
        window = dilations[axis] * (kernel[axis] - 1) + 1
        padded = size + pads[axis] + pads[axis + 2]
        if max(pads[axis], pads[axis + 2]) >= kernel[axis] or padded < window:
            return ()
        made.append((padded - window) // strides[axis] + 1)
    return tuple(made)


def _numbers(
    settings: Mapping[str, Attribute], name: str, usual: tuple[int, ...], *, least: int = 1
) -> tuple[int, ...]:
    """A setting that is numbers within bounds; nothing if it is anything else."""
    numbers = settings.get(name, usual)
    if isinstance(numbers, tuple) and all(least <= number <= LARGEST_WINDOW for number in numbers):
        return numbers
    return ()


ENCODE_RULES: Rules = {
    **STEP_RULES,
    **ATTENTION_RULES,
    ("", "Cast"): _cast,
    ("", "DequantizeLinear"): _dequantised,
    ("", "Add"): _together,
    ("", "Mul"): _together,
    ("", "Relu"): alike,
    ("", "Sqrt"): alike,
    ("", "Unsqueeze"): _unsqueeze,
    ("", "Squeeze"): _squeeze,
    ("", "Transpose"): _transpose,
    ("", "Reshape"): _reshape,
    ("", "LSTM"): _lstm,
    ("", "Conv"): _convolution,
    ("", "MaxPool"): _pool,
    ("", "AveragePool"): _pool,
}
"""Operators that ``encode.onnx`` may use."""
