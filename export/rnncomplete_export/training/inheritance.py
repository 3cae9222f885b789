"""Starting from a style: a network that computes what the graph of an installed style computes.

A graph holds the embedding folded into one table T float[V, 4 L H] of what each character adds to the gates, biases
included. Unfolded again: the mean row is the bias, and the singular value decomposition of the rest gives an embedding
of as many numbers as the rest has rank, and the matrices that read it.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from rnncomplete.errors import ModelError, SettingError
from rnncomplete.network.loading import STEP, read_card
from rnncomplete.styles import find_style
from rnncomplete.text.vocabulary import UNKNOWN, Vocabulary
from rnncomplete_export.network.character_network import EMBEDDING_SCALE, SHUT, CharacterNetwork
from rnncomplete_export.network.weights import Weights, read_weights
from rnncomplete_export.training.configuration import FEW_MINUTES
from rnncomplete_export.training.network_shape import network_config

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rnncomplete.network.card import Card
    from rnncomplete_export.network.pooled_readout import PooledReadout
    from rnncomplete_export.texts.corpus import Corpus
    from rnncomplete_export.training.configuration import TrainingConfig

ROUNDING = 2.0**-12
"""Singular values below this share of the largest are the rounding of a float16 graph."""


@dataclass(frozen=True)
class Base:
    """A style to start from."""

    card: Card
    vocabulary: Vocabulary
    weights: Weights

    @property
    def style(self) -> str:
        """Its name."""
        return self.card.style

    def earlier(self, corpus: Corpus) -> dict[str, Any] | None:
        """What :func:`earlier_of` says of it."""
        return earlier_of(self.card, corpus.facts())


def earlier_of(card: Card, facts: dict[str, Any]) -> dict[str, Any] | None:
    """``training`` and ``stages`` of a style with that ``card``, if it learned the same text; a training goes on then.

    ``facts`` are what a checkpoint says of the text, and of its sources if it has some.
    """
    held_out, learned = facts["characters"] - facts["split"], card.corpus
    known = learned.get("sha256"), learned.get("sources_sha256"), learned.get("validation_characters")
    if known != (facts["sha256"], facts.get("sources_sha256"), held_out):
        return None
    return {"training": card.training, "stages": list(card.stages)}


def read_base(style: str) -> Base:
    """The style called ``style``, or in the folder ``style``; raises ``StyleError`` or :class:`ModelError`."""
    folder = find_style(style)
    card = read_card(folder)
    weights = read_weights(folder / STEP)
    if weights.vocabulary_size != len(card.vocabulary):
        raise ModelError(
            f"the style {card.style!r} has {len(card.vocabulary)} characters in its card and {weights.vocabulary_size} "
            "in its graph; expected as many: export it again"
        )
    vocabulary = Vocabulary(card.vocabulary, card.normalisation)
    if card.readouts:
        weights = dataclasses.replace(weights, table=reopened(weights.table, vocabulary.token("\n"), weights.layers))
    return Base(card, vocabulary, weights)


def reopened(table: NDArray[np.float32], boundary: int, layers: int) -> NDArray[np.float32]:
    """``table`` float32[V, 4 L H] without what shuts the gates at a ``boundary``, which its network adds by itself.

    Else that one row would hide the others where the table is unfolded.
    """
    gates = table.reshape(len(table), layers, 4, -1).copy()
    gates[boundary, :, :3] += SHUT  # input, forget and output, in a graph's order
    return gates.reshape(table.shape)


GENTLER = 0.25
"""Share of the learning rate with which an inherited network is trained, so that it forgets less than it learns."""


def inherit_config(config: TrainingConfig, base: Base, given: set[str]) -> TrainingConfig:
    """``config`` with the shape of ``base``, and unless they were ``given`` a gentler learning rate, and little dropout.

    In a few minutes a large network reads a text about once, and learns none of it by heart: then as much is dropped out
    as when ``base`` was trained. Raises :class:`SettingError` if another shape was given.
    """
    shape: dict[str, Any] = {
        "hidden_size": base.weights.hidden_size,
        "layers": base.weights.layers,
        "skip": base.weights.skip,
    }
    if base.weights.layers == 1:
        shape["skip"] = config.skip  # the same network either way
    for name, value in shape.items():
        if name in given and getattr(config, name) != value:
            raise SettingError(
                f"{name} {getattr(config, name)}, but the style {base.style!r} has {value}; leave it out"
            )
    embedding, _, _ = unfold_table(base.weights.table, embedded_in(base.card))
    rank = embedding.shape[1]
    if "embedding_size" in given and config.embedding_size < rank:
        raise SettingError(
            f"embedding_size {config.embedding_size}, but the style {base.style!r} needs {rank}; leave it out"
        )
    rate = config.learning_rate * (1 if "learning_rate" in given else GENTLER)
    dropout = config.dropout
    if 0 < config.minutes <= FEW_MINUTES and "dropout" not in given:
        dropout = min(dropout, base.card.training.get("recipe", {}).get("dropout", dropout))
    width = max(config.embedding_size, rank)
    return dataclasses.replace(config, **shape, embedding_size=width, learning_rate=rate, dropout=dropout)


def embedded_in(card: Card) -> int | None:
    """Numbers that a style with that ``card`` embedded a character in when it was trained, if it says so."""
    size = card.training.get("recipe", {}).get("embedding_size")
    return size if type(size) is int and size > 0 else None


def unfold_table(
    table: NDArray[np.float32], most: int | None = None
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Embedding float32[V, E], matrix float32[E, 4 L H] and bias float32[4 L H] that give ``table`` float32[V, 4 L H].

    E is ``most`` at most: where a boundary shuts the gates, the rounding of its row is no smaller than what others hold.
    """
    values = table.astype(np.float64)
    bias = values.mean(axis=0)
    left, singular, right = np.linalg.svd(values - bias, full_matrices=False)
    rank = max(1, int((singular[:most] > ROUNDING * singular[0]).sum()))
    # Columns of the embedding are as long as those of a new one, so that they learn at the same pace.
    length = EMBEDDING_SCALE * len(table) ** 0.5
    embedding, matrix = left[:, :rank] * length, singular[:rank, None] * right[:rank] / length
    return embedding.astype(np.float32), matrix.astype(np.float32), bias.astype(np.float32)


