"""The context mixer: a proper distribution, exact undoing, and two cores with the same bits."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

import mixing_twin as twin
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncomplete.errors import ModelError
from rnncomplete.mixing import layout, tables
from rnncomplete.mixing.alphabet import Alphabet
from rnncomplete.mixing.core import compiled_core
from rnncomplete.mixing.memory import CorpusMemory
from rnncomplete.mixing.mixer import Mixer
from rnncomplete.mixing.prior import Prior
from rnncomplete.mixing.text_reader import Reader, Windows
from rnncomplete.mixing.training import learn_prior
from rnncomplete.mixing.tree import Tree
from rnncomplete.text.tail import Tail

CHARACTERS = ("\ufffd", "\n", " ", "=", "A", "B", "_", "a", "b", "c", "1")
ALPHABET = Alphabet.usual(CHARACTERS)
SYMBOLS = len(CHARACTERS)
SIZES = layout.Sizes(600, entry_bits=8, run_bits=8, match_bits=5, refine_rows=16, journal_words=1 << 16, frames=64)
LONG_AGO = layout.Sizes(600, entry_bits=8, run_bits=8, match_bits=5, refine_rows=16, journal_words=1 << 19, frames=256)
TOKENS = st.lists(st.integers(0, SYMBOLS - 1), max_size=60)
core = compiled_core()
CORES = [pytest.param(core, id="default"), pytest.param(twin, id="twin")]


def tokens_of(text: str) -> np.ndarray:
    return np.array([CHARACTERS.index(c) for c in text], np.uint16)


def network_of(count: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).dirichlet(np.full(SYMBOLS, 0.3), count).astype(np.float32)


@pytest.fixture(scope="module")
def corpus() -> CorpusMemory:
    return CorpusMemory.count(ALPHABET, tokens_of("abc = a_1\nA b = B c\nabc aab _1 = cc\n" * 9), 512, 1024)


def whole(mixer: Mixer) -> bytes:
    """Everything learned; the characters behind the text's end are scratch."""
    mixer._arena.views["tokens"][len(mixer) :] = 0
    return mixer.learned()


# the tree


@given(st.lists(st.integers(0, 10**6), min_size=2, max_size=300))
def test_every_symbol_has_its_own_path(counts: list[int]) -> None:
    tree = Tree(tuple(counts))
    for symbol, (length, path) in enumerate(zip(tree.lengths, tree.paths, strict=True)):
        node = 0
        for depth in range(length):
            child = int(tree.children[node, int(path) >> depth & 1])
            assert child < 0 or child > node
            node = child
        assert ~node == symbol


def test_common_symbols_have_short_paths() -> None:
    tree = Tree((1, 1, 1000, 1, 1))
    assert tree.lengths[2] == min(tree.lengths)


@pytest.mark.parametrize("counts", [(3,), (1, -1)])
def test_a_tree_needs_two_counts_none_negative(counts: tuple[int, ...]) -> None:
    with pytest.raises(ModelError, match="expected at least 2"):
        Tree(counts)


def test_the_largest_vocabulary_fits_the_paths() -> None:
    counts = tuple(10**9 if index == 7 else 0 for index in range(4096))
    assert max(Tree(counts).lengths) < 60


# tables


def test_tables_agree_with_the_library() -> None:
    p = (np.arange(4096) + 0.5) / 4096
    np.testing.assert_allclose(tables.stretch_table(), np.log(p / (1 - p)), rtol=2e-6, atol=2e-7)
    x = -12 + np.arange(4096) / 170
    np.testing.assert_allclose(tables.squash_table(), 1 / (1 + np.exp(-x)), rtol=1e-6)


# a proper distribution


