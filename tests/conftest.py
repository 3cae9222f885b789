"""What all tests share: places of their own, and a tiny style made by hand."""

from __future__ import annotations

import contextlib
import importlib.util
import signal
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tiny_onnx as onnx
from hypothesis import HealthCheck, settings
from tiny_onnx import TensorProto, helper, numpy_helper

from rnncomplete.network.card import METADATA_KEY, Card
from rnncomplete.text.vocabulary import UNKNOWN_CHARACTER

if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    # What a shell runs in the background ignores Ctrl-C and hands that down, and tests interrupt what they start.
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Those of the trainer, where it cannot be run.
collect_ignore = [] if importlib.util.find_spec("torch") else ["export"]

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# How long an example takes depends on what else the machine does.
settings.register_profile("rnncomplete", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("rnncomplete")

TINY_CHARACTERS = (UNKNOWN_CHARACTER, "\n", " ", ",", ".", *"abcdefghijklmnopqrstuvwxyz", "\x1b")
"""Among them an escape, which must never be suggested."""

TINY_STATE = 16


@pytest.fixture(scope="session")
def tried(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where all tests together keep which graphs have passed their trial."""
    return tmp_path_factory.mktemp("tried")


@pytest.fixture(autouse=True)
def isolation(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, tried: Path) -> Path:
    """Every test has user folders and environment variables of its own; returns the home."""
    home = tmp_path_factory.mktemp("home")
    for name in ("HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA"):
        monkeypatch.setenv(name, str(home))
    for name, folder in (("DATA", "data"), ("CONFIG", "config"), ("CACHE", "cache"), ("STATE", "state")):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(home / folder))
    for name in (
        "STYLE",
        "DEVICE",
        "LENGTH",
        "THRESHOLD",
        "BUDGET_MS",
        "COLOUR",
        "EDITING_MODE",
        "MANUAL",
        "LEARN_FROM",
        "CORPORA",
    ):
        monkeypatch.delenv(f"RNNCOMPLETE_{name}", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")  # where tests run, it may be that of no terminal at all
    monkeypatch.setenv("RNNCOMPLETE_STYLES", str(home / "styles"))
    with contextlib.suppress(
        OSError
    ):  # where links may not be made each test tries its styles anew, which takes longer
        (home / "cache" / "rnncomplete").mkdir(parents=True)
        (home / "cache" / "rnncomplete" / "tried").symlink_to(tried, target_is_directory=True)
    return home


@pytest.fixture(scope="session")
def tiny_card() -> Card:
    return Card(
        style="tiny",
        description="A random network for tests.",
        vocabulary=TINY_CHARACTERS,
        state_size=TINY_STATE,
        cell="simple",
        layers=1,
        hidden_size=TINY_STATE,
        parameters=2 * len(TINY_CHARACTERS) * TINY_STATE + TINY_STATE**2,
        threshold=0.05,
        corpus={"name": "none", "licence": "none"},
    )


@pytest.fixture(scope="session")
def make_graph() -> Callable[..., onnx.ModelProto]:
    """A function that makes a graph of one simple recurrent cell with random weights for a card."""

    def make(card: Card, *, half: bool = False, seed: int = 1) -> onnx.ModelProto:
        generator = np.random.default_rng(seed)
        kind = np.float16 if half else np.float32
        size, characters = card.state_size, len(card.vocabulary)
        weights = [
            numpy_helper.from_array(generator.normal(0, scale, shape).astype(kind), name)
            for name, scale, shape in (
                ("embedding", 1.0, (characters, size)),
                ("recurrent", size**-0.5, (size, size)),
                ("readout", 1.0, (size, characters)),
            )
        ]
        inner = TensorProto.FLOAT16 if half else TensorProto.FLOAT
        nodes = [
            helper.make_node("Gather", ["embedding", "token"], ["embedded"]),
            helper.make_node("Cast", ["state"], ["hidden"], to=inner),
            helper.make_node("MatMul", ["hidden", "recurrent"], ["carried"]),
            helper.make_node("Add", ["carried", "embedded"], ["summed"]),
            helper.make_node("Tanh", ["summed"], ["activated"]),
            helper.make_node("MatMul", ["activated", "readout"], ["scores"]),
            helper.make_node("Cast", ["activated"], ["next_state"], to=TensorProto.FLOAT),
            helper.make_node("Cast", ["scores"], ["logits"], to=TensorProto.FLOAT),
        ]
        graph = helper.make_graph(
            nodes,
            "step",
            [
                helper.make_tensor_value_info("token", TensorProto.INT64, ["batch"]),
                helper.make_tensor_value_info("state", TensorProto.FLOAT, ["batch", size]),
            ],
            [
                helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", characters]),
                helper.make_tensor_value_info("next_state", TensorProto.FLOAT, ["batch", size]),
            ],
            weights,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
        helper.set_model_props(model, {METADATA_KEY: card.to_json()})
        return model

    return make


@pytest.fixture(scope="session")
def make_style(make_graph: Callable[..., onnx.ModelProto]) -> Callable[[Path, Card], Path]:
    """A function that writes a card and its graph into a folder, which it returns."""

    def make(folder: Path, card: Card) -> Path:
        folder.mkdir(parents=True)
        (folder / "card.json").write_text(card.to_json(), encoding="utf-8")
        (folder / "step.int8.onnx").write_bytes(make_graph(card).SerializeToString())
        return folder

    return make


@pytest.fixture(scope="session")
def tiny_style(
    tmp_path_factory: pytest.TempPathFactory, tiny_card: Card, make_style: Callable[[Path, Card], Path]
) -> Path:
    """The folder of a style with random weights; one for the whole run, so tests must not write there."""
    return make_style(tmp_path_factory.mktemp("styles") / "tiny", tiny_card)
