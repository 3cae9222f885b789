"""Texts that are written about sources, each about one: what a person saves who types them, with the sources and without."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf
from typing import TYPE_CHECKING

from rnncomplete.measure.typing_simulation import TypingFigures, simulate_typing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from rnncomplete.completion.completer import Completer
    from rnncomplete.network.model import FloatArray


@dataclass(frozen=True)
class WrittenText:
    """A text and what it is about."""

    source: str | FloatArray
    text: str


def begin_about(completer: Completer, source: str | FloatArray) -> None:
    """Let ``completer`` begin a text about ``source``."""
    completer.close()
    completer.open(source=source)


def typing_of(
    completer: Completer,
    texts: Iterable[WrittenText],
    *,
    about: bool = True,
    progress: Callable[[int], None] = lambda _: None,
) -> TypingFigures:
    """What a simulated person saves who types ``texts`` with ghosts that know what they are ``about``, or do not.

    ``progress`` is told how many were typed.
    """
    options, typing = replace(completer.options, budget_ms=inf), TypingFigures()

    def ghost(before: str) -> str:
        return completer.complete(before, options=options).spelled_out

    for number, written in enumerate(texts, 1):
        begin_about(completer, written.source if about else "")
        typing += simulate_typing(written.text, ghost)
        progress(number)
    return typing
