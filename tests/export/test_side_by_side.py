"""Several networks as one batch compute what the trainer computes for each, on the CPU, in small sizes."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.nn import functional

from rnncomplete_export.network.character_network import CharacterNetwork, NetworkConfig
from rnncomplete_export.texts.streams import Streams
from rnncomplete_export.training.average import WeightAverage
from rnncomplete_export.training.configuration import TrainingConfig
from rnncomplete_export.training.schedule import learning_rate_factor
from rnncomplete_export.training.side_by_side.cell import TorchCell, choose_cell, difference
from rnncomplete_export.training.side_by_side.graph import as_one_graph
from rnncomplete_export.training.side_by_side.judge import Judge
from rnncomplete_export.training.side_by_side.learner import Learner, Noise, beyond
from rnncomplete_export.training.side_by_side.mover import MOVED
from rnncomplete_export.training.side_by_side.parameters import Shape, new_rows, row_of, state_of
from rnncomplete_export.training.side_by_side.plan import PlannedNetwork, Shared
from rnncomplete_export.training.side_by_side.teachers import Teachers
from rnncomplete_export.training.trainer import build_optimizers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

pytestmark = pytest.mark.slow

V, PADDED, E, H, T, B, N = 21, 24, 12, 16, 7, 6, 3
SHAPE = Shape(PADDED, E, H)
CPU = torch.device("cpu")


def texts() -> list[Tensor]:
    """One a network, each of another length."""
    return [torch.from_numpy(np.random.default_rng(i).integers(0, V, 400 + 50 * i).astype(np.uint8)) for i in range(N)]


def learner(
    weights: Tensor,
    dtype: torch.dtype = torch.float32,
    *,
    spans: Sequence[tuple[float, float]] = ((0, 1),) * N,
    taught: Teachers | None = None,
    share: float = 0.0,
    **shared: Any,
) -> Learner:
    """N networks that read a text each."""
    networks = [
        PlannedNetwork("x", learning_rate=0.005 + 0.001 * i, dropout=share, weight_dropout=share, taught=0.5)
        for i in range(N)
    ]
    made = Learner(
        SHAPE,
        weights,
        texts(),
        networks,
        spans=spans,
        vocabularies=[V] * N,
        shared=Shared(window=T, batch=B, **shared),
        dtype=dtype,
        cell=TorchCell(),
        teachers=taught,
    )
    for i in range(N):
        made.point(i, i)
    return made


def character_networks(dtype: torch.dtype) -> list[CharacterNetwork]:
    """N of the project's networks, with biases that differ, so that a mistake with them shows."""
    torch.manual_seed(0)
    networks = [CharacterNetwork(NetworkConfig(V, H, 2, E, True)).to(dtype) for _ in range(N)]
    for network in networks:
        for parameter in network.parameters():
            if parameter.ndim == 1:
                torch.nn.init.normal_(parameter, std=0.3)
    return networks


def rows_of(networks: Sequence[CharacterNetwork]) -> Tensor:
    return torch.stack([row_of(network.state_dict(), SHAPE) for network in networks])


def silence() -> Noise:
    """Nothing is dropped out, and every stream goes on."""
    masks = [torch.ones(N, 1, B, width) for width in (H, H, E)]
    drops = [torch.ones(N, 4 * H, H) for _ in range(2)]
    return Noise(torch.ones(N, B, 1, dtype=torch.bool), (masks[0], masks[1], masks[2]), (drops[0], drops[1]))


