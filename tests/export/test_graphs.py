"""The graphs that an export builds are those that the runtime lets through, and use all that it lets through."""

from __future__ import annotations

import pytest

from rnncomplete.network.graph_check import read_graph
from rnncomplete.network.operators import READOUT_RULES, STEP_RULES, check_operators
from rnncomplete_export.exporting.graphs import build_graph
from rnncomplete_export.network.character_network import CharacterNetwork, NetworkConfig


def test_a_readout_needs_a_few_operators_more() -> None:
    config = NetworkConfig(vocabulary_size=7, hidden_size=8, layers=2, embedding_size=4, labels=3, boundary=1)
    graph = read_graph(build_graph(CharacterNetwork(config), "int8").SerializeToString())
    used = {(node.domain, node.operator) for node in graph.nodes}
    assert used >= READOUT_RULES.keys(), "nothing is let through that no graph of ours uses"


@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("skip", [True, False])
def test_what_an_export_builds_is_let_through(layers: int, skip: bool) -> None:
    config = NetworkConfig(vocabulary_size=7, hidden_size=8, layers=layers, embedding_size=4, skip=skip)
    used = set()
    for precision in ("float32", "float16", "int8"):
        graph = read_graph(build_graph(CharacterNetwork(config), precision).SerializeToString())
        check_operators(graph, 7)
        used |= {(node.domain, node.operator) for node in graph.nodes}
    assert used == STEP_RULES.keys(), "nothing is let through that no graph of ours uses"
