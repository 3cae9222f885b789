"""The tail of a text is that of the text written anew, whatever changed and however lines end."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnncomplete.text.characters import normalise
from rnncomplete.text.tail import Tail, TailReader, common_start
from rnncomplete.text.vocabulary import UNKNOWN_CHARACTER, Vocabulary

VOCABULARY = Vocabulary((UNKNOWN_CHARACTER, "\n", "a", "b", "é", "😀"))
COMPOSING = Vocabulary((UNKNOWN_CHARACTER, "\n", "e", "é", "\u0327", "\u0301", "\uac01"), ("line-ends", "nfc"))
TEXTS = st.text("ab\r\né😀x", max_size=40)


def begin(length: int) -> int:
    return max(0, length // 8 - 1) * 8


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 20), TEXTS), max_size=12))
def test_whatever_changes_the_tail_is_right(edits: list[tuple[int, int, str]]) -> None:
    reader, text = TailReader(VOCABULARY, begin), ""
    for at, removed, put in edits:
        text = text[:at] + put + text[at + removed :]
        for before in (text, text[: at // 2], text):
            tail, whole = reader.read(before), normalise(before)
            assert len(tail) == len(whole)
            assert tail.begin == begin(len(whole))
            assert tail.tokens.tolist() == VOCABULARY.encode(whole[tail.begin :]).tolist()


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 20), TEXTS), max_size=12), st.integers(0, 9))
def test_line_ends_before_it_are_counted_and_lines_found(edits: list[tuple[int, int, str]], line: int) -> None:
    reader, text = TailReader(VOCABULARY, begin, count=True), ""
    for at, removed, put in edits:
        text = text[:at] + put + text[at + removed :]
        tail, whole = reader.read(text), normalise(text)
        assert tail.lines == tail.until(tail.begin).lines == whole[: tail.begin].count("\n")
        begins = [0, *(place for place, character in enumerate(whole, 1) if character == "\n")]
        expected = begins[line] if line < len(begins) else len(whole) + 1
        expected = 0 if line <= tail.lines else expected
        assert reader.begin_of(line) == expected


@given(
    st.lists(
        st.tuples(st.integers(0, 30), st.integers(0, 9), st.text("e\u0301\u0327é\r\n\u1100\u1161\u11a8x")), max_size=12
    )
)
def test_what_is_composed_only_as_it_goes_on_is_read_composed(edits: list[tuple[int, int, str]]) -> None:
    reader, text = TailReader(COMPOSING, begin), ""
    for at, removed, put in edits:
        text = text[:at] + put + text[at + removed :]
        for before in (text, text[: at // 2], text):
            tail, whole = reader.read(before), COMPOSING.normalise(before)
            assert len(tail) == len(whole)
            assert tail.tokens.tolist() == COMPOSING.encode(whole[tail.begin :]).tolist()


def test_only_what_changed_is_encoded(monkeypatch: pytest.MonkeyPatch) -> None:
    encoded, encode = [], Vocabulary.encode

    def counted(self: Vocabulary, text: str) -> Any:
        encoded.append(len(text))
        return encode(self, text)

    monkeypatch.setattr(Vocabulary, "encode", counted)
    reader, text = TailReader(VOCABULARY, lambda length: max(0, length // 65536 - 1) * 65536), "ab\né" * 20_000
    reader.read(text)
    reader.read(text + "a")
    reader.read(text)
    reader.read(text[:-10] + "b" + text[-10:])
    assert encoded == [len(text) - 0, 1, 0, 11]


@given(TEXTS, TEXTS, TEXTS, st.integers(0, 3))
def test_the_common_start_is_the_longest(start: str, one: str, other: str, times: int) -> None:
    start = start * 10**times
    found = common_start(start + one, start + other)
    assert (start + one)[:found] == (start + other)[:found]
    assert found in {len(start + one), len(start + other)} or (start + one)[found] != (start + other)[found]


def test_a_tail_gives_what_it_has() -> None:
    tail = Tail(10, np.arange(5, dtype=np.uint16))
    assert len(tail) == 15
    assert tail.since(12).tolist() == [2, 3, 4]
    assert len(tail.until(12)) == 12
    with pytest.raises(ValueError, match="only what stands behind 10"):
        tail.since(9)
