"""Scenes as pictures: drawings turned, sized, painted and laid over a background, many scenes at once on a device.

All drawings lie on the device as bytes; a batch of scenes is a few samplings of them. What differs between two pictures of
the same scene (the maker of each drawing, its exact place, size, turn, lean and colours, the shade behind) is drawn by lot
with :func:`torch.rand` on the host, but for noise and stars, which are drawn on the device. A training that is resumed on the
same device composes the same.

Shapes: B scenes, 4 slots for drawings in each, 64 x 64 pixels, 8 x 8 places.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from rnncomplete_export.pictures.drawings import SIDE
from rnncomplete_export.pictures.kinds import COLOURS, kinds
from rnncomplete_export.pictures.scenes import BACKGROUNDS, SLOTS, WHOLE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rnncomplete_export.pictures.drawings import Drawings
    from rnncomplete_export.pictures.scenes import Scenes

RED_GREEN_BLUE = {
    "red": (0.84, 0.16, 0.16),
    "orange": (0.95, 0.55, 0.14),
    "yellow": (0.96, 0.85, 0.25),
    "green": (0.27, 0.65, 0.29),
    "blue": (0.22, 0.42, 0.85),
    "purple": (0.55, 0.28, 0.72),
    "pink": (0.96, 0.6, 0.76),
    "grey": (0.58, 0.58, 0.58),
    "brown": (0.5, 0.32, 0.18),
    "black": (0.08, 0.08, 0.08),
    "white": (1.0, 1.0, 1.0),
}
"""What a colour is, about."""

SKY, NIGHT = (0.55, 0.78, 0.97), (0.06, 0.08, 0.25)

GROUND = {
    "meadow": (SKY, (0.38, 0.68, 0.25)),
    "beach": (SKY, (0.93, 0.83, 0.58)),
    "snow": ((0.78, 0.84, 0.9), (0.97, 0.98, 1.0)),
    "sea": (SKY, (0.1, 0.36, 0.65)),
    "night": (NIGHT, (0.09, 0.1, 0.2)),
}
"""Of each landscape: what is above and below."""

PLACES = 8
"""Places across and down."""

COVERED = 0.2
"""Share of a place that a drawing has to cover, to be what is there."""

TURNED = math.radians(11)
"""How far drawings are turned, either way."""

BLENDED = 0.35
"""Of varied drawings, the share that is blended with another maker's of the same name, up to half and half."""

BENT = 0.1
"""How far, in halves of a varied drawing, the waves go in which each of its directions is bent along and across."""

LINED = 0.15
"""Of varied drawings, the share whose dark lines are made thicker, and the share where they are made thinner."""

SAME_DRAWING = 0.85
"""Share of scenes whose several things of a kind are one drawing."""

UNFLIPPED = ("left", "right", "clock", "-thirty", "moon", "curving", "clockwise", "button", "keycap", "input", "sign")
"""What a name has in it of which the mirror image would be something else."""

FLIPPED = ("Animals & Nature", "Food & Drink", "Smileys & Emotion", "Activities", "Travel & Places", "Objects")
"""Groups of things that are the same in a mirror."""


