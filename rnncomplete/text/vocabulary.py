"""The characters that a network knows, and the unknown one that stands for all others."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from rnncomplete.errors import ModelError
from rnncomplete.text.characters import NORMALISATIONS, UNKNOWN_CHARACTER, is_displayable, normalise

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

__all__ = ["LARGEST", "UNKNOWN", "UNKNOWN_CHARACTER", "Vocabulary", "is_displayable", "normalise"]

UNKNOWN = 0
"""Index of the unknown character: it is read, and trained, but never suggested."""

LARGEST = 4096
"""More characters than this is not a character vocabulary (or not a friendly file)."""

_CODE_POINTS = 0x110000


def code_points(text: str) -> NDArray[np.uint32]:
    """Number of each character of ``text`` in Unicode, uint32[len(text)]."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)


def fit_to_learn(counts: Counter[str], rarest: int) -> Counter[str]:
    """Those of ``counts`` that were seen at least ``rarest`` times and are fit for a terminal."""
    return Counter({c: n for c, n in counts.items() if n >= rarest and is_displayable(c) and c != UNKNOWN_CHARACTER})


@dataclass(frozen=True)
class Vocabulary:
    """An ordered set of characters; index 0 is the unknown one.

    Raises :class:`ModelError` if the characters are not distinct single characters behind ``UNKNOWN_CHARACTER``.
    """

    characters: tuple[str, ...]
    normalisation: tuple[str, ...] = NORMALISATIONS[:1]
    """What is done to a text before it is encoded: some of :data:`~rnncomplete.text.characters.NORMALISATIONS`."""

    def __post_init__(self) -> None:
        if not 2 <= len(self.characters) <= LARGEST:
            raise ModelError(
                f"a vocabulary of {len(self.characters)} characters; expected 2 to {LARGEST}, the unknown one included"
            )
        if self.characters[UNKNOWN] != UNKNOWN_CHARACTER:
            raise ModelError(
                f"the vocabulary begins with {self.characters[UNKNOWN]!r}; expected the unknown character U+FFFD at index 0"
            )
        odd = [item for item in self.characters if not isinstance(item, str) or len(item) != 1]
        if odd:
            raise ModelError(f"the vocabulary holds {odd[0]!r}; expected single characters only")
        if len(set(self.characters)) != len(self.characters):
            twice = Counter(self.characters).most_common(1)[0][0]
            raise ModelError(f"the vocabulary holds {twice!r} twice; expected distinct characters")

    @classmethod
    def from_counts(
        cls, counts: Counter[str], *, rarest: int = 1, normalisation: tuple[str, ...] = NORMALISATIONS[:1]
    ) -> Vocabulary:
        """The characters seen at least ``rarest`` times and fit for a terminal, in code point order."""
        return cls((UNKNOWN_CHARACTER, *sorted(fit_to_learn(counts, rarest))), normalisation)

    @cached_property
    def _tokens(self) -> NDArray[np.uint16]:
        """Token of each code point, uint16[0x110000]."""
        table = np.zeros(_CODE_POINTS, np.uint16)
        table[[ord(character) for character in self.characters[1:]]] = np.arange(1, len(self.characters))
        return table

    @cached_property
    def suggestible(self) -> NDArray[np.bool_]:
        """Which tokens may be shown, bool[V]: all but the unknown one and what would disturb a terminal."""
        return np.array([index != UNKNOWN and is_displayable(c) for index, c in enumerate(self.characters)])

    def __len__(self) -> int:
        return len(self.characters)

    def token(self, character: str) -> int:
        """Index of one character; ``UNKNOWN`` if it is not in the vocabulary."""
        return int(self._tokens[ord(character)])

    def encode(self, text: str) -> NDArray[np.uint16]:
        """Tokens of ``text``, uint16[len(text)]: one a character, so positions agree."""
        return self._tokens[code_points(text)]

    def normalise(self, text: str) -> str:
        """``text`` as a network with this vocabulary reads it."""
        return normalise(text, self.normalisation)

    def decode(self, tokens: Iterable[int] | Sequence[int]) -> str:
        """The text that ``tokens`` spell; the unknown token gives ``UNKNOWN_CHARACTER``."""
        return "".join(self.characters[token] for token in tokens)
