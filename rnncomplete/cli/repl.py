"""``rnncomplete repl``."""

from __future__ import annotations

import os
import sys
import threading
from typing import Any

import click

from rnncomplete.cli.options import (
    learn_option,
    settings_from,
    source_option,
    source_text,
    static_option,
    style_about,
    style_options,
)


@click.command()
@style_options
@static_option
@learn_option
@source_option
@click.pass_context
def repl(context: click.Context, /, static: bool, source: str | None, **flags: Any) -> None:
    r"""Open a prompt with ghost text.

    \b
    rnncomplete repl --style shakespeare
    rnncomplete repl --style auto                  whichever style suits what you type
    rnncomplete repl --learn-from ~/src/project    with the names and phrases of those files
    rnncomplete repl --style english-french --source letter.txt    translate it line by line
    """
    open_repl(context, static=static, source=source, **flags)


def open_repl(context: click.Context, *, static: bool = False, source: str | None = None, **flags: Any) -> None:
    """Open the prompt with the settings that ``flags`` and the files give."""
    from rnncomplete.repl import run

    if source:
        flags["style"] = style_about(context, flags.get("style"), "text")
    settings = settings_from(context, **flags)
    about = _checked_source(source, settings.style) if source else ""
    run(
        style=settings.style,
        device=settings.device,
        colour=settings.colour,
        editing_mode=settings.editing_mode,
        manual=settings.manual,
        source=about,
        static=static,
        learn_from=() if static else settings.learn_from,
        **settings.decoding,
    )
    end_process()


def _checked_source(source: str, style: str) -> str:
    """The text that is translated; raises ``RnncompleteError`` before the prompt opens, if the style has no source."""
    from rnncomplete.errors import StyleError
    from rnncomplete.network.loading import read_card
    from rnncomplete.network.source_kind import expect_source
    from rnncomplete.styles import AUTO, find_style

    text = source_text(source)
    if style == AUTO:
        raise StyleError("no style with a source is chosen by itself; expected --style NAME, of one that translates")
    expect_source(read_card(find_style(style)), text)
    return text


def end_process() -> None:
    """Leave at once if a style is still being loaded or a ghost computed.

    Python ends threads of this kind wherever they are; inside ONNX Runtime that can bring the process down by a signal.
    """
    from rnncomplete.completion.worker import FAREWELL_SECONDS, THREAD_NAME

    threads = [thread for thread in threading.enumerate() if thread.name == THREAD_NAME]
    for thread in threads:
        thread.join(FAREWELL_SECONDS)
    if any(thread.is_alive() for thread in threads):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)
