"""Ghost text in prompt_toolkit: the only room below the programs that knows it.

``rnncomplete.ghost.attach`` shows ghosts in a buffer of a program that has no session.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rnncomplete.ghost.attaching import attach

__all__ = ["attach"]


def __getattr__(name: str) -> object:
    if name != "attach":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from rnncomplete.ghost.attaching import attach

    return attach
