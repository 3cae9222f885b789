"""Whether the graphs compute what PyTorch computes, on real text."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import torch

from rnncomplete.errors import RnncompleteError
from rnncomplete.network.distribution import nats
from rnncomplete.network.gpu_graph import gpu_graph
from rnncomplete.network.onnx_runtime import open_session
from rnncomplete.text.stretches import stretches
from rnncomplete_export.exporting.graphs import state_size

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from rnncomplete_export.network.character_network import CharacterNetwork

LOGIT_TOLERANCE = 1e-4
"""Largest difference of a logit between PyTorch and the float32 graph."""

INT8_TOLERANCE = 0.01
FLOAT16_TOLERANCE = 0.002
"""Largest loss that a smaller precision may cost, nats per character; as a share where the loss is above one nat."""

LOGIT_CHARACTERS = 300
STREAMS = 16
STREAM_CHARACTERS = 2_000

StepFunction: TypeAlias = "Callable[[NDArray[np.int64], NDArray[np.float32]], list[NDArray[np.float32]]]"


class ParityError(RnncompleteError):
    """A graph computes something else than the network it was made from."""


@dataclass(frozen=True)
class Parity:
    """How far the graphs are from PyTorch on the same text."""

    characters: int
    """Characters that the losses below are means over."""
    float32_logit_difference: float
    float32_nats: float
    int8_nats: float
    fp16_nats: float
    """Of the graph that a GPU runs, made of the int8 one."""


def step_function(graph: bytes) -> StepFunction:
    """A graph as a function of tokens int64[batch] and state float32[batch, S] to [logits, next state]."""
    session = open_session(graph, "cpu")

    def step(tokens: NDArray[np.int64], state: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        results: list[NDArray[np.float32]] = session.run(["logits", "next_state"], {"token": tokens, "state": state})
        return results

    return step


@torch.no_grad()
def logit_difference(network: CharacterNetwork, graph: bytes, tokens: NDArray[np.uint16]) -> float:
    """Largest difference of any logit between ``network`` and ``graph`` along ``tokens``, one step after another."""
    step = step_function(graph)
    state = np.zeros((1, state_size(network)), np.float32)
    expected, _ = network(torch.from_numpy(tokens.astype(np.int64))[:, None], network.initial_state(1))
    worst = 0.0
    for index, token in enumerate(tokens):
        logits, state = step(np.array([token], np.int64), state)
        worst = max(worst, float(np.abs(logits[0] - expected[index, 0].numpy()).max()))
    return worst


def cut_streams(tokens: NDArray[np.uint16]) -> NDArray[np.int64]:
    """Up to 16 stretches of ``tokens``, evenly spaced, int64[characters, streams]."""
    streams = min(STREAMS, max(1, len(tokens) // 64))
    length = min(STREAM_CHARACTERS, len(tokens) // streams)
    return stretches(tokens, length, streams)


def batched_nats(step: StepFunction, table: NDArray[np.int64], state_size: int) -> float:
    """Mean loss of a graph over the streams of ``table``, side by side."""
    state = np.zeros((table.shape[1], state_size), np.float32)
    total = 0.0
    for tokens, targets in itertools.pairwise(table):
        logits, state = step(tokens, state)
        total += float(nats(logits, targets).sum())
    return total / table[1:].size


def measure_parity(
    network: CharacterNetwork, graphs: dict[str, bytes], tokens: NDArray[np.uint16], advance: Callable[[str], None]
) -> Parity:
    """Compare the ``float32`` and ``int8`` graphs, and what a GPU will run, on ``tokens``; raises :class:`ParityError`.

    ``advance`` is told of four steps, as each begins.
    """
    advance("holding the graph against PyTorch")
    network.eval()
    size = state_size(network)
    table = cut_streams(tokens)
    difference = logit_difference(network, graphs["float32"], tokens[:LOGIT_CHARACTERS])
    advance("measuring float32")
    float32 = batched_nats(step_function(graphs["float32"]), table, size)
    advance("measuring float16")
    float16 = batched_nats(step_function(gpu_graph(graphs["int8"])), table, size)
    advance("measuring int8")
    # Activations are quantised over a whole batch, so int8 is measured as it will run: one stream at a time.
    step = step_function(graphs["int8"])
    int8 = float(np.mean([batched_nats(step, column[:, None], size) for column in table.T]))
    parity = Parity(int(table[1:].size), difference, float32, int8, float16)
    check_parity(parity)
    return parity


def check_parity(parity: Parity) -> None:
    """Raise :class:`ParityError` where a graph is too far from the network."""
    if not parity.float32_logit_difference <= LOGIT_TOLERANCE:
        raise ParityError(
            f"the float32 graph differs from PyTorch by {parity.float32_logit_difference:.2e} in a logit; "
            f"expected at most {LOGIT_TOLERANCE:.0e}: nothing was exported"
        )
    check_int8(parity.int8_nats, parity.float32_nats)
    _check("fp16", parity.fp16_nats, parity.int8_nats, "int8, of which it is made", FLOAT16_TOLERANCE)


def check_int8(int8: float, float32: float) -> None:
    """Raise :class:`ParityError` if a graph of ``int8`` loses too many nats per character against ``float32``."""
    _check("int8", int8, float32, "float32", INT8_TOLERANCE)


def _check(name: str, loss: float, base: float, of: str, tolerance: float) -> None:
    most = tolerance * max(1.0, base)
    if not loss - base <= most:
        raise ParityError(
            f"the {name} graph loses {loss - base:.5f} nats per character against {of}; "
            f"expected at most {most:.5f}: nothing was exported"
        )
