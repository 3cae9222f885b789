"""What an earlier training left in a folder, kept aside until a new one there has saved something to put in its place.

Text, labels and weights belong together: weights are exported with the text that they learned from. So they are moved
together, and the folder holds either the earlier training whole or the new one, also if the process is killed.
"""

from __future__ import annotations

import shutil
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING

from rnncomplete_export.checkpoint import BEST, CHECKPOINT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

ASIDE = "earlier"
"""The folder in that of a training where the earlier one is meanwhile."""

SAVED = (CHECKPOINT, BEST)
"""What shows that a training has saved something. They are moved first, and moved back last."""

STAYING = (ASIDE, "style", "logs")
"""What is not part of a training: the style that was exported, and what was told. Hidden files stay, too."""


@contextmanager
def set_aside(folders: Iterable[Path]) -> Iterator[None]:
    """Inside this block what an earlier training left in ``folders`` is out of the way of a new one.

    Afterwards it is back where nothing was saved, and gone where something was.
    """
    with ExitStack() as stack:
        for folder in folders:
            stack.callback(settle, folder)
            for name in parts(folder):
                (folder / ASIDE).mkdir(exist_ok=True)
                (folder / name).replace(folder / ASIDE / name)
        yield


def parts(folder: Path) -> list[str]:
    """Names of what a training has left in ``folder``, :data:`SAVED` first."""
    names = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    left = {name for name in names if name not in STAYING and not name.startswith(".")}
    return sorted(left, key=lambda name: (name not in SAVED, name))


def settle(folder: Path) -> None:
    """Put back what was set aside in ``folder``, unless another training has saved something there since."""
    aside = folder / ASIDE
    waiting = [name for name in SAVED if (aside / name).exists()]
    if waiting and not any((folder / name).exists() for name in waiting):
        with suppress(OSError):  # as where a file is in use on Windows: the next to come here does it
            for name in reversed(parts(aside)):
                if (folder / name).is_dir():
                    shutil.rmtree(folder / name)
                (aside / name).replace(folder / name)
            aside.rmdir()
    else:
        shutil.rmtree(aside, ignore_errors=True)