def by_autograd(
    network: CharacterNetwork, inputs: Tensor, state: tuple[Tensor, Tensor], noise: Noise, n: int
) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    """Logits [T, B, V] of one of N networks, and its state after, with what ``noise`` leaves."""
    hidden, held = (part * noise.kept[n][None] for part in state)
    embedded = network.embedding(inputs) * noise.masks[2][n]
    reads, outs, after = embedded, [], []
    for layer, cell in enumerate(network.cells):
        below, own, *biases = cell.parameters()
        begin = [part[layer : layer + 1].contiguous() for part in (hidden, held)]
        weights = [below, own * noise.drops[layer][n], *biases]
        out, *last = torch.lstm(reads, begin, weights, True, 1, 0.0, False, False, False)
        out = out * noise.masks[layer][n]
        outs.append(out)
        after.append(last)
        reads = torch.cat((out, embedded), dim=-1)
    first, second = zip(*after, strict=True)
    return network.readout(torch.cat(outs, dim=-1)), (torch.cat(first).detach(), torch.cat(second).detach())


def test_rows_are_the_networks_that_checkpoints_hold() -> None:
    for network in character_networks(torch.float32):
        state = state_of(row_of(network.state_dict(), SHAPE), SHAPE, V)
        torch.testing.assert_close(state, dict(network.state_dict()), rtol=0, atol=0)
    assert Shape.for_vocabularies([V, 9], E, H) == SHAPE
    torch.manual_seed(7)
    begun = row_of(CharacterNetwork(NetworkConfig(V, H, 2, E, True)).state_dict(), SHAPE)
    assert torch.equal(new_rows(SHAPE, [V], [7])[0], begun), "a network begins as the trainer's do"


@pytest.mark.parametrize("share", [0.0, 0.3])
def test_gradients_and_states_are_those_of_autograd(share: float) -> None:
    networks = character_networks(torch.float64)
    ours = learner(rows_of(networks), torch.float64, share=share)
    states = [tuple(part.double() for part in network.initial_state(B)) for network in networks]
    for _ in range(3):
        inputs, targets = ours.pages.turn()
        drawn = ours.noise()
        noise = Noise(torch.rand(N, B, 1) >= 0.3, drawn.masks, drawn.drops)
        ours.loss.zero_()
        ours.learn(inputs, targets, noise)
        for n, network in enumerate(networks):
            network.zero_grad()
            logits, states[n] = by_autograd(network, inputs[n], states[n], noise, n)
            loss = functional.cross_entropy(logits.flatten(0, 1), targets[n].flatten())
            loss.backward()
            assert ours.loss[n].item() == pytest.approx(loss.item(), abs=1e-9)
            wanted = row_of({name: value.grad for name, value in network.named_parameters()}, SHAPE)
            torch.testing.assert_close(ours.mover.gradient[n] / (T * B), wanted, rtol=1e-6, atol=1e-9)
            begins = torch.stack(ours.reader.begins())[:, n].view(2, 2, B, H)
            torch.testing.assert_close(begins, torch.stack(states[n]), rtol=0, atol=1e-9)


def test_updates_are_those_of_the_trainers_optimizers() -> None:
    networks = character_networks(torch.float32)
    ours = learner(rows_of(networks))
    configs = [TrainingConfig(optimizer="muon", learning_rate=0.005 + 0.001 * i) for i in range(N)]
    optimizers = [
        build_optimizers(network, config, torch.float32) for network, config in zip(networks, configs, strict=True)
    ]
    averages = [WeightAverage(network, 0.998) for network in networks]
    for update in range(8):
        share = update / 8
        gradients = []
        for n, network in enumerate(networks):
            for parameter in network.parameters():
                parameter.grad = torch.randn_like(parameter) * (0.01 if update % 2 else 3.0)
            gradients.append(row_of({name: value.grad for name, value in network.named_parameters()}, SHAPE))
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            for optimizer in optimizers[n]:
                for group in optimizer.param_groups:
                    group["lr"] = configs[n].learning_rate * learning_rate_factor(share, update, decay_from=0.4)
                optimizer.step()
            averages[n].update(network)
        ours.mover.gradient.copy_(torch.stack(gradients) * (T * B))
        ours.mover.tell(share, update)
        ours.mover.move(T * B)
        for n, network in enumerate(networks):
            for got, state in ((ours.mover.weights, network.state_dict()), (ours.mover.average, averages[n].weights)):
                wanted = row_of(state, SHAPE)
                assert (got[n] - wanted).norm() / wanted.norm() < 2e-5, update


