"""What of a ghost is worth showing at a place: one rule for prompts, commands and the simulated person.

Editors, where several lines may be shown, go further: :mod:`rnncomplete.editors.offer`. How long a ghost is at all, :mod:`rnncomplete.completion.ghost_length` decides. Only strings here.
"""

from __future__ import annotations

from rnncomplete.text.characters import JOINERS, is_mark
from rnncomplete.text.printing import displayable
from rnncomplete.text.words import is_word_character

_BEGINS_NO_LINE = frozenset(" \t\n\r,.;:!?)]}")


def is_inside_character(after: str) -> bool:
    """Whether the text ``after`` a cursor begins with what is drawn as one with the character before it."""
    return bool(after) and (is_mark(after[0]) or after[0] in JOINERS)


def is_inside_word(before: str, after: str) -> bool:
    """Whether a cursor between two texts stands inside a word."""
    return bool(before and after) and is_word_character(before[-1]) and is_word_character(after[0])


def fit(ghost: str, before: str, after: str = "") -> str:
    """What of ``ghost`` is worth showing between two texts.

    Inside a word, or a character, nothing; before the rest of a line one line at most, and nothing that repeats this rest. It never ends in
    a blank: nobody can see it, a comma may have to stand there, and before a text that begins with one there would be two.
    """
    ghost = displayable(ghost, before)
    if is_inside_character(after) or is_inside_word(before, after):
        return ""
    tail = after.partition("\n")[0]
    if tail:
        ghost = ghost.partition("\n")[0]
        if ghost and (tail.startswith(ghost) or (tail.strip() and ghost.startswith(tail.rstrip()))):
            return ""
    return ghost.rstrip()


def blank_behind(rest: str, after: str = "") -> str:
    """The blanks that come with the next word, once all that was shown of a ghost is accepted and ``rest`` is left of it.

    None before other text, which brings its own, and line ends only at the end of all text.
    """
    return rest if not rest.strip() and (not after or (after[0] == "\n" and "\n" not in rest)) else ""


def typed_by(character: str, blank: str) -> str:
    """What the key ``character`` types where ``blank`` waits for what comes next: that as well, if it begins a word.

    A line end comes before anything that may begin a line.
    """
    begins = is_word_character(character[:1] or " ") or ("\n" in blank and character[:1] not in _BEGINS_NO_LINE)
    return (blank if begins else "") + character
