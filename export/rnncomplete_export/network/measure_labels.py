"""What a network with labels says of texts that it was not trained on, when it has read a part of each and all of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from rnncomplete_export.network.character_network import CharacterNetwork

STREAMS, WINDOW = 64, 128

TENTHS = tuple(number / 10 for number in range(1, 11))
TOLD_CHARACTERS = 20_000
"""Of the texts held out, evenly spaced, whose labels are told at a stage of learning."""


def told_right(network: CharacterNetwork, texts: Sequence[NDArray[np.uint16]], known: NDArray[np.int64]) -> list[float]:
    """The share of some of ``texts`` whose label, the number ``known`` of each, is the likeliest after each tenth of it."""
    every = max(1, -(-sum(map(len, texts)) // TOLD_CHARACTERS))
    logits = label_logits(network, texts[::every], TENTHS)
    shares: list[float] = (logits.argmax(2) == known[::every]).mean(axis=1).round(4).tolist()
    return shares


@torch.no_grad()
def label_logits(
    network: CharacterNetwork, texts: Sequence[NDArray[np.uint16]], shares: Sequence[float] = (1.0,)
) -> NDArray[np.float64]:
    """Logits float64[shares, texts, K] of each of ``texts`` uint16[n] after those shares of it, each from its start."""
    was_training = network.training
    network.eval()
    device = network.embedding.weight.device
    lengths = np.array([len(text) for text in texts])
    order = np.argsort(lengths, kind="stable")
    result = np.zeros((len(shares), len(texts), network.config.labels))
    for first in range(0, len(texts), STREAMS):
        chosen = order[first : first + STREAMS]
        padded = np.zeros((lengths[chosen[-1]], len(chosen)), np.int64)
        for column, index in enumerate(chosen):
            padded[: lengths[index], column] = texts[index]
        wanted = [np.maximum(1, np.ceil(share * lengths[chosen])).astype(int) - 1 for share in shares]
        state = network.initial_state(len(chosen))
        for begin in range(0, len(padded), WINDOW):
            tokens = torch.from_numpy(padded[begin : begin + WINDOW]).to(device)
            _, logits, state = network.read(tokens, state)
            for number, places in enumerate(wanted):
                here = np.flatnonzero((places >= begin) & (places < begin + WINDOW))
                found = logits[places[here] - begin, here].double().cpu().numpy()
                result[number, chosen[here]] = found
    network.train(was_training)
    return result
