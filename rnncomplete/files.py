"""Files and folders replaced whole, and files that are read only if they are files and no larger than expected.

What is not finished yet lies beside its place under a hidden name, so that whoever looks sees what was there before or
all of what is new. A program that is killed meanwhile leaves it behind; whoever replaces the next file there clears it.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
import stat
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

UNFINISHED = ".rnncomplete-{}.partial"
"""The name of what is not finished."""

STALE_SECONDS = 24 * 3600.0
"""Nobody writes for longer than this; what is older was left behind."""

TRIES = 10
"""How often a folder is moved to its place, where others put back what was there."""

_NEW, _OLD = "new", "old"

_AT_ONCE = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)
"""Opens a pipe without waiting for its other end; the last is for Windows."""


@contextlib.contextmanager
def replaced_file(path: Path, *, private: bool = False) -> Iterator[Path]:
    """Yield an empty file beside ``path`` to write to; it takes the place of ``path`` when the block ends.

    Where the block raises, ``path`` stays as it was. If it is ``private``, its owner only can read it; otherwise a file
    that is replaced keeps its mode, and a new one can be read by whom the umask allows. Raises ``OSError``, also where
    there is a folder, a pipe or a device, unless a private file takes the place of the latter.
    """
    about = None if private else _status(path)
    if about is not None:
        _expect_regular(about, path)
    with contextlib.suppress(OSError):
        clear_left_behind(path.parent)
    partial = path.with_name(UNFINISHED.format(secrets.token_hex(8)))
    os.close(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if private else 0o666))
    try:
        if about is not None:
            partial.chmod(stat.S_IMODE(about.st_mode))
        yield partial
        _to_disk(partial)
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def replace_file(path: Path, data: bytes, *, private: bool = False) -> None:
    """Write ``data`` to ``path``, all or nothing, as :func:`replaced_file` says. Raises ``OSError``."""
    with replaced_file(path, private=private) as partial:
        partial.write_bytes(data)


def save_file(path: Path, data: bytes) -> int:
    """Write ``data`` to a file of the user's, or to what it is a link to, all or nothing.

    Returns how many other names (hard links) there are for what was there before: they keep it. Raises ``OSError``.
    """
    place = true_path(path)
    about = _status(place)
    replace_file(place, data)
    return 0 if about is None else about.st_nlink - 1


def at_home(name: str | Path) -> Path:
    """The path ``name``, which may begin with ``~``; where that is the home of somebody unknown, it stays as it is."""
    return Path(os.path.expanduser(name))  # noqa: PTH111 - Path.expanduser raises RuntimeError there


def true_path(path: Path) -> Path:
    """Where ``path`` is when all links are followed; a link that leads to itself stays as it is.

    ``Path.resolve`` raises ``RuntimeError`` for such a link.
    """
    return Path(os.path.realpath(path))


@contextlib.contextmanager
def replaced_folder(folder: Path) -> Iterator[Path]:
    """Yield an empty folder to fill; it takes the place of ``folder``, with all that was in it, when the block ends.

    Where the block raises, ``folder`` stays as it was. A folder cannot be replaced in one stroke: if the program is
    killed between the two, :func:`clear_left_behind` puts the old one back. Raises ``OSError``.
    """
    clear_left_behind(folder.parent)
    scratch = folder.with_name(UNFINISHED.format(secrets.token_hex(8)))
    fresh, old = scratch / _NEW, scratch / _OLD / folder.name
    fresh.mkdir(parents=True)
    old.parent.mkdir()
    try:
        yield fresh
        for path in fresh.rglob("*"):
            if path.is_file():
                _to_disk(path)
        _take_place(fresh, folder, old)
    finally:
        if folder.exists() or not old.exists():
            shutil.rmtree(scratch, ignore_errors=True)


def _take_place(fresh: Path, folder: Path, old: Path) -> None:
    """Move ``folder``, if it is there, to ``old``, and ``fresh`` to its place; raises ``OSError``."""
    for again in range(TRIES, 0, -1):
        with contextlib.suppress(FileNotFoundError):
            folder.replace(old)
        try:
            fresh.replace(folder)
        except BaseException as error:
            if not folder.exists():
                with contextlib.suppress(FileNotFoundError):
                    old.replace(folder)
            elif isinstance(error, OSError) and again > 1 and fresh.exists() and not old.exists():
                continue  # another program took us for killed, and has put the old one back
            raise
        return


def clear_left_behind(folder: Path) -> None:
    """Put back what was moved away in ``folder`` and never replaced, and remove what nobody will finish.

    Others may do the same meanwhile. Raises ``OSError``.
    """
    for partial in folder.glob(UNFINISHED.format("*")):
        with contextlib.suppress(FileNotFoundError):  # somebody else has finished or cleared it
            for old in partial.glob(f"{_OLD}/*"):
                if not (folder / old.name).exists():
                    old.replace(folder / old.name)
            if time.time() - partial.lstat().st_mtime > STALE_SECONDS:
                if partial.is_dir():
                    shutil.rmtree(partial)
                else:
                    partial.unlink()


def belongs_to_us(path: Path) -> bool:
    """Whether ``path``, and what it is a link to, belong to whoever runs this, or to the administrator."""
    if not hasattr(os, "geteuid"):
        return True  # Windows, where nobody else may write above one's own folders
    try:
        owners = {path.lstat().st_uid, path.stat().st_uid}
    except OSError:
        return False
    return owners <= {0, os.geteuid()}


def read_regular(path: Path, most: int) -> bytes:
    """The bytes of ``path``, a regular file of at most ``most`` bytes.

    Raises ``OSError`` for anything else; a pipe or a device is neither waited for nor read.
    """
    handle = os.open(path, os.O_RDONLY | _AT_ONCE)
    with open(handle, "rb") as file:  # noqa: PTH123 - a handle has no path
        about = os.fstat(handle)
        _expect_regular(about, path)
        data = file.read(most + 1) if about.st_size <= most else b""
    if about.st_size > most or len(data) > most:
        raise OSError(errno.EFBIG, f"it is larger than {most / 2**20:g} MB", str(path))
    return data


def _status(path: Path) -> os.stat_result | None:
    """What ``path`` is; ``None`` where there is nothing. Raises ``OSError``."""
    try:
        return path.stat()
    except FileNotFoundError:
        return None


def _expect_regular(about: os.stat_result, path: Path) -> None:
    """Raise ``OSError`` unless ``about`` is that of a regular file."""
    if stat.S_ISDIR(about.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(about.st_mode):
        raise OSError(errno.EINVAL, "it is a pipe or a device, not a regular file", str(path))


def _to_disk(path: Path) -> None:
    """Return only when what was written to ``path`` is on the disk."""
    with path.open("r+b") as file:  # Windows does this only for what is open for writing
        os.fsync(file.fileno())
