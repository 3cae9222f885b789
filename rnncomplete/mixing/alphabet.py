"""What the mixer knows of each character: its decisions in the tree, its kind, and whether it makes words."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from rnncomplete.mixing.tables import adaptation
from rnncomplete.mixing.tree import Tree, usual_counts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

LOWER, UPPER, DIGIT, BLANK, OTHER, LINE_END, JOINING = range(7)


def kind_of(character: str) -> int:
    """The class that the ``kinds`` context sees instead of ``character``."""
    if character == "\n":
        return LINE_END
    if character in " \t":
        return BLANK
    if character == "_":
        return JOINING
    if character.isdigit():
        return DIGIT
    if character.isalpha():
        return UPPER if character.isupper() else LOWER
    return OTHER


@dataclass(frozen=True)
class Alphabet:
    """The characters of a vocabulary in its order, and how often each is to be expected (whole numbers, any scale)."""

    characters: tuple[str, ...]
    counts: tuple[int, ...]

    @classmethod
    def usual(cls, characters: Sequence[str]) -> Alphabet:
        """An alphabet for a vocabulary of which no text was counted."""
        return cls(tuple(characters), tuple(usual_counts(characters).tolist()))

    @classmethod
    def counted(cls, characters: Sequence[str], tokens: NDArray[np.uint16]) -> Alphabet:
        """An alphabet with the counts of ``tokens``, uint16[n]."""
        return cls(tuple(characters), tuple(np.bincount(tokens, minlength=len(characters)).tolist()))

    def __len__(self) -> int:
        return len(self.characters)

    @cached_property
    def tree(self) -> Tree:
        """The decisions that tell one character from another."""
        return Tree(self.counts)

    @cached_property
    def tables(self) -> NDArray[np.int32]:
        """Children, path lengths, word flags, folded tokens, kinds and rates in one row, as the core reads them."""
        index = {character: token for token, character in enumerate(self.characters)}
        word = [int(c.isalnum() or c == "_") for c in self.characters]
        fold = [index.get(c.lower(), token) for token, c in enumerate(self.characters)]
        kind = [kind_of(c) for c in self.characters]
        role = [1 if c in "([{" else 2 if c in ")]}" else 3 if c in ",;" else 0 for c in self.characters]
        parts = [self.tree.children.reshape(-1), self.tree.lengths, word, fold, kind, role, adaptation()]
        return np.concatenate([np.asarray(part, np.int32) for part in parts])
