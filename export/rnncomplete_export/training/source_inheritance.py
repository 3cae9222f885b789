"""Starting from a style with a source: a network that computes what both of its graphs compute.

Its step is unfolded as that of any style (:mod:`rnncomplete_export.training.inheritance`); its encoder is taken as it is.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from rnncomplete.errors import ModelError, SettingError
from rnncomplete.network.contract import KEYS, VALUES
from rnncomplete.network.loading import STEP, read_card
from rnncomplete.styles import ENCODER, find_style
from rnncomplete.text.vocabulary import UNKNOWN, Vocabulary
from rnncomplete_export.network.conditioned_network import LAYERS
from rnncomplete_export.network.encoders import build_network
from rnncomplete_export.network.text_encoder import TextEncoder
from rnncomplete_export.network.weights import matrix, read_initializers
from rnncomplete_export.training.inheritance import (
    GENTLER,
    embedded_in,
    gates_of_torch,
    reopened,
    unfold_table,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rnncomplete.network.card import Card
    from rnncomplete_export.network.conditioned_network import ConditionedNetwork
    from rnncomplete_export.training.configuration import TrainingConfig

    Held = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class SourceBase:
    """A style that translates, to start from."""

    card: Card
    vocabulary: Vocabulary
    sources: Vocabulary
    """What its encoder reads."""
    step: Held
    encode: Held

    @property
    def style(self) -> str:
        """Its name."""
        return self.card.style


def read_source_base(style: str) -> SourceBase:
    """The style called ``style``, or in the folder ``style``.

    Raises ``StyleError``, :class:`ModelError`, or :class:`SettingError` if it does not translate lines of text.
    """
    folder = find_style(style)
    card = read_card(folder)
    if card.source is None or card.source["kind"] != "text":
        raise SettingError(
            f"the style {card.style!r} does not translate; expected --from one that was trained on pairs"
        )
    sources = Vocabulary(card.source.get("vocabulary", ()), card.normalisation)
    held = [read_initializers(folder / name) for name in (STEP, ENCODER)]
    return SourceBase(card, Vocabulary(card.vocabulary, card.normalisation), sources, *held)


def inherit_source_config(config: TrainingConfig, base: SourceBase, given: set[str]) -> TrainingConfig:
    """``config`` with the shape of ``base``, and unless it was ``given`` a gentler learning rate.

    Raises :class:`SettingError` if another shape was given.
    """
    try:
        units = base.encode["layer.0.bias"].shape[1] // 8
        width = max(base.encode["table"].shape[1], unfolded(base)[0].shape[1])
    except (KeyError, IndexError) as error:
        raise _foreign(base, error) from None
    assert base.card.context is not None, "it translates"
    shape: dict[str, Any] = {
        "hidden_size": base.card.hidden_size,
        "encoder_size": int(units),
        "keys": base.card.context["keys"],
        "values": base.card.context["values"],
        "embedding_size": int(width),
    }
    for name, value in shape.items():
        if name in given and getattr(config, name) != value:
            raise SettingError(
                f"{name} {getattr(config, name)}, but the style {base.style!r} has {value}; leave it out"
            )
    rate = config.learning_rate * (1 if "learning_rate" in given else GENTLER)
    return dataclasses.replace(config, **shape, learning_rate=rate)


def unfolded(base: SourceBase) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Embedding, what reads it, and biases of the step, as :func:`unfold_table` gives them."""
    table = base.step["table"].astype(np.float32)
    return unfold_table(reopened(table, base.vocabulary.token("\n"), LAYERS), embedded_in(base.card))


def inherit_source_network(
    base: SourceBase, vocabulary: Vocabulary, sources: Vocabulary, config: TrainingConfig
) -> ConditionedNetwork:
    """A network with the weights of ``base`` that reads ``sources`` and writes ``vocabulary``.

    In the shape of :func:`inherit_source_config`. A character that ``base`` lacks begins as the unknown one. Raises
    :class:`ModelError` if the graphs are not those that an export of this version writes.
    """
    torch.manual_seed(config.seed)
    source = {"kind": "text", "vocabulary": sources.characters}
    network = build_network(source, dataclasses.asdict(config), len(vocabulary))
    assert isinstance(network.encoder, TextEncoder), "of text"
    rows, read = (
        [UNKNOWN, *(old.token(character) for character in new.characters[1:])]
        for old, new in ((base.vocabulary, vocabulary), (base.sources, sources))
    )
    try:
        with torch.no_grad():
            _inherit_step(network, base, rows)
            _inherit_encoder(network.encoder, base.encode, read)
    except (KeyError, ValueError, IndexError, RuntimeError) as error:
        raise _foreign(base, error) from None
    return network


