"""The prompt itself: reads a line, adds it to the document or does what it commands, and again."""

from __future__ import annotations

import contextvars
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from prompt_toolkit import PromptSession
from prompt_toolkit.enums import DEFAULT_BUFFER, EditingMode
from prompt_toolkit.filters import Condition, emacs_insert_mode, has_focus, vi_insert_mode
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.utils import is_dumb_terminal

from rnncomplete.completion.sources import source_line
from rnncomplete.errors import RnncompleteError, TextError
from rnncomplete.ghost.attaching import install
from rnncomplete.ghost.buffer_ghost import call_on_loop
from rnncomplete.ghost.drawing import TAB_STOP
from rnncomplete.ghost.keys import ghost_of
from rnncomplete.ghost.suggest import RNNAutoSuggest
from rnncomplete.network.source_kind import suits
from rnncomplete.repl.actions import Actions
from rnncomplete.repl.commands import CommandCompleter, is_command, parse, unescaped
from rnncomplete.repl.history import StyleHistory, unsaved_path
from rnncomplete.repl.look import Tabs, colours, cut, indent_of, lexer_named, say, short, toolbar
from rnncomplete.repl.manuscript import Manuscript
from rnncomplete.repl.signals import leaving_by_signal, noted_interruption
from rnncomplete.repl.typeahead import unseen_typeahead
from rnncomplete.text.printing import printable

if TYPE_CHECKING:
    from prompt_toolkit.application import Application
    from prompt_toolkit.formatted_text import StyleAndTextTuples
    from prompt_toolkit.key_binding.key_processor import KeyPressEvent

    from rnncomplete.completion.completes import Completes
    from rnncomplete.network.card import Card

WELCOME = "Right or Tab takes the grey text, Ctrl-Right a word of it. :help tells more."
DUMB_WELCOME = "This terminal (TERM=dumb) draws no grey text, so there are no ghosts. :help tells more."

MENU_LINES = 8
"""Lines kept free for the menu of commands, a third of the terminal at most."""


