"""A simulated person types a text exactly, and accepts the ghosts that are right.

After each key a ghost may be shown, as :mod:`rnncomplete.completion.showing` says. The next key is: accept all, if the whole ghost is what comes next; else accept
word, if the ghost's next word is; else the next character. An acceptance must spare the typing of at least two
characters. Typing along a right ghost costs a key a character and keeps the ghost; nothing new is computed meanwhile.
A ghost ends in no blank; that of an accepted one comes with the next key where it is right, if that begins a word, as in
a prompt of several lines. Where the word goes on instead, the person is supposed to leave the blank out.

Acceptance here is equality with a known text: never to be compared with the acceptance rates of people.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rnncomplete.completion.showing import blank_behind, fit, typed_by
from rnncomplete.text.words import FEWEST_SPARED, next_word

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class TypingFigures:
    """What typing a text cost, and what was shown meanwhile; figures of several texts can be added."""

    characters: int = 0
    """Characters of the text."""
    keys: int = 0
    """Keys pressed, acceptances included."""
    accepted_characters: int = 0
    """Characters that came from ghosts."""
    ghosts_shown: int = 0
    """Distinct ghosts; one that is typed along, or accepted in part, stays the same ghost."""
    ghosts_accepted: int = 0
    """Distinct ghosts of which at least a word was accepted."""
    wrong_characters: int = 0
    """Characters of ghosts behind the last right one, up to the end of the text."""

    def __add__(self, other: TypingFigures) -> TypingFigures:
        return TypingFigures(
            self.characters + other.characters,
            self.keys + other.keys,
            self.accepted_characters + other.accepted_characters,
            self.ghosts_shown + other.ghosts_shown,
            self.ghosts_accepted + other.ghosts_accepted,
            self.wrong_characters + other.wrong_characters,
        )

    @property
    def keystrokes_saved(self) -> float:
        """1 - keys / characters."""
        return 1 - self.keys / self.characters if self.characters else 0.0

    @property
    def accepted_share(self) -> float:
        """Accepted characters / characters."""
        return self.accepted_characters / self.characters if self.characters else 0.0

    @property
    def precision(self) -> float:
        """Ghosts accepted at least in part / ghosts shown; 0 if none was shown."""
        return self.ghosts_accepted / self.ghosts_shown if self.ghosts_shown else 0.0

    @property
    def wrong_characters_per_100(self) -> float:
        """Wrong characters shown per 100 characters of text."""
        return 100 * self.wrong_characters / self.characters if self.characters else 0.0


def simulate_typing(
    text: str, ghost: Callable[[str], str], progress: Callable[[int], None] = lambda _: None
) -> TypingFigures:
    """Type ``text`` with the help of ``ghost(before)``, which gives the ghost after ``before``, or nothing.

    It may end in blanks, which are not shown.

    ``progress`` is told the number of characters typed after each key.
    """
    keys = accepted_characters = ghosts_shown = ghosts_accepted = wrong_characters = position = 0
    rest, shown, blank, counted = "", "", "", False
    while position < len(text):
        accepted = _acceptable(shown, rest[len(shown) :], text, position)
        typed = accepted or _typed(text, position, blank)
        keys += 1
        if accepted:
            ghosts_accepted += not counted
            counted = True
        accepted_characters += len(typed) - (0 if accepted else 1)
        rest = rest.removeprefix(typed) if rest.startswith(typed) else ""
        position += len(typed)
        progress(position)
        shown = fit(rest, text[:position])
        blank = blank_behind(rest) if accepted and not shown else ""
        if not shown and position < len(text):
            rest, counted = blank + ghost(text[:position] + blank), False
            shown = fit(rest, text[:position])
            ghosts_shown += bool(shown)
            following = text[position : position + len(shown)]
            wrong_characters += len(following) - _common_length(shown, following)
    return TypingFigures(len(text), keys, accepted_characters, ghosts_shown, ghosts_accepted, wrong_characters)


def _typed(text: str, position: int, blank: str) -> str:
    """What the next key types at ``position``: a character, and with it the ``blank`` before a word."""
    with_blank = typed_by(text[position + len(blank) : position + len(blank) + 1], blank)
    return with_blank if with_blank and text.startswith(with_blank, position) else text[position]


def _acceptable(shown: str, behind: str, text: str, position: int) -> str:
    """What of the ghost ``shown`` is worth accepting at ``position``: all of it, a word, or nothing.

    ``behind`` is what is left of it then; a blank that this brings is spared, too, if it is right.
    """
    blank = blank_behind(behind)
    for part, brought in ((shown, blank), (next_word(shown), "")):
        right = part + brought if text.startswith(part + brought, position) else part
        if part and len(right) >= FEWEST_SPARED and text.startswith(part, position):
            return part
    return ""


def _common_length(one: str, other: str) -> int:
    """How many characters ``one`` and ``other`` begin with together."""
    return next(
        (index for index, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )
