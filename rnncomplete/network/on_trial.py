"""The program that runs a stranger's graph on trial (:mod:`rnncomplete.network.trial`), within limits."""

from __future__ import annotations

import sys

import numpy as np

from rnncomplete.network.card import METADATA_KEY, Card
from rnncomplete.network.encoder import Context
from rnncomplete.network.graph_check import read_graph
from rnncomplete.network.limits import limit_process
from rnncomplete.network.loading import encoder_from_graph, model_from_graph
from rnncomplete.network.operators import MOST_PLACES

STEPS = 64
"""Characters that are read on trial."""


def main() -> None:
    """Read a graph from stdin, check it against the card inside, run it; a traceback or a signal is a refusal."""
    limit_process()
    data = sys.stdin.buffer.read()
    graph = read_graph(data)
    card = Card.from_json(graph.metadata[METADATA_KEY])
    if any(port.name == "token" for port in graph.inputs):
        _step(card, data)
    else:
        _encode(card, data)


def _step(card: Card, graph: bytes) -> None:
    model = model_from_graph(card, graph)
    state = model.initial_state
    for index in range(STEPS):
        _, state = model.step(index % len(model.vocabulary), state)
    if card.context is not None:
        for places in (1, 2, MOST_PLACES):
            keys, values = (np.ones((places, card.context[name]), np.float32) for name in ("keys", "values"))
            model.step(0, state, Context(keys, values))


def _encode(card: Card, graph: bytes) -> None:
    encoder = encoder_from_graph(card, graph)
    encoder("")
    if card.source is not None and card.source["kind"] == "text":
        encoder("".join(card.source.get("vocabulary", ())).replace("\n", "") * card.source.get("longest", 1))


if __name__ == "__main__":
    main()
