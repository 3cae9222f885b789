"""Patterns as in a ``.gitignore`` (https://git-scm.com/docs/gitignore), in a time that no pattern can draw out.

They come with folders, and so from anybody: ``*a*a*a*a*b`` takes an ordinary matcher for ever on a long name. Here a
pattern never gives back what a star or ``**`` has passed over: if anything matches, so does the first that it meets.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MOST = 2000
"""Patterns of one file; what stands behind them is not looked at."""

LONGEST = 300
"""Characters of a pattern; a longer one says nothing."""

_ANY = re.compile(r"(?s:.+)")


@dataclass(frozen=True)
class Pattern:
    """One line of an ignore file."""

    parts: tuple[re.Pattern[str] | None, ...]
    """For each name of the path what it must match; ``None`` stands for any number of names."""
    takes_back: bool
    """Whether it begins with ``!``."""
    folders_only: bool

    @classmethod
    def parse(cls, line: str) -> Pattern | None:
        """The pattern that ``line`` spells; ``None`` for a comment, a blank line, and anything that is not a pattern."""
        line = re.sub(r"(?<!\\) +$", "", line[: LONGEST + 1].rstrip("\r\n"))
        if not line or line.startswith("#") or len(line) > LONGEST:
            return None
        takes_back = line.startswith("!")
        body = line[takes_back:]
        names = body.strip("/").split("/")
        if not names[0]:
            return None
        anywhere = "/" not in body.rstrip("/")
        last = names[-1] == "**"
        try:
            parts = [None if name == "**" else _name_matcher(name) for name in names]
        except re.error:  # a range that runs backwards
            return None
        return cls((*([None] if anywhere else []), *parts, *([_ANY] if last else [])), takes_back, body.endswith("/"))

    def fits(self, names: Sequence[str], *, is_folder: bool) -> bool:
        """Whether this is a pattern of the path whose parts are ``names``."""
        if self.folders_only and not is_folder:
            return False
        part = name = passed = 0
        again = None
        while name < len(names):
            matcher = self.parts[part] if part < len(self.parts) else None
            if matcher is None and part < len(self.parts):
                again, passed, part = part + 1, name, part + 1
            elif matcher is not None and matcher.fullmatch(names[name]):
                part, name = part + 1, name + 1
            elif again is not None:
                passed += 1
                part, name = again, passed
            else:
                return False
        return part == len(self.parts)


class Patterns:
    """The patterns of one ignore file, or the globs that somebody typed; the last that fits decides."""

    def __init__(self, lines: Iterable[str]) -> None:
        found = (Pattern.parse(line) for _, line in zip(range(MOST), lines, strict=False))
        self._patterns = [pattern for pattern in found if pattern is not None][::-1]

    def verdict(self, path: str, *, is_folder: bool) -> bool | None:
        """Whether ``path``, with slashes, is left out; ``None`` if nothing is said of it."""
        names = path.split("/")
        fitting = (pattern for pattern in self._patterns if pattern.fits(names, is_folder=is_folder))
        return next((not pattern.takes_back for pattern in fitting), None)

    def match(self, path: str) -> bool:
        """Whether the file ``path`` is meant: by itself, or, where nothing is said of it, in the nearest folder."""
        names = path.split("/")
        verdicts = (
            self.verdict("/".join(names[:length]), is_folder=length < len(names)) for length in range(len(names), 0, -1)
        )
        return next((verdict for verdict in verdicts if verdict is not None), False)


def _name_matcher(glob: str) -> re.Pattern[str]:
    """What matches the names that ``glob`` does, which holds no slash."""
    pieces = [""]
    place = 0
    while place < len(glob):
        character = glob[place]
        place += 1
        if character == "*":
            pieces.append("")
        elif character == "?":
            pieces[-1] += "."
        elif character == "[" and (end := glob.find("]", place + 1 + (glob[place : place + 1] in ("!", "^")))) >= 0:
            pieces[-1] += _set(glob[place:end])
            place = end + 1
        else:
            if character == "\\" and place < len(glob):
                character, place = glob[place], place + 1
            pieces[-1] += re.escape(character)
    first, *others = pieces
    if not others:
        return re.compile(f"(?s:{first})")
    *middle, last = others
    # Each piece has one length, so that taking the first place where it stands never costs a match: `(?>` keeps to it.
    return re.compile(f"(?s:{first}{''.join(f'(?>.*?{piece})' for piece in middle if piece)}.*{last})")


def _set(inside: str) -> str:
    """The set of characters between the brackets of a glob, as a regular expression."""
    negated = inside[:1] in ("!", "^")
    characters = re.sub(r"\\(.)", r"\1", inside[negated:])
    escaped = re.sub(r"([\\\[\]^&~|])", r"\\\1", characters)
    return f"[{'^' * negated}{escaped}]"
