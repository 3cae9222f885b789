"""Loading a style: what is right runs, what is wrong is said in one line that names the file."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tiny_onnx as onnx
from tiny_onnx import TensorProto, helper

from rnncomplete.completion.completer import Completer
from rnncomplete.errors import DeviceError, ModelError, SettingError
from rnncomplete.network import loading as model_module
from rnncomplete.network.device_choice import faster
from rnncomplete.network.distribution import softmax
from rnncomplete.network.loading import load_network
from rnncomplete.network.model import Model
from rnncomplete.network.onnx_runtime import open_session

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rnncomplete.network.card import Card


@pytest.fixture
def folder(tiny_style: Path, tmp_path: Path) -> Path:
    """A copy of the tiny style, for a test to spoil."""
    return shutil.copytree(tiny_style, tmp_path / "tiny")


def respoil(folder: Path, spoil: Callable[[onnx.ModelProto], None], name: str = "step.int8.onnx") -> None:
    graph = onnx.load(folder / name)
    spoil(graph)
    (folder / name).write_bytes(graph.SerializeToString())


def refusal(folder: Path, device: str = "cpu") -> str:
    with pytest.raises(ModelError) as caught:
        load_network(folder, device)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_step_is_that_of_the_graph(tiny_style: Path, tiny_card: Card) -> None:
    model = load_network(tiny_style, "cpu")
    assert model.card == tiny_card
    assert model.device == "cpu"
    weights = {
        item.name: onnx.numpy_helper.to_array(item)
        for item in onnx.load(tiny_style / "step.int8.onnx").graph.initializer
    }
    state = np.linspace(-1, 1, 16, dtype=np.float32)
    kept = state.copy()
    logits, next_state = model.step(7, state)
    expected = np.tanh(state @ weights["recurrent"] + weights["embedding"][7])
    assert next_state == pytest.approx(expected, abs=1e-5)
    assert logits == pytest.approx(expected @ weights["readout"], abs=1e-4)
    assert (str(logits.dtype), logits.shape, next_state.shape) == ("float32", (32,), (16,))
    model.step(9, next_state)
    assert np.array_equal(state, kept)
    assert next_state == pytest.approx(expected, abs=1e-5), "what a step returned is not changed by the next"


def test_the_initial_state_is_zero_and_cannot_be_changed(tiny_style: Path) -> None:
    state = load_network(tiny_style, "cpu").initial_state
    assert not state.any()
    with pytest.raises(ValueError, match="read-only"):
        state[0] = 1


@pytest.mark.parametrize("name", ["card.json", "step.int8.onnx"])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    assert name in refusal(folder)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\x80" * 100, b"hello, I am no graph"])
@pytest.mark.parametrize("name", ["card.json", "step.int8.onnx"])
def test_a_foreign_file_is_named(folder: Path, name: str, content: bytes) -> None:
    (folder / name).write_bytes(content)
    assert name in refusal(folder)


def test_a_truncated_graph_is_named(folder: Path) -> None:
    data = (folder / "step.int8.onnx").read_bytes()
    (folder / "step.int8.onnx").write_bytes(data[: len(data) // 2])
    assert "step.int8.onnx" in refusal(folder)
    assert "truncated" in refusal(folder)


def test_a_file_that_is_too_large_is_not_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_module, "LARGEST_FILE", 2**20)
    with (folder / "step.int8.onnx").open("wb") as file:
        file.truncate(2**20 + 1)
    assert "larger than 1 MB" in refusal(folder)


def test_a_card_that_differs_from_that_in_the_graph_is_refused(folder: Path) -> None:
    facts = json.loads((folder / "card.json").read_text())
    (folder / "card.json").write_text(json.dumps(facts | {"temperature": 0.5}))
    assert "temperature" in refusal(folder)


def test_a_graph_without_a_card_is_refused(folder: Path) -> None:
    respoil(folder, lambda graph: graph.ClearField("metadata_props"))
    assert "rnncomplete.card" in refusal(folder)


def change_size(port: str, size: int) -> Callable[[onnx.ModelProto], None]:
    def change(model: onnx.ModelProto) -> None:
        for value in [*model.graph.input, *model.graph.output]:
            if value.name == port:
                value.type.tensor_type.shape.dim[1].dim_value = size

    return change


def rename(model: onnx.ModelProto) -> None:
    model.graph.input[1].name = "memory"


def retype(model: onnx.ModelProto) -> None:
    model.graph.input[0].type.tensor_type.elem_type = TensorProto.INT32


def add_input(model: onnx.ModelProto) -> None:
    model.graph.input.append(helper.make_tensor_value_info("more", TensorProto.FLOAT, [1]))


def add_axis(model: onnx.ModelProto) -> None:
    model.graph.input[0].type.tensor_type.shape.dim.add().dim_value = 1


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (change_size("state", 17), "'state' has the shape"),
        (change_size("logits", 31), "'logits' has the shape"),
        (rename, "memory"),
        (retype, "element type"),
        (add_input, "more"),
        (add_axis, "'token' has the shape"),
    ],
)
def test_ports_that_are_not_those_of_the_card_are_refused(
    folder: Path, spoil: Callable[[onnx.ModelProto], None], words: str
) -> None:
    respoil(folder, spoil)
    assert words in refusal(folder)


def test_a_graph_that_onnx_runtime_refuses_says_so_quietly(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    def age(model: onnx.ModelProto) -> None:
        model.ir_version = 1000

    respoil(folder, age)
    assert "ONNX Runtime refuses" in refusal(folder)
    assert capfd.readouterr() == ("", "")


def test_a_graph_that_fails_when_it_runs_says_so(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(token: int, state: object) -> None:
        raise RuntimeError("bad\nallocation")

    monkeypatch.setattr(model_module, "bind_step", lambda *_: fail)
    assert "fails when it runs (bad allocation)" in refusal(folder)


def test_a_graph_without_numbers_is_refused(folder: Path) -> None:
    def poison(model: onnx.ModelProto) -> None:
        tensor = model.graph.initializer[2]
        tensor.CopyFrom(onnx.numpy_helper.from_array(np.full((16, 32), np.nan, np.float32), tensor.name))

    respoil(folder, poison)
    assert "NaN or infinity" in refusal(folder)


def test_an_unknown_device_is_refused(tiny_style: Path) -> None:
    with pytest.raises(SettingError, match="tpu"):
        load_network(tiny_style, "tpu")


class Device:
    """What :func:`load_model` opens sessions with, if there were a GPU: a fake that remembers what was asked for."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, plausible: bool, works: bool) -> None:
        self.asked: list[str] = []
        self.works = works
        self.real = open_session
        monkeypatch.setattr(model_module, "open_session", self.open)
        monkeypatch.setattr(model_module, "cuda_is_plausible", lambda providers: plausible)
        monkeypatch.setattr(model_module, "faster", lambda first, second: second)

    def open(self, graph: bytes, device: str = "cpu") -> Any:
        self.asked.append(device)
        half = any(
            tensor.data_type == onnx.TensorProto.FLOAT16 for tensor in onnx.load_from_string(graph).graph.initializer
        )
        assert half == (device == "cuda")
        if device == "cuda" and not self.works:
            raise DeviceError("no")
        return self.real(graph, "cpu")


