"""The simulated person, on texts where every key can be counted by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnncomplete.measure.typing_simulation import TypingFigures, simulate_typing


def test_without_ghosts_every_character_is_a_key() -> None:
    figures = simulate_typing("hello", lambda before: "")
    assert figures == TypingFigures(characters=5, keys=5)
    assert figures.keystrokes_saved == figures.accepted_share == figures.precision == 0


def test_accepts_all_of_a_right_ghost() -> None:
    # h, then the whole ghost
    figures = simulate_typing("hello", lambda before: "ello")
    assert figures == TypingFigures(5, keys=2, accepted_characters=4, ghosts_shown=1, ghosts_accepted=1)
    assert figures.keystrokes_saved == pytest.approx(0.6)
    assert figures.accepted_share == pytest.approx(0.8)
    assert figures.precision == 1


def test_no_ghost_before_the_first_key() -> None:
    asked: list[str] = []

    def ghost(before: str) -> str:
        asked.append(before)
        return ""

    simulate_typing("abc", ghost)
    assert asked == ["a", "ab"]


def test_accepts_the_first_word_of_a_ghost_that_goes_wrong_later() -> None:
    # "I", word " am", " ", "n" (the rest of the ghost, " here", is typed along to its blank and dies at "n"),
    # then the ghost "ot", accepted whole
    ghosts = {"I": " am here", "I am n": "ot"}
    figures = simulate_typing("I am not", lambda before: ghosts.get(before, ""))
    assert figures == TypingFigures(
        characters=8, keys=5, accepted_characters=5, ghosts_shown=2, ghosts_accepted=2, wrong_characters=3
    )
    # " am here" against " am not": right up to " am ", then three characters of text are left to be wrong about


def test_typing_along_keeps_the_ghost_and_asks_for_no_other() -> None:
    asked: list[str] = []

    def ghost(before: str) -> str:
        asked.append(before)
        return "bcX" if before == "a" else ""

    # the word "bcX" is wrong, so b and c are typed along
    figures = simulate_typing("abcdef", ghost)
    assert asked == ["a", "abcd", "abcde"]
    assert figures == TypingFigures(6, keys=6, ghosts_shown=1, wrong_characters=1)


def test_one_character_is_not_worth_a_key() -> None:
    figures = simulate_typing("ab", lambda before: "b")
    assert figures == TypingFigures(2, keys=2, ghosts_shown=1)


def test_two_words_of_one_ghost_are_one_ghost_accepted() -> None:
    # "a", " bb", " cc", " ", "d": the rest " dx" of the ghost is wrong as a word
    figures = simulate_typing("a bb cc d", lambda before: " bb cc dx" if before == "a" else "")
    assert figures == TypingFigures(
        9, keys=5, accepted_characters=6, ghosts_shown=1, ghosts_accepted=1, wrong_characters=0
    )


def test_a_ghost_beyond_the_end_is_not_accepted_whole() -> None:
    figures = simulate_typing("the end", lambda before: "he end of it" if before == "t" else "")
    # t, word "he", word " end"
    assert figures.keys == 3
    assert figures.wrong_characters == 0


def test_figures_of_several_texts_add_up() -> None:
    one = simulate_typing("hello", lambda before: "ello")
    two = simulate_typing("hello", lambda before: "")
    both = one + two
    assert (both.characters, both.keys) == (10, 7)
    assert both.keystrokes_saved == pytest.approx(0.3)
    assert TypingFigures().keystrokes_saved == 0


@given(st.text("ab ", max_size=40), st.dictionaries(st.integers(0, 40), st.text("ab ", max_size=6)))
def test_any_ghosts_leave_the_accounts_in_order(text: str, ghosts: dict[int, str]) -> None:
    typed: list[int] = []
    figures = simulate_typing(text, lambda before: ghosts.get(len(before), ""), typed.append)
    assert typed == sorted(set(typed))
    assert (typed[-1] if typed else 0) == len(text)
    assert len(typed) == figures.keys
    assert figures.keys <= figures.characters == len(text)
    assert figures.accepted_characters <= figures.characters
    assert figures.ghosts_accepted <= figures.ghosts_shown
    assert figures.keystrokes_saved <= figures.accepted_share


def test_the_blank_of_an_accepted_ghost_comes_with_the_next_word_and_is_never_shown() -> None:
    asked: list[str] = []

    def ghost(before: str) -> str:
        asked.append(before)
        return {"t": "he ", "the ": "king"}.get(before, "")

    # t, "he", and " king" shown as one
    assert simulate_typing("the king", ghost) == TypingFigures(8, 3, 7, ghosts_shown=2, ghosts_accepted=2)
    assert asked == ["t", "the "]
    # t, "he", and "k" with the blank before it
    assert simulate_typing("the k", lambda before: "he " if before == "t" else "").keys == 3
    # t, "he", and a comma alone: the blank was wrong, but never shown
    comma = simulate_typing("the,", lambda before: "he " if before == "t" else "")
    assert (comma.keys, comma.wrong_characters) == (3, 0)
    # t, "he", and what begins a line with the line end before it
    assert simulate_typing("the\n  #", lambda before: "he\n  " if before == "t" else "").keys == 3


def test_a_ghost_of_blanks_or_of_what_no_terminal_is_sent_is_not_shown() -> None:
    for nothing in ("  ", "\n", "\x1b[31m"):
        assert simulate_typing("a  b", lambda before, nothing=nothing: nothing) == TypingFigures(4, 4)


def test_a_letter_with_its_blank_is_worth_a_key() -> None:
    # "a", "b" and its blank with "c"
    assert simulate_typing("ab c", lambda before: "b " if before == "a" else "").keys == 3
    assert simulate_typing("ab,", lambda before: "b " if before == "a" else "").keys == 3
