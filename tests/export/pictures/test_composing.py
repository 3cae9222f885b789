"""Pictures show what scenes say."""

from __future__ import annotations

import shutil
from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from made_drawings import MAKERS, THINGS, write_drawings

from rnncomplete.errors import SettingError, TextError
from rnncomplete_export.exporting.picture_figures import scene_figures
from rnncomplete_export.exporting.source_style import weighed_from
from rnncomplete_export.pictures import composing
from rnncomplete_export.pictures.album import Album, compose_album, compose_some, drawn_whole
from rnncomplete_export.pictures.composing import RED_GREEN_BLUE, Composer, subjects_of
from rnncomplete_export.pictures.drawings import Drawings, pack_drawings, read_drawings
from rnncomplete_export.pictures.grammar import parse
from rnncomplete_export.pictures.kinds import COLOURS, kinds
from rnncomplete_export.pictures.scenes import NAMED, PAIR, WITH_PAIRS, draw_scenes, is_kept_back
from rnncomplete_export.training.configuration import TrainingConfig
from rnncomplete_export.training.picture_examples import ALBUM, PictureExamples, save_album
from rnncomplete_export.training.picture_task import ComposedPictures
from rnncomplete_export.training.pictured import compose_pictured, corpus_of, makers_of

if TYPE_CHECKING:
    from pathlib import Path

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_drawings(tmp_path_factory.mktemp("drawings"))


@pytest.fixture(scope="module")
def drawings(folder: Path) -> Drawings:
    return read_drawings(folder)


def test_a_packed_file_holds_what_the_folder_does(folder: Path, drawings: Drawings, tmp_path: Path) -> None:
    assert pack_drawings(folder, tmp_path / "packed.npz") == len(MAKERS) * len(THINGS)
    packed = read_drawings(tmp_path / "packed.npz")
    assert packed.names == drawings.names
    assert packed.makers == MAKERS
    np.testing.assert_array_equal(packed.named, drawings.named)
    assert np.abs(packed.pictures.astype(int) - drawings.pictures).mean() < 4


def test_what_holds_no_drawings_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TextError, match="not a folder of drawings"):
        read_drawings(tmp_path)
    (tmp_path / "odd.npz").write_bytes(b"odd")
    with pytest.raises(TextError, match="holds no drawings"):
        read_drawings(tmp_path / "odd.npz")


@pytest.mark.parametrize(
    ("captions", "said"),
    [
        ("code\tname\tgroup\n1\tcat\tAnimals\n", "line 2, has no hexcode"),
        ("hexcode\tname\tgroup\n1\tcat\n", "line 2, has no group"),
        ("hexcode\tname\tgroup\n../../1\tcat\tAnimals\n", "is not a hexcode"),
        ("hexcode\tname\tgroup\n2\tcat\tAnimals\n", "holds no drawings"),
        ("hexcode\tname\tgroup\n1\tcat\tAnimals\n", "1.png is not a picture"),
    ],
)
def test_what_is_wrong_with_a_folder_of_drawings_is_said(captions: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "captions.tsv").write_text(captions)
    (tmp_path / "png64" / "plain").mkdir(parents=True)
    (tmp_path / "png64" / "plain" / "1.png").write_bytes(b"torn")
    with pytest.raises(TextError, match=said):
        read_drawings(tmp_path)


def test_a_torn_packed_file_is_refused(folder: Path, tmp_path: Path) -> None:
    packed = tmp_path / "packed.npz"
    pack_drawings(folder, packed)
    packed.write_bytes(packed.read_bytes()[:-2000])
    with pytest.raises(TextError, match="holds no drawings"):
        read_drawings(packed)


@pytest.mark.parametrize("fewer", [0, 2, 5])
def test_makers_with_too_few_kinds_are_refused(fewer: int, folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "few")
    for drawing in sorted((tmp_path / "few" / "png64" / "thin").iterdir(), key=lambda path: int(path.stem, 16))[fewer:]:
        drawing.unlink()
    with pytest.raises((SettingError, TextError), match=f"by thin show {fewer} kinds|'thin' is to be held out"):
        makers_of(tmp_path / "few", "thin")


