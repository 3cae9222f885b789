"""Draw the rooms of both packages from their imports, and list their modules in ``docs/architecture.md``.

::

    python docs/make_rooms.py

An arrow says that something in the upper room imports something of the lower one. Arrows that follow from others are left
out, and so are imports that only a type checker makes. A circle of rooms is an error. The list says of each module what its
docstring's first sentence says. A test holds the files against the code.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

import grimp

DOCS = Path(__file__).parent
SOURCES = {"rnncomplete": DOCS.parent / "rnncomplete", "rnncomplete_export": DOCS.parent / "export/rnncomplete_export"}
PICTURES = {"rnncomplete": DOCS / "runtime.svg", "rnncomplete_export": DOCS / "trainer.svg"}
PAGE = DOCS / "architecture.md"

GROUND, ENTRANCE = "ground floor", "entrance"
"""Modules in no room: those that import no room, and the others."""

WIDTH, MARGIN, GAP, STAIRS = 900, 12, 16, 30
"""Of the picture, around it, between two rooms of a storey, and between two storeys; in pixels."""

LETTER, LINE, TITLE = 7.3, 17, 26
"""Width and height of a character of a module's name, and the height of a room's name; in pixels."""


@dataclass
class Room:
    """A folder of modules, or those modules that are in none."""

    name: str
    modules: list[str] = field(default_factory=list)
    """Their names without the room's, in order."""
    below: set[str] = field(default_factory=set)
    """Names of the rooms that it imports from."""


def rooms_of(package: str) -> dict[str, Room]:
    """The rooms of ``package`` by name, and who imports whom."""
    graph = grimp.build_graph(package, exclude_type_checking_imports=True, cache_dir=None)
    modules = sorted(name for name in graph.modules if not name.endswith("__main__"))
    folders = {name for name in modules if graph.find_children(name)}
    imports = {name: graph.find_modules_directly_imported_by(name) for name in modules}
    loose = {name for name in modules if name.count(".") == 1 and name not in folders}
    ground: set[str] = set()
    while more := {name for name in loose - ground if imports[name] <= ground | {package}}:
        ground |= more

    def room_of(module: str) -> str:
        if module in loose:
            return GROUND if module in ground else ENTRANCE
        return module.split(".")[1]

    rooms: dict[str, Room] = {}
    for module in modules:
        if module == package:
            continue
        name = room_of(module)
        room = rooms.setdefault(name, Room(name))
        if module not in folders:
            room.modules.append(module.removeprefix(f"{package}.").removeprefix(f"{name}."))
        room.below |= {room_of(other) for other in imports[module] if other != package} - {name}
    return {name: room for name, room in rooms.items() if room.modules}


def storeys(rooms: dict[str, Room]) -> list[list[Room]]:
    """The rooms from the ground up, each above all that it imports from."""
    heights: dict[str, int] = {}
    while left := [room for room in rooms.values() if room.name not in heights]:
        ready = [room for room in left if room.below <= heights.keys()]
        if not ready:
            raise SystemExit(f"rooms import each other in a circle: {', '.join(room.name for room in left)}")
        heights |= {room.name: max((heights[name] + 1 for name in room.below), default=0) for room in ready}
    result: list[list[Room]] = [[] for _ in range(max(heights.values()) + 1)]
    for name, height in sorted(heights.items()):
        result[height].append(rooms[name])
    return result


def arrows(rooms: dict[str, Room]) -> list[tuple[str, str]]:
    """Who imports from whom, without what follows from other arrows."""

    def under(name: str) -> set[str]:
        return rooms[name].below.union(*(under(other) for other in rooms[name].below))

    return [
        (name, other)
        for name, room in sorted(rooms.items())
        for other in sorted(room.below)
        if not any(other in under(between) for between in room.below)
    ]


