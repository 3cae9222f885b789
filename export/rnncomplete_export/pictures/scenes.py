"""Scenes drawn by lot: which things are where, how large, on what, and the sentence that says so.

A scene is decided once, as numbers; its picture is composed anew from them whenever it is wanted, by other makers and a
little moved (:mod:`rnncomplete_export.pictures.composing`). Lengths are in pixels of a picture of 64 x 64.
"""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass, fields
from functools import cache, partial
from itertools import combinations
from random import Random
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from rnncomplete.errors import SettingError
from rnncomplete_export.pictures.drawings import SIDE
from rnncomplete_export.pictures.grammar import LANDSCAPES, PATTERNS, PLACES, Group, Scene, painted, sentence
from rnncomplete_export.pictures.kinds import COLOURS, kinds

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

SLOTS = 4
"""Drawings in a picture, at most."""

PAINTS = ("red", "orange", "yellow", "green", "blue", "purple", "pink")
"""In which things are painted."""

PAINTED = 0.12
"""Share of the groups that are painted, of those that may be."""

BACKGROUNDS = (*PATTERNS, *LANDSCAPES)

SIZES = {"small": (17.0, 21.0), "": (24.0, 32.0), "large": (36.0, 46.0)}
"""Pixels of a thing by what its size is called; a word lies between two sizes that nothing has."""

SEVERAL = (17.0, 25.0)
"""Pixels of each of several things."""

WHOLE = (52.0, 64.0)
"""Pixels of a drawing that fills the picture, of which the name alone is said."""

KEPT_BACK = 10
"""One in so many pairs of kinds is in no scene to train on."""

NAMED, ONE, FEW, PAIR, PAIR_OF_SEVERAL, THREE, FOUR = range(7)
SHARES = (0.4, 0.1, 0.06, 0.27, 0.09, 0.055, 0.025)
"""How often each sort of scene is drawn."""

WITH_PAIRS = (PAIR, PAIR_OF_SEVERAL, THREE, FOUR)
"""Sorts of scenes with a pair of kinds, which may be one that is kept back."""


@dataclass(frozen=True)
class Scenes:
    """M scenes as numbers, and what is said of each. A slot without a drawing has subject -1; later slots hide earlier."""

    subject: NDArray[np.int16]
    """[M, 4]: a kind, or behind all kinds a name of the drawings."""
    across: NDArray[np.float32]
    """[M, 4]: of the drawing's middle."""
    down: NDArray[np.float32]
    size: NDArray[np.float32]
    paint: NDArray[np.int8]
    """[M, 4]: the place of a colour in ``COLOURS``, -1 if it has its own."""
    background: NDArray[np.int8]
    """[M]: the place in ``BACKGROUNDS``."""
    colour: NDArray[np.int8]
    """[M]: of the background, its place in ``COLOURS``."""
    texts: tuple[str, ...]
    said: tuple[Scene | None, ...]
    """What each is a picture of; nothing where the name of a drawing is all."""

    def __len__(self) -> int:
        return len(self.texts)

    def take(self, chosen: Sequence[int] | NDArray[np.int64]) -> Scenes:
        """Some of them."""
        arrays = {field.name: getattr(self, field.name) for field in fields(self)[:-2]}
        return Scenes(
            **{name: array[np.asarray(chosen)] for name, array in arrays.items()},
            texts=tuple(self.texts[place] for place in chosen),
            said=tuple(self.said[place] for place in chosen),
        )


Drawn = tuple[int, float, float, float, int]
"""Subject, middle across and down, size, paint."""

Placed: TypeAlias = "tuple[list[Drawn], list[Group], list[tuple[int, str]], tuple[int, int] | None]"
"""Drawings back to front; what a :class:`Scene` says: groups, relations, and the place of one alone."""


