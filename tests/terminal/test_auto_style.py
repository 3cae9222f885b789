"""The style ``auto`` follows the text, and does not flap."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from rnncomplete.cli import main
from rnncomplete.cli.options import open_completer
from rnncomplete.completion.auto import load_auto
from rnncomplete.errors import ModelError, SettingError, StyleError, TextError
from rnncomplete.settings import load_settings

pytestmark = pytest.mark.slow

PROSE = "Waxy zebras vex quick jockeys by the old fjord"
CODE = "zq[i] ^= ~wx(j) << 7 | qz(k); vex(&zq[i], 0x5f);"
"""Both of a kind that no network has read, since styles are shipped, too, that must not know them as well."""


@pytest.fixture
def styles(sentence_style: Any) -> None:
    sentence_style("prose", PROSE)
    sentence_style("code", CODE)


@pytest.fixture
def alone(styles: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No style is shipped."""
    monkeypatch.setattr("rnncomplete.styles.shipped_styles_folder", lambda: tmp_path)


def always() -> bool:
    return True


def test_the_least_surprised_style_is_chosen(alone: None) -> None:
    completer = load_auto("cpu")
    for text, style in ((PROSE[:30], "prose"), (CODE[:30], "code"), (PROSE[:30], "prose")):
        completer.choose(text, always)
        assert completer.card.style == style


def test_a_judge_reads_on_where_it_was_and_counts_the_end_most(alone: None) -> None:
    completer = load_auto("cpu")
    prose, code = completer.judge("prose"), completer.judge("code")
    assert prose is not None
    assert code is not None
    steps = 0
    step = prose._model._step

    def counted(token: int, state: Any) -> Any:
        nonlocal steps
        steps += 1
        return step(token, state)

    prose._model._step = counted
    known = prose.surprise(PROSE, always)
    assert known is not None
    assert known < 0.1
    assert steps == len(PROSE)
    assert prose.surprise(PROSE[:-3], always) is not None
    assert steps == len(PROSE)
    for judge, likes in ((prose, False), (code, True)):
        surprise = judge.surprise(PROSE * 30 + CODE * 5, always)
        assert surprise is not None
        assert (surprise < 2) is likes
    assert steps < len(PROSE) + 2 * 300


def test_each_document_has_its_own_style(alone: None) -> None:
    completer = load_auto("cpu", budget_ms=60_000)
    prose, code = completer.open("a letter"), completer.open("a program")
    prose.choose(PROSE[:30], always)
    code.choose(CODE[:30], always)
    for _ in range(3):
        assert [ghost.text for ghost in prose.grow(PROSE[:30], always)][-1] == PROSE[30:]
        assert completer.card.style == "prose"
        assert [ghost.text for ghost in code.grow(CODE[:30], always)][-1] == CODE[30:]
        assert completer.card.style == "code"
    assert completer.open("a letter") is prose
    completer.close("a letter")
    assert completer.open("a letter").completer is code.completer


def test_where_no_style_knows_better_it_stays_as_it_is(alone: None) -> None:
    completer = load_auto("cpu")
    completer.choose(PROSE[:30], always)
    completer.choose("\u00e9" * 30, always)
    assert completer.card.style == "prose"


def test_choosing_stops_at_the_next_key(alone: None) -> None:
    completer = load_auto("cpu")
    assert completer.card.style == "code"
    asked = 0

    def wanted() -> bool:
        nonlocal asked
        asked += 1
        return asked < 5

    completer.choose(PROSE[:30], wanted)
    assert (completer.card.style, asked) == ("code", 5)


def test_the_style_chosen_learns_the_files_of_the_one_before(alone: None, tmp_path: Path) -> None:
    (tmp_path / "lines.txt").write_text(PROSE, encoding="utf-8")
    completer = load_auto("cpu")
    assert completer.card.style == "code"
    with pytest.raises(TextError):
        completer.learn_files([tmp_path / "nowhere"])
    completer.choose(CODE[:30], always)
    assert completer.learn_files([tmp_path / "lines.txt"]) is not None
    completer.choose(PROSE[:30], always)
    assert completer.card.style == "prose"
    deadline = time.monotonic() + 60
    while completer.current.learned is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    completer.forget_files()
    completer.choose(CODE[:30], always)
    assert (completer.card.style, completer.current.learned) == ("code", None)


def test_a_damaged_style_is_not_chosen(alone: None) -> None:
    (Path(os.environ["RNNCOMPLETE_STYLES"]) / "prose" / "step.int8.onnx").write_bytes(b"damaged")
    completer = load_auto("cpu")
    completer.choose(PROSE[:30], always)
    assert completer.card.style == "code"


def test_it_begins_with_a_style_that_is_whole(alone: None) -> None:
    (Path(os.environ["RNNCOMPLETE_STYLES"]) / "code" / "step.int8.onnx").write_bytes(b"damaged")
    completer = load_auto("cpu")
    assert completer.card.style == "prose"
    completer.choose(CODE[:30], always)
    assert completer.card.style == "prose"
    (Path(os.environ["RNNCOMPLETE_STYLES"]) / "prose" / "step.int8.onnx").write_bytes(b"damaged")
    with pytest.raises(ModelError):
        load_auto("cpu")


@pytest.mark.parametrize(("text", "style"), [(PROSE, "prose"), (CODE, "code")])
def test_on_the_command_line_it_is_chosen_by_the_text(alone: None, text: str, style: str) -> None:
    settings = load_settings({"style": "auto", "device": "cpu"})
    assert open_completer(settings, text[:30]).card.style == style
    assert open_completer(settings, "").card.style in {"prose", "code"}
    with pytest.raises(SettingError, match="here expected one: --style NAME"):
        open_completer(settings)
    result = CliRunner().invoke(main, ["complete", "--style", "auto", "--json"], input=text[:30])
    assert json.loads(result.stdout)["style"] == style


def test_without_styles_there_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rnncomplete.styles.shipped_styles_folder", lambda: tmp_path)
    with pytest.raises(StyleError, match="there is no style to choose from"):
        load_auto()


def test_the_prompt_says_what_was_chosen(terminal: Any, styles: None) -> None:
    screen = terminal("--style", "auto", "--device", "cpu")
    screen.sees("(auto) · ")
    for text, style, ghost in ((PROSE, "prose", "the old fjord"), (CODE, "code", "vex(&zq[i], 0x5f);")):
        half = text[: text.index(ghost)]
        screen.send(half)
        screen.sees(f" {style} (auto) · 1.23M parameters")
        screen.send(ghost[0])
        # At the beginning of a text the likeliest word is shown alone where more is not likely enough.
        screen.until(
            lambda typed=half + ghost[0], rest=ghost[1:]: (
                screen.typed == f"> {typed}" and screen.ghost and rest.startswith(screen.ghost)
            )
        )
        screen.send("\x15")
        screen.until(lambda: screen.row == ">")
    screen.send(":style prose\r")
    screen.sees(" prose · 1.23M")
    screen.send(":style auto\r")
    screen.sees("(auto) · ")
