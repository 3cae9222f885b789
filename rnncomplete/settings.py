"""Settings, and where each came from.

The strongest first: a flag, an environment variable, the project's ``rnncomplete.toml``, ``[tool.rnncomplete]`` of its
``pyproject.toml``, the user's ``rnncomplete.toml``, the default. What a project may set, :mod:`.settings_files` says.
"""

from __future__ import annotations

import os
import reprlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from rnncomplete.errors import SettingError
from rnncomplete.files import at_home
from rnncomplete.settings_files import project_sources, user_source

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


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
    ignored: tuple[str, ...] = ()
    """Lines to tell: what of a project's files was not taken, why, and what to do."""

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
    return tuple(map(at_home, items))


def _names(value: Any) -> tuple[str, ...]:
    """Names or globs: a list, or one string with commas between them."""
    items = [item.strip() for item in value.split(",")] if isinstance(value, str) else value
    if not isinstance(items, (list, tuple)) or not all(isinstance(item, str) for item in items):
        raise ValueError("a list of names")
    return tuple(item for item in items if item)


def _table(value: Any) -> dict[str, str]:
    if not isinstance(value, dict) or not all(
        isinstance(item, str) and item for pair in value.items() for item in pair
    ):
        raise ValueError('a table such as { markdown = "english" }')
    return dict(value)


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
    "styles": ({}, _table),
    "off": ((), _names),
    "ignore": ((), _names),
    "learn": (True, _switch),
    "alternatives": (3, _number(int, 1, 10)),
}
"""Default and check of each setting; a check returns the value, or raises ``ValueError`` with what was expected."""


def _longer(old: Setting, new: Setting) -> Setting:
    return replace(new, value=tuple(dict.fromkeys([*old.value, *new.value])))


COMBINED: dict[str, Callable[[Setting, Setting], Setting]] = {
    "off": _longer,
    "ignore": _longer,
    "learn": lambda old, new: new if old.value else old,
    "styles": lambda old, new: replace(new, value=old.value | new.value),
}
"""Settings that add to what was said before. What is left alone anywhere is left alone: no stronger place undoes it."""


def load_settings(
    flags: Mapping[str, Any] | None = None,
    *,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    user_file: Path | None = None,
    files: Literal["all", "user", "none"] = "all",
) -> Settings:
    """All settings for a program started in ``folder`` with ``flags``, of which those that are ``None`` don't count.

    Of ``files`` those of the project do not count, or none does. Raises :class:`SettingError` naming the flag, variable or
    file that holds an invalid value.
    """
    found = {name: Setting(name, default, "default") for name, (default, _) in SETTINGS.items()}
    sources = [] if files == "none" else [user_source(user_file)]
    if files == "all":
        sources += project_sources(folder or Path.cwd())
    filed = [(name, value, source.origin) for source in sources for name, value in source.table.items()]
    given = [
        *_from_environment(os.environ if environment is None else environment),
        *((name, value, f"--{name.replace('_', '-')}") for name, value in (flags or {}).items() if value is not None),
    ]
    for name, value, origin in [*filed, *given]:
        setting = check_setting(name, value, origin)
        if name in COMBINED:
            setting = COMBINED[name](found[name], setting)
        found[name] = setting
    said = {name for name, _, _ in given}
    return Settings(found, tuple(line for source in sources for name, line in source.ignored if name not in said))


def check_setting(name: str, value: Any, origin: str) -> Setting:
    """The setting ``name`` with a ``value`` from ``origin``; raises :class:`SettingError` that names all three."""
    if name not in SETTINGS:
        raise SettingError(f"{origin} has the setting {reprlib.repr(name)}; expected one of {', '.join(SETTINGS)}")
    try:
        return Setting(name, SETTINGS[name][1](value), origin)
    except ValueError as error:
        raise SettingError(f"{origin} sets {name} to {reprlib.repr(value)}; expected {error}") from None


def _from_environment(environment: Mapping[str, str]) -> list[tuple[str, Any, str]]:
    # RNNCOMPLETE_STYLES is the folder of styles, and no variable holds a table.
    variables = [(name, f"RNNCOMPLETE_{name.upper()}") for name in SETTINGS if name != "styles"]
    return [(name, environment[variable], variable) for name, variable in variables if environment.get(variable)]
