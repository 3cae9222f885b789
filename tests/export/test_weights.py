from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from rnncomplete.errors import ModelError
from rnncomplete_export.exporting.graphs import build_graph, folded_table, recurrent_weights
from rnncomplete_export.network.character_network import CharacterNetwork, NetworkConfig
from rnncomplete_export.network.weights import read_weights

if TYPE_CHECKING:
    from pathlib import Path

    from rnncomplete_export.exporting.graphs import Precision


@pytest.mark.parametrize("skip", [True, False])
@pytest.mark.parametrize(("precision", "tolerance"), [("float32", 0), ("float16", 2e-3), ("int8", 2e-2)])
def test_a_graph_gives_back_the_weights_it_was_built_from(
    tmp_path: Path, precision: Precision, tolerance: float, skip: bool
) -> None:
    torch.manual_seed(0)
    network = CharacterNetwork(NetworkConfig(7, 12, 2, 4, skip)).eval()
    torch.nn.init.normal_(network.readout.bias)
    (tmp_path / "step.onnx").write_bytes(build_graph(network, precision).SerializeToString())
    weights = read_weights(tmp_path / "step.onnx")
    assert (weights.vocabulary_size, weights.hidden_size, weights.layers, weights.skip) == (7, 12, 2, skip)
    expected = [folded_table(network), *(recurrent_weights(network, layer) for layer in (0, 1))]
    for found, built in zip([weights.table, *weights.recurrent], expected, strict=True):
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, built, atol=tolerance)
    np.testing.assert_allclose(weights.readout, network.readout.weight.detach().numpy().T, atol=tolerance)
    np.testing.assert_allclose(weights.bias, network.readout.bias.detach().numpy(), atol=tolerance)


def test_a_graph_without_an_lstm_and_a_file_that_is_not_a_graph_are_refused(tmp_path: Path, tiny_style: Path) -> None:
    with pytest.raises(ModelError, match="holds no stacked LSTM"):
        read_weights(tiny_style / "step.int8.onnx")
    (tmp_path / "step.onnx").write_bytes(b"no graph")
    with pytest.raises(ModelError, match="cannot read"):
        read_weights(tmp_path / "step.onnx")
    with pytest.raises(ModelError, match="cannot read"):
        read_weights(tmp_path / "missing.onnx")
