"""What a terminal is sent: letters of every script, whole emoji, and nothing that cannot be seen or does something."""

from __future__ import annotations

import io
import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prompt_toolkit.application import create_app_session
from prompt_toolkit.data_structures import Size
from prompt_toolkit.output.vt100 import Vt100_Output

from rnncomplete.repl.look import say
from rnncomplete.text.printing import displayable, is_fit, one_line, printable

MARK = "\N{REPLACEMENT CHARACTER}"
ROOT = Path(__file__).parents[2]

ORDINARY = [
    "Zürich, naïve\n\tcafé — “quoted” €5 ½",
    "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645 \u0645\u06cc\u200c\u0631\u0648\u0645",
    "\u0d28\u0d4d\u200d\u0d31\u0d46 \u0915\u094d\u200d\u0937 \u0e41\u0e21\u0e48\u0e19\u0e49\u0e33",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f469\U0001f3fd\u200d\U0001f680 \U0001f3f3\ufe0f\u200d\U0001f308",
    "\u2764\ufe0f 1\ufe0f\u20e3 #\ufe0f\u20e3 \u203c\ufe0f \u2194\ufe0e",
    "\u845b\U000e0100 \u1820\u180b e\u0301 \ud55c\uad6d\uc5b4 \u0441\u043b\u043e\u0432\u043e",
]

INVISIBLE = [
    *("\u3164", "\uffa0", "\u115f", "\u1160", "\u034f", "\u17b4", "\u2800", "\u00ad", "\u200b", "\u200e", "\u2060"),
    *("\ufeff", "\u180e", "\u061c", "\U000e0041", "\u202e", "\u2066", "\u2028", "\x1b", "\x07", "\x9b", "\r", "\x7f"),
]


@pytest.mark.parametrize("text", ORDINARY)
def test_what_people_write_is_shown_as_it_is(text: str) -> None:
    assert printable(text) == text
    assert displayable(text) == text


@pytest.mark.parametrize("character", INVISIBLE, ids=ascii)
def test_what_cannot_be_seen_or_does_something_is_marked_and_ends_a_ghost(character: str) -> None:
    assert printable(f"a{character}b") == f"a{MARK}b"
    assert displayable(f"a{character}b") == "a"
    assert displayable(character, "a") == ""


@pytest.mark.parametrize("text", ["a{}b", " {} ", "a{}", "{}a", "\u0431{}\u0431", "1{}2", "\n{}\n"])
@pytest.mark.parametrize("character", ["\u200c", "\u200d", "\ufe0f", "\ufe0e", "\ufe00", "\U000e0100"], ids=ascii)
def test_what_shapes_its_neighbours_is_shown_only_where_it_does(text: str, character: str) -> None:
    assert printable(text.format(character)) == text.format(MARK)
    assert displayable(text.format(character)) == text.partition("{")[0]


def test_what_a_ghost_follows_decides_whether_it_may_begin_with_a_joiner() -> None:
    assert displayable("\u200c\u062e\u0648", "\u0645\u06cc") == "\u200c\u062e\u0648"
    assert displayable("\u200c\u062e\u0648", "a") == ""
    assert displayable("\u06cc\u200c", "\u0645") == "\u06cc", "nothing is behind it yet"


@given(st.text())
def test_nothing_else_comes_out(text: str) -> None:
    shown = printable(text)
    assert len(shown) == len(text)
    assert printable(shown) == shown
    for place, character in enumerate(shown):
        assert character in "\n\t" or unicodedata.category(character) not in {"Cc", "Cs", "Cn", "Co", "Zl", "Zp"}
        assert is_fit(character, shown[place - 1 : place] if place else "", shown[place + 1 : place + 2])
    assert "\n" not in one_line(text)


def test_the_prompt_says_nothing_else() -> None:
    written = io.StringIO()
    output = Vt100_Output(written, lambda: Size(24, 80), term="xterm")
    with create_app_session(output=output):
        say("a\x1b[31m\tb\x9b\u202e")
    assert written.getvalue() == f"a{MARK}[31m  b{MARK}{MARK}\n"


EXITS = {
    "rnncomplete/cli/options.py": {"click.echo"},
    "rnncomplete/cli/group.py": {"click.echo"},  # the version
    "rnncomplete/cli/progress.py": {"click.echo"},  # escapes of its own
    "rnncomplete/hosts/choice.py": {"print("},
    "rnncomplete/repl/look.py": {"output.write", ".print("},  # the latter: pixels, into a string
    "export/rnncomplete_export/progress.py": {".print("},
}
"""Where text may leave for a terminal; each of them lets nothing else through."""


def test_there_is_no_other_way_to_the_terminal() -> None:
    exits: dict[str, set[str]] = {}
    for path in [*(ROOT / "rnncomplete").rglob("*.py"), *(ROOT / "export" / "rnncomplete_export").rglob("*.py")]:
        text = path.read_text(encoding="utf-8")
        found = set(
            re.findall(r"click\.s?echo|(?<![\w.])print\(|\.print\(|std(?:out|err)\.write|output\.write(?=\()", text)
        )
        if found:
            exits[path.relative_to(ROOT).as_posix()] = found
    exits.pop("export/rnncomplete_export/texts/corpus.py", None)  # its output is a file of tokens
    assert exits == EXITS
