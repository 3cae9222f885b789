"""Pictures as a task: what is said of each is written about it.

Pictures of composed scenes are composed anew in every batch, and beside the sentence it is learned what is at each place.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.nn import functional

from rnncomplete.errors import SettingError
from rnncomplete_export.network.picture_encoder import PictureEncoder
from rnncomplete_export.pictures.composing import PLACES
from rnncomplete_export.pictures.drawings import SIDE
from rnncomplete_export.training.examples import Examples
from rnncomplete_export.training.source_task import SourceTask

if TYPE_CHECKING:
    from lightning_fabric import Fabric
    from numpy.typing import NDArray
    from torch import Tensor

    from rnncomplete_export.pictures.album import Album
    from rnncomplete_export.pictures.composing import Composer
    from rnncomplete_export.texts.corpus import Corpus
    from rnncomplete_export.training.configuration import TrainingConfig
    from rnncomplete_export.training.task import Learned

GREY = 0.5
"""What there is everywhere in no picture."""

PLACES_WEIGHT = 0.5
"""What finding the thing at a place weighs beside writing a character."""

CODES = 128
"""Numbers that stand for a subject, for a decoder to read."""

MIRRORED = ("left", "right")
"""Words of a caption of which the mirror image would be untrue."""


class FixedPictures:
    """The pictures of an album, one for each of its captions; ``moved`` by a few pixels, some mirrored, if they are trained on."""

    def __init__(self, album: Album, device: torch.device, *, moved: bool = False) -> None:
        self.lengths: NDArray[np.int64] = np.full(len(album.captions), PLACES * PLACES)
        self._pictures = torch.from_numpy(album.pictures).to(device)
        self._of = torch.from_numpy(album.of).to(device)
        self._moved = moved
        straight = [not any(word in caption for word in MIRRORED) for caption in album.captions]
        self._straight = torch.tensor(straight, device=device)

    def take(self, which: Tensor, empty: Tensor, longest: int) -> Tensor:  # noqa: ARG002 - all are as long
        """float32[B, 3, 64, 64], 0 to 1."""
        pictures = self._pictures[self._of[which]].float() / 255
        if self._moved:
            pictures = moved(pictures, self._straight[which])
        return torch.where(empty[:, None, None, None], GREY, pictures)


class ComposedPictures:
    """Pictures of n scenes, composed anew whenever they are taken."""

    def __init__(self, composer: Composer, count: int) -> None:
        self.lengths: NDArray[np.int64] = np.full(count, PLACES * PLACES)
        self.composer = composer
        self.places: Tensor | None = None
        """What is in the places of the pictures that were taken last, int64[B, 8, 8]."""

    def take(self, which: Tensor, empty: Tensor, longest: int) -> Tensor:  # noqa: ARG002 - all are as long
        """float32[B, 3, 64, 64], 0 to 1."""
        pictures, places = self.composer.compose(which)
        self.places = places.masked_fill(empty[:, None, None], 0)
        return torch.where(empty[:, None, None, None], GREY, pictures)


def moved(pictures: Tensor, mirrored: Tensor) -> Tensor:
    """``pictures`` float[B, 3, H, W] a little moved, lighter or darker; of those that may be ``mirrored`` half are."""
    lot = torch.rand((len(pictures), 6)).to(pictures.device)
    flip = torch.where((lot[:, 0] < 0.5) & mirrored, -1.0, 1.0)
    size = 0.85 + 0.15 * lot[:, 1]
    zero = torch.zeros_like(size)
    shift = (2 * lot[:, 2:4] - 1) * (1 - size)[:, None]
    rows = [torch.stack((flip * size, zero, shift[:, 0]), dim=1), torch.stack((zero, size, shift[:, 1]), dim=1)]
    grid = functional.affine_grid(torch.stack(rows, dim=1), list(pictures.shape), align_corners=False)
    sampled = functional.grid_sample(pictures, grid, padding_mode="border", align_corners=False)
    gain, light = 0.85 + 0.3 * lot[:, 4], 0.2 * (lot[:, 5] - 0.5)
    return ((sampled - 0.5) * gain[:, None, None, None] + 0.5 + light[:, None, None, None]).clamp(0, 1)


class PictureTask(SourceTask):
    """As :class:`SourceTask`; of composed scenes it is learned what is at each place, too."""

    def learn(self, module: Any, updates: int) -> Learned:
        """One batch, whose pictures, like all that is drawn by lot, are a function of the number of ``updates``."""
        torch.manual_seed((self.config.seed << 32) + updates)
        learned = super().learn(module, updates)
        encoder, sources = self.network.encoder, self.training.sources
        if not (isinstance(sources, ComposedPictures) and isinstance(encoder, PictureEncoder)):
            return learned
        assert sources.places is not None, "a batch was taken"
        found = encoder.found()
        lost = functional.cross_entropy(found.flatten(0, 1), sources.places.flatten())
        return learned._replace(loss=learned.loss + PLACES_WEIGHT * lost)


@dataclass(frozen=True)
class Pictured:
    """What is learned from: sources and their captions, and an album held out."""

    corpus: Corpus
    """The captions, a line each, those held out last."""
    sources: ComposedPictures | FixedPictures
    captions: tuple[str, ...]
    kept: Album
    subjects: int = 0
    """Names that a place may have, none among them; 0 where places are not known."""


def task_of_pictures(pictured: Pictured, config: TrainingConfig, fabric: Fabric) -> PictureTask:
    """What is learned from pictures."""
    corpus, kept = pictured.corpus, pictured.kept
    if corpus.split < config.batch * config.window:
        raise SettingError(
            f"an update writes {config.batch:,} x {config.window:,} characters, and there are {corpus.split:,} to train on; "
            "expected no more than those: give more pictures, or a smaller --batch or --window"
        )
    vocabulary, device = corpus.vocabulary, fabric.device
    newline = vocabulary.token("\n")

    def examples(sources: ComposedPictures | FixedPictures, captions: tuple[str, ...]) -> Examples:
        lines = [np.array(vocabulary.encode(caption), np.uint16) for caption in captions]
        size = config.batch * (config.window + PLACES * PLACES)
        return Examples(sources, lines, size=size, newline=newline, seed=config.seed, device=device)

    training = examples(pictured.sources, pictured.captions)
    of = "scenes, composed anew each time" if pictured.subjects else "captions"
    return PictureTask(
        training,
        examples(FixedPictures(kept, device), kept.captions),
        vocabulary,
        config,
        fabric,
        source={"kind": "picture", "size": SIDE}
        | ({"subjects": pictured.subjects, "codes": CODES} if pictured.subjects else {}),
        told=[kept.names[place] for place in kept.of],
        about=(
            f"{training.count:,} {of}, {corpus.split:,} characters of {len(vocabulary)} kinds; "
            f"{len(kept.pictures):,} pictures kept for validation\n"
        ),
        corpus={**corpus.facts(), "pictures": training.count},
    )
