"""docs/architecture.md is about the code that is there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "architecture.md"
SOURCES = (ROOT / "rnncomplete", ROOT / "export" / "rnncomplete_export")


@pytest.fixture(scope="module")
def rooms(script: Callable[[str], Any]) -> Any:
    return script("make_rooms")


def test_pictures_and_lists_are_those_of_the_code(rooms: Any) -> None:
    stale = [path.name for path, text in rooms.made().items() if path.read_text(encoding="utf-8") != text]
    assert not stale, "type: python docs/make_rooms.py"


def test_every_module_that_the_page_names_is_there() -> None:
    prose = re.sub(r"<!-- modules: .*?<!-- /modules -->", "", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
    named = set(re.findall(r"`([a-z_/]+\.(?:py|c))`", prose))
    assert "completion/ghost_length.py" in named
    assert [name for name in sorted(named) if not any((place / name).is_file() for place in (ROOT, *SOURCES))] == []


def test_whoever_looks_for_the_length_of_a_ghost_finds_its_module() -> None:
    text = " ".join(PAGE.read_text(encoding="utf-8").split())
    assert "**`completion/ghost_length.py` decides how long the ghost is**" in text
    from rnncomplete.completion.ghost_length import best_length

    assert best_length("and on", [0.9] * 6, 0.25, " ") == 6
    assert best_length("and on", [0.1] * 6, 0.25, " ") == 0


def test_a_room_stands_above_all_that_it_imports(rooms: Any) -> None:
    house = {
        "attic": rooms.Room("attic", ["a"], {"hall", "cellar"}),
        "hall": rooms.Room("hall", ["h"], {"cellar"}),
        "cellar": rooms.Room("cellar", ["c"]),
    }
    assert [[room.name for room in storey] for storey in rooms.storeys(house)] == [["cellar"], ["hall"], ["attic"]]
    assert rooms.arrows(house) == [("attic", "hall"), ("hall", "cellar")]


def test_a_circle_of_rooms_is_not_drawn(rooms: Any) -> None:
    with pytest.raises(SystemExit, match="in a circle: hall, cellar"):
        rooms.storeys({"hall": rooms.Room("hall", ["h"], {"cellar"}), "cellar": rooms.Room("cellar", ["c"], {"hall"})})


def test_a_new_room_needs_a_place_on_the_page(rooms: Any) -> None:
    with pytest.raises(SystemExit, match="no place for the room"):
        rooms.page("# Architecture\n")


def test_the_idea_of_a_module_is_its_first_sentence(rooms: Any, tmp_path: Path) -> None:
    (tmp_path / "idea.py").write_text(
        '"""What ``x | y`` and :mod:`a.b` are:\none thing. And more."""\n', encoding="utf-8"
    )
    assert rooms.idea(tmp_path / "idea.py") == "What `x \\| y` and `a.b` are: one thing"
