"""Print how the house is built: the longest way down through its rooms, circles of imports, what is on the top floor.

::

    python docs/storeys.py

A room is a package directly below ``rnncomplete`` or ``rnncomplete_export``, or a module that lies there by itself.
Imports inside functions and for type checkers count too. The exit code is 1 where a limit is passed.
"""

from __future__ import annotations

import sys
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

import grimp

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

PACKAGES = ("rnncomplete", "rnncomplete_export")
STOREYS, TOP_FLOOR = 9, 8
"""The most rooms that may stand on each other, and the most modules that may lie outside a room of the runtime."""

Imports = dict[str, set[str]]
"""Whom each module, or each room, imports."""


def imports_of(package: str) -> Imports:
    """The imports among the modules of ``package``."""
    graph = grimp.build_graph(package, cache_dir=None)
    return {module: set(graph.find_modules_directly_imported_by(module)) for module in graph.modules}


def rooms_of(imports: Mapping[str, Iterable[str]]) -> Imports:
    """The imports among rooms; what a room's modules import from each other is left out."""
    rooms: Imports = {}
    for module, imported in imports.items():
        room = _room(module)
        rooms.setdefault(room, set()).update({_room(name) for name in imported} - {room})
    return rooms


def circle(imports: Mapping[str, Iterable[str]]) -> list[str]:
    """One way from a module back to itself, or nothing where there is none."""
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def tower(imports: Mapping[str, Iterable[str]]) -> list[str]:
    """The longest chain of rooms, each of which imports the next. There must be no circle."""
    below: dict[str, list[str]] = {}
    for room in TopologicalSorter(imports).static_order():
        below[room] = [room, *max((below[name] for name in sorted(imports.get(room, ()))), key=len, default=[])]
    return max(below.values(), key=len)


def top_floor(imports: Mapping[str, Iterable[str]]) -> list[str]:
    """The modules that lie outside a room, the package's own ``__init__`` among them."""
    packages = {module.rpartition(".")[0] for module in imports}
    return sorted(m for m in imports if m.count(".") == 0 or (m.count(".") == 1 and m not in packages))


def _room(module: str) -> str:
    return ".".join(module.split(".")[:2])


def main() -> int:
    """Print the figures of both packages; 1 where a limit is passed."""
    sound = True
    for package in PACKAGES:
        imports = imports_of(package)
        rooms = rooms_of(imports)
        found = circle(imports) or circle(rooms)
        sys.stdout.write(f"{package}\n  circle: {' -> '.join(found) or 'none'}\n")
        if found:
            sound = False
            continue
        chain = tower(rooms)
        sys.stdout.write(f"  storeys: {len(chain)} (at most {STOREYS}): {' -> '.join(map(_short, chain))}\n")
        sound &= len(chain) <= STOREYS
        if package == "rnncomplete":
            floor = top_floor(imports)
            sys.stdout.write(f"  top floor: {len(floor)} (at most {TOP_FLOOR}): {', '.join(map(_short, floor))}\n")
            sound &= len(floor) <= TOP_FLOOR
    return 0 if sound else 1


def _short(room: str) -> str:
    return room.rpartition(".")[2]


if __name__ == "__main__":
    sys.exit(main())
