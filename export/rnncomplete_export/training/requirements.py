"""What a training needs, of text and of memory, said before any time is spent on it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import torch

from rnncomplete.errors import SettingError, TextError

if TYPE_CHECKING:
    from rnncomplete_export.texts.corpus import Corpus
    from rnncomplete_export.training.configuration import TrainingConfig

FEWEST = 1_000
"""Characters of a text, at least: of fewer nothing is learned, and too few are held out to measure anything on."""

COPIES = 6
"""Of every weight: itself, its gradient, two moments of the optimizer, the averaged weight and where that is measured."""

KEPT_A_UNIT, KEPT_A_KIND = 8, 3
"""Numbers kept for the way back, of every unit of a layer and of every kind of character, at every character."""


def check_needs(corpus: Corpus, config: TrainingConfig, device: torch.device) -> None:
    """Raise :class:`TextError` if ``corpus`` is too short, :class:`SettingError` if ``device`` has not the memory."""
    if corpus.characters < FEWEST:
        raise TextError(
            f"the text has {corpus.characters:,} characters; expected at least {FEWEST:,}, and better some hundred "
            "thousand, to learn from"
        )
    if len(corpus.training) <= config.window + 1:
        raise TextError(
            f"the text has {corpus.characters:,} characters; expected more than a window of {config.window} "
            "to train on: give more text or a smaller --window"
        )
    if config.batch * config.window > len(corpus.training):
        raise TextError(
            f"an update reads {config.batch:,} x {config.window:,} characters, and the text has {len(corpus.training):,} to "
            "train on; expected no more than those: give more text, or a smaller --batch or --window"
        )
    needed, held = bytes_needed(config, len(corpus.vocabulary)), bytes_held(device)
    if held is not None and needed > held:
        raise SettingError(
            f"that takes {needed / 1e9:,.1f} GB of memory at least, and there are {held / 1e9:,.1f}; choose a smaller "
            "--batch, --window, --hidden-size or --layers"
        )


def bytes_needed(config: TrainingConfig, vocabulary_size: int) -> int:
    """Of a training, at least: weights with what belongs to them, and what an update keeps for the way back."""
    units, embedding = config.hidden_size, config.embedding_size
    inputs = [embedding, *[units + embedding * config.skip] * (config.layers - 1)]
    read = units * (config.layers if config.skip else 1)
    weights = embedding * vocabulary_size + sum(4 * units * (size + units) for size in inputs) + read * vocabulary_size
    kept = config.batch * config.window * (KEPT_A_UNIT * units * config.layers + KEPT_A_KIND * vocabulary_size)
    return 4 * (COPIES * weights + kept)


def bytes_held(device: torch.device) -> int | None:
    """Memory of ``device``; ``None`` where the system does not tell."""
    if device.type == "cuda":
        return int(torch.cuda.get_device_properties(device).total_memory)
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None


def wants_memory(error: RuntimeError) -> bool:
    """Whether PyTorch could not get the memory that it asked for."""
    return isinstance(error, torch.OutOfMemoryError) or "can't allocate memory" in str(error)
