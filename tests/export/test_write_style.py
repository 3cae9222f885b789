"""What an export does with the folder that it is to write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import onnx
import pytest
from click.testing import CliRunner

from rnncomplete.cli import main
from rnncomplete.completion.installing import check_style
from rnncomplete.errors import StyleError
from rnncomplete.network.loading import STEP
from rnncomplete_export.exporting import style_folder
from rnncomplete_export.exporting.style_folder import refuse_others, write_style

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rnncomplete.network.card import Card


@pytest.fixture
def write(tiny_card: Card, make_graph: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], None]:
    """A function that writes a tiny style into a folder."""
    monkeypatch.setattr(style_folder, "render_readme", lambda card: "for people")
    models = {STEP: onnx.load_from_string(make_graph(tiny_card).SerializeToString())}
    return lambda folder: write_style(folder, tiny_card, models, None)


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path, write: Callable[[Path], None]) -> None:
    notes = tmp_path / "notes"
    notes.mkdir()
    (notes / "diary.txt").write_text("dear diary", encoding="utf-8")
    result = CliRunner().invoke(main, ["export", str(tmp_path / "best.safetensors"), "-o", str(notes)])
    assert result.exit_code == 2
    assert "is not a style" in result.stderr.splitlines()[-1]
    for target in (notes, notes / "diary.txt"):
        with pytest.raises(StyleError, match="is not a style"):
            write(target)
    assert (notes / "diary.txt").read_text(encoding="utf-8") == "dear diary"
    assert [path.name for path in tmp_path.rglob("*")] == ["notes", "diary.txt"], "nothing else is left"


def test_a_new_an_empty_and_a_styles_folder_are_written(tmp_path: Path, write: Callable[[Path], None]) -> None:
    (tmp_path / "empty").mkdir()
    for name in ("new", "empty", "new"):
        write(tmp_path / name)
        assert check_style(tmp_path / name).style == "tiny"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "new"]
    refuse_others(tmp_path / "new")


def test_the_style_before_stays_until_the_new_one_is_there(
    tmp_path: Path, write: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "style"
    write(folder)
    before = (folder / "card.json").stat().st_ino
    true = type(tmp_path).replace

    def fail(path: Path, target: Path) -> Path:
        if path.name == "new":
            raise PermissionError(13, "Permission denied")
        return true(path, target)

    monkeypatch.setattr(type(tmp_path), "replace", fail)
    with pytest.raises(StyleError, match=r"Permission denied; what was trained is safe.*rnncomplete export"):
        write(folder)
    assert (folder / "card.json").stat().st_ino == before
    assert list(tmp_path.iterdir()) == [folder]


def test_a_full_disk_costs_nothing_that_was_there(
    tmp_path: Path, write: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "style"
    write(folder)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    def fail(_path: Path, _data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(type(tmp_path), "write_bytes", fail)
    for target in (folder, tmp_path / "other"):
        with pytest.raises(StyleError, match="No space left on device") as caught:
            write(target)
        assert "\n" not in str(caught.value)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert list(tmp_path.iterdir()) == [folder]
