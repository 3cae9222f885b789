"""What is said of a scene is so."""

from __future__ import annotations

import numpy as np
import pytest

from rnncomplete_export.pictures.drawings import SIDE
from rnncomplete_export.pictures.kinds import COLOURS, kinds
from rnncomplete_export.pictures.scenes import PAIR, SIZES, Scenes, draw_scenes, is_kept_back

SUBJECTS = range(len(kinds()))


@pytest.fixture(scope="module")
def scenes() -> Scenes:
    return draw_scenes(3000, 5, (), SUBJECTS, sorts=(1, 2, 3, 4, 5, 6))


def test_the_same_seed_draws_the_same(scenes: Scenes) -> None:
    again = draw_scenes(3000, 5, (), SUBJECTS, sorts=(1, 2, 3, 4, 5, 6))
    assert again.texts == scenes.texts
    np.testing.assert_array_equal(again.across, scenes.across)
    assert draw_scenes(3000, 6, (), SUBJECTS, sorts=(1, 2, 3, 4, 5, 6)).texts != scenes.texts


def test_drawings_are_in_the_picture(scenes: Scenes) -> None:
    there = scenes.subject >= 0
    for middle in (scenes.across, scenes.down):
        assert (middle - scenes.size / 2)[there].min() > -5
        assert (middle + scenes.size / 2)[there].max() < SIDE + 5


def test_counts_sizes_and_paints_are_as_said(scenes: Scenes) -> None:
    for place, scene in enumerate(scenes.said):
        assert scene is not None
        for group in scene.groups:
            slots = scenes.subject[place] == group.kind
            assert slots.sum() == group.count
            low, high = SIZES[group.size]
            if group.count == 1 and len(scene.groups) < 3 and not {"front", "behind"} & {r for _, r in scene.relations}:
                assert low <= scenes.size[place][slots][0] <= high
            paints = {int(paint) for paint in scenes.paint[place][slots]}
            assert paints == {COLOURS.index(group.colour) if group.colour else -1}


def test_relations_are_as_said(scenes: Scenes) -> None:
    for place, scene in enumerate(scenes.said):
        assert scene is not None
        middles = [
            (
                scenes.across[place][scenes.subject[place] == group.kind].mean(),
                scenes.down[place][scenes.subject[place] == group.kind].mean(),
            )
            for group in scene.groups
        ]
        for here, (other, relation) in enumerate(scene.relations, 1):
            across, down = (middles[here][axis] - middles[other][axis] for axis in (0, 1))
            expected = {
                "left": across < -abs(down),
                "right": across > abs(down),
                "above": down < -abs(across),
                "below": down > abs(across),
            }
            assert expected.get(relation, True), (scenes.texts[place], across, down)


def test_what_is_in_front_is_drawn_last(scenes: Scenes) -> None:
    found = 0
    for place, scene in enumerate(scenes.said):
        assert scene is not None
        if scene.relations and scene.relations[0][1] in ("front", "behind"):
            before = scene.groups[1 if scene.relations[0][1] == "front" else 0]
            assert scenes.subject[place][1] == before.kind
            found += 1
    assert found > 10


def test_pairs_kept_back_are_never_trained_on(scenes: Scenes) -> None:
    for scene in scenes.said:
        assert scene is not None
        chosen = [group.kind for group in scene.groups]
        assert not any(is_kept_back(one, other) for one in chosen for other in chosen if one != other)
    kept = draw_scenes(300, 1, (), SUBJECTS, sorts=(PAIR,), kept_back=True)
    for scene in kept.said:
        assert scene is not None
        assert is_kept_back(scene.groups[0].kind, scene.groups[1].kind)


def test_some_of_them_can_be_taken(scenes: Scenes) -> None:
    some = scenes.take([5, 2])
    assert some.texts == (scenes.texts[5], scenes.texts[2])
    np.testing.assert_array_equal(some.size, scenes.size[[5, 2]])
