"""How a training runs: every choice in one frozen value, with defaults that follow from the text and the time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeAlias

from rnncomplete.errors import SettingError

if TYPE_CHECKING:
    from collections.abc import Mapping

MatrixPrecision: TypeAlias = Literal["32-true", "bf16-mixed"]
"""What matrices are multiplied in, as lightning-fabric names it."""

LEARNS = ("all", "places", "words")
"""What is learned of composed pictures: everything at once; what is at each place of them, by the encoder alone; or words,
by the decoder alone, about maps that the encoder made once of as many pictures as there are scenes."""


@dataclass(frozen=True)
class TrainingConfig:
    """The choices of a training; a checkpoint and a card hold them all."""

    hidden_size: int = 512
    """Units a layer."""
    layers: int = 2
    """Layers of LSTM cells."""
    embedding_size: int = 128
    """Numbers a character is embedded in."""
    skip: bool = True
    """Every layer also reads the embedding, and the readout reads every layer."""
    batch: int = 32
    """Streams of text read side by side, over all processes."""
    window: int = 100
    """Characters between two updates in each stream."""
    dropout: float = 0.1
    """Share of numbers dropped between layers, the same for all characters of a window."""
    weight_dropout: float = 0.0
    """Share of recurrent weights left out, others in each window."""
    optimizer: str = "adamw"
    """``adamw`` for everything, or ``muon`` for the recurrent matrices."""
    learning_rate: float = 0.004
    """Peak, for Muon and AdamW alike."""
    weight_decay: float = 0.01
    """Share of the learning rate by which weights shrink at each update."""
    clip: float = 1.0
    """Largest norm of a gradient."""
    average_decay: float = 0.998
    """How much of the averaged weights stays at each update."""
    decay_from: float = 0.6
    """Share of the training after which the learning rate falls."""
    unknown_share: float = 0.0005
    """Characters replaced by the unknown one, so that it is learned."""
    reset_share: float = 0.01
    """Windows that begin as a text begins, from zero state, so that a beginning is learned."""
    label_weight: float = 1.0
    """Of texts with labels: what the loss of the label weighs beside that of the next character."""
    encoder_size: int = 256
    """Of a style with sources: units in each direction of a layer of the encoder."""
    keys: int = 256
    """Of a style with sources: numbers that a place of a source is found by."""
    values: int = 512
    """Of a style with sources: numbers that are read at a place of a source."""
    label_smoothing: float = 0.0
    """Of a style with sources: share of probability that is spread evenly over all characters."""
    learns: str = "all"
    """Of composed pictures: one of :data:`LEARNS`."""
    characters: int = 0
    """Characters to train on in all; 0 means no limit."""
    minutes: float = 0.0
    """Minutes to train in all; 0 means no limit."""
    patience: int = 8
    """Validations without a new best before the training stops; 0 means no limit."""
    validate_every: int = 500_000
    """Characters trained on between two validations."""
    seed: int = 1
    """Of every random choice."""


RANGES: Mapping[str, tuple[float, float]] = {
    "hidden_size": (16, 4096),
    "layers": (1, 8),
    "embedding_size": (1, 4096),
    "batch": (1, 1 << 16),
    "window": (2, 1 << 16),
    "dropout": (0, 0.9),
    "weight_dropout": (0, 0.9),
    "learning_rate": (1e-9, 100),
    "weight_decay": (0, 1),
    "clip": (1e-6, 1e6),
    "average_decay": (0, 0.999999),
    "decay_from": (0, 0.99),
    "unknown_share": (0, 0.5),
    "reset_share": (0, 0.5),
    "label_weight": (0, 100),
    "encoder_size": (8, 4096),
    "keys": (1, 1024),
    "values": (1, 1024),
    "label_smoothing": (0, 0.5),
    "characters": (0, 2**50),
    "minutes": (0, 1e6),
    "patience": (0, 1_000_000),
    "validate_every": (1, 2**50),
    "seed": (0, 2**32 - 1),
}
"""Smallest and largest of every number, wherever it is given."""


def check_number(value: float, bounds: tuple[float, float], what: str) -> None:
    """Raise :class:`SettingError` unless ``value``, of which a message says ``what`` it is, is within ``bounds``."""
    low, high = bounds
    if not low <= value <= high:
        raise SettingError(f"{what} {value!r}; expected {low} to {high}")


DEFAULT_EPOCHS = 30
"""Times a text is read when neither minutes nor characters are given (it stops earlier when validation does)."""

LARGEST_HIDDEN = 512
"""Units a layer at which a ghost of 32 characters stays within a frame."""

SHORT_TEXT = 1_000_000
"""Characters; a shorter text is learned by heart by a large network."""

FEW_MINUTES = 15
"""In which a text is read a few times, and a small network learns more than a large one that sees less."""


KINDS = 1000
"""Kinds of characters that double what a character costs to train on, beside the part that does not depend on them."""

READ_A_MINUTE = 2_000_000
"""Characters that one core trains a layer of 256 units on in a minute, about, of a hundred kinds."""


def suggest_config(
    characters: int, minutes: float, limit: int, kinds: int = 100, *, anew: bool = True
) -> TrainingConfig:
    """Sensible choices for a text of so many ``characters`` of so many ``kinds``.

    It is trained for ``minutes``, or up to a ``limit`` of characters. Sizes grow with the root of the time (a step costs
    its square), up to 512 units; a short text that is read often is dropped out more. What is not learned ``anew``, but
    from weights that know something, is treated gently even in a few minutes.
    """
    if 0 < minutes <= FEW_MINUTES:
        config = few_minutes_config(characters, minutes, limit, kinds)
        usual = TrainingConfig()
        gentle = {name: getattr(usual, name) for name in ("learning_rate", "decay_from", "dropout", "embedding_size")}
        return config if anew else replace(config, **gentle)
    hidden = LARGEST_HIDDEN
    if minutes:
        hidden = min(hidden, max(128, round(110 * minutes**0.5 / 64) * 64))
    if characters < SHORT_TEXT:
        hidden = min(hidden, 256)
    brief = characters < SHORT_TEXT
    batch, window = (16, 64) if brief else (32, 100)
    window = fitting_window(window, batch, characters)
    if not minutes and not limit:
        limit = DEFAULT_EPOCHS * characters
    return TrainingConfig(
        hidden_size=hidden,
        dropout=0.25 if brief else 0.1,
        batch=batch,
        window=window,
        average_decay=0.99 if brief else 0.998,
        characters=limit,
        minutes=minutes,
        validate_every=max(20 * batch * window, min(500_000, characters // 2)),
    )


SMALL, FEWEST_UNITS = 9_000_000, 64
"""Bytes that the graphs of a style are to fit into, which is kept below ten million; and units a layer all the same."""


def bytes_of_pairs(hidden: int, kinds: int) -> int:
    """About what the graphs of a style with a text as its source take, that writes so many ``kinds`` of characters.

    Matrices in int8, of the step 16 H^2 and of an encoder of half as many units 11 H^2; of each character a row of the
    table in float16, 16 H, and a column of the readout in int8, 3 H.
    """
    return 27 * hidden**2 + 19 * hidden * kinds


def suggest_pairs_config(characters: int, minutes: float, limit: int, kinds: int = 100, *, gpu: bool) -> TrainingConfig:
    """Sensible choices for pairs whose second lines have so many ``characters`` of so many ``kinds``, on a GPU or a few cores.

    Lines are read dozens of times, and much is dropped out: pairs are few beside what a network can learn by heart. Where
    there are thousands of kinds the network is smaller, so that the style is.
    """
    if not minutes and not limit:
        limit = DEFAULT_EPOCHS * characters
    hidden = LARGEST_HIDDEN
    if not gpu:
        hidden = min(hidden, max(128, round(60 * minutes**0.5 / 64) * 64)) if minutes else 384
    if characters < SHORT_TEXT:
        hidden = min(hidden, 256)
    while hidden > FEWEST_UNITS and bytes_of_pairs(hidden, kinds) > SMALL:
        hidden -= 64
    batch, window = 512 if gpu else 64, 40
    batch = min(batch, max(4, characters // (20 * window)))
    return TrainingConfig(
        hidden_size=hidden,
        encoder_size=hidden // 2,
        keys=hidden // 2,
        values=hidden,
        dropout=0.3,
        weight_dropout=0.1,
        optimizer="muon",
        learning_rate=0.01,
        decay_from=0.3,
        batch=batch,
        window=window,
        average_decay=0.998 if gpu else 0.99,
        characters=limit,
        minutes=minutes,
        validate_every=max(100 * batch * window, min(2_000_000, characters // 2)),
    )


def suggest_pictures_config(characters: int, minutes: float, limit: int, *, gpu: bool) -> TrainingConfig:
    """Sensible choices for pictures about which so many ``characters`` are written, on a GPU or a few cores."""
    if not minutes and not limit:
        limit = DEFAULT_EPOCHS * characters
    batch, window = 1024 if gpu else 64, 50
    batch = min(batch, max(4, characters // (20 * window)))
    return TrainingConfig(
        hidden_size=384 if gpu else 256,
        encoder_size=160 if gpu else 96,
        embedding_size=64,
        keys=128,
        values=256,
        dropout=0.1,
        optimizer="adamw",
        learning_rate=0.003,
        weight_decay=0.05,
        decay_from=0.2,
        batch=batch,
        window=window,
        average_decay=0.998 if gpu else 0.99,
        characters=limit,
        minutes=minutes,
        validate_every=max(100 * batch * window, min(10_000_000, characters // 2)),
    )


def few_minutes_config(characters: int, minutes: float, limit: int, kinds: int) -> TrainingConfig:
    """Choices for some ``minutes``: one layer, a high learning rate that falls nearly from the start.

    Two minutes of 950,000 characters of Russian so come to 1.372 nats per character (of 957,000 of Chinese, 2,461 kinds:
    5.596), where two layers of 128 units with the rate and the plateau of longer trainings come to 1.470 (5.947), and the
    best n-gram to 1.406 (5.743). Muon, slower in so small matrices, comes to 1.394.
    """
    hidden = min(384, max(128, round(180 * minutes**0.5 / 64) * 64))
    readings = READ_A_MINUTE * minutes / (1 + kinds / KINDS) * (256 / hidden) ** 2 / characters
    batch, window = 16, 64
    window = fitting_window(window, batch, characters)
    return TrainingConfig(
        hidden_size=hidden,
        layers=1,
        embedding_size=64,
        # What is read once or twice is not learned by heart.
        dropout=round(min(0.3, max(0.0, 0.02 * (readings - 5))), 2),
        batch=batch,
        window=window,
        learning_rate=0.008,
        decay_from=0.1,
        average_decay=0.99,
        characters=limit,
        minutes=minutes,
        validate_every=max(20 * batch * window, min(500_000, characters // 2)),
    )


def fitting_window(window: int, batch: int, characters: int) -> int:
    """``window``, or less where the text is so short that its streams would be no longer."""
    return min(window, max(8, characters // (4 * batch)))
