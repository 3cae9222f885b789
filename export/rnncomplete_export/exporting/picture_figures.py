"""How well a style describes pictures that are held out, beside the nearest pictures that were trained on."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import torch

from rnncomplete_export.exporting.translation_figures import scores
from rnncomplete_export.network.picture_encoder import PictureEncoder
from rnncomplete_export.network.writing import written_lines
from rnncomplete_export.pictures.album import compose_album, compose_some, drawn_whole
from rnncomplete_export.pictures.grammar import INVERSE, parse, sentence
from rnncomplete_export.pictures.kinds import kinds
from rnncomplete_export.pictures.scenes import PAIR, draw_scenes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from rnncomplete.network.card import DescriptionFigures
    from rnncomplete.text.vocabulary import Vocabulary
    from rnncomplete_export.network.conditioned_network import ConditionedNetwork
    from rnncomplete_export.pictures.album import Album
    from rnncomplete_export.pictures.grammar import Group, Scene
    from rnncomplete_export.training.pictured import Makers

REFERENCES = 8
"""Sentences of the grammar about a scene that what is written is compared with."""

LONGEST = 240
"""Characters of a description."""

AT_ONCE = 128
"""Pictures described side by side."""

BEAM = 4
"""Hypotheses of the beam search."""

COMPARABLE = ("backgrounds", "bleu")
"""Figures of the nearest scene known: it cannot have the objects, as its pairs of kinds are others than those kept back."""

SHOWN = 6
"""Descriptions that are shown of each part."""

MEASURED_SEED = 77
"""Of the scenes that are measured on: others than those a training is validated on."""

Figures = dict[str, float]


def describe(
    network: ConditionedNetwork, pictures: NDArray[np.uint8], vocabulary: Vocabulary, beam: int = 1
) -> list[str]:
    """What ``network`` says of ``pictures`` uint8[n, 3, 64, 64], on its device."""
    device, newline = network.embedding.weight.device, vocabulary.token("\n")
    told: list[str] = []
    for begin in range(0, len(pictures), AT_ONCE):
        source = torch.from_numpy(pictures[begin : begin + AT_ONCE]).to(device).float() / 255
        lines = written_lines(network, source, newline, LONGEST, beam=beam, suggestible=vocabulary.suggestible)
        told += map(vocabulary.decode, lines)
    return told


def scene_figures(told: Sequence[str], said: Sequence[Scene], seed: int) -> Figures:
    """Of scenes that were ``said`` and how they were ``told``: shares in per cent, and BLEU.

    Relations are counted where the objects are right, and left out where they are right nowhere.
    """
    from random import Random

    random = Random(seed)
    references = [list(dict.fromkeys(sentence(scene, random) for _ in range(REFERENCES))) for scene in said]
    read = [parse(text) for text in told]
    objects = [_objects(found.groups) == _objects(scene.groups) for found, scene in zip(read, said, strict=True)]
    related = []
    for found, scene, right in zip(read, said, objects, strict=True):
        if right and len(scene.groups) > 1:
            relation = scene.relations[0][1]
            same = [group.kind for group in found.groups[:2]] == [group.kind for group in scene.groups[:2]]
            expected = relation if same else INVERSE[relation]
            related.append(found.relation == expected)
    behind = [
        found.background is not None
        and found.background[0] == scene.background
        and found.background[1] in ("", scene.colour)
        for found, scene in zip(read, said, strict=True)
    ]
    bleu, _ = scores(list(told), references)
    relations = {"relations": _share(related)} if related else {}
    return {"objects": _share(objects), **relations, "backgrounds": _share(behind), "bleu": round(bleu, 2)}


def _objects(groups: Sequence[Group]) -> Counter[tuple[int, int]]:
    """Kinds and how many of each, in no order."""
    return Counter((group.kind, group.count) for group in groups)


def _share(right: Sequence[bool]) -> float:
    return round(100 * sum(right) / len(right), 2)


def composed_figures(
    network: ConditionedNetwork,
    makers: Makers,
    vocabulary: Vocabulary,
    *,
    count: int = 1_000,
    neighbours: int = 20_000,
    say: Callable[[str], None] = lambda _: None,
) -> dict[str, Figures]:
    """Of ``network`` on scenes of two things, of a maker never seen and of those seen, and on single drawings."""
    device = network.embedding.weight.device
    trained = draw_scenes(neighbours, MEASURED_SEED, makers.seen.names, makers.subjects, sorts=(PAIR,))
    known = compose_album(makers.seen, trained, MEASURED_SEED, device)
    figures: dict[str, Figures] = {}
    for name, drawings in (("unseen maker", makers.unseen), ("seen makers", makers.seen)):
        scenes, album = compose_some(drawings, makers.subjects, count, MEASURED_SEED, device, sorts=(PAIR,))
        said = [scene for scene in scenes.said if scene is not None]
        for way, beam in (("", 1), (f", beam {BEAM}", BEAM)):
            told = describe(network, album.pictures, vocabulary, beam)
            figures[f"scenes of two, {name}{way}"] = scene_figures(told, said, MEASURED_SEED)
        for place in range(min(SHOWN, count)):
            say(f"{album.captions[place]}\n> {told[place]}")
        for what, near in nearest(network, album.pictures, known.pictures).items():
            told = [known.captions[number] for number in near]
            theirs = scene_figures(told, said, MEASURED_SEED)
            figures[f"scenes of two, {name}, nearest in {what}"] = {part: theirs[part] for part in COMPARABLE}
    return figures | {"drawings of the unseen maker": named_figures(network, makers, vocabulary, say)}


def named_figures(
    network: ConditionedNetwork, makers: Makers, vocabulary: Vocabulary, say: Callable[[str], None]
) -> Figures:
    """How many single drawings of the maker never seen are named exactly, of those whose names were learned."""
    learned = {subject - len(kinds()) for subject in makers.subjects}
    mine = np.array([int(name) in learned for name in makers.unseen.named])
    names = [vocabulary.normalise(makers.unseen.names[name]) for name in makers.unseen.named[mine]]
    pictures, known = drawn_whole(makers.unseen)[mine], drawn_whole(makers.seen)
    told = describe(network, pictures, vocabulary)
    beamed = describe(network, pictures, vocabulary, BEAM)
    for place in np.linspace(0, len(names) - 1, SHOWN, dtype=np.int64):
        say(f"{names[place]}\n> {told[place]}")
    figures = {
        "drawings": float(len(names)),
        "named": _share([a == b for a, b in zip(told, names, strict=True)]),
        f"named, beam {BEAM}": _share([a == b for a, b in zip(beamed, names, strict=True)]),
    }
    for what, near in nearest(network, pictures, known).items():
        theirs = [vocabulary.normalise(makers.seen.names[makers.seen.named[number]]) for number in near]
        figures[f"named, nearest in {what}"] = _share([a == b for a, b in zip(theirs, names, strict=True)])
    return figures


def album_figures(
    network: ConditionedNetwork, kept: Album, vocabulary: Vocabulary, say: Callable[[str], None] = lambda _: None
) -> DescriptionFigures:
    """Of ``network`` on the pictures of an album, against all captions of each."""
    told = describe(network, kept.pictures, vocabulary)
    references = [
        [vocabulary.normalise(kept.captions[caption]) for caption in np.flatnonzero(kept.of == picture)]
        for picture in range(len(kept.pictures))
    ]
    for place in range(min(SHOWN, len(told))):
        say(f"{kept.names[place]}\n> {told[place]}")
    bleu, chrf = scores(told, references)
    return {"pictures": len(told), "bleu": round(bleu, 2), "chrf": round(chrf, 2)}


@torch.no_grad()
def nearest(
    network: ConditionedNetwork, pictures: NDArray[np.uint8], known: NDArray[np.uint8]
) -> dict[str, NDArray[np.int64]]:
    """The nearest of the ``known`` pictures to each of ``pictures``: in their pixels, and in what the encoder makes of them."""
    assert isinstance(network.encoder, PictureEncoder), "an encoder of pictures"
    device, encoder = network.embedding.weight.device, network.encoder

    def features(chosen: NDArray[np.uint8], *, encoded: bool) -> Tensor:
        parts = []
        for begin in range(0, len(chosen), AT_ONCE):
            source = torch.from_numpy(chosen[begin : begin + AT_ONCE]).to(device).float() / 255
            seen = encoder.features(source) if encoded else torch.nn.functional.avg_pool2d(source, 2) - 0.5
            parts.append(torch.nn.functional.normalize(seen.flatten(1), dim=1))
        return torch.cat(parts)

    found = {}
    for what, encoded in (("pixels", False), ("features", True)):
        mine, theirs = features(pictures, encoded=encoded), features(known, encoded=encoded)
        best = [(mine[at : at + AT_ONCE] @ theirs.T).argmax(1) for at in range(0, len(mine), AT_ONCE)]
        found[what] = torch.cat(best).cpu().numpy()
    return found


def tell_figures(figures: Mapping[str, Mapping[str, object]]) -> str:
    """The figures for people, a line each."""
    return "\n".join(
        f"{what}: " + ", ".join(f"{name} {value}" for name, value in of.items()) for what, of in figures.items()
    )
