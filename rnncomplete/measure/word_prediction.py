"""Word prediction accuracy, as interactive translation is measured: how often the next word is predicted.

Knowles and Koehn 2016, "Neural interactive translation prediction": the beginning of a text is given up to a word, and
the word that a system would write next is compared with the one that is there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rnncomplete.text.words import next_word

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@dataclass(frozen=True)
class WordFigures:
    """How many words there were, and how many were predicted; figures of several texts can be added."""

    words: int = 0
    right: int = 0

    def __add__(self, other: WordFigures) -> WordFigures:
        return WordFigures(self.words + other.words, self.right + other.right)

    @property
    def accuracy(self) -> float:
        """Right / words."""
        return self.right / self.words if self.words else 0.0


def predict_words(
    text: str, greedy: Callable[[str], Iterator[tuple[str, float]]], progress: Callable[[int], None] = lambda _: None
) -> WordFigures:
    """Whether each word of ``text`` is the first of what ``greedy(before)`` gives, characters and probabilities.

    Marks count as words of their own, as they do where they are accepted. ``progress`` is told of characters passed.
    """
    words = right = 0
    for begin, word in words_of(text):
        predicted = ""
        for character, _ in greedy(text[:begin]):
            predicted += character
            if len(predicted) > len(word) or not word.startswith(predicted):
                break
        words += 1
        right += predicted.startswith(word) and next_word(predicted) == word
        progress(begin + len(word))
    return WordFigures(words, right)


def words_of(text: str) -> Iterator[tuple[int, str]]:
    """Where each word of ``text`` begins, behind its blanks, and the word."""
    place = 0
    while place < len(text):
        found = next_word(text[place : place + LONGEST])
        word = found.lstrip()
        if word:
            yield place + len(found) - len(word), word
        place += len(found)


LONGEST = 200
"""Characters looked at for a word."""