@given(TOKENS, TOKENS, st.booleans(), st.booleans())
@settings(max_examples=40)
def test_a_distribution_sums_to_one_and_is_what_is_scored(
    corpus: CorpusMemory, text: list[int], path: list[int], remembers: bool, has_network: bool
) -> None:
    network = network_of(len(text) + len(path) + 1, 3) if has_network else None
    mixer = Mixer(ALPHABET, [corpus] if remembers else [], sizes=SIZES)
    mixer.learn(text, None if network is None else network[: len(text)])
    before = whole(mixer)
    place = None if network is None else network[len(text)]
    ahead = mixer.distribution(path, place)
    assert ahead.min() > 0
    assert abs(float(ahead.astype(np.float64).sum()) - 1) < 1e-5
    assert whole(mixer) == before, "looking ahead taught something"
    shown = np.arange(SYMBOLS) % 3 != 0
    token, probability = mixer.likeliest(path, place, shown)
    assert shown[token]
    assert probability == ahead[token] == ahead[shown].max()
    here = mixer.distribution((), place)
    for token in range(SYMBOLS):
        scored = mixer.learn([token], None if place is None else place[None])
        assert scored[0] == pytest.approx(float(here[token]), rel=1e-6)
        assert mixer.undo(1) == 1


@pytest.mark.parametrize("odd", [0.0, -1.0, np.nan, np.inf, 1e30])
@pytest.mark.parametrize("one", CORES)
def test_a_network_that_talks_nonsense_is_survived(odd: float, one: object) -> None:
    mixer = Mixer(ALPHABET, sizes=SIZES, core=one)
    nonsense = np.full(SYMBOLS, odd, np.float32)
    with np.errstate(all="ignore"):
        mixer.learn([1], nonsense[None])
        assert abs(float(mixer.distribution((), nonsense).sum()) - 1) < 1e-5


def test_nothing_may_be_shown() -> None:
    assert Mixer(ALPHABET, sizes=SIZES).likeliest((), None, np.zeros(SYMBOLS, bool)) == (-1, 0.0)


# it learns


def test_what_was_read_comes_back() -> None:
    mixer = Mixer(ALPHABET, sizes=SIZES)
    mixer.learn(tokens_of("abc_1A = cab\nB_cab1 = aa\n" * 5 + "abc_1"))
    path: list[int] = []
    for _ in range(7):
        path.append(mixer.likeliest(path, None, np.ones(SYMBOLS, bool))[0])
    assert "".join(CHARACTERS[token] for token in path) == "A = cab"


def test_a_good_network_is_trusted_after_a_while() -> None:
    text = np.random.default_rng(1).integers(0, SYMBOLS, 500).astype(np.uint16)
    network = np.full((500, SYMBOLS), 0.03, np.float32)
    network[np.arange(500), text] = 1 - 0.03 * (SYMBOLS - 1)
    scored = Mixer(ALPHABET, sizes=SIZES).learn(text, network)
    alone = Mixer(ALPHABET, sizes=SIZES).learn(text)
    assert -np.log(scored[250:]).mean() < 0.7
    assert -np.log(alone[250:]).mean() > 2


def test_a_corpus_helps(corpus: CorpusMemory) -> None:
    text = tokens_of("abc = a_1\nA b = B c\n")
    with_it = Mixer(ALPHABET, [corpus], sizes=SIZES).learn(text)
    assert -np.log(with_it).mean() < 0.6 * -np.log(Mixer(ALPHABET, sizes=SIZES).learn(text)).mean()


def test_a_prior_is_where_the_weights_begin() -> None:
    text = tokens_of("abc = a_1\nA b = B c\n" * 4)
    mixer = Mixer(ALPHABET, sizes=SIZES)
    mixer.learn(text)
    taught = Mixer(ALPHABET, prior=mixer.learned_prior(), sizes=SIZES)
    assert -np.log(taught.learn(text)).mean() < -np.log(Mixer(ALPHABET, sizes=SIZES).learn(text)).mean()


def test_weights_are_learned_in_two_passes_for_which_the_network_is_asked_once(corpus: CorpusMemory) -> None:
    text, asked, told = tokens_of("abc = a_1\nA b = B c\n" * 120), list[tuple[int, int]](), list[tuple[int, int]]()
    words = network_of(len(text), 4)

    def network(begin: int, end: int) -> np.ndarray:
        asked.append((begin, end))
        return words[begin:end]

    turns = [[corpus], []]
    prior = learn_prior(ALPHABET, turns, text, network, session=1500, progress=lambda *at: told.append(at))
    assert asked == [(0, 1024), (1024, 1500), (1500, len(text))]
    assert told[-1] == (2 * len(text), 2 * len(text))
    once = learn_prior(ALPHABET, turns, text[:1500], network, session=1500)
    assert prior != once

    def surprise(taught: Prior) -> float:
        return float(-np.log(Mixer(ALPHABET, [corpus], prior=taught).learn(text[:300], words[:300])).mean())

    assert surprise(prior) < surprise(Prior())


