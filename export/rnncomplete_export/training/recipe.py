"""Recipes: how a style is trained, and what its card says, in a TOML file."""

from __future__ import annotations

import dataclasses
import tomllib
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any, get_type_hints

from rnncomplete.errors import SettingError
from rnncomplete_export.texts.named_texts import TEXTS
from rnncomplete_export.training.configuration import DEFAULT_EPOCHS, RANGES, TrainingConfig, check_number

PACKAGE = "rnncomplete_export.recipes"
DESCRIPTIONS = ("description", "corpus_name", "licence", "lexer")


@dataclass(frozen=True)
class Recipe:
    """What a recipe file holds."""

    name: str
    about: dict[str, str] = field(default_factory=dict)
    """Any of :data:`DESCRIPTIONS`."""
    training: dict[str, Any] = field(default_factory=dict)
    """Fields of :class:`TrainingConfig`."""
    base: str | None = None
    """A style to start from."""

    def about_texts(self, texts: tuple[Path, ...]) -> dict[str, str]:
        """What of ``about`` is true of a style that learns ``texts``: of other texts than its own, only the lexer.

        A recipe that is called as a text by name describes that text; any other one, whatever it is used for.
        """
        own = self.name not in TEXTS or (texts == (Path(self.name),) and not texts[0].exists())
        return {name: value for name, value in self.about.items() if own or name == "lexer"}


def list_recipes() -> list[str]:
    """Names of the recipes that come with rnncomplete."""
    return sorted(item.name.removesuffix(".toml") for item in files(PACKAGE).iterdir() if item.name.endswith(".toml"))


def load_recipe(name: str) -> Recipe:
    """The recipe called ``name``, or in the file ``name``; raises :class:`SettingError`."""
    shipped = name in list_recipes()
    source = files(PACKAGE) / f"{name}.toml" if shipped else Path(name)
    try:
        facts = tomllib.loads(source.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise SettingError(
            f"there is no recipe {name!r}; expected a TOML file or one of: {', '.join(list_recipes())}"
        ) from None
    except (OSError, ValueError, RecursionError) as error:
        raise SettingError(f"cannot read the recipe {name} ({error}); expected a TOML file") from None
    training = facts.pop("training", {})
    _check(name, facts, dict.fromkeys(("from", *DESCRIPTIONS), str))
    base = facts.pop("from", None)
    _check(name, training, get_type_hints(TrainingConfig))
    return Recipe(name if shipped else Path(name).stem, facts, training, base)


def config_of(recipe: Recipe, limits: dict[str, Any], choices: dict[str, Any], characters: int) -> TrainingConfig:
    """The configuration of ``recipe``, with other ``limits`` (all of them) if there are any, and other ``choices``.

    Without a limit, a text of so many ``characters`` is read as often, and as patiently, as without a recipe.
    """
    values = {**recipe.training, **({"minutes": 0.0, "characters": 0} if limits else {}), **limits}
    if values.get("minutes") or values.get("characters"):
        values = {"patience": 0, **values}
    else:
        values["characters"] = DEFAULT_EPOCHS * characters
    return dataclasses.replace(TrainingConfig(**values), **choices)


def _check(name: str, facts: Any, expected: dict[str, type]) -> None:
    """Raise :class:`SettingError` unless ``facts`` holds only the keys and kinds of values that are ``expected``."""
    for key, value in facts.items():
        if key not in expected:
            raise SettingError(f"the recipe {name} holds {key!r}; expected some of: {', '.join(expected)}")
        kinds = (int, float) if expected[key] is float else expected[key]
        if not isinstance(value, kinds) or (isinstance(value, bool) and expected[key] is not bool):
            raise SettingError(
                f"the recipe {name} has {key} = {value!r}; expected a {expected[key].__name__} as TOML writes it"
            )
        if isinstance(value, (int, float)) and key in RANGES:
            check_number(value, RANGES[key], f"the recipe {name} has {key} =")
