"""Ghosts in ptpython. One line in its ``config.py`` is enough: ``from rnncomplete.hosts.ptpython import configure``."""

from __future__ import annotations

from typing import Any

from rnncomplete.hosts.choice import give_ghosts


def configure(repl: Any, style: str | None = None) -> None:
    """What ptpython calls with its ``PythonRepl``; a ``configure`` of your own can call this one.

    ``style`` is the name of a style; by default what the settings say, or else ``python``.
    """
    if give_ghosts(repl.app, repl.default_buffer, style):
        repl.enable_auto_suggest = True
