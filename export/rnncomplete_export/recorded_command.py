"""The command that a card records: what somebody else would type, without anything that is only about this machine."""

from __future__ import annotations

import shlex
from pathlib import PurePath
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

if TYPE_CHECKING:
    from collections.abc import Sequence

UNRECORDED = (
    "runs",
    "save_seconds",
    "exports",
    "install",
    "replace",
    "resume",
    "log",
    "profile",
    "device",
    "threads",
    "devices",
    "nodes",
)
"""Options about places, habits and hardware, which change nothing of what is learned."""


def recorded_command(context: click.Context) -> str:
    """The command that ``context`` was made from: given options only, of paths only the names."""
    words = ["rnncomplete", context.command.name or ""]
    for parameter in context.command.params:
        name = parameter.name or ""
        given = context.get_parameter_source(name) == ParameterSource.COMMANDLINE
        if not given or name in UNRECORDED or context.params[name] is None:
            continue
        words += _words(parameter, context.params[name])
    return shlex.join(words)


def _words(parameter: click.Parameter, value: object) -> Sequence[str]:
    """What was typed for one parameter, of paths the last part."""
    values = list(value) if isinstance(value, (tuple, list)) else [value]
    if isinstance(parameter, click.Option) and parameter.is_flag:
        return [parameter.opts[0] if value else parameter.secondary_opts[0]]
    shown = [_name(item) if _is_path(parameter) else str(item) for item in values]
    if isinstance(parameter, click.Argument):
        return shown
    return [word for item in shown for word in (parameter.opts[-1], item)]


def _is_path(parameter: click.Parameter) -> bool:
    return isinstance(parameter.type, click.Path) or parameter.name in {"recipe", "base", "plan"}


def _name(path: object) -> str:
    """The last part of a path, as Unix and Windows write them."""
    return PurePath(str(path).replace("\\", "/")).name or "."
