"""A style of format 1, made once (tests/data/make_format1.py), is loaded and goes on as it always did."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from math import inf
from pathlib import Path

import pytest

from rnncomplete.completion.completer import load_completer
from rnncomplete.completion.installing import check_style, install_style
from rnncomplete.styles import CARD

FOLDER = Path(__file__).parent / "data" / "format1"

FROZEN = "7533aebba8434b25d26f1980eaf1a1d0924c44a113c57c547691738c8741d17f"


def test_nobody_has_made_it_anew() -> None:
    digest = hashlib.sha256()
    for path in sorted(FOLDER.iterdir()):
        digest.update(path.name.encode() + path.read_bytes())
    assert digest.hexdigest() == FROZEN, "styles of format 1 are on people's disks; this one stands for them all"


def test_it_is_whole_and_can_be_installed() -> None:
    card = check_style(FOLDER)
    assert json.loads((FOLDER / CARD).read_bytes())["format"] == 1
    assert (card.style, card.cell, card.parameters) == ("sea", "lstm", 10_656)
    assert (install_style(FOLDER).folder / CARD).read_bytes() == (FOLDER / CARD).read_bytes()


@pytest.mark.parametrize("static", [False, True])
@pytest.mark.parametrize(("typed", "ghost"), [("The ship sa", "ils"), ("Stars burn whi", "le")])
def test_it_goes_on_as_it_always_did(typed: str, ghost: str, static: bool) -> None:
    completer = load_completer(str(FOLDER), "cpu", static=static)
    options = dataclasses.replace(completer.options, budget_ms=inf)
    assert completer.complete(typed, options=options).text.startswith(ghost)
