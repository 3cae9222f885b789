"""Plans as TOML files: those that come with rnncomplete, and one's own."""

from __future__ import annotations

import dataclasses
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, get_type_hints

from rnncomplete.errors import SettingError, StyleError
from rnncomplete.styles import STYLE_NAME, check_style_name
from rnncomplete_export.training import configuration
from rnncomplete_export.training.side_by_side.plan import (
    Plan,
    PlannedNetwork,
    PlannedRound,
    PlannedStyle,
    Shared,
    check_plan,
)
from rnncomplete_export.training.toml_file import check_facts, names_in, read_toml

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rnncomplete_export.training.toml_file import Facts

PACKAGE, FOLDER = "rnncomplete_export.recipes", "plans"

RANGES: Mapping[str, tuple[float, float]] = {
    **configuration.RANGES,
    "taught": (0, 1),
    "first_share": (0, 1),
    "share": (1e-6, 1e6),
    "hidden_size": (8, 4096),
    "learning_rate": (1e-9, 1),
    "longest": (0, 2**40),
    "held_out": (0, 2**40),
}
"""Smallest and largest of every number in a plan."""

DEFAULTS = ("learning_rate", "dropout", "weight_dropout", "weight_decay")
"""What ``[training]`` may say for all networks, beside what they share; each may say something else."""

T = TypeVar("T")


def list_plans() -> list[str]:
    """Names of the plans that come with rnncomplete."""
    return names_in(files(PACKAGE) / FOLDER)


def load_plan(name: str) -> Plan:
    """The plan called ``name``, or in the file ``name``; raises :class:`SettingError` if it is not a plan."""
    shipped = name in list_plans()
    facts = read_toml("plan", name, files(PACKAGE) / FOLDER)
    plan = _plan(name if shipped else Path(name).stem, facts)
    if not STYLE_NAME.fullmatch(plan.name):
        raise SettingError(
            f"the plan is called {plan.name!r}, as its file; expected lower case letters, digits, hyphens, underscores"
        )
    check_plan(plan)
    return plan if shipped else dataclasses.replace(plan, styles=_from_folder(plan.styles, Path(name).parent))


def _plan(name: str, facts: Facts) -> Plan:
    """What ``facts`` of a TOML file say."""
    where = f"the plan {name}"
    training = _table(facts.pop("training", {}), where, "training")
    tables = _table(facts.pop("styles", {}), where, "styles")
    shared = _fields(Shared)
    _check(training, {**shared, **{key: _fields(PlannedNetwork)[key] for key in DEFAULTS}}, f"{where}, training")
    defaults = {key: value for key, value in training.items() if key in DEFAULTS}
    rounds = facts.pop("rounds", [])
    if not isinstance(rounds, list) or not rounds:
        raise SettingError(f"{where} has no rounds; expected at least one table [[rounds]] with [[rounds.networks]]")
    made = tuple(_round(one, defaults, f"{where}, round {number}") for number, one in enumerate(rounds, 1))
    named = dict.fromkeys(network.style for one in made for network in one.networks)
    styles = {
        style: _style(style, _table(table, where, f"styles.{style}"), where)
        for style, table in {**{name: {} for name in named}, **tables}.items()
    }
    _check(facts, {key: _fields(Plan)[key] for key in ("seed", "minutes", "characters")}, where)
    return Plan(
        name=name,
        rounds=made,
        styles=styles,
        shared=Shared(**{key: value for key, value in training.items() if key in shared}),
        **facts,
    )


def _round(table: Any, defaults: Facts, where: str) -> PlannedRound:
    facts = dict(_table(table, where, "rounds"))
    networks = facts.pop("networks", [])
    if not isinstance(networks, list) or not networks:
        raise SettingError(f"{where} has no networks; expected at least one table [[rounds.networks]]")
    _check(facts, {key: kind for key, kind in _fields(PlannedRound).items() if key != "networks"}, where)
    made = []
    for number, one in enumerate(networks, 1):
        here = f"{where}, network {number}"
        own = {**defaults, **_table(one, here, "rounds.networks")}
        if "from" in own:
            own["base"] = own.pop("from")
        made.append(_made(PlannedNetwork, own, here))
    return PlannedRound(networks=tuple(made), **facts)


def _style(name: str, facts: Facts, where: str) -> PlannedStyle:
    try:
        check_style_name(name)
    except StyleError as error:
        raise SettingError(f"{where}, styles: {error}") from None
    return _made(PlannedStyle, {"text": name, **facts, "name": name}, f"{where}, styles.{name}")


def _from_folder(styles: Mapping[str, PlannedStyle], folder: Path) -> dict[str, PlannedStyle]:
    """``styles`` whose texts are sought from the plan's ``folder`` on, where they are not texts by name."""

    def found(path: str) -> str:
        return str((folder / path).absolute()) if path and (folder / path).exists() else path

    return {
        name: dataclasses.replace(
            style, text=found(style.text), labels=found(style.labels), validation=found(style.validation)
        )
        for name, style in styles.items()
    }


def _fields(kind: type) -> dict[str, type]:
    return get_type_hints(kind)


def _made(kind: type[T], facts: Facts, where: str) -> T:
    """A ``kind`` of ``facts``, which are checked; raises :class:`SettingError`."""
    _check(facts, _fields(kind), where)
    try:
        return kind(**facts)
    except TypeError as error:
        raise SettingError(f"{where} lacks something ({error}); give it a value") from None


def _table(value: Any, where: str, name: str) -> Facts:
    if not isinstance(value, dict):
        raise SettingError(f"{where} has {name} = {value!r}; expected a table")
    return value


def _check(facts: Facts, expected: Mapping[str, type], where: str) -> None:
    """As :func:`check_facts`, of what a plan says; there ``base`` is called ``from``."""
    known = {"from" if key == "base" else key: kind for key, kind in expected.items()}
    check_facts({"from" if key == "base" else key: value for key, value in facts.items()}, known, where, RANGES)
