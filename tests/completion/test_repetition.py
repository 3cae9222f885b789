"""Ghosts that would go round in circles."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnncomplete.completion.repetition import until_repetition


@pytest.mark.parametrize(
    ("before", "ghost", "fresh"),
    [
        ("return radius * ra", "dius * radius * radius * radius", "dius"),
        ("return radius", " * radius * radius", " * radius"),
        ("return radius * radius", " * radius", ""),
        ("return radius * radius *", " radius", ""),
        ("", "the king of the king of the king of the", "the king of the king of"),
        ("x = f(a", "), f(a), f(a), f(a)", "), f(a)"),
        ("no, ", "no, no, no", "no"),
        # A third round that was begun by whoever types is finished, and no fourth begins.
        ("call the bell now. call the bell now. call th", "e bell now. call the bell", "e bell now."),
        # One more round of a table, a line or a list at a time.
        ("0, 0, 0, ", "0, 0, 0, 0", "0"),
        ("\tx = 0;\n\tx = 0;\n\tx = 0;\n", "\tx = 0;\n\tx = 0;\n", "\tx = 0;"),
        # Nothing goes round.
        ("it is had", " had he", " had he"),
        ("", "a very, very good", "a very, very good"),
        ("", "-- -- -- --", "-- -- -- --"),
        ("0x", "0000 0000", "0000 0000"),
        ("", "", ""),
    ],
)
def test_a_ghost_ends_before_the_third_round(before: str, ghost: str, fresh: str) -> None:
    assert ghost[: until_repetition(before, ghost)] == fresh


@given(st.text("ab ,\n", max_size=40), st.text("ab ,\n", max_size=20))
def test_a_shorter_ghost_is_cut_at_the_same_place(before: str, ghost: str) -> None:
    length = until_repetition(before, ghost)
    assert 0 <= length <= len(ghost)
    assert until_repetition(before, ghost[:length]) == length