def test_places_are_where_the_drawings_are(drawings: Drawings) -> None:
    subjects = subjects_of(drawings)
    scenes = draw_scenes(200, 3, drawings.names, subjects, sorts=(PAIR,))
    torch.manual_seed(1)
    _, places = Composer(drawings, scenes, CPU).compose(torch.arange(200))
    right = 0
    for place in range(200):
        for slot in (0, 1):
            down, across = (int(axis[place, slot] // 8) for axis in (scenes.down, scenes.across))
            found = int(places[place, min(down, 7), min(across, 7)])
            right += found > 0 and drawings.names[found - 1] in kinds()[scenes.subject[place, slot]].names
    assert right > 370  # a few middles are hidden by what is in front


def test_backgrounds_have_the_colours_that_are_said(drawings: Drawings) -> None:
    scenes = draw_scenes(300, 4, drawings.names, subjects_of(drawings), sorts=(PAIR,))
    torch.manual_seed(1)
    pictures, places = Composer(drawings, scenes, CPU).compose(torch.arange(300))
    plain = np.flatnonzero(scenes.background == 0)
    nearest = []
    colours = torch.tensor([RED_GREEN_BLUE[colour] for colour in COLOURS])
    for place in plain:
        behind = pictures[place].reshape(3, 8, 8, 8, 8).mean(dim=(2, 4))[:, places[place] == 0].mean(dim=1)
        nearest.append(int((colours - behind).abs().sum(dim=1).argmin()) == scenes.colour[place])
    assert np.mean(nearest) > 0.8


def test_a_picture_is_a_function_of_the_seed_and_composed_anew_each_time(drawings: Drawings) -> None:
    scenes = draw_scenes(20, 3, drawings.names, subjects_of(drawings))
    composer = Composer(drawings, scenes, CPU)
    first, again, other = [], [], []
    for seed, kept in ((1, first), (1, again), (2, other)):
        torch.manual_seed(seed)
        kept.append(composer.compose(torch.arange(20))[0])
    assert torch.equal(first[0], again[0])
    assert not torch.equal(first[0], other[0])
    assert 0 <= float(first[0].min()) <= float(first[0].max()) <= 1


def test_drawings_of_a_maker_held_out_are_in_no_picture(folder: Path, drawings: Drawings, tmp_path: Path) -> None:
    read: list[tuple[int, int]] = []
    makers = makers_of(folder, "thin", lambda done, total: read.append((done, total)))
    assert read[-1] == (len(MAKERS) * len(THINGS),) * 2
    assert {makers.unseen.makers[place] for place in makers.unseen.made_by} == {"thin"}
    assert {makers.seen.makers[place] for place in makers.seen.made_by} == {"bold", "plain"}
    pictured = compose_pictured(makers, tmp_path / "training", 60, seed=1, device=CPU)
    assert isinstance(pictured.sources, ComposedPictures)
    composed = pictured.sources.composer.pictures.numpy()
    thin = drawings.pictures[drawings.made_by == MAKERS.index("thin")]
    assert len(composed) == 2 * len(THINGS)
    assert not (composed[:, None] == thin[None]).all(axis=(2, 3, 4)).any()


def test_an_album_is_the_same_each_time(drawings: Drawings) -> None:
    subjects = subjects_of(drawings)
    scenes, album = compose_some(drawings, subjects, 30, 7, CPU)
    before = torch.get_rng_state()
    again = compose_album(drawings, scenes, 7, CPU)
    np.testing.assert_array_equal(again.pictures, album.pictures)
    assert torch.equal(before, torch.get_rng_state())
    some = album.take(np.arange(30) % 2 == 1)
    assert some.captions == album.captions[1::2]
    np.testing.assert_array_equal(some.of, np.arange(15))


def test_a_drawing_alone_lies_on_white(drawings: Drawings) -> None:
    whole = drawn_whole(drawings)
    assert (whole[:, :, 0, 0] == 255).all()
    scenes = draw_scenes(5, 1, drawings.names, subjects_of(drawings), sorts=(NAMED,))
    assert set(scenes.texts) <= set(THINGS)


def test_scenes_held_out_have_pairs_kept_back_and_no_maker_never_seen(folder: Path, tmp_path: Path) -> None:
    makers = makers_of(folder, "thin")
    pictured = compose_pictured(makers, tmp_path / "one", 400, seed=1, device=CPU)
    things = [{group.kind for group in parse(caption).groups} for caption in pictured.kept.captions]
    assert len(things) == 50
    assert all(any(is_kept_back(one, other) for one, other in combinations(chosen, 2)) for chosen in things)
    assert not set(pictured.kept.captions) & set(pictured.captions)
    invisible = replace(makers.unseen, pictures=np.zeros_like(makers.unseen.pictures))
    other = compose_pictured(replace(makers, unseen=invisible), tmp_path / "other", 400, seed=1, device=CPU)
    np.testing.assert_array_equal(other.kept.pictures, pictured.kept.pictures)


def test_captions_are_learned_as_they_are_normalised(tmp_path: Path) -> None:
    corpus, (trained, kept) = corpus_of(
        ["a cafe\u0301\u2028at night", "a door"], ["a cafe\u0301"], tmp_path, known=None, expected_sha256=None
    )
    assert (trained, kept) == (("a caf\u00e9 at night", "a door"), ("a caf\u00e9",))
    assert corpus.vocabulary.decode(corpus.tokens[corpus.split :].tolist()) == "a caf\u00e9\n"


def test_captions_whose_pictures_were_not_kept_are_not_read_again(drawings: Drawings, tmp_path: Path) -> None:
    _, kept = compose_some(drawings, subjects_of(drawings), 10, 7, CPU, sorts=WITH_PAIRS)
    captions = [f"a door {number}" for number in range(40)]
    corpus, _ = corpus_of(captions, kept.captions, tmp_path, known=None, expected_sha256=None)
    last = Album(kept.pictures[:5], np.arange(5), tuple(captions[-5:]), kept.names[:5])
    save_album(tmp_path, last, kept)
    examples = PictureExamples(tmp_path, corpus.vocabulary, TrainingConfig(), CPU)
    assert (examples.first_at_hand, examples.split, examples.count) == (35, 40, 50)
    assert weighed_from(examples, 20_000) == 35
    assert weighed_from(examples, 20) == 38
    np.testing.assert_allclose(examples.source(35) * 255, kept.pictures[0], atol=1e-4)
    with pytest.raises(AssertionError):
        examples.source(34)


def test_an_album_that_cannot_be_written_leaves_the_one_before(
    drawings: Drawings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, album = compose_some(drawings, subjects_of(drawings), 3, 7, CPU, sorts=WITH_PAIRS)
    save_album(tmp_path, album, album)
    before = (tmp_path / ALBUM).read_bytes()

    savez = np.savez

    def full(file: Any, **_: object) -> None:
        savez(file, half=np.zeros(1))
        raise OSError("no space left")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(OSError, match="no space"):
        save_album(tmp_path, album, album)
    assert (tmp_path / ALBUM).read_bytes() == before


def test_relations_are_counted_where_objects_are_right_and_nowhere_else(drawings: Drawings) -> None:
    scenes = draw_scenes(20, 3, drawings.names, subjects_of(drawings), sorts=(PAIR,), kept_back=True)
    said = [scene for scene in scenes.said if scene is not None]
    assert scene_figures(scenes.texts, said, 1)["relations"] == 100
    assert scene_figures(["nothing"] * 20, said, 1).keys() == {"objects", "backgrounds", "bleu"}


@pytest.mark.parametrize(("way", "fewest"), [("BENT", 95), ("LINED", 20)])
def test_varied_drawings_are_bent_and_lined_where_they_were(
    way: str, fewest: int, drawings: Drawings, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenes = draw_scenes(100, 3, drawings.names, subjects_of(drawings), sorts=(PAIR,))
    made = []
    for much in (getattr(composing, way), 0.0):
        monkeypatch.setattr(composing, way, much)
        torch.manual_seed(1)
        made.append(Composer(drawings, scenes, CPU, varied=True).compose(torch.arange(100)))
    (other, places), (plain, there) = made
    assert 0 <= float(other.min()) <= float(other.max()) <= 1
    differ = (other - plain).abs().amax(dim=(1, 2, 3)) > 0.02
    assert fewest <= int(differ.sum()) <= 100, "all that is drawn by lot beside it is the same"
    both = (there > 0) & (places > 0)
    assert both.sum() > 0.8 * ((there > 0) | (places > 0)).sum(), "things are where they were"


def test_scenes_without_any_drawing_are_backgrounds(drawings: Drawings) -> None:
    known = subjects_of(drawings)
    scenes = draw_scenes(20, 3, drawings.names, known, sorts=(PAIR,))
    scenes.subject[:] = next(subject for subject in range(len(kinds())) if subject not in known)
    _, places = Composer(drawings, scenes, CPU, varied=True).compose(torch.arange(20))
    assert not places.any()