def test_a_gradient_that_is_not_finite_moves_its_own_network_no_further() -> None:
    mover = learner(new_rows(SHAPE, [V] * N, range(N))).mover
    mover.tell(0.0, 10)
    before = mover.weights.clone()
    mover.gradient.normal_()
    mover.gradient[1, 5] = torch.inf
    mover.move(T * B)
    assert mover.skipped.tolist() == [0, 1, 0]
    assert mover.weights.isfinite().all()
    assert mover.half.isfinite().all()
    torch.testing.assert_close(mover.weights[1], before[1] * (1 - 0.006 * mover.factor[1] * 0.01))
    assert not torch.allclose(mover.weights[0], before[0], atol=1e-4)


def test_windows_are_those_of_the_trainers_streams() -> None:
    pages = learner(new_rows(SHAPE, [V] * N, range(N))).pages
    for step in range(40):
        inputs, targets = pages.turn()
        for n, text in enumerate(texts()):
            for ours, theirs in zip((inputs, targets), Streams(text.numpy(), B, T).at(step * T), strict=True):
                assert np.array_equal(ours[n].numpy(), theirs)


def test_losses_are_those_of_the_project() -> None:
    networks = character_networks(torch.float32)
    generator = np.random.default_rng(5)
    kept = [torch.from_numpy(generator.integers(0, V, 1500 + 277 * i).astype(np.uint8)) for i in range(N)]
    rows = rows_of(networks)
    judge = Judge(rows, SHAPE, beyond([V] * N, SHAPE, rows))
    cut, whole = judge.losses(kept, streams=13, warm=60)[0], judge.losses(kept, streams=1, warm=0)[0]
    for n, network in enumerate(networks):
        tokens = kept[n].long()
        with torch.no_grad():
            logits, _ = network.eval()(tokens[:-1, None], network.initial_state(1))
        wanted = functional.cross_entropy(logits[:, 0], tokens[1:]).item()
        assert whole[n] == pytest.approx(wanted, abs=1e-5)
        assert cut[n] == pytest.approx(wanted, abs=2e-4)
        cooler = functional.cross_entropy(logits[:, 0] / 0.9, tokens[1:]).item()
        assert judge.losses(kept, streams=1, warm=0, temperatures=(1.0, 0.9))[1, n] == pytest.approx(cooler, abs=1e-5)


def test_what_is_written_is_in_each_networks_vocabulary() -> None:
    rows = new_rows(SHAPE, [5, V], [1, 2])
    written = Judge(rows, SHAPE, beyond([5, V], SHAPE, rows)).write(4, 60, temperature=2.0, min_p=0.0)
    assert written.shape == (2, 4, 60)
    assert (written.min(), written[0].max(), written[1].max()) == (1, 4, V - 1)
    certain = Judge(rows, SHAPE, beyond([5, V], SHAPE, rows)).write(4, 60, min_p=1.0)
    assert (certain == certain[:, :1]).all(), "with that floor only the likeliest is left"


def test_nothing_in_an_update_waits_for_the_device() -> None:
    with FakeTensorMode(allow_non_fake_inputs=True):
        rows = torch.randn(4, SHAPE.size)
        teachers = Teachers(SHAPE, rows, 2, Shared(window=T, batch=B), dtype=torch.float16, cell=TorchCell())
        made = Learner(
            SHAPE,
            torch.randn(N, SHAPE.size),
            [torch.zeros(500, dtype=torch.uint8)],
            [PlannedNetwork("x")] * N,
            spans=[(0, 1)] * N,
            vocabularies=[V] * N,
            shared=Shared(window=T, batch=B),
            dtype=torch.float16,
            cell=TorchCell(),
            teachers=teachers,
        )
        made.update()  # .item(), a shape that depends on data, and the like raise here