def inherit_network(base: Base, vocabulary: Vocabulary, config: TrainingConfig, labels: int = 0) -> CharacterNetwork:
    """A network over ``vocabulary`` with the weights of ``base``, in the shape of :func:`inherit_config`.

    A character that ``base`` lacks begins as the unknown one, and learns to differ. The readout of so many ``labels``
    begins as that of ``base``, if it has as many, else as a new one.
    """
    weights = base.weights
    torch.manual_seed(config.seed)
    network = CharacterNetwork(network_config(config, vocabulary, labels), config.dropout, config.weight_dropout)
    rows = [UNKNOWN, *(base.vocabulary.token(character) for character in vocabulary.characters[1:])]
    embedding, matrix, bias = unfold_table(weights.table, embedded_in(base.card))
    rank, size = embedding.shape[1], 4 * config.hidden_size
    with torch.no_grad():
        if network.pooled is not None and weights.pooled:
            inherit_readout(network.pooled, weights.pooled)
        network.embedding.weight[:, :rank] = torch.from_numpy(embedding[rows])
        network.readout.weight.copy_(torch.from_numpy(weights.readout[:, rows].T))
        network.readout.bias.copy_(torch.from_numpy(weights.bias[rows]))
        for layer, cell in enumerate(network.cells):
            columns = slice(layer * size, (layer + 1) * size)
            recurrent = torch.from_numpy(gates_of_torch(weights.recurrent[layer]).T)
            below = config.hidden_size if layer else 0
            parameters = dict(cell.named_parameters())
            parameters["weight_hh_l0"].copy_(recurrent[:, below:])
            parameters["weight_ih_l0"].zero_()
            parameters["weight_ih_l0"][:, :below] = recurrent[:, :below]
            if layer == 0 or config.skip:
                parameters["weight_ih_l0"][:, below : below + rank] = torch.from_numpy(
                    gates_of_torch(matrix[:, columns]).T
                )
            parameters["bias_ih_l0"].copy_(torch.from_numpy(gates_of_torch(bias[columns])))
            parameters["bias_hh_l0"].zero_()
    return network


def inherit_readout(pooled: PooledReadout, weights: tuple[NDArray[np.float32], ...]) -> None:
    """Let ``pooled`` read out what the readout with these ``weights`` does, if both have the same shape."""
    theirs = [torch.from_numpy(part.T.copy()) for part in weights]
    own = list(pooled.parameters())
    if [part.shape for part in own] == [part.shape for part in theirs]:
        for part, value in zip(own, theirs, strict=True):
            part.copy_(value)


def gates_of_torch(matrix: NDArray[np.float32]) -> NDArray[np.float32]:
    """Columns [..., 4H] from the graph's gate order (input, forget, output, cell) to input, forget, cell, output."""
    first, forget, output, cell = np.split(matrix, 4, axis=-1)
    return np.concatenate((first, forget, cell, output), axis=-1)
