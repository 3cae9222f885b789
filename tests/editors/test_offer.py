"""What of a ghost an editor is offered."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnncomplete.editors.offer import offer, wants_lines


@pytest.mark.parametrize(
    ("ghost", "before", "after", "offered"),
    [
        ("not to be", "To be, or ", "", "not to be"),
        ("not to be, that\nis", "To be, or ", "", "not to be, that"),  # prose has one line
        ("\nThou art", "Enter HAMLET.", "", "\nThou art"),
        # What stands behind the cursor already is not offered.
        ("range(10):", "for i in ", "):", "range(10"),
        ('"hello")', "print(", ")", '"hello"'),
        ("f(a), b)", "print(", ")", "f(a), b"),
        ("f(a)):", "if (", "):", "f(a)"),
        ('hello")', 'print("', '")', "hello"),
        ("value", "x = ", "value", ""),
        ("values = 3", "x = ", "values", ""),
        ("is a test", "this ", "is a test", ""),
        ("first, second", "a, ", ", third", "first, second"),
        ("first, ", "a, ", ", third", "first"),
        ("be that", "to ", "that is", "be"),
        # A word is not broken.
        ("lete", "comp", "letion", ""),
        ("o\u0301ther", "an", "\u0301", ""),
        # Nothing that nobody could see or would reach for.
        ("a", "x = ", "", ""),
        ("  ", "x =", "", ""),
        ("well\x1b[31m", "x = ", "", "well"),
    ],
)
def test_one_line(ghost: str, before: str, after: str, offered: str) -> None:
    assert offer(ghost, before, after) == offered


def test_inside_a_word_something_is_offered_to_those_who_ask() -> None:
    assert offer("_more", "foo", "bar", asked=True) == "_more"
    assert offer("_more", "foo", "bar") == ""


@pytest.mark.parametrize(
    ("ghost", "before", "offered"),
    [
        # The body of a block that the ghost begins, up to where its indentation ends.
        ("x in y:\n    print(x)\n\ndef f():", "for ", "x in y:\n    print(x)"),
        (
            "x in y:\n        print(x)\n        go()\n    return 1",
            "    for ",
            "x in y:\n        print(x)\n        go()",
        ),
        # One that stands already is filled.
        ("a = 1\n    b = 2\nc = 3", "def f():\n    ", "a = 1\n    b = 2"),
        ("\n    a = 1\n    b = 2\nc = 3", "def f():", "\n    a = 1\n    b = 2"),
        # A statement is one line.
        ("10\n    b = 2", "    a = ", "10"),
        # An open bracket is closed.
        ("(\n    1,\n    2,\n)\nz = 3", "a = f", "(\n    1,\n    2,\n)"),
        # Remarks are one line, even those that end in a colon.
        ("as follows:\n    a = 1", "# it is ", "as follows:"),
    ],
)
def test_blocks_of_code(ghost: str, before: str, offered: str) -> None:
    assert offer(ghost, before, "", "python") == offered


def test_braces_close_a_block() -> None:
    ghost = "(x) {\n\treturn 1;\n}\n\nint g;"
    assert offer(ghost, "if ", "", "c") == "(x) {\n\treturn 1;\n}"


def test_lines_that_stand_below_are_not_offered() -> None:
    ghost = "x in y:\n    print(x)\n    go_on()"
    assert offer(ghost, "for ", "\n    go_on()\n", "python") == "x in y:\n    print(x)"
    assert offer("print(x)", "    ", "\n    print(x)\n", "python") == ""
    assert offer("(a) {\n\tf();\n}", "if ", "\n}\n", "c") == "(a) {\n\tf();\n}"  # a brace may come again


def test_before_the_rest_of_a_line_one_line_is_offered() -> None:
    assert not wants_lines("python", "for ", "x")
    assert offer("x in y:\n    print(x)", "for ", " # all", "python") == "x in y:"


@given(ghost=st.text(max_size=20), before=st.text(max_size=10), after=st.text(max_size=10))
def test_an_offer_is_the_beginning_of_the_ghost_and_ends_in_no_blank(ghost: str, before: str, after: str) -> None:
    for language in ("python", ""):
        offered = offer(ghost, before, after, language)
        assert ghost.startswith(offered)
        assert offered == offered.rstrip()
        assert offered == "" or not after.partition("\n")[0].startswith(offered)
