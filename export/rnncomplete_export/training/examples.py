"""Examples on the device: sources, and the lines that are written about them, in batches of like length.

All tokens lie on the device from the start, and what a batch holds is known on the host beforehand, so that an update
never waits for either.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

import numpy as np
import torch

from rnncomplete_export.network.text_encoder import PADDING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray
    from torch import Tensor

EMPTY_SHARE = 0.05
"""Of the sources, left empty in each epoch, so that the style writes without one, too."""


ALIKE = 2, 4
"""Characters by which lines and sources may differ that are alike: which of those are in a batch is drawn."""


@dataclass(frozen=True)
class Batch:
    """B examples."""

    source: Tensor
    """As the encoder takes it; the first dimension is B."""
    inputs: Tensor
    """int64[T, B]: the newline before a line, and its characters; newlines behind the end of a shorter one."""
    targets: Tensor
    """int64[T, B]: its characters, and the newline that ends it; :data:`PADDING` behind."""
    characters: int
    """Targets, without what is padded."""
    telling: Tensor | None = None
    """bool[T, B]: those that tell of the source, where it is known which do."""


class Sources(Protocol):
    """The sources of n examples, on the device."""

    @property
    def lengths(self) -> NDArray[np.int64]:
        """int64[n], on the host: examples whose sources are of like length are put together. The same for all pictures."""

    def take(self, which: Tensor, empty: Tensor, longest: int) -> Tensor:
        """Sources ``which`` int64[B] as the encoder takes them, empty ones where ``empty`` bool[B] says so.

        None of them is longer than ``longest``.
        """


class Lines:
    """Lines of tokens uint16[n] each, on the device."""

    def __init__(self, lines: Sequence[NDArray[np.uint16]], device: torch.device) -> None:
        self.lengths = np.array([len(line) for line in lines], np.int64)
        starts = np.cumsum(self.lengths) - self.lengths
        flat = np.concatenate(lines).astype(np.int32) if len(lines) else np.zeros(0, np.int32)
        self._flat = torch.from_numpy(flat).to(device)
        self._starts, self._sizes = torch.from_numpy(starts).to(device), torch.from_numpy(self.lengths).to(device)

    def counts(self, kinds: int) -> Tensor:
        """How often each of so many ``kinds`` of tokens stands in them, float32[kinds] on the host."""
        return torch.bincount(self._flat.cpu(), minlength=kinds).float()

    def take(self, which: Tensor, longest: int) -> Tensor:
        """Lines ``which`` int64[B], int64[B, longest], padded behind their ends."""
        places = torch.arange(longest, device=which.device)
        inside = places < self._sizes[which][:, None]
        where = torch.where(inside, self._starts[which][:, None] + places, 0)
        return torch.where(inside, self._flat[where].long(), PADDING)


class TextSources:
    """Lines of text as sources, each with its newline; an empty one is a newline alone."""

    def __init__(self, lines: Sequence[NDArray[np.uint16]], newline: int, device: torch.device) -> None:
        self._lines, self._newline = Lines(lines, device), newline

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Characters of each, its newline included."""
        return self._lines.lengths

    def take(self, which: Tensor, empty: Tensor, longest: int) -> Tensor:
        """int64[B, longest]."""
        rows = self._lines.take(which, longest)
        none = torch.full_like(rows[:1], PADDING)
        none[:, 0] = self._newline
        return torch.where(empty[:, None], none, rows)