def test_auto_does_not_try_cuda_where_there_is_no_driver(tiny_style: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    device = Device(monkeypatch, plausible=False, works=True)
    assert load_network(tiny_style, "auto").device == "cpu"
    assert device.asked == ["cpu"]


def test_auto_falls_back_to_the_cpu_in_silence(
    tiny_style: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    device = Device(monkeypatch, plausible=True, works=False)
    assert load_network(tiny_style, "auto").device == "cpu"
    assert device.asked == ["cpu", "cuda"]
    assert capfd.readouterr() == ("", "")


def test_cuda_runs_a_float16_graph_and_is_reported_as_what_runs(
    tiny_style: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Device(monkeypatch, plausible=True, works=True)
    assert load_network(tiny_style, "auto").device == "cuda"
    assert load_network(tiny_style, "cuda").device == "cuda"


def test_cuda_that_does_not_run_is_an_error_when_asked_for(tiny_style: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Device(monkeypatch, plausible=True, works=False)
    with pytest.raises(DeviceError):
        load_network(tiny_style, "cuda")


@pytest.mark.parametrize(("first", "second", "winner"), [(1.0, 2.0, 0), (2.0, 1.0, 1), (1.0, 1.0, 0)])
def test_faster_is_what_takes_less_time(tiny_card: Card, first: float, second: float, winner: int) -> None:
    now = 0.0

    def taking(seconds: float) -> Model:
        def step(token: int, state: Any) -> tuple[Any, Any]:
            nonlocal now
            now += seconds
            return state, state

        return Model(tiny_card, "cpu", step)

    models = taking(first), taking(second)
    assert faster(*models, clock=lambda: now) is models[winner]


@pytest.mark.parametrize("odd", [np.inf, -np.inf, np.nan])
def test_nan_and_infinity_are_errors_and_not_warnings(tiny_card: Card, odd: float) -> None:
    logits = np.zeros(len(tiny_card.vocabulary), np.float32)
    logits[3] = odd
    with pytest.raises(ModelError, match="NaN or infinity"):
        Model(tiny_card, "cpu", lambda token, state: (logits, state)).step(1, np.zeros(16, np.float32))


def test_huge_logits_predict_without_a_warning(tiny_card: Card) -> None:
    logits = np.zeros(len(tiny_card.vocabulary), np.float32)
    logits[3], logits[4] = 3e38, -3e38
    model = Model(tiny_card, "cpu", lambda token, state: (logits, state))
    bounded, _ = model.step(1, model.initial_state)
    assert softmax(bounded, 0.05).tolist() == [float(token == 3) for token in range(len(logits))]
    assert Completer(model, static=True).complete("to be").text.startswith(tiny_card.vocabulary[3])