def draw_scenes(
    count: int,
    seed: int,
    names: Sequence[str],
    subjects: Sequence[int],
    *,
    sorts: Sequence[int] | None = None,
    kept_back: bool = False,
) -> Scenes:
    """``count`` scenes of ``subjects``: kinds, and names behind them, of which ``names`` are all.

    Pairs of kinds are those to train on, or those ``kept_back``; ``sorts`` of scenes others than all may be asked for.
    """
    lot = _Lot(Random(seed), names, subjects, kept_back=kept_back)
    weights = SHARES if sorts is None else [SHARES[sort] for sort in sorts]
    choice = lot.random.choices(range(len(SHARES)) if sorts is None else sorts, weights, k=count)
    subject, paint = np.full((count, SLOTS), -1, np.int16), np.full((count, SLOTS), -1, np.int8)
    across, down, size = (np.ones((count, SLOTS), np.float32) for _ in range(3))
    background, colour = np.zeros(count, np.int8), np.zeros(count, np.int8)
    texts, said = [], []
    for place, sort in enumerate(choice):
        drawn, scene, text = lot.scene(sort)
        for slot, one in enumerate(drawn):
            at = place, slot
            subject[at], across[at], down[at], size[at], paint[at] = one
        background[place] = BACKGROUNDS.index(scene.background)
        colour[place] = COLOURS.index(scene.colour)
        texts.append(text)
        said.append(scene if scene.groups else None)
    return Scenes(subject, across, down, size, paint, background, colour, tuple(texts), tuple(said))


def check_subjects(whose: str, subjects: Sequence[int], *, kept_back: bool) -> None:
    """Raise :class:`SettingError` if ``subjects`` are too few for :func:`draw_scenes` to draw all sorts of scenes."""
    known = [subject for subject in subjects if subject < len(kinds())]
    named = len(subjects) - len(known)
    pairs = sum(is_kept_back(one, other) for one, other in combinations(known, 2))
    enough = pairs if kept_back else any(_goes_together(chosen) for chosen in combinations(known, SLOTS))
    if len(known) < SLOTS or not named or not enough:
        pairs_to_use = (
            f"1 pair of kinds that is kept for validation ({pairs} is)" if kept_back else "not only such pairs"
        )
        raise SettingError(
            f"drawings by {whose} show {len(known)} kinds of things with {named} names; expected at least {SLOTS} kinds, "
            f"1 name and {pairs_to_use}: add drawings, or hold out another maker with --unseen"
        )


def _goes_together(chosen: Sequence[int]) -> bool:
    """Whether no pair of those kinds is kept back."""
    return not any(is_kept_back(one, other) for one, other in combinations(chosen, 2))


@cache
def is_kept_back(one: int, other: int) -> bool:
    """Whether scenes with both of two kinds are for validation alone."""
    pair = ", ".join(sorted((kinds()[one].singular, kinds()[other].singular)))
    return zlib.crc32(pair.encode()) % KEPT_BACK == 0