# undoing


@given(TOKENS, TOKENS, st.integers(0, 70), st.booleans(), st.sampled_from([core, twin]))
@settings(max_examples=30)
def test_undoing_is_never_having_read(  # noqa: PLR0917 - hypothesis fills them in by place
    corpus: CorpusMemory, text: list[int], more: list[int], count: int, remembers: bool, one: object
) -> None:
    memories = [corpus] if remembers else []
    network = network_of(len(text) + len(more), 5)
    mixer = Mixer(ALPHABET, memories, sizes=LONG_AGO, core=one)
    mixer.learn(text, network[: len(text)])
    before = whole(mixer)
    mixer.learn(more, network[len(text) :])
    assert mixer.undo(len(more)) == len(more)
    assert whole(mixer) == before
    undone = mixer.undo(count)
    assert undone == min(count, len(text))
    fresh = Mixer(ALPHABET, memories, sizes=LONG_AGO, core=core)
    fresh.learn(text[: len(text) - undone], network[: len(text) - undone])
    assert whole(mixer) == whole(fresh)


@pytest.mark.parametrize("one", CORES)
def test_skimming_remembers_what_learning_does_but_weighs_nothing(one: object) -> None:
    text = np.tile(tokens_of("abc = a_1\n"), 3)
    skimmed, learned = Mixer(ALPHABET, sizes=SIZES, core=one), Mixer(ALPHABET, sizes=SIZES, core=one)
    skimmed.skim(text)
    learned.learn(text)
    taught = skimmed.learned_prior().sections
    assert taught == Mixer(ALPHABET, sizes=SIZES).learned_prior().sections
    assert taught != learned.learned_prior().sections
    remembered = [mixer._arena for mixer in (skimmed, learned)]
    for name in layout.SECTIONS:
        if name not in layout.LEARNED:
            assert np.array_equal(*(arena.views[name] for arena in remembered)), name
    assert skimmed.learn(tokens_of("abc"))[-1] > 0.5


@pytest.mark.parametrize("one", CORES)
def test_a_full_journal_undoes_what_it_still_holds(one: object) -> None:
    text = np.tile(tokens_of("abc = a_1\n"), 12)
    mixer = Mixer(ALPHABET, sizes=SIZES, core=one)
    mixer.learn(text)
    undone = mixer.undo(len(text))
    assert 0 < undone < len(text)
    assert mixer.undo(1) == 0
    fresh = Mixer(ALPHABET, sizes=SIZES)
    fresh.learn(text[: len(text) - undone])
    assert whole(mixer) == whole(fresh)
    mixer.learn(text[:3])
    assert mixer.undo(5) == 3


def test_a_session_begins_again() -> None:
    mixer = Mixer(ALPHABET, sizes=SIZES)
    mixer.learn(tokens_of("abc = a_1\n"))
    mixer.reset()
    assert mixer.undo(1) == 0
    assert whole(mixer) == whole(Mixer(ALPHABET, sizes=SIZES))


# both cores


@given(TOKENS, TOKENS, st.integers(0, 2), st.booleans(), st.integers(0, 20))
@settings(max_examples=40)
def test_both_cores_give_the_same_bits(  # noqa: PLR0917 - hypothesis fills them in by place
    corpus: CorpusMemory, text: list[int], path: list[int], memories: int, has_network: bool, count: int
) -> None:
    network = network_of(len(text), 7) if has_network else None
    place = network_of(1, 8)[0] if has_network else None
    both = [Mixer(ALPHABET, [corpus] * memories, sizes=SIZES, core=one) for one in (core, twin)]
    compiled, python = both
    assert compiled.learn(text, network).tobytes() == python.learn(text, network).tobytes()
    assert compiled.distribution(path, place).tobytes() == python.distribution(path, place).tobytes()
    shown = np.arange(SYMBOLS) % 2 == 0
    assert compiled.likeliest(path, place, shown) == python.likeliest(path, place, shown)
    assert compiled.undo(count) == python.undo(count)
    assert compiled.learned() == python.learned()
    for one in both:
        one.skim(text)
    assert compiled.undo(1) == python.undo(1) == 0
    assert (
        compiled.learn(path, network_of(len(path), 9)).tobytes()
        == python.learn(path, network_of(len(path), 9)).tobytes()
    )
    assert compiled.learned() == python.learned()


