"""A memory that the core cannot work with is refused, however it came to be one: the core asks nothing."""

from __future__ import annotations

import json
import struct
import zlib
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncomplete.errors import ModelError
from rnncomplete.mixing import layout
from rnncomplete.mixing.alphabet import Alphabet
from rnncomplete.mixing.label_memory import LabelMemory
from rnncomplete.mixing.memory import MAGIC, MOST_PACKED, PACKED, CorpusMemory
from rnncomplete.mixing.memory_check import MOST_PLACES
from rnncomplete.mixing.mixer import Mixer
from rnncomplete.mixing.prior import Prior
from rnncomplete.mixing.tree import Tree

CHARACTERS = ("\ufffd", "\n", " ", "=", "A", "B", "_", "a", "b", "c", "1")
ALPHABET = Alphabet.usual(CHARACTERS)
SYMBOLS = len(CHARACTERS)
SIZES = layout.Sizes(600, entry_bits=8, run_bits=8, match_bits=5, journal_words=1 << 16, frames=64)


@pytest.fixture(scope="module")
def corpus() -> CorpusMemory:
    text = "abc = a_1\nA b = B c\nabc aab _1 = cc\n" * 9
    return CorpusMemory.count(ALPHABET, np.array([CHARACTERS.index(c) for c in text], np.uint16), 512, 1024)


@pytest.mark.parametrize(
    ("section", "value"),
    [
        ("weights", np.nan),
        ("weights", -np.inf),
        ("session_maps", 2.0),
        ("refine", -1.0),
        *((name, np.float16(0.9998)) for name in ("session_maps", "run_maps", "slot_maps", "match_maps")),
    ],
)
def test_impossible_weights_are_refused(corpus: CorpusMemory, section: str, value: float) -> None:
    mixer = Mixer(ALPHABET, [corpus], sizes=SIZES)
    mixer._arena.views[section][5] = value
    kept = CorpusMemory(ALPHABET, corpus.nodes, corpus.slots, mixer.learned_prior())
    with pytest.raises(ModelError, match=f"impossible {section}"):
        CorpusMemory.from_bytes(kept.to_bytes())


@pytest.mark.parametrize("rate", [np.nan, -0.001, 1.0, "fast"])
def test_an_impossible_rate_is_refused(corpus: CorpusMemory, rate: Any) -> None:
    data = CorpusMemory(ALPHABET, corpus.nodes, corpus.slots, Prior(rate=rate)).to_bytes()
    with pytest.raises(ModelError, match="weights that move at"):
        CorpusMemory.from_bytes(data)


def test_weights_of_other_sizes_are_refused(corpus: CorpusMemory) -> None:
    prior = Mixer(ALPHABET, [corpus], sizes=replace(SIZES, refine_rows=16)).learned_prior()
    with pytest.raises(ModelError, match="expected 69632"):
        CorpusMemory.from_bytes(CorpusMemory(ALPHABET, corpus.nodes, corpus.slots, prior).to_bytes())


def test_weights_of_another_version_are_left_out(corpus: CorpusMemory) -> None:
    prior = Mixer(ALPHABET, [corpus], sizes=replace(SIZES, refine_rows=16)).learned_prior()
    data = CorpusMemory(ALPHABET, corpus.nodes, corpus.slots, prior).to_bytes()
    for before in (with_header(data, weights=layout.VERSION - 1), with_header(data, weights=None)):
        memory = CorpusMemory.from_bytes(before)
        assert memory.prior == Prior()
        assert np.array_equal(memory.nodes, corpus.nodes)
        assert np.array_equal(memory.slots, corpus.slots)


def with_header(data: bytes, **changes: object) -> bytes:
    """The memory in ``data`` with a header that says something else."""
    (length,) = struct.unpack_from("<I", data, len(MAGIC))
    begin = len(MAGIC) + 4
    head = json.dumps(json.loads(data[begin : begin + length]) | changes).encode("ascii")
    return data[: len(MAGIC)] + struct.pack("<I", len(head)) + head + data[begin + length :]


@pytest.mark.parametrize(
    "changes",
    [
        *(
            {name: odd}
            for name in ("nodes", "slots", "prior")
            for odd in (np.inf, 2**63, 10**400, -8, 1.0, True, None, "8")
        ),
        {"nodes": 504, "slots": 1032},
        {"counts": [2**40] * SYMBOLS},
        {"counts": [True] * SYMBOLS},
        {"counts": [1.5] * SYMBOLS},
        {"counts": {}},
        {"characters": list(CHARACTERS[:-1])},
        {"characters": [1] * SYMBOLS},
        {"characters": ["ab"] * SYMBOLS},
        {"characters": ["a"] * 5000, "counts": [1] * 5000},
        {"characters": list(CHARACTERS[:9]), "counts": [1] * 9},
        {"rate": 1},
        {"rate": 10**400},
        {"rate": [[[]]]},
    ],
)
def test_an_impossible_header_is_refused(corpus: CorpusMemory, changes: dict[str, object]) -> None:
    data = CorpusMemory(ALPHABET, corpus.nodes, corpus.slots).to_bytes()
    assert CorpusMemory.from_bytes(with_header(data)).alphabet == ALPHABET
    with pytest.raises(ModelError, match="learn the corpus again"):
        CorpusMemory.from_bytes(with_header(data, **changes))


