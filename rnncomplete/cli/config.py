"""``rnncomplete config``: the settings, and where each came from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from rnncomplete.cli.options import print_json, print_text, settings_from, style_options

if TYPE_CHECKING:
    from typing import Any


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
        print_json({name: {"value": setting.value, "origin": setting.origin} for name, setting in settings.items()})
        return
    values = {name: "(its own)" if item.value is None else f"{item.value}" for name, item in settings.items()}
    names, width = max(map(len, values)), max(map(len, values.values()))
    for name, value in values.items():
        print_text(f"{name:{names}}  {value:{width}}  {settings[name].origin}")
