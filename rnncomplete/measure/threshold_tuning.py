"""Finding the threshold of a style: how likely a ghost has to be to be shown."""

from __future__ import annotations

from functools import partial
from math import inf
from typing import TYPE_CHECKING

from rnncomplete.completion.decoder import DecoderOptions, decide
from rnncomplete.measure.typing_simulation import TypingFigures, simulate_typing
from rnncomplete.text.stretches import starts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

CANDIDATES = (0.1, 0.15, 0.2, 0.22, 0.24, 0.26, 0.28, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6)

LEAST_PRECISION = 0.52
"""Every other ghost shown has to be accepted at least in part, on other texts than those tuned on, too: beyond that
ghosts are in the way."""

DISTRACTION = 0.03
"""What a wrong character that is shown costs its reader, in keystrokes. Where nothing is known but the text before,
:data:`LEAST_PRECISION` decides: the least sure ghosts that it lets through save 0.06 to 0.10 for each wrong character (from
0.2 to 0.15, 8,000 characters of five styles held out). Of a translation most is sure, and the rest guessed at: from 0.25
to 0.15 english-french saved 0.3 keys more of a hundred, for 20 more wrong characters, 0.015 for each."""

SESSIONS, SESSION = 4, 2_000
"""Places of a text at which somebody begins to type, and characters they type, to find the best threshold."""


def beginnings(text: str, session: int = SESSION) -> list[str]:
    """Stretches of ``session`` characters evenly spaced over ``text``, each to be typed by itself; all of a short text."""
    enough = len(text) > SESSIONS * session
    begin = starts(len(text), session, SESSIONS).tolist() if enough else range(0, len(text), session)
    return [text[start : start + session] for start in begin]


def best_threshold(
    greedy: Callable[[str], Iterator[tuple[str, float]]],
    texts: Sequence[str],
    candidates: Sequence[float] = CANDIDATES,
    progress: Callable[[int], None] = lambda _: None,
    begun: Callable[[int], object] = lambda _: None,
) -> float:
    """The candidate whose ghosts are worth most on ``texts``, each typed by itself: what they save less :data:`DISTRACTION`.

    Of those with a precision of :data:`LEAST_PRECISION`; if none is precise enough, it is the highest.
    ``greedy(before)`` gives the likeliest characters after ``before``, with their probabilities; it is asked once, and
    every candidate decides by the same. ``progress`` is told the candidates tried, and ``begun`` the number of each text
    before it is typed.
    """
    asked: dict[tuple[int, str], list[tuple[str, float]]] = {}

    def ghost(number: int, before: str, options: DecoderOptions) -> str:
        if (number, before) in asked:
            *_, decided = decide(asked[number, before], options, before=before)
        else:
            taken = asked[number, before] = []
            *_, decided = decide(kept(greedy(before), taken), options, before=before)
        return decided.spelled_out

    def typed(threshold: float) -> TypingFigures:
        options, typing = DecoderOptions(threshold=threshold, budget_ms=inf), TypingFigures()
        for number, text in enumerate(texts):
            begun(number)
            typing += simulate_typing(text, partial(ghost, number, options=options))
        return typing

    best, most = max(candidates), -inf
    for tried, threshold in enumerate(sorted(candidates), 1):
        figures = typed(threshold)
        worth = figures.characters - figures.keys - DISTRACTION * figures.wrong_characters
        if figures.precision >= LEAST_PRECISION and worth > most:
            best, most = threshold, worth
        progress(tried)
    return best


def kept(characters: Iterable[tuple[str, float]], taken: list[tuple[str, float]]) -> Iterator[tuple[str, float]]:
    """``characters``, each put into ``taken`` as it is taken: with a higher threshold no more will be."""
    for character in characters:
        taken.append(character)
        yield character
