"""Numbers as people read them."""

from __future__ import annotations


def short_number(number: int) -> str:
    """A number of parameters or characters in three digits and a letter, such as 4.3M."""
    for size, letter in ((1_000_000_000, "G"), (1_000_000, "M"), (1000, "k")):
        if number >= size:
            return f"{number / size:.3g}{letter}"
    return str(number)


def counted(number: int, noun: str) -> str:
    """So many of what ``noun`` is one of, such as 1 line or 2,000 lines."""
    return f"{number:,} {noun}{'s' * (number != 1)}"


def percent(share: float | None, unit: str = " %") -> str:
    """A share in per cent; a dash for ``None``, where there was nothing to count."""
    return "-" if share is None else f"{100 * share:.0f}{unit}"
