"""Words in disguise: the same wherever they come, and nothing else is changed."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from rnncomplete.text.vocabulary import UNKNOWN_CHARACTER, Vocabulary
from rnncomplete_export.texts import disguise
from rnncomplete_export.texts.disguise import LETTER, PEOPLE, common_words, disguised, disguised_pairs, names_in

TEXT = 'Morokhov bowed. "My dear Morokhov, who is Anna?" and Élodie went; Élodie and all_of_it(2) and all_of_it.\n'


def hidden(text: str, session: int = 1000) -> str:
    characters = Vocabulary.from_counts(Counter(text))
    tokens = disguised(characters, characters.encode(text), {"and"}, session)
    assert tokens.dtype == characters.encode(text).dtype
    return characters.decode(tokens.tolist())


def test_what_comes_again_has_other_letters_and_the_rest_is_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disguise, "SHARE", 1.0)
    before, after = re.split(r"(\w+)", TEXT), re.split(r"(\w+)", hidden(TEXT))
    changed = {old: new for old, new in zip(before, after, strict=True) if old != new}
    assert set(changed) == {"Morokhov", "Élodie", "all_of_it"}
    assert len(dict(zip(before, after, strict=True))) == len(set(before)), "each is the same everywhere"
    for old, new in changed.items():
        assert [letter in "aeiouy" for letter in old.lower()] == [letter in "aeiouy" for letter in new.lower()]
        assert [letter.isupper() for letter in old] == [letter.isupper() for letter in new]


def test_sessions_have_other_letters_and_only_a_share_of_the_words(monkeypatch: pytest.MonkeyPatch) -> None:
    words = [f"{a}{e}{b}{e}{a}" for a in "bcdfgh" for e in "aeio" for b in "klmnpr"]
    session = " ".join(words * 2) + "\n"
    after = hidden(session * 2, session=len(session))
    assert after[: len(session)] != after[len(session) :]
    same = sum(old == new for old, new in zip(words, after.split(), strict=False)) / len(words)
    assert 0.35 < same < 0.75


def test_a_letter_that_the_vocabulary_lacks_never_comes() -> None:
    text = "Abba abba Abba bbaa bbaa \u0430\u0431\u0432 \u0430\u0431\u0432 " * 9
    assert UNKNOWN_CHARACTER not in hidden(text)


def test_the_most_frequent_words_of_all_pieces_are_common(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disguise, "PIECE", 4)
    text = "a b a b b c\n"
    vocabulary = Vocabulary.from_counts(Counter(text))
    for most, words in ((1, {"b"}), (2, {"a", "b"}), (3, {"a", "b", "c"})):
        monkeypatch.setattr(disguise, "COMMON", most)
        assert common_words(vocabulary, vocabulary.encode(text)) == words


def test_names_on_both_sides_are_those_of_a_few_people_for_some_lines() -> None:
    assert names_in("Tom saw Mary in Rome.", "Tom a vu Marie à Rome.") == ["Rome", "Tom"]
    sources, lines = ["Tom sees Ann.", "It is late."] * (2 * LETTER), ["Tom voit Ann.", "Il est tard."] * (2 * LETTER)
    vocabulary = Vocabulary.from_counts(Counter("".join(sources + lines)))
    both = vocabulary, vocabulary
    read, written = disguised_pairs(both, sources, lines)
    assert read[1::2] == sources[1::2]
    assert written[1::2] == lines[1::2]
    people = []
    for source, line in zip(read[::2], written[::2], strict=True):
        one, other = re.fullmatch(r"(\w+) sees (\w+)\.", source).groups()  # type: ignore[union-attr]
        assert line == f"{one} voit {other}.", "the same on both sides"
        people.append({one, other})
    first, second = set().union(*people[:LETTER]), set().union(*people[LETTER : 2 * LETTER])
    assert not first & second
    assert len(first) <= PEOPLE
    assert "Tom" not in first | second
    assert disguised_pairs(both, sources, lines) == (read, written), "the same each time"


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("TOM SEES ANN.", "TOM VOIT ANN."),
        ("Tom \u0432\u0438\u0434\u0438\u0442 Tom.", "Tom voit."),
        ("Tom sees the quiz.", "Tom voit le quiz."),
    ],
)
def test_names_are_made_of_letters_that_both_sides_have(source: str, line: str) -> None:
    vocabularies = Vocabulary.from_counts(Counter(source)), Vocabulary.from_counts(Counter(line))
    count = 8 * LETTER
    for vocabulary, told in zip(
        vocabularies, disguised_pairs(vocabularies, [source] * count, [line] * count), strict=True
    ):
        assert len(told) == count
        assert UNKNOWN_CHARACTER not in vocabulary.decode(vocabulary.encode("".join(told)).tolist())
