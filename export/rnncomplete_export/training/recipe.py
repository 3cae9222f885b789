"""Recipes: how a style is trained, and what its card says, in a TOML file."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any, get_type_hints

from rnncomplete.errors import SettingError
from rnncomplete_export.texts.named_texts import TEXTS
from rnncomplete_export.training.configuration import DEFAULT_EPOCHS, RANGES, TrainingConfig
from rnncomplete_export.training.toml_file import check_facts, names_in, read_toml

PACKAGE = "rnncomplete_export.recipes"
DESCRIPTIONS = ("description", "corpus_name", "licence", "lexer")

KINDS = {
    "text": "TEXT or --labels",
    "pairs": "--pairs",
    "pictures": "--pictures of a folder of pictures with captions",
    "drawings": "--pictures of a folder of drawings",
}
"""What is trained on, and how that is given."""


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
    kind: str = "text"
    """One of :data:`KINDS`."""

    def check_kind(self, given: str) -> None:
        """Raise :class:`SettingError` if what is ``given``, one of :data:`KINDS`, is not what it is for."""
        if given != self.kind:
            raise SettingError(
                f"the recipe {self.name} is for {self.kind}, beside {KINDS[given]}; expected {KINDS[self.kind]}, or a recipe "
                f'of yours with kind = "{given}"'
            )

    def about_texts(self, texts: tuple[Path, ...]) -> dict[str, str]:
        """What of ``about`` is true of a style that learns ``texts``: of other texts than its own, only the lexer.

        A recipe that is called as a text by name describes that text; any other one, whatever it is used for.
        """
        own = self.name not in TEXTS or (texts == (Path(self.name),) and not texts[0].exists())
        return {name: value for name, value in self.about.items() if own or name == "lexer"}


def list_recipes() -> list[str]:
    """Names of the recipes that come with rnncomplete."""
    return names_in(files(PACKAGE))


def load_recipe(name: str) -> Recipe:
    """The recipe called ``name``, or in the file ``name``; raises :class:`SettingError`."""
    facts = read_toml("recipe", name, files(PACKAGE))
    training = facts.pop("training", {})
    where = f"the recipe {name}"
    check_facts(facts, dict.fromkeys(("from", "kind", *DESCRIPTIONS), str), where, RANGES)
    base = facts.pop("from", None)
    kind = facts.pop("kind", "text")
    if kind not in KINDS:
        raise SettingError(f"{where} has kind = {kind!r}; expected one of {', '.join(KINDS)}")
    check_facts(training, get_type_hints(TrainingConfig), where, RANGES)
    return Recipe(Path(name).name.removesuffix(".toml"), facts, training, base, kind)


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
