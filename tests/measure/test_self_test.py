"""What the doctor sees, well and ill."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from rnncomplete.cli import main
from rnncomplete.completion.installing import install_style
from rnncomplete.errors import DeviceError
from rnncomplete.measure import self_test as doctor
from rnncomplete.measure.self_test import examine, examine_style, gpu_status, mixer_problems, runtime_problems
from rnncomplete.network import onnx_runtime as session
from rnncomplete.network.loading import load_network
from rnncomplete.styles import Style

if TYPE_CHECKING:
    from pathlib import Path


def test_a_healthy_machine(tiny_style: Path) -> None:
    install_style(tiny_style)
    report = examine()
    assert len(report.onnxruntime) == 1
    assert report.versions["rnncomplete"] == "0.1.0"
    tiny = next(style for style in report.styles if style.style == "tiny")
    assert (tiny.problem, tiny.shipped) == (None, False)
    assert tiny.step_us is not None
    assert tiny.step_us > 0
    assert report.to_dict()["styles"]


def test_a_damaged_style_is_a_problem(tmp_path: Path) -> None:
    report = examine_style(Style("broken", tmp_path, shipped=False))
    assert report.problem is not None
    assert "card.json" in report.problem
    assert report.device is None


@pytest.mark.parametrize(
    ("installed", "words"),
    [
        ([], "none installed; type: pip install --force-reinstall onnxruntime"),
        (
            ["onnxruntime", "onnxruntime-gpu"],
            "break each other; type: pip uninstall -y onnxruntime onnxruntime-gpu && pip install onnxruntime-gpu",
        ),
    ],
)
def test_not_exactly_one_onnx_runtime_is_a_problem(installed: list[str], words: str) -> None:
    (problem,) = runtime_problems(installed)
    assert words in problem


def test_a_mixer_that_is_not_compiled_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    assert mixer_problems() == []
    monkeypatch.setattr("rnncomplete.mixing.core.core", None)
    (problem,) = mixer_problems()
    assert "the network stands alone and learns nothing" in problem
    assert "with a C compiler at hand, type: pip install" in problem


def test_why_a_style_does_not_run_on_the_gpu_is_told(tiny_style: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = load_network(tiny_style, "cpu")
    model.note = "the CPU runs 'tiny': the GPU predicts otherwise"
    monkeypatch.setattr(doctor, "load_network", lambda _: model)
    monkeypatch.setattr(doctor, "list_styles", lambda: [Style("tiny", tiny_style, shipped=False)])
    assert f"note             {model.note}" in CliRunner().invoke(main, ["doctor"]).stdout


def test_one_onnx_runtime_is_right() -> None:
    assert runtime_problems(["onnxruntime"]) == []


def test_an_onnx_runtime_that_does_not_load_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> list[str]:
        raise DeviceError("ONNX Runtime cannot be loaded")

    monkeypatch.setattr(session, "available_providers", fail)
    report = examine()
    assert "ONNX Runtime cannot be loaded" in report.problems
    assert report.styles == []


def test_why_the_gpu_is_or_is_not_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert "rnncomplete[cuda]" in gpu_status([session.CPU_PROVIDER])
    monkeypatch.setattr(session, "_DRIVER_FILES", ())
    assert "driver" in gpu_status([session.CUDA_PROVIDER])
    monkeypatch.setattr(session, "_DRIVER_FILES", (str(tmp_path),))
    assert "used by --device auto" in gpu_status([session.CUDA_PROVIDER])
