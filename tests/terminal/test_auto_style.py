"""The style ``auto`` follows the text, and does not flap."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from rnncomplete.auto_style import load_auto, surprise_of
from rnncomplete.errors import StyleError

if TYPE_CHECKING:
    from pathlib import Path

PROSE = "To be, or not to be, that is the question"
CODE = "for (i = 0; i < n; i++) total += a[i];"


@pytest.fixture
def styles(sentence_style: Any) -> None:
    sentence_style("hamlet", PROSE)
    sentence_style("code", CODE)


def always() -> bool:
    return True


def test_the_least_surprised_style_is_chosen(styles: None) -> None:
    completer = load_auto("cpu")
    for text, style in ((PROSE[:30], "hamlet"), (CODE[:30], "code"), (PROSE[:30], "hamlet")):
        completer.choose(text, always)
        assert completer.card.style == style
        others = [surprise_of(other, text, always) for other in completer._loaded.values() if other is not None]
        assert min(x for x in others if x is not None) == surprise_of(completer.current, text, always)


def test_where_no_style_knows_better_it_stays_as_it_is(styles: None) -> None:
    completer = load_auto("cpu")
    completer.choose(PROSE[:30], always)
    completer.choose("\u00e9" * 30, always)
    assert completer.card.style == "hamlet"


def test_choosing_stops_at_the_next_key(styles: None) -> None:
    completer = load_auto("cpu")
    before = completer.card.style
    asked = 0

    def wanted() -> bool:
        nonlocal asked
        asked += 1
        return asked < 5

    completer.choose(CODE[:30] if before == "hamlet" else PROSE[:30], wanted)
    assert (completer.card.style, asked) == (before, 5)


def test_without_styles_there_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rnncomplete.styles.shipped_styles_folder", lambda: tmp_path)
    with pytest.raises(StyleError, match="there is no style to choose from"):
        load_auto()


def test_the_prompt_says_what_was_chosen(terminal: Any, styles: None) -> None:
    screen = terminal("--style", "auto", "--device", "cpu")
    screen.sees("(auto) · ")
    for text, style, ghost in ((PROSE, "hamlet", "the question"), (CODE, "code", "+= a[i];")):
        half = text[: text.index(ghost)]
        for character in half:
            screen.send(character)
            screen.until(lambda: True)
            time.sleep(0.02)
        screen.sees(f" {style} (auto) · 1.23M parameters")
        screen.send(ghost[0])
        screen.until(lambda ghost=ghost: screen.ghost and ghost[1:].startswith(screen.ghost))
        screen.send("\x15")
        screen.until(lambda: screen.row == ">")
    screen.send(":style hamlet\r")
    screen.sees(" hamlet · 1.23M")
    screen.send(":style auto\r")
    screen.sees("(auto) · ")
