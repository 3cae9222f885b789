"""A card is what its types say, or it is refused in one line: nobody who reads one meets NaN or infinity where a number is expected."""

from __future__ import annotations

import contextlib
import dataclasses
import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rnncomplete.cli import main
from rnncomplete.errors import ModelError
from rnncomplete.network.card import LARGEST_CARD, Card
from rnncomplete.network.facts import conform, read_json
from rnncomplete.network.loading import read_card
from rnncomplete.styles import CARD, shipped_styles_folder, user_styles_folder

if TYPE_CHECKING:
    from pathlib import Path

STAGE = {"step": 1, "characters": 10, "loss": 1.5, "sample": "x"}


def deep(levels: int) -> dict[str, Any]:
    return {"a": deep(levels - 1)} if levels else {}


ODD: list[tuple[str, Any]] = [
    ("parameters", 10**400),
    ("parameters", -1),
    ("parameters", True),
    ("layers", 10**7),
    ("temperature", 10**400),
    ("temperature", float("nan")),
    ("temperature", float("inf")),
    ("temperature", "1"),
    ("threshold", None),
    ("description", "half \ud800 a character"),
    ("description", ["x"]),
    ("lexer", 7),
    ("format", 10**400),
    ("vocabulary", "\ufffdab"),
    ("vocabulary", ["\ufffd", "a", ["b"]]),
    ("normalisation", ["line-ends", 5]),
    ("figures", []),
    ("figures", {"nats_per_character": "x"}),
    ("figures", {"nats_per_character": None}),
    ("figures", {"nats_per_character": 10**400}),
    ("figures", {"keystrokes_saved": {}}),
    ("figures", {"skills_of_the_text": {"words": "all"}}),
    ("figures", {"skills_of_the_text": 3}),
    ("figures", {"writing": {"temperature": "hot"}}),
    ("figures", {"new": 10**400}),
    ("figures", {"new": deep(900)}),
    ("corpus", {"name": 5}),
    ("corpus", {"validation_characters": "5"}),
    ("training", {"recipe": {"dropout": "x"}}),
    ("training", {"recipe": None}),
    ("training", {"seconds": "long"}),
    ("training", {"earlier": {"earlier": {"seed": "x"}}}),
    ("training", {"versions": {"torch": 2}}),
    ("training", {"\ud800": 2}),
    ("stages", [7]),
    ("stages", [{}]),
    ("stages", [STAGE | {"loss": "low"}]),
    ("stages", [STAGE | {"characters": 1.5}]),
    ("stages", [STAGE | {"skills": {"words": [1]}}]),
    ("stages", [STAGE | {"sample": None}]),
    ("stages", [STAGE | {"told_right": ["half"]}]),
]


@pytest.mark.parametrize(("name", "value"), ODD)
def test_an_odd_card_is_refused_when_it_is_read(tiny_card: Card, name: str, value: Any) -> None:
    text = json.dumps(json.loads(tiny_card.to_json()) | {name: value})
    with pytest.raises(ModelError) as caught:
        Card.from_json(text)
    assert len(str(caught.value)) < 200
    assert "\n" not in str(caught.value)
    assert name in str(caught.value) or "JSON" in str(caught.value)


@pytest.mark.parametrize("command", [["styles"], ["styles", "--json"], ["doctor"]])
def test_an_odd_card_among_ones_own_styles_does_not_spoil_the_list(tiny_card: Card, command: list[str]) -> None:
    for number, (name, value) in enumerate(ODD):
        folder = user_styles_folder() / f"odd{number}"
        folder.mkdir(parents=True)
        (folder / CARD).write_text(json.dumps(json.loads(tiny_card.to_json()) | {name: value}), encoding="utf-8")
    result = CliRunner().invoke(main, command)
    assert result.exit_code in (0, 1)
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert result.output.count("odd") >= len(ODD)
    assert "this is a bug" not in result.output


def test_what_a_later_version_adds_is_kept(tiny_card: Card) -> None:
    facts = json.loads(tiny_card.to_json()) | {"figures": {"nats_per_character": 1, "new": {"a": [1, "b", None, True]}}}
    card = Card.from_json(json.dumps(facts))
    assert card.figures == {"nats_per_character": 1.0, "new": {"a": (1, "b", None, True)}}
    assert Card.from_json(card.to_json()) == card


def test_a_card_of_megabytes_is_not_read(tiny_card: Card) -> None:
    with pytest.raises(ModelError, match="larger than 1 MB"):
        Card.from_json(dataclasses.replace(tiny_card, description="x" * LARGEST_CARD).to_json())


def test_the_card_of_every_shipped_style_comes_back_as_it_was() -> None:
    for path in sorted(shipped_styles_folder().glob(f"*/{CARD}")):
        card = read_card(path.parent)
        assert json.loads(card.to_json()) == json.loads(path.read_text(encoding="utf-8"))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.data())
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_change_gives_a_card_or_a_clear_refusal(tiny_card: Card, data: st.DataObject) -> None:
    facts = json.loads(tiny_card.to_json())
    facts |= {"figures": {"nats_per_character": 1.5}, "stages": [dict(STAGE)], "training": {"recipe": {"batch": 3}}}
    place: Any = facts
    key = data.draw(st.sampled_from(sorted(facts)))
    while isinstance(place[key], dict) and place[key] and data.draw(st.booleans()):
        place = place[key]
        key = data.draw(st.sampled_from(sorted(place)))
    place[key] = data.draw(json_values)
    with contextlib.suppress(ModelError):
        card = Card.from_json(json.dumps(facts))
        assert Card.from_json(card.to_json()) == card


@given(st.text(max_size=200) | st.binary(max_size=200))
def test_any_text_is_a_card_or_refused_in_one_line(text: str | bytes) -> None:
    with pytest.raises(ModelError):
        Card.from_json(text)


def test_invalid_json_is_called_that() -> None:
    for text in ("NaN", "[" * 100_000, "1" * 5000, ""):
        with pytest.raises(ValueError, match=r".+"):
            read_json(text)
    assert conform([1, None], tuple[int | None, ...], "x") == (1, None)


def test_an_odd_card_does_not_end_a_command(tiny_style: Path, tiny_card: Card, tmp_path: Path) -> None:
    folder = tmp_path / "odd"
    folder.mkdir()
    (folder / CARD).write_text(tiny_card.to_json().replace('"temperature": 1.0', '"temperature": 1e999'))
    for command in (
        ["styles", "info", str(folder)],
        ["styles", "add", str(folder)],
        ["stages", str(folder)],
    ):
        result = CliRunner().invoke(main, command)
        assert result.exit_code == 2, result.output
        assert "temperature" in result.stderr
