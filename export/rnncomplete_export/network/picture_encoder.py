"""The encoder of pictures: a small residual network of convolutions, whose last map is the places of a context.

Convolutions have standardised weights and a gain of their own instead of normalised activations (scaled weight
standardisation: Brock, De, Smith 2021, arXiv:2101.08692), so that what it makes of a picture depends on no other picture,
and an exported graph has nothing but convolutions and rectifiers. A branch begins with no say (SkipInit, there).

Shapes: B pictures of 64 x 64, P = 8 x 8 places, W units in the last map.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

from rnncomplete_export.network.conditioned_network import Context, Encoder
from rnncomplete_export.pictures.composing import PLACES

if TYPE_CHECKING:
    from collections.abc import Sequence

BLOCKS = (1, 2, 1)
"""Residual blocks at 32, 16 and 8 places across."""

RECTIFIED = math.sqrt(2 / (1 - 1 / math.pi))
"""What keeps the variance of a rectified normal number at 1."""


class StandardConvolution(nn.Conv2d):
    """A convolution whose filters have mean 0, and variance 1 over what they read, times a learned gain each."""

    def __init__(self, reads: int, writes: int, side: int, stride: int = 1) -> None:
        super().__init__(reads, writes, side, stride=stride, padding=side // 2)
        self.gain = nn.Parameter(torch.ones(writes, 1, 1, 1))
        nn.init.zeros_(self.bias)  # type: ignore[arg-type] # it has one

    @property
    def filters(self) -> Tensor:
        """The weights that it multiplies with, as an export takes them."""
        variance, mean = torch.var_mean(self.weight, dim=(1, 2, 3), keepdim=True, correction=0)
        scale = torch.rsqrt(variance * self.weight[0].numel() + 1e-5)
        return (self.weight - mean) * scale * self.gain

    def forward(self, values: Tensor) -> Tensor:
        """``values`` float[B, reads, h, w], convolved."""
        return functional.conv2d(values, self.filters, self.bias, self.stride, self.padding)


class Block(nn.Module):
    """A residual block: two convolutions, each behind a rectifier, added to what it read, or to its projection."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = StandardConvolution(width, width, 3)
        self.second = StandardConvolution(width, width, 3)
        self.share = nn.Parameter(torch.zeros(()))

    def forward(self, values: Tensor) -> Tensor:
        """``values`` float[B, width, h, w] as they are, and what the branch makes of them."""
        inner = self.first(functional.relu(values) * RECTIFIED)
        added: Tensor = values + self.share * self.second(functional.relu(inner) * RECTIFIED)
        return added


class PictureEncoder(Encoder):
    """Pictures float[B, 3, 64, 64], 0 to 1, to contexts of 64 places, row by row.

    With ``subjects``, a readout says which of them is at each place. Where they have ``codes``, of so many numbers each,
    the shares of all subjects at a place are told as the mean of their codes, beside what was seen there: a decoder that
    would have to learn from what is seen how every name is spelled learns it from the codes in far fewer examples.
    """

    def __init__(
        self, width: int, keys: int, values: int, *, dropout: float = 0.0, subjects: int = 0, codes: int = 0
    ) -> None:
        super().__init__()
        self.convolutions = nn.ModuleList(layers(widths(width)))
        self.positions = nn.Parameter(torch.zeros(PLACES * PLACES, width))
        nn.init.normal_(self.positions, std=0.3)
        self.keys, self.values = nn.Linear(width + codes, keys), nn.Linear(width + codes, values)
        self.subjects = nn.Linear(width, subjects) if subjects else None
        self.codes = nn.Linear(subjects, codes, bias=False) if subjects and codes else None
        if self.codes is not None:
            nn.init.normal_(self.codes.weight)
        self.dropout = nn.Dropout2d(dropout)
        self._found: Tensor | None = None

    def features(self, source: Tensor) -> Tensor:
        """The last map, float[B, P, W], without positions."""
        values = (source * 4 - 2).contiguous(memory_format=torch.channels_last)
        with torch.autocast(source.device.type, torch.bfloat16, enabled=source.is_cuda):
            for part in self.convolutions:
                values = part(values)
        seen: Tensor = self.dropout(functional.relu(values.float()) * RECTIFIED).flatten(2).transpose(1, 2)
        return seen

    def forward(self, source: Tensor) -> Context:
        """The context of each picture."""
        features = self.features(source)
        reads = features + self.positions
        if self.subjects is not None and (self.training or self.codes is not None):
            self._found = self.subjects(features)
            if self.codes is not None:
                reads = torch.cat((reads, self.codes(torch.softmax(self._found, dim=-1))), dim=-1)
        return Context(self.keys(reads), self.values(reads))

    def found(self) -> Tensor:
        """Logits float[B, P, subjects] of what is at each place of the pictures that were read last, in training."""
        found, self._found = self._found, None
        assert found is not None, "nothing was read, or nothing is to be found"
        return found


def widths(width: int) -> tuple[int, int, int]:
    """Units of the maps with 32, 16 and 8 places across; the last is ``width``."""
    return (max(8, round(width * 2 / 5 / 8) * 8), max(8, round(width * 4 / 5 / 8) * 8), width)


def layers(sizes: Sequence[int]) -> list[nn.Module]:
    """Convolutions from a picture to the last map, halving places four times but once at the start."""
    made: list[nn.Module] = [
        StandardConvolution(3, sizes[0] // 2, 3),
        Rectified(),
        StandardConvolution(sizes[0] // 2, sizes[0], 3, 2),
    ]
    before = sizes[0]
    for place, (size, blocks) in enumerate(zip(sizes, BLOCKS, strict=True)):
        if place:
            made += [Rectified(), StandardConvolution(before, size, 3, 2)]
        made += [Block(size) for _ in range(blocks)]
        before = size
    return made


class Rectified(nn.Module):
    """A rectifier that keeps the variance."""

    def forward(self, values: Tensor) -> Tensor:
        """``values``, none of them below zero."""
        return functional.relu(values) * RECTIFIED
