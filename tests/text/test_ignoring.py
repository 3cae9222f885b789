"""Patterns of ignore files mean what Git says, and none takes long."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pathspec import GitIgnoreSpec

from rnncomplete.text.ignoring import MOST, Pattern, Patterns

names = st.text("ab.c", min_size=1, max_size=3).filter(lambda name: name not in (".", ".."))
paths = st.lists(names, min_size=1, max_size=4).map("/".join)
globs = st.lists(st.one_of(st.text("ab.c*?", min_size=1, max_size=5), st.just("**")), min_size=1, max_size=4).filter(
    lambda parts: all(part not in (".", "..") and ("**" not in part or part == "**") for part in parts)
)
lines = st.tuples(st.sampled_from(["", "!"]), st.sampled_from(["", "/"]), globs, st.sampled_from(["", "/"])).map(
    lambda item: f"{item[0]}{item[1]}{'/'.join(item[2])}{item[3]}"
)


@given(st.lists(lines, min_size=1, max_size=3), paths)
def test_a_pattern_means_what_others_say(patterns: list[str], path: str) -> None:
    assume(not any(line.strip("!/") == "**" or line.endswith("**/") for line in patterns))  # there it is otherwise
    expected = GitIgnoreSpec.from_lines(patterns).match_file(path)
    assert Patterns(patterns).match(path) == expected


@pytest.mark.parametrize(
    ("line", "fitting", "others"),
    [
        ("*.py[cod]", ["a.pyc", "deep/a.pyo"], ["a.py", "a.pyx"]),
        ("[!a-c]*", ["d", "x/d"], ["a", "bee"]),
        ("[]a]x", ["]x", "ax"], ["bx"]),
        ("\\#a", ["#a"], ["a", "\\#a"]),
        ("\\!a", ["!a"], ["a"]),
        ("a\\*b", ["a*b"], ["axb"]),
        ("a ", ["a"], ["a "]),
        ("a\\ ", ["a "], ["a"]),
        ("[a", ["[a"], ["a"]),
        ("a/**/b", ["a/b", "a/x/y/b"], ["ab", "x/a/b"]),
        ("a/**", ["a/x", "a/x/y"], ["a"]),
        ("**/a", ["a", "x/y/a"], ["xa"]),
        ("a?c", ["abc", "a\nc"], ["ac", "abbc"]),
        ("naïve*", ["naïveté"], ["naive"]),
    ],
)
def test_every_kind_of_pattern(line: str, fitting: list[str], others: list[str]) -> None:
    patterns = Patterns([line])
    assert [path for path in [*fitting, *others] if patterns.verdict(path, is_folder=False)] == fitting


@pytest.mark.parametrize("line", ["", "  ", "# comment", "/", "//", "[b-a]", "a" * 1000])
def test_a_line_that_is_not_a_pattern_says_nothing(line: str) -> None:
    assert Pattern.parse(line) is None


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("*a" * 25 + "b", "a" * 250),
        ("*" * 299 + "b", "a" * 250),
        ("?*" * 120 + "b", "a" * 250),
        ("[ab]*" * 50 + "c", "ab" * 125),
        ("**/a/" * 50 + "b", "/".join("a" * 2000)),
        ("**/*a*a*a/" * 20 + "b", "/".join(["a" * 250] * 100)),
    ],
)
def test_no_pattern_takes_long(line: str, path: str) -> None:
    """An ordinary matcher would not come to an end in this century."""
    assert Patterns([line]).verdict(path, is_folder=False) is None


def test_only_so_many_patterns_of_a_file_are_read() -> None:
    assert Patterns([*["x"] * (MOST - 1), "a", "b"]).match("a")
    assert not Patterns([*["x"] * (MOST - 1), "a", "b"]).match("b")
