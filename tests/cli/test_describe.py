"""Pictures in, sentences out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from tiny_source import seeing_card, write_source_style

from rnncomplete.cli import main
from rnncomplete.cli.describe import LONGEST
from rnncomplete.completion.installing import install_style

if TYPE_CHECKING:
    from pathlib import Path

    from rnncomplete.network.card import Card

Image = pytest.importorskip("PIL.Image", reason="needs Pillow, from the extra 'pictures'")


@pytest.fixture
def style(tiny_card: Card, tmp_path: Path) -> Path:
    return write_source_style(tmp_path / "seeing", seeing_card(tiny_card))


@pytest.fixture
def red(tmp_path: Path) -> Path:
    Image.new("RGB", (40, 40), (255, 0, 0)).save(tmp_path / "red.png")
    return tmp_path / "red.png"


@pytest.fixture
def blue(tmp_path: Path) -> Path:
    Image.new("RGB", (40, 40), (0, 0, 255)).save(tmp_path / "blue.jpg")
    return tmp_path / "blue.jpg"


def run(*arguments: object, text: str = "", code: int = 0) -> str:
    result = CliRunner().invoke(main, [str(argument) for argument in arguments], input=text)
    assert result.exit_code == code, result.output
    return result.stdout if not code else result.output


@pytest.mark.parametrize("beam", [1, 3])
def test_a_picture_is_described(style: Path, red: Path, beam: int) -> None:
    assert run("describe", "--style", style, "--beam", beam, red) == "r" * LONGEST + "\n"


def test_several_are_told_apart(style: Path, red: Path, blue: Path) -> None:
    said = run("describe", "--style", style, red, blue).splitlines()
    assert [line[: len(str(path)) + 3] for line, path in zip(said, (red, blue), strict=True)] == [
        f"{red}: r",
        f"{blue}: b",
    ]


def test_json_is_a_list_of_file_and_text(style: Path, red: Path, blue: Path) -> None:
    found = json.loads(run("describe", "--style", style, "--json", red, blue))
    assert found == [{"file": str(red), "text": "r" * LONGEST}, {"file": str(blue), "text": "b" * LONGEST}]


def test_without_a_name_the_first_style_that_describes_is_taken(
    style: Path, red: Path, tiny_style: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rnncomplete.styles.shipped_styles_folder", lambda: tmp_path / "nothing")
    missing = run("describe", red, code=2)
    assert "no style that describes pictures is installed" in missing
    assert "train --pictures" in missing
    assert "'tiny' describes no pictures" in run("describe", "--style", tiny_style, red, code=2)
    install_style(style)
    assert run("describe", red).startswith("rrr")


def test_what_is_not_a_picture_is_refused_in_a_line(style: Path, red: Path, tmp_path: Path) -> None:
    (tmp_path / "text.png").write_text("a cat")
    said = run("describe", "--style", style, red, tmp_path / "text.png", code=2)
    assert said.count("\n") == 2
    assert f"{red}: rrr" in said, "the others are described all the same"
    assert "text.png is not a picture; expected a picture in PNG, JPEG, WebP or SVG" in said
    said = run("describe", "--style", style, "--json", tmp_path / "missing.png", tmp_path / "text.png", code=2)
    assert said.count("\n") == 2
    assert "cannot read" in said


def test_a_text_is_gone_on_with_about_a_picture(style: Path, red: Path, blue: Path) -> None:
    for path, letter in ((red, "r"), (blue, "b")):
        assert run("complete", "--style", style, "--picture", path, "--chars", 5, text="a ") == f"{letter * 5}\n"
    said = run("complete", "--style", style, "--picture", red, "--source", "A", text="a ", code=2)
    assert "expected one of them" in said
