"""What is offered at the cursor of an open text, and why nothing is. No protocol is known here."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rnncomplete.completion.worker import one_line
from rnncomplete.editors.catalogue import read_as
from rnncomplete.editors.offer import LENGTH, LENGTH_OF_LINES, offer, wants_lines

if TYPE_CHECKING:
    from collections.abc import Callable

    from rnncomplete.completion.decoder import DecoderOptions
    from rnncomplete.completion.document import Document
    from rnncomplete.editors.open_text import OpenText, Reading
    from rnncomplete.editors.texts import Texts

BUDGET_MS, BUDGET_ASKED_MS = 12.0, 200.0
"""For the characters of a ghost that nobody has asked for, and of one that somebody has."""


@dataclass(frozen=True)
class Ask:
    """A request: what stands before and behind the cursor, with line ends of one character."""

    before: str
    after: str
    asked: bool = False
    """Whether somebody has asked, and is to get several; otherwise one comes, if it is likely."""
    given: str = ""
    """What is chosen in a list of words at the end of ``before``, and so not written yet."""
    wanted: Callable[[], bool] = lambda: True


def answer(texts: Texts, text: OpenText, ask: Ask) -> list[str]:
    """What to offer at the cursor, behind what is ``given``; may be nothing, and ``text.why`` then says why.

    Called by one thread at a time.
    """
    began = time.perf_counter()
    if not ask.wanted():
        return []
    text.before = ask.before
    try:
        offers = _offers(texts, text, ask)
    except Exception as error:  # whatever a style can bring about: the editor must go on working
        text.why = one_line(error)
        return []
    if not ask.wanted():
        text.why = "the text had changed before the ghost was there"
        return []
    text.milliseconds = 1000 * (time.perf_counter() - began)
    if texts.on and not text.off:
        texts.readings.look_on(text)
    if offers:
        text.why = ""
    return offers


def _offers(texts: Texts, text: OpenText, ask: Ask) -> list[str]:
    if not texts.on or text.off:
        text.why = text.off or "ghosts are switched off"
        return []
    plain = not (ask.asked or ask.given)
    if plain and (rest := _along(text, ask)):
        return [rest]
    text.why = "nothing is likely enough here"
    texts.activate(text)
    described = texts.pictures.reading(text, ask.before, ask.after)
    reading, read = described or (texts.readings.current(text), ask.before)
    place = read_as(reading.completer, text.language, read)
    if place is None:
        text.why = "a style that translates writes between the quotes of a msgstr"
        return []
    before = reading.beside + place.before
    if place.source is not None:
        before, text.before = place.before, place.before
        text.source, text.beside = place.source, ""
        reading.document.write_about(place.source)
    options = _options(texts, text, reading, ask, several=described is not None)
    whole = ask.before + ask.given
    if ask.asked:
        ghosts = _several(reading.document, before, options, texts.preferences.alternatives, ask)
    else:
        if plain:
            text.trail.begin(ask.before, ask.after)
        grown = [ghost.text for ghost in reading.document.grow(before, ask.wanted, options, ask.given)]
        ghosts = grown[-1:] or [""]
    behind = place.behind(ask.after)
    offers = [offer(place.written(ghost), whole, behind, text.language, asked=ask.asked) for ghost in ghosts]
    if any(ghosts) and not any(offers):
        text.why = "what is likely stands behind the cursor already, or would break a word"
    if plain and text.trail.offers_back(offers[0]):
        text.why = "what is likely was just deleted"
        offers = []
    elif plain:
        text.trail.grow(offers[0])
        offers = [text.trail.rest]
    return [found for found in dict.fromkeys(offers) if found]


def _along(text: OpenText, ask: Ask) -> str:
    """The rest of the ghost that was there, if all since was typed along it."""
    whole = ask.before + ask.after
    if whole == text.whole:
        text.trail.move(ask.before, ask.after)
    else:
        text.trail.change(ask.before, ask.after)
        text.whole = whole
    return text.trail.rest


def _several(document: Document, before: str, options: DecoderOptions, count: int, ask: Ask) -> list[str]:
    first = document.insist(before, ask.wanted, options)
    others = document.alternatives(before, count, ask.wanted, options)
    return [ghost.text for ghost in [first, *others]][:count]


def _options(texts: Texts, text: OpenText, reading: Reading, ask: Ask, *, several: bool) -> DecoderOptions:
    """How far to look ahead: over ``several`` lines, or a whole description, or in code where lines are wanted."""
    wanted = texts.preferences
    several = several or wants_lines(text.language, ask.before + ask.given, ask.after)
    usual = BUDGET_ASKED_MS if ask.asked else BUDGET_MS
    return replace(
        reading.completer.options,
        length=wanted.length or (LENGTH_OF_LINES if several else LENGTH),
        threshold=reading.completer.card.threshold if wanted.threshold is None else wanted.threshold,
        budget_ms=usual if wanted.budget_ms is None else wanted.budget_ms,
    )