class Repl:
    """A prompt with a style and a document, which translates ``source`` line by line.

    ``completer`` is used in place of the style's, if given.
    """

    def __init__(
        self,
        style: str,
        device: str = "auto",
        *,
        completer: Completes | None = None,
        colour: str | None = None,
        editing_mode: str = "emacs",
        manual: bool = False,
        source: str = "",
        **decoding: Any,
    ) -> None:
        self.manuscript = Manuscript()
        self.session: PromptSession[str] = PromptSession(
            history=StyleHistory(style),
            completer=CommandCompleter(),
            complete_while_typing=Condition(lambda: is_command(self.session.default_buffer.text)),
            style=colours(colour),
            bottom_toolbar=lambda: toolbar(self.suggest),
            input_processors=[Tabs(TAB_STOP, char1=" ", char2=" ")],
            key_bindings=self._bindings(),
            enable_suspend=True,
            editing_mode=EditingMode(editing_mode.upper()),
            prompt_continuation="  ",
        )
        self.suggest = RNNAutoSuggest(
            style,
            completer=completer,
            device=device,
            context=lambda: self.manuscript.text,
            source=source or None,
            when=lambda document: not is_command(document.text),
            changed=self._changed,
            **decoding,
        )
        self.suggest.automatic = not manual
        writing = Condition(lambda: not is_command(self.session.default_buffer.text))
        install(self.session, suggest=self.suggest, tab=writing)
        self._actions = Actions(self.session, self.suggest, self.manuscript, device)
        self.session.app.before_render += self._leave_room_for_menu
        self._card: Card | None = None
        self._told: str | None = None
        self._inside: contextvars.Context | None = None

    def run(self) -> None:
        """Prompt until its user leaves."""
        self.suggest.start()
        typeahead = unseen_typeahead(self.session.input.fileno())
        with leaving_by_signal(self._leave), noted_interruption(self._actions.interruption), typeahead:
            say(DUMB_WELCOME if is_dumb_terminal() else WELCOME)
            self._converse()

    def _converse(self) -> None:
        while not self._actions.left:
            try:
                self.enter(self._line())
            except KeyboardInterrupt:
                continue
            except EOFError:
                break
            except RnncompleteError as error:
                say(str(error))

    def _line(self) -> str:
        """What is entered next."""
        if is_dumb_terminal():
            self._tell()  # only between lines: nothing that was drawn can be drawn anew
        try:
            line: str = self.session.prompt(
                self._prompt,
                default=self._indentation(),
                pre_run=self._remember_context,
            )
        except SystemExit:  # a signal: what was typed so far is not a line yet, but is not lost
            if not is_command(typed := self.session.default_buffer.text):
                self.manuscript.add(unescaped(typed))
            raise
        return line

    def _prompt(self) -> StyleAndTextTuples:
        """What stands before the line: above it the one that it translates, if any."""
        row = self.session.default_buffer.document.cursor_position_row
        above = cut(printable(source_line(self.suggest.source, self.manuscript.line + row)))
        sign: StyleAndTextTuples = [("class:prompt", "+ " if self.manuscript.mid_line else "> ")]
        return [("class:source", f"  {above}\n"), *sign] if above.strip() else sign

    def _leave(self) -> None:
        """Leaving asks nothing and loses nothing."""
        if self.manuscript.unsaved:
            self._keep_unsaved()
        self.suggest.close()

    def _keep_unsaved(self) -> None:
        path = unsaved_path()
        try:
            self.manuscript.keep(path)
            told = f"the document was not saved; until the next one that is not, it is kept in\n{short(path)}"
        except TextError as error:
            told = f"the document was not saved: {error}"
        with suppress(OSError):  # the terminal may have gone
            for line in told.split("\n"):
                say(line)

    def enter(self, line: str) -> None:
        """Do what ``line`` says, or add it to the document."""
        if is_command(line):
            self._actions.do(*parse(line))
        else:
            self.manuscript.add(unescaped(line) + "\n")

    def _indentation(self) -> str:
        """Code goes on where the line before began."""
        if self.session.lexer is None or self.manuscript.mid_line:
            return ""
        line = self.manuscript.last_line
        return line[: len(line) - len(line.lstrip(" \t"))]

    def _indents(self) -> bool:
        """Whether Tab indents: in code where there is no ghost to accept."""
        buffer = self.session.default_buffer
        return self.session.lexer is not None and not is_command(buffer.text) and not ghost_of(buffer)

    def _leave_room_for_menu(self, app: Application[str]) -> None:
        self.session.reserve_space_for_menu = min(MENU_LINES, app.output.get_size().rows // 3)

    def _remember_context(self) -> None:
        self._inside = contextvars.copy_context()
        self._tell()

    def _changed(self) -> None:
        """Called in the background thread."""
        if (completer := self.suggest.completer) is not None and completer.card is not self._card:
            self._card = completer.card
            self.session.lexer = lexer_named(completer.card.lexer)
        app = self.session.app
        app.invalidate()
        if (
            self._news is not None
            and self._inside is not None
            and not is_dumb_terminal()
            and (loop := app.loop) is not None
        ):
            call_on_loop(loop, self._inside.copy().run, self._tell)

    @property
    def _news(self) -> str | None:
        """Why there are no ghosts, or why they are not what they might be, in one line."""
        if self.suggest.problem is not None:
            return f"no ghosts: {self.suggest.problem}"
        if (completer := self.suggest.completer) is None:
            return None
        if self.suggest.source is not None and not suits(completer.card, self.suggest.source):
            return f"the style {completer.card.style} has no such source; expected one that has, or :source off"
        return completer.note

    def _tell(self) -> None:
        """Say what is new once, above the prompt."""
        news = self._news
        if news is not None and news != self._told:
            self._told = news
            if is_dumb_terminal():
                say(news)
                return
            # Not run_in_terminal: that lets the terminal echo what is typed meanwhile.
            app = self.session.app
            app.renderer.erase()
            say(news)
            app.renderer.request_absolute_cursor_position()
            app.invalidate()

    def _bindings(self) -> KeyBindings:
        bindings = KeyBindings()

        inserting = has_focus(DEFAULT_BUFFER) & (emacs_insert_mode | vi_insert_mode)

        @bindings.add("tab", filter=Condition(self._indents) & inserting)
        def _indent(event: KeyPressEvent) -> None:
            event.current_buffer.insert_text(indent_of(self.manuscript.text, self._card.lexer if self._card else None))

        @bindings.add("escape", "enter")
        def _newline(event: KeyPressEvent) -> None:
            event.current_buffer.newline(copy_margin=self.session.lexer is not None)

        return bindings