class Examples:
    """Sources and lines, in batches that hold about ``size`` characters of lines each.

    Which examples are in a batch is a function of its number and the ``seed`` alone, so that a training resumes anywhere.
    """

    def __init__(
        self,
        sources: Sources,
        lines: Sequence[NDArray[np.uint16]],
        *,
        size: int,
        newline: int,
        seed: int,
        device: torch.device,
        telling: Sequence[Sequence[int]] | None = None,
    ) -> None:
        """``telling`` says of each line which of its characters tell of the source."""
        self.sources, self.newline, self._seed, self._device = sources, newline, seed, device
        ended = [np.append(line, np.uint16(newline)) for line in lines]
        self._lines = Lines(ended, device)
        self._telling = None if telling is None else Lines(_marked(self._lines.lengths, telling), device)
        # Those of nearly the same length are alike, and come in another order in each epoch.
        self._alike = rounded_up(self._lines.lengths, ALIKE[0]), rounded_up(sources.lengths, ALIKE[1])
        order = self._by_length(np.arange(self.count))
        self._cuts = cuts(self._alike[0][order], self._alike[1][order], size)
        self._plan = lru_cache(maxsize=2)(self._planned)

    def __len__(self) -> int:
        """Batches of an epoch."""
        return len(self._cuts) - 1

    @property
    def count(self) -> int:
        """Examples."""
        return len(self._lines.lengths)

    @property
    def characters(self) -> int:
        """Of all lines, their ends among them."""
        return int(self._lines.lengths.sum())

    def counts(self, kinds: int) -> Tensor:
        """How often each of so many ``kinds`` of characters is written, float32[kinds] on the host."""
        return self._lines.counts(kinds)

    def sources_of(self, which: NDArray[np.int64]) -> Tensor:
        """Sources ``which`` int64[n] as the encoder takes them."""
        chosen = torch.from_numpy(which).to(self._device)
        empty = torch.zeros(len(which), dtype=torch.bool, device=self._device)
        return self.sources.take(chosen, empty, int(self.sources.lengths[which].max()))

    def batch(self, number: int) -> Batch:
        """The batch of update ``number``, from 0 on, over all epochs."""
        epoch, index = divmod(number, len(self))
        order, batches, on_device, empty = self._plan(epoch)
        begin, end = self._cuts[batches[index]], self._cuts[batches[index] + 1]
        return self._taken(order[begin:end], on_device[begin:end], empty[begin:end])

    def each(self, *, empty: bool = False, every: int = 1) -> Iterator[tuple[NDArray[np.int64], Batch]]:
        """All examples once, by length, with their numbers; with their sources, or with empty ones.

        Of their batches only one in ``every``, from the first on.
        """
        order = self._by_length(np.arange(self.count))
        on_device = torch.from_numpy(order).to(self._device)
        without = torch.full((len(order),), empty, device=self._device)
        for begin, end in zip(self._cuts[:-1:every], self._cuts[1::every], strict=True):
            yield order[begin:end], self._taken(order[begin:end], on_device[begin:end], without[begin:end])

    def _by_length(self, examples: NDArray[np.int64]) -> NDArray[np.int64]:
        """``examples`` int64[n] with short lines first, and of those with short sources; what is alike stays as it was."""
        lines, sources = (part[examples] for part in self._alike)
        return examples[np.lexsort((sources, lines))]

    def _planned(self, epoch: int) -> tuple[NDArray[np.int64], NDArray[np.int64], Tensor, Tensor]:
        """The order of the examples in an ``epoch``, that of its batches, and on the device the first and which are empty."""
        draw = np.random.default_rng((self._seed, epoch))
        order = self._by_length(draw.permutation(self.count))
        empty = draw.random(self.count) < EMPTY_SHARE
        batches = draw.permutation(len(self))
        return order, batches, torch.from_numpy(order).to(self._device), torch.from_numpy(empty).to(self._device)

    def _taken(self, chosen: NDArray[np.int64], which: Tensor, empty: Tensor) -> Batch:
        lengths = self._lines.lengths[chosen]
        targets = self._lines.take(which, int(lengths.max())).T
        inputs = torch.cat((targets.new_full((1, len(chosen)), self.newline), targets[:-1]))
        source = self.sources.take(which, empty, int(self.sources.lengths[chosen].max()))
        telling = None if self._telling is None else self._telling.take(which, len(targets)).T > 0
        return Batch(source, inputs.masked_fill(inputs == PADDING, self.newline), targets, int(lengths.sum()), telling)


def _marked(lengths: NDArray[np.int64], places: Sequence[Sequence[int]]) -> list[NDArray[np.uint16]]:
    """Lines of such ``lengths`` that are 1 at ``places``, and 0 elsewhere."""
    lines = [np.zeros(length, np.uint16) for length in lengths.tolist()]
    for line, own in zip(lines, places, strict=True):
        line[list(own)] = 1
    return lines


def rounded_up(lengths: NDArray[np.int64], step: int) -> NDArray[np.int64]:
    """``lengths`` int64[n], each the next multiple of ``step``."""
    return -(-lengths // step) * step


def cuts(lines: NDArray[np.int64], sources: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """Where to cut examples with lengths of ``lines`` and ``sources`` int64[n] into batches, from 0 to n.

    With what is padded, each holds at most ``size``, or is one example alone.
    """
    found, line, source = [0], 0, 0
    for at, (one, other) in enumerate(zip(lines.tolist(), sources.tolist(), strict=True)):
        line, source = max(line, one), max(source, other)
        if at > found[-1] and (at + 1 - found[-1]) * (line + source) > size:
            found.append(at)
            line, source = one, other
    return np.array([*found, len(lines)], np.int64)
