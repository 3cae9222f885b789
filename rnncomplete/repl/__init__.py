"""The prompt to write in: ghost text from a style, and a document that grows line by line."""

from __future__ import annotations

import codecs
import io
import sys
from contextlib import nullcontext
from typing import Any

from rnncomplete.errors import UserError


def run(
    style: str,
    device: str = "auto",
    *,
    colour: str | None = None,
    editing_mode: str = "emacs",
    manual: bool = False,
    source: str = "",
    **decoding: Any,
) -> None:
    """Open the prompt and return when its user leaves.

    ``colour`` is that of ghosts, as prompt_toolkit writes it; ``editing_mode`` is "emacs" or "vi"; with ``manual``
    ghosts come only when asked for; ``source`` is what is translated, line by line; ``decoding`` goes to :func:`~rnncomplete.completion.completer.load_completer`. Raises
    :class:`UserError` without a terminal.
    """
    for stream, name, instead in (
        (sys.stdin, "stdin", "to complete a text from a pipe: rnncomplete complete < FILE"),
        (sys.stdout, "stdout", "to write a text into a file: rnncomplete generate > FILE"),
    ):
        if not stream.isatty():
            raise UserError(f"the prompt needs a terminal, and {name} is not one; {instead}")
        if isinstance(stream, io.TextIOWrapper) and codecs.lookup(stream.encoding).name == "ascii":
            # So says a locale that knows no more; but terminals do.
            stream.reconfigure(encoding="utf-8")

    from prompt_toolkit.application import create_app_session
    from prompt_toolkit.output.plain_text import PlainTextOutput
    from prompt_toolkit.utils import is_dumb_terminal

    from rnncomplete.repl.program import Repl

    # A terminal that knows no escape sequences is sent none.
    with create_app_session(output=PlainTextOutput(sys.stdout)) if is_dumb_terminal() else nullcontext():
        Repl(style, device, colour=colour, editing_mode=editing_mode, manual=manual, source=source, **decoding).run()
