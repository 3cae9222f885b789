"""The ONNX graph of the encoder of pictures: convolutions with their scales folded in, rectifiers and sums."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import numpy as np
import torch

from rnncomplete.network.operators import PICTURE
from rnncomplete_export.exporting.encoder_graph import numbers
from rnncomplete_export.exporting.graphs import port
from rnncomplete_export.network.picture_encoder import (
    APART,
    CERTAINTY,
    NOBODY,
    RECTIFIED,
    Block,
    PictureEncoder,
    StandardConvolution,
)
from rnncomplete_export.pictures.drawings import SIDE

if TYPE_CHECKING:
    import onnx

    from rnncomplete_export.exporting.encoder_graph import EncoderGraph


def convolution(
    graph: EncoderGraph, reads: str, layer: StandardConvolution, output: str, *, rectified: bool, share: float = 1.0
) -> str:
    """``reads`` [1, n, h, w] convolved, times ``share``; if it was ``rectified`` before, the scale of that is folded in."""
    filters = numbers(layer.filters) * np.float32(share * (RECTIFIED if rectified else 1.0))
    assert layer.bias is not None, "it has one"
    bias = graph.constant(f"{output}.bias", numbers(layer.bias) * np.float32(share))
    side, pad, stride = layer.kernel_size[0], int(layer.padding[0]), layer.stride[0]
    return graph.node(
        "Conv",
        [reads, graph.weights(f"{output}.filters", filters, 0), bias],
        output,
        kernel_shape=[side, side],
        pads=[pad] * 4,
        strides=[stride, stride],
    )


def picture_graph(graph: EncoderGraph, encoder: PictureEncoder) -> tuple[onnx.ValueInfoProto, int, str]:
    """The input, how many places there are, and what is seen at each place, float32[64, W]."""
    scaled = graph.node("Mul", [PICTURE, graph.constant("contrast", np.full(SIDE, 4, np.float32))], "scaled")
    centred = graph.node("Add", [scaled, graph.constant("middle", np.full(SIDE, -2, np.float32))], "centred")
    values, rectified = graph.node("Unsqueeze", [centred, graph.axis(0)], "map"), False
    for number, part in enumerate(encoder.convolutions):
        name = f"part.{number}"
        if isinstance(part, StandardConvolution):
            values, rectified = convolution(graph, values, part, name, rectified=rectified), False
        elif isinstance(part, Block):
            inner = graph.node("Relu", [values], f"{name}.read")
            inner = convolution(graph, inner, part.first, f"{name}.first", rectified=True)
            inner = graph.node("Relu", [inner], f"{name}.within")
            branch = convolution(
                graph, inner, part.second, f"{name}.second", rectified=True, share=float(part.share.detach())
            )
            values = graph.node("Add", [values, branch], name)
        else:
            values, rectified = graph.node("Relu", [values], name), True
    last = graph.node("Relu", [values], "last")
    width = encoder.width
    shape = graph.constant("flat", np.array([width, -1], np.int64))
    places = graph.node("Transpose", [graph.node("Reshape", [last, shape], "rows")], "places", perm=[1, 0])
    full = seen = graph.node(
        "Mul", [places, graph.constant("rectified", np.full(width, RECTIFIED, np.float32))], "full"
    )
    if encoder.subjects is not None and encoder.codes is not None:
        certain = copy.deepcopy(encoder.subjects)
        with torch.no_grad():
            for parameter in certain.parameters():
                parameter.mul_(CERTAINTY)
        shares = graph.node("Softmax", [graph.linear(full, certain, "subjects")], "shares", axis=1)
        codes = graph.weights("codes", numbers(encoder.codes.weight).T, 1)
        told = graph.node("MatMul", [shares, codes], "told")
        others = _others(graph, shares, encoder.subjects.out_features, len(encoder.coordinates))
        where = graph.constant("coordinates", numbers(encoder.coordinates))
        beside = [graph.node("MatMul", [others, what], f"others.{what}") for what in (told, where)]
        seen = graph.concat([seen, told, *beside], "seen")
    return port(PICTURE, 3, SIDE, SIDE), len(encoder.coordinates), seen


def _others(graph: EncoderGraph, shares: str, subjects: int, places: int) -> str:
    """:meth:`PictureEncoder.others` of ``shares`` [places, subjects]."""
    nothing, things = graph.split(shares, ["nothing", "things"], [1, subjects - 1])

    def always(value: float, output: str) -> str:
        """A column that is the same at every place."""
        zero, bias = np.zeros((1, 1), np.float32), np.full(1, value, np.float32)
        return graph.node(
            "Gemm", [nothing, graph.constant(f"{output}.zero", zero), graph.constant(f"{output}.value", bias)], output
        )

    roots = graph.node("Sqrt", [things], "roots")
    asking, asked = graph.concat([roots, always(1, "one")], "asking"), graph.concat([roots, nothing], "asked")
    alike = graph.concat(
        [graph.node("Gemm", [asking, asked], "alike", transB=1), always(NOBODY, "nobody")], "alikeness"
    )
    apart = graph.constant("apart", np.full(places + 1, -APART, np.float32))
    others = graph.node("Softmax", [graph.node("Mul", [alike, apart], "apartness")], "other", axis=1)
    return graph.split(others, ["others", "none"], [places, 1])[0]