def test_both_cores_agree_in_brackets_lists_and_indented_lines() -> None:
    alphabet = Alphabet.usual("\n\t ()[]{},;ab")
    sizes = replace(SIZES, capacity=2000, frames=40)
    for text in (
        "([{" * 5 + "a,b;" + ")]}" * 6,
        "(a" + ",b" * 300 + ")",
        "\t a(b,\n" * 40,
        "\n" + "ab " * 110 + "\nab",
    ):
        tokens = np.array([alphabet.characters.index(c) for c in text], np.uint16)
        memory = CorpusMemory.count(alphabet, tokens, 64, 128)
        compiled, python = (Mixer(alphabet, [memory, memory], sizes=sizes, core=one) for one in (core, twin))
        for one in (compiled, python):
            one.skim(tokens)
        assert compiled.learn(tokens[:20]).tobytes() == python.learn(tokens[:20]).tobytes()
        assert compiled.undo(7) == python.undo(7) == 7
        assert compiled.learned() == python.learned()


@given(st.lists(st.integers(0, SYMBOLS - 1), max_size=300))
@settings(max_examples=20)
def test_both_cores_count_the_same(text: list[int]) -> None:
    # hypothesis repeats little: a tail of one line makes counts that overflow, and small tables make them collide
    tokens = np.concatenate([np.array(text, np.uint16), np.tile(tokens_of("a1"), 160)])
    one = CorpusMemory.count(ALPHABET, tokens, 64, 128)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("rnncomplete.mixing.core.core", twin)
        other = CorpusMemory.count(ALPHABET, tokens, 64, 128)
    assert one.to_bytes() == other.to_bytes()


@pytest.mark.parametrize("one", CORES)
def test_what_does_not_fit_is_refused(one: object) -> None:
    mixer = Mixer(ALPHABET, sizes=SIZES, core=one)
    with pytest.raises(ValueError, match="room"):
        mixer.learn(np.zeros(601, np.uint16))
    with pytest.raises(ValueError, match="outside the vocabulary"):
        mixer.learn([SYMBOLS])
    with pytest.raises(ValueError, match="another length"):
        mixer.learn([1, 2], network_of(1, 0))
    with pytest.raises(ValueError, match="outside the vocabulary"):
        mixer.distribution([SYMBOLS])
    with pytest.raises(ValueError, match="another length"):
        mixer.likeliest([], None, np.ones(3, bool))
    assert len(mixer) == 0


def test_three_memories_are_one_too_many(corpus: CorpusMemory) -> None:
    with pytest.raises(ValueError, match="at most 2"):
        Mixer(ALPHABET, [corpus] * 3, sizes=SIZES)


def test_a_memory_of_another_alphabet_is_refused(corpus: CorpusMemory) -> None:
    with pytest.raises(ValueError, match="another alphabet"):
        Mixer(Alphabet.usual(CHARACTERS[:2]), [corpus], sizes=SIZES)


# memories


AS_SESSIONS_HAVE = replace(SIZES, refine_rows=layout.Sizes.refine_rows)


def test_a_memory_survives_being_a_file(corpus: CorpusMemory) -> None:
    mixer = Mixer(ALPHABET, [corpus], sizes=AS_SESSIONS_HAVE)
    mixer.learn(tokens_of("abc = a"))
    kept = CorpusMemory(ALPHABET, corpus.nodes, corpus.slots, replace(mixer.learned_prior(), rate=0.006))
    back = CorpusMemory.from_bytes(kept.to_bytes())
    assert back.alphabet == ALPHABET
    assert back.to_bytes() == kept.to_bytes()
    assert back.prior == kept.prior


