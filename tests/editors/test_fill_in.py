"""Prompts with marks of many models, taken apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnncomplete.editors.fill_in import MARKS, Text, split_prompt


@pytest.mark.parametrize(
    "prompt",
    [
        "<|fim_prefix|>def f(<|fim_suffix|>):\n    pass\n<|fim_middle|>",
        "<fim_prefix>def f(<fim_suffix>):\n    pass\n<fim_middle>",
        "<fim_suffix>):\n    pass\n<fim_prefix>def f(<fim_middle>",
        "<|code_prefix|>def f(<|code_suffix|>):\n    pass\n<|code_middle|>",
        "<PRE> def f( <SUF>):\n    pass\n <MID>",
        "<\uff5cfim\u2581begin\uff5c>def f(<\uff5cfim\u2581hole\uff5c>):\n    pass\n<\uff5cfim\u2581end\uff5c>",
        "[SUFFIX]):\n    pass\n[PREFIX]def f(",
        "<s><|fim_prefix|>def f(<|fim_suffix|>):\n    pass\n<|fim_middle|>",
    ],
)
def test_a_template_gives_the_text_around_the_cursor(prompt: str) -> None:
    assert split_prompt(prompt)[:2] == ("def f(", "):\n    pass\n")


def test_a_file_that_the_prompt_names_is_known() -> None:
    qwen = "<|repo_name|>here<|file_sep|>a/b.py\n<|fim_prefix|>x = <|fim_suffix|>\n<|fim_middle|>"
    assert split_prompt(qwen) == Text("x = ", "\n", "a/b.py", None)
    starcoder = "<fim_prefix><filename>a/b.py\nx = <fim_suffix>\n<fim_middle>"
    assert split_prompt(starcoder) == Text("x = ", "\n", "a/b.py", None)


@pytest.mark.parametrize(
    "header",
    [
        "# language: python\n# indentation: use 4 spaces for a tab\n",
        "-- language: python\n-- indentation: use \t for a tab\n",
        "/* language: python */\n",
    ],
)
def test_what_minuet_writes_above_a_text_is_not_part_of_it(header: str) -> None:
    assert split_prompt(f"{header}x = 1\n", "\ny") == Text("x = 1\n", "\ny", None, "python")


@pytest.mark.parametrize(
    "prompt", ["plain", "", "[SUFFIX] alone", "[PREFIX] first, then [SUFFIX]", "<fim_prefix>open", "<PRE><MID><SUF>"]
)
def test_a_prompt_without_a_template_is_a_text(prompt: str) -> None:
    assert split_prompt(prompt, "after") == Text(prompt, "after")


@given(st.text(), st.text(), st.sampled_from([marks for marks in MARKS if marks[2] and marks[0] != "<PRE>"]))
def test_any_text_comes_out_of_its_template_as_it_went_in(before: str, after: str, marks: tuple[str, str, str]) -> None:
    if any(mark in before + after for family in MARKS for mark in family if mark) or before.lstrip()[:1] in '#/-;%"<':
        return
    assert split_prompt(f"{marks[0]}{before}{marks[1]}{after}{marks[2]}")[:2] == (before, after)


@pytest.mark.parametrize("before", ["# language:" + " " * 20_000, "# language:" + " " * 20_000 + "x", " " * 20_000])
def test_no_run_of_blanks_takes_long(before: str) -> None:
    """A pattern that tries all ways to share blanks among its parts takes hours for these."""
    assert split_prompt(before) == Text(before, "")


def test_many_headers_are_all_left_out() -> None:
    assert split_prompt("# language: c\n" * 50_000 + "int") == Text("int", "", None, "c")
