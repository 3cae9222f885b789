"""Which files of the files and folders that somebody names are to be read: those that ignore files leave in."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rnncomplete.errors import TextError
from rnncomplete.files import read_regular, true_path
from rnncomplete.text.ignoring import Patterns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

IGNORE_FILES = (".gitignore", ".ignore")
"""In this order, so that the second, which only search tools read, has the last word."""

LARGEST_IGNORE_FILE = 2**18
"""Bytes; a larger one is not looked at, nor is anything but a regular file."""

GENERATED = Patterns(
    ["*.lock", "package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml", "go.sum", "*.min.js", "*.min.css", "*.map"]
)
"""What programs write for programs."""

LONG_FILE = 100_000
"""Characters; a longer file in a folder is taken for a generated one if its lines are long, too."""

LONG_LINE = 500
"""Characters a line, on average, that nobody writes by hand."""


@dataclass(frozen=True)
class Found:
    """A file to read."""

    path: Path
    named: bool
    """Whether it was asked for by name, and not found in a folder."""


@dataclass(frozen=True)
class _Rules:
    """The ignore files that hold in a folder: (folder they lie in, patterns), the nearest last."""

    layers: tuple[tuple[Path, Patterns], ...] = ()

    def inside(self, folder: Path) -> _Rules:
        """With the ignore files in ``folder``."""
        layers = self.layers
        for name in IGNORE_FILES:
            try:
                data = read_regular(folder / name, LARGEST_IGNORE_FILE)
            except OSError:
                continue
            layers = (*layers, (folder, Patterns(data.decode("utf-8-sig", "replace").splitlines())))
        return _Rules(layers)

    def ignore(self, path: Path, *, is_folder: bool) -> bool:
        """Whether the nearest ignore file that says anything about ``path`` leaves it out."""
        for folder, patterns in reversed(self.layers):
            verdict = patterns.verdict(path.relative_to(folder).as_posix(), is_folder=is_folder)
            if verdict is not None:
                return verdict
        return False


def find_files(
    paths: Iterable[Path], globs: Sequence[str] = (), skipped: Callable[[str], None] = lambda _: None
) -> list[Found]:
    """Every file named, and those under the folders named that match one of ``globs``, each once, in sorted order.

    Hidden ones, what ignore files exclude, and what lies behind a link to a folder are left out; of generated files, and
    of links that lead out of the folder, ``skipped`` is told. Globs are patterns as in a ``.gitignore``. Raises
    :class:`TextError` if nothing is found, and for pipes and devices.
    """
    paths = list(paths)
    found: dict[Path, Found] = {}
    for path in paths:
        if path.is_dir():
            for item in walk(path, Patterns(globs or ["*"]), skipped):
                found.setdefault(true_path(item), Found(item, named=False))
        elif path.exists():
            if not path.is_file():
                raise TextError(
                    f"{path} is a pipe or a device, not a file; write its text into a file first: zcat book.gz > book.txt"
                )
            found.setdefault(true_path(path), Found(path, named=True))
        else:
            raise TextError(f"no file or folder {path}; expected a text file or a folder of them")
    if not found:
        matching = f" match {' or '.join(globs)}" if globs else ""
        raise TextError(f"no files under {', '.join(map(str, paths))}{matching}; expected text files")
    return list(found.values())


def walk(root: Path, wanted: Patterns, skipped: Callable[[str], None] = lambda _: None) -> Iterator[Path]:
    """The files under ``root`` that match ``wanted``, folder by folder, as :func:`find_files` has them."""
    top = true_path(root)
    rules = {top: _rules_above(top)}

    def unreadable(error: OSError) -> None:
        skipped(f"{error.filename} cannot be read ({error.strerror})")

    for name, folders, files in os.walk(root, onerror=unreadable):
        folder = Path(name)
        true = true_path(folder)
        here = rules.pop(true).inside(true)
        folders[:] = sorted(
            item for item in folders if not item.startswith(".") and not here.ignore(true / item, is_folder=True)
        )
        rules |= {true / item: here for item in folders}
        for item in sorted(files):
            path = folder / item
            if item.startswith(".") or not path.is_file() or here.ignore(true / item, is_folder=False):
                continue
            if not wanted.match(path.relative_to(root).as_posix()):
                continue
            if GENERATED.match(item):
                skipped(f"{path} is generated, by its name")
                continue
            if path.is_symlink() and not true_path(path).is_relative_to(top):
                skipped(f"{path} is a link that leads out of {root}; to read it, name it")
                continue
            yield path


def _rules_above(root: Path) -> _Rules:
    """Those of the folders above ``root``, if it lies in a Git repository and they do not exclude it: it was named."""
    chain = [root, *root.parents]
    top = next((index for index, folder in enumerate(chain) if (folder / ".git").exists()), 0)
    rules = _Rules()
    for outer, inner in zip(reversed(chain[1 : top + 1]), reversed(chain[:top]), strict=True):
        rules = rules.inside(outer)
        if rules.ignore(inner, is_folder=True):
            return _Rules()
    return rules


def looks_generated(characters: int, line_ends: int) -> str:
    """Why a text of so many ``characters`` and ``line_ends`` looks like a program's work; nothing if it does not."""
    a_line = characters // (1 + line_ends)
    if characters <= LONG_FILE or a_line <= LONG_LINE:
        return ""
    return f"looks generated: {characters:,} characters in lines of {a_line:,} on average"
