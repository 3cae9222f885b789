"""Files and folders are replaced whole, and only regular files of a bounded size are read."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from rnncomplete.files import (
    STALE_SECONDS,
    UNFINISHED,
    clear_left_behind,
    read_regular,
    replace_file,
    replaced_file,
    replaced_folder,
    save_file,
    true_path,
)


def fill(folder: Path, content: str) -> None:
    with replaced_folder(folder) as fresh:
        (fresh / "file").write_text(content)


def test_a_new_file_is_readable_as_the_umask_says_or_by_its_owner_only(tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    replace_file(tmp_path / "public", b"1")
    replace_file(tmp_path / "private", b"2", private=True)
    plain, public, private = (stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("plain", "public", "private"))
    assert public == plain
    assert private == plain & 0o600


def test_a_replaced_file_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch(mode=0o600)
    replace_file(path, b"new")
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_is_interrupted_leaves_what_was_there(tmp_path: Path) -> None:
    file, folder = tmp_path / "file", tmp_path / "folder"
    replace_file(file, b"old")
    fill(folder, "old")

    def interrupted_file() -> None:
        with replaced_file(file) as partial:
            partial.write_bytes(b"ha")
            raise KeyboardInterrupt

    def interrupted_folder() -> None:
        with replaced_folder(folder) as fresh:
            (fresh / "file").write_text("ha")
            raise KeyboardInterrupt

    for interrupted in (interrupted_file, interrupted_folder):
        with pytest.raises(KeyboardInterrupt):
            interrupted()
    assert file.read_bytes() == b"old"
    assert (folder / "file").read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"]


@pytest.mark.parametrize("back", [True, False])
def test_a_folder_is_not_lost_where_it_cannot_be_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, back: bool
) -> None:
    folder = tmp_path / "folder"
    fill(folder, "old")
    true = Path.replace

    def fail(path: Path, target: Path) -> Path:
        if path.name == "new" or (path.name == "folder" and target == folder and not back):
            raise PermissionError(13, "Permission denied")
        return true(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", fail)
        with pytest.raises(PermissionError):
            fill(folder, "new")
    clear_left_behind(tmp_path)
    assert (folder / "file").read_text() == "old"


def test_a_program_killed_between_two_renames_has_lost_nothing(tmp_path: Path) -> None:
    fill(tmp_path / "folder", "old")
    code = (
        "import os, sys, pathlib; from rnncomplete.files import replaced_folder; true = pathlib.Path.replace\n"
        "pathlib.Path.replace = lambda path, target: os._exit(9) if path.name == 'new' else true(path, target)\n"
        "with replaced_folder(pathlib.Path(sys.argv[1])): pass\n"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(tmp_path / "folder")], check=False)
    assert killed.returncode == 9
    assert not (tmp_path / "folder").exists()
    clear_left_behind(tmp_path)
    assert (tmp_path / "folder" / "file").read_text() == "old"


def test_clearing_between_the_two_renames_spoils_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "folder"
    fill(folder, "old")
    true, cleared = Path.replace, []

    def clear_first(path: Path, target: Path) -> Path:
        if path.name == "new" and not cleared:
            cleared.append(path)
            clear_left_behind(tmp_path)  # as another program may do: it takes this one for killed
            assert (folder / "file").read_text() == "old"
        return true(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", clear_first)
        fill(folder, "new")
    assert cleared
    assert (folder / "file").read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_what_others_clear_meanwhile_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a", "b"):
        (tmp_path / UNFINISHED.format(name)).touch()
    true = Path.lstat

    def finished(path: Path) -> os.stat_result:
        about = true(path)
        if path.name.endswith(".partial"):
            path.unlink()  # its owner has moved it to its place
            about = true(path)
        return about

    with monkeypatch.context() as patch:
        patch.setattr(Path, "lstat", finished)
        clear_left_behind(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_was_left_behind_long_ago_is_cleared_and_what_is_being_written_is_not(tmp_path: Path) -> None:
    old, young, folder = (tmp_path / UNFINISHED.format(name) for name in ("old", "young", "folder"))
    old.touch()
    young.touch()
    (folder / "new").mkdir(parents=True)
    for path in (old, folder):
        before = path.stat().st_mtime - STALE_SECONDS - 60
        os.utime(path, (before, before))
    (tmp_path / ".mine.partial").touch()
    replace_file(tmp_path / "file", b"")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".mine.partial", young.name, "file"]


def test_many_may_replace_one_file_at_once(tmp_path: Path) -> None:
    path = tmp_path / "file"
    problems: list[Exception] = []

    def write(byte: bytes) -> None:
        try:
            for _ in range(20):
                replace_file(path, 10_000 * byte)
        except OSError as error:
            problems.append(error)

    threads = [threading.Thread(target=write, args=(byte,)) for byte in (b"a", b"b", b"c")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems
    assert path.read_bytes() in {10_000 * byte for byte in (b"a", b"b", b"c")}
    assert list(tmp_path.iterdir()) == [path]


def test_reads_a_file_up_to_its_cap(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"12345")
    assert read_regular(path, 5) == b"12345"
    with pytest.raises(OSError, match="larger than"):
        read_regular(path, 4)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no named pipes in folders")
def test_a_pipe_and_a_folder_are_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="not a regular file"):
        read_regular(tmp_path / "pipe", 5)
    with pytest.raises(IsADirectoryError):
        read_regular(tmp_path, 5)
    with pytest.raises(FileNotFoundError):
        read_regular(tmp_path / "none", 5)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_a_socket_or_a_folder_is_never_replaced(tmp_path: Path) -> None:
    pipe, address = tmp_path / "pipe", tmp_path / "socket"
    os.mkfifo(pipe)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(address))
        for path, message in ((pipe, "pipe or a device"), (address, "pipe or a device"), (tmp_path, "Is a directory")):
            kind = stat.S_IFMT(path.stat().st_mode)
            for write in (replace_file, save_file):
                with pytest.raises(OSError, match=message):
                    write(path, b"new")
            assert stat.S_IFMT(path.stat().st_mode) == kind
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pipe", "socket"]


@pytest.mark.parametrize("kind", [stat.S_IFCHR, stat.S_IFBLK])
def test_a_device_is_never_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: int) -> None:
    path = tmp_path / "device"  # which is a file that says it is one
    path.write_bytes(b"old")
    true = os.stat

    def pretend(name: object, *arguments: object, **options: object) -> os.stat_result:
        about = true(name, *arguments, **options)  # type: ignore[arg-type]
        return os.stat_result((kind | 0o666, *about[1:])) if str(name) == str(path) else about

    with monkeypatch.context() as patch:
        patch.setattr(os, "stat", pretend)
        for write in (replace_file, save_file):
            with pytest.raises(OSError, match="it is a pipe or a device"):
                write(path, b"new")
    assert path.read_bytes() == b"old"


def test_a_link_stays_a_link_and_one_to_itself_is_an_error_of_the_system(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "link").symlink_to("file")
    assert save_file(tmp_path / "link", b"new") == 0
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_bytes() == b"new"
    assert true_path(tmp_path / "link") == true_path(tmp_path) / "file"
    for write in (replace_file, save_file):
        with pytest.raises(OSError, match="symbolic links"):
            write(tmp_path / "loop", b"new")
    assert true_path(tmp_path / "loop").name == "loop"


def test_other_names_of_a_file_are_counted_and_keep_what_it_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"old")
    os.link(tmp_path / "file", tmp_path / "other")
    assert save_file(tmp_path / "file", b"new") == 1
    assert (tmp_path / "other").read_bytes() == b"old"
    assert save_file(tmp_path / "file", b"newer") == 0
