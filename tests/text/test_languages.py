"""Writing of many kinds is read, cut and accepted as people see it, and comes back as it was."""

from __future__ import annotations

import itertools
import unicodedata

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from rnncomplete.text.characters import JOINERS, is_displayable, joins, normalise, normalised
from rnncomplete.text.words import cut_places, is_word_character, next_word, whole_characters

PERSIAN = "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645 \u0628\u0631\u0648\u0645"
HINDI = "\u092e\u0947\u0930\u0940 \u0915\u093f\u0924\u093e\u092c \u0905\u091a\u094d\u091b\u0940 \u0939\u0948"
THAI = "\u0e41\u0e21\u0e48\u0e19\u0e49\u0e33\u0e44\u0e17\u0e22 \u0e2a\u0e27\u0e22"
KOREAN = "\ud55c\uad6d\uc5b4\ub97c \uc4f4\ub2e4"
FRENCH = unicodedata.normalize("NFD", "\u00e9t\u00e9 \u00e0 la for\u00eat")
EMOJI = "\U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f44d\U0001f3fd\u2764\ufe0f \U0001f1e9\U0001f1ea\U0001f1eb\U0001f1f7"
CHINESE = "\u6211\u4eec\u53bb\u5317\u4eac\u3002"
ALL = [PERSIAN, HINDI, THAI, KOREAN, FRENCH, EMOJI, CHINESE]


def words(text: str) -> list[str]:
    found = []
    while text:
        found.append(next_word(text))
        text = text.removeprefix(found[-1])
    return found


def clusters(text: str) -> set[int]:
    return set(itertools.accumulate(map(len, regex.findall(r"\X", text))))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (PERSIAN, PERSIAN.replace(" ", "| ")),
        (HINDI, HINDI.replace(" ", "| ")),
        (KOREAN, KOREAN.replace(" ", "| ")),
        (FRENCH, FRENCH.replace(" ", "| ")),
        (THAI, "\u0e41\u0e21\u0e48\u0e19\u0e49\u0e33|\u0e44\u0e17\u0e22| \u0e2a\u0e27|\u0e22"),
        (CHINESE, "\u6211\u4eec|\u53bb\u5317|\u4eac|\u3002"),
        (EMOJI, EMOJI.replace(" ", "| ")),
    ],
)
def test_words_are_those_that_people_see(text: str, expected: str) -> None:
    assert words(text) == expected.split("|")


@pytest.mark.parametrize("text", ALL)
def test_no_ghost_ends_inside_a_character(text: str) -> None:
    ends = clusters(text)
    for length in range(1, len(text)):
        assert cut_places(text[:length], text[length]) <= ends
        part = whole_characters(text[:length])
        assert not part or len(part) in ends or part.isascii()
        # What comes next may not be known yet.
        assert not any(place in cut_places(text[:length]) and place not in ends for place in range(1, length + 1))


def test_writing_without_blanks_is_cut_at_every_character() -> None:
    assert cut_places(CHINESE) == set(range(1, 7))
    assert cut_places("\u0e41\u0e21\u0e48\u0e19\u0e49\u0e33\u0e44", "\u0e17") == {3, 6}, (
        "but not behind a vowel that leads one"
    )


@given(st.text(min_size=1), st.text(max_size=1))
def test_whatever_the_text_words_and_cuts_keep_characters_whole(text: str, following: str) -> None:
    assert "".join(words(text)) == text
    assert set(itertools.accumulate(map(len, words(text)))) <= clusters(text)
    assert cut_places(text, following) <= clusters(text + following)


def test_marks_and_joiners_make_words() -> None:
    assert all(map(is_word_character, ["\u093f", "\u0301", *JOINERS]))


def test_joiners_are_displayable_and_have_a_meaning_between_letters_and_in_emoji_only() -> None:
    assert all(map(is_displayable, JOINERS))
    assert not any(map(is_displayable, "\u200b\u200e\u2060\ufeff\x0c"))
    assert joins("\u06cc", "\u062e")
    assert joins("\U0001f3fd", "\U0001f467")
    assert not joins("a", " ")
    assert not joins("", "a")


@given(st.text(st.sampled_from("e\u0301\u0327\u1100\u1161\u11a8\u0bc6\u0bbe \uac00a")), st.data())
def test_a_text_is_composed_alike_wherever_it_was_cut(text: str, data: st.DataObject) -> None:
    places = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=4)))
    chunks = [text[begin:end] for begin, end in itertools.pairwise([0, *places, len(text)])]
    how = ("line-ends", "nfc")
    assert "".join(normalised([chunk for chunk in chunks if chunk], how)) == normalise(text, how)
    assert normalise(text, how) == unicodedata.normalize("NFC", text)
    assert normalise(text) == text, "unless it is asked for"
