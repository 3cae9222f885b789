"""Lines in, translations out, and the commands that are told what a text is about."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from tiny_source import LONGEST, copying_card, seeing_card, write_source_style

from rnncomplete.cli import main
from rnncomplete.completion.installing import install_style

if TYPE_CHECKING:
    from pathlib import Path

    from rnncomplete.network.card import Card


@pytest.fixture
def style(tiny_card: Card, tmp_path: Path) -> str:
    return str(write_source_style(tmp_path / "copying", copying_card(tiny_card)))


def run(*arguments: str, text: str = "", code: int = 0) -> str:
    result = CliRunner().invoke(main, [*arguments], input=text)
    assert result.exit_code == code, result.output
    return result.stdout if not code else result.output


@pytest.mark.parametrize("beam", ["1", "4"])
def test_each_line_is_translated_on_a_line_of_its_own(style: str, beam: str) -> None:
    said = run("translate", "--style", style, "--beam", beam, text="HELLO, EVE.\n\n  \nGOOD BYE")
    assert said == "hello, eve.\n\n\ngood bye\n"


def test_what_is_about_a_source_ends_with_its_last_line(style: str) -> None:
    for text, rest in (("hel", "lo"), ("hello", "")):
        for more in (("--chars", "9"), ("--json",), ("--alternatives", "3", "--json")):
            said = run("complete", "--style", style, "--source", "HELLO", *more, text=text)
            if "--json" not in more:
                assert said == f"{rest}\n"
                continue
            found = json.loads(said)
            assert found["text"] == rest
            assert all("\n" not in other["text"] for other in found["alternatives"])


def test_of_nothing_there_is_no_translation(style: str) -> None:
    assert run("translate", "--style", style) == ""
    assert json.loads(run("translate", "--style", style, "--json")) == []


def test_a_source_may_be_empty_or_called_as_a_folder(
    style: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "DOCS").mkdir()
    assert run("complete", "--style", style, "--source", "DOCS", "--chars", "3", text="d") == "ocs\n"
    run("complete", "--style", style, "--source", "", "--chars", "3", text="d")


def test_a_file_is_translated_and_json_tells_the_source(style: str, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("HELLO\r\nEVE\r\n", encoding="utf-8", newline="")
    found = json.loads(run("translate", "--style", style, "--json", str(tmp_path / "a.txt")))
    assert [(item["source"], item["text"]) for item in found] == [("HELLO", "hello"), ("EVE", "eve")]
    assert all(0 <= item["nats_per_character"] < 0.1 for item in found)


def test_without_a_name_the_first_style_that_translates_is_taken(
    tiny_card: Card, style: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rnncomplete.styles.shipped_styles_folder", lambda: tmp_path / "none")
    missing = run("translate", text="A", code=2)
    assert "no style that translates is installed" in missing
    assert "train --pairs" in missing
    install_style(write_source_style(tmp_path / "seeing", seeing_card(tiny_card)))
    assert "no style that translates" in run("translate", text="A", code=2)
    from pathlib import Path as AnyPath

    install_style(AnyPath(style), replace=True)
    assert run("translate", text="A") == "a\n"
    assert run("complete", "--source", "HELLO", text="hel") == "lo\n"
    (tmp_path / "a.small").write_text("hello\n", encoding="utf-8")
    (tmp_path / "a.large").write_text("HELLO\n", encoding="utf-8")
    files = [str(tmp_path / "a.small"), "--source", str(tmp_path / "a.large")]
    assert json.loads(run("eval", "--static", "--json", *files))["nats_per_character"] < 0.1


def test_the_style_of_the_settings_is_taken_if_it_translates(
    tiny_card: Card, style: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rnncomplete.styles.shipped_styles_folder", lambda: tmp_path / "none")
    for name in ("aaa", "zzz"):
        install_style(write_source_style(tmp_path / name, replace(copying_card(tiny_card), style=name)))
    for chosen, taken in (("zzz", "zzz"), ("nonesuch", "aaa"), ("auto", "aaa")):
        monkeypatch.setenv("RNNCOMPLETE_STYLE", chosen)
        assert json.loads(run("complete", "--source", "A", "--json"))["style"] == taken


def test_a_style_that_translates_nothing_says_so(tiny_style: Path, tiny_card: Card, tmp_path: Path) -> None:
    for folder in (tiny_style, write_source_style(tmp_path / "seeing", seeing_card(tiny_card))):
        said = run("translate", "--style", str(folder), text="A", code=2)
        assert "'tiny' does not translate" in said
        assert said.count("\n") == 1


def test_lines_that_are_too_long_are_told_of(style: str) -> None:
    result = CliRunner().invoke(main, ["translate", "--style", style], input=f"A\n{'B' * LONGEST}\n{'C' * LONGEST}")
    assert result.stdout.split() == ["a", "b" * (LONGEST - 1), "c" * (LONGEST - 1)]
    assert f"line 2 and 1 more are longer than {LONGEST - 1} characters" in result.stderr


def test_complete_is_about_a_source(style: str, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("DEAR EVE,\nALL IS WELL", encoding="utf-8")
    letter = str(tmp_path / "letter.txt")
    assert run("complete", "--style", style, "--source", "DEAR ADAM", text="dear ") == "adam\n"
    assert run("complete", "--style", style, "--source", letter, text="dear eve,\nall") == " is well\n"
    assert json.loads(run("complete", "--style", style, "--source", letter, "--json", text="dear"))["text"] == (
        " eve,\nall is well"
    )


def test_a_style_without_a_source_is_given_none(tiny_style: Path, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("hello eve\n", encoding="utf-8")
    file = str(tmp_path / "a.txt")
    for arguments in (["complete", "--source", "A"], ["eval", "--source", file, file]):
        said = run(*arguments, "--style", str(tiny_style), text="x", code=2)
        assert "the style 'tiny' has no source; expected one that translates text" in said
        assert said.count("\n") == 1


def test_eval_measures_with_the_source_and_without(style: str, tmp_path: Path) -> None:
    lines = ["hello eve", "all is well, adam", "good bye", "a zebra, a yak"]
    (tmp_path / "a.small").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (tmp_path / "a.large").write_text("\n".join(lines).upper(), encoding="utf-8")
    files = [str(tmp_path / "a.small"), "--source", str(tmp_path / "a.large")]
    figures = json.loads(run("eval", "--style", style, "--static", "--json", *files))
    assert figures["word_prediction_accuracy"] == 1.0
    assert figures["nats_per_character"] < 0.1 < figures["nats_per_character_without_source"]
    assert figures["keystrokes_saved"] > 0.5 > figures["keystrokes_saved_without_source"]
    assert figures["word_prediction_accuracy_without_source"] < 0.5
    shown = run("eval", "--style", style, *files)
    assert "word prediction accuracy without source" in shown
    adaptive = json.loads(run("eval", "--style", style, "--json", "--typed", "0", *files))
    assert adaptive["nats_per_character"] < 0.5


def test_eval_needs_as_many_lines_in_both(style: str, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("one\ntwo\n", encoding="utf-8")
    (tmp_path / "b").write_text("ONE\n", encoding="utf-8")
    a, b = str(tmp_path / "a"), str(tmp_path / "b")
    assert "has 1 line and" in run("eval", "--style", style, a, "--source", b, code=2)
    assert "expected that one, not 2" in run("eval", "--style", style, a, a, "--source", b, code=2)
