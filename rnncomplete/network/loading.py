"""From the folder of a style to a network that runs, on the device that suits it."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import numpy as np

from rnncomplete.errors import DeviceError, ModelError, StyleError
from rnncomplete.files import read_regular
from rnncomplete.network.card import Card
from rnncomplete.network.contract import READOUT, check_contract, check_encoder
from rnncomplete.network.device_choice import choice_key, disagreement, faster, recall, remember
from rnncomplete.network.encoder import Context, Encoder
from rnncomplete.network.gpu_graph import gpu_graph
from rnncomplete.network.graph_check import read_graph
from rnncomplete.network.model import Model
from rnncomplete.network.onnx_runtime import (
    available_providers,
    check_device,
    cuda_is_plausible,
    open_session,
    runtime_version,
)
from rnncomplete.network.step import BatchStep, bind_step
from rnncomplete.network.trial import ensure_tried
from rnncomplete.styles import CARD, ENCODER, is_shipped, list_styles

if TYPE_CHECKING:
    from pathlib import Path

    from rnncomplete.network.source import ContextWidths

STEP = "step.int8.onnx"
"""The graph of one step as the CPU runs it; what a GPU runs is made from it."""

USUAL = {"text": "english-french", "picture": "pictures"}
"""The style that writes about a source of each kind unless another is named, where it is installed."""

LARGEST_FILE = 64 * 2**20
"""Bytes; nothing larger is read."""


def load_network(folder: Path, device: str = "auto") -> Model:
    """Load and check the network of the style in ``folder``.

    ``auto`` runs on CUDA where that is there, works and is faster than the CPU, which is tried once and remembered.
    Where the GPU predicts otherwise than the CPU, the CPU runs and ``note`` says so; it runs styles with a source, too,
    whose steps cannot be captured as a CUDA graph. Raises :class:`ModelError` naming
    the file that breaks the contract, or whose graph failed on trial, :class:`DeviceError` if ``device`` is "cuda" and CUDA
    does not run, but not for styles with a source.
    """
    check_device(device)
    card = read_card(folder)
    if card.source is not None:
        model = _load_on(folder, card, "cpu")
        if device == "cuda":
            model.note = f"the CPU runs {card.style!r}, as every style with a source; to keep to it, use --device cpu"
        return model
    if device == "cuda":
        return trusted(_load_on(folder, card, "cuda"), _load_on(folder, card, "cpu"))
    on_cpu = _load_on(folder, card, "cpu")
    if device == "cpu" or not cuda_is_plausible(available_providers()):
        return on_cpu
    key = choice_key(read_style_file(folder / STEP), "cuda:0", runtime_version())
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
    data = read_style_file(folder / CARD)
    try:
        return Card.from_json(data)
    except ModelError as error:
        raise ModelError(f"{folder / CARD}: {error}") from None


def styles_of_texts() -> list[str]:
    """The names of all installed styles but those that write about a source: what a text of any kind may be written in.

    They are told by their files, since reading all cards takes longer than a frame.
    """
    return [item.name for item in list_styles() if not (item.folder / ENCODER).exists()]


def styles_about(kind: str) -> list[str]:
    """The names of all installed styles that write about sources of that ``kind``, the one of :data:`USUAL` first.

    Raises :class:`StyleError` if there is none.
    """
    found = []
    about = [item for item in list_styles() if (item.folder / ENCODER).exists()]
    for item in sorted(about, key=lambda item: (item.name != USUAL[kind], item.name)):
        with contextlib.suppress(ModelError):  # of a style that nobody has asked for
            source = read_card(item.folder).source
            if source is not None and source["kind"] == kind:
                found.append(item.name)
    if not found:
        does, option = {"text": ("translates", "pairs FILE.tsv"), "picture": ("describes pictures", "pictures FOLDER")}[
            kind
        ]
        raise StyleError(f"no style that {does} is installed; train one: rnncomplete train --{option} --style NAME")
    return found


def _load_on(folder: Path, card: Card, device: str) -> Model:
    encoder = None if card.source is None else _load_encoder(folder, card)
    path = folder / STEP
    data = read_style_file(path)
    try:
        check_contract(read_graph(data), card)
        if not is_shipped(folder):
            ensure_tried(data)
        return model_from_graph(card, data, device, encoder)
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from None


def _load_encoder(folder: Path, card: Card) -> Encoder:
    path = folder / ENCODER
    data = read_style_file(path)
    try:
        check_encoder(read_graph(data), card)
        if not is_shipped(folder):
            ensure_tried(data)
        return encoder_from_graph(card, data)
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from None


def encoder_from_graph(card: Card, graph: bytes) -> Encoder:
    """The encoder that a serialised ``graph`` holds, checked against ``card``; raises ``ModelError``."""
    check_encoder(read_graph(graph), card)
    return Encoder(card, open_session(graph))


def model_from_graph(card: Card, graph: bytes, device: str = "cpu", encoder: Encoder | None = None) -> Model:
    """The model that a serialised ``graph`` holds, checked against ``card`` and run once; raises ``ModelError``.

    Of a style with a source ``encoder`` reads that; without one the source is empty.
    """
    check_contract(read_graph(graph), card)
    if device == "cuda":
        graph = gpu_graph(graph)
    session = open_session(graph, device)
    nothing = None
    if card.context is not None:
        nothing = encoder("") if encoder else _empty(card.context)
    readouts = {f"{READOUT}{name}": len(labels) for name, labels in card.readouts.items()}
    step = bind_step(session, len(card.vocabulary), card.state_size, readouts, nothing)
    batch = BatchStep(session, readouts, nothing) if device == "cpu" else None
    model = Model(card, device, step, batch, encoder)
    try:
        logits, _ = step(0, model.initial_state)
        model.readout(0, model.initial_state)
    except ModelError:
        raise
    except Exception as error:
        # ONNX Runtime's exceptions have no common root but Exception.
        raise ModelError(f"the graph fails when it runs ({' '.join(str(error).split())[:200]})") from None
    if not np.isfinite(logits).all():
        raise ModelError("the graph predicts NaN or infinity; expected finite logits")
    return model


def _empty(widths: ContextWidths) -> Context:
    """A context of one place that says nothing."""
    keys, values = (np.zeros((1, width), np.float32) for width in (widths["keys"], widths["values"]))
    return Context(keys, values)


def read_style_file(path: Path) -> bytes:
    """The bytes of one file of a style, at most :data:`LARGEST_FILE` of them."""
    try:
        return read_regular(path, LARGEST_FILE)
    except OSError as error:
        raise ModelError(
            f"cannot read {path}: {error.strerror or error}; expected a style folder with {CARD}, {STEP} and what belongs to them"
        ) from None
