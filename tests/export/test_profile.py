from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
import torch
from click.testing import CliRunner

from rnncomplete.cli import main
from rnncomplete_export.network.character_network import CharacterNetwork, NetworkConfig
from rnncomplete_export.training import profile
from rnncomplete_export.training.muon import Muon
from rnncomplete_export.training.profile import operations_a_character

if TYPE_CHECKING:
    from pathlib import Path


pytestmark = pytest.mark.slow


def test_operations_are_six_a_weight_of_a_matrix_product() -> None:
    network = CharacterNetwork(NetworkConfig(7, 12, 2, 4, skip=True))
    first, second, readout = 48 * (4 + 12), 48 * (12 + 4 + 12), 7 * 24
    assert operations_a_character(network.cells, network.readout) == 6 * (first + second + readout)


def test_muon_multiplies_three_times_a_gate() -> None:
    optimizer = Muon([torch.nn.Parameter(torch.zeros(4 * 12, 5)), torch.nn.Parameter(torch.zeros(4 * 12, 20))], lr=0.1)
    # X X^T, its square, and the product with X: 5 x 12 and 12 x 20 matrices.
    tall = 2 * (5 * 12 * 5 + 5 * 5 * 5 + 5 * 5 * 12)
    wide = 2 * (12 * 20 * 12 + 12 * 12 * 12 + 12 * 12 * 20)
    assert optimizer.operations == 4 * 3 * (tall + wide)


def test_profiling_tells_both_rates_and_leaves_no_checkpoint(
    tmp_path: Path, text_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(profile, "ROUND_SECONDS", 0.05)
    result = CliRunner().invoke(main, ["train", str(text_file), "--style", "x", "--hidden-size", "16", "--profile"])
    assert result.exit_code == 0, result.output
    found = re.search(r"training ([\d.]+) GFLOP/s .* float32 matrix products ([\d.]+) GFLOP/s: \d+ %", result.stderr)
    assert found
    assert 0 < float(found[1]) < float(found[2])
    assert not (tmp_path / "runs" / "x" / "checkpoint.safetensors").exists()
