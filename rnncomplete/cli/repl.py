"""``rnncomplete repl``."""

from __future__ import annotations

from typing import Any

import click

from rnncomplete.cli.options import style_options


@click.command()
@style_options
@click.pass_context
def repl(context: click.Context, style: str | None, device: str | None) -> None:
    r"""Open a prompt with ghost text.

    \b
    rnncomplete repl --style shakespeare
    """
    open_repl((context.find_root().obj or {}) | {n: v for n, v in (("style", style), ("device", device)) if v})


def open_repl(flags: dict[str, Any]) -> None:
    """Open the prompt with the settings that ``flags`` and the files give."""
    from rnncomplete.repl import run
    from rnncomplete.settings import load_settings

    settings = load_settings(flags)
    run(style=settings.style, device=settings.device, colour=settings.colour, manual=settings.manual, **settings.decoding)
