from __future__ import annotations

from rnncomplete.measure.peers.lineup import NgramGhosts, best_ngrams, peers_of
from rnncomplete.measure.peers.ngram import KneserNey
from rnncomplete.measure.typing_simulation import simulate_typing
from rnncomplete.text.vocabulary import UNKNOWN_CHARACTER, Vocabulary

VOCABULARY = Vocabulary((UNKNOWN_CHARACTER, *"\n abcdefghijklmnopqrstuvwxyz"))
CORPUS = "the quick brown fox\njumps over the lazy dog\nand the quick brown hen\n" * 60


def test_three_peers_know_the_corpus() -> None:
    peers = {peer.name: peer for peer in peers_of(CORPUS, VOCABULARY)}
    assert list(peers) == ["history", "frequency", "kneser_ney"]
    assert peers["history"].ghost("jumps ") == "over the lazy dog"
    assert peers["frequency"].ghost("and qu") == "ick"
    assert peers["kneser_ney"].ghost("the lazy ").startswith("dog\n")
    assert peers["kneser_ney"].facts["order"] > 2


def test_ngrams_see_no_more_than_their_order_and_are_none_the_worse_for_it() -> None:
    ghosts = NgramGhosts(KneserNey(VOCABULARY.encode(CORPUS), len(VOCABULARY), 4), VOCABULARY)
    for before in ("the quick brown ", "x" * 300 + "zzz own ", "", "h"):
        assert ghosts(before, 0.3) == ghosts(before[-4:], 0.3)


def test_the_threshold_is_found_for_the_ngrams_as_well() -> None:
    peer = best_ngrams(CORPUS, VOCABULARY)
    typing = simulate_typing(CORPUS[:500], peer.ghost)
    assert typing.precision >= 0.5
    assert typing.keystrokes_saved > 0.3
