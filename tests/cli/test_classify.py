"""``rnncomplete classify``: lines in, labels out."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from tiny_readout import LABELS, readout_card, write_readout_style

from rnncomplete.cli import main
from rnncomplete.styles import user_styles_folder

if TYPE_CHECKING:
    from pathlib import Path

    from rnncomplete.network.card import Card


@pytest.fixture
def style(tiny_card: Card, tmp_path: Path) -> str:
    return str(write_readout_style(tmp_path / "tiny", readout_card(tiny_card)))


def run(*arguments: str, text: str = "", code: int = 0) -> str:
    result = CliRunner().invoke(main, ["classify", *arguments], input=text)
    assert result.exit_code == code, result.output
    return result.stdout if not code else result.output


def test_a_line_has_a_label_and_a_probability(style: str) -> None:
    lines = run("--style", style, text="one line\nanother\n").splitlines()
    assert len(lines) == 2
    for line in lines:
        label, probability = line.split()
        assert label in LABELS
        assert 0.5 <= float(probability) <= 1


def test_json_is_a_list_in_the_order_of_the_lines(style: str, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one line\nanother, which is longer\n\nlast", encoding="utf-8")
    found = json.loads(run("--style", style, "--json", str(tmp_path / "a.txt")))
    assert [set(item) for item in found] == [{"label", "probability"}] * 4
    plain = [line.split() for line in run("--style", style, str(tmp_path / "a.txt")).splitlines()]
    assert [[item["label"], f"{item['probability']:.4f}"] for item in found] == plain


def test_nothing_has_no_label(style: str, tmp_path: Path) -> None:
    assert run("--style", style) == ""
    assert json.loads(run("--style", style, "--json")) == []
    (tmp_path / "empty.txt").touch()
    assert run("--style", style, str(tmp_path / "empty.txt")) == ""


def test_a_whole_file_is_one_text(style: str, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one line\nanother\n", encoding="utf-8")
    [whole] = json.loads(run("--style", style, "--json", "--whole", str(tmp_path / "a.txt")))
    [line] = json.loads(run("--style", style, "--json", text="one line another"))
    assert whole == line


def test_words_are_drawn(style: str) -> None:
    assert "<html" in run("--style", style, "--html", text="one line")
    assert run("--style", style, "--svg", text="one line").startswith("<svg")


def test_without_a_name_it_is_the_first_style_that_tells_labels(
    tiny_card: Card, style: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(text="a wonderful film").split()[0] == "liked", "the shipped one"
    monkeypatch.setattr("rnncomplete.styles.shipped_styles_folder", lambda: tmp_path / "none")
    assert "no style that tells labels is installed" in run(text="x", code=2)
    for name in ("later", "early"):
        write_readout_style(user_styles_folder() / name, dataclasses.replace(readout_card(tiny_card), style=name))
    assert run(text="one line") == run("--style", "early", text="one line") == run("--style", style, text="one line")
    labels = ("sad", "glad")
    card = dataclasses.replace(readout_card(tiny_card), style="reviews", readouts={"mood": labels})
    write_readout_style(user_styles_folder() / "reviews", card)
    assert run(text="one line").split()[0] in labels


def test_what_is_wrong_is_said_in_one_line(style: str, tiny_style: Path) -> None:
    assert "tells no labels" in run("--style", str(tiny_style), text="x", code=2)
    assert "expected one of them" in run("--style", style, "--json", "--svg", text="x", code=2)
    assert "cannot read" in run("--style", style, "nowhere.txt", code=2)


def test_eval_measures_labels_of_files(style: str, tmp_path: Path) -> None:
    lines = ["text\tlabel\tsource", "what a mess\tneg\tone", "a good one\tpos\ttwo", "x\tpos\ttwo"]
    (tmp_path / "kept.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    arguments = ["eval", "--style", style, "--labels", "--name", "neg=awful", str(tmp_path / "kept.tsv")]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 2
    assert "label 'pos'" in result.output
    assert "\n" not in result.output.strip()
    found = json.loads(CliRunner().invoke(main, [*arguments, "--name", "pos=good", "--json"]).stdout)
    told = json.loads(run("--style", style, "--json", text="what a mess\na good one\nx\n"))
    right = [item["label"] == label for item, label in zip(told, ("awful", "good", "good"), strict=True)]
    assert found["accuracy"] == round(sum(right) / 3, 5)
    assert found["parts"]["two"]["texts"] == 2
    assert sum(map(sum, found["confusion"])) == 3
    plain = CliRunner().invoke(main, [*arguments, "--name", "pos=good"])
    assert "macro-F1" in plain.stdout
