r"""What a network has learned, counted on what it writes: known words, closed marks, capitals, LaTeX environments.

Every figure is a share from 0 to 1, or ``None`` where there was nothing to count. What is written comes as *pieces*,
each cut off at its end: an opening mark is counted only if at least ``ROOM`` characters follow it in its piece, so that
one which had no chance to be closed is not held against the writer. The same figures of a true text say what to expect.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

ROOM = 1280
"""Characters: enough for nearly every function of C and proof in LaTeX to come to its end."""

WORD_LENGTHS = {
    "words_of_1_to_3_letters": (1, 3),
    "words_of_4_to_6_letters": (4, 6),
    "words_of_7_or_more_letters": (7, 10**9),
}

_WORD = re.compile(r"[^\W\d_]+")
# Within a line, and behind a word: "Who? he said", "e.g. this", code below a comment do not begin a sentence.
_SENTENCE = re.compile(r"(?<=[^\W\d_]{2})\.[\"'\u201d\u2019)\]]* {1,2}[\"'\u201c\u2018(\[]*([^\W\d_])")
_PARAGRAPH = re.compile(r"\n\s*\n")
_ENVIRONMENT = re.compile(r"\\(begin|end)\{([^{}\n]*)\}")
_PAIRS = {"(": ")", "[": "]", "{": "}", "\u201c": "\u201d", "\u00ab": "\u00bb"}


def words_in(text: str) -> Iterable[str]:
    """The runs of letters in ``text``, in lower case."""
    return (match.group().lower() for match in _WORD.finditer(text))


def count_skills(pieces: Sequence[str], known: Collection[str]) -> dict[str, float | None]:
    """Every skill by name; ``known`` are the words of the text that was learned from, none if they are not there."""
    figures = {
        name: share((word in known) for piece in pieces for word in words_in(piece) if shortest <= len(word) <= longest)
        for name, (shortest, longest) in WORD_LENGTHS.items()
    }
    if not known:
        figures = dict.fromkeys(figures)
    return figures | {
        "sentences_capitalised": share(capital for piece in pieces for capital in sentence_starts(piece)),
        "quotation_marks_closed": share(closed for piece in pieces for closed in quotation_marks(piece)),
        "brackets_closed": share(closed for piece in pieces for closed in brackets(piece, "([")),
        "braces_closed": share(closed for piece in pieces for closed in brackets(piece, "{")),
        "environments_closed": share(closed for piece in pieces for closed in environments(piece)),
    }


def share(outcomes: Iterable[bool]) -> float | None:
    """How many of ``outcomes`` are true, 0 to 1; ``None`` of nothing."""
    held = list(outcomes)
    return round(sum(held) / len(held), 4) if held else None


def sentence_starts(text: str) -> Iterable[bool]:
    """For each first letter behind a word, a full stop and a space, whether it is a capital."""
    return (match.group(1).isupper() for match in _SENTENCE.finditer(text))


def quotation_marks(text: str) -> Iterable[bool]:
    """For each opened quotation mark, whether it is closed again: a straight one before its paragraph ends."""
    *paragraphs, _cut_off = _PARAGRAPH.split(text.replace('"""', ""))
    for paragraph in paragraphs:
        opened, odd = divmod(paragraph.count('"'), 2)
        yield from [True] * opened + [False] * odd
    yield from brackets(text, "\u201c\u00ab")


def brackets(text: str, openings: str) -> Iterable[bool]:
    """For each bracket of the kinds ``openings`` with room behind it, whether its own closing one comes, well nested."""
    pairs = {opening: _PAIRS[opening] for opening in openings}
    closings = {closing: opening for opening, closing in pairs.items()}
    marks = ((at, c in pairs, closings.get(c, c)) for at, c in enumerate(text) if c in pairs or c in closings)
    return _matched(marks, len(text))


def environments(text: str) -> Iterable[bool]:
    r"""For each LaTeX ``\begin`` with room behind it, whether its own ``\end`` comes, well nested."""
    marks = ((match.start(), match.group(1) == "begin", match.group(2)) for match in _ENVIRONMENT.finditer(text))
    return _matched(marks, len(text))


def _matched(marks: Iterable[tuple[int, bool, str]], length: int) -> Iterable[bool]:
    """For each (place, opens, kind) that opens with room before ``length``, whether it is closed.

    A closing mark closes the last open one of its kind, and leaves open for ever what was opened since.
    """
    outcome: dict[int, bool] = {}
    opened: list[tuple[int, str]] = []
    for place, opens, kind in marks:
        if opens:
            opened.append((place, kind))
            outcome[place] = False
        elif any(other == kind for _, other in opened):
            while opened[-1][1] != kind:
                opened.pop()
            outcome[opened.pop()[0]] = True
    return [closed for place, closed in outcome.items() if length - place > ROOM]