class Composer:
    """Composes ``scenes`` of ``drawings`` on ``device``; slots without any drawing of their subject stay empty.

    If ``varied``, drawings are as other makers might have drawn them: bent, blended with another maker's of the same name,
    lighter or darker in the middle, of thicker or thinner lines, blurred or sharpened.
    """

    def __init__(self, drawings: Drawings, scenes: Scenes, device: torch.device, *, varied: bool = False) -> None:
        self.device, self.varied = device, varied
        self.pictures = torch.from_numpy(drawings.pictures).to(device)
        self.named = torch.from_numpy(drawings.named).to(device)
        mirrored = [
            group in FLIPPED and not any(word in name for word in UNFLIPPED)
            for name, group in zip(drawings.names, drawings.groups, strict=True)
        ]
        self.mirrored = torch.tensor(mirrored, device=device)
        table = drawings_of(drawings)
        counts = np.array([len(found) for found in table])
        self.counts = torch.from_numpy(counts).to(device)
        alike = np.bincount(drawings.named, minlength=len(drawings.names))
        self.alike = torch.from_numpy(np.argsort(drawings.named, kind="stable")).to(device)
        self.alike_counts = torch.from_numpy(alike).to(device)
        self.alike_starts = torch.from_numpy(np.cumsum(alike) - alike).to(device)
        self.starts = torch.from_numpy(np.cumsum(counts) - counts).to(device)
        self.table = torch.from_numpy(np.concatenate(table)).to(device)
        self.subject, self.across, self.down, self.size, self.paint, self.background, self.colour = (
            torch.from_numpy(array).to(device)
            for array in (
                scenes.subject.astype(np.int64),
                scenes.across,
                scenes.down,
                scenes.size,
                scenes.paint.astype(np.int64),
                scenes.background.astype(np.int64),
                scenes.colour.astype(np.int64),
            )
        )
        self.colours = torch.tensor([RED_GREEN_BLUE[colour] for colour in COLOURS], device=device)
        self.ground = {name: torch.tensor(parts, device=device) for name, parts in GROUND.items()}
        grid = (torch.arange(SIDE, device=device) + 0.5) / SIDE
        self.x, self.y = grid[None, None, :], grid[None, :, None]

    @torch.no_grad()
    def compose(self, which: Tensor) -> tuple[Tensor, Tensor]:
        """Pictures float[B, 3, 64, 64] of scenes ``which`` int64[B], and what is in their places, int64[B, 8, 8].

        At a place there is the name of the drawing that covers most of it, counted from 1, or 0.
        """
        count = len(which)
        on_gpu = self.device.type == "cuda"
        lots = torch.rand((count, 14 * SLOTS + 32), pin_memory=on_gpu).to(self.device, non_blocking=on_gpu)
        own, lots = lots[:, : 14 * SLOTS].view(count, SLOTS, 14), lots[:, 14 * SLOTS :]
        subject = self.subject[which]
        present = (subject >= 0) & (self.counts[subject.clamp(min=0)] > 0)
        subject = subject.clamp(min=0)
        same = lots[:, :1] < SAME_DRAWING
        chance = torch.where(same, lots[:, 1:2], own[..., 0])
        drawn = self.starts[subject] + (chance * self.counts[subject]).long()
        drawing = self.table[drawn.clamp(max=len(self.table) - 1)]
        picture = self._behind(which, lots[:, 2:])
        covers: list[Tensor] = []
        for slot in range(SLOTS):
            rows = present[:, slot].nonzero()[:, 0]
            cover = picture.new_zeros((count, 1, PLACES, PLACES))
            if len(rows):
                colours, alpha = self._sampled(which[rows], slot, drawing[rows, slot], own[rows, slot, 1:])
                picture[rows] = colours + picture[rows] * (1 - alpha)
                cover[rows] = functional.avg_pool2d(alpha, SIDE // PLACES)
            covers = [*(earlier * (1 - cover) for earlier in covers), cover]
        most, of_slot = torch.cat(covers, dim=1).max(dim=1)
        names = 1 + self.named[drawing].gather(1, of_slot.flatten(1)).view_as(of_slot)
        return self._seen(picture, lots[:, 26:]), names * (most >= COVERED)

    def _sampled(self, which: Tensor, slot: int, drawing: Tensor, lot: Tensor) -> tuple[Tensor, Tensor]:
        """A drawing of each scene where it belongs: colours float[B, 3, 64, 64] times alpha, and alpha float[B, 1, 64, 64]."""
        whole = self.size[which, slot] >= WHOLE[0]
        turn = (2 * lot[:, 0] - 1) * TURNED
        size = self.size[which, slot] * (0.94 + 0.12 * lot[:, 1])
        size = torch.where(whole, size.clamp(max=WHOLE[1]), size)
        move = torch.where(whole, 0.5, 1.5)
        across = (self.across[which, slot] + (2 * lot[:, 2] - 1) * move) / (SIDE / 2) - 1
        down = (self.down[which, slot] + (2 * lot[:, 3] - 1) * move) / (SIDE / 2) - 1
        mirror = torch.where((lot[:, 4] < 0.5) & self.mirrored[self.named[drawing]], -1.0, 1.0)
        wide, lean = 0.92 + 0.16 * lot[:, 5], 0.2 * (lot[:, 6] - 0.5)
        cosine, sine = torch.cos(turn), torch.sin(turn)
        row_x = (
            torch.stack((cosine + lean * sine, sine - lean * cosine), dim=1) * (SIDE / size * wide * mirror)[:, None]
        )
        row_y = torch.stack((-sine, cosine), dim=1) * (SIDE / size)[:, None]
        matrix = torch.stack((row_x, row_y), dim=1)
        middle = torch.stack((across, down), dim=1)[..., None]
        grid = functional.affine_grid(
            torch.cat((matrix, -matrix @ middle), dim=2), [len(which), 1, SIDE, SIDE], align_corners=False
        )
        source = self.pictures[drawing].float() / 255
        if self.varied:
            grid = self._bent(grid)
            source = self._varied(source, self.named[drawing])
        # Made smaller, a drawing is blurred first, so that no line of it falls between two pixels.
        blurred = functional.avg_pool2d(source, 3, stride=1, padding=1)
        source = torch.where((size < 44)[:, None, None, None], blurred, source)
        sampled = functional.grid_sample(source, grid, align_corners=False)
        colours, alpha = sampled[:, :3], sampled[:, 3:]
        light = colours.mean(dim=1, keepdim=True)
        saturation = 0.7 + 0.6 * lot[:, 7, None, None, None]
        gain = 0.88 + 0.24 * lot[:, 8:11, None, None]
        own = ((light + (colours - light) * saturation) * gain).clamp(min=0).minimum(alpha)
        paint = self.paint[which, slot]
        colour = self.colours[paint.clamp(min=0)] * (0.85 + 0.3 * lot[:, 11, None])
        painted = _painted(light, alpha, colour.clamp(max=1)[..., None, None])
        return torch.where((paint >= 0)[:, None, None, None], painted, own), alpha

    def _bent(self, grid: Tensor) -> Tensor:
        """Places ``grid`` float[B, 64, 64, 2] of drawings, each from -1 to 1, moved in waves along and across."""
        much, often, begin = torch.rand((3, len(grid), 1, 1, 2, 2)).to(self.device)
        waves = torch.sin(math.pi * ((0.5 + often) * grid[..., None, :] + 2 * begin))
        moved: Tensor = grid + BENT * (much * waves).sum(dim=-1)
        return moved

    def _varied(self, source: Tensor, name: Tensor) -> Tensor:
        """Drawings ``source`` float[B, 4, 64, 64] called ``name`` int64[B], as other makers might have drawn them."""
        lot = torch.rand((len(source), 8)).to(self.device)
        share, gamma, sharp = (part[:, None, None, None] for part in (lot[:, 1], lot[:, 3], lot[:, 5]))
        other = self.alike[self.alike_starts[name] + (lot[:, 0] * self.alike_counts[name]).long()]
        share = torch.where(share < BLENDED, share / BLENDED / 2, 0.0)
        blend = source + share * (self.pictures[other].float() / 255 - source)
        colours, alpha = blend[:, :3], blend[:, 3:]
        bent = torch.where(lot[:, 2, None, None, None] < 0.5, torch.exp(1.2 * (gamma - 0.5)), 1.0)
        colours = (colours / alpha.clamp(min=1e-3)).clamp(1e-4, 1) ** bent * alpha
        blend = torch.cat((colours, alpha), dim=1)
        # What is dark grows into what is light, as lines and outlines do, or the other way.
        for way, chosen in ((-1, lot[:, 6] < LINED), (1, lot[:, 6] > 1 - LINED)):
            rows = chosen.nonzero()[:, 0]
            before = blend[rows, :3]
            grown = way * functional.max_pool2d(way * before, 3, stride=1, padding=1)
            blend[rows, :3] = torch.minimum(torch.lerp(before, grown, lot[rows, 7, None, None, None]), blend[rows, 3:])
        # Towards what is blurred, or away from it.
        kind = lot[:, 4, None, None, None]
        blurred = torch.where(kind < 0.2, sharp, torch.where(kind > 0.85, -0.7 * sharp, 0.0))
        blend = (blend + blurred * (functional.avg_pool2d(blend, 3, stride=1, padding=1) - blend)).clamp(0, 1)
        return torch.cat((torch.minimum(blend[:, :3], blend[:, 3:]), blend[:, 3:]), dim=1)

    def _behind(self, which: Tensor, lot: Tensor) -> Tensor:
        """Backgrounds float[B, 3, 64, 64]."""
        kind = self.background[which]
        moved = torch.where(lot[:, :1] < 0.35, 0.0, 1.0)  # many a background is exactly of its colour
        shade = 1 + moved * 0.24 * (lot[:, 1:2] - 0.6)
        colour = (self.colours[self.colour[which]] * shade + moved * 0.1 * (lot[:, 2:5] - 0.5)).clamp(0, 1)
        angle = 2 * math.pi * lot[:, 5, None, None]
        along = (self.x - 0.5) * torch.cos(angle) + (self.y - 0.5) * torch.sin(angle)
        fall = (moved * 0.45 * (lot[:, 6:7] - 0.5))[..., None, None] * along[:, None]
        behind = colour[..., None, None] + fall
        # Of a pattern: how often it comes, how it is turned, and where it begins.
        often = 2 * math.pi * (2.5 + 3 * lot[:, 7, None, None])
        turn = math.pi / 4 * (4 * lot[:, 8, None, None]).floor()
        one = often * (self.x * torch.cos(turn) + self.y * torch.sin(turn)) + 6 * lot[:, 9, None, None]
        other = often * (self.y * torch.cos(turn) - self.x * torch.sin(turn)) + 6 * lot[:, 10, None, None]
        striped, checked = torch.sin(one) > 0, torch.sin(one) * torch.sin(other) > 0
        dotted = torch.sin(one) * torch.sin(other) > 0.6
        dotted = dotted & (torch.sin(one) > 0)
        for index, marks in enumerate((striped, checked, dotted), start=1):
            behind = torch.where(((kind == index)[:, None, None] & marks)[:, None], 0.97, behind)
        line = 0.4 + 0.3 * lot[:, 11, None, None] + 0.03 * torch.sin(2 * math.pi * (self.x + lot[:, 12, None, None]))
        below = self.y > line
        for name, parts in self.ground.items():
            tint = 0.1 * (lot[:, 13:16] - 0.5)
            upper, lower = ((part + tint).clamp(0, 1)[..., None, None] for part in parts)
            place = torch.where(below[:, None], lower - 0.15 * (self.y - line)[:, None], upper + 0.1 * self.y[:, None])
            behind = torch.where((kind == BACKGROUNDS.index(name))[:, None, None, None], place, behind)
        stars = (torch.rand((len(which), SIDE, SIDE), device=self.device) > 0.985) & ~below
        stars = stars & (kind == BACKGROUNDS.index("night"))[:, None, None]
        return torch.where(stars[:, None], 0.95, behind).clamp(0, 1)

    def _seen(self, picture: Tensor, lot: Tensor) -> Tensor:
        """Pictures as cameras and files change them: lighter or darker, of more or less contrast, with noise."""
        changed = torch.where(lot[:, 0] < 0.4, 0.0, 1.0)[:, None, None, None]
        gain = 1 + changed * 0.2 * (lot[:, 1, None, None, None] - 0.5)
        shift = changed * 0.1 * (lot[:, 2, None, None, None] - 0.5)
        noise = changed * 0.04 * lot[:, 3, None, None, None] * torch.randn_like(picture)
        return ((picture - 0.5) * gain + 0.5 + shift + noise).clamp(0, 1)


def _painted(light: Tensor, alpha: Tensor, colour: Tensor) -> Tensor:
    """A drawing of ``light`` and ``alpha`` float[B, 1, H, W] in shades of one ``colour`` float[B, 3, 1, 1], dark to light."""
    light = 0.25 * alpha + 0.75 * light
    return colour * torch.minimum(alpha, 1.3 * light) + (1 - colour) * 1.2 * (light - 0.77 * alpha).clamp(min=0)


def drawings_of(drawings: Drawings) -> list[np.ndarray[tuple[int], np.dtype[np.int64]]]:
    """Of each subject (the kinds, then the names of ``drawings``) the drawings that show it."""
    of_name = [np.flatnonzero(drawings.named == name) for name in range(len(drawings.names))]
    places = {name: place for place, name in enumerate(drawings.names)}
    of_kind = [
        np.concatenate([of_name[places[name]] for name in kind.names if name in places] or [of_name[0][:0]])
        for kind in kinds()
    ]
    return [*of_kind, *of_name]


def subjects_of(drawings: Drawings, fewest: int = 1) -> list[int]:
    """Subjects of which there are drawings by at least so many makers."""
    return [
        subject
        for subject, found in enumerate(drawings_of(drawings))
        if len(set(drawings.made_by[found].tolist())) >= fewest
    ]


def drawn_of(drawings: Drawings, known: Sequence[int]) -> list[int]:
    """Those ``known`` subjects that there are ``drawings`` of."""
    there = set(subjects_of(drawings))
    return [subject for subject in known if subject in there]
