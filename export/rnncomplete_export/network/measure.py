"""What a network does with tokens it was not trained on: its loss, its best temperature, and what it writes."""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional

from rnncomplete.completion.sampler import MIN_P, WRITING_TEMPERATURE
from rnncomplete.text.stretches import stretches

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray
    from torch import Tensor

    from rnncomplete_export.network.character_network import CharacterNetwork

LN2 = 0.6931471805599453
"""Nats in a bit."""

STREAMS = 16
WINDOW = 256
STAGE_CHARACTERS = 16_384
"""Of the validation slice, all over it, on which the loss at a stage of learning is measured."""
FIRST_TOKEN = 1
"""What writing begins behind: vocabularies are in code point order, so that it is a newline where there is no tab."""
TEMPERATURES = np.linspace(0.8, 1.3, 11)
"""Tried, evenly spaced; the best lies between two of them."""


def sampled(tokens: NDArray[np.uint16], most: int, count: int = STREAMS) -> NDArray[np.uint16]:
    """All of ``tokens``, or so many of them in ``count`` stretches evenly spaced."""
    if len(tokens) <= most:
        return tokens
    return stretches(tokens, most // count, count).T.ravel().astype(np.uint16)


@torch.no_grad()
def logits_of(network: CharacterNetwork, tokens: NDArray[np.uint16]) -> Iterator[tuple[Tensor, Tensor]]:
    """Logits float[T, B, V] and targets int64[T, B] over ``tokens``, read as 16 contiguous streams from zero state.

    The start of each stream is unknown to the network, which costs less than a thousandth on streams of thousands.
    """
    was_training = network.training
    network.eval()
    device = network.embedding.weight.device
    streams = min(STREAMS, max(1, len(tokens) // WINDOW))
    length = (len(tokens) - 1) // streams
    table = stretches(tokens, length + 1, streams)
    state = network.initial_state(streams)
    for begin in range(0, length, WINDOW):
        end = min(begin + WINDOW, length)
        inputs = torch.from_numpy(table[begin:end]).to(device)
        targets = torch.from_numpy(table[begin + 1 : end + 1]).to(device)
        logits, state = network(inputs, state)
        yield logits, targets
    network.train(was_training)


def nats_per_character(network: CharacterNetwork, tokens: NDArray[np.uint16]) -> float:
    """Mean natural-log loss of ``network`` on ``tokens`` uint16[N]."""
    total, count = 0.0, 0
    for logits, targets in logits_of(network, tokens):
        total += functional.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="sum").item()
        count += targets.numel()
    return total / count


def best_temperature(read: Iterable[tuple[Tensor, Tensor]]) -> float:
    """The divisor of logits float[T, B, V] that gives the least loss of targets int64[T, B]: calibration (Guo et al. 2017).

    Targets of -100 cost nothing.
    """
    losses = np.zeros(len(TEMPERATURES))
    for logits, targets in read:
        for index, temperature in enumerate(TEMPERATURES):
            losses[index] += functional.cross_entropy(
                logits.flatten(0, 1) / float(temperature), targets.flatten(), reduction="sum"
            ).item()
    best = int(losses.argmin())
    if best in {0, len(losses) - 1}:
        return float(TEMPERATURES[best])
    # The lowest point of the parabola through the best one and its neighbours.
    before, at, after = losses[best - 1 : best + 2]
    apart = TEMPERATURES[1] - TEMPERATURES[0]
    return round(float(TEMPERATURES[best] + apart * (before - after) / (2 * (before - 2 * at + after))), 2)


@torch.no_grad()
def write_streams(
    network: CharacterNetwork,
    streams: int,
    length: int,
    *,
    temperature: float = WRITING_TEMPERATURE,
    min_p: float = MIN_P,
    seed: int = 0,
) -> list[list[int]]:
    """``streams`` texts of ``length`` tokens each, written side by side from the start, never the unknown token.

    ``temperature`` and ``min_p`` are those of :func:`rnncomplete.completion.sampler.sample`, and so is what they do.
    """
    was_training = network.training
    network.eval()
    generator = torch.Generator().manual_seed(seed)
    state = network.initial_state(streams)
    device = state[0].device
    tokens = torch.full((1, streams), FIRST_TOKEN, device=device)
    written = torch.empty((length, streams), dtype=torch.int64)
    for position in range(length):
        logits, state = network(tokens, state)
        scores = logits[0].float().cpu()
        scores[:, 0] = -torch.inf
        if min_p > 0:
            scores[scores < scores.amax(dim=1, keepdim=True) + log(min_p)] = -torch.inf
        chances = torch.softmax(scores / temperature, dim=1)
        written[position] = torch.multinomial(chances, 1, generator=generator)[:, 0]
        tokens = written[position][None].to(device)
    network.train(was_training)
    return written.T.tolist()
