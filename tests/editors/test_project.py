"""What the files of a project teach, and who may know it."""

from __future__ import annotations

import os
import stat
import threading
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from rnncomplete.completion.prefix_cache import always
from rnncomplete.editors.preferences import Preferences, read_preferences
from rnncomplete.editors.project import Project
from rnncomplete.editors.shelf import Shelf
from rnncomplete.editors.study import Study
from rnncomplete.settings_files import user_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rnncomplete.editors.client import Client

INSTALLED = frozenset({"docs", "english", "javascript", "python", "shell"})
TRIES = 1000
"""Requests until something that takes a second should have happened."""

CODE = "class Qworbleston:\n    def frobnicate_the_widget(self, number):\n        return number\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    (root / "inner").mkdir(parents=True)
    (root / ".git").mkdir()
    (root / ".gitignore").write_text("built/\n")
    (root / "built").mkdir()
    for name in ("a.py", "inner/b.py", "built/c.py", "d.js", "e.md", "f.txt", "g.xyz"):
        (root / name).write_text(CODE)
    for name in (".env", "server.key", "credentials.json", "id_rsa", "secrets.yaml"):
        (root / name).write_text("SECRET = 'hunter2'\n")
    return root


def names(project: Path, style: str, preferences: Preferences | None = None) -> list[str]:
    found = Project(project, preferences or Preferences()).files(style, INSTALLED, always)
    return [path.relative_to(project).as_posix() for path in found]


def test_each_style_is_taught_by_files_in_its_languages(project: Path) -> None:
    assert names(project, "python") == ["a.py", "inner/b.py"]
    assert names(project, "javascript") == ["d.js"]  # and not credentials.json
    assert names(project, "docs") == ["e.md", "f.txt", "g.xyz"]
    assert names(project, "shell") == []


def test_what_is_off_or_ignored_is_not_read(project: Path) -> None:
    assert names(project, "python", Preferences(ignore=("/inner/",))) == ["a.py"]
    assert names(project, "javascript", Preferences(off=frozenset({"javascript"}))) == []
    assert names(project, "python", Preferences(styles={"javascript": "python"})) == ["a.py", "d.js", "inner/b.py"]


def test_what_was_changed_last_goes_first_where_there_is_too_much(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.utime(project / "a.py", (1, 1))
    monkeypatch.setattr("rnncomplete.editors.project.MOST_BYTES", len(CODE) + 1)
    assert names(project, "python") == ["inner/b.py"]


def test_counts_are_kept_by_project_for_their_owner_only_and_forgotten(project: Path, tmp_path: Path) -> None:
    shelf = Shelf("cpu")
    first, other = Project(project, Preferences()), Project(tmp_path / "other", Preferences())
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "x.py").write_text("x = 1\n" * 20)
    for one in (first, other):
        one.count("python", shelf, lambda *_: None, always)
    assert first.cache != other.cache
    assert (first.learned["python"].files, other.learned["python"].files) == (2, 1)
    (kept,) = first.cache.rglob("*.bin")
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    again = Project(project, Preferences())
    read: list[int] = []
    again.count("python", shelf, lambda done, _: read.append(done), always)
    assert again.learned["python"].characters == 2 * len(CODE)
    assert read == []  # nothing was counted again
    first.forget()
    assert not first.cache.exists()
    assert other.cache.exists()


