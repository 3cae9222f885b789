"""TOML files that come with rnncomplete or are somebody's own: found by name, read, and checked against types and ranges."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnncomplete.errors import SettingError
from rnncomplete.network.facts import conform
from rnncomplete_export.training.configuration import check_number

if TYPE_CHECKING:
    from collections.abc import Mapping
    from importlib.resources.abc import Traversable

Facts = dict[str, Any]


def names_in(folder: Traversable) -> list[str]:
    """Names of the files in ``folder``, without their ending."""
    return sorted(item.name.removesuffix(".toml") for item in folder.iterdir() if item.name.endswith(".toml"))


def read_toml(kind: str, name: str, folder: Traversable) -> Facts:
    """What the file called ``name`` in ``folder``, or else the file ``name``, holds.

    Raises :class:`SettingError`, in which it is a ``kind``: a recipe, say.
    """
    shipped = names_in(folder)
    source = folder / f"{name}.toml" if name in shipped else Path(name)
    try:
        return tomllib.loads(source.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise SettingError(
            f"there is no {kind} {name!r}; expected a TOML file or one of: {', '.join(shipped)}"
        ) from None
    except (OSError, ValueError, RecursionError) as error:
        raise SettingError(f"cannot read the {kind} {name} ({error}); expected a TOML file") from None


def check_facts(
    facts: Facts, expected: Mapping[str, type], where: str, ranges: Mapping[str, tuple[float, float]]
) -> None:
    """Raise :class:`SettingError` unless ``facts`` holds only keys, kinds and sizes of values that are ``expected``."""
    for key, value in facts.items():
        if key not in expected:
            raise SettingError(f"{where} holds {key!r}; expected some of: {', '.join(expected)}")
        kind = expected[key]
        if type(value) in (int, float) and key in ranges:
            check_number(value, ranges[key], f"{where} has {key} =")
        try:
            conform(value, kind, key)
        except ValueError:
            raise SettingError(f"{where} has {key} = {value!r}; expected a {kind.__name__} as TOML writes it") from None
