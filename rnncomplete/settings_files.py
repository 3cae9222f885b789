"""The files that settings come from: the user's own, and those of a project, which may be a stranger's.

Whoever clones a folder and starts a program there has trusted nobody yet. So a project may choose among the styles that are
installed, but brings none; it may name texts inside itself to learn from, but no others; and files that belong to
another user, as anybody can put them above a shared folder, are left alone. What is ignored is said.
"""

from __future__ import annotations

import os
import shlex
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rnncomplete.errors import SettingError
from rnncomplete.files import at_home, belongs_to_us, read_regular, true_path
from rnncomplete.styles import AUTO, is_installed

FILE = "rnncomplete.toml"

PYPROJECT = "pyproject.toml"

LARGEST = 2**16
"""Bytes of a settings file; a ``pyproject.toml`` may have four times as many."""

MOST_DOTS = 200
"""In one line: keys of thousands of parts take ``tomllib`` minutes."""


@dataclass(frozen=True)
class Source:
    """The settings of one file."""

    origin: str
    """Where they come from, in words for people."""
    table: dict[str, Any]
    """Values by name, as they stand there, but for paths, which begin where the file is."""
    ignored: tuple[tuple[str, str], ...] = ()
    """Names of settings that are not in ``table`` though they are in the file ("" for all of them), each with a line
    to tell: why, and what to do."""


def user_source(path: Path | None = None) -> Source:
    """The settings of the user's own file, by default where the system keeps such; raises :class:`SettingError`."""
    path = path or user_file()
    return Source(str(path), _beside(path, _read_own(path)) if path.exists() else {})


def user_file() -> Path:
    """Where the user's own settings are; the file may not exist."""
    from platformdirs import user_config_path

    return user_config_path("rnncomplete", appauthor=False) / FILE


def project_sources(folder: Path) -> list[Source]:
    """``[tool.rnncomplete]`` of the nearest ``pyproject.toml`` that has it, then the nearest ``rnncomplete.toml``.

    They are looked for in ``folder`` and above, up to the root of its repository. Raises :class:`SettingError` for a
    ``rnncomplete.toml`` that cannot be read.
    """
    places = _places(folder)
    root = places[-1] if (places[-1] / ".git").exists() else None
    sources = []
    tables = ((place / PYPROJECT, _tool_table(place / PYPROJECT)) for place in places)
    path, table = next(((path, table) for path, table in tables if table), (folder, {}))
    if table:
        sources.append(_cautious(path, f"[tool.rnncomplete] in {path}", table, root))
    if own := next((place / FILE for place in places if os.path.lexists(place / FILE)), None):
        table = _read_own(own) if belongs_to_us(own) else {}
        sources.append(_cautious(own, str(own), table, root))
    return sources


def _places(folder: Path) -> list[Path]:
    """``folder`` and those above it, up to the root of the repository, if it is in one."""
    places = [folder, *folder.parents]
    top = next((index for index, place in enumerate(places) if (place / ".git").exists()), len(places) - 1)
    return places[: top + 1]


def _cautious(path: Path, origin: str, table: dict[str, Any], root: Path | None) -> Source:
    """What may be taken of the ``table`` of a project's file; ``root`` is that of its repository, if it is in one."""
    if not belongs_to_us(path):
        line = f"{path} is ignored: it belongs to another user; what you want of it, put into {user_file()}"
        return Source(origin, {}, (("", line),))
    table, ignored = dict(table), []
    style = table.get("style")
    if isinstance(style, str) and not _is_known(style):
        del table["style"]
        hint = shlex.quote(str(path.parent / style))
        line = f"{origin} asks for the style {style!r}, which is not installed, so that is ignored; "
        ignored.append(("style", f"{line}if you trust it, type: rnncomplete styles add {hint}"))
    if isinstance(styles := table.get("styles"), dict):
        strange = {key: name for key, name in styles.items() if not (isinstance(name, str) and _is_known(name))}
        table["styles"] = {key: name for key, name in styles.items() if key not in strange}
        for key, name in strange.items():
            line = f"{origin} asks for the style {name!r} for {key}, which is not installed, so that is ignored"
            ignored.append(("styles", line))
    table = _beside(path, table)
    if isinstance(paths := table.get("learn_from"), list):
        inside = true_path(root or path.parent)
        outside = [item for item in paths if not _is_inside(item, inside)]
        table["learn_from"] = [item for item in paths if item not in outside]
        for item in outside:
            line = f"{origin} asks to learn from {item}, which is outside of {inside}, so that is ignored; "
            ignored.append(("learn_from", f"{line}if you want it, type: rnncomplete --learn-from {shlex.quote(item)}"))
    return Source(origin, table, tuple(ignored))


def _is_known(style: str) -> bool:
    return style == AUTO or is_installed(style)


def _is_inside(item: Any, folder: Path) -> bool:
    """Whether the path ``item`` leads into ``folder``; others refuse what is not a path."""
    try:
        return not isinstance(item, str) or not item or true_path(Path(item)).is_relative_to(folder)
    except (OSError, ValueError, RuntimeError):
        return False


def _beside(path: Path, table: dict[str, Any]) -> dict[str, Any]:
    """``table`` of the file ``path`` with ``learn_from`` as a list of paths that begin where the file is."""
    paths = table.get("learn_from")
    if isinstance(paths, str):
        paths = paths.split(os.pathsep)
    if not isinstance(paths, list) or not all(isinstance(item, str) for item in paths):
        return dict(table)
    return {**table, "learn_from": [str(path.parent / at_home(item)) if item else item for item in paths]}


def _tool_table(path: Path) -> dict[str, Any]:
    """``[tool.rnncomplete]`` of ``path``; somebody else's file need not be there nor be right."""
    try:
        data = read_regular(path, 4 * LARGEST)
        table = _parse(data)["tool"]["rnncomplete"] if b"rnncomplete" in data else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return table if isinstance(table, dict) else {}


def _read_own(path: Path) -> dict[str, Any]:
    try:
        return _parse(read_regular(path, LARGEST))
    except OSError as error:
        raise SettingError(f"cannot read {path}: {error.strerror or error}; mend or remove it") from None
    except ValueError as error:
        raise SettingError(f"{path} is not TOML ({' '.join(str(error).split())}); mend or remove it") from None


def _parse(data: bytes) -> dict[str, Any]:
    """The table that ``data`` spells; raises ``ValueError`` also for what would take the parser too long or too deep."""
    if any(line.count(b".") > MOST_DOTS for line in data.split(b"\n")):
        raise ValueError(f"more than {MOST_DOTS} dots in one line")
    try:
        return tomllib.loads(data.decode("utf-8-sig"))
    except RecursionError:
        raise ValueError("nested too deep") from None
