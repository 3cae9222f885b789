"""One step of a style in other forms of its graph, one in turn with another: see the table in README.md.

    python export/benchmarks/step_forms.py models/english

Each form does the same work with other operators, but for those that leave work out to show what it takes. Times are
medians of the rounds' medians; ratios, to the graph as it is, medians of the rounds' ratios. The floor is what reading the
int8 weights takes.
"""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click
import numpy as np
import onnx
from onnx import helper, numpy_helper

from rnncomplete.measure.speed import pin_to_one_core
from rnncomplete.network.loading import STEP, read_card
from rnncomplete.network.onnx_runtime import open_session
from rnncomplete.network.step import BoundStep
from rnncomplete_export.exporting.bench_peers import float32_lstm

if TYPE_CHECKING:
    from collections.abc import Callable

    from rnncomplete.network.model import Step

BLOCK = 64
"""Weights that share a scale where a product is in blocks; it must divide what a product reads."""

ROUNDS, STEPS = 20, 60


class Form:
    """A graph whose nodes are put in place of others, by the names that the export gives them."""

    def __init__(self, folder: Path) -> None:
        self.model = onnx.load(folder / STEP)
        self.held = {item.name: numpy_helper.to_array(item) for item in self.model.graph.initializer}
        self.layers = sum(name.startswith("product.") and name.endswith(".weight") for name in self.held)
        self.gates = self.held["product.0.weight"].shape[1]

    def put(self, name: str, value: np.ndarray) -> str:
        """A weight."""
        self.model.graph.initializer.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def replace(self, first: str, last: str, nodes: list[onnx.NodeProto]) -> None:
        """``nodes`` in place of those that make the values ``first`` to ``last``, in the graph's order."""
        places = [index for index, node in enumerate(self.model.graph.node) if {first, last} & {*node.output}]
        kept = list(self.model.graph.node)
        kept[places[0] : places[-1] + 1] = nodes
        del self.model.graph.node[:]
        self.model.graph.node.extend(kept)

    def serialised(self) -> bytes:
        """The graph as bytes."""
        data: bytes = self.model.SerializeToString()
        return data


def row_as_bias(form: Form) -> None:
    """Tables in float32, one a layer, whose row is the bias of the product: right for one text, not for a batch."""
    table = form.held["table"].astype(np.float32)
    rows = [form.put(f"table.{layer}", part) for layer, part in enumerate(np.split(table, form.layers, axis=1))]
    gathers = [helper.make_node("Gather", [name, "token"], [f"row.{layer}"]) for layer, name in enumerate(rows)]
    form.replace("row.half", f"row.{form.layers - 1}", gathers)
    for layer in range(form.layers):
        [product] = [node for node in form.model.graph.node if f"product.{layer}" in node.output]
        inputs = [*product.input, "", f"row.{layer}"]
        biased = helper.make_node(product.op_type, inputs, [f"gates.{layer}"], domain=product.domain)
        form.replace(f"product.{layer}", f"gates.{layer}", [biased])


