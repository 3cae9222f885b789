"""Which ghost belongs to which text: the rules by themselves, for any text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnncomplete.ghost.rules import Trail, fit
from rnncomplete.text.characters import is_displayable
from rnncomplete.text.printing import displayable


@pytest.mark.parametrize(
    ("ghost", "before", "after", "shown"),
    [
        (" be", "to", "", " be"),
        (" be\nor", "to", "\nmore", " be\nor"),
        (" be\nor", "to", " (see below)", " be"),
        ("lo", "hel", "lo", ""),
        ("lo", "hel", "p", ""),
        (" be or not", "to", " be", ""),
        (" be", "to", " be or not", ""),
        (" \n ", "to", "", ""),
        (" be ", "to", "", " be"),
        (" be ", "to", " or not", " be"),
        (" be:\n    ", "to", "", " be:"),
        (" be \n\n or", "to", "", " be \n\n or"),
        ("be\x1b[31m", "to ", "", "be"),
        ("\u202ebe", "to ", "", ""),
        (" be", "👩", "\N{ZERO WIDTH JOINER}👩", ""),
        (" be", "❤", "\N{VARIATION SELECTOR-16}", ""),
        ("be\N{REPLACEMENT CHARACTER}", "to ", "", "be"),
    ],
)
def test_what_is_worth_showing(ghost: str, before: str, after: str, shown: str) -> None:
    assert fit(ghost, before, after) == shown


@given(st.text())
def test_only_displayable_characters_are_left(text: str) -> None:
    assert all(map(is_displayable, displayable(text)))
    assert text.startswith(displayable(text))


@given(st.text("ab \n", max_size=6), st.text("ab \n", min_size=1), st.data())
def test_typing_along_shows_the_rest(before: str, ghost: str, data: st.DataObject) -> None:
    trail = Trail()
    trail.begin(before, "")
    assert trail.grow(ghost)
    length = 0
    while length < len(ghost):
        step = data.draw(st.integers(1, len(ghost) - length))
        length += step
        assert trail.change(before + ghost[:length], "") == step
        assert trail.along
        assert trail.rest == fit(ghost[length:], before, "")


@given(
    st.text("ab ", max_size=3),
    st.lists(st.one_of(st.sampled_from("ab "), st.none(), st.text("ab ", min_size=1, max_size=8)), max_size=30),
)
def test_no_ghost_begins_with_what_was_just_deleted(before: str, keys: list[str | None]) -> None:
    """``None`` is a backspace, one character is typed, several are a ghost that arrives."""
    trail = Trail()
    trail.begin(before, "")
    removed = ""
    for key in keys:
        if key is None:
            removed, before = before[-1:] or removed, before[:-1]
            trail.change(before, "")
        elif len(key) == 1:
            removed = ""
            before += key
            trail.change(before, "")
        else:
            trail.begin(before, "")
            trail.grow(key)
        assert not removed or not trail.rest.startswith(removed)
        assert not trail.rest or trail.rest.strip()


@given(st.text("ab", min_size=1), st.text("ab", min_size=1), st.text("cd", min_size=1))
def test_a_detour_brings_the_ghost_back(before: str, ghost: str, detour: str) -> None:
    trail = Trail()
    trail.begin(before, "")
    trail.grow(ghost)
    for length in range(1, len(detour) + 1):
        trail.change(before + detour[:length], "")
        assert trail.rest == ""
    for length in range(len(detour) - 1, -1, -1):
        trail.change(before + detour[:length], "")
    assert trail.rest == ghost


def test_a_ghost_for_a_text_that_has_gone_elsewhere_is_refused() -> None:
    trail = Trail()
    trail.begin("to", "")
    trail.change("tox", "")
    assert not trail.along
    assert not trail.grow(" be")
    assert trail.rest == ""


def test_undoing_moving_and_changes_elsewhere_hide_the_ghost() -> None:
    for change in (
        lambda trail: trail.change("t", "", undone=True),
        lambda trail: trail.move("t", "o"),
        lambda trail: trail.change("to", "x"),
        lambda trail: trail.change("another", ""),
    ):
        trail = Trail()
        trail.begin("to", "")
        trail.grow(" be")
        change(trail)
        assert trail.rest == ""
        assert not trail.along


def test_a_dismissed_ghost_stays_away_from_its_place() -> None:
    trail = Trail()
    trail.begin("to", "")
    trail.grow(" be")
    trail.dismiss()
    assert (trail.rest, trail.is_dismissed("to", ""), trail.is_dismissed("to ", "")) == ("", True, False)
    trail.change("tox", "")
    trail.change("to", "")
    assert trail.rest == ""
    trail.begin("to", "")
    trail.grow(" be")
    assert trail.rest == ""
