"""A ghost does not repeat itself: where a network goes round in circles, it is stopped before the third round.

Two rounds are left alone: ``radius * radius`` may be meant. A third one that was begun by whoever types is finished; and
whoever has written three themselves, as in a table of numbers, is given one more at a time.
"""

from __future__ import annotations

from typing import NamedTuple

from rnncomplete.text.words import is_word_character, next_word

REACH = 256
"""Characters before the cursor in which earlier rounds are looked for."""

_LONGEST_WORD = 64
"""Characters; a longer word counts as several."""

_ENDING = frozenset(")]}>\"'\u201d\u2019.!?;:")
"""What a round may end with; other punctuation, such as a comma or an operator, only leads to the next round."""


class _Word(NamedTuple):
    text: str
    """Without the blanks before it."""
    end: int
    """Where it ends."""


def until_repetition(before: str, ghost: str) -> int:
    """How many characters of ``ghost``, which stands behind ``before``, there are until it begins a third round."""
    least = len(before[-REACH:])
    text = before[-REACH:] + ghost
    words = _words(text)
    names = [word.text for word in words]
    first = next((index for index, word in enumerate(words) if word.end - len(word.text) >= least), len(words))
    for index in range(max(first, 2), len(words)):
        if names.count(names[index]) > 2 and _repeats(names, index, first):
            end = words[index - 1].end
            while end > least and not is_word_character(text[end - 1]) and text[end - 1] not in _ENDING:
                end -= 1
            return max(end, least) - least
    return len(ghost)


def _repeats(words: list[str], index: int, first: int) -> bool:
    """Whether the word ``index`` begins a third or later round, and the ghost, whose first word is ``first``, may not."""
    for size in range(1, index // 2 + 1):
        place = index
        while place >= size and words[place] == words[place - size]:
            place -= 1
        start = place + 1 - size  # of the first round
        if index - start < 2 * size or (index - start) % size:
            continue
        if any(is_word_character(word[0]) for word in words[start : start + size]):
            return start + 3 * size > first or index - size >= first
    return False


def _words(text: str) -> list[_Word]:
    """The words of ``text``."""
    words, position = [], 0
    while word := next_word(text[position : position + _LONGEST_WORD]):
        position += len(word)
        if bare := word.strip():
            words.append(_Word(bare, position))
    return words
