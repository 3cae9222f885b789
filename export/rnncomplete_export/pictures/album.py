"""An album: pictures that stay as they are, and what is said of each, as it is read from a folder or composed once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from rnncomplete_export.pictures.composing import PLACES, Composer, drawn_of
from rnncomplete_export.pictures.drawings import SIDE
from rnncomplete_export.pictures.scenes import draw_scenes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from rnncomplete_export.pictures.drawings import Drawings
    from rnncomplete_export.pictures.scenes import Scenes

AT_ONCE = 256
"""Pictures that are composed side by side."""


@dataclass(frozen=True)
class Album:
    """n pictures, and m captions of them."""

    pictures: NDArray[np.uint8]
    """[n, 3, 64, 64]: red, green, blue."""
    of: NDArray[np.int64]
    """[m]: the picture of each caption."""
    captions: tuple[str, ...]
    names: tuple[str, ...]
    """What each picture is called, for people: its file, or what it shows."""
    places: NDArray[np.int16] | None = None
    """[n, 8, 8], where it is known: names at the places of each, as :meth:`Composer.compose` counts them."""

    def last(self, most: int) -> Album:
        """The pictures of the last captions, ``most`` of them, with these alone."""
        of = self.of[-most:]
        pictures, places = np.unique(of, return_inverse=True)
        names = tuple(self.names[picture] for picture in pictures)
        there = None if self.places is None else self.places[pictures]
        return Album(self.pictures[pictures], places.astype(np.int64), self.captions[-most:], names, there)

    def take(self, chosen: NDArray[np.bool_]) -> Album:
        """The pictures ``chosen`` bool[n], with their captions."""
        kept = chosen[self.of]
        places = np.cumsum(chosen) - 1
        return Album(
            self.pictures[chosen],
            places[self.of[kept]],
            tuple(caption for caption, here in zip(self.captions, kept, strict=True) if here),
            tuple(name for name, here in zip(self.names, chosen, strict=True) if here),
            None if self.places is None else self.places[chosen],
        )


def compose_album(drawings: Drawings, scenes: Scenes, seed: int, device: torch.device) -> Album:
    """One picture of each scene."""
    composer = Composer(drawings, scenes, device)
    pictures = np.empty((len(scenes), 3, SIDE, SIDE), np.uint8)
    places = np.empty((len(scenes), PLACES, PLACES), np.int16)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for begin in range(0, len(scenes), AT_ONCE):
            which = torch.arange(begin, min(len(scenes), begin + AT_ONCE), device=composer.device)
            made, there = composer.compose(which)
            pictures[begin : begin + len(which)] = (made * 255).round().byte().cpu().numpy()
            places[begin : begin + len(which)] = there.cpu().numpy()
    return Album(pictures, np.arange(len(scenes)), scenes.texts, scenes.texts, places)


def compose_some(
    drawings: Drawings,
    known: Sequence[int],
    count: int,
    seed: int,
    device: torch.device,
    *,
    sorts: Sequence[int] | None = None,
) -> tuple[Scenes, Album]:
    """``count`` scenes of those ``known`` subjects that there are ``drawings`` of, with pairs kept back, and their pictures."""
    scenes = draw_scenes(count, seed, drawings.names, drawn_of(drawings, known), sorts=sorts, kept_back=True)
    return scenes, compose_album(drawings, scenes, seed, device)


def drawn_whole(drawings: Drawings) -> NDArray[np.uint8]:
    """Each drawing alone on white, uint8[N, 3, 64, 64]."""
    alpha = drawings.pictures[:, 3:].astype(np.uint16)
    return (drawings.pictures[:, :3] + (255 - alpha)).astype(np.uint8)