def one_sigmoid(form: Form) -> None:
    """One sigmoid for four gates, as tanh(x) = 2 sigmoid(2x) - 1; the product is taken to be doubled there already."""
    sizes = form.put("four", np.full(4, form.gates // 4, np.int64))
    for layer in range(form.layers):
        names = [f"{name}.{layer}" for name in ("input", "forget", "output", "new")]
        shut = [f"open.{layer}", f"new.{layer}", f"cell.{layer}"]
        form.replace(
            f"opening.{layer}",
            f"cell.{layer}",
            [
                helper.make_node("Sigmoid", [f"gates.{layer}"], [shut[0]]),
                helper.make_node("Split", [shut[0], sizes], names, axis=1),
                helper.make_node("Mul", [names[1], f"held.{layer}"], [f"remembered.{layer}"]),
                helper.make_node("Mul", [names[0], names[3]], [f"added.{layer}"]),
                helper.make_node("Sum", [f"remembered.{layer}", *[f"added.{layer}"] * 2], [f"summed.{layer}"]),
                helper.make_node("Sub", [f"summed.{layer}", names[0]], [shut[2]]),
            ],
        )


def no_cell(form: Form) -> None:
    """Parts of the product in place of what a cell gives: what cells take is what this form does without."""
    size = form.gates // 4
    sizes = form.put("parts", np.array([size, size, 2 * size], np.int64))
    for layer in range(form.layers):
        names = [f"out.{layer}", f"cell.{layer}", f"rest.{layer}"]
        form.replace(
            f"opening.{layer}", names[0], [helper.make_node("Split", [f"gates.{layer}", sizes], names, axis=1)]
        )


def in_blocks(form: Form) -> None:
    """Products by ``MatMulNBits``: the same weights, what they read rounded in blocks instead of as a whole."""
    for name in [*(f"product.{layer}" for layer in range(form.layers)), "logits"]:
        weights, scale = form.held[f"{name}.weight"], form.held[f"{name}.scale"]
        reads, columns = weights.shape
        blocks = (weights.T.astype(np.int16) + 128).astype(np.uint8).reshape(columns, reads // BLOCK, BLOCK)
        scales = np.repeat(scale[:, None], reads // BLOCK, axis=1)
        [product] = [node for node in form.model.graph.node if name in node.output]
        inputs = [product.input[0], form.put(f"{name}.blocks", blocks), form.put(f"{name}.scales", scales)]
        inputs += ["", "", f"{name}.bias"] if f"{name}.bias" in form.held else []
        sizes = {"K": reads, "N": columns, "bits": 8, "block_size": BLOCK, "accuracy_level": 4}
        node = helper.make_node("MatMulNBits", inputs, [name], domain="com.microsoft", **sizes)
        form.replace(name, name, [node])


FORMS: dict[str, Callable[[Form], None]] = {
    "as it is": lambda _: None,
    "float32 tables, row as bias": row_as_bias,
    "one sigmoid a layer": one_sigmoid,
    "products in blocks": in_blocks,
    "no cells": no_cell,
}


def steps(folder: Path) -> tuple[dict[str, Step], int, int]:
    """A step a form, how many numbers a state has, and the bytes of the int8 weights."""
    card, made = read_card(folder), {}
    for name, change in FORMS.items():
        form = Form(folder)
        change(form)
        made[name] = BoundStep(open_session(form.serialised()), len(card.vocabulary), card.state_size)
    held = sum(array.nbytes for array in Form(folder).held.values() if array.dtype == np.int8)
    return made | {"LSTM operators in float32": float32_lstm(folder)}, card.state_size, held


def median(call: Callable[[], object], times: int = STEPS) -> float:
    """Microseconds of a call, at the median."""
    call()
    taken = []
    for _ in range(times):
        begin = time.perf_counter()
        call()
        taken.append(1e6 * (time.perf_counter() - begin))
    return float(np.median(taken))


@click.command(help=__doc__)
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
def main(folder: Path) -> None:
    """Print a row for each form."""
    pin_to_one_core()
    forms, size, held = steps(folder)
    state, buffer = np.full(size, 0.1, np.float32), np.ones(held - held % 8, np.uint8).view(np.int64)
    rounds: dict[str, list[float]] = {name: [] for name in forms}
    floor = []
    for _ in range(ROUNDS):
        for name, step in forms.items():
            rounds[name].append(median(partial(step, 1, state)))
        floor.append(median(lambda: np.maximum.reduce(buffer)))
    first = np.array(rounds["as it is"])
    click.echo("| form | us | to the graph as it is | to the floor |\n|---|---|---|---|")
    for name, taken in rounds.items():
        ratios = [float(np.median(np.array(taken) / other)) for other in (first, np.array(floor))]
        click.echo(f"| {name} | {np.median(taken):.1f} | {ratios[0]:.3f} | {ratios[1]:.2f} |")


if __name__ == "__main__":
    main()
