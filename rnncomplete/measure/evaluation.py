"""How well a style does on texts: nats per character, and what a simulated person saves."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from math import inf, log
from typing import TYPE_CHECKING, Any

import numpy as np

from rnncomplete.completion.sources import About
from rnncomplete.errors import TextError
from rnncomplete.measure.typing_simulation import TypingFigures, simulate_typing
from rnncomplete.measure.word_prediction import WordFigures, predict_words
from rnncomplete.network.distribution import nats
from rnncomplete.text.vocabulary import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from rnncomplete.completion.completer import Completer
    from rnncomplete.network.encoder import Context
    from rnncomplete.network.model import FloatArray, Model


SPELLED_OUT = log(0x110000 - 0x800)
"""Nats by which an unknown character is told from all others: each of Unicode's 1,112,064 scalar values is as likely."""


def spelling(tokens: NDArray[np.integer[Any]]) -> FloatArray:
    """What an unknown character costs beside its being unknown, float32[n]: :data:`SPELLED_OUT` where it is, else 0.

    A network gives all unknown characters one probability p. What is really there has to be told as well, so that a
    character costs -ln p + ln 1,112,064 nats: without that, the fewer characters a network knows, the better it looks.
    """
    return np.where(np.asarray(tokens) == UNKNOWN, np.float32(SPELLED_OUT), np.float32(0))


@dataclass(frozen=True)
class Evaluation:
    """The figures of one style on some texts."""

    characters: int
    unknown_characters: int
    """Characters that the vocabulary lacks; each costs :data:`SPELLED_OUT` nats more than its being unknown."""
    nats_per_character: float
    """Natural-log loss of each character but the first of each text, as the completer predicts it."""
    static_nats_per_character: float
    """The same of the network alone."""
    typing: TypingFigures
    milliseconds: FloatArray
    """Time from the key to the whole ghost, for each key that needed a new one."""
    words: WordFigures
    """How many of the first words typed were predicted, if the text has a source."""


def losses(
    model: Model,
    text: str,
    progress: Callable[[int], None] = lambda _: None,
    about: Callable[[int], Context] | None = None,
) -> FloatArray:
    """Nats of each character of ``text`` but the first, float32[len(text) - 1], at the card's temperature.

    An unknown character is charged what spelling it out costs, too (:func:`spelling`).
    The state is carried from the start of the text to its end. ``progress`` is told the characters read; ``about``
    gives the context of what each line is about.
    """
    tokens = model.vocabulary.encode(text).tolist()
    result = np.zeros(max(0, len(tokens) - 1), np.float32)
    state, line, newline = model.initial_state, 0, model.vocabulary.token("\n")
    for position, (token, following) in enumerate(pairwise(tokens)):
        line += token == newline
        logits, state = model.step(token, state, about(line) if about else None)
        result[position] = nats(logits, following, model.card.temperature)
        progress(position + 1)
    return result + spelling(model.vocabulary.encode(text)[1:])


def predicted_losses(
    completer: Completer, text: str, progress: Callable[[int], None] = lambda _: None, earlier: str = ""
) -> FloatArray:
    """Nats of each character of ``text`` but the first, float32[len(text) - 1], as ghosts are made of them.

    ``completer`` reads what is before the character, in ``text`` and before that in ``earlier``, and nothing else.
    """
    tokens = completer.model.vocabulary.encode(text).tolist()
    result = np.zeros(max(0, len(tokens) - 1), np.float32)
    for position in range(1, len(tokens)):
        probabilities = completer.predict(earlier + text[:position])
        assert probabilities is not None, "always wanted"
        result[position - 1] = -np.log(probabilities[tokens[position]])
        progress(position)
    return result + spelling(completer.model.vocabulary.encode(text)[1:])


def evaluate(
    completer: Completer,
    texts: Sequence[str],
    progress: Callable[[int, int], None] = lambda *_: None,
    *,
    typed: int | None = None,
    source: str | None = None,
) -> Evaluation:
    """Measure ``completer`` on ``texts``, normalised as it reads them, typed one after another in one session, as files of one project.

    For the static figure the network begins anew at each. Of all characters only the first ``typed`` are typed in the
    simulation, if that is given, which takes most of the time. Ghosts have no time budget here, so that the figures don't
    depend on the machine. ``source`` is what a single text is about, line by line; with one, even "", predicted words are counted.
    ``progress`` is told what is done of what there is to do. Raises :class:`TextError` for a text of less than two
    characters, or several with one source.
    """
    if source is not None and len(texts) != 1:
        raise TextError(f"{len(texts)} texts and one source; expected one text for it")
    if any(len(text) < 2 for text in texts):
        raise TextError("a text to evaluate has less than two characters; expected one to type")
    model, options = completer.model, replace(completer.options, budget_ms=inf)
    texts = [model.vocabulary.normalise(text) for text in texts]
    characters = sum(map(len, texts))
    left = characters if typed is None else min(typed, characters)
    completer.open(source=source)
    contexts = completer.knowledge.contexts
    about = About(contexts, source or "") if contexts else None
    total = characters * (1 if completer.static else 2) + left * (1 if source is None else 2)
    done = 0
    milliseconds: list[float] = []

    def advance(position: int) -> None:
        progress(done + position, total)

    def ghost(earlier: str, before: str) -> str:
        start = time.perf_counter()
        text = completer.complete(earlier + before, options=options).spelled_out
        milliseconds.append(1000 * (time.perf_counter() - start))
        return text

    nats, static, unknown, typing, words = 0.0, 0.0, 0, TypingFigures(), WordFigures()
    for number, text in enumerate(texts):
        # A static completer keeps nothing of a text but the network's state.
        earlier = "" if completer.static else "".join(texts[:number])
        static += float(losses(model, text, advance, about).sum(dtype=np.float64))
        unknown += int((model.vocabulary.encode(text) == UNKNOWN).sum())
        done += len(text)
        if not completer.static:
            nats += float(predicted_losses(completer, text, advance, earlier).sum(dtype=np.float64))
            done += len(text)
        typing += simulate_typing(text[:left], partial(ghost, earlier), advance)
        done += min(left, len(text))
        if source is not None:
            words += predict_words(text[:left], completer.greedy, advance)
            done += min(left, len(text))
        left -= min(left, len(text))
    predicted = characters - len(texts)
    return Evaluation(
        characters,
        unknown,
        (static if completer.static else nats) / predicted,
        static / predicted,
        typing,
        np.array(milliseconds, np.float32),
        words,
    )
