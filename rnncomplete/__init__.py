"""Recurrent networks that finish your sentences in ghost text while you type, locally.

What a program needs is here; importing the package itself loads nothing heavy::

    from prompt_toolkit import PromptSession
    from rnncomplete import RNNAutoSuggest

    PromptSession(auto_suggest=RNNAutoSuggest(style="shakespeare")).prompt("> ")
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rnncomplete.completion.completer import Completer, load_completer
    from rnncomplete.ghost.attaching import install, uninstall
    from rnncomplete.ghost.suggest import RNNAutoSuggest

__all__ = ["Completer", "RNNAutoSuggest", "install", "load_completer", "uninstall"]

_HOMES = {
    "Completer": "rnncomplete.completion.completer",
    "RNNAutoSuggest": "rnncomplete.ghost.suggest",
    "install": "rnncomplete.ghost.attaching",
    "load_completer": "rnncomplete.completion.completer",
    "uninstall": "rnncomplete.ghost.attaching",
}

# What IPython and xonsh look for in the package they are told to load.
_HOOKS = {
    "load_ipython_extension": "rnncomplete.hosts.ipython",
    "unload_ipython_extension": "rnncomplete.hosts.ipython",
    "_load_xontrib_": "rnncomplete.hosts.xonsh",
    "_unload_xontrib_": "rnncomplete.hosts.xonsh",
}


def __getattr__(name: str) -> object:
    home = _HOMES.get(name) or _HOOKS.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(home), name)