@pytest.mark.parametrize("damage", [lambda b: b[:-9000], lambda b: b"x" + b, lambda b: b[:30], lambda b: b""])
def test_a_damaged_memory_is_refused(corpus: CorpusMemory, damage: object) -> None:
    with pytest.raises(ModelError, match="learn the corpus again"):
        CorpusMemory.from_bytes(damage(corpus.to_bytes()))


def test_weights_leave_the_prior_at_its_rate() -> None:
    still, slow, fast = (Mixer(ALPHABET, prior=Prior(rate=rate), sizes=SIZES) for rate in (0.0, 0.001, 0.01))
    begin = Mixer(ALPHABET, sizes=SIZES)._arena.views["weights"].copy()
    for mixer in (still, slow, fast):
        mixer.learn(tokens_of("abc = a"))
    moved = [np.abs(mixer._arena.views["weights"] - begin).max() for mixer in (still, slow, fast)]
    assert moved[0] == 0 < moved[1] < moved[2]


def test_weights_of_another_vocabulary_are_refused() -> None:
    prior = Mixer(ALPHABET, sizes=SIZES).learned_prior()
    with pytest.raises(ModelError, match="weights of"):
        Mixer(Alphabet.usual(CHARACTERS[:-1]), prior=prior, sizes=SIZES)


def test_a_memory_can_be_interrupted_and_reports() -> None:
    told: list[int] = []
    tokens = np.tile(tokens_of("abc = a_1\n"), 60_000)
    CorpusMemory.count(ALPHABET, tokens, 64, 128, lambda done: told.append(done) or len(told) < 2)
    assert told == [1 << 18, 1 << 19]


def test_a_shrunk_memory_keeps_what_was_seen_often() -> None:
    rng = np.random.default_rng(2)
    noise = rng.integers(0, SYMBOLS, 4000).astype(np.uint16)
    line = tokens_of("abc = a_1\nA b = B c\n")
    text = np.concatenate([np.tile(line, 20), noise])
    shrunk = CorpusMemory.count(ALPHABET, text, 1 << 14, 1 << 15).shrunk(16)
    small = CorpusMemory.count(ALPHABET, text, 1 << 10, 1 << 11)
    assert len(shrunk.nodes) == len(small.nodes)
    assert len(shrunk.slots) == len(small.slots)
    scored = [-np.log(Mixer(ALPHABET, [one], sizes=SIZES).learn(line)).mean() for one in (shrunk, small)]
    assert scored[0] < 1.1 * scored[1] < 0.7
    with pytest.raises(ValueError, match="multiples of"):
        shrunk.shrunk(3)


# reading an edited text


