from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from rnncomplete.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rnncomplete.network.card import Card

STAGES = (
    {"step": 1, "characters": 900, "loss": 4.5, "sample": "e e e", "skills": {}},
    {"step": 9, "characters": 31_000, "loss": 2.25, "sample": "the\x1b[2Jt", "skills": {"brackets_closed": None}},
    {"step": 99, "characters": 4_500_000, "loss": 1.5, "sample": "the king", "skills": {"brackets_closed": 0.5}},
)


@pytest.fixture
def learned(make_style: Callable[[Path, Card], Path], tiny_card: Card, tmp_path: Path) -> Path:
    card = dataclasses.replace(tiny_card, stages=STAGES, figures={"skills_of_the_text": {"brackets_closed": 0.875}})
    return make_style(tmp_path / "learned", card)


def test_the_stages_are_told_in_figures_and_samples(learned: Path) -> None:
    output = CliRunner().invoke(main, ["stages", str(learned)]).stdout
    assert "== after 31,000 characters, 2.250 nats per character\nthe\ufffd[2Jt\n" in output, (
        "no escape reaches the terminal"
    )
    rows = {line[:18].strip(): line[18:].split() for line in output.splitlines()}
    assert rows["characters seen"] == ["900", "31k", "4.5M", "true"]
    assert rows["nats per character"] == ["4.50", "2.25", "1.50"]
    assert rows["brackets closed"] == ["-", "-", "50", "88"]


def test_the_stages_as_json_are_those_of_the_card(learned: Path) -> None:
    document = json.loads(CliRunner().invoke(main, ["stages", str(learned), "--json"]).stdout)
    assert document["style"] == "tiny"
    assert document["stages"] == list(STAGES)
    assert document["skills_of_the_text"] == {"brackets_closed": 0.875}


def test_how_soon_labels_were_told_is_told(
    make_style: Callable[[Path, Card], Path], tiny_card: Card, tmp_path: Path
) -> None:
    curve = [0.5, 0.5, 0.5, 0.5, 0.625, 0.75, 0.75, 0.75, 0.75, 0.875]
    stages = (STAGES[0], {**STAGES[1], "told_right": curve})
    folder = make_style(tmp_path / "told", dataclasses.replace(tiny_card, stages=stages))
    output = CliRunner().invoke(main, ["stages", str(folder)]).stdout
    rows = [line.split() for line in output.splitlines() if line.startswith("labels right")]
    assert [row[2:] for row in rows] == [
        ["10", "%", "read", "-", "50"],
        ["50", "%", "read", "-", "62"],
        ["100", "%", "read", "-", "88"],
    ]


def test_a_style_without_stages_says_so(tiny_style: Path) -> None:
    assert CliRunner().invoke(main, ["stages", str(tiny_style)]).stdout == "the card of tiny tells of no stages\n"
    result = CliRunner().invoke(main, ["stages", "nowhere"])
    assert (result.exit_code, result.stdout) == (2, "")
