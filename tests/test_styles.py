"""Finding, installing and removing styles."""

from __future__ import annotations

import dataclasses
import os
from typing import TYPE_CHECKING

import pytest

from rnncomplete import styles
from rnncomplete.completion import installing
from rnncomplete.completion.installing import install_style
from rnncomplete.errors import ModelError, StyleError
from rnncomplete.files import UNFINISHED
from rnncomplete.network.loading import read_card
from rnncomplete.styles import find_style, list_styles, remove_style, user_styles_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rnncomplete.network.card import Card


@pytest.fixture(autouse=True)
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make_style: Callable[..., Path], tiny_card: Card) -> Path:
    """A folder of shipped styles with one in it, ``bard``."""
    root = tmp_path / "shipped"
    make_style(root / "bard", dataclasses.replace(tiny_card, style="bard"))
    monkeypatch.setattr(styles, "shipped_styles_folder", lambda: root)
    return root


def test_lists_shipped_and_own(tiny_style: Path) -> None:
    install_style(tiny_style)
    assert [(style.name, style.shipped) for style in list_styles()] == [("bard", True), ("tiny", False)]
    assert [read_card(style.folder).style for style in list_styles()] == ["bard", "tiny"]


def test_finds_by_name_and_by_folder(shipped: Path, tiny_style: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert find_style("bard") == shipped / "bard"
    assert find_style(str(tiny_style)) == tiny_style
    monkeypatch.chdir(tiny_style.parent)
    assert find_style("tiny").resolve() == tiny_style.resolve()
    assert find_style("./tiny").resolve() == tiny_style.resolve()


def test_an_unknown_name_is_answered_with_the_nearest_and_all() -> None:
    with pytest.raises(StyleError, match=r"did you mean 'bard'.*bard"):
        find_style("brad")


@pytest.mark.parametrize("name", ["", "/", "..", "no/such/folder", "a\nb", "\0", "x" * 5000])
def test_odd_names_are_not_those_of_styles(name: str) -> None:
    with pytest.raises(StyleError) as caught:
        find_style(name)
    assert "\n" not in str(caught.value)


def test_installs_a_copy_that_does_not_need_the_original(tiny_style: Path) -> None:
    style = install_style(tiny_style)
    assert style.folder == user_styles_folder() / "tiny" == find_style("tiny")
    assert sorted(path.name for path in style.folder.iterdir()) == ["card.json", "step.int8.onnx"]
    assert [path.name for path in user_styles_folder().iterdir()] == ["tiny"], "no scratch folder is left"


def test_does_not_replace_unless_told_to(
    tiny_style: Path, tmp_path: Path, make_style: Callable[..., Path], tiny_card: Card
) -> None:
    install_style(tiny_style)
    other = make_style(tmp_path / "other", dataclasses.replace(tiny_card, description="another"))
    with pytest.raises(StyleError, match="already"):
        install_style(other)
    assert read_card(install_style(other, replace=True).folder).description == "another"
    assert [path.name for path in user_styles_folder().iterdir()] == ["tiny"]


def test_a_damaged_style_is_not_installed(tmp_path: Path, make_style: Callable[..., Path], tiny_card: Card) -> None:
    folder = make_style(tmp_path / "damaged", tiny_card)
    (folder / "step.int8.onnx").write_bytes(b"")
    with pytest.raises(ModelError):
        install_style(folder)
    assert not (user_styles_folder() / "tiny").exists()


def test_a_place_that_cannot_be_written_is_named(
    tiny_style: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("RNNCOMPLETE_STYLES", str(tmp_path / "file" / "styles"))
    with pytest.raises(StyleError, match="RNNCOMPLETE_STYLES"):
        install_style(tiny_style)


def test_removes_ones_own_only(tiny_style: Path, shipped: Path) -> None:
    install_style(tiny_style)
    remove_style("tiny")
    assert [style.name for style in list_styles()] == ["bard"]
    for name in ("bard", "tiny", "../shipped/bard", str(shipped / "bard")):
        with pytest.raises(StyleError):
            remove_style(name)
    assert (shipped / "bard" / "card.json").is_file()


def test_ones_own_hides_a_shipped_one(shipped: Path) -> None:
    install_style(shipped / "bard", replace=True)
    assert find_style("bard") == user_styles_folder() / "bard"
    assert [(style.name, style.shipped) for style in list_styles()] == [("bard", False)]
    remove_style("bard")
    assert find_style("bard") == shipped / "bard"


def test_a_replacement_that_was_killed_halfway_does_not_lose_a_style(tiny_style: Path) -> None:
    install_style(tiny_style)
    moved = user_styles_folder() / UNFINISHED.format("killed") / "old"
    moved.mkdir(parents=True)
    (user_styles_folder() / "tiny").rename(moved / "tiny")
    assert find_style("tiny") == user_styles_folder() / "tiny"


def secret_link(folder: Path) -> None:
    secret = folder.parent / "secret"
    secret.write_text("a private key")
    secret.chmod(0o600)
    (folder / "README.md").symlink_to(secret)


def linked_card(folder: Path) -> None:
    (folder / "card.json").rename(folder.parent / "card.json")
    (folder / "card.json").symlink_to(folder.parent / "card.json")


def pipe(folder: Path) -> None:
    os.mkfifo(folder / "stages.svg")


def a_folder(folder: Path) -> None:
    (folder / "README.md").mkdir()


def huge(folder: Path) -> None:
    with (folder / "README.md").open("wb") as file:
        file.truncate(1_500_000_000)


@pytest.mark.parametrize(
    "spoil", [secret_link, linked_card, huge, a_folder, *([pipe] if hasattr(os, "mkfifo") else [])]
)
def test_only_plain_files_of_a_small_style_are_copied(
    tmp_path: Path, make_style: Callable[..., Path], tiny_card: Card, spoil: Callable[[Path], None]
) -> None:
    folder = make_style(tmp_path / "odd", tiny_card)
    spoil(folder)
    with pytest.raises(StyleError, match="expected a regular file"):
        install_style(folder)
    assert not list(user_styles_folder().iterdir())


def test_only_the_parts_of_a_style_are_copied(tmp_path: Path, make_style: Callable[..., Path], tiny_card: Card) -> None:
    folder = make_style(tmp_path / "full", tiny_card)
    for name in ("README.md", "stages.svg", "evil.svg", "step.fp16.onnx", ".hidden", "setup.py"):
        (folder / name).write_text("x")
    (folder / "inside").mkdir()
    installed = install_style(folder).folder
    assert sorted(path.name for path in installed.iterdir()) == [
        "README.md",
        "card.json",
        "stages.svg",
        "step.int8.onnx",
    ]


def test_what_is_checked_is_what_is_installed(
    tmp_path: Path, make_style: Callable[..., Path], tiny_card: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_style(tmp_path / "changing", tiny_card)
    real = installing.check_style

    def changing(checked: Path) -> Card:
        card = real(checked)
        (folder / "step.int8.onnx").write_bytes(b"another one")
        return card

    monkeypatch.setattr(installing, "check_style", changing)
    with pytest.raises(ModelError):
        install_style(folder)
    assert not list(user_styles_folder().iterdir())
