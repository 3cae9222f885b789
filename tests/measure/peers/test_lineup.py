from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

from rnncomplete.measure.peers import lineup
from rnncomplete.measure.peers.lineup import NgramGhosts, best_ngrams, known_peers
from rnncomplete.measure.peers.ngram import KneserNey
from rnncomplete.measure.peers.peer import Peer
from rnncomplete.measure.typing_simulation import simulate_typing
from rnncomplete.text.vocabulary import UNKNOWN_CHARACTER, Vocabulary

if TYPE_CHECKING:
    import pytest

VOCABULARY = Vocabulary((UNKNOWN_CHARACTER, *"\n abcdefghijklmnopqrstuvwxyz"))
CORPUS = "the quick brown fox\njumps over the lazy dog\nand the quick brown hen\n" * 60


def quiet(done: int, total: int) -> None:
    """Progress that nobody sees."""


def test_three_peers_know_the_corpus() -> None:
    known = known_peers(VOCABULARY)
    peers = {name: known[name](CORPUS, quiet) for name in ("history", "frequency", "kneser_ney")}
    assert [peer.name for peer in peers.values()] == list(peers)
    assert peers["history"].ghost("jumps ") == "over the lazy dog"
    assert peers["frequency"].ghost("and qu") == "ick"
    assert peers["kneser_ney"].ghost("the lazy ").startswith("dog\n")
    assert peers["kneser_ney"].facts["order"] > 2
    assert peers["history"].megabytes == len(CORPUS) / 1e6
    assert 0 < peers["frequency"].megabytes < peers["kneser_ney"].megabytes


def test_others_are_found_by_their_entry_points_and_loaded_when_they_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = []

    def parrot(corpus: str, progress: object) -> Peer:
        return Peer("parrot", lambda before: corpus[:3], 0.5)

    def load() -> object:
        loaded.append("parrot")
        return parrot

    point = SimpleNamespace(name="parrot", load=load)
    monkeypatch.setattr(lineup, "entry_points", lambda group: [point] if group == "rnncomplete.peers" else [])
    known = known_peers(VOCABULARY)
    assert list(known) == ["history", "frequency", "kneser_ney", "parrot"]
    assert not loaded
    assert known["parrot"](CORPUS, quiet).ghost("so") == "the"


def test_ngrams_see_no_more_than_their_order_and_are_none_the_worse_for_it() -> None:
    ghosts = NgramGhosts(KneserNey(VOCABULARY.encode(CORPUS), len(VOCABULARY), 4), VOCABULARY)
    for before in ("the quick brown ", "x" * 300 + "zzz own ", "", "h"):
        assert ghosts(before, 0.3) == ghosts(before[-4:], 0.3)


def test_the_threshold_is_found_for_the_ngrams_as_well() -> None:
    peer = best_ngrams(CORPUS, quiet, vocabulary=VOCABULARY)
    typing = simulate_typing(CORPUS[:500], peer.ghost)
    assert typing.precision >= 0.5
    assert typing.keystrokes_saved > 0.3
