from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from rnncomplete.errors import TextError
from rnncomplete.text.discovery import find_files

if TYPE_CHECKING:
    from pathlib import Path


def plant(root: Path, **files: str) -> Path:
    """Files under ``root``; in their names two underscores are a slash, and ``dot`` at the start of a part is a dot."""
    for name, content in files.items():
        parts = [part.replace("dot", ".", 1) if part.startswith("dot") else part for part in name.split("__")]
        path = root.joinpath(*(part.replace("_", ".") for part in parts))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return root


def names(root: Path, *globs: str) -> list[str]:
    return [item.path.relative_to(root).as_posix() for item in find_files([root], globs)]


def test_ignore_files_hold_below_them_and_the_nearest_wins(tmp_path: Path) -> None:
    root = plant(
        tmp_path,
        dotgitignore="*.log\n/build/\nsecret.*\n!kept.log\n",
        a_txt="x",
        a_log="x",
        kept_log="x",
        build__b_txt="x",
        deep__build__c_txt="x",
        deep__dotgitignore="!secret.txt\nlocal.txt\n",
        deep__secret_txt="x",
        deep__local_txt="x",
        other__local_txt="x",
        other__secret_txt="x",
        dothidden__d_txt="x",
        other__dotignore="!secret.txt\n",
    )
    assert names(root) == [
        "a.txt",
        "kept.log",
        "deep/secret.txt",
        "deep/build/c.txt",
        "other/local.txt",
        "other/secret.txt",
    ]


def test_the_ignore_file_of_a_repository_holds_in_its_folders(tmp_path: Path) -> None:
    root = plant(
        tmp_path, dotgitignore="*.o\n/src/out/\n", dotgit__HEAD="x", src__a_c="x", src__a_o="x", src__out__b="x"
    )
    assert names(root / "src") == ["a.c"]
    assert names(root / "src" / "out") == ["b"], "a folder that is named is meant, ignored or not"


def test_globs_choose_files_of_folders_but_not_files_that_are_named(tmp_path: Path) -> None:
    root = plant(tmp_path, a_py="x", b_txt="x", lib__c_py="x", lib__d_pyc="x")
    assert names(root, "*.py") == ["a.py", "lib/c.py"]
    assert names(root, "/*.py", "*.txt") == ["a.py", "b.txt"]
    assert [item.named for item in find_files([root / "b.txt", root], ["*.py"])] == [True, False, False]
    with pytest.raises(TextError, match=r"match \*\.rs"):
        find_files([root], ["*.rs"])


def test_a_file_is_read_once_and_links_lead_nowhere(tmp_path: Path) -> None:
    root = plant(tmp_path, a_txt="x", deep__b_txt="x")
    (root / "deep" / "up").symlink_to(root)
    (root / "same.txt").symlink_to(root / "a.txt")
    (root / "gone.txt").symlink_to(root / "nowhere")
    assert len(find_files([root, root / "a.txt", root / "deep"])) == 2


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no pipes in folders")
def test_an_ignore_file_that_is_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    root = plant(tmp_path, a_txt="x", dotgit__HEAD="x", deep__b_txt="x")
    os.mkfifo(root / ".gitignore")
    (root / "deep" / ".ignore").symlink_to(root / ".gitignore")
    assert names(root) == ["a.txt", "deep/b.txt"]
    with pytest.raises(TextError, match="a pipe or a device"):
        find_files([root / ".gitignore"])


def test_a_large_ignore_file_is_not_looked_at(tmp_path: Path) -> None:
    root = plant(tmp_path, a_txt="x", dotgitignore="a.txt\n" + "#" * 300_000)
    assert names(root) == ["a.txt"]


def test_a_link_that_leads_out_of_a_folder_is_left_out_and_that_is_said(tmp_path: Path) -> None:
    root = plant(tmp_path / "project", a_txt="x", deep__b_txt="x")
    secret = tmp_path / "secret.txt"
    secret.write_text("secret", encoding="utf-8")
    (root / "deep" / "c.txt").symlink_to(secret)
    (root / "d.txt").symlink_to("/etc/passwd")
    (root / "e.txt").symlink_to(root / "deep" / "b.txt")
    said: list[str] = []
    found = [item.path.resolve() for item in find_files([root], skipped=said.append)]
    assert found == [root / "a.txt", root / "deep" / "b.txt"]
    assert [line.partition(" is a link")[0] for line in said] == [str(root / "d.txt"), str(root / "deep" / "c.txt")]
    assert find_files([root / "deep" / "c.txt"])[0].named, "who names it, means it"


def test_links_that_lead_to_themselves_are_not_files(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "round").symlink_to(tmp_path / "round" / "round")
    (tmp_path / "text").write_text("text", encoding="utf-8")
    assert [found.path.name for found in find_files([tmp_path])] == ["text"]
    with pytest.raises(TextError, match="no file or folder"):
        find_files([tmp_path / "loop"])
