"""Settings, and where each came from.

The strongest first: a flag, an environment variable, the project's ``rnncomplete.toml``, ``[tool.rnncomplete]`` of its
``pyproject.toml``, the user's ``rnncomplete.toml``, the default.
"""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnncomplete.errors import SettingError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

FILE = "rnncomplete.toml"


@dataclass(frozen=True)
class Setting:
    """One setting: its value, and where that came from, in words for people."""

    name: str
    value: Any
    """``None`` where the style's card or the program decides."""
    origin: str


@dataclass(frozen=True)
class Settings:
    """All settings by name."""

    all: Mapping[str, Setting]

    @property
    def style(self) -> str:
        """Name of the style, or a path to its folder."""
        return str(self.all["style"].value)

    @property
    def device(self) -> str:
        """One of "auto", "cpu", "cuda"."""
        return str(self.all["device"].value)

    @property
    def decoding(self) -> dict[str, Any]:
        """The options of :func:`rnncomplete.completion.completer.load_completer` about ghosts."""
        return {name: self.all[name].value for name in ("length", "threshold", "budget_ms")}

    @property
    def colour(self) -> str | None:
        """How ghosts look, as prompt_toolkit writes it; ``None`` for a grey that both dark and light bear."""
        colour = self.all["colour"].value
        return None if colour is None else str(colour)

    @property
    def learn_from(self) -> tuple[Path, ...]:
        """Files and folders to learn from before anything is typed."""
        return tuple(self.all["learn_from"].value)

    @property
    def editing_mode(self) -> str:
        """Whose keys edit a line, "emacs" or "vi"."""
        return str(self.all["editing_mode"].value)

    @property
    def manual(self) -> bool:
        """Whether ghosts come only when asked for."""
        return bool(self.all["manual"].value)


def _word(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("a name")
    return value


def _device(value: Any) -> str:
    if value not in ("auto", "cpu", "cuda"):
        raise ValueError("auto, cpu or cuda")
    return str(value)


def _editing_mode(value: Any) -> str:
    if value not in ("emacs", "vi"):
        raise ValueError("emacs or vi")
    return str(value)


def _colour(value: Any) -> str:
    from prompt_toolkit.styles import Style

    try:
        Style.from_dict({"auto-suggestion": value})
    except (AttributeError, TypeError, ValueError):
        raise ValueError("a colour such as #767676 or ansicyan, perhaps with words such as italic") from None
    return str(value)


def _switch(value: Any) -> bool:
    known = {"true": True, "false": False, "1": True, "0": False, "yes": True, "no": False}
    if str(value).lower() not in known:
        raise ValueError("true or false")
    return known[str(value).lower()]


def _paths(value: Any) -> tuple[Path, ...]:
    """Files and folders: a list, or one string with the separator that PATH has."""
    items = value.split(os.pathsep) if isinstance(value, str) else value
    if not isinstance(items, (list, tuple)) or not all(isinstance(item, (str, Path)) and str(item) for item in items):
        raise ValueError("a list of files and folders")
    return tuple(Path(item).expanduser() for item in items)


def _number(kind: Callable[[Any], Any], smallest: float, largest: float) -> Callable[[Any], Any]:
    def check(value: Any) -> Any:
        what = f"a {'whole number' if kind is int else 'number'} from {smallest:g} to {largest:g}"
        if isinstance(value, bool) or (kind is int and isinstance(value, float)):
            raise ValueError(what)
        try:
            number = kind(value)
        except (TypeError, ValueError):
            raise ValueError(what) from None
        if not smallest <= number <= largest:
            raise ValueError(what)
        return number

    return check


LONGEST = 500
"""Characters of a ghost at most: so far a mixer can look ahead."""

SETTINGS: dict[str, tuple[Any, Callable[[Any], Any]]] = {
    "style": ("shakespeare", _word),
    "device": ("auto", _device),
    "length": (None, _number(int, 1, LONGEST)),
    "threshold": (None, _number(float, 0, 1)),
    "budget_ms": (None, _number(float, 1, 60_000)),
    "colour": (None, _colour),
    "editing_mode": ("emacs", _editing_mode),
    "manual": (False, _switch),
    "learn_from": ((), _paths),
}
"""Default and check of each setting; a check returns the value, or raises ``ValueError`` with what was expected."""


def load_settings(
    flags: Mapping[str, Any] | None = None,
    *,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    user_file: Path | None = None,
) -> Settings:
    """All settings for a program started in ``folder`` with ``flags``, of which those that are ``None`` don't count.

    Raises :class:`SettingError` naming the flag, variable or file that holds what it should not.
    """
    found = {name: Setting(name, default, "default") for name, (default, _) in SETTINGS.items()}
    sources = [
        _from_user_file(user_file),
        *_from_project(folder or Path.cwd()),
        _from_environment(os.environ if environment is None else environment),
        [(name, value, f"--{name.replace('_', '-')}") for name, value in (flags or {}).items() if value is not None],
    ]
    for source in sources:
        for name, value, origin in source:
            found[name] = _checked(name, value, origin)
    return Settings(found)


def _beside(file: Path, table: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of ``file``, whose relative paths begin where it is."""
    paths = table.get("learn_from")
    if not isinstance(paths, list) or not all(isinstance(item, str) for item in paths):
        return dict(table)
    return {**table, "learn_from": [str(file.parent / Path(item).expanduser()) if item else item for item in paths]}


def _checked(name: str, value: Any, origin: str) -> Setting:
    if name not in SETTINGS:
        raise SettingError(f"{origin} has the setting {name!r}; expected one of {', '.join(SETTINGS)}")
    try:
        return Setting(name, SETTINGS[name][1](value), origin)
    except ValueError as error:
        raise SettingError(f"{origin} sets {name} to {value!r}; expected {error}") from None


def _from_environment(environment: Mapping[str, str]) -> list[tuple[str, Any, str]]:
    variables = [(name, f"RNNCOMPLETE_{name.upper()}") for name in SETTINGS]
    return [(name, environment[variable], variable) for name, variable in variables if environment.get(variable)]


def _from_project(folder: Path) -> Iterator[list[tuple[str, Any, str]]]:
    """``[tool.rnncomplete]`` of the nearest ``pyproject.toml`` that has it, then the nearest ``rnncomplete.toml``."""
    places = [folder, *folder.parents]
    tables = ((place / "pyproject.toml", _tool_table(place / "pyproject.toml")) for place in places)
    path, table = next(((path, table) for path, table in tables if table), (folder, {}))
    yield [(name, value, f"[tool.rnncomplete] in {path}") for name, value in _beside(path, table).items()]
    own = next((place / FILE for place in places if (place / FILE).is_file()), None)
    yield [(name, value, str(own)) for name, value in _beside(own, _read_toml(own)).items()] if own else []


def _tool_table(path: Path) -> dict[str, Any]:
    """``[tool.rnncomplete]`` of ``path``; somebody else's file need not be there nor be right."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8")).get("tool", {}).get("rnncomplete", {})
    except (OSError, ValueError, AttributeError):
        return {}
    return table if isinstance(table, dict) else {}


def _from_user_file(path: Path | None) -> list[tuple[str, Any, str]]:
    if path is None:
        from platformdirs import user_config_path

        path = user_config_path("rnncomplete", appauthor=False) / FILE
    return (
        [(name, value, str(path)) for name, value in _beside(path, _read_toml(path)).items()] if path.is_file() else []
    )


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingError(f"cannot read {path}: {error.strerror or error}; mend or remove it") from None
    except ValueError as error:
        raise SettingError(f"{path} is not TOML ({' '.join(str(error).split())}); mend or remove it") from None
