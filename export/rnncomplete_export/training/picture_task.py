"""Pictures as a task: what is said of each is written about it.

Pictures of composed scenes are composed anew in every batch, and beside the sentence it is learned what is at each place.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import torch
from torch.nn import functional

from rnncomplete.errors import SettingError
from rnncomplete_export.network.encoders import conditioned_network_of
from rnncomplete_export.network.picture_encoder import PictureEncoder
from rnncomplete_export.pictures.composing import PLACES
from rnncomplete_export.pictures.drawings import SIDE
from rnncomplete_export.pictures.grammar import telling
from rnncomplete_export.training.examples import Examples
from rnncomplete_export.training.source_task import SourceTask
from rnncomplete_export.training.task import Learned, Shown, Validated

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lightning_fabric import Fabric
    from numpy.typing import NDArray
    from torch import Tensor

    from rnncomplete_export.checkpoint import Checkpoint
    from rnncomplete_export.network.conditioned_network import ConditionedNetwork
    from rnncomplete_export.pictures.album import Album
    from rnncomplete_export.pictures.composing import Composer
    from rnncomplete_export.texts.corpus import Corpus
    from rnncomplete_export.training.configuration import TrainingConfig

GREY = 0.5
"""What there is everywhere in no picture."""

PLACES_WEIGHT = 0.5
"""What finding the thing at a place weighs beside writing a character."""

CODES = 128
"""Numbers that stand for a subject, for a decoder to read."""

TOLD = 0.5
"""Share of the pictures of which a decoder that learns is told what is at their places, whatever the encoder takes it for."""

NOTHING = 0.25
"""Share of the places with nothing that count where places alone are learned."""

AT_ONCE = 128
"""Pictures that maps are made of side by side."""

MIRRORED = ("left", "right")
"""Words of a caption of which the mirror image would be untrue."""


class FixedPictures:
    """The pictures of an album, one for each of its captions; ``moved`` by a few pixels, some mirrored, if they are trained on."""

    def __init__(self, album: Album, device: torch.device, *, moved: bool = False) -> None:
        self.lengths: NDArray[np.int64] = np.full(len(album.captions), PLACES * PLACES)
        self._pictures = torch.from_numpy(album.pictures).to(device)
        self._places = None if album.places is None else torch.from_numpy(album.places).to(device)
        self.places: Tensor | None = None
        """What is in the places of the pictures that were taken last, int64[B, 8, 8], where it is known."""
        self._of = torch.from_numpy(album.of).to(device)
        self._moved = moved
        straight = [not any(word in caption for word in MIRRORED) for caption in album.captions]
        self._straight = torch.tensor(straight, device=device)

    def take(self, which: Tensor, empty: Tensor, longest: int) -> Tensor:  # noqa: ARG002 - all are as long
        """float32[B, 3, 64, 64], 0 to 1."""
        pictures = self._pictures[self._of[which]].float() / 255
        if self._places is not None:
            self.places = self._places[self._of[which]].long().masked_fill(empty[:, None, None], 0)
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


class KeptMaps:
    """What an ``encoder`` made of n ``pictures``, once, which is taken instead of them: when the first is taken.

    In the precision of ``fabric``. ``progress`` is told how many were made of all.
    """

    def __init__(
        self,
        pictures: ComposedPictures,
        encoder: PictureEncoder,
        fabric: Fabric,
        seed: int,
        progress: Callable[[int, int], None] = lambda *_: None,
    ) -> None:
        self.lengths = pictures.lengths
        self.places: Tensor | None = None
        """What is in the places of the maps that were taken last, int64[B, 8, 8]."""
        self._pictures, self._encoder, self._fabric, self._seed, self._progress = (
            pictures,
            encoder,
            fabric,
            seed,
            progress,
        )
        self._maps = torch.empty(0)

    def take(self, which: Tensor, empty: Tensor, longest: int) -> Tensor:  # noqa: ARG002 - all are as long
        """float32[B, P, W]."""
        if not len(self._maps):
            with torch.random.fork_rng(devices=[]), self._fabric.autocast():
                torch.manual_seed(self._seed)
                self._make()
        self.places = self._places[which].long().masked_fill(empty[:, None, None], 0)
        return torch.where(empty[:, None, None], self._nothing, self._maps[which].float())

    @torch.no_grad()
    def _make(self) -> None:
        count, encoder, device = len(self.lengths), self._encoder, self._encoder.coordinates.device
        none = torch.zeros(AT_ONCE, dtype=torch.bool, device=device)
        maps = places = torch.empty(0)
        for begin in range(0, count, AT_ONCE):
            which = torch.arange(begin, min(count, begin + AT_ONCE), device=device)
            seen = self._pictures.take(which, none[: len(which)], 0)
            assert self._pictures.places is not None, "they were taken"
            features = encoder.features(seen).bfloat16()
            if not begin:  # gigabytes, which are not to be there twice
                maps = features.new_empty((count, *features.shape[1:]))
                places = which.new_empty((count, PLACES, PLACES), dtype=torch.int16)
            maps[which], places[which] = features, self._pictures.places.short()
            self._progress(begin + len(which), count)
        self._maps, self._places = maps, places
        self._nothing = encoder.features(torch.full((1, 3, SIDE, SIDE), GREY, device=device))


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
    """As :class:`SourceTask`; of composed scenes it is learned what is at each place, too, or that alone, or all but that.

    The name of each place is in ``subjects``, without the first, which is nothing.
    """

    subjects: Sequence[str] = ()

    def keep_maps(self, progress: Callable[[int, int], None]) -> None:
        """Let the convolutions and the readout of places be as they are, and read the pictures that are trained on once."""
        encoder, sources = self.network.encoder, self.training.sources
        assert isinstance(encoder, PictureEncoder), "of pictures"
        assert isinstance(sources, ComposedPictures), "of scenes"
        for part in (encoder.convolutions, encoder.subjects):
            if part is not None:
                part.requires_grad_(requires_grad=False)
        self.training.sources = KeptMaps(sources, encoder, self.fabric, self.config.seed, progress)

    def learn(self, module: Any, updates: int, share: float) -> Learned:
        """One batch, whose pictures, like all that is drawn by lot, are a function of the number of ``updates``."""
        torch.manual_seed((self.config.seed << 32) + updates)
        if self.config.learns == "places":
            batch = self.training.batch(updates)
            lost = self._lost_places(self._found(batch.source))
            return Learned(lost, lost.detach(), batch.characters)
        self._places_lost: Tensor | None = None
        learned = super().learn(module, updates, share)
        if self._places_lost is None:
            return learned
        return learned._replace(loss=learned.loss + PLACES_WEIGHT * self._places_lost)

    def write(self, module: Any, source: Tensor, inputs: Tensor) -> Tensor:
        """As :meth:`SourceTask.write`; of half of the pictures whose places are known it is told what they are."""
        places = getattr(self.training.sources, "places", None)
        if places is None:
            return super().write(module, source, inputs)
        encoder, network = self.network.encoder, self.network
        assert isinstance(encoder, PictureEncoder), "of pictures"
        with self.fabric.autocast():
            features = encoder.dropped(encoder.features(source))
            found = encoder.found(features)
            told = torch.rand((len(source), 1)).to(source.device) < TOLD
            context = encoder.context(features, found, torch.where(told, places.flatten(1), -1))
            logits = network.write(context, inputs)[0]
        if self.config.learns == "all":
            self._places_lost = functional.cross_entropy(found.flatten(0, 1), places.flatten())
        return logits.float()

    def _found(self, pictures: Tensor) -> Tensor:
        encoder = self.network.encoder
        assert isinstance(encoder, PictureEncoder), "of pictures"
        with self.fabric.autocast():
            return encoder.found(encoder.dropped(encoder.features(pictures)))

    def _lost_places(self, found: Tensor) -> Tensor:
        """Nats for each place, of which those with nothing are many and easy: a part of them counts."""
        places = _places(self.training).flatten()
        counted = (places > 0) | (torch.rand(places.shape).to(places.device) < NOTHING)
        return functional.cross_entropy(
            found.flatten(0, 1)[counted], places[counted], label_smoothing=self.config.label_smoothing
        )

    @torch.no_grad()
    def _places_held_out(self, network: Any) -> Validated:
        """Nats for each place of the pictures held out, and how many of those with things are named right."""
        nats, right, there, seen = 0.0, 0, 0, 0
        for _, batch in self.validation.each():
            found = network.encoder.found(network.encoder.features(batch.source)).flatten(0, 1)
            places = _places(self.validation).flatten()
            nats += functional.cross_entropy(found, places, reduction="sum").item()
            things = places > 0
            right += int((found.argmax(dim=-1) == places)[things].sum())
            there, seen = there + int(things.sum()), seen + len(places)
        nats /= seen
        return Validated(
            nats, nats, f" (of a place), {100 * right / max(1, there):.1f} % of the places with things right"
        )

    def validate(self, network: Any) -> Validated:
        """Loss on what is held out."""
        return self._places_held_out(network) if self.config.learns == "places" else super().validate(network)

    @torch.no_grad()
    def show(self, network: Any) -> Shown:
        """Loss on what is held out, and what is written about some of it, or found in it."""
        if self.config.learns != "places":
            return super().show(network)
        which, source = self.shown()
        found = network.encoder.found(network.encoder.features(source)).argmax(dim=-1)
        lines = []
        for number, places in zip(which, found, strict=True):
            things, count = places[places > 0].unique(return_counts=True)
            named = [self.subjects[int(thing) - 1] for thing in things[count.argsort(descending=True)]]
            lines.append(f"{self._told[number]}\n> {', '.join(named[:4])}")
        return Shown(self._places_held_out(network).nats, "\n".join(lines), {})


Subjects: TypeAlias = "tuple[tuple[str, ...], ...]"


def _places(examples: Examples) -> Tensor:
    """What is in the places of the pictures that were taken last of ``examples``, int64[B, 8, 8]."""
    places: Tensor | None = getattr(examples.sources, "places", None)
    assert places is not None, "pictures were taken of which it is known"
    return places


@dataclass(frozen=True)
class Pictured:
    """What is learned from: sources and their captions, and an album held out."""

    corpus: Corpus
    """The captions, a line each, those held out last."""
    sources: ComposedPictures | FixedPictures
    captions: tuple[str, ...]
    kept: Album
    subjects: Subjects = ()
    """What a place may show but nothing, each by its name and what else it is called; empty where places are not known."""


def task_of_pictures(
    pictured: Pictured,
    config: TrainingConfig,
    fabric: Fabric,
    base: Checkpoint | None = None,
    progress: Callable[[int, int], None] = lambda *_: None,
) -> PictureTask:
    """What is learned from pictures, beginning with the weights of ``base``, whose configuration is of the same shape.

    ``progress`` is told of how many pictures maps were made, where they are made once.
    """
    corpus, kept = pictured.corpus, pictured.kept
    if corpus.split < config.batch * config.window:
        raise SettingError(
            f"an update writes {config.batch:,} x {config.window:,} characters, and there are {corpus.split:,} to train on; "
            "expected no more than those: give more pictures, or a smaller --batch or --window"
        )
    if config.learns != "all" and not pictured.subjects:
        raise SettingError(f"--learns {config.learns} of pictures with captions; expected a folder of drawings, or all")
    vocabulary, device = corpus.vocabulary, fabric.device
    newline = vocabulary.token("\n")

    def examples(
        sources: ComposedPictures | FixedPictures,
        captions: tuple[str, ...],
        places: Sequence[Sequence[int]] | None = None,
    ) -> Examples:
        lines = [np.array(vocabulary.encode(caption), np.uint16) for caption in captions]
        size = config.batch * (config.window + PLACES * PLACES)
        return Examples(sources, lines, size=size, newline=newline, seed=config.seed, device=device, telling=places)

    places = [telling(caption) for caption in pictured.captions] if pictured.subjects else None
    training = examples(pictured.sources, pictured.captions, places)
    of = "captions"
    if pictured.subjects:
        of = "scenes, composed once" if config.learns == "words" else "scenes, composed anew each time"
    source: dict[str, Any] = {"kind": "picture", "size": SIDE}
    if pictured.subjects:
        source |= {"subjects": len(pictured.subjects) + 1, "codes": CODES}
    task = PictureTask(
        training,
        examples(FixedPictures(kept, device), kept.captions),
        vocabulary,
        config,
        fabric,
        source=source,
        told=[kept.names[place] for place in kept.of],
        about=(
            f"{training.count:,} {of}, {corpus.split:,} characters of {len(vocabulary)} kinds; "
            f"{len(kept.pictures):,} pictures kept for validation\n"
        ),
        corpus={**corpus.facts(), "pictures": training.count},
        network=_inherited(base, source, config.dropout) if base else None,
    )
    task.subjects = [names[0] for names in pictured.subjects]
    encoder = task.network.encoder
    if base is None and isinstance(encoder, PictureEncoder):
        encoder.begin_with(pictured.subjects)
    if config.learns == "words":
        task.keep_maps(progress)
    return task


def _inherited(base: Checkpoint, source: dict[str, Any], dropout: float) -> ConditionedNetwork:
    """The network of ``base``; raises :class:`SettingError` if it is of another ``source``."""
    if base.facts.get("source") != source:
        raise SettingError(
            f"--from a training with the source {base.facts.get('source')}; expected {source}: the same drawings"
        )
    return conditioned_network_of(base, dropout=dropout).train()
