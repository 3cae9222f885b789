"""The wire format, by the examples of its specification."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnncomplete.network.protobuf import (
    Budget,
    Field,
    WireError,
    as_int,
    as_ints,
    as_message,
    as_text,
    read_fields,
    read_message,
    read_varint,
)


def fields(data: bytes) -> list[tuple[int, object]]:
    return [
        (number, bytes(value) if isinstance(value, memoryview) else value)
        for number, value in read_fields(memoryview(data))
    ]


def test_reads_the_examples_of_the_specification() -> None:
    assert fields(b"\x08\x96\x01") == [(1, 150)]
    assert fields(b"\x12\x07testing") == [(2, b"testing")]
    assert fields(b"\x0d\x01\x02\x03\x04\x09abcdefgh") == [(1, b"\x01\x02\x03\x04"), (1, b"abcdefgh")]
    assert as_ints(memoryview(b"\x03\x8e\x02\x9e\xa7\x05")) == [3, 270, 86942]


@pytest.mark.parametrize(
    "data", [b"\x08", b"\x08\x96", b"\x12\x07testin", b"\x0b", b"\x00\x01", b"\x09abc", b"\xff" * 11]
)
def test_refuses_what_is_cut_off_or_unknown(data: bytes) -> None:
    with pytest.raises(WireError):
        fields(data)


@pytest.mark.parametrize(
    "data", [b"\x8a\x80\x80\x80\x10\x00", b"\x88\x00\x01", b"\x08\x81\x00", b"\x0a\x80\x00", b"\x08" + b"\xff" * 10]
)
def test_refuses_numbers_that_readers_take_for_different_ones(data: bytes) -> None:
    with pytest.raises(WireError):
        fields(data)


def test_a_message_has_the_fields_of_its_schema_as_often_as_it_says() -> None:
    schema = {1: Field("one", as_int), 2: Field("many", {1: Field("inner", as_int)}, repeated=True)}

    def read(data: bytes, budget: int = 9) -> dict[str, Any]:
        return read_message(memoryview(data), schema, Budget(budget))

    assert read(b"") == {"many": []}
    assert read(b"\x12\x02\x08\x05\x08\x07\x12\x00") == {"one": 7, "many": [{"inner": 5}, {}]}
    for data, budget in ((b"\x08\x01\x08\x01", 9), (b"\x18\x01", 9), (b"\x12\x00" * 3, 2), (b"\x12\x02\x08\x05", 1)):
        with pytest.raises(WireError):
            read(data, budget)


def test_refuses_a_value_of_the_other_kind() -> None:
    with pytest.raises(WireError):
        as_message(3)
    with pytest.raises(WireError):
        as_int(memoryview(b"3"))
    with pytest.raises(WireError):
        as_text(memoryview(b"\xff"))


@given(st.integers(-(2**63), 2**63 - 1))
def test_any_64_bit_number_survives(number: int) -> None:
    unsigned, data = number % 2**64, bytearray()
    while unsigned >= 0x80:
        data.append(unsigned & 0x7F | 0x80)
        unsigned >>= 7
    data.append(unsigned)
    value, end = read_varint(memoryview(bytes(data)), 0)
    assert (as_int(value), end) == (number, len(data))
