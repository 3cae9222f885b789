"""The table of editors in docs/editors.md says what tests have seen."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from editors.places import ROOT

HERE = Path(__file__).parent
GHOST = "test_a_ghost_is_seen_typed_through_and_accepted_and_undone_in_one_step"
SEEN = {
    "VS Code": {
        "several lines": f"test_vscode::{GHOST}",
        "typed along": f"test_vscode::{GHOST}",
        "accept all, word, line": f"test_vscode::{GHOST}",
        "others": "test_vscode::test_others_are_cycled_through",
    },
    "Neovim": {
        "several lines": "test_nvim::test_a_ghost_of_several_lines_is_drawn_below_and_accepted_by_line",
        "typed along": f"test_nvim::{GHOST}",
        "accept all, word, line": f"test_nvim::{GHOST}",
        "others": "test_nvim::test_others_are_cycled_through_and_accepted",
    },
}
"""Which test has seen what a cell says, of the editors that are tried with every change."""


def rows() -> list[dict[str, str]]:
    text = (ROOT / "docs" / "editors.md").read_text(encoding="utf-8")
    lines = re.search(r"^\| editor \|.*?(?=^$)", text, re.MULTILINE | re.DOTALL)
    assert lines
    head, _, *body = ([cell.strip() for cell in line.strip("|").split("|")] for line in lines[0].splitlines())
    return [dict(zip(head, row, strict=True)) for row in body]


def functions_in(module: str) -> set[str]:
    tree = ast.parse((HERE / f"{module}.py").read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_what_is_tried_with_every_change_has_a_test_for_every_cell() -> None:
    tried = [row for row in rows() if row["tried"].startswith("with every change")]
    names = [next(name for name in SEEN if f"[{name}]" in row["editor"]) for row in tried]
    assert names == list(SEEN)
    for row, name in zip(tried, names, strict=True):
        claimed = {column for column in row if column not in ("editor", "ghosts come from", "tried")}
        assert claimed == set(SEEN[name])
        assert not [cell for cell in row.values() if cell in ("", "-", "no")]


@pytest.mark.parametrize("test", sorted({test for cells in SEEN.values() for test in cells.values()}))
def test_a_cell_names_a_test_that_is_there(test: str) -> None:
    module, name = test.split("::")
    assert name in functions_in(module)


def test_every_row_says_whether_it_was_tried_and_has_its_lines() -> None:
    text = (ROOT / "docs" / "editors.md").read_text(encoding="utf-8")
    for row in rows():
        assert re.match(r"with every change: \S|by hand|not tried|next: \S", row["tried"]), row
        for heading in re.findall(r"\(#([a-z0-9-]+)\)", row["editor"]):
            assert re.search(rf"^### {heading.replace('-', '.')}$", text, re.MULTILINE | re.IGNORECASE), heading
