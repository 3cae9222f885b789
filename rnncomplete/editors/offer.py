"""What of a ghost an editor is offered: how many lines, and nothing that stands behind the cursor already.

Only strings, no protocol and no network.
"""

from __future__ import annotations

from rnncomplete.completion.showing import is_inside_character, is_inside_word
from rnncomplete.editors.languages import CODE, is_comment
from rnncomplete.text.printing import displayable
from rnncomplete.text.words import is_word_character, worth_showing

LENGTH = 60
"""Characters of a ghost at most where one line is wanted."""

LENGTH_OF_LINES = 200
"""Characters of a ghost at most where there may be several lines."""

_CLOSING = {")": "(", "]": "[", "}": "{"}
_OPENING = frozenset(_CLOSING.values())
_TURNED = str.maketrans("()[]{}", ")(][}{")
_QUOTES = "\"'`"

_TELLING = 3
"""Letters and digits of a line by which it is known again; a brace or two may come again."""


def wants_lines(language: str, before: str, after: str = "") -> bool:
    """Whether several lines may be offered between the texts ``before`` and ``after``: in code, where nothing follows in the line.

    A line of remarks stays one.
    """
    line = before[before.rfind("\n") + 1 :]
    return language in CODE and not after.partition("\n")[0].strip() and not is_comment(language, line)


def offer(ghost: str, before: str, after: str, language: str = "", *, asked: bool = False) -> str:
    r"""What of ``ghost`` is worth offering between two texts, whose lines end in ``\n``; empty if nothing is.

    Inside a word nothing, unless somebody has ``asked``, and inside a character that is drawn as one nothing at all.
    """
    ghost = displayable(ghost, before)
    if is_inside_character(after) or (not asked and is_inside_word(before, after)):
        return ""
    tail = after.partition("\n")[0]
    if tail.strip():
        ghost = _before_the_rest(ghost.partition("\n")[0], before[before.rfind("\n") + 1 :], tail.rstrip())
    else:
        ghost = "\n".join(_lines(ghost, before, several=wants_lines(language, before, after)))
        ghost = _before_next_lines(ghost, before, after)
    ghost = ghost.rstrip()
    return ghost if worth_showing(ghost) else ""


def _before_the_rest(ghost: str, start: str, tail: str) -> str:
    """``ghost`` up to where it would say what the ``tail`` of the line that begins with ``start`` says."""
    bare = tail.lstrip()
    if tail.startswith(ghost) or bare.startswith(ghost.strip() or "\n"):
        return ""
    if bare[0] in _CLOSING and _unmatched(start[::-1].translate(_TURNED), _CLOSING[bare[0]].translate(_TURNED)) < len(
        start
    ):
        return ghost[: _unmatched(ghost, bare[0])]
    if bare[0] in _QUOTES:
        return ghost.partition(bare[0])[0]
    if (place := ghost.find(bare)) >= 0 and (len(bare) >= _TELLING or ghost.endswith(bare)):
        return ghost[:place]
    overlap = next((size for size in range(min(len(ghost), len(tail)), 0, -1) if ghost.endswith(tail[:size])), 0)
    if overlap > 1 or (overlap and not is_word_character(tail[0])):
        return ghost[: len(ghost) - overlap]
    return ghost


def _unmatched(text: str, closing: str) -> int:
    """Where ``text`` closes with ``closing`` a bracket that it has not opened; its length if it does not."""
    depth = 0
    for place, character in enumerate(text):
        if character in _OPENING:
            depth += 1
        elif character in _CLOSING:
            if depth == 0 and character == closing:
                return place
            depth = max(0, depth - 1)
    return len(text)


def _lines(ghost: str, before: str, *, several: bool) -> list[str]:
    """The lines of ``ghost`` to keep: those of the block that it begins or fills, or one where none is asked for."""
    lines = ghost.split("\n")
    if not lines[0].strip():
        # A ghost that begins with the end of the line: what it says comes in the next.
        first = next((number for number, line in enumerate(lines) if line.strip()), len(lines) - 1)
    else:
        first = 0
    if not several or len(lines) == first + 1:
        return lines[: first + 1]
    start = before[before.rfind("\n") + 1 :]
    whole = [start + lines[0], *lines[1:]]
    filling = not start.strip() or first > 0
    opened = _opens(whole[first])
    if not opened and not (filling and _opens(_last_line(before if first == 0 else before + lines[0]))):
        return lines[: first + 1]
    least = _indentation(whole[first])
    kept = first + 1
    for number in range(first + 1, len(lines)):
        line = whole[number]
        if not line.strip():
            continue
        depth = _indentation(line)
        closes = line.strip()[0] in _CLOSING
        if depth < least or (opened and depth == least and not closes):
            break
        kept = number + 1
        if opened and depth == least:
            break
    return lines[:kept]


def _last_line(text: str) -> str:
    """The last line of ``text`` that says anything."""
    return text.rstrip().rpartition("\n")[2]


def _opens(line: str) -> bool:
    """Whether ``line`` begins a block, or leaves a bracket open."""
    bare = line.rstrip()
    return bare.endswith((":", "{", "(", "[", "then", " do"))


def _indentation(line: str) -> int:
    return len(line.expandtabs(8)) - len(line.expandtabs(8).lstrip())


def _before_next_lines(ghost: str, before: str, after: str) -> str:
    """``ghost`` up to the first line that says what the next line of ``after`` does."""
    following = next((line.strip() for line in after.partition("\n")[2].split("\n", 8)[:8] if line.strip()), "")
    if sum(map(is_word_character, following)) < _TELLING:
        return ghost
    lines = ghost.split("\n")
    start = before[before.rfind("\n") + 1 :]
    for number, line in enumerate(lines):
        whole = start + line if number == 0 else line
        if whole.strip() == following:
            return "\n".join(lines[:number])
    return ghost
