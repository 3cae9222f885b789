from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from rnncomplete_export.network.character_network import CharacterNetwork, LockedDropout, NetworkConfig, parameter_count
from rnncomplete_export.network.measure import best_temperature, logits_of
from rnncomplete_export.texts.streams import Streams
from rnncomplete_export.training.average import WeightAverage
from rnncomplete_export.training.muon import Muon, orthogonalise
from rnncomplete_export.training.schedule import learning_rate_factor


@pytest.fixture
def network() -> CharacterNetwork:
    torch.manual_seed(0)
    return CharacterNetwork(NetworkConfig(7, 12, 2, 4)).eval()


def test_reading_in_windows_equals_reading_at_once(network: CharacterNetwork) -> None:
    tokens = torch.randint(0, 7, (30, 3))
    whole, end = network(tokens, network.initial_state(3))
    first, state = network(tokens[:11], network.initial_state(3))
    second, state = network(tokens[11:], state)
    torch.testing.assert_close(torch.cat((first, second)), whole)
    torch.testing.assert_close(state, end)


def test_shapes_are_those_of_the_docstring(network: CharacterNetwork) -> None:
    logits, (hidden, held) = network(torch.zeros(5, 3, dtype=torch.int64), network.initial_state(3))
    assert logits.shape == (5, 3, 7)
    assert hidden.shape == held.shape == (2, 3, 12)
    assert parameter_count(network) == sum(p.numel() for p in network.parameters())


def test_dropout_leaves_out_the_same_numbers_at_every_character_of_a_stream() -> None:
    torch.manual_seed(0)
    dropped = LockedDropout(0.5)(torch.ones(9, 4, 50))
    assert torch.equal(dropped, dropped[:1].expand(9, 4, 50))
    assert set(dropped.unique().tolist()) == {0.0, 2.0}
    assert not torch.equal(dropped[0, 0], dropped[0, 1])


def test_recurrent_weights_are_left_out_in_training_only() -> None:
    torch.manual_seed(0)
    network = CharacterNetwork(NetworkConfig(7, 12, 2, 4), weight_dropout=0.5)
    tokens = torch.randint(0, 7, (6, 3))

    def read() -> torch.Tensor:
        logits: torch.Tensor = network(tokens, network.initial_state(3))[0]
        return logits

    first, second = read(), read()
    assert torch.equal(first[0], second[0]), "the first character has no state to be multiplied"
    assert not torch.allclose(first[1:], second[1:])
    network.eval()
    assert torch.equal(read(), read())


def test_forget_gates_begin_open(network: CharacterNetwork) -> None:
    for cell in network.cells:
        assert torch.all(cell.bias_ih_l0[12:24] == 1)


@given(
    size=st.integers(40, 300),
    batch=st.integers(1, 6),
    window=st.integers(1, 9),
    position=st.integers(0, 2000),
)
def test_streams_are_contiguous_and_targets_are_what_comes_next(
    size: int, batch: int, window: int, position: int
) -> None:
    tokens = np.arange(size, dtype=np.uint16)
    streams = Streams(tokens, batch, window)
    inputs, targets = streams.at(position)
    following, _ = streams.at(position + window)
    assert inputs.shape == targets.shape == (window, batch)
    assert np.array_equal(targets, inputs + 1)
    assert np.array_equal(following[0], np.where(targets[-1] == size - 1, 0, targets[-1]))
    first, last = streams.at(position, 0, batch // 2)[0], streams.at(position, batch // 2, batch)[0]
    assert np.array_equal(np.concatenate((first, last), axis=1), inputs)


@pytest.mark.parametrize("shape", [(32, 20), (20, 32)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_orthogonalised_matrices_have_singular_values_near_one(shape: tuple[int, int], dtype: torch.dtype) -> None:
    for seed in range(20):
        torch.manual_seed(seed)
        values = torch.linalg.svdvals(orthogonalise(torch.randn(shape), dtype))
        assert values.min() > 0.68
        assert values.max() < 1.3


def test_muon_moves_every_gate_alike_however_small_its_gradient() -> None:
    torch.manual_seed(0)
    parameter = torch.nn.Parameter(torch.zeros(4 * 16, 10))
    gradient = torch.randn(4 * 16, 10)
    gradient[:16] *= 1e-3
    parameter.grad = gradient
    Muon([parameter], lr=0.1).step()
    moved = parameter.detach().view(4, 16, 10).pow(2).mean(dim=(1, 2)).sqrt()
    assert torch.all((moved - 0.2 * 0.1).abs() < 0.2 * 0.2 * 0.1)


def test_the_learning_rate_rises_stays_and_falls() -> None:
    assert learning_rate_factor(0.0, 0, warm_up=10) == pytest.approx(0.1)
    assert learning_rate_factor(0.5, 1000) == 1
    assert learning_rate_factor(0.8, 1000, decay_from=0.6) == pytest.approx(0.51)
    assert 0 < learning_rate_factor(1.0, 1000) < 0.05


def test_the_average_comes_near_weights_that_stand_still(network: CharacterNetwork) -> None:
    average = WeightAverage(network, 0.9)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.fill_(2.0)
    for _ in range(100):
        average.update(network)
    for value in average.weights.values():
        torch.testing.assert_close(value, torch.full_like(value, 2.0), atol=1e-3, rtol=0)


def test_a_network_that_is_too_sure_is_given_a_higher_temperature(network: CharacterNetwork) -> None:
    tokens = np.random.default_rng(0).integers(0, 7, 3000).astype(np.uint16)
    with torch.no_grad():
        network.readout.weight.mul_(200)
    assert best_temperature(logits_of(network, tokens)) == pytest.approx(1.3)


def test_the_best_temperature_is_found_between_those_that_are_tried() -> None:
    network = CharacterNetwork(NetworkConfig(7, 12, 1, 4)).eval()
    shares = np.array([0.4, 0.2, 0.2, 0.1, 0.05, 0.03, 0.02])
    tokens = np.random.default_rng(0).choice(7, 20_000, p=shares).astype(np.uint16)
    with torch.no_grad():
        network.readout.weight.zero_()
        network.readout.bias.copy_(1.08 * torch.from_numpy(np.log(shares)))
    assert best_temperature(logits_of(network, tokens)) == pytest.approx(1.08, abs=0.015)