def _foreign(base: SourceBase, error: Exception) -> ModelError:
    return ModelError(
        f"the graphs of {base.style!r} are not as `rnncomplete export` writes them ({str(error).splitlines()[0]}); take a "
        "style it wrote"
    )


def _inherit_step(network: ConditionedNetwork, base: SourceBase, rows: list[int]) -> None:
    embedding, reading, bias = unfolded(base)
    rank, size, held = embedding.shape[1], 4 * network.shape.hidden_size, base.step
    network.embedding.weight[:, :rank] = torch.from_numpy(embedding[rows])
    network.readout.weight.copy_(torch.from_numpy(matrix(held, "logits")[:, rows].T))
    network.readout.bias.copy_(torch.from_numpy(held["logits.bias"][rows]))
    scale = network.shape.keys**0.5
    network.query.weight.copy_(torch.from_numpy(matrix(held, "query").T * scale))
    network.query.bias.copy_(torch.from_numpy(held["query.bias"] * scale))
    for number, cell in enumerate(network.cells):
        parameters, columns = dict(cell.named_parameters()), slice(number * size, (number + 1) * size)
        product = torch.from_numpy(gates_of_torch(matrix(held, f"product.{number}")).T.copy())
        below = product.shape[1] - network.shape.hidden_size
        parameters["weight_hh_l0"].copy_(product[:, below:])
        parameters["weight_ih_l0"].zero_()
        parameters["weight_ih_l0"][:, :below] = product[:, :below]
        embedded = torch.from_numpy(gates_of_torch(reading[:, columns]).T.copy())
        parameters["weight_ih_l0"][:, below : below + rank] = embedded
        parameters["bias_ih_l0"].copy_(torch.from_numpy(gates_of_torch(bias[columns])))
        parameters["bias_hh_l0"].zero_()


def _inherit_encoder(encoder: TextEncoder, held: Held, rows: list[int]) -> None:
    def array(name: str) -> NDArray[np.float32]:
        """Weights as they were before they were kept in int8."""
        if f"{name}.int8" not in held:
            return held[name].astype(np.float32)
        kept, scale = held[f"{name}.int8"].astype(np.float32), held[f"{name}.scale"]
        # The scale goes along the only axis before the last of a stack of matrices, along the last of a single one.
        return kept * (scale[:, None] if kept.ndim == 3 else scale)

    table = held["table"].astype(np.float32)
    encoder.embedding.weight[:, : table.shape[1]] = torch.from_numpy(table[rows])
    for number, cells in enumerate(zip(encoder.forwards, encoder.backwards, strict=True)):
        below, recurrent = array(f"layer.{number}.weight"), array(f"layer.{number}.recurrent")
        biases = np.split(held[f"layer.{number}.bias"], 2, axis=1)
        for direction, cell in enumerate(cells):
            parameters = dict(cell.named_parameters())
            parameters["weight_ih_l0"].zero_()
            parameters["weight_ih_l0"][:, : below.shape[2]] = _torch_rows(below[direction])
            parameters["weight_hh_l0"].copy_(_torch_rows(recurrent[direction]))
            for name, bias in zip(("bias_ih_l0", "bias_hh_l0"), biases, strict=True):
                parameters[name].copy_(_torch_rows(bias[direction]))
    for name, layer in ((KEYS, encoder.keys), (VALUES, encoder.values)):
        layer.weight.copy_(torch.from_numpy(array(f"{name}.weight").T.copy()))
        layer.bias.copy_(torch.from_numpy(held[f"{name}.bias"].copy()))


def _torch_rows(rows: NDArray[np.float32]) -> torch.Tensor:
    """Rows [4H, ...] from ONNX's gate order (input, output, forget, cell) to torch's: input, forget, cell, output."""
    first, output, forget, cell = np.split(rows, 4)
    return torch.from_numpy(np.concatenate((first, forget, cell, output)))
