"""Ghosts in IPython: ``%load_ext rnncomplete``, then ``%rnncomplete`` to change the style or switch them off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rnncomplete.errors import RnncompleteError, SettingError
from rnncomplete.hosts.choice import PATIENCE, open_suggest, tell
from rnncomplete.styles import expect_style

if TYPE_CHECKING:
    from collections.abc import Callable

    from rnncomplete.ghost.suggest import RNNAutoSuggest

USAGE = "%rnncomplete [style NAME | on | off]"
MAGIC = "rnncomplete"

REMEMBERED = 100
"""Inputs that the network reads before what is being typed."""


def load_ipython_extension(shell: Any) -> None:
    """What ``%load_ext rnncomplete`` calls with the running IPython."""
    if getattr(shell, "pt_app", None) is None:  # without a terminal, or with --simple-prompt
        tell("this IPython has no prompt that could show ghosts; start it in a terminal")
        return
    ghosts = Ghosts(shell)
    ghosts.do("on")
    shell.rnncomplete_ghosts = ghosts
    shell.register_magic_function(ghosts.do, "line", MAGIC)


def unload_ipython_extension(shell: Any) -> None:
    """What ``%unload_ext rnncomplete`` calls."""
    if (ghosts := getattr(shell, "rnncomplete_ghosts", None)) is not None:
        ghosts.do("off")
        del shell.rnncomplete_ghosts
        del shell.magics_manager.magics["line"][MAGIC]


class Ghosts:
    """The ghosts of one IPython, and the magic command for them."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._style: str | None = None
        self._suggest: RNNAutoSuggest | None = None
        self._detach: Callable[[], None] | None = None
        self._former: Any = None

    def do(self, line: str) -> None:
        """Show or change what makes ghosts here: ``style NAME``, ``on`` or ``off``."""
        word, _, name = line.strip().partition(" ")
        try:
            if word == "style" and name.strip():
                self._use(name.strip())
            elif (action := {"on": self._on, "off": self._off, "": self._tell}.get(line.strip())) is not None:
                action()
            else:
                raise SettingError(f"{line.strip()!r} is nothing to do with ghosts; expected {USAGE}")
        except RnncompleteError as error:
            tell(str(error))

    def _on(self) -> None:
        if self._suggest is not None:
            return
        from rnncomplete.ghost.attaching import attach

        self._suggest, problem = open_suggest(self._style, context=self._context)
        session, self._former = self._shell.pt_app, self._shell.auto_suggest
        if hasattr(self._former, "disconnect"):
            self._former.disconnect()
        # IPython's own keys for suggestions look here whether they are meant.
        self._shell.auto_suggest = session.auto_suggest = self._suggest
        self._detach = attach(session.app, session.default_buffer, self._suggest)
        if problem is not None:
            tell(problem)

    def _off(self) -> None:
        if self._detach is None or self._suggest is None:
            return
        self._detach()
        self._suggest.close()
        session = self._shell.pt_app
        self._shell.auto_suggest = session.auto_suggest = self._former
        if hasattr(self._former, "connect"):
            self._former.connect(session)
        self._suggest = self._detach = self._former = None

    def _use(self, name: str) -> None:
        expect_style(name)  # a wrong name is to be told before anything changes
        self._style = name
        if self._suggest is None:
            self._on()
        else:
            self._suggest.use(name, patience=PATIENCE)
            if self._suggest.problem is not None:
                self._tell()

    def _tell(self) -> None:
        if self._suggest is None:
            tell("off; %rnncomplete on brings ghosts back")
        elif self._suggest.problem is not None:
            tell(f"no ghosts from a network: {self._suggest.problem}")
        else:
            tell(f"ghosts from the history, then from the style {self._suggest.style!r}; {USAGE}")

    def _context(self) -> str:
        """The inputs before this one, as they were typed."""
        inputs = self._shell.history_manager.input_hist_raw[1:][-REMEMBERED:]
        return "".join(f"{text.rstrip()}\n" for text in inputs if text.strip() and text.lstrip()[0] not in "%!?")
