"""One process at a time in the folder of a training."""

from __future__ import annotations

import os
import shutil
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from rnncomplete.errors import SettingError
from rnncomplete_export.checkpoint import CHECKPOINT, make_folder
from rnncomplete_export.training.earlier import ASIDE, settle

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

LOCK = ".lock"
"""The file that is locked, by the system, which frees it when the process dies. It holds the number of that process."""


def is_first_process() -> bool:
    """Whether this is the first of the processes that train together, which alone locks and writes."""
    names = ("RANK", "SLURM_PROCID", "LOCAL_RANK")  # as torchrun, Slurm and Lightning tell, the surest first
    rank = next((os.environ[name] for name in names if name in os.environ), "0")
    return rank == "0" and os.environ.get("NODE_RANK", "0") == "0"


@contextmanager
def held(folders: Iterable[Path]) -> Iterator[None]:
    """Keep other processes out of ``folders``, which are made if need be, and are gone again if nothing comes into them.

    What a process that was killed there had set aside is put back.
    Raises :class:`SettingError` if one of them is in use, or cannot be made.
    """
    with ExitStack() as stack:
        for folder in folders if is_first_process() else ():
            stack.enter_context(_held(folder))
        yield


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    new = [place for place in (folder, *folder.parents) if not place.exists()]
    lock = FileLock(folder / LOCK)
    try:
        make_folder(folder)
        lock.acquire(timeout=0)
    except Timeout:
        raise SettingError(
            f"{folder} is in use by another training or export{_owner(folder)}; wait until that has come to its end, or choose "
            "another --style or --runs"
        ) from None
    except OSError as error:
        raise SettingError(
            f"cannot write to {folder}: {error.strerror or error}; choose another place with --runs"
        ) from None
    with suppress(OSError):
        (folder / LOCK).write_text(str(os.getpid()), encoding="ascii")
    try:
        settle(folder)
        yield
    finally:
        if new and {path.name for path in folder.iterdir()} <= {".gitignore", LOCK}:
            shutil.rmtree(folder, ignore_errors=True)
            with suppress(OSError):  # others may have come into those above
                for place in new[1:]:
                    place.rmdir()
        lock.release()


def _owner(folder: Path) -> str:
    try:
        return f" (process {int((folder / LOCK).read_text(encoding='ascii'))})"
    except (OSError, ValueError):
        return ""


@contextmanager
def held_if_trained(folder: Path) -> Iterator[None]:
    """The same of ``folder``, if one is trained in at all and may be written to; raises :class:`SettingError`."""
    if ((folder / CHECKPOINT).is_file() or (folder / ASIDE).is_dir()) and os.access(folder, os.W_OK):
        with held([folder]):
            yield
    else:
        yield