def test_what_teachers_think_is_the_mean_of_their_shares() -> None:
    rows = new_rows(SHAPE, [V] * 2 * N, range(2 * N))
    teachers = Teachers(SHAPE, rows, 2, Shared(window=T, batch=B), dtype=torch.float32, cell=TorchCell())
    ours = learner(new_rows(SHAPE, [V] * N, range(N)), taught=teachers)
    inputs, _ = ours.pages.turn()
    got = teachers.think(ours.ones(inputs), torch.ones(N, B, 1, dtype=torch.bool), ours.beyond)
    for n in range(N):
        wanted = torch.zeros(T * B, V)
        for row in rows[2 * n : 2 * n + 2]:
            network = CharacterNetwork(NetworkConfig(V, H, 2, E, True)).eval()
            network.load_state_dict(state_of(row, SHAPE, V))
            with torch.no_grad():
                logits, _ = network(inputs[n], network.initial_state(B))
            wanted += logits.softmax(-1).flatten(0, 1) / 2
        torch.testing.assert_close(got[n][:, :V], wanted, rtol=0, atol=1e-5)
        assert got[n][:, V:].max() == 0


def test_only_pupils_are_taught() -> None:
    rows = new_rows(SHAPE, [V] * 4, range(10, 14))
    gradients = []
    for taught in (
        None,
        Teachers(SHAPE, rows, 2, Shared(window=T, batch=B), dtype=torch.float32, cell=TorchCell()),
    ):
        ours = learner(new_rows(SHAPE, [V] * N, range(N)), taught=taught)
        ours.learn(*ours.pages.turn(), silence())
        gradients.append(ours.mover.gradient.clone())
    plain, others = gradients
    assert torch.equal(plain[2], others[2])
    assert all((plain[n] - others[n]).norm() > 0.01 * plain[n].norm() for n in (0, 1))


def test_a_network_that_goes_on_in_another_round_is_as_if_there_were_one() -> None:
    calm = {"unknown_share": 0.0, "reset_share": 0.0, "decay_from": 0.3}
    rows = new_rows(SHAPE, [V] * N, range(N))
    whole = learner(rows.clone(), **calm)
    first = learner(rows.clone(), spans=[(0, 0.5)] * N, **calm)
    second = learner(new_rows(SHAPE, [V] * N, [9] * N), spans=[(0.5, 1)] * N, **calm)
    for update in range(8):
        whole.mover.tell(update / 8, update)
        whole.update()
        if update < 4:
            first.mover.tell(update / 4, update)
            first.update()
    for n in range(N):
        there = N - 1 - n  # in another order
        second.mover.go_on(there, first.mover.pause(n), 4)
        second.mover.peak[there] = first.mover.peak[n]
        second.point(there, n)
    for ours, theirs in zip(second.reader.begins(), first.reader.begins(), strict=True):
        ours.copy_(theirs.flip(0))  # a round begins from fresh states; this is not what is tested
    for update in range(4):
        second.mover.tell(update / 4, update)
        second.update()
    for name in (*MOVED, "half", "factor"):
        wanted = getattr(whole.mover, name)
        torch.testing.assert_close(getattr(second.mover, name).flip(0), wanted, rtol=1e-4, atol=1e-6, msg=name)
    assert torch.equal(second.mover.powers.flip(1), whole.mover.powers)


def test_what_is_restored_goes_on_to_the_bit() -> None:
    def begun(seed: int) -> Learner:
        rows = new_rows(SHAPE, [V] * 2, [7, 8])
        taught = Teachers(SHAPE, rows, 1, Shared(window=T, batch=B), dtype=torch.float32, cell=TorchCell())
        return learner(new_rows(SHAPE, [V] * N, [seed] * N), taught=taught, share=0.2)

    unbroken, broken = begun(1), begun(2)
    for update in range(6):
        unbroken.mover.tell(update / 6, update)
        if update == 3:
            broken.restore({name: value.clone() for name, value in unbroken.state().items()})
            drawn = torch.get_rng_state()
        unbroken.update()
    torch.set_rng_state(drawn)
    for update in range(3, 6):
        broken.mover.tell(update / 6, update)
        broken.update()
    torch.testing.assert_close(broken.state(), unbroken.state(), rtol=0, atol=0)


