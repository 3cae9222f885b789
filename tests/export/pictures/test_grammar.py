"""A sentence says what is there, and is read back."""

from __future__ import annotations

from random import Random

import pytest

from rnncomplete_export.pictures.grammar import Group, Scene, parse, sentence, telling
from rnncomplete_export.pictures.kinds import kinds, plural_of, with_article
from rnncomplete_export.pictures.scenes import SHARES, draw_scenes

NAMES = tuple(f"name {number}" for number in range(5))


def kind(noun: str) -> int:
    return next(place for place, found in enumerate(kinds()) if found.singular == noun)


@pytest.mark.parametrize("seed", range(4))
def test_every_sentence_is_read_back(seed: int) -> None:
    scenes = draw_scenes(1000, seed, NAMES, range(len(kinds()) + len(NAMES)))
    for scene, text in zip(scenes.said, scenes.texts, strict=True):
        if scene is None:
            assert text in NAMES
            continue
        said = parse(text)
        assert said.groups == scene.groups, text
        assert said.relation == (scene.relations[0][1] if scene.relations else None), text
        assert said.background is not None, text
        assert said.background[0] == scene.background, text
        assert said.background[1] in ("", scene.colour), text


def test_a_scene_is_said_in_many_ways() -> None:
    scene = Scene((Group(kind("red apple")), Group(kind("cat"), 2)), ((0, "right"),), None, "plain", "green")
    ways = {sentence(scene, Random(seed)) for seed in range(300)}
    assert len(ways) > 60
    assert "a red apple to the left of two cats, on a green background" in ways
    assert "a red apple with two cats to its right on a green background" in ways
    assert not [way for way in ways if "two cats on the left" in way]


def test_nouns_that_hold_colours_or_other_nouns_are_told_apart() -> None:
    said = parse("a small blue palm tree above a red apple and a fire engine left of the red apple, on a beach")
    assert [(kinds()[group.kind].singular, group.size, group.colour) for group in said.groups] == [
        ("palm tree", "small", "blue"),
        ("red apple", "", ""),
        ("fire engine", "", ""),
    ]
    assert said.relation == "below"
    assert said.background == ("beach", "")


def test_what_is_not_a_sentence_of_the_grammar_says_nothing() -> None:
    said = parse("lorem ipsum, an unheard-of thing")
    assert (said.groups, said.relation, said.background) == ((), None, None)


@pytest.mark.parametrize(
    ("noun", "plural"), [("cat", "cats"), ("bus", "buses"), ("candy", "candies"), ("key", "keys"), ("watch", "watches")]
)
def test_plurals(noun: str, plural: str) -> None:
    assert plural_of(noun) == plural


@pytest.mark.parametrize("phrase", ["an owl", "an hourglass", "a unicorn", "an umbrella", "a large owl", "a yo-yo"])
def test_articles(phrase: str) -> None:
    assert with_article(phrase.split(" ", 1)[1]) == phrase


def test_no_noun_is_that_of_two_kinds() -> None:
    nouns = [kind.singular for kind in kinds()]
    assert len(set(nouns)) == len(nouns)
    assert abs(sum(SHARES) - 1) < 1e-9


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a small teddy bear on the left of a top hat, on a grey background", "teddy bear left top grey background"),
        ("on a blue and white striped background, an owl below it", "blue and white striped background, owl below"),
        ("a cat against a red background with white dots", "cat red background with white dots"),
        ("an owl in the snow", "owl snow"),
        ("here is a cat under a dog at night", "cat under dog night"),
    ],
)
def test_words_that_tell_of_the_picture(text: str, told: str) -> None:
    assert [text[at:].split(maxsplit=1)[0] for at in telling(text)] == told.split()


def test_every_noun_tells() -> None:
    assert [noun for noun in {kind.singular for kind in kinds()} if 0 not in telling(noun)] == []
