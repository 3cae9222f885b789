from __future__ import annotations

import pytest

from rnncomplete_export.story.skills import (
    ROOM,
    brackets,
    count_skills,
    environments,
    quotation_marks,
    sentence_starts,
    share,
    words_in,
)

REST = "." * ROOM


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("(a)", [True]),
        ("(a [b] c", [False, True]),
        ("([)]", [True, False]),
        (") ( )", [True]),
        ("[[a]", [False, True]),
        ("no brackets", []),
    ],
)
def test_a_bracket_is_closed_by_its_own_kind_and_well_nested(text: str, expected: list[bool]) -> None:
    assert list(brackets(text + REST, "([")) == expected


def test_braces_are_counted_apart() -> None:
    code = "int f(void) { if (x) { y(); } return 0;"
    assert list(brackets(code + REST, "{")) == [False, True]


def test_a_mark_without_room_behind_it_is_not_counted() -> None:
    assert list(brackets("(" + "." * ROOM, "(")) == [False]
    assert list(brackets("(" + "." * (ROOM - 1), "(")) == []
    assert list(brackets("()" + "." * (ROOM - 2), "(")) == [], "closed or not"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"\begin{proof}a\end{proof}", [True]),
        (r"\begin{proof}a\end{lemma}", [False]),
        (r"\begin{a}\begin{b}\end{a}\end{b}", [True, False]),
        (r"\begin{a}\begin{b}\end{b}\end{a}", [True, True]),
        (r"\end{a}\begin{a}", [False]),
    ],
)
def test_an_environment_is_closed_by_its_own_end(text: str, expected: list[bool]) -> None:
    assert list(environments(text + REST)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"Yes," he said, "no."\n\nrest', [True, True]),
        ('"Yes," he said, "no.\n\n"What?"\n\nrest', [True, False, True]),
        ('"Cut off', []),
        ('"""A docstring.\n\nMore."""\n\nx = "s"\n\nrest', [True]),
        ("\u201cYes,\u201d he said. \u201cNo." + REST, [True, False]),
    ],
)
def test_quotation_marks_are_closed_in_their_paragraph(text: str, expected: list[bool]) -> None:
    assert list(quotation_marks(text)) == expected


def test_sentences_begin_with_a_capital() -> None:
    assert list(sentence_starts('it rained. He left. so what. "Yes." (No.) e')) == [True, False, True, True, False]
    for none in ("3.14 is pi. 2 is not", '"Who?" said he', "Ha! ha", "e.g. this", 'return "It is."\nfoo()', "J. smith"):
        assert list(sentence_starts(none)) == []


def test_words_are_runs_of_letters() -> None:
    assert list(words_in("It's snake_case, 3rd \u00c9t\u00e9")) == ["it", "s", "snake", "case", "rd", "\u00e9t\u00e9"]


def test_known_words_are_counted_by_length() -> None:
    skills = count_skills(["The cat sat", "on sofas quietly. Quietl"], {"the", "cat", "on", "sofas", "quietly"})
    assert skills["words_of_1_to_3_letters"] == 0.75
    assert skills["words_of_4_to_6_letters"] == 0.5
    assert skills["words_of_7_or_more_letters"] == 1.0
    assert skills["sentences_capitalised"] == 1.0
    assert skills["brackets_closed"] is None


def test_without_the_words_of_the_text_none_is_counted() -> None:
    skills = count_skills(["The cat (sat)." + REST], ())
    assert skills["words_of_1_to_3_letters"] is None
    assert skills["brackets_closed"] == 1.0


def test_a_share_of_nothing_is_none() -> None:
    assert share([]) is None
    assert share([True, True, False]) == 0.6667


def test_a_function_and_a_proof_of_ordinary_length_have_room_to_end() -> None:
    function = "int f(void)\n{\n" + "\tif (x) { y(); }\n" * 60 + "}\n"
    assert set(brackets(function + REST, "{")) == {True}
    proof = "\\begin{proof}\n" + "Words $x \\in X$, and more.\n" * 40 + "\\end{proof}\n"
    assert list(environments(proof + REST)) == [True]
    assert next(iter(brackets(function.removesuffix("}\n") + REST, "{"))) is False
