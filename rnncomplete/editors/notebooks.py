"""Which cells there are in the open notebooks, in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class Notebooks:
    """The URIs of the cells of each notebook, which has a URI itself."""

    def __init__(self) -> None:
        self._cells: dict[str, list[str]] = {}

    def open(self, notebook: str, cells: Iterable[str]) -> None:
        """A notebook is open."""
        self._cells[notebook] = list(cells)

    def replace(self, notebook: str, start: int, count: int, cells: Iterable[str]) -> None:
        """``cells`` stand in place of ``count`` others from the number ``start`` on."""
        self._cells.setdefault(notebook, [])[start : start + count] = cells

    def close(self, notebook: str) -> None:
        """A notebook is not open any more."""
        self._cells.pop(notebook, None)

    def before(self, cell: str) -> list[str]:
        """The cells that stand before ``cell`` in its notebook; none if it is not in one."""
        order = next((cells for cells in self._cells.values() if cell in cells), [])
        return order[: order.index(cell)] if order else []
