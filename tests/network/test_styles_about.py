"""Which styles there are for texts, and which write about a source, told without reading more cards than need be."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest
from tiny_source import copying_card, seeing_card, write_source_style

from rnncomplete.completion.installing import install_style
from rnncomplete.errors import StyleError
from rnncomplete.network import loading
from rnncomplete.network.loading import USUAL, styles_about, styles_of_texts

if TYPE_CHECKING:
    from pathlib import Path

    from rnncomplete.network.card import Card


def installed(folder: Path, card: Card, name: str) -> None:
    install_style(write_source_style(folder / name, dataclasses.replace(card, style=name)), replace=True)


def test_no_card_is_read_to_know_the_styles_that_texts_are_written_in(
    tiny_card: Card, tiny_style: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install_style(tiny_style)
    installed(tmp_path, copying_card(tiny_card), "copying")
    read: list[str] = []
    card = loading.read_card
    monkeypatch.setattr(loading, "read_card", lambda folder: read.append(folder.name) or card(folder))
    names = styles_of_texts()
    assert "tiny" in names
    assert "shakespeare" in names
    assert "copying" not in names
    assert not read
    assert "copying" in styles_about("text")
    assert not {"tiny", "shakespeare"} & set(read)


def test_the_usual_style_comes_first_of_those_that_write_about_a_kind(
    tiny_card: Card, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rnncomplete.styles.shipped_styles_folder", lambda: tmp_path / "shipped")
    translating, describing = copying_card(tiny_card), seeing_card(tiny_card)
    for name in ("aaa", USUAL["text"]):
        installed(tmp_path, translating, name)
    for name in ("bbb", USUAL["picture"]):
        installed(tmp_path, describing, name)
    assert styles_about("text") == [USUAL["text"], "aaa"]
    assert styles_about("picture") == [USUAL["picture"], "bbb"]


def test_where_none_does_it_is_said_how_to_train_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "list_styles", list)
    with pytest.raises(StyleError, match="train --pairs"):
        styles_about("text")
    with pytest.raises(StyleError, match="train --pictures"):
        styles_about("picture")
