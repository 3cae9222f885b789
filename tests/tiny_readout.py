"""A style of format 2 with random weights: a simple cell whose outputs are summed, and labels told from their mean."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
import tiny_onnx as onnx
from tiny_onnx import TensorProto, helper, numpy_helper

from rnncomplete.network.card import METADATA_KEY, Card
from rnncomplete.network.loading import STEP

if TYPE_CHECKING:
    from pathlib import Path

POOL, CELLS, LABELS = 4, 6, ("awful", "good")


def readout_card(tiny_card: Card) -> Card:
    size = CELLS + POOL + 1
    return dataclasses.replace(tiny_card, format=2, readouts={"mood": LABELS}, state_size=size, hidden_size=CELLS)


def readout_model(card: Card) -> onnx.ModelProto:
    """A simple cell whose outputs are summed up, and a distribution over the labels of their mean."""
    generator = np.random.default_rng(2)
    characters, labels = len(card.vocabulary), len(card.readouts["mood"])
    weights: dict[str, np.ndarray] = {
        "sizes": np.array([CELLS, POOL, 1], np.int64),
        "embedding": generator.normal(size=(characters, CELLS)).astype(np.float32),
        "recurrent": generator.normal(size=(CELLS, CELLS)).astype(np.float32),
        "scores": generator.normal(size=(CELLS, characters)).astype(np.float32),
        "seeing": generator.normal(size=(CELLS, POOL)).astype(np.float32),
        "one": np.ones((1, 1), np.float32),
        "more": np.ones(1, np.float32),
        "told": generator.normal(size=(POOL, labels)).astype(np.float32),
    }
    nodes = [
        helper.make_node("Split", ["state", "sizes"], ["cells", "sum", "count"], axis=1),
        helper.make_node("Gather", ["embedding", "token"], ["embedded"]),
        helper.make_node("MatMul", ["cells", "recurrent"], ["carried"]),
        helper.make_node("Add", ["carried", "embedded"], ["summed"]),
        helper.make_node("Tanh", ["summed"], ["activated"]),
        helper.make_node("MatMul", ["activated", "scores"], ["logits"]),
        helper.make_node("MatMul", ["activated", "seeing"], ["seen"]),
        helper.make_node("Add", ["sum", "seen"], ["sum.next"]),
        helper.make_node("Gemm", ["count", "one", "more"], ["count.next"]),
        helper.make_node("Div", ["sum.next", "count.next"], ["mean"]),
        helper.make_node("Max", ["mean", "sum.next"], ["most"]),
        helper.make_node("MatMul", ["most", "told"], ["label"]),
        helper.make_node("Softmax", ["label"], ["readout.mood"], axis=1),
        helper.make_node("Concat", ["activated", "sum.next", "count.next"], ["next_state"], axis=1),
    ]
    ports = [
        helper.make_tensor_value_info(name, kind, ["batch", *sizes])
        for name, kind, sizes in (
            ("token", TensorProto.INT64, []),
            ("state", TensorProto.FLOAT, [card.state_size]),
            ("logits", TensorProto.FLOAT, [characters]),
            ("next_state", TensorProto.FLOAT, [card.state_size]),
            ("readout.mood", TensorProto.FLOAT, [labels]),
        )
    ]
    graph = helper.make_graph(
        nodes, "step", ports[:2], ports[2:], [numpy_helper.from_array(value, name) for name, value in weights.items()]
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)])
    helper.set_model_props(model, {METADATA_KEY: card.to_json()})
    return model


def write_readout_style(folder: Path, card: Card) -> Path:
    folder.mkdir(parents=True)
    (folder / "card.json").write_text(card.to_json(), encoding="utf-8")
    (folder / STEP).write_bytes(readout_model(card).SerializeToString())
    return folder
