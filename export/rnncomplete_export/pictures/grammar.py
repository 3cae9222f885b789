"""Sentences about a scene, in varied wording, and what such a sentence says.

A :class:`Scene` is what can be said: groups of things (kind, number, size, colour), where each group but the first is
relative to an earlier one, where a group that is alone is in the picture, and what is behind. :func:`sentence` says it in
one of many ways, never as a list of words; :func:`parse` reads any sentence of the grammar back, as far as it goes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from rnncomplete_export.pictures.kinds import COLOURS, kinds, with_article

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

    from rnncomplete_export.pictures.kinds import Kind

NUMBERS = ("no", "one", "two", "three", "four")
"""As words; a single thing has an article."""

RELATIONS = ("left", "right", "above", "below", "front", "behind")
"""Where a group is, seen from another one."""

INVERSE = {"left": "right", "right": "left", "above": "below", "below": "above", "front": "behind", "behind": "front"}
"""The relation, seen from the other side."""

SIZES = {"small": ("small", "little"), "": ("",), "large": ("large", "big")}
"""What a size is called, each in any of these ways."""

PATTERNS = ("plain", "striped", "checked", "dotted")
"""Of a background of one colour, or of one and white."""

LANDSCAPES: dict[str, tuple[str, ...]] = {
    "meadow": ("in a meadow", "on the grass under a blue sky"),
    "beach": ("on a beach", "on the sand under a blue sky"),
    "snow": ("in the snow", "in a snowy field"),
    "sea": ("at sea", "on the water under a blue sky"),
    "night": ("at night", "under a starry sky"),
}
"""Backgrounds that are places, each called in any of these ways."""

PLACES: dict[tuple[int, int], tuple[str, ...]] = {
    (0, 0): ("in the middle", "in the centre"),
    (-1, 0): ("on the left",),
    (1, 0): ("on the right",),
    (0, -1): ("at the top",),
    (0, 1): ("at the bottom",),
    (-1, -1): ("in the top left corner", "at the top left"),
    (1, -1): ("in the top right corner", "at the top right"),
    (-1, 1): ("in the bottom left corner", "at the bottom left"),
    (1, 1): ("in the bottom right corner", "at the bottom right"),
}
"""Where in the picture a thing is that is alone there: left or right, up or down."""

WORDS: dict[str, tuple[str, ...]] = {
    "left": ("to the left of", "left of", "on the left of"),
    "right": ("to the right of", "right of", "on the right of"),
    "above": ("above", "over"),
    "below": ("below", "under", "underneath"),
    "front": ("in front of",),
    "behind": ("behind",),
}
"""What a relation is called, each in any of these ways."""

POSSESSED = {"left": "to {} left", "right": "to {} right"}
"""A relation to what a pronoun stands for, where it is not the preposition and *it* or *them*."""

SIDES = {
    "left": ("on the left", "on the right"),
    "right": ("on the right", "on the left"),
    "above": ("at the top", "at the bottom"),
    "below": ("at the bottom", "at the top"),
}
"""Where two things are in the picture, if one is so to the other."""

OPENINGS = ("there is", "here is", "a picture of", "this is", "one can see")
"""What may come before the first thing."""

OPENED = 0.4
"""Share of sentences with an opening."""

BACKGROUND_FIRST = 0.2
"""Share of sentences that begin with the background."""


BEFORE_BACKGROUNDS = {"on", "against", "in", "at", "under", "a", "an", "the"}
"""Words before what is behind, which do not tell it."""


@dataclass(frozen=True)
class Group:
    """Things of one kind, side by side."""

    kind: int
    """Its place in :func:`~rnncomplete_export.pictures.kinds.kinds`."""
    count: int = 1
    size: str = ""
    """``small``, ``large``, or neither."""
    colour: str = ""
    """That it was painted, if it was."""


@dataclass(frozen=True)
class Scene:
    """What can be said of a picture."""

    groups: tuple[Group, ...]
    relations: tuple[tuple[int, str], ...] = ()
    """Of each group but the first: an earlier one, and where this group is, seen from there."""
    place: tuple[int, int] | None = None
    """Where a group that is alone is in the picture, if that is said."""
    background: str = "plain"
    """One of the patterns, or of the landscapes."""
    colour: str = "white"
    """Of a background with a pattern."""


def sentence(scene: Scene, random: Random) -> str:
    """One way to say what ``scene`` is."""
    things = _things(scene, random)
    behind = _background(scene, random)
    opening = random.choice(OPENINGS) if random.random() < OPENED else ""
    if opening and not opening.startswith("a ") and opening != "one can see" and scene.groups[0].count > 1:
        opening = {"there is": "there are", "here is": "here are", "this is": "these are"}[opening]
    things = f"{opening} {things}" if opening else things
    if random.random() < BACKGROUND_FIRST:
        return f"{behind}, {things}"
    return f"{things}{random.choice((', ', ' '))}{behind}"


def _things(scene: Scene, random: Random) -> str:
    first, *others = (_noun_phrase(group, random) for group in scene.groups)
    if not others:
        return first if scene.place is None else f"{first} {random.choice(PLACES[scene.place])}"
    (_, relation), *rest = scene.relations
    told = _pair(first, others[0], scene.groups, relation, random)
    for index, ((other, how), phrase) in enumerate(zip(rest, others[1:], strict=True)):
        joint = " and" if index == len(rest) - 1 else ","
        told += f"{joint} {phrase} {random.choice(WORDS[how])} {_again(scene.groups[other])}"
    return told


def _pair(first: str, second: str, groups: Sequence[Group], relation: str, random: Random) -> str:
    """Two things, of which the second is in ``relation`` to the first."""
    way = random.random()
    if way < 0.3 and relation in SIDES:
        there, here = SIDES[relation]
        return f"{first} {here} and {second} {there}"
    if way < 0.5:
        several = groups[0].count > 1
        if relation in POSSESSED:
            return f"{first} with {second} {POSSESSED[relation].format('their' if several else 'its')}"
        return f"{first} with {second} {random.choice(WORDS[relation])} {'them' if several else 'it'}"
    return f"{first} {random.choice(WORDS[INVERSE[relation]])} {second}"


def _noun_phrase(group: Group, random: Random) -> str:
    kind = kinds()[group.kind]
    words = [random.choice(SIZES[group.size]), group.colour, kind.singular if group.count == 1 else kind.plural]
    phrase = " ".join(word for word in words if word)
    return with_article(phrase) if group.count == 1 else f"{NUMBERS[group.count]} {phrase}"


def _again(group: Group) -> str:
    kind = kinds()[group.kind]
    return f"the {kind.singular if group.count == 1 else kind.plural}"


def _background(scene: Scene, random: Random) -> str:
    if scene.background in LANDSCAPES:
        return random.choice(LANDSCAPES[scene.background])
    before = random.choice(("on", "against"))
    if scene.background == "plain":
        return f"{before} {with_article(scene.colour)} background"
    if scene.background == "dotted":
        return f"{before} {with_article(scene.colour)} background with white dots"
    return f"{before} {with_article(scene.colour)} and white {scene.background} background"


@dataclass(frozen=True)
class Said:
    """What a sentence was found to say."""

    groups: tuple[Group, ...]
    relation: str | None
    """Where the second group is, seen from the first."""
    background: tuple[str, str] | None
    """Pattern or landscape, and the colour."""


@cache
def _nouns() -> dict[str, tuple[int, bool]]:
    found: dict[str, tuple[int, bool]] = {}
    for index, kind in enumerate(kinds()):
        found[kind.plural] = (index, True)
        found[kind.singular] = (index, False)
    return found


def _any_of(words: Sequence[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


@cache
def _phrases() -> re.Pattern[str]:
    sizes = [word for words in SIZES.values() for word in words if word]
    return re.compile(
        rf"\b(?P<number>an?|{_any_of(NUMBERS[2:])}) (?:(?P<size>{_any_of(sizes)}) )?"
        rf"(?:(?P<colour>{_any_of(COLOURS)}) )??(?P<noun>{_any_of(list(_nouns()))})\b"
    )


@cache
def _telling() -> frozenset[str]:
    return frozenset(
        [noun.split()[0] for noun in _nouns()]
        + [word for ways in (WORDS, SIDES) for told in ways.values() for words in told for word in words.split()[-2:]]
        + [words.format("").split()[-1] for words in POSSESSED.values()]
    ) - {"of", "the", "on", "at", "to", "in"}


def telling(text: str) -> list[int]:
    """Where in a sentence the words begin that say what there is, and where, and what is behind."""
    known, behind = _telling(), _backgrounds().search(text)
    begin, end = behind.span() if behind else (0, 0)
    return [
        word.start()
        for word in re.finditer(r"[^\s,]+", text)
        if word[0] in known or (begin <= word.start() < end and word[0] not in BEFORE_BACKGROUNDS)
    ]


@cache
def _backgrounds() -> re.Pattern[str]:
    colour = _any_of(COLOURS)
    landscapes = [words for ways in LANDSCAPES.values() for words in ways]
    return re.compile(
        rf"\b(?:(?:on|against) an? (?P<colour>{colour}) (?:and white (?P<pattern>striped|checked) )?background"
        rf"(?P<dots> with white dots)?|(?P<landscape>{_any_of(landscapes)}))(?:, |$)"
    )


def parse(text: str) -> Said:
    """What ``text`` says: its groups in their order, the relation of the first two, and the background, if it is read."""
    background = None
    if found := _backgrounds().search(text):
        if landscape := found["landscape"]:
            background = (next(name for name, ways in LANDSCAPES.items() if landscape in ways), "")
        else:
            pattern = "dotted" if found["dots"] else found["pattern"] or "plain"
            background = (pattern, found["colour"])
        text = f"{text[: found.start()]} {text[found.end() :]}"
    matches = list(_phrases().finditer(text))
    groups = tuple(_group(match) for match in matches)
    relation = None
    if len(matches) > 1:
        end = matches[2].start() if len(matches) > 2 else len(text)
        relation = _relation(text[matches[0].end() : matches[1].start()], text[matches[1].end() : end])
    return Said(groups, relation, background)


def _group(match: re.Match[str]) -> Group:
    kind, _ = _nouns()[match["noun"]]
    count = NUMBERS.index(match["number"]) if match["number"] in NUMBERS else 1
    size = next((size for size, ways in SIZES.items() if match["size"] in ways), "")
    return Group(kind, count, size, match["colour"] or "")


def _relation(between: str, after: str) -> str | None:
    """Where the second thing is, seen from the first, by what is said between them and behind."""
    between, after = between.strip(), after.strip().rstrip(",")
    if between == "with":
        for relation in RELATIONS:
            ways = [f"to {pronoun} {relation}" for pronoun in ("its", "their")]
            ways += [f"{words} {pronoun}" for words in WORDS[relation] for pronoun in ("it", "them")]
            if any(after.startswith(way) for way in ways):
                return relation
        return None
    for relation, (there, here) in SIDES.items():
        if between == f"{here} and" and after.startswith(there):
            return relation
    return next((INVERSE[relation] for relation, ways in WORDS.items() if between in ways), None)


def painted(kind: Kind) -> bool:
    """Whether things of a ``kind`` may be painted in another colour than their own."""
    return not kind.coloured
