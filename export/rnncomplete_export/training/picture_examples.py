"""Pictures and their captions beside a checkpoint, from which a style is exported."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from rnncomplete.errors import CheckpointError
from rnncomplete.files import replaced_file
from rnncomplete_export.checkpoint import vocabulary_of, way_out
from rnncomplete_export.pictures.album import Album
from rnncomplete_export.texts.corpus import Corpus, open_tokens
from rnncomplete_export.texts.pairs import lines_of
from rnncomplete_export.training.examples import Examples
from rnncomplete_export.training.picture_task import FixedPictures

if TYPE_CHECKING:
    from pathlib import Path

    import torch
    from numpy.typing import NDArray

    from rnncomplete.network.model import FloatArray
    from rnncomplete.text.vocabulary import Vocabulary
    from rnncomplete_export.training.configuration import TrainingConfig

ALBUM = "album.npz"
"""In the folder of a training: the pictures held out, and those of the last captions trained on."""

FIGURES = "scenes.json"
"""In the same folder: what was found of the best weights on composed scenes of a maker never seen, at the end."""

READ_AGAIN = 1_000
"""Captions trained on whose pictures are kept: on them it is learned what counts of captions are worth beside the network."""


def save_album(folder: Path, trained: Album, kept: Album) -> None:
    """Keep the pictures ``kept`` for validation, and those ``trained`` on that an export reads again."""
    with replaced_file(folder / ALBUM) as path, path.open("wb") as file:
        np.savez(
            file,
            pictures=np.concatenate((trained.pictures, kept.pictures)),
            of=np.concatenate((trained.of, kept.of + len(trained.pictures))),
            held_out=np.array(len(kept.captions)),
            names=np.array((*trained.names, *kept.names)),
        )


class PictureExamples:
    """All captions, of which the pictures of the last ones are at hand."""

    lines_follow = False
    """A caption is a text of its own."""

    def __init__(
        self, folder: Path, vocabulary: Vocabulary, config: TrainingConfig, device: torch.device, sha256: str = ""
    ) -> None:
        """Raises :class:`CheckpointError` if the folder does not hold them."""
        self.vocabulary, self._config, self._device = vocabulary, config, device
        self.scenes: dict[str, dict[str, float]] = {}
        """Figures of composed scenes, where pictures are such."""
        newline = vocabulary.token("\n")
        try:
            with np.load(folder / ALBUM, allow_pickle=False) as held:
                self._pictures: NDArray[np.uint8] = held["pictures"]
                self._of: NDArray[np.int64] = held["of"]
                held_out = int(held["held_out"])
                self.names = tuple(map(str, held["names"]))
            if (folder / FIGURES).is_file():
                self.scenes = json.loads((folder / FIGURES).read_bytes())
            self.corpus = Corpus(vocabulary, open_tokens(folder), sha256, 1)
        except (OSError, ValueError, KeyError) as error:
            raise CheckpointError(
                f"{folder} does not hold the pictures of this training ({error}); {way_out(folder)}"
            ) from None
        self._lines = [line[:-1] for line in lines_of(self.corpus.tokens, newline)]
        self.split, self.count = len(self._lines) - held_out, len(self._lines)

    @property
    def first_at_hand(self) -> int:
        """The first caption whose picture is."""
        return self.count - len(self._of)

    def line(self, number: int) -> NDArray[np.uint16]:
        """The tokens of a caption."""
        return self._lines[number]

    def source(self, number: int) -> FloatArray:
        """Its picture float32[3, 64, 64], which must be at hand."""
        picture: FloatArray = self._pictures[self._place(number)].astype(np.float32) / np.float32(255)
        return picture

    def of(self, which: NDArray[np.int64]) -> Examples:
        """Some captions, whose pictures must be at hand."""
        captions = tuple(self.vocabulary.decode(self._lines[number].tolist()) for number in which)
        places = np.array([self._place(int(number)) for number in which], np.int64)
        sources = FixedPictures(Album(self._pictures, places, captions, self.names), self._device)
        return Examples(
            sources,
            [self._lines[number] for number in which],
            size=self._config.batch * self._config.window,
            newline=self.vocabulary.token("\n"),
            seed=self._config.seed,
            device=self._device,
        )

    def named(self, which: NDArray[np.int64]) -> NDArray[np.int64]:
        """None of them."""
        return which[:0]

    def disguised(self, which: NDArray[np.int64]) -> PictureExamples:  # noqa: ARG002 - a picture has no names
        """The same."""
        return self

    def album(self, most: int) -> Album:
        """The first of the pictures held out, ``most`` of them, with all their captions."""
        first = int(self._of[len(self._of) - (self.count - self.split)])
        end = min(len(self._pictures), first + most)
        lines = np.flatnonzero((self._of >= first) & (self._of < end))
        captions = tuple(self.vocabulary.decode(self._lines[self.first_at_hand + line].tolist()) for line in lines)
        return Album(self._pictures[first:end], self._of[lines] - first, captions, self.names[first:end])

    def _place(self, number: int) -> int:
        assert number >= self.first_at_hand, "its picture was kept"
        return int(self._of[number - self.first_at_hand])


def examples_beside(path: Path, facts: dict[str, Any], config: TrainingConfig, device: torch.device) -> PictureExamples:
    """What is beside the checkpoint at ``path`` with those ``facts``."""
    return PictureExamples(path.parent, vocabulary_of(facts), config, device, facts["corpus"]["sha256"])
