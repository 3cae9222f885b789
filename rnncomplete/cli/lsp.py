"""``rnncomplete lsp``: ghosts in editors, over the Language Server Protocol."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

import click

from rnncomplete.cli.options import style_options, tell


@click.command()
@style_options
@click.option(
    "--tcp",
    type=click.IntRange(0, 65535),
    metavar="PORT",
    help="Listen on this port of 127.0.0.1 (0 takes a free one).",
)
@click.option(
    "--log", type=click.Path(path_type=Path), metavar="FILE", help="Write what happens to FILE, no text of yours."
)
@click.option("--stdio", is_flag=True, help="Speak over stdin and stdout, which is the default.")
@click.pass_context
def lsp(
    context: click.Context, /, *, tcp: int | None, log: Path | None, stdio: bool, style: str | None, device: str | None
) -> None:
    r"""Serve ghosts to an editor: a language server with textDocument/inlineCompletion (LSP 3.18).

    Editors start it themselves. The style follows the language of each text, unless one is given; settings are those of
    the editor under "rnncomplete", and of rnncomplete.toml. See docs/editors.md for the lines of each editor.

    \b
    rnncomplete lsp
    rnncomplete lsp --style mine --log /tmp/rnncomplete.log
    rnncomplete lsp --tcp 8123
    """
    if stdio and tcp is not None:
        raise click.UsageError("--stdio and --tcp exclude each other; expected one of them")
    outer = context.find_root().obj or {}
    flags: dict[str, Any] = {"style": style or outer.get("style"), "device": device or outer.get("device")}
    if flags["style"]:
        from rnncomplete.styles import expect_style

        expect_style(flags["style"])
    # What is made from here until an editor is served stays for good: looking for garbage among it takes a sixth of the start.
    gc.disable()
    try:
        from rnncomplete.editors.streams import serve_stdio, serve_tcp
    except ModuleNotFoundError as error:
        raise click.ClickException(
            f"`rnncomplete lsp` needs {error.name}, which is not installed; type: pip install 'rnncomplete[lsp]'"
        ) from error
    if log is not None:
        from rnncomplete.editors.log import write_log

        write_log(log)
    if tcp is None:
        serve_stdio(flags)
    else:
        serve_tcp(flags, tcp, lambda port: tell(f"listening on 127.0.0.1:{port}"))
