"""What is said when an export is over."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from rnncomplete_export.progress import BEFORE_SHARING, say_export

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from rnncomplete.network.card import Card


def test_what_a_style_holds_of_its_text_is_said_in_a_line(
    tiny_card: Card, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nats = dict.fromkeys(("nats_per_character", "float32_nats", "int8_nats", "fp16_nats"), 1.5)
    card = dataclasses.replace(tiny_card, figures={**nats, "typed_characters": 5, "keystrokes_saved": 0.1})
    say_export(lambda advance: card, tmp_path)
    printed = capsys.readouterr()
    assert BEFORE_SHARING in " ".join((printed.out + printed.err).split())
    assert "MB" not in printed.out + printed.err
    (tmp_path / "memory.bin").write_bytes(bytes(12_300_000))
    say_export(lambda advance: card, tmp_path)
    printed = capsys.readouterr()
    assert "the style takes 12.3 MB, which is more than 10" in " ".join((printed.out + printed.err).split())