class Told:
    """A network of five lines: it bets on the character before, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, int]] = []

    def __call__(self, text: Tail, begin: int) -> np.ndarray:
        self.asked.append((begin, len(text)))
        bets = np.full((len(text) - begin, SYMBOLS), 0.5 / (SYMBOLS - 1), np.float32)
        before = text.until(len(text) - 1).since(begin - 1) if begin else np.append(0, text.tokens[:-1])
        bets[np.arange(len(bets)), before] = 0.5
        return bets


def make(_: int) -> Mixer:
    return Mixer(ALPHABET, sizes=SIZES)


def at_hand(text: list[int], windows: Windows) -> Tail:
    begin = windows.begin(len(text))
    return Tail(begin, np.array(text[begin:], np.uint16))


WINDOWS = Windows(session=64, network=16)
EDITS = st.lists(st.tuples(st.integers(0, 80), st.integers(0, 12), TOKENS), min_size=1, max_size=6)


@given(EDITS)
@settings(max_examples=40)
def test_the_way_to_a_text_leaves_no_trace(edits: list[tuple[int, int, list[int]]]) -> None:
    reader = Reader(make, Told(), windows=WINDOWS, piece=7)
    text: list[int] = []
    for at, removed, put in edits:
        text[at : at + removed] = put
        assert reader.read(at_hand(text, WINDOWS))
        reader.read(at_hand(text[: at // 2], WINDOWS))
    reader.read(at_hand(text, WINDOWS))
    fresh = Reader(make, Told(), windows=WINDOWS, piece=60)
    fresh.read(at_hand(text, WINDOWS))
    assert whole(reader.mixer) == whole(fresh.mixer)
    assert reader.mixer.tokens.tolist() == text[WINDOWS.of(len(text)).begin :]


@given(st.integers(0, 10**7))
def test_a_window_holds_the_text_and_what_was_promised(length: int) -> None:
    windows = Windows()
    window = windows.of(length)
    assert window.begin <= window.network_begin <= length < window.end
    assert window.end - window.begin <= 2 * windows.session
    assert length - window.network_begin < 2 * windows.network
    assert window.network_begin == 0 or length - window.network_begin >= windows.network
    assert window.begin == 0 or length - window.begin >= windows.session
    assert windows.of(window.end - 1) == window != windows.of(window.end)
    assert windows.begin(length) <= window.begin


class Counting(Mixer):
    """A mixer that counts what it learns: the work that a key waits for."""

    work = 0

    def learn(self, tokens: Any, network: Any = None) -> Any:
        Counting.work += len(tokens)
        return super().learn(tokens, network)

    def skim(self, tokens: Any) -> None:
        Counting.work += len(tokens) // 8
        super().skim(tokens)


def test_typing_never_waits_for_a_new_window() -> None:
    windows = Windows(session=1 << 10, network=1 << 8)
    sizes = replace(SIZES, capacity=1 << 11, journal_words=1 << 18)
    reader = Reader(lambda _: Counting(ALPHABET, sizes=sizes), Told(), windows=windows)
    text = np.random.default_rng(3).integers(0, SYMBOLS, 5000).astype(np.uint16)
    most = 0
    for length in range(len(text)):
        Counting.work = 0
        begin = windows.begin(length)
        reader.read(Tail(begin, text[begin:length]))
        most = max(most, Counting.work)
        if length % 256 == 0 and length:  # going back over the edge of a window costs as little
            Counting.work = 0
            begin = windows.begin(length - 1)
            reader.read(Tail(begin, text[begin : length - 1]))
            assert Counting.work == 0
    assert most <= 40


def test_a_key_asks_the_network_for_one_character() -> None:
    network = Told()
    reader = Reader(make, network)
    text = Tail(0, tokens_of("abc = a_1\nA b"))
    reader.read(text.until(12))
    reader.read(text)
    assert network.asked == [(0, 12), (12, 13)]
    reader.read(text.until(12))
    assert len(network.asked) == 2


def test_what_the_journal_no_longer_holds_is_read_again() -> None:
    network, sizes = Told(), replace(SIZES, journal_words=1 << 13)
    reader = Reader(lambda _: Mixer(ALPHABET, sizes=sizes), network)
    text = Tail(0, np.random.default_rng(6).integers(0, SYMBOLS, 300).astype(np.uint16))
    reader.read(text)
    network.asked.clear()
    reader.read(text.until(298))
    assert network.asked == []
    reader.read(text.until(100))
    assert network.asked == [(0, 100)]
    fresh = Mixer(ALPHABET, sizes=SIZES)
    fresh.learn(text.until(100).tokens, Told()(text.until(100), 0))
    assert whole(reader.mixer) == whole(fresh)


def test_reading_stops_when_nobody_wants_it() -> None:
    reader = Reader(make, piece=5)
    text, left = Tail(0, tokens_of("abc = a_1\nA b")), iter([True, True, False])
    assert not reader.read(text, lambda: next(left))
    assert len(reader.mixer) == 10
    assert reader.read(text)
    assert len(reader.mixer) == len(text)


def test_learning_leaves_the_count_of_none_as_it_was() -> None:
    """One compiled file is for every Python from 3.11 on; what 3.12 and later take to be immortal 3.11 counts."""
    mixer, tokens = Mixer(ALPHABET), np.tile(np.arange(SYMBOLS, dtype=np.uint16), 4)
    before = sys.getrefcount(None)
    for _ in range(200):
        mixer.learn(tokens[:2], None)
    assert abs(sys.getrefcount(None) - before) < 100
