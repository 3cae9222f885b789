"""``rnncomplete repl``."""

from __future__ import annotations

from typing import Any

import click

from rnncomplete.cli.options import static_option, style_options


@click.command()
@style_options
@static_option
@click.pass_context
def repl(context: click.Context, /, static: bool, style: str | None, device: str | None) -> None:
    r"""Open a prompt with ghost text.

    \b
    rnncomplete repl --style shakespeare
    rnncomplete repl --style auto                  whichever style suits what you type
    """
    open_repl(
        (context.find_root().obj or {}) | {n: v for n, v in (("style", style), ("device", device)) if v}, static=static
    )


def open_repl(flags: dict[str, Any], *, static: bool = False) -> None:
    """Open the prompt with the settings that ``flags`` and the files give."""
    from rnncomplete.repl import run
    from rnncomplete.settings import load_settings

    settings = load_settings(flags)
    run(
        style=settings.style,
        device=settings.device,
        colour=settings.colour,
        manual=settings.manual,
        static=static,
        **settings.decoding,
    )
