"""The peers of a style: what they make of the text that it was trained on."""

from __future__ import annotations

from functools import partial
from importlib.metadata import entry_points
from math import inf
from typing import TYPE_CHECKING

from rnncomplete.completion.decoder import Decoder, DecoderOptions, LogitChoice, decide
from rnncomplete.completion.static_reader import START
from rnncomplete.measure.peers.frequency import FrequencyPeer
from rnncomplete.measure.peers.history import HistoryPeer
from rnncomplete.measure.peers.ngram import HIGHEST_ORDER, KneserNey, losses_of_orders
from rnncomplete.measure.peers.peer import Peer, held_out
from rnncomplete.measure.threshold_tuning import beginnings, best_threshold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rnncomplete.text.vocabulary import Vocabulary

    Progress = Callable[[int, int], None]

ENTRY_POINTS = "rnncomplete.peers"
"""Peers that need more than comes with rnncomplete: functions from a corpus and a ``progress(done, total)`` to a
:class:`~rnncomplete.measure.peers.peer.Peer`, which raise :class:`~rnncomplete.errors.SettingError` where it is not at hand."""


def known_peers(vocabulary: Vocabulary) -> dict[str, Callable[[str, Progress], Peer]]:
    """All peers there are, by name: prompt_toolkit's history, the most frequent words, the best n-grams, and others.

    Each is made of a corpus; n-grams predict the characters of ``vocabulary``.
    """

    def loaded(corpus: str, progress: Progress, *, name: str) -> Peer:
        made: Peer = others[name].load()(corpus, progress)
        return made

    others = {point.name: point for point in entry_points(group=ENTRY_POINTS)}
    return {
        "history": history,
        "frequency": frequency,
        "kneser_ney": partial(best_ngrams, vocabulary=vocabulary),
        **{name: partial(loaded, name=name) for name in others},
    }


def history(corpus: str, _: Progress) -> Peer:
    """The history of prompt_toolkit: the lines of ``corpus``."""
    return Peer("history", HistoryPeer.from_text(corpus), len(corpus.encode()) / 1e6)


def frequency(corpus: str, _: Progress) -> Peer:
    """The most frequent words of ``corpus``."""
    ghosts = FrequencyPeer.from_text(corpus)
    return Peer("frequency", ghosts, ghosts.bytes / 1e6)


def best_ngrams(corpus: str, progress: Progress, *, vocabulary: Vocabulary) -> Peer:
    """Kneser-Ney n-grams of the order that predicts the end of ``corpus`` best, with ghosts decided as ours are."""
    tokens, end = vocabulary.encode(corpus), held_out(corpus)
    kept = len(end)
    order = 1 + int(losses_of_orders(tokens[:-kept], tokens[-kept:], len(vocabulary), HIGHEST_ORDER).argmin())
    progress(1, 3)
    early = NgramGhosts(KneserNey(tokens[:-kept], len(vocabulary), order), vocabulary)
    threshold = best_threshold(early.greedy, beginnings(end))
    progress(2, 3)
    grams = KneserNey(tokens, len(vocabulary), order)
    ghosts, facts = NgramGhosts(grams, vocabulary), {"order": order, "threshold": threshold}
    progress(3, 3)
    return Peer("kneser_ney", lambda before: ghosts(before, threshold), grams.bytes / 1e6, facts)


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
