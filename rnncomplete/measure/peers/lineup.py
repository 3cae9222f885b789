"""The peers of a style: what they make of the text that it was trained on."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING

from rnncomplete.completion.decoder import Decoder, DecoderOptions, LogitChoice, decide
from rnncomplete.completion.static_reader import START
from rnncomplete.measure.peers.frequency import FrequencyPeer
from rnncomplete.measure.peers.history import HistoryPeer
from rnncomplete.measure.peers.ngram import HIGHEST_ORDER, KneserNey, losses_of_orders
from rnncomplete.measure.threshold_tuning import beginnings, best_threshold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rnncomplete.text.vocabulary import Vocabulary

HELD_OUT = 0.05
"""Share of the corpus, its end, on which the best order and threshold are found before all of it is counted."""


@dataclass(frozen=True)
class Peer:
    """Another completer."""

    name: str
    ghost: Callable[[str], str]
    """What it shows after a text."""
    facts: dict[str, int | float] = field(default_factory=dict)
    """What was found to be best for it."""


def peers_of(corpus: str, vocabulary: Vocabulary, progress: Callable[[int, int], None] = lambda *_: None) -> list[Peer]:
    """Peers that know ``corpus``: prompt_toolkit's history, the most frequent words, and the best n-grams."""
    return [
        Peer("history", HistoryPeer.from_text(corpus)),
        Peer("frequency", FrequencyPeer.from_text(corpus)),
        best_ngrams(corpus, vocabulary, progress),
    ]


def best_ngrams(corpus: str, vocabulary: Vocabulary, progress: Callable[[int, int], None] = lambda *_: None) -> Peer:
    """Kneser-Ney n-grams of the order that predicts the end of ``corpus`` best, with ghosts decided as ours are."""
    tokens = vocabulary.encode(corpus)
    kept = max(2, int(HELD_OUT * len(tokens)))
    order = 1 + int(losses_of_orders(tokens[:-kept], tokens[-kept:], len(vocabulary), HIGHEST_ORDER).argmin())
    progress(1, 3)
    early = NgramGhosts(KneserNey(tokens[:-kept], len(vocabulary), order), vocabulary)
    threshold = best_threshold(early.greedy, beginnings(corpus[-kept:]))
    progress(2, 3)
    ghosts = NgramGhosts(KneserNey(tokens, len(vocabulary), order), vocabulary)
    progress(3, 3)
    return Peer("kneser_ney", lambda before: ghosts(before, threshold), {"order": order, "threshold": threshold})


class NgramGhosts:
    """Ghosts decoded from n-grams, at any threshold."""

    def __init__(self, grams: KneserNey, vocabulary: Vocabulary) -> None:
        self._decoder = Decoder(grams.step, LogitChoice(vocabulary).choose, vocabulary)
        self._vocabulary = vocabulary
        self._reach = grams.order
        self._step, self._next_state, self._start = grams.step, grams.next_state, grams.initial_state

    def greedy(self, before: str) -> Iterator[tuple[str, float]]:
        """The likeliest characters after ``before``, of which no more is read than the order allows."""
        *earlier, last = self._vocabulary.encode(before[-self._reach :] or START).tolist()
        state = self._start
        for token in earlier:
            state = self._next_state(token, state)
        return self._decoder.greedy(*self._step(last, state), DecoderOptions().length)

    def __call__(self, before: str, threshold: float) -> str:
        """The ghost after ``before``."""
        *_, ghost = decide(self.greedy(before), DecoderOptions(threshold=threshold, budget_ms=inf), before=before)
        return ghost.spelled_out