@pytest.mark.slow
def test_weights_are_learned_once_and_go_on_through_changes(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rnncomplete.completion.file_weights.FEWEST", 100)
    shelf, paused = Shelf("cpu"), []
    one = Project(project, Preferences())
    one.count("python", shelf, lambda *_: None, always, lambda: paused.append(True))
    prior = one.learned["python"].memory.prior
    assert prior.sections
    assert paused
    (project / "new.py").write_text("x = 2\n")
    paused.clear()
    again = Project(project, Preferences())
    again.count("python", shelf, lambda *_: None, always, lambda: paused.append(True))
    assert again.learned["python"].files == 3
    assert again.learned["python"].memory.prior.sections == prior.sections
    assert paused == []


def counted(client: Client, uri: str) -> dict[str, Any]:
    """The status once nothing is being counted."""
    for _ in range(TRIES):
        status: dict[str, Any] = client.command("status", uri)
        if not status["counting"]:
            return status
    raise AssertionError("still counting")


def offered(client: Client, uri: str) -> bool:
    """Whether the rest of the name is offered, soon: a document that knows more is read behind the first requests."""
    return any(any("leston" in item["insertText"] for item in client.ghosts(uri, 0, 11, 1)) for _ in range(TRIES // 10))


@pytest.mark.slow
def test_the_server_counts_at_the_start_with_progress_and_after_saving(
    start: Callable[..., Client], project: Path
) -> None:
    (project / "a.py").write_text(CODE * 40)
    client = start()
    client.initialize(project, window={"workDoneProgress": True})
    uri = (project / "new.py").as_uri()
    client.open(uri, "python", "")
    begun = client.until("$/progress")
    assert begun["value"]["kind"] == "begin"
    assert client.until("$/progress", token=begun["token"])["value"]["kind"] in ("report", "end")
    status = counted(client, uri)
    assert status["projects"][0]["learned"]["python"]["files"] == 2
    client.change(uri, 2, 0, 0, "class Qworb")
    assert offered(client, uri)
    (project / "new.py").write_text("x = 1\n")
    client.send("textDocument/didSave", {"textDocument": {"uri": uri}})
    assert any(
        client.command("status", uri)["projects"][0]["learned"]["python"]["files"] == 3 for _ in range(10 * TRIES)
    )
    assert client.command("forget")["projects"][0]["learned"] == {}
    assert client.command("status")["learn"] is False
    client.command("learn")
    assert counted(client, uri)["projects"][0]["learned"]["python"]["files"] == 3


@pytest.mark.slow
def test_what_is_written_in_another_open_text_counts_but_not_across_projects(
    start: Callable[..., Client], tmp_path: Path
) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    client = start()
    client.initialize(tmp_path / "one")
    client.open((tmp_path / "one" / "a.py").as_uri(), "python", CODE)
    for name, knows in (("one", True), ("two", False)):
        uri = (tmp_path / name / "b.py").as_uri()
        client.open(uri, "python", "class Qworb")
        assert offered(client, uri) == knows


def test_a_home_folder_is_not_a_project(start: Callable[..., Client], isolation: Path) -> None:
    client = start()
    client.initialize(isolation)
    assert client.command("status")["projects"] == []


def test_a_home_folder_by_another_name_is_not_a_project_either(
    start: Callable[..., Client], isolation: Path, tmp_path: Path
) -> None:
    link = tmp_path / "called-otherwise"
    link.symlink_to(isolation, target_is_directory=True)
    client = start()
    client.initialize(link)
    assert client.command("status")["projects"] == []


def test_a_file_that_goes_while_files_are_looked_for_is_borne(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there = project / "a.py"
    monkeypatch.setattr("rnncomplete.editors.project.walk", lambda *_: iter([project / "gone.py", there]))
    assert names(project, "python") == ["a.py"]


@pytest.mark.parametrize("path", ["C:\\Users\\me\\.ssh\\id_rsa", "c:\\work\\credentials.json", "/home/me/.ssh/id_rsa"])
def test_secrets_are_known_by_their_names_on_windows_too(path: str) -> None:
    assert "secrets" in (Preferences().why_off(path, "it", "plaintext") or "")


def test_what_a_count_leaves_while_it_is_forgotten_is_forgotten_too(tmp_path: Path) -> None:
    begun, go_on, forgotten = threading.Event(), threading.Event(), threading.Semaphore(0)

    class Counted(Project):
        def count(self, *_: Any) -> None:
            begun.set()
            assert go_on.wait(20)
            self.learned["python"] = cast("Any", SimpleNamespace(files=1, characters=2))

        def forget(self) -> None:
            super().forget()
            forgotten.release()

    project = Counted(tmp_path, Preferences())
    study = Study(Shelf(), lambda *_: None)
    study.send(project, "python")
    assert begun.wait(20)
    study.forget(project)
    go_on.set()
    assert forgotten.acquire(timeout=60)
    assert forgotten.acquire(timeout=60)
    assert not project.learned
    study.end()


def test_a_projects_broken_file_undoes_nothing_that_the_user_switched_off(project: Path) -> None:
    user_file().parent.mkdir(parents=True, exist_ok=True)
    user_file().write_text('learn = false\nignore = ["private/"]\n')
    (project / "rnncomplete.toml").write_text("length = true\n")
    found = read_preferences({}, project)
    assert (found.learn, found.ignore) == (False, ("private/",))
    assert len(found.problems) == 1
    assert "length" in found.problems[0]


def test_a_broken_variable_undoes_nothing_either(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RNNCOMPLETE_LENGTH", "long")
    (project / "rnncomplete.toml").write_text("learn = false\n")
    found = read_preferences({}, project)
    assert not found.learn
    assert len(found.problems) == 1


def test_with_no_folder_open_the_settings_where_the_editor_was_started_do_not_hold(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "rnncomplete.toml").write_text('off = ["c"]\n', encoding="utf-8")
    monkeypatch.chdir(project)
    assert read_preferences({}, None).off == frozenset()
    assert read_preferences({}, project).off == {"c"}
