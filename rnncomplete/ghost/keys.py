"""The keys that accept, dismiss and ask for ghosts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from prompt_toolkit.application.current import get_app
from prompt_toolkit.filters import Condition, Filter, emacs_insert_mode, emacs_mode, vi_insert_mode
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.key_binding.bindings.named_commands import get_by_name
from prompt_toolkit.keys import Keys

from rnncomplete.ghost.secrecy import is_secret
from rnncomplete.text.printing import displayable
from rnncomplete.text.words import next_word

if TYPE_CHECKING:
    from collections.abc import Callable

    from prompt_toolkit.buffer import Buffer
    from prompt_toolkit.key_binding.key_processor import KeyPressEvent

    from rnncomplete.ghost.suggest import RNNAutoSuggest


def next_line(text: str) -> str:
    """The first line of ``text`` that has something in it, with the line ends before it."""
    blank = len(text) - len(text.lstrip("\n"))
    end = text.find("\n", blank)
    return text if end < 0 else text[:end]


def next_character(text: str) -> str:
    """The first character of ``text``."""
    return text[:1]


def whole(text: str) -> str:
    """All of ``text``."""
    return text


@dataclass(frozen=True)
class Acceptance:
    """Keys that accept a part of the ghost."""

    keys: tuple[tuple[str, ...], ...]
    """As prompt_toolkit writes them; ``escape`` before another is Alt."""
    names: str
    """As people write them."""
    part: Callable[[str], str]
    """What is accepted of the ghost."""
    what: str
    """What it does, for people."""


ACCEPTANCES = (
    Acceptance((("right",), ("c-f",), ("c-e",), ("end",)), "Right, Ctrl-F, Ctrl-E, End", whole, "accept the ghost"),
    Acceptance((("escape", "f"), ("c-right",)), "Alt-F, Ctrl-Right", next_word, "accept its next word"),
    Acceptance((("escape", "right"), ("escape", "e")), "Alt-Right, Alt-E", next_line, "accept its next line"),
    Acceptance((("c-g",),), "Ctrl-G", next_character, "accept one character"),
)

MOVEMENTS = (
    (("right",), "forward-char"),
    (("c-f",), "forward-char"),
    (("c-e",), "end-of-line"),
    (("end",), "end-of-line"),
    (("escape", "f"), "forward-word"),
    (("c-right",), "forward-word"),
)
"""What keys do where no ghost is shown."""

OTHER_KEYS = (
    ("Esc", "dismiss the ghost, for good at this place"),
    ("Alt-], Alt-[", "another ghost, the one before"),
    ("Alt-\\", "ask for a ghost here"),
    ("Alt-G", "ghosts on or off while typing"),
)


def help_rows() -> list[tuple[str, str]]:
    """(keys, what they do) of every key for ghosts, for people."""
    rows = [(item.names, item.what) for item in ACCEPTANCES]
    rows[0] = (rows[0][0] + ", Tab", rows[0][1])
    return [*rows, *OTHER_KEYS]


def ghost_bindings(suggest: RNNAutoSuggest, takes_tab: Filter) -> KeyBindings:
    """The bindings; ``takes_tab`` says when Tab accepts a ghost."""
    bindings = KeyBindings()
    typing = (emacs_insert_mode | vi_insert_mode) & ~Condition(lambda: is_secret(get_app().current_buffer))
    shown = Condition(lambda: bool(ghost_of(get_app().current_buffer))) & typing
    for acceptance in ACCEPTANCES:
        for keys in acceptance.keys:
            bindings.add(*keys, filter=shown)(_accepting(suggest, acceptance.part))
    bindings.add("tab", filter=shown & takes_tab)(_accepting(suggest, whole))

    blank = Condition(lambda: bool(suggest.watch(get_app().current_buffer).blank)) & typing

    @bindings.add(Keys.Any, filter=blank)
    def _go_on(event: KeyPressEvent) -> None:
        suggest.watch(event.current_buffer).go_on(event.data * event.arg)

    # prompt_toolkit's own keys at the end of a text, which would accept what nobody sees.
    hidden = Condition(lambda: get_app().current_buffer.suggestion is not None) & ~shown & (emacs_mode | vi_insert_mode)
    for keys, command in MOVEMENTS:
        bindings.add(*keys, filter=hidden)(get_by_name(command))

    @bindings.add("escape", "\\", filter=typing)
    def _ask(event: KeyPressEvent) -> None:
        event.app.create_background_task(suggest.ask(event.current_buffer))

    def cycling(step: int) -> Callable[[KeyPressEvent], None]:
        def cycle(event: KeyPressEvent) -> None:
            event.app.create_background_task(suggest.cycle(event.current_buffer, step))

        return cycle

    bindings.add("escape", "]", filter=typing)(cycling(1))
    bindings.add("escape", "[", filter=typing)(cycling(-1))

    @bindings.add("escape", "g", filter=typing)
    def _switch(event: KeyPressEvent) -> None:
        suggest.automatic = not suggest.automatic
        if not suggest.automatic:
            suggest.watch(event.current_buffer).forget()
        event.app.invalidate()

    return bindings


def ghost_of(buffer: Buffer) -> str:
    """The ghost to be seen at the cursor of ``buffer`` now: none with a menu open, text selected, or in a secret."""
    if buffer.suggestion is None or is_menu_open(buffer) or buffer.selection_state is not None or is_secret(buffer):
        return ""
    return fit_suggestion(buffer)


def fit_suggestion(buffer: Buffer) -> str:
    """What of the suggestion of ``buffer``, if there is one, may be sent to a terminal."""
    before = buffer.text[: buffer.cursor_position][-1:]
    return displayable(buffer.suggestion.text, before) if buffer.suggestion is not None else ""


def is_menu_open(buffer: Buffer) -> bool:
    """Whether completions are shown; while they are only being looked for, there is no menu yet."""
    return buffer.complete_state is not None and bool(buffer.complete_state.completions)


def _accepting(suggest: RNNAutoSuggest, part: Callable[[str], str]) -> Callable[[KeyPressEvent], None]:
    """A key's handler; prompt_toolkit saves the text for undoing before each, so an acceptance is undone by itself."""

    def accept(event: KeyPressEvent) -> None:
        suggest.watch(event.current_buffer).accept(part(fit_suggestion(event.current_buffer)))

    return accept
