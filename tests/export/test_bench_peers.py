from __future__ import annotations

from importlib.metadata import entry_points
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from rnncomplete.network.card import Card
from rnncomplete.network.loading import model_from_graph
from rnncomplete.text.vocabulary import UNKNOWN_CHARACTER
from rnncomplete_export.exporting.bench_peers import float32_lstm, torch_eager
from rnncomplete_export.exporting.graphs import build_graph, state_size, with_card
from rnncomplete_export.network.character_network import CharacterNetwork, NetworkConfig

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rnncomplete.network.model import Step

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("shape", [(1, True), (2, True), (3, False)])
@pytest.mark.parametrize("peer", [torch_eager, float32_lstm])
def test_a_peer_is_the_same_network(tmp_path: Path, peer: Callable[[Path], Step], shape: tuple[int, bool]) -> None:
    torch.manual_seed(0)
    layers, skip = shape
    network = CharacterNetwork(NetworkConfig(7, 12, layers, 4, skip)).eval()
    torch.nn.init.normal_(network.readout.weight)
    vocabulary = (UNKNOWN_CHARACTER, *"abcdef")
    card = Card("net", "For a test.", vocabulary, 24 * layers, "lstm", layers, 12, parameters=1)
    (tmp_path / "card.json").write_text(card.to_json(), encoding="utf-8")
    (tmp_path / "step.int8.onnx").write_bytes(with_card(build_graph(network, "float32"), card.to_json()))
    ours = model_from_graph(card, with_card(build_graph(network, "float32"), card.to_json()))
    theirs, state, other = peer(tmp_path), ours.initial_state.copy(), ours.initial_state.copy()
    for token in (1, 2, 6, 0, 3):
        logits, state = ours.step(token, state)
        others, other = theirs(token, other)
        assert (others.dtype, others.shape, other.shape) == (np.float32, logits.shape, state.shape)
        np.testing.assert_allclose(others, logits, atol=0.02)
        np.testing.assert_allclose(other, state, atol=0.01)


@pytest.mark.parametrize("peer", [torch_eager, float32_lstm])
def test_a_peer_of_a_network_with_labels_reads_its_cells_alone(tmp_path: Path, peer: Callable[[Path], Step]) -> None:
    torch.manual_seed(0)
    network = CharacterNetwork(NetworkConfig(7, 12, 2, 4, labels=2, boundary=1)).eval()
    torch.nn.init.normal_(network.readout.weight)
    vocabulary, size = (UNKNOWN_CHARACTER, "\n", *"bcdef"), state_size(network)
    card = Card(
        "net", "", vocabulary, size, "lstm", 2, 12, parameters=1, format=2, readouts={"label": ("awful", "good")}
    )
    (tmp_path / "card.json").write_text(card.to_json(), encoding="utf-8")
    graph = with_card(build_graph(network, "float32"), card.to_json())
    (tmp_path / "step.int8.onnx").write_bytes(graph)
    ours = model_from_graph(card, graph)
    theirs, state, other = peer(tmp_path), ours.initial_state, ours.initial_state
    for token in (3, 2, 6, 1, 0, 3):
        logits, state = ours.step(token, state)
        others, other = theirs(token, other)
        np.testing.assert_allclose(others, logits, atol=0.02)
        np.testing.assert_allclose(other, state[: 2 * 2 * 12], atol=0.01)


def test_the_runtime_finds_them_without_naming_this_package() -> None:
    found = {point.name: point.value for point in entry_points(group="rnncomplete.bench_peers")}
    assert found == {
        "torch_eager": "rnncomplete_export.exporting.bench_peers:torch_eager",
        "float32_lstm": "rnncomplete_export.exporting.bench_peers:float32_lstm",
    }