def draw(package: str) -> str:
    """The rooms of ``package`` as an SVG, on light and on dark."""
    rooms = rooms_of(package)
    places: dict[str, tuple[float, float, float, float]] = {}
    shapes, top = [], float(MARGIN)
    for storey in reversed(storeys(rooms)):
        widths = _widths(storey)
        columns = [max(1, int((width - 16) // _column(room))) for room, width in zip(storey, widths, strict=True)]
        lines = [-(-len(room.modules) // count) for room, count in zip(storey, columns, strict=True)]
        height, left = TITLE + max(lines) * LINE + 8, float(MARGIN)
        for room, width, count, rows in zip(storey, widths, columns, lines, strict=True):
            places[room.name] = left, top, width, height
            shapes.append(
                f'<rect class="room" x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{height}" rx="5"/>'
            )
            shapes.append(f'<text class="name" x="{left + 10:.1f}" y="{top + 18:.1f}">{escape(room.name)}</text>')
            for number, module in enumerate(room.modules):
                x = left + 10 + number // rows * ((width - 16) / count)
                y = top + TITLE + number % rows * LINE + 11
                shapes.append(f'<text x="{x:.1f}" y="{y:.1f}">{escape(module)}</text>')
            left += width + GAP
        top += height + STAIRS
    lines_drawn = [_arrow(places[upper], places[lower]) for upper, lower in arrows(rooms)]
    height_drawn = top - STAIRS + MARGIN
    body = "\n".join([*lines_drawn, *shapes])  # arrows pass behind rooms
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height_drawn:.0f}" width="{WIDTH}" role="img">
<title>The rooms of {package}; arrows point to what is imported</title>
<style>
text {{ font: 12px ui-monospace, Menlo, Consolas, monospace; fill: #1f2328 }} .name {{ font-weight: bold; font-size: 14px }}
.back {{ fill: #ffffff }} .room {{ fill: #f6f8fa; stroke: #8c959f }} path {{ fill: none; stroke: #0969da; stroke-width: 1.5 }}
@media (prefers-color-scheme: dark) {{ text {{ fill: #e6edf3 }} .back {{ fill: #0d1117 }}
.room {{ fill: #161b22; stroke: #656c76 }} path {{ stroke: #4493f8 }} }}
</style>
<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
<path d="M1 1 L7 4 L1 7"/></marker></defs>
<rect class="back" width="{WIDTH}" height="{height_drawn:.0f}"/>
{body}
</svg>
"""


def _column(room: Room) -> float:
    """The width that a column of its modules needs."""
    return max(len(module) for module in [*room.modules, room.name]) * LETTER + 14


def _widths(storey: list[Room]) -> list[float]:
    """How wide to draw the rooms of a storey: a column each, and the rest by their modules."""
    least = [_column(room) + 16 for room in storey]
    rest = WIDTH - 2 * MARGIN - GAP * (len(storey) - 1) - sum(least)
    total = sum(len(room.modules) for room in storey)
    return [width + rest * len(room.modules) / total for width, room in zip(least, storey, strict=True)]


def _arrow(upper: tuple[float, float, float, float], lower: tuple[float, float, float, float]) -> str:
    """A line from the floor of one room to the ceiling of another: straight down where one stands above the other."""
    begin, end = upper[1] + upper[3], lower[1]
    left, right = max(upper[0], lower[0]), min(upper[0] + upper[2], lower[0] + lower[2])
    if right - left > 40:
        # Those that pass behind other rooms go down at another place than those to the next storey.
        start = goal = left + (right - left) / (2 if end - begin <= STAIRS else 3)
    else:
        start, goal = (right - 20, left + 20) if upper[0] < lower[0] else (left + 20, right - 20)
    bend = (end - begin) / 2
    return (
        f'<path d="M{start:.1f} {begin:.1f} C{start:.1f} {begin + bend:.1f} {goal:.1f} {end - bend:.1f} '
        f'{goal:.1f} {end:.1f}" marker-end="url(#tip)"/>'
    )


def idea(source: Path) -> str:
    """The first sentence of a module's docstring, as Markdown."""
    text = " ".join((ast.get_docstring(ast.parse(source.read_text(encoding="utf-8"))) or "").split())
    sentence = re.split(r"(?<=\.)\s", text, maxsplit=1)[0].rstrip(".:")
    return re.sub(r"(?::\w+:)?`+~?([^`]+)`+", r"`\1`", sentence).replace("|", "\\|")


def listed(package: str, room: Room) -> str:
    """The modules of ``room`` with their ideas, as a table in Markdown."""
    folder = SOURCES[package] / (room.name if room.name not in {GROUND, ENTRANCE} else "")
    rows = [
        f"| `{module}` | {idea(folder.joinpath(*module.split('.')).with_suffix('.py'))} |\n" for module in room.modules
    ]
    return "| module | idea |\n|---|---|\n" + "".join(rows)


def page(text: str) -> str:
    """``text`` of the page with the table of each room between its marks; every room must have a place there."""
    for package in SOURCES:
        for room in rooms_of(package).values():
            begin = f"<!-- modules: {package} {room.name} -->\n"
            if begin not in text:
                raise SystemExit(
                    f"{PAGE.name} has no place for the room {room.name}; expected the line {begin.strip()}"
                )
            before, _, rest = text.partition(begin)
            after = rest.partition("<!-- /modules -->")[2]
            text = f"{before}{begin}{listed(package, room)}<!-- /modules -->{after}"
    return text


def made() -> dict[Path, str]:
    """What each file that this script makes should hold."""
    pictures = {PICTURES[package]: draw(package) for package in SOURCES}
    return pictures | {PAGE: page(PAGE.read_text(encoding="utf-8"))}


def main() -> None:
    """Write the pictures and the lists."""
    for path, text in made().items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
