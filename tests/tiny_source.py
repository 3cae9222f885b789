"""Styles of format 2 with a source, made by hand: one copies a line of text, one says the colour of a picture.

The copying one counts: its state has as many ones as characters were read since the last line end, and what it looks for
at a place of the source is that number. So that a source need not be read again to know what comes.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
import tiny_onnx as onnx
from tiny_onnx import TensorProto, helper, numpy_helper

from rnncomplete.network.card import METADATA_KEY, Card
from rnncomplete.network.loading import STEP
from rnncomplete.styles import ENCODER

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

PLACES = 24
"""Characters that it can count to."""

LONGEST = 20
PICTURE_SIZE = 8
SURE = 12.0
"""Logit of what comes next; all others are zero."""


def copying_card(tiny_card: Card) -> Card:
    """The source is in capitals, of which the style makes small letters."""
    vocabulary = (tiny_card.vocabulary[0], *(character.upper() for character in tiny_card.vocabulary[1:-1]))
    return dataclasses.replace(
        tiny_card,
        format=2,
        source={"kind": "text", "vocabulary": vocabulary, "longest": LONGEST},
        context={"keys": PLACES, "values": len(tiny_card.vocabulary)},
        state_size=PLACES,
        hidden_size=PLACES,
    )


def seeing_card(tiny_card: Card) -> Card:
    return dataclasses.replace(
        tiny_card,
        format=2,
        source={"kind": "picture", "size": PICTURE_SIZE},
        context={"keys": PLACES, "values": len(tiny_card.vocabulary)},
        state_size=PLACES,
        hidden_size=PLACES,
    )


def floats(array: np.ndarray) -> np.ndarray:
    return array.astype(np.float32)


def assemble(
    card: Card,
    nodes: Sequence[onnx.NodeProto],
    weights: Mapping[str, np.ndarray],
    inputs: Mapping[str, tuple[int, Sequence[int | str]]],
    outputs: Mapping[str, tuple[int, Sequence[int | str]]],
) -> onnx.ModelProto:
    """A graph with the card inside; ports are element types and shapes by name."""
    ports = [[helper.make_tensor_value_info(name, *kind) for name, kind in each.items()] for each in (inputs, outputs)]
    held = [numpy_helper.from_array(value, name) for name, value in weights.items()]
    model = helper.make_model(
        helper.make_graph(nodes, "graph", *ports, held), opset_imports=[helper.make_opsetid("", 21)]
    )
    helper.set_model_props(model, {METADATA_KEY: card.to_json()})
    return model


def step_model(card: Card) -> onnx.ModelProto:
    """Says what the source has at the place that is as many characters behind its begin as were read of the line."""
    assert card.context is not None
    vocabulary, newline = len(card.vocabulary), card.vocabulary.index("\n")
    first, shift = np.eye(1, PLACES)[0], np.eye(PLACES, k=1)
    kept = np.ones((vocabulary, PLACES))
    kept[newline] = 0
    nodes = [
        helper.make_node("Gather", ["kept", "token"], ["keep"]),
        helper.make_node("Gemm", ["state", "shift", "first"], ["counted"]),
        helper.make_node("Mul", ["counted", "keep"], ["next_state"]),
        helper.make_node("Gemm", ["next_state", "differences", "sought"], ["query"]),
        helper.make_node("Gemm", ["query", "context.keys"], ["scores"], transB=1),
        helper.make_node("Softmax", ["scores"], ["shares"], axis=1),
        helper.make_node("MatMul", ["shares", "context.values"], ["logits"]),
    ]
    weights = {
        "kept": floats(kept),
        "shift": floats(shift),
        "first": floats(first),
        "differences": floats(50 * (shift - np.eye(PLACES))),
        "sought": floats(50 * first),
    }
    number = TensorProto.FLOAT
    inputs = {
        "token": (TensorProto.INT64, ["batch"]),
        "state": (number, ["batch", PLACES]),
        "context.keys": (number, ["places", card.context["keys"]]),
        "context.values": (number, ["places", card.context["values"]]),
    }
    outputs = {"logits": (number, ["batch", vocabulary]), "next_state": (number, ["batch", PLACES])}
    return assemble(card, nodes, weights, inputs, outputs)


def text_encoder(card: Card) -> onnx.ModelProto:
    """Keys are one-hot places, counted by an LSTM; values are the characters of the source, in small letters."""
    assert card.source is not None
    vocabulary, small = card.source["vocabulary"], card.vocabulary
    letters = np.zeros((len(vocabulary), len(small)))
    for index, character in enumerate(vocabulary[1:], 1):
        letters[index, small.index(character.lower())] = 1
    gates = np.zeros((1, 4 * PLACES, PLACES))
    gates[0, 3 * PLACES :] = 20 * np.eye(PLACES, k=-1)  # a unit is on where the one before it was
    bias = np.zeros((1, 8 * PLACES))
    bias[0, : 2 * PLACES], bias[0, 2 * PLACES : 3 * PLACES] = 20, -20  # let in, show, forget
    bias[0, 3 * PLACES] = 20
    nodes = [
        helper.make_node("Gather", ["letters", "source"], ["read.half"]),
        helper.make_node("Cast", ["read.half"], ["read"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["read", "one"], ["apart"]),
        helper.make_node("LSTM", ["apart", "W", "R", "B"], ["all"], hidden_size=PLACES, direction="forward"),
        helper.make_node("Reshape", ["all", "flat"], ["counted"]),
        helper.make_node("MatMul", ["counted", "differences"], ["context.keys"]),
        helper.make_node("DequantizeLinear", ["sure", "scale"], ["surely"], axis=1),
        helper.make_node("MatMul", ["read", "surely"], ["context.values"]),
    ]
    weights = {
        "letters": letters.astype(np.float16),
        "one": np.array([1], np.int64),
        "flat": np.array([0, -1], np.int64),
        "W": floats(np.zeros((1, 4 * PLACES, len(small)))),
        "R": floats(gates),
        "B": floats(bias),
        "differences": floats(np.eye(PLACES) - np.eye(PLACES, k=-1)),
        "sure": np.eye(len(small)).astype(np.int8),
        "scale": floats(np.full(len(small), SURE)),
    }
    outputs = {
        "context.keys": (TensorProto.FLOAT, ["places", PLACES]),
        "context.values": (TensorProto.FLOAT, ["places", len(small)]),
    }
    return assemble(card, nodes, weights, {"source": (TensorProto.INT64, ["places"])}, outputs)


def picture_encoder(card: Card) -> onnx.ModelProto:
    """Values are an ``r``, a ``g`` and a ``b``, as much of each as a quarter of the picture has of that colour."""
    colours = np.zeros((3, len(card.vocabulary)))
    for channel, character in enumerate("rgb"):
        colours[channel, card.vocabulary.index(character)] = SURE
    half = PICTURE_SIZE // 2
    nodes = [
        helper.make_node("Unsqueeze", ["picture", "zero"], ["apart"]),
        helper.make_node("Conv", ["apart", "kernel", "nothing"], ["seen"], kernel_shape=[1, 1]),
        helper.make_node("Relu", ["seen"], ["bright"]),
        helper.make_node("MaxPool", ["bright"], ["brightest"], kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
        helper.make_node("AveragePool", ["brightest"], ["mean"], kernel_shape=[half, half], strides=[half, half]),
        helper.make_node("Reshape", ["mean", "flat"], ["channels"]),
        helper.make_node("Transpose", ["channels"], ["places"], perm=[1, 0]),
        helper.make_node("Add", ["places", "where"], ["placed"]),
        helper.make_node("MatMul", ["placed", "dark"], ["context.keys"]),
        helper.make_node("MatMul", ["placed", "colours"], ["context.values"]),
    ]
    weights = {
        "zero": np.array([0], np.int64),
        "kernel": floats(np.eye(3).reshape(3, 3, 1, 1)),
        "nothing": floats(np.zeros(3)),
        "flat": np.array([3, 4], np.int64),
        "where": floats(np.zeros((4, 3))),
        "dark": floats(np.zeros((3, PLACES))),
        "colours": floats(colours),
    }
    outputs = {
        "context.keys": (TensorProto.FLOAT, [4, PLACES]),
        "context.values": (TensorProto.FLOAT, [4, len(card.vocabulary)]),
    }
    size = PICTURE_SIZE
    return assemble(card, nodes, weights, {"picture": (TensorProto.FLOAT, [3, size, size])}, outputs)


def encoder_model(card: Card) -> onnx.ModelProto:
    assert card.source is not None
    return text_encoder(card) if card.source["kind"] == "text" else picture_encoder(card)


def write_source_style(folder: Path, card: Card) -> Path:
    folder.mkdir(parents=True)
    (folder / "card.json").write_text(card.to_json(), encoding="utf-8")
    (folder / STEP).write_bytes(step_model(card).SerializeToString())
    (folder / ENCODER).write_bytes(encoder_model(card).SerializeToString())
    return folder


def plain_picture(colour: Sequence[float]) -> np.ndarray:
    """A picture of one colour, float32[3, size, size]."""
    return np.broadcast_to(floats(np.array(colour))[:, None, None], (3, PICTURE_SIZE, PICTURE_SIZE)).copy()
