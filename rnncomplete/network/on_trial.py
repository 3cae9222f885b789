"""The program that runs a stranger's graph on trial (:mod:`rnncomplete.network.trial`), within limits."""

from __future__ import annotations

import contextlib
import sys

from rnncomplete.network.card import METADATA_KEY, Card
from rnncomplete.network.graph_check import read_graph
from rnncomplete.network.loading import model_from_graph

PROCESSOR_SECONDS = 10
BYTES = 2 * 2**30
"""Of address space; 0.4 are taken by Python and its libraries."""

STEPS = 64
"""Characters that are read on trial."""


def limit_process() -> None:
    """Bound what this process may take, and forbid it to write files, where the system can."""
    with contextlib.suppress(ImportError):  # Windows
        import resource

        for what, most in (
            (resource.RLIMIT_CPU, PROCESSOR_SECONDS),
            (resource.RLIMIT_AS, BYTES),
            (resource.RLIMIT_FSIZE, 0),
            (resource.RLIMIT_CORE, 0),
        ):
            with contextlib.suppress(ValueError, OSError):  # macOS has no such bound for some
                resource.setrlimit(what, (most, most))


def main() -> None:
    """Read a graph from stdin, check it against the card inside, run it; a traceback or a signal is a refusal."""
    limit_process()
    graph = sys.stdin.buffer.read()
    model = model_from_graph(Card.from_json(read_graph(graph).metadata[METADATA_KEY]), graph)
    state = model.initial_state
    for index in range(STEPS):
        _, state = model.step(index % len(model.vocabulary), state)


if __name__ == "__main__":
    main()
