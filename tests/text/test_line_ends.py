"""What a file has beside its text comes back when it is written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnncomplete.text.characters import normalise, well_formed
from rnncomplete.text.line_ends import MARK, LineEnds


@given(st.sampled_from(["", MARK]), st.lists(st.sampled_from(["a", "\n", "\r", "\r\n", "é"])).map("".join))
def test_every_file_comes_back_as_it_was(mark: str, original: str) -> None:
    text, ends = LineEnds.of(mark + original)
    assert text == normalise(original)
    assert ends.restored(text) == mark + original


@pytest.mark.parametrize(
    ("original", "added", "expected"),
    [
        ("a\r\nb\r\n", "c\n", "a\r\nb\r\nc\r\n"),
        ("a\rb\r", "c\nd", "a\rb\rc\rd"),
        (MARK + "a\n", "b\n", MARK + "a\nb\n"),
        ("a\nb\r\nc\r\nd", "e\nf\n", "a\nb\r\nc\r\nde\r\nf\r\n"),
        ("", "a\n", "a\n"),
    ],
)
def test_a_new_line_ends_as_most_do(original: str, added: str, expected: str) -> None:
    text, ends = LineEnds.of(original)
    assert ends.restored(text + added) == expected


@given(st.text(st.characters(), max_size=20), st.binary(max_size=9))
def test_whatever_was_typed_can_be_written_and_read_again(text: str, data: bytes) -> None:
    typed = text + data.decode("utf-8", "surrogateescape")
    assert well_formed(typed).encode("utf-8").decode("utf-8") == well_formed(typed)
    assert well_formed(text) == text or any("\ud800" <= c <= "\udfff" for c in text)


def test_bytes_that_a_terminal_sent_are_read_as_utf_8() -> None:
    assert well_formed("café".encode().decode("ascii", "surrogateescape")) == "café"
    assert well_formed("caf\udce9 \ud800") == "caf\N{REPLACEMENT CHARACTER} \N{REPLACEMENT CHARACTER}"
