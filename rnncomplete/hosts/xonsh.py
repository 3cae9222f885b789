"""Ghosts in xonsh: ``xontrib load rnncomplete``. The variable ``$RNNCOMPLETE_STYLE`` names the style."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rnncomplete.hosts.choice import give_ghosts

if TYPE_CHECKING:
    from collections.abc import Callable

_undo: list[Callable[[], None]] = []
"""What gives the prompt of this process back its own suggestions; a xontrib cannot keep that anywhere else."""


def _load_xontrib_(xsh: Any, **_: Any) -> dict[str, Any]:
    """What ``xontrib load rnncomplete`` calls."""

    @xsh.builtins.events.on_ptk_create  # type: ignore[untyped-decorator] # xonsh has no types
    def rnncomplete_ghosts(prompter: Any, **_: Any) -> None:
        if undo := give_ghosts(prompter.app, prompter.default_buffer, xsh.env.get("RNNCOMPLETE_STYLE")):
            _undo.append(undo)

    return {}


def _unload_xontrib_(xsh: Any, **_: Any) -> dict[str, Any]:  # noqa: ARG001 - xonsh's signature
    """What ``xontrib unload rnncomplete`` calls."""
    while _undo:
        _undo.pop()()
    return {}
