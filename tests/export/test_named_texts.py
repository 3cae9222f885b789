from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from rnncomplete.errors import TextError
from rnncomplete_export.texts import named_texts
from rnncomplete_export.texts.named_texts import TEXTS, VARIABLE, NamedText, fetch_text, find_text, resolve_text

CONTENT = "To be, or not to be.\n"


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A mirror that holds one text, and a cache of our own."""
    path = tmp_path / "a mirror" / "shakespeare" / "train.txt"
    path.parent.mkdir(parents=True)
    path.write_text(CONTENT, encoding="utf-8")
    sha256 = hashlib.sha256(CONTENT.encode()).hexdigest()
    monkeypatch.setitem(TEXTS, "shakespeare", NamedText(sha256, None, "nowhere"))
    monkeypatch.setattr(named_texts, "user_cache_path", lambda *_, **__: tmp_path / "cache")
    monkeypatch.setenv(VARIABLE, path.parents[1].as_uri())
    return path


def test_a_text_comes_from_a_mirror_and_is_kept(mirror: Path) -> None:
    said: list[str] = []
    path = resolve_text(Path("shakespeare"), said.append)
    assert path.read_text(encoding="utf-8") == CONTENT
    mirror.unlink()
    assert resolve_text(Path("shakespeare"), said.append) == path
    assert said == []


def test_a_mirror_may_be_a_folder(mirror: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, str(mirror.parents[1]))
    assert fetch_text("shakespeare", print).read_text(encoding="utf-8") == CONTENT


def test_another_text_in_the_mirror_is_refused(mirror: Path) -> None:
    mirror.write_text("Something else.", encoding="utf-8")
    with pytest.raises(TextError, match="not the text that was expected"):
        fetch_text("shakespeare", print)


def test_a_mirror_without_the_text_is_said(mirror: Path) -> None:
    mirror.unlink()
    with pytest.raises(TextError, match="cannot fetch file://"):
        fetch_text("shakespeare", print)


def test_a_text_that_is_not_a_single_file_on_the_web_says_where_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    with pytest.raises(TextError, match="stacks-project"):
        fetch_text("math", print)


def test_what_comes_from_the_net_is_said_to_be_unverified(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[object, ...]] = []
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setattr(named_texts, "_retrieve", lambda *arguments: asked.append(arguments) or Path("x"))
    said: list[str] = []
    fetch_text("tolstoy", said.append)
    assert asked == [(TEXTS["tolstoy"].address, None, "tolstoy-unverified.txt")]
    assert "unverified" in said[0]


def test_a_file_or_folder_of_the_name_comes_first(
    mirror: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert resolve_text(Path("elsewhere"), print) == Path("elsewhere")
    Path("shakespeare").mkdir()
    assert resolve_text(Path("shakespeare"), print) == Path("shakespeare")


def test_a_text_is_found_by_its_hash_where_there_is_a_mirror(mirror: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = find_text(TEXTS["shakespeare"].sha256)
    assert path is not None
    assert path.read_text(encoding="utf-8") == CONTENT
    assert find_text("0" * 64) is find_text(None) is None
    monkeypatch.delenv(VARIABLE)
    assert find_text(TEXTS["shakespeare"].sha256) is None


def test_every_text_has_a_hash_and_a_source() -> None:
    for text in TEXTS.values():
        assert len(bytes.fromhex(text.sha256)) == 32
        assert text.source