def test_a_prior_shorter_than_nothing_is_refused(corpus: CorpusMemory) -> None:
    labels = LabelMemory(np.ones((4, 1), np.int8), 0.1, 1.0, 1.0, (0.0, 0.0))
    data, size = replace(corpus, labels=labels).to_bytes(), len(labels.to_bytes())
    assert CorpusMemory.from_bytes(with_header(data)).labels is not None
    with pytest.raises(ModelError, match="impossible sizes"):
        CorpusMemory.from_bytes(with_header(data, prior=-size, labels=2 * size))


@pytest.mark.parametrize("head", [b"[]", b"7", b'"nodes"', b"[" * 50_000, b"{" + b'"a":{' * 50_000, b"\xff"])
def test_an_invalid_header_is_refused(head: bytes) -> None:
    with pytest.raises(ModelError, match="learn the corpus again"):
        CorpusMemory.from_bytes(MAGIC + struct.pack("<I", len(head)) + head)


def test_a_prior_that_unpacks_to_gigabytes_is_refused(corpus: CorpusMemory) -> None:
    bomb = zlib.compress(bytes(1 << 25), 9)
    data = CorpusMemory(ALPHABET, corpus.nodes, corpus.slots).to_bytes() + bomb
    with pytest.raises(ModelError, match="another length"):
        CorpusMemory.from_bytes(with_header(data, prior=len(bomb)))


@given(st.lists(st.integers(0, 2**40 - 1), min_size=2, max_size=4096))
@settings(max_examples=50)
def test_no_counts_make_a_tree_too_deep_for_the_core(counts: list[int]) -> None:
    assert Tree(tuple(counts)).lengths.max() <= layout.DEEPEST


def test_a_packed_table_of_impossible_steps_is_refused(corpus: CorpusMemory) -> None:
    data = corpus.pruned(500).to_bytes(packed=True)
    whole, rows = data.index(b"}"), np.zeros(64, np.uint8)
    rows[0] = 1
    planes = [rows, b"\1", b"\0", b"\1", b"\xff"]
    tables = b"".join(struct.pack("<I", len(part)) + part for part in (zlib.compress(bytes(plane)) for plane in planes))
    head = data[: whole + 1].partition(b"{")[2]
    header = json.dumps(json.loads(b"{" + head) | {"nodes": 256, "slots": 256, "prior": 0}).encode("ascii")
    with pytest.raises(ModelError, match="learn the corpus again"):
        CorpusMemory.from_bytes(PACKED + struct.pack("<I", len(header)) + header + tables)


@pytest.mark.parametrize(("packed", "places"), [(True, MOST_PACKED + 8), (False, MOST_PLACES + 8)])
def test_more_places_than_any_memory_has_are_refused_before_any_is_read(
    corpus: CorpusMemory, packed: bool, places: int
) -> None:
    data = corpus.pruned(500).to_bytes(packed=packed)
    with pytest.raises(ModelError, match="impossible sizes"):
        CorpusMemory.from_bytes(with_header(data, slots=places))


@pytest.mark.parametrize("odd", range(4))
def test_tables_that_lie_at_an_odd_address_are_moved(corpus: CorpusMemory, odd: int) -> None:
    memory = CorpusMemory.from_bytes(memoryview(b"x" * odd + corpus.to_bytes())[odd:])
    assert memory.nodes.flags.aligned
    assert memory.slots.flags.aligned
    assert np.array_equal(memory.nodes, corpus.nodes)
    assert np.array_equal(memory.slots, corpus.slots)


@given(st.integers(0, 4000), st.integers(1, 255), st.booleans())
@settings(deadline=None)
def test_whatever_is_changed_in_a_file_it_is_refused_or_worked_with(
    corpus: CorpusMemory, place: int, change: int, packed: bool
) -> None:
    data = bytearray(corpus.pruned(500).to_bytes(packed=packed))
    data[place % len(data)] ^= change
    try:
        memory = CorpusMemory.from_bytes(bytes(data))
    except ModelError:
        return
    mixer = Mixer(memory.alphabet, [memory], sizes=SIZES)
    mixer.learn(np.arange(60, dtype=np.uint16) % len(memory.alphabet))
    assert mixer.distribution().sum() == pytest.approx(1, abs=1e-3)
