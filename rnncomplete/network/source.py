"""What a style writes about, as its card says: lines of text that it translates, or a picture that it describes."""

from __future__ import annotations

from typing import TypedDict

from rnncomplete.errors import ModelError

LONGEST = 1024
"""Tokens of a line that is translated, at most; ours take four hundred."""

WIDEST = 1024
"""Numbers of a context at each of its places, at most."""

SMALLEST_PICTURE, LARGEST_PICTURE = 8, 256
"""Pixels of a picture as a network sees it, in one direction."""


class _Kind(TypedDict):
    kind: str
    """``text`` or ``picture``."""


class Source(_Kind, total=False):
    """What a style writes about."""

    vocabulary: tuple[str, ...]
    """Of a text: its characters; index 0 is the unknown one, and a newline is among them."""
    longest: int
    """Of a text: tokens of a line, with the newline at its end; what is longer is cut."""
    size: int
    """Of a picture: pixels in either direction."""


class ContextWidths(TypedDict):
    """Numbers that are known of each place of a source: what is looked for, and what is found."""

    keys: int
    values: int


def check_source(source: Source | None, context: ContextWidths | None, normalisation: tuple[str, ...]) -> None:
    """Raise :class:`ModelError` unless a source can be encoded, and its context held."""
    if (source is None) != (context is None):
        raise ModelError("the card has one of source and context; expected both, or neither")
    if source is None or context is None:
        return
    for width in (context["keys"], context["values"]):
        if not 1 <= width <= WIDEST:
            raise ModelError(f"the card has a context {width} numbers wide; expected 1 to {WIDEST}")
    if source["kind"] == "picture":
        if not SMALLEST_PICTURE <= source.get("size", 0) <= LARGEST_PICTURE:
            raise ModelError(
                f"the card has pictures of the size {source.get('size')}; expected {SMALLEST_PICTURE} to {LARGEST_PICTURE}"
            )
    elif source["kind"] == "text":
        if not 1 <= source.get("longest", 0) <= LONGEST:
            raise ModelError(
                f"the card has sources of {source.get('longest')} characters at most; expected 1 to {LONGEST}"
            )
        from rnncomplete.text.vocabulary import Vocabulary

        if Vocabulary(source.get("vocabulary", ()), normalisation).token("\n") == 0:
            raise ModelError("the vocabulary of the source has no newline; expected one, which ends every line")
    else:
        raise ModelError(f"the card has a source of the kind {source['kind'][:40]!r}; expected text or picture")
