"""From a folder of pictures, or of drawings to compose, to what is learned from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from rnncomplete.errors import SettingError
from rnncomplete.files import replace_file
from rnncomplete.text.characters import NORMALISATIONS, normalise
from rnncomplete_export.checkpoint import make_folder
from rnncomplete_export.pictures.album import compose_album, compose_some
from rnncomplete_export.pictures.composing import Composer, drawn_of, subjects_of
from rnncomplete_export.pictures.drawings import read_drawings
from rnncomplete_export.pictures.folders import read_albums
from rnncomplete_export.pictures.kinds import kinds
from rnncomplete_export.pictures.scenes import WITH_PAIRS, check_subjects, draw_scenes
from rnncomplete_export.texts.corpus import build_corpus
from rnncomplete_export.training.picture_examples import FIGURES, READ_AGAIN, save_album
from rnncomplete_export.training.picture_task import ComposedPictures, FixedPictures, Pictured

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import torch

    from rnncomplete.text.vocabulary import Vocabulary
    from rnncomplete_export.pictures.drawings import Drawings
    from rnncomplete_export.texts.corpus import Corpus

CAPTIONS = "captions.txt"
"""In the folder of a training: what is said of the pictures, a line each."""

SCENES = 400_000
"""Scenes that are drawn by lot to train on; each is composed anew whenever it comes."""

VALIDATED = 2_000
"""Scenes held out on which a training is validated."""

FEWEST_MAKERS = 2
"""Of drawings of a subject, for it to be in scenes to train on."""


@dataclass(frozen=True)
class Makers:
    """Drawings by whom is trained on, those of a maker never seen, and the subjects that are known."""

    seen: Drawings
    unseen: Drawings
    unseen_maker: str
    subjects: tuple[int, ...]


def makers_of(path: Path, unseen: str | None, progress: Callable[[int, int], None] = lambda *_: None) -> Makers:
    """The drawings in ``path``, those of the maker ``unseen`` apart: of the one with the fewest, if it is not said.

    ``progress`` is told how many drawings were read of all.
    """
    drawings = read_drawings(path, progress)
    counts = np.bincount(drawings.made_by, minlength=len(drawings.makers))
    maker = unseen or drawings.makers[int(counts.argmin())]
    if maker not in drawings.makers or len(drawings.makers) <= FEWEST_MAKERS:
        raise SettingError(
            f"drawings by {', '.join(drawings.makers)}, and {maker!r} is to be held out; expected one of more than "
            f"{FEWEST_MAKERS} makers"
        )
    seen, held_out = drawings.by([other for other in drawings.makers if other != maker]), drawings.by([maker])
    subjects = tuple(subjects_of(seen, FEWEST_MAKERS))
    for kept_back in (False, True):
        check_subjects(f"at least {FEWEST_MAKERS} makers", subjects, kept_back=kept_back)
    check_subjects(maker, drawn_of(held_out, subjects), kept_back=True)
    return Makers(seen, held_out, maker, subjects)


def compose_pictured(
    makers: Makers,
    folder: Path,
    count: int,
    *,
    seed: int,
    device: torch.device,
    known: Vocabulary | None = None,
    expected_sha256: str | None = None,
) -> Pictured:
    """``count`` scenes of drawings to learn from, and scenes with pairs of kinds kept back, by the same makers, to validate on.

    The maker never seen has no say in which weights are the best, nor in any number that an export tunes.
    """
    scenes = draw_scenes(count, seed, makers.seen.names, makers.subjects)
    validated = min(VALIDATED, max(50, count // 20))
    _, kept = compose_some(makers.seen, makers.subjects, validated, seed + 1, device, sorts=WITH_PAIRS)
    corpus, (captions, kept_captions) = corpus_of(
        scenes.texts, kept.captions, folder, known=known, expected_sha256=expected_sha256
    )
    scenes, kept = replace(scenes, texts=captions), replace(kept, captions=kept_captions)
    last = scenes.take(range(max(0, len(scenes) - READ_AGAIN), len(scenes)))
    save_album(folder, compose_album(makers.seen, last, seed + 2, device), kept)
    composer = Composer(makers.seen, scenes, device, varied=True)
    sources = ComposedPictures(composer, len(scenes))
    return Pictured(corpus, sources, captions, kept, subjects=called(makers.seen.names))


def called(names: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """Each of the ``names`` of drawings with what sentences call what it names, if that is something else."""
    nouns = {name: kind.singular for kind in kinds() for name in kind.names}
    return tuple((name,) if nouns.get(name, name) == name else (name, nouns[name]) for name in names)


def read_pictured(
    path: Path,
    folder: Path,
    *,
    device: torch.device,
    known: Vocabulary | None = None,
    expected_sha256: str | None = None,
    skipped: Callable[[str], None] = lambda _: None,
    progress: Callable[[int, int], None] = lambda *_: None,
) -> Pictured:
    """The pictures with captions in ``path`` to learn from, and those held out."""
    trained, kept = read_albums(path, skipped=skipped, progress=progress)
    corpus, (captions, kept_captions) = corpus_of(
        trained.captions, kept.captions, folder, known=known, expected_sha256=expected_sha256
    )
    trained, kept = replace(trained, captions=captions), replace(kept, captions=kept_captions)
    save_album(folder, trained.last(READ_AGAIN), kept)
    return Pictured(corpus, FixedPictures(trained, device, moved=True), trained.captions, kept)


def corpus_of(
    trained: Sequence[str],
    kept: Sequence[str],
    folder: Path,
    *,
    known: Vocabulary | None,
    expected_sha256: str | None,
) -> tuple[Corpus, tuple[tuple[str, ...], tuple[str, ...]]]:
    """Captions as a text, a line each, encoded into ``folder``; those ``kept`` are held out. The captions, normalised."""
    normalisation = known.normalisation if known else NORMALISATIONS
    trained, kept = (
        tuple(" ".join(normalise(caption, normalisation).split()) for caption in captions)
        for captions in (trained, kept)
    )
    make_folder(folder)
    (folder / FIGURES).unlink(missing_ok=True)  # of another training
    text = folder / CAPTIONS
    replace_file(text, "".join(f"{caption}\n" for caption in (*trained, *kept)).encode())
    held_out = sum(len(caption) + 1 for caption in kept)
    corpus = build_corpus([text], folder, known=known, held_out=held_out, expected_sha256=expected_sha256)
    return corpus, (trained, kept)
