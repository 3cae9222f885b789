"""What people read."""

from __future__ import annotations

import pytest

from rnncomplete.text.wording import percent, short_number


@pytest.mark.parametrize(
    ("number", "shown"), [(0, "0"), (999, "999"), (1234, "1.23k"), (4_321_000, "4.32M"), (2_000_000_000, "2G")]
)
def test_numbers_are_short(number: int, shown: str) -> None:
    assert short_number(number) == shown


def test_shares() -> None:
    assert (percent(0.256), percent(0.256, ""), percent(None)) == ("26 %", "26", "-")
