"""The README tells the keys that there are."""

from __future__ import annotations

from pathlib import Path

import pytest

from rnncomplete.ghost.keys import help_rows

pytestmark = pytest.mark.slow

README = Path(__file__).parents[2] / "README.md"


def test_the_table_of_keys_is_that_of_the_code() -> None:
    table = README.read_text(encoding="utf-8").partition("<!-- keys -->\n")[2].partition("<!-- /keys -->")[0]
    rows = "".join(f"| {keys} | {what} |\n" for keys, what in help_rows())
    assert table == "| key | does |\n|---|---|\n" + rows