class _Lot:
    """What draws scenes by lot."""

    def __init__(self, random: Random, names: Sequence[str], subjects: Sequence[int], *, kept_back: bool) -> None:
        self.random, self.names, self.kept_back = random, names, kept_back
        self.kinds = [subject for subject in subjects if subject < len(kinds())]
        self.named = [subject for subject in subjects if subject >= len(kinds())]

    def scene(self, sort: int) -> tuple[list[Drawn], Scene, str]:
        """The drawings of a scene, back to front, what it is, and what is said of it."""
        random = self.random
        if sort == NAMED:
            drawn, scene = self._whole()
            return drawn, scene, self.names[drawn[0][0] - len(kinds())]
        ways: dict[int, Callable[[], Placed]] = {
            ONE: self._one,
            FEW: self._few,
            PAIR: self._pair,
            PAIR_OF_SEVERAL: self._pair_of_several,
            THREE: partial(self._quarters, 3),
            FOUR: partial(self._quarters, 4),
        }
        drawn, groups, relations, place = ways[sort]()
        taken = {group.colour for group in groups}
        background = random.choices(BACKGROUNDS, (8, 1.5, 1.5, 1.5, *[1] * len(LANDSCAPES)))[0]
        free = [colour for colour in COLOURS if colour not in taken]
        if background in PATTERNS[1:]:
            free.remove("white")
        scene = Scene(tuple(groups), tuple(relations), place, background, random.choice(free))
        return drawn, scene, sentence(scene, random)

    def _whole(self) -> tuple[list[Drawn], Scene]:
        random = self.random
        size = random.uniform(*WHOLE)
        slack = (SIDE - size) / 2
        colour = "white" if random.random() < 0.7 else random.choice(COLOURS)
        middle = [SIDE / 2 + random.uniform(-slack, slack) for _ in range(2)]
        return [(random.choice(self.named), middle[0], middle[1], size, -1)], Scene((), colour=colour)

    def _group(self, kind: int, count: int, size: str = "") -> tuple[Group, int]:
        """A group, painted or not, and the place of its paint."""
        random = self.random
        paint = random.choice(PAINTS) if painted(kinds()[kind]) and random.random() < PAINTED else ""
        return Group(kind, count, size, paint), COLOURS.index(paint) if paint else -1

    def _different(self, count: int) -> list[int]:
        """So many kinds, of which no pair is one that is not to be used; of those kept back the first two are one."""
        while True:
            chosen = self.random.sample(self.kinds, count)
            if self.kept_back:
                if is_kept_back(chosen[0], chosen[1]):
                    return chosen
            elif _goes_together(chosen):
                return chosen

    def _size(self) -> tuple[str, float]:
        word = self.random.choices(tuple(SIZES), (1, 3, 1))[0]
        return word, self.random.uniform(*SIZES[word])

    def _one(self) -> Placed:
        random = self.random
        word, size = self._size()
        room = (SIDE - size) / 2
        place = random.choice(tuple(PLACES)) if room >= 12 else (0, 0)
        across, down = (
            SIDE / 2 + (side * random.uniform(0.65, 1) * room if side else random.uniform(-3, 3)) for side in place
        )
        group, paint = self._group(random.choice(self.kinds), 1, word)
        return [(group.kind, across, down, size, paint)], [group], [], place if random.random() < 0.6 else None

    def _few(self) -> Placed:
        random = self.random
        count = random.choice((2, 2, 3, 4))
        group, paint = self._group(random.choice(self.kinds), count)
        size = random.uniform(17, {2: 29, 3: 21, 4: 27}[count])
        if count == 4 or (count == 3 and random.random() < 0.5):
            size = random.uniform(20, 28)
            step = random.uniform(size, 62 - size)
            places = [(-step / 2, -step / 2), (step / 2, -step / 2), (-step / 2, step / 2), (step / 2, step / 2)]
            places = random.sample(places, count)
        else:
            step = min(size * random.uniform(0.95, 1.3), (62 - size) / (count - 1))
            places = [((index - (count - 1) / 2) * step, random.uniform(-5, 5)) for index in range(count)]
            if random.random() < 0.3:
                places = [(down, across) for across, down in places]
        wide = max(abs(across) for across, _ in places) + size / 2
        high = max(abs(down) for _, down in places) + size / 2
        middle = [SIDE / 2 + random.uniform(-1, 1) * max(0.0, SIDE / 2 - extent) for extent in (wide, high)]
        drawn = [(group.kind, middle[0] + across, middle[1] + down, size, paint) for across, down in places]
        return drawn, [group], [], None

    def _pair(self) -> Placed:
        random = self.random
        first, second = self._different(2)
        if random.random() < 0.12:
            return self._one_before_another(first, second)
        while True:
            (word, size), (other_word, other_size) = self._size(), self._size()
            if size + other_size <= 60:
                break
        return self._side_by_side((first, 1, word, size), (second, 1, other_word, other_size))

    def _pair_of_several(self) -> Placed:
        random = self.random
        first, second = self._different(2)
        counts = random.choice(((1, 2), (2, 1), (2, 2), (1, 3), (3, 1)))
        sizes = [random.uniform(*(SIZES[""] if count == 1 else SEVERAL)) for count in counts]
        sizes = [min(size, 60 / count) for size, count in zip(sizes, counts, strict=True)]
        return self._side_by_side((first, counts[0], "", sizes[0]), (second, counts[1], "", sizes[1]))

    def _side_by_side(self, one: tuple[int, int, str, float], other: tuple[int, int, str, float]) -> Placed:
        """Two groups beside or above each other: kind, count, word for the size, and the size."""
        random = self.random
        sizes = (one[3], other[3])
        wide = [size * (1 + 0.95 * (count - 1)) for (_, count, _, size) in (one, other)]
        across = sum(wide) <= SIDE - 2 and random.random() < 0.55
        lengths = wide if across else sizes
        slack = SIDE - 2 - sum(lengths)
        gap = random.uniform(0, max(0.0, slack))
        begin = 1 + random.uniform(0, max(0.0, slack - gap))
        along = (begin + lengths[0] / 2, begin + lengths[0] + gap + lengths[1] / 2)
        apart = along[1] - along[0]
        thick = sizes if across else wide
        while True:
            beside = [random.uniform(width / 2, SIDE - width / 2) if width < SIDE else SIDE / 2 for width in thick]
            if abs(beside[1] - beside[0]) <= 0.45 * apart:
                break
            beside[0] = beside[1]  # never both at their ends
            beside = [
                min(max(middle, width / 2), SIDE - width / 2) for middle, width in zip(beside, thick, strict=True)
            ]
            if abs(beside[1] - beside[0]) <= 0.45 * apart:
                break
        relation = "right" if across else "below"
        drawn: list[Drawn] = []
        groups: list[Group] = []
        for (kind, count, word, size), middle, side in zip((one, other), along, beside, strict=True):
            group, paint = self._group(kind, count, word)
            groups.append(group)
            for index in range(count):
                away = (index - (count - 1) / 2) * 0.95 * size
                place = (middle + away, side) if across else (side + away, middle)
                drawn.append((kind, *place, size, paint))
        if random.random() < 0.5:
            groups.reverse()
            relation = "left" if across else "above"
        return drawn, groups, [(0, relation)], None

    def _one_before_another(self, first: int, second: int) -> Placed:
        """Two things of which the one in front hides a part of the other."""
        random = self.random
        back = random.uniform(30, 40)
        front = random.uniform(22, 30)
        angle, away = random.uniform(0, 2 * math.pi), 0.34 * (back + front) / 2 + 4
        shift = (away * math.cos(angle), away * math.sin(angle))
        room = [SIDE / 2 - (back + front) / 4 - abs(part) / 2 for part in shift]
        middle = [SIDE / 2 + random.uniform(-1, 1) * max(0.0, part) for part in room]
        (behind, paint), (before, other_paint) = self._group(second, 1), self._group(first, 1)
        drawn = [
            (second, middle[0] - shift[0] / 2, middle[1] - shift[1] / 2, back, paint),
            (first, middle[0] + shift[0] / 2, middle[1] + shift[1] / 2, front, other_paint),
        ]
        if random.random() < 0.5:
            return drawn, [before, behind], [(0, "behind")], None
        return drawn, [behind, before], [(0, "front")], None

    def _quarters(self, count: int) -> Placed:
        """Three or four things, each in a quarter of the picture beside one that was said before."""
        random = self.random
        quarter = [(random.choice((-1, 1)), random.choice((-1, 1)))]
        turned = [(-quarter[0][0], quarter[0][1]), (quarter[0][0], -quarter[0][1])]
        random.shuffle(turned)
        quarter += [turned[0], (-quarter[0][0], -quarter[0][1]) if random.random() < 0.5 else turned[1]]
        quarter += [
            corner for corner in ((-1, -1), (-1, 1), (1, -1), (1, 1)) if corner not in quarter
        ]  # whatever is left
        drawn: list[Drawn] = []
        groups: list[Group] = []
        relations: list[tuple[int, str]] = []
        for place, kind in enumerate(self._different(count)):
            group, paint = self._group(kind, 1)
            across, down = (SIDE / 2 + 15.5 * side + random.uniform(-2, 2) for side in quarter[place])
            drawn.append((kind, across, down, random.uniform(22, 29), paint))
            groups.append(group)
            if place:
                beside = [other for other in range(place) if _is_beside(quarter[place], quarter[other])]
                other = random.choice(beside)
                relations.append((other, _seen_from(quarter[place], quarter[other])))
        return drawn, groups, relations, None


def _is_beside(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return (one[0] == other[0]) != (one[1] == other[1])


def _seen_from(one: tuple[int, int], other: tuple[int, int]) -> str:
    if one[1] == other[1]:
        return "right" if one[0] > other[0] else "left"
    return "below" if one[1] > other[1] else "above"
