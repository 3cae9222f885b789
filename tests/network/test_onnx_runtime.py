"""What is decided about ONNX Runtime and devices, without a GPU."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tiny_onnx import TensorProto, helper

from rnncomplete.errors import DeviceError, ModelError, SettingError
from rnncomplete.network import onnx_runtime as session
from rnncomplete.network.onnx_runtime import (
    CPU_PROVIDER,
    CUDA_PROVIDER,
    check_device,
    cuda_is_plausible,
    open_session,
    repair,
    require_provider,
    why_not_cuda,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rnncomplete.network.card import Card


class FakeSession:
    def __init__(self, *providers: str) -> None:
        self.providers = list(providers)

    def get_providers(self) -> list[str]:
        return self.providers


@pytest.mark.parametrize(
    ("providers", "driver", "plausible"),
    [
        ([CUDA_PROVIDER, CPU_PROVIDER], True, True),
        ([CUDA_PROVIDER, CPU_PROVIDER], False, False),
        ([CPU_PROVIDER], True, False),
    ],
)
def test_cuda_is_tried_where_both_the_provider_and_a_driver_are(
    providers: list[str], driver: bool, plausible: bool
) -> None:
    assert cuda_is_plausible(providers, exists=lambda path: driver and path == "/dev/nvidiactl") is plausible


def test_what_really_runs_is_asked_of_the_session() -> None:
    require_provider(FakeSession(CUDA_PROVIDER, CPU_PROVIDER), "cuda")
    require_provider(FakeSession(CPU_PROVIDER), "cpu")
    with pytest.raises(DeviceError, match="--device cpu"):
        require_provider(FakeSession(CPU_PROVIDER), "cuda")


def test_cuda_without_a_driver_is_an_error_and_nothing_is_printed(
    tiny_style: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(session, "available_providers", lambda: [CUDA_PROVIDER, CPU_PROVIDER])
    monkeypatch.setattr(session, "_DRIVER_FILES", ())
    with pytest.raises(DeviceError, match="driver"):
        open_session((tiny_style / "step.int8.onnx").read_bytes(), "cuda")
    assert capfd.readouterr() == ("", "")


def test_cuda_that_fails_behind_a_driver_is_an_error_and_nothing_is_printed(
    tiny_style: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    if CUDA_PROVIDER not in session.available_providers():
        monkeypatch.setattr(session, "available_providers", lambda: [CUDA_PROVIDER, CPU_PROVIDER])
    elif cuda_is_plausible([CUDA_PROVIDER]):
        pytest.skip("there is an NVIDIA driver, so CUDA may not fail")
    monkeypatch.setattr(session, "_DRIVER_FILES", (str(tmp_path),))
    with pytest.raises(DeviceError, match="use --device cpu"):
        open_session((tiny_style / "step.int8.onnx").read_bytes(), "cuda")
    assert capfd.readouterr() == ("", "")


def test_a_session_quietly_refuses_what_is_not_a_graph(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ModelError) as caught:
        open_session(b"no graph")
    assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")


def test_why_not_cuda_says_what_to_do() -> None:
    assert "rnncomplete[cuda]" in why_not_cuda([CPU_PROVIDER])
    assert "--device cpu" in why_not_cuda([CUDA_PROVIDER], [CPU_PROVIDER])


def test_two_runtimes_are_repaired_by_keeping_one() -> None:
    assert repair(["onnxruntime", "onnxruntime-gpu"]) == (
        "type: pip uninstall -y onnxruntime onnxruntime-gpu && pip install onnxruntime-gpu"
    )
    assert repair([]) == "type: pip install --force-reinstall onnxruntime"


def test_devices_are_three() -> None:
    assert [check_device(device) for device in ("auto", "cpu", "cuda")] == ["auto", "cpu", "cuda"]
    with pytest.raises(SettingError):
        check_device("gpu")


def test_no_constants_are_folded(tiny_style: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Six kilobytes of graph took eight gigabytes that way."""
    given: dict[str, Any] = {}
    session.available_providers()  # which loads ONNX Runtime as it is to be loaded
    monkeypatch.setattr("onnxruntime.InferenceSession", lambda *_, **options: given.update(options) or 1 / 0)
    with pytest.raises(ModelError):
        open_session((tiny_style / "step.int8.onnx").read_bytes())
    assert given["disabled_optimizers"] == ["ConstantFolding"]


def test_no_graph_gets_more_than_a_gigabyte(make_graph: Callable[..., Any], tiny_card: Card) -> None:
    model = make_graph(tiny_card)
    names = ["state", *(f"doubled{index}" for index in range(26))]  # 16 numbers, doubled 26 times: four gigabytes
    model.graph.node.extend(helper.make_node("Concat", [a, a], [b], axis=1) for a, b in pairwise(names))
    model.graph.output.append(helper.make_tensor_value_info(names[-1], TensorProto.FLOAT, ["batch", 16 << 26]))
    opened = open_session(model.SerializeToString())
    with pytest.raises(Exception, match="Available memory"):
        opened.run(None, {"token": np.zeros(1, np.int64), "state": np.zeros((1, 16), np.float32)})
