"""The commands of the prompt: their names, arguments and completions."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from prompt_toolkit.completion import CompleteEvent, Completer, Completion, PathCompleter
from prompt_toolkit.document import Document

from rnncomplete.errors import SettingError
from rnncomplete.styles import AUTO, list_styles
from rnncomplete.text.printing import printable
from rnncomplete.text.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterable

QUOTED = 40
"""Characters of what somebody has typed that a message repeats, at most."""

CHANGEABLE = ("length", "threshold", "budget_ms")
"""Settings that ``:set`` changes."""


@dataclass(frozen=True)
class Command:
    """One command."""

    name: str
    argument: str
    """For people; brackets mean that it may be left out."""
    what: str
    """What it does, for people."""


COMMANDS = (
    Command("style", "[NAME]", "change the style (auto: what suits the text), or show it"),
    Command("styles", "", "list the styles"),
    Command("stages", "[NAME]", "how it learned"),
    Command("readout", "", "what moved its label"),
    Command("picture", "[FILE]", "describe it"),
    Command("source", "[TEXT]", "translate this"),
    Command("generate", "[N]", "let it write N characters (500); Ctrl-C stops it"),
    Command("open", "FILE", "take the text of a file as the document"),
    Command("learn", "[PATH]", "learn from files, or tell what was learned (off: forget it)"),
    Command("save", "FILE", "write the document to a file; :save! replaces one"),
    Command("show", "", "print the document"),
    Command("edit", "", "change it in $EDITOR"),
    Command("undo", "", "undo its last change"),
    Command("clear", "", "begin a new document"),
    Command("set", "[NAME VALUE]", f"change how ghosts are made: {', '.join(CHANGEABLE)}"),
    Command("stats", "", "show what ghosts saved"),
    Command("help", "", "show commands and keys"),
    Command("quit", "", "leave, as Ctrl-D does"),
)


MEANT = {
    **dict.fromkeys(("q", "q!", "wq", "x", "exit", "bye"), "quit"),
    **dict.fromkeys(("w", "write"), "save"),
    **dict.fromkeys(("e", "o", "load"), "open"),
    **dict.fromkeys(("h", "?"), "help"),
}
"""What those mean who type the commands of other programs."""


def is_command(line: str) -> bool:
    """Whether ``line`` is a command and not a line of the document. Code is indented before one can type a colon."""
    return line.lstrip(" \t").startswith(":") and not line.lstrip(" \t").startswith("::")


def unescaped(line: str) -> str:
    """The line of the document that ``line`` stands for: two colons at its beginning are one, blanks alone nothing."""
    text = line.lstrip(" \t")
    return "" if not line.strip() else line[: len(line) - len(text)] + text[text.startswith("::") :]


def parse(line: str) -> tuple[str, str]:
    """The name of the command in ``line``, perhaps with ``!`` behind it, and its argument.

    Raises :class:`SettingError` if there is no such command, or the argument is missing or too much.
    """
    if "\n" in line.strip():
        lines = counted(line.strip().count("\n") + 1, "line")
        raise SettingError(f"a command has one line, and this has {lines}; :: begins a text with a colon")
    name, _, argument = line.strip()[1:].strip().partition(" ")
    argument = argument.strip()
    found = {command.name: command for command in COMMANDS} | {"save!": Command("save", "FILE", "")}
    if name not in found:
        near = [MEANT[name]] if name in MEANT else difflib.get_close_matches(name, found, n=1)
        hint = f"did you mean :{near[0]}? " if near else ""
        shown = shortened(name)
        raise SettingError(f"there is no command :{shown}; {hint}:help lists them, and :: begins a line with a colon")
    command = found[name]
    if argument and not command.argument:
        raise SettingError(f":{name} takes no argument, and {shortened(argument)!r} was given")
    if not argument and command.argument and not command.argument.startswith("["):
        raise SettingError(f":{name} needs an argument: :{name} {command.argument}")
    return name, argument


def shortened(argument: str) -> str:
    """``argument`` as a message of one line quotes it."""
    return argument if len(argument) <= QUOTED else argument[:QUOTED] + "…"


class CommandCompleter(Completer):
    """Completes commands, and the styles, files and settings that are their arguments."""

    def __init__(self) -> None:
        self._paths = PathCompleter(expanduser=True)

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        """Completions of the line if it is a command."""
        line = document.text_before_cursor.lstrip(" \t")
        if not is_command(line) or "\n" in line:
            return
        name, blank, argument = line[1:].partition(" ")
        if not blank:
            for command in COMMANDS:
                if command.name.startswith(name):
                    yield Completion(command.name, -len(name), display=":" + command.name, display_meta=command.what)
        elif name in ("open", "save", "save!", "learn", "picture", "source"):
            for path in self._paths.get_completions(Document(argument.lstrip("'\"")), complete_event):
                yield Completion(path.text, path.start_position, display=printable(path.display_text))
        else:
            for word in _arguments(name):
                if word.startswith(argument):
                    yield Completion(word, -len(argument))


def _arguments(name: str) -> list[str]:
    if name in ("style", "stages"):
        return [*([AUTO] if name == "style" else []), *(style.name for style in list_styles())]
    return [f"{setting} " for setting in CHANGEABLE] if name == "set" else []
