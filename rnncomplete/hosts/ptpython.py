"""Ghosts in ptpython. One line in its ``config.py`` is enough: ``from rnncomplete.hosts.ptpython import configure``."""

from __future__ import annotations

from typing import Any

from rnncomplete.errors import RnncompleteError
from rnncomplete.hosts.choice import open_suggest


def configure(repl: Any, style: str | None = None) -> None:
    """What ptpython calls with its ``PythonRepl``; a ``configure`` of your own can call this one.

    ``style`` is the name of a style; by default what the settings say, or else ``python``.
    """
    from rnncomplete.ghost import attach

    try:
        suggest, problem = open_suggest(style)
    except RnncompleteError as error:
        problem = str(error)
    else:
        repl.enable_auto_suggest = True
        attach(repl.app, repl.default_buffer, suggest)
    if problem is not None:
        print(f"rnncomplete: {problem}")  # noqa: T201 - said in the program's own terminal
