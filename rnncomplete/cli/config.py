"""``rnncomplete config``: the settings, and where each came from."""

from __future__ import annotations

from typing import Any

import click

from rnncomplete.cli.options import print_json, print_text, settings_from, style_options
from rnncomplete.text.printing import one_line


@click.command()
@style_options
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def config(context: click.Context, /, as_json: bool, **flags: Any) -> None:
    r"""Show each setting, its value, and where that came from.

    \b
    rnncomplete config
    RNNCOMPLETE_STYLE=linux rnncomplete config --json
    """
    settings = settings_from(context, **flags).all
    if as_json:
        plain = {name: _plain(setting.value) for name, setting in settings.items()}
        print_json({name: {"value": plain[name], "origin": setting.origin} for name, setting in settings.items()})
        return
    values = {name: one_line(_words(item.value)) for name, item in settings.items()}
    names, width = max(map(len, values)), max(map(len, values.values()))
    for name, value in values.items():
        print_text(f"{name:{names}}  {value:{width}}  {one_line(settings[name].origin)}")


def _plain(value: Any) -> Any:
    return [str(item) for item in value] if isinstance(value, tuple) else value


def _words(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "(nothing)"
    return "(its own)" if value is None else str(value)
