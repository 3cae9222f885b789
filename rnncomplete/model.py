"""One loaded style: its card, its vocabulary, and one step of its network (the model contract, format 1).

Inputs ``token int64[batch]`` and ``state float32[batch, S]``, outputs ``logits float32[batch, V]`` and
``next_state float32[batch, S]``; which cell is inside does not matter here. A state of zeros is the start of a text.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rnncomplete.card import METADATA_KEY, Card
from rnncomplete.devices import choice_key, disagreement, faster, recall, remember
from rnncomplete.errors import DeviceError, ModelError
from rnncomplete.graph import FLOAT, INT64, Graph, Port, read_graph
from rnncomplete.mixing.memory import CorpusMemory
from rnncomplete.session import (
    available_providers,
    bind_step,
    check_device,
    cuda_is_plausible,
    open_session,
    runtime_version,
)
from rnncomplete.vocabulary import Vocabulary

if TYPE_CHECKING:
    from pathlib import Path

FloatArray = NDArray[np.float32]
Step = Callable[[int, FloatArray], tuple[FloatArray, FloatArray]]

GRAPHS = {"cpu": "step.int8.onnx", "cuda": "step.fp16.onnx"}
"""Which graph runs on which device."""

CARD = "card.json"
MEMORY = "memory.bin"
"""What a style may have beside its graphs: counts of the text that it was trained on."""

LARGEST_FILE = 256 * 2**20
"""Bytes; nothing larger is read."""


class Model:
    """One loaded style; ``device`` is what really runs, "cpu" or "cuda"."""

    def __init__(self, card: Card, device: str, step: Step) -> None:
        self.card = card
        self.vocabulary = Vocabulary(card.vocabulary)
        self.device = device
        self.note: str | None = None
        """Why it does not run where it was asked to, in one line."""
        self.initial_state: FloatArray = np.zeros(card.state_size, np.float32)
        self.initial_state.flags.writeable = False
        self.memory: CorpusMemory | None = None
        """What the text that it was trained on taught beside the network, if the style carries that."""
        self._step = step

    def step(self, token: int, state: FloatArray) -> tuple[FloatArray, FloatArray]:
        """(logits float32[V], next state float32[S]) after reading ``token`` in ``state``, which is left as it was."""
        return self._step(token, state)


def load_model(folder: Path, device: str = "auto") -> Model:
    """Load and check the style in ``folder``, as :func:`load_network` does, with its memory."""
    model = load_network(folder, device)
    model.memory = read_memory(folder, model.card)
    return model


def load_network(folder: Path, device: str = "auto") -> Model:
    """Load and check the network of the style in ``folder``.

    ``auto`` runs on CUDA where that is there, works and is faster than the CPU, which is tried once and remembered.
    Where the GPU predicts otherwise than the CPU, the CPU runs and ``note`` says so. Raises :class:`ModelError` naming
    the file that breaks the contract, :class:`DeviceError` if ``device`` is "cuda" and CUDA does not run.
    """
    check_device(device)
    card = read_card(folder)
    if device == "cuda":
        return trusted(_load_on(folder, card, "cuda"), _load_on(folder, card, "cpu"))
    on_cpu = _load_on(folder, card, "cpu")
    if device == "cpu" or not cuda_is_plausible(available_providers()):
        return on_cpu
    key = choice_key([_read_file(folder / graph) for graph in GRAPHS.values()], "cuda:0", runtime_version())
    known = recall(key)
    if known == "cpu":
        return on_cpu
    try:
        model = trusted(_load_on(folder, card, "cuda"), on_cpu)
    except (DeviceError, ModelError):
        return on_cpu
    if known is None and model is not on_cpu:
        model = faster(on_cpu, model)
        remember(key, model.device)
    return model


def trusted(model: Model, reference: Model) -> Model:
    """``model`` if it predicts what ``reference`` does, else ``reference`` with a note that says so."""
    if problem := disagreement(reference, model):
        reference.note = f"the CPU runs {model.card.style!r}: {problem}; to keep to it, use --device cpu"
        return reference
    return model


def read_card(folder: Path) -> Card:
    """The card of the style in ``folder``; raises :class:`ModelError`."""
    data = _read_file(folder / CARD)
    try:
        return Card.from_json(data)
    except ModelError as error:
        raise ModelError(f"{folder / CARD}: {error}") from None


def read_memory(folder: Path, card: Card) -> CorpusMemory | None:
    """The memory of the style in ``folder``, if it has one; raises :class:`ModelError` if it is not one for ``card``."""
    path = folder / MEMORY
    if not path.exists():
        return None
    try:
        memory = CorpusMemory.from_bytes(_read_file(path))
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from None
    if memory.alphabet.characters != card.vocabulary:
        raise ModelError(f"{path}: counts of another vocabulary than that of {CARD}; expected the style's own")
    return memory


def check_style(folder: Path) -> Card:
    """The card of the style in ``folder`` after checking both graphs and running the CPU one; raises ``ModelError``."""
    card = load_model(folder, "cpu").card
    path = folder / GRAPHS["cuda"]
    data = _read_file(path)
    try:
        check_contract(read_graph(data), card)
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from None
    return card


def _load_on(folder: Path, card: Card, device: str) -> Model:
    path = folder / GRAPHS[device]
    data = _read_file(path)
    try:
        return model_from_graph(card, data, device)
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from None


def model_from_graph(card: Card, graph: bytes, device: str = "cpu") -> Model:
    """The model that a serialised ``graph`` holds, checked against ``card`` and run once; raises ``ModelError``."""
    check_contract(read_graph(graph), card)
    step = bind_step(open_session(graph, device), len(card.vocabulary), card.state_size)
    try:
        logits, _ = step(0, np.zeros(card.state_size, np.float32))
    except Exception as error:
        # ONNX Runtime's exceptions have no common root but Exception.
        raise ModelError(f"the graph fails when it runs ({' '.join(str(error).split())[:200]})") from None
    if not np.isfinite(logits).all():
        raise ModelError("the graph predicts what is no number; expected finite logits")
    return Model(card, device, step)


def _read_file(path: Path) -> bytes:
    """The bytes of one file of a style, at most :data:`LARGEST_FILE` of them."""
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise ModelError(
            f"cannot read {path}: {error.strerror or error}; expected a style folder with card.json, step.int8.onnx "
            "and step.fp16.onnx"
        ) from None
    if len(data) > LARGEST_FILE:
        raise ModelError(f"{path} is larger than {LARGEST_FILE // 2**20} MB; expected a small network")
    return data


def check_contract(graph: Graph, card: Card) -> None:
    """Raise :class:`ModelError` unless the ports of ``graph`` and the card inside it are those of ``card``."""
    state, vocabulary = card.state_size, len(card.vocabulary)
    _check_ports("inputs", graph.inputs, {"token": (INT64, ()), "state": (FLOAT, (state,))})
    _check_ports("outputs", graph.outputs, {"logits": (FLOAT, (vocabulary,)), "next_state": (FLOAT, (state,))})
    if METADATA_KEY not in graph.metadata:
        raise ModelError(f"the graph carries no card under {METADATA_KEY!r}; expected what `rnncomplete export` writes")
    try:
        inside = json.loads(graph.metadata[METADATA_KEY])
    except (ValueError, RecursionError):
        raise ModelError("the card inside the graph is not JSON; expected what `rnncomplete export` writes") from None
    outside = json.loads(card.to_json())
    if inside != outside:
        differing = inside.keys() ^ outside.keys() if isinstance(inside, dict) else set()
        differing = differing or {key for key in outside if isinstance(inside, dict) and inside[key] != outside[key]}
        raise ModelError(
            f"the card inside the graph differs from {CARD} in {min(differing, default='everything')!r}; "
            "both come from the same export"
        )


def _check_ports(kind: str, ports: tuple[Port, ...], expected: dict[str, tuple[int, tuple[int, ...]]]) -> None:
    """Raise unless ``ports`` are exactly ``expected``: name -> (element type, sizes behind the batch)."""
    found = {port.name: port for port in ports}
    if len(ports) != len(expected) or found.keys() != expected.keys():
        raise ModelError(f"the graph has the {kind} {sorted(found)}; expected {sorted(expected)}")
    for name, (element_type, sizes) in expected.items():
        port = found[name]
        if port.element_type != element_type:
            raise ModelError(f"{name!r} has element type {port.element_type}; expected {element_type}")
        if len(port.shape) != 1 + len(sizes) or port.shape[0] not in (None, 1) or port.shape[1:] != sizes:
            raise ModelError(
                f"{name!r} has the shape {list(port.shape)}; expected [batch{''.join(f', {n}' for n in sizes)}]"
            )
