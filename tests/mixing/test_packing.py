"""The file of a memory that travels."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnncomplete.errors import ModelError
from rnncomplete.mixing.alphabet import Alphabet
from rnncomplete.mixing.memory import CorpusMemory
from rnncomplete.mixing.packing import pack, rounded, unpack
from rnncomplete.mixing.prior import Prior

CHARACTERS = ("?", *"abcdefgh ")


def counted(seed: int, length: int = 4000) -> CorpusMemory:
    alphabet = Alphabet.usual(CHARACTERS)
    tokens = np.random.default_rng(seed).integers(1, len(alphabet), length, np.uint16)
    return CorpusMemory.count(alphabet, tokens, 2048, 4096)


def entries(table: np.ndarray, bucket: int) -> list[list[int]]:
    return [sorted(row) for row in table.reshape(-1, bucket).tolist()]


@given(st.integers(0, 1000))
def test_what_is_packed_comes_back_but_for_the_order_in_a_bucket(seed: int) -> None:
    nodes, slots = rounded(counted(seed).nodes, counted(seed).slots)
    data = pack(nodes, slots)
    back, others, end = unpack(data + b"behind it", len(nodes), len(slots))
    assert end == len(data)
    assert entries(back, 4) == entries(nodes, 4)
    assert entries(others, 8) == entries(slots, 8)


def test_rounding_twice_changes_nothing_and_once_little() -> None:
    memory = counted(1)
    once = rounded(memory.nodes, memory.slots)
    twice = rounded(*once)
    assert all(np.array_equal(a, b) for a, b in zip(once, twice, strict=True))
    moved = np.abs((memory.nodes & 0xFFFF).astype(int) - (once[0] & 0xFFFF))
    assert moved.max() < 65536 / 50
    assert np.array_equal(once[0] >> 16, memory.nodes >> 16)
    assert np.array_equal(once[1] >> 8, memory.slots >> 8)


def test_what_stood_once_is_left_out_and_the_rarest_first() -> None:
    memory = counted(2)
    pruned = memory.pruned(60)
    times = pruned.slots & 0xFF
    assert np.count_nonzero(pruned.slots) == np.count_nonzero(times) == 60
    left_out = (memory.slots & 0xFF)[pruned.slots == 0]
    assert times[times > 0].min() >= max(2, left_out.max() - 1)
    assert (memory.pruned(10**6).slots & 0xFF != 1).all()


def test_a_packed_file_is_read_as_the_memory_that_it_holds() -> None:
    memory = counted(3).pruned(500)
    data = memory.to_bytes(packed=True)
    assert len(data) < len(memory.to_bytes()) / 2
    back = CorpusMemory.from_bytes(data)
    assert entries(back.slots, 8) == entries(memory.slots, 8)
    assert back.to_bytes(packed=True) == data


@pytest.mark.parametrize("cut", [30, 200, 900])
def test_a_packed_file_that_is_cut_off_is_refused(cut: int) -> None:
    data = counted(3).pruned(500).to_bytes(packed=True)
    with pytest.raises(ModelError, match="memory"):
        CorpusMemory.from_bytes(data[:-cut])


@given(st.integers(0, 10**6), st.integers(1, 255))
def test_whatever_is_changed_in_it_is_refused_or_read_within_bounds(place: int, change: int) -> None:
    data = bytearray(counted(4).pruned(500).to_bytes(packed=True))
    data[place % len(data)] ^= change
    try:
        memory = CorpusMemory.from_bytes(bytes(data))
    except ModelError:
        return
    assert int((memory.slots >> 8 & 0xFFF).max()) < len(memory.alphabet)


def test_a_table_that_is_larger_than_it_says_takes_no_room() -> None:
    import zlib

    bomb = zlib.compress(bytes(50_000_000))
    with pytest.raises(ValueError, match="another size"):
        unpack(struct.pack("<I", len(bomb)) + bomb, 64, 64)


def test_a_rounded_prior_is_near_the_exact_one_within_the_same_bounds() -> None:
    values = np.random.default_rng(5).normal(0, 2, 4000)
    exact = Prior({"weights": values.astype("<f2").tobytes(), "refine": np.array([0.9995, 1.0, 0.0], "<f2").tobytes()})
    rounded_one = exact.rounded()
    before, after = (np.frombuffer(prior.sections["weights"], "<f2").astype(float) for prior in (exact, rounded_one))
    np.testing.assert_allclose(after, before, rtol=2**-5)
    assert np.frombuffer(rounded_one.sections["refine"], "<f2").max() == 1.0
    assert rounded_one.rounded() == rounded_one
