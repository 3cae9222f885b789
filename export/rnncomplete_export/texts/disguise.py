"""Texts some of whose words nobody has ever read.

A mixer that is to learn what a word is worth that was used once, a moment ago, needs texts with such words. Of a novel's
last pages it has read nearly all of them, and nothing would tell it how to weigh the others.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from numpy.typing import NDArray

    from rnncomplete.text.vocabulary import Vocabulary

SHARE = 0.5
"""Of the words that come back in a session, as many are disguised."""

COMMON = 1000
"""The most frequent words, which stay what they are."""

SHORTEST = 3
"""Characters of a word that is disguised."""

PIECE = 1 << 20
"""Characters whose words are counted at a time."""

VOWELS, CONSONANTS = "aeiouy", "bcdfghjklmnpqrstvwxz"


def disguised(
    vocabulary: Vocabulary, tokens: NDArray[np.uint16], common: Collection[str], session: int, seed: int = 1
) -> NDArray[np.uint16]:
    """``tokens`` uint16[n], in whose sessions of ``session`` characters a share of the words have other letters.

    Within a session a word is the same wherever it comes; its vowels stand for vowels. Words in ``common`` stay, and
    words that come once: what matters is what to expect of those that come again.
    """
    generator = np.random.default_rng(seed)
    parts = []
    for begin in range(0, len(tokens), session):
        text = vocabulary.decode(tokens[begin : begin + session].tolist())
        letters = _cipher(vocabulary, generator)
        times = Counter(re.findall(r"\w+", text))
        again = [word for word, count in times.items() if count > 1 and len(word) >= SHORTEST and word not in common]
        others = {word: word.translate(letters) for word in again if generator.random() < SHARE}
        parts.append(_replaced(text, others))
    return vocabulary.encode("".join(parts))


LETTER, PEOPLE = 8, 2
"""Lines with a name that make a letter, and how many people it is about: each comes again soon, and not often."""

LONG = 3, 11
"""Characters of their names, from and below."""


def names_in(source: str, line: str) -> list[str]:
    """Words with a capital that ``line`` has in common with its ``source``, in the order of the alphabet."""
    common = set(re.findall(r"\w+", source)) & set(re.findall(r"\w+", line))
    return sorted(word for word in common if word[0].isupper() and len(word) >= SHORTEST)


def disguised_pairs(
    vocabularies: tuple[Vocabulary, Vocabulary], sources: Sequence[str], lines: Sequence[str], seed: int = 1
) -> tuple[list[str], list[str]]:
    """``sources``, and ``lines`` about them, whose names are others, in letters that both ``vocabularies`` have.

    As long as :data:`LETTER` lines with a name last all names are those of :data:`PEOPLE` people whom nobody knows. Where
    there are no letters to make names of, all is as it was.
    """
    generator = np.random.default_rng(seed)
    common = set.intersection(*(set(vocabulary.characters) for vocabulary in vocabularies))
    letters = sorted(letter for letter in common if letter.islower())
    initials = [letter.upper() for letter in letters if letter.upper() in common]
    if not initials:
        return list(sources), list(lines)

    def name() -> str:
        return str(generator.choice(initials)) + "".join(generator.choice(letters, generator.integers(*LONG) - 1))

    told: tuple[list[str], list[str]] = [], []
    named, people, others = 0, list[str](), dict[str, str]()
    for pair in zip(sources, lines, strict=True):
        names = names_in(*pair)
        if names and named % LETTER == 0:
            people = [name() for _ in range(PEOPLE)]
            others = {}
        named += bool(names)
        own = {name: others.setdefault(name, str(generator.choice(people))) for name in names}
        for line, side in zip(pair, told, strict=True):
            side.append(_replaced(line, own))
    return told


def _replaced(text: str, others: Mapping[str, str]) -> str:
    return re.sub(r"\w+", lambda word: others.get(word[0], word[0]), text)


def common_words(vocabulary: Vocabulary, tokens: NDArray[np.uint16]) -> set[str]:
    """The most frequent words of ``tokens`` uint16[n], counted piece by piece, since n may be many millions."""
    times: Counter[str] = Counter()
    for begin in range(0, len(tokens), PIECE):
        times.update(re.findall(r"\w+", vocabulary.decode(tokens[begin : begin + PIECE].tolist())))
    return {word for word, _ in times.most_common(COMMON)}


def _cipher(vocabulary: Vocabulary, generator: np.random.Generator) -> dict[int, str]:
    """For :meth:`str.translate`: a letter for each small letter of the vocabulary, and the same for capitals."""
    small = [letter for letter in vocabulary.characters if letter.islower()]
    others = [letter for letter in small if letter not in VOWELS + CONSONANTS]
    result = {}
    for group in (VOWELS, CONSONANTS, others):
        letters = [letter for letter in small if letter in group]
        for letter, other in zip(letters, generator.permutation(letters), strict=True):
            result[ord(letter)] = str(other)
            capital, other_capital = letter.upper(), str(other).upper()
            if len(capital) == 1 and other_capital in vocabulary.characters:
                result[ord(capital)] = other_capital
    return result
