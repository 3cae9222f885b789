"""The encoder of pictures: a small residual network of convolutions, whose last map is the places of a context.

Convolutions have standardised weights and a gain of their own instead of normalised activations (scaled weight
standardisation: Brock, De, Smith 2021, arXiv:2101.08692), so that what it makes of a picture depends on no other picture,
and an exported graph has nothing but convolutions and rectifiers. A branch begins with no say (SkipInit, there).

Shapes: B pictures of 64 x 64, P = 8 x 8 places, W units in the last map.
"""

from __future__ import annotations

import math
import zlib
from functools import lru_cache
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

CERTAINTY = 2.0
"""What logits of places are multiplied by before they are told: a mixture of names is no name."""

APART = 16.0
"""How surely what is at another place has to be another thing, to be told as such."""

NOBODY = 0.5
"""What is more like a thing than so is no other thing."""

COORDINATES = 2 * PLACES + 2
"""Numbers that say where a place is."""

PLAIN = 8
"""What each of them is multiplied by: small as they are beside hundreds of other numbers, they would be learned late."""

MAP = 3
"""Dimensions of maps, of which pictures have one more."""

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
    the shares of all subjects at a place, sharpened, are told as the mean of their codes, beside what was seen there: a decoder that
    would have to learn from what is seen how every name is spelled learns it from the codes in far fewer examples. At
    each place it is told in the same way what other thing there is, and where.

    Where a place is, is told beside what is there, as :func:`coordinates`.
    """

    coordinates: Tensor

    def __init__(
        self, width: int, keys: int, values: int, *, dropout: float = 0.0, subjects: int = 0, codes: int = 0
    ) -> None:
        super().__init__()
        self.width = width
        self.convolutions = nn.ModuleList(layers(widths(width)))
        self.register_buffer("coordinates", coordinates(), persistent=False)
        reads = width + COORDINATES + (2 * codes + COORDINATES if codes else 0)
        self.keys, self.values = nn.Linear(reads, keys), nn.Linear(reads, values)
        self.subjects = nn.Linear(width, subjects) if subjects else None
        self.codes = nn.Linear(subjects, codes, bias=False) if subjects and codes else None
        if self.codes is not None:
            nn.init.normal_(self.codes.weight)
        self.dropout = nn.Dropout2d(dropout)

    @torch.no_grad()
    def begin_with(self, spelled: Sequence[Sequence[str]]) -> None:
        """Let it expect nothing at half of the places, and begin each subject's code as how it is ``spelled``.

        Each character of a text, with its place, is a random vector, and so is each beginning of a text: what begins
        alike has like codes, and a decoder learns to read them instead of learning every name by heart.
        """
        if self.subjects is not None:
            self.subjects.bias[0] = math.log(max(1, len(spelled)))
        if self.codes is None:
            return
        width = self.codes.weight.shape[0]
        for subject, texts in enumerate(spelled, start=1):
            code = sum(_spelled(text, width) for text in texts)
            self.codes.weight[:, subject] = functional.normalize(torch.as_tensor(code), dim=0) * width**0.5
        self.codes.weight[:, 0] = 0

    def features(self, source: Tensor) -> Tensor:
        """The last map, float[B, P, W]; a ``source`` that is such a map already, as it is."""
        if source.dim() == MAP:
            return source
        values = (source * 4 - 2).contiguous(memory_format=torch.channels_last)
        fast = source.is_cuda or torch.is_autocast_enabled(source.device.type)
        with torch.autocast(source.device.type, torch.bfloat16, enabled=fast):
            for part in self.convolutions:
                values = part(values)
        return (functional.relu(values.float()) * RECTIFIED).flatten(2).transpose(1, 2)

    def forward(self, source: Tensor) -> Context:
        """The context of each picture."""
        return self.context(self.dropped(self.features(source)))

    def dropped(self, features: Tensor) -> Tensor:
        """``features`` float[B, P, W], of which some units are left out while it trains."""
        seen: Tensor = self.dropout(features.transpose(1, 2)[..., None])[..., 0].transpose(1, 2)
        return seen

    def found(self, features: Tensor) -> Tensor:
        """Logits float[B, P, subjects] of what is at each place of maps ``features`` float[B, P, W]."""
        assert self.subjects is not None, "nothing is to be found"
        found: Tensor = self.subjects(features).float()
        return found

    def context(self, features: Tensor, found: Tensor | None = None, known: Tensor | None = None) -> Context:
        """The context of maps ``features`` float[B, P, W].

        What is ``found`` there float[B, P, subjects] is told, or what is ``known`` to be there int64[B, P] and not -1.
        """
        coordinates = self.coordinates.expand(len(features), -1, -1)
        reads = [features]
        if self.codes is not None:
            found = self.found(features) if found is None else found
            shares = torch.softmax(CERTAINTY * found, dim=-1)
            if known is not None:
                true = functional.one_hot(known.clamp(min=0), shares.shape[-1]).to(shares.dtype)
                shares = torch.where((known >= 0)[..., None], true, shares)
            codes = self.codes(shares)
            told = torch.cat((codes, coordinates.to(codes.dtype)), dim=-1)
            reads += [codes, self.others(shares).to(codes.dtype) @ told]
        told = torch.cat((*reads, coordinates), dim=-1)
        return Context(self.keys(told), self.values(told))

    @staticmethod
    def others(shares: Tensor) -> Tensor:
        """Of each place the shares float[B, P, P] of those with another thing: little, where there is no other thing.

        ``shares`` float[B, P, subjects] say what is at each place, the first of them that there is nothing. Two places are
        alike as their distributions are (Bhattacharyya's coefficient), and as far as there is nothing at the other. No gradient
        goes back: that of a root at zero is not finite.
        """
        roots = shares[..., 1:].detach().float().sqrt()
        alike = roots @ roots.transpose(1, 2) + shares[..., 0].detach().float()[:, None]
        nobody = torch.full_like(alike[..., :1], NOBODY)
        return torch.softmax(-APART * torch.cat((alike, nobody), dim=-1), dim=-1)[..., :-1]

    @property
    def beside(self) -> Tensor:
        """:func:`coordinates`."""
        return self.coordinates


def coordinates() -> Tensor:
    """Of each place its row and its column, float[P, 18]: each as one of eight, and as a number from -14 to 14."""
    row, column = torch.meshgrid(torch.arange(PLACES), torch.arange(PLACES), indexing="ij")
    parts = []
    for number in (row.flatten(), column.flatten()):
        parts += [functional.one_hot(number, PLACES), (number[:, None] - (PLACES - 1) / 2) / 2]
    return PLAIN * torch.cat(parts, dim=1).float()


def _spelled(text: str, width: int) -> Tensor:
    """A text as the sum of normal random vectors float[width] of its characters in their places, and of its beginnings."""
    parts = [*(f"{place} {character}" for place, character in enumerate(text)), *(text[:end] for end in range(2, 6))]
    return torch.stack([_random(part, width) for part in (*parts, text)]).sum(dim=0)


@lru_cache(maxsize=1 << 16)
def _random(part: str, width: int) -> Tensor:
    """A normal random vector float[width], always the same for the same ``part``."""
    return torch.randn(width, generator=torch.Generator().manual_seed(zlib.crc32(part.encode())))


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
