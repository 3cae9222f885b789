"""Which style a shell uses, and how it is given ghosts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rnncomplete.errors import RnncompleteError, StyleError
from rnncomplete.hosts.history import from_history
from rnncomplete.settings import load_settings
from rnncomplete.styles import DEFAULT_STYLE, expect_style, find_style
from rnncomplete.text.printing import one_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from prompt_toolkit.application import Application
    from prompt_toolkit.buffer import Buffer

    from rnncomplete.ghost.suggest import RNNAutoSuggest

CODE_STYLE = "python"
"""The style of shells unless a setting names another."""

PATIENCE = 5.0
"""Seconds to wait for a style. Shells replace ``sys.stdout`` while they prompt, and loading may do the same meanwhile;
whoever puts it back last would lose what the user prints."""


def choose_style(style: str | None = None) -> tuple[str, str | None]:
    """The style to use, and a line to tell where that is not the one wished for.

    ``style`` is what the program's own settings say. Raises :class:`~rnncomplete.errors.SettingError`.
    """
    setting = load_settings({"style": style}).all["style"]
    wanted = CODE_STYLE if setting.origin == "default" else str(setting.value)
    try:
        expect_style(wanted)
    except StyleError as missing:
        try:
            find_style(DEFAULT_STYLE)
        except StyleError:
            return wanted, f"no ghosts from a network: {missing}"
        return DEFAULT_STYLE, f"{missing}; using {DEFAULT_STYLE!r}"
    return wanted, None


def open_suggest(style: str | None = None, **options: Any) -> tuple[RNNAutoSuggest, str | None]:
    """Ghosts for a shell, of its history first, and a line to tell or ``None``.

    ``options`` go to :class:`~rnncomplete.RNNAutoSuggest`.
    """
    from rnncomplete.ghost.suggest import RNNAutoSuggest

    name, problem = choose_style(style)
    settings = load_settings()
    for line in settings.ignored:
        tell(line)
    suggest = RNNAutoSuggest(
        name,
        device=settings.device,
        first=from_history,
        learn_from=settings.learn_from,
        **settings.decoding,
        **options,
    )
    suggest.automatic = not settings.manual
    suggest.start(PATIENCE)
    if problem is None and suggest.problem is not None:
        problem = f"no ghosts from a network: {suggest.problem}"
    return suggest, problem


def give_ghosts(app: Application[Any], buffer: Buffer, style: str | None = None) -> Callable[[], None] | None:
    """Show ghosts in ``buffer`` of ``app``, and tell in a line what is wrong; returns what takes them away again."""
    from rnncomplete.ghost.attaching import attach

    try:
        suggest, problem = open_suggest(style)
    except RnncompleteError as error:
        tell(str(error))
        return None
    if problem is not None:
        tell(problem)
    detach = attach(app, buffer, suggest)

    def take_away() -> None:
        detach()
        suggest.close()

    return take_away


def tell(text: str) -> None:
    """One line in the program's own terminal."""
    print(f"rnncomplete: {one_line(text)}")  # noqa: T201 - a shell has no other place to tell its user something
