"""What is decided about devices, driven by fakes; and what only a GPU can show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from rnncomplete.network import loading as model_module
from rnncomplete.network.device_choice import FILE, choice_key, disagreement, faster, recall, remember
from rnncomplete.network.loading import STEP, load_network, trusted
from rnncomplete.network.model import Model
from rnncomplete.network.onnx_runtime import (
    CPU_PROVIDER,
    CUDA_PROVIDER,
    available_providers,
    cuda_is_plausible,
    on_device,
    open_session,
)
from rnncomplete.network.step import BoundStep, DeviceStep, bind_step

if TYPE_CHECKING:
    from pathlib import Path

    from rnncomplete.network.card import Card
    from rnncomplete.network.model import FloatArray


def predicting(card: Card, device: str, noise: float) -> Model:
    """A model whose logits are random, the same for every seed, but for the noise."""

    def step(token: int, state: FloatArray) -> tuple[FloatArray, FloatArray]:
        logits = np.random.default_rng(token).normal(0, 3, len(card.vocabulary))
        own = np.random.default_rng(token + 1000).normal(0, 3, len(card.vocabulary))
        return (logits + noise * own).astype(np.float32), state

    return Model(card, device, step)


@pytest.mark.parametrize(("noise", "is_trusted"), [(0.0, True), (0.02, True), (1.0, False), (np.nan, False)])
def test_a_gpu_that_predicts_otherwise_is_not_trusted(tiny_card: Card, noise: float, is_trusted: bool) -> None:
    reference, model = predicting(tiny_card, "cpu", 0), predicting(tiny_card, "cuda", noise)
    assert (disagreement(reference, model) is None) is is_trusted
    assert trusted(model, reference) is (model if is_trusted else reference)
    assert (reference.note is None) is is_trusted
    if reference.note:
        assert "'tiny'" in reference.note
        assert "\n" not in reference.note


def test_a_choice_is_kept_by_graph_device_and_version(tmp_path: Path) -> None:
    key = choice_key(b"one", "cuda:0", "1.23")
    assert recall(key, tmp_path) is None
    remember(key, "cuda", tmp_path / "new")
    assert recall(key, tmp_path / "new") == "cuda"
    for graph, device, version in [
        (b"other", "cuda:0", "1.23"),
        (b"one", "cuda:1", "1.23"),
        (b"one", "cuda:0", "1.24"),
    ]:
        assert recall(choice_key(graph, device, version), tmp_path / "new") is None


@pytest.mark.parametrize("content", ["", "[]", "{", '{"key": "abacus"}', '{"key": 3}', "\udcff"])
def test_a_damaged_file_of_choices_is_as_good_as_none(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE).write_bytes(content.encode("utf-8", "surrogateescape"))
    assert recall("key", tmp_path) is None
    remember("key", "cpu", tmp_path)
    assert recall("key", tmp_path) == "cpu"


def test_where_nothing_can_be_written_nothing_is_remembered(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    remember("key", "cpu", tmp_path / "file")
    assert recall("key", tmp_path / "file") is None


class Gpu:
    """A GPU that is not there: sessions for it run on the CPU; it counts them, and what was timed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, winner: int, problem: str | None = None) -> None:
        self.opened: list[str] = []
        self.timed = 0

        def time_both(*models: Model) -> Model:
            self.timed += 1
            return models[winner]

        def open_(graph: bytes, device: str = "cpu") -> Any:
            self.opened.append(device)
            return open_session(graph, "cpu")

        monkeypatch.setattr(model_module, "open_session", open_)
        monkeypatch.setattr(model_module, "cuda_is_plausible", lambda providers: True)
        monkeypatch.setattr(model_module, "faster", time_both)
        monkeypatch.setattr(model_module, "disagreement", lambda reference, model: problem)


@pytest.mark.parametrize("winner", [0, 1])
def test_auto_times_once_and_remembers(tiny_style: Path, monkeypatch: pytest.MonkeyPatch, winner: int) -> None:
    gpu, device = Gpu(monkeypatch, winner), ("cpu", "cuda")[winner]
    assert [load_network(tiny_style, "auto").device for _ in range(3)] == [device] * 3
    assert gpu.timed == 1
    assert gpu.opened.count("cuda") == (1 if device == "cpu" else 3), "a slow GPU is not even opened again"
    monkeypatch.setattr(model_module, "runtime_version", lambda: "another")
    load_network(tiny_style, "auto")
    assert gpu.timed == 2


@pytest.mark.parametrize("device", ["auto", "cuda"])
def test_a_gpu_that_fails_its_test_leaves_the_cpu_and_a_line(
    tiny_style: Path, monkeypatch: pytest.MonkeyPatch, device: str
) -> None:
    gpu = Gpu(monkeypatch, 1, problem="it predicts otherwise")
    model = load_network(tiny_style, device)
    assert model.device == "cpu"
    assert model.note is not None
    assert "it predicts otherwise" in model.note
    assert gpu.timed == 0


class Provided:
    """A session that runs nothing, and remembers what was bound."""

    def __init__(self, *providers: str) -> None:
        self.providers = providers
        self.bound: list[str] = []

    def get_providers(self) -> tuple[str, ...]:
        return self.providers

    def io_binding(self) -> Any:
        return self

    def __getattr__(self, name: str) -> Any:
        return lambda *arguments: self.bound.append(name)


def test_the_step_suits_what_really_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rnncomplete.network.step.on_device", lambda array, device: array)
    assert isinstance(bind_step(Provided(CPU_PROVIDER), 3, 4), BoundStep)
    on_gpu = Provided(CUDA_PROVIDER, CPU_PROVIDER)
    assert isinstance(bind_step(on_gpu, 3, 4), DeviceStep)
    assert set(on_gpu.bound) == {"bind_ortvalue_input", "bind_ortvalue_output"}, "what is bound on the CPU is sent once"


def test_a_state_that_stays_on_the_device_is_a_value_all_the_same(tiny_style: Path) -> None:
    sent: list[float] = []

    def counting(array: Any) -> Any:
        buffer = on_device(array, "cpu")
        fill = buffer.update_inplace

        def count(array: Any) -> None:
            if array.dtype == np.float32:
                sent.append(float(array.sum()))
            fill(array)

        buffer.update_inplace = count
        return buffer

    graph = (tiny_style / STEP).read_bytes()
    plain = BoundStep(open_session(graph), 32, 16)
    step = DeviceStep(open_session(graph), 32, 16, counting)
    state = other = np.zeros(16, np.float32)
    states = [state]
    for token in (3, 1, 4, 1, 5):
        logits, state = step(token, state)
        expected, other = plain(token, other)
        assert logits.tolist() == expected.tolist()
        assert state.tolist() == other.tolist()
        states.append(state)
    assert len(sent) == 1, "only the first state was sent"
    for earlier in (states[2], states[2], states[4]):
        assert step(7, earlier)[0].tolist() == plain(7, earlier)[0].tolist()
    assert len(sent) == 4
    assert states[2].tolist() != states[3].tolist()


@pytest.mark.gpu
@pytest.mark.skipif(not cuda_is_plausible(available_providers()), reason="there is no CUDA device")
def test_on_a_gpu_the_state_stays_there_and_the_prediction_is_that_of_the_cpu(tiny_style: Path) -> None:
    model = load_network(tiny_style, "cuda")
    assert model.device == "cuda"
    assert disagreement(load_network(tiny_style, "cpu"), model) is None
    assert faster(model, model) is model