def test_the_cell_of_a_cpu_is_pytorchs() -> None:
    said: list[str] = []
    assert isinstance(choose_cell(SHAPE, torch.float32, CPU, said.append), TorchCell)
    assert not said
    assert difference(TorchCell(), H, torch.float16, CPU) == 0


@pytest.mark.skipif(
    (sys.platform, platform.machine()) != ("linux", "x86_64"), reason="Triton is built for Linux on x86-64 alone"
)
def test_tritons_cell_is_pytorchs() -> None:
    code = (
        "import torch\n"
        "from rnncomplete_export.training.side_by_side.cell import difference\n"
        "from rnncomplete_export.training.side_by_side.triton_cell import TritonCell\n"
        "cpu = torch.device('cpu')\n"
        "print(max(difference(TritonCell(), h, kind, cpu)\n"
        "          for h, kind in ((16, torch.float32), (300, torch.float16))))\n"
    )
    environment = {**os.environ, "TRITON_INTERPRET": "1"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert 0 < float(done.stdout) < 2e-3


def test_a_gpu_without_triton_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_compiler(*arguments: object) -> float:
        raise RuntimeError("no compiler here\nand more")

    monkeypatch.setattr("rnncomplete_export.training.side_by_side.cell.difference", no_compiler)
    monkeypatch.setitem(sys.modules, "rnncomplete_export.training.side_by_side.triton_cell", FakeTriton())
    said: list[str] = []
    assert isinstance(choose_cell(SHAPE, torch.float16, torch.device("cuda"), said.append), TorchCell)
    assert said == ["without Triton, several times slower (no compiler here)"]
    for found in (1e-4, 1e-2):
        monkeypatch.setattr("rnncomplete_export.training.side_by_side.cell.difference", lambda *_, found=found: found)
        chosen = choose_cell(SHAPE, torch.float16, torch.device("cuda"), said.append)
        assert isinstance(chosen, TorchCell) == (found > 5e-3)
    assert said[1:] == [
        "without Triton, several times slower: its cells differ from PyTorch's by 1.0e-02 of their norm here"
    ]


class FakeTriton:
    """A module whose cell is some object."""

    TritonCell = object


class FakeLearner:
    """A learner on a GPU, of one number."""

    device = torch.device("cuda")

    def __init__(self) -> None:
        self.number = torch.zeros(1)

    def update(self) -> None:
        self.number += 1

    def state(self) -> dict[str, Tensor]:
        return {"number": self.number}

    def restore(self, state: dict[str, Tensor]) -> None:
        self.number.copy_(state["number"])


@pytest.mark.parametrize("fails", [False, True])
def test_to_capture_an_update_teaches_nothing(monkeypatch: pytest.MonkeyPatch, *, fails: bool) -> None:
    learner, said, drawn = FakeLearner(), [], []

    def graph(_: object) -> nullcontext[None]:
        assert learner.number == 3, "after three to warm up"
        if fails:
            raise RuntimeError("out of streams")
        return nullcontext()

    class Stream:
        def wait_stream(self, other: object) -> None:
            """Nothing to wait for."""

    class Graph:
        def replay(self) -> None:
            learner.number += 10

    fakes = {"Stream": Stream, "current_stream": Stream, "stream": nullcontext, "synchronize": lambda: None}
    fakes |= {"CUDAGraph": Graph, "graph": graph, "get_rng_state": lambda _: "drawn so far"}
    fakes |= {"set_rng_state": lambda state, _: drawn.append(state)}
    for name, fake in fakes.items():
        monkeypatch.setattr(torch.cuda, name, fake)
    step = as_one_graph(learner, said.append)
    assert learner.number == 0
    assert drawn == ["drawn so far"]
    step()
    assert learner.number == (1 if fails else 10)
    assert said == (["without a CUDA graph, several times slower (out of streams)"] if fails else [])
