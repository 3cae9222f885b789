"""Windows of a text, put back where they belong."""

from __future__ import annotations

from rnncomplete.editors.windows import LONGEST_TEXT, likeness, put_back

TEXT = "".join(f"line {number} of a text that grows\n" for number in range(400))


def window(text: str, lines: int = 64) -> str:
    return "".join(text.splitlines(keepends=True)[-lines:])


def test_a_window_that_moves_down_leaves_the_text_before_it() -> None:
    known = ""
    for end in range(1000, len(TEXT), 7):
        known = put_back(known, window(TEXT[:end]))
        assert TEXT[:end].endswith(known)
    assert len(known) > 5 * len(window(TEXT))


def test_what_was_deleted_is_gone() -> None:
    assert put_back(TEXT, window(TEXT)[:-20]) == TEXT[:-20]


def test_a_window_from_elsewhere_stands_alone() -> None:
    assert put_back(TEXT, "something else " * 40) == "something else " * 40
    assert put_back("", TEXT) == TEXT


def test_what_is_kept_is_bounded() -> None:
    known = "x" * LONGEST_TEXT + TEXT
    assert put_back(known, TEXT) == TEXT


def test_texts_are_told_apart() -> None:
    assert likeness(TEXT, TEXT[:-30] + "ab") > 0.99
    assert likeness(TEXT, window(TEXT) + "more") == 1
    assert likeness(TEXT, "another text") < 0.1
    assert likeness("", "anything") == 1
