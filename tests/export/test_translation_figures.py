from __future__ import annotations

import pytest

from rnncomplete_export.exporting.translation_figures import scores, tokenizer_of


@pytest.mark.parametrize(
    ("line", "tokenizer"),
    [
        ("Où est la gare ?", "13a"),
        ("火车站在哪里。", "char"),
        ("駅はどこですか。", "char"),
        ("역이 어디예요?", "13a"),
        ("7", "13a"),
    ],
)
def test_words_are_characters_where_they_have_no_blanks_between_them(line: str, tokenizer: str) -> None:
    assert tokenizer_of([line]) == tokenizer


def test_a_translation_that_is_nearly_right_is_not_worth_nothing() -> None:
    bleu, _ = scores(["我昨天去了北京的火车站。"], [["我昨天去了上海的火车站。"]])
    assert bleu > 50
