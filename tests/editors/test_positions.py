"""Lines and columns of texts that editors change."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnncomplete.editors.positions import UTF8, UTF16, UTF32, Text, units

ENCODINGS = {UTF8: "utf-8", UTF16: "utf-16-le", UTF32: "utf-32-le"}
WIDTH = {UTF8: 1, UTF16: 2, UTF32: 4}

texts = st.text(alphabet="ab é\U0001d54f\u0301\n\r\x0c\u2028", max_size=30)


@pytest.mark.parametrize("encoding", ENCODINGS)
@given(text=texts, data=st.data())
def test_a_place_is_the_units_of_its_line_before_it(encoding: str, text: str, data: st.DataObject) -> None:
    offset = data.draw(st.integers(0, len(text)))
    line, column = Text(text, encoding).place(offset)
    before = re.split(
        r"\r\n|\r(?!\n)|\n", text[:offset] if text[offset - 1 : offset + 1] != "\r\n" else text[: offset - 1]
    )
    if text[offset - 1 : offset + 1] != "\r\n":  # between the two halves of a line end is no place
        assert line == len(before) - 1
        assert column == len(before[-1].encode(ENCODINGS[encoding])) // WIDTH[encoding]
        assert Text(text, encoding).offset(line, column) == offset


@pytest.mark.parametrize("encoding", ENCODINGS)
@given(text=texts, fresh=texts, data=st.data())
def test_a_change_is_that_of_the_characters_between(encoding: str, text: str, fresh: str, data: st.DataObject) -> None:
    document = Text(text, encoding)
    begin, end = sorted((data.draw(st.integers(0, len(text))), data.draw(st.integers(0, len(text)))))
    places = document.place(begin), document.place(end)
    begin, end = (document.offset(*place) for place in places)
    document.replace(*places, fresh)
    assert str(document) == text[:begin] + fresh + text[end:]


def test_a_column_inside_a_character_is_before_it() -> None:
    assert Text("\U0001d54fb", UTF16).offset(0, 1) == 0
    assert Text("\U0001d54fb", UTF8).offset(0, 3) == 0
    assert Text("\U0001d54fb", UTF16).offset(0, 2) == 1


def test_a_place_that_is_not_there_is_the_nearest_before_it() -> None:
    text = Text("one\r\ntwo")
    assert text.offset(0, 99) == 3
    assert text.offset(7, 0) == 8
    assert text.offset(1, 99) == 8


def test_a_form_feed_does_not_end_a_line() -> None:
    assert Text("a\x0cb\u2028c\nd").offset(1, 1) == len("a\x0cb\u2028c\nd")


def test_units() -> None:
    assert [units("é\U0001d54f", encoding) for encoding in ENCODINGS] == [6, 3, 2]
