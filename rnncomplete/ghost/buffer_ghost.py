"""Following one buffer of prompt_toolkit: its ghost stays along with the text, and requests it has left are given up."""

from __future__ import annotations

import weakref
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

from prompt_toolkit.auto_suggest import Suggestion
from prompt_toolkit.document import Document

from rnncomplete.completion.showing import typed_by
from rnncomplete.ghost.rules import Trail
from rnncomplete.ghost.secrecy import is_secret

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from prompt_toolkit.buffer import Buffer

    from rnncomplete.completion.worker import Request


@dataclass
class Tally:
    """What the ghosts of a session were good for."""

    typed: int = 0
    """Characters that came into the text where there may be ghosts, typed, pasted or accepted."""
    accepted: int = 0
    """Characters that were accepted from ghosts."""
    saved: int = 0
    """Keystrokes: an acceptance of n characters saves n - 1."""
    shown: int = 0
    """Ghosts computed and shown."""


class Owner(Protocol):
    """What a :class:`Watch` needs of a :class:`~rnncomplete.ghost.suggest.RNNAutoSuggest`."""

    when: Callable[[Document], bool] | None
    automatic: bool
    anywhere: bool
    tally: Tally

    def read_context(self) -> str:
        """The text before that of the buffer."""

    def is_place(self, document: Document) -> bool:
        """Whether there may be ghosts in ``document``."""


class Acceptance(NamedTuple):
    """What was accepted, by which it is known again when it is undone or redone."""

    without: int
    """Hash of the text before it, with it not there."""
    text: int
    """Hash of the text with it."""
    characters: int


class Watch:
    """Follows one buffer on the event loop's thread: keeps its ghost along, and gives up requests it has left."""

    def __init__(self, buffer: Buffer, owner: Owner) -> None:
        self.identity = object()
        """The name of the document in the buffer."""
        self.trail = Trail()
        self.choices: list[str] = []
        """Ghosts to choose from at this place."""
        self.typed = True
        """Whether the last that happened was that text came in at the cursor."""
        self.blank = ""
        """What comes before the next word, if the next key is a letter: blanks that the ghost just accepted ended in."""
        self.veiled = False
        """Whether the ghost is hidden for the moment; what else happens to it goes on."""
        self.several_lines: Callable[[], bool] = buffer.multiline
        """Whether Enter begins another line, and does not end the text."""
        self._accepted: list[Acceptance] = []
        self._taken_back: list[Acceptance] = []
        self._buffer = weakref.ref(buffer)  # which holds this
        self._owner = owner
        self._context = ""
        self._length = len(buffer.text)
        self._grown = 0
        self._request: Request | None = None
        self._done: asyncio.Future[None] | None = None
        self._secrets: set[int] = set()
        """Hashes of what was typed as a secret: prompt_toolkit's history keeps that, but it must not become a ghost."""
        buffer.on_text_changed += self._text_changed
        buffer.on_text_insert += self._text_inserted
        buffer.on_cursor_position_changed += self._cursor_moved

    @property
    def suggestion(self) -> Suggestion | None:
        """What is to be shown at the cursor now."""
        rest = self.trail.rest if self._owner.anywhere else self.trail.rest.partition("\n")[0].rstrip()
        return Suggestion(rest) if rest.strip() and not self.veiled and self.may_show(rest) else None

    def may_show(self, ghost: str) -> bool:
        """Whether there may be ghosts still, once ``ghost`` or its first letter is accepted.

        Otherwise it would make of the text what its program does and does not take, such as a command.
        """
        buffer = self._buffer()
        if buffer is None or self._owner.when is None:
            return True
        before, after = place_of(buffer)
        first = len(ghost) - len(ghost.lstrip()) + 1
        places = (before + ghost[:first], before + ghost)
        return all(self._owner.is_place(Document(place + after, len(place))) for place in places)

    def accept(self, text: str) -> None:
        """Take ``text``, with which the ghost begins, into that of the buffer."""
        if (buffer := self._buffer()) is not None:
            buffer.insert_text(text)
            blank = "" if self.trail.rest else self.trail.blank
            # Where Enter ends the text, no line end comes of itself.
            self.blank = blank if "\n" not in blank or (self._owner.anywhere and self.several_lines()) else ""

    def go_on(self, text: str) -> None:
        """Take in ``text``, which was typed behind an accepted ghost: with the blank before it, if it begins a word."""
        buffer = self._buffer()
        if buffer is None:
            return
        with_blank = typed_by(text, self.blank)
        buffer.insert_text(with_blank)
        self._owner.tally.accepted += len(with_blank) - len(text)
        self._owner.tally.saved += len(with_blank) - len(text)

    def close(self) -> None:
        """Follow the buffer no more."""
        self.forget()
        if (buffer := self._buffer()) is not None:
            buffer.on_text_changed -= self._text_changed
            buffer.on_text_insert -= self._text_inserted
            buffer.on_cursor_position_changed -= self._cursor_moved

    def begin(self, request: Request, done: asyncio.Future[None], document: Document) -> None:
        """``request`` is for the ghost at ``document``; the future ``done`` is resolved when it is finished or left."""
        self._abandon()
        self._context = self._owner.read_context()
        self._request, self._done = request, done
        if not request.alternatives:
            self.trail.begin(document.text_before_cursor, document.text_after_cursor)

    def show(self, request: Request, text: str) -> None:
        """The ghost of ``request``, as far as it is known, is ``text``."""
        buffer = self._buffer()
        if request is not self._request or not request.alive or buffer is None:
            return
        if self.trail.move(*place_of(buffer)):
            # A buffer that is reset tells nobody, but the ghost is for what was there before.
            self._abandon()
            return
        before = self.trail.rest
        if not self.trail.grow(text):
            self._abandon()
        elif self.trail.rest != before:
            if not before and self.suggestion is not None:
                self._owner.tally.shown += 1
            self.write()

    def was_secret(self, document: Document, ghost: str) -> bool:
        """Whether ``ghost`` would complete what was once typed as a secret, as the whole text or as its line."""
        texts = (document.text_before_cursor + ghost, document.current_line_before_cursor + ghost)
        return any(hash(text) in self._secrets for text in texts)

    def choose(self, step: int) -> None:
        """Show another of ``choices``."""
        self.choices = self.choices[step:] + self.choices[:step]
        if self.choices:
            self.offer(self.choices[0])

    def offer(self, text: str) -> None:
        """Show ``text`` at the cursor, which is there without computing."""
        self._abandon()
        if (buffer := self._buffer()) is not None:
            self.trail.begin(*place_of(buffer))
            self.trail.grow(text)
            self.write()

    def dismiss(self) -> None:
        """Hide the ghost, and show none at this place again."""
        self.trail.dismiss()
        self.choices = []
        self._abandon()
        self.write()

    def veil(self) -> None:
        """Hide the ghost until it is known whether it is dismissed."""
        self.veiled = True
        self.write()

    def unveil(self) -> None:
        """Let the ghost be seen again."""
        self.veiled = False
        self.write()

    def forget(self) -> None:
        """Nothing known about ghosts is true any more."""
        self.veiled = False
        self.trail, self.choices, self.blank = Trail(), [], ""
        self._accepted, self._taken_back = [], []
        self._abandon()
        self.write(hidden=True, told=False)

    def write(self, *, hidden: bool = False, told: bool = True) -> None:
        """Give the buffer what is to be shown, or nothing if it is ``hidden``: nobody else of ours does.

        The program is ``told``, so that it draws, unless it draws anyway, as after every key.
        """
        if (buffer := self._buffer()) is not None:
            buffer.suggestion = None if hidden else self.suggestion
            if told:
                buffer.on_suggestion_set.fire()

    def _abandon(self) -> None:
        if self._request is not None:
            self._request.alive = False
        if self._done is not None:
            resolve(self._done)
        self._request = self._done = None

    def _text_inserted(self, buffer: Buffer) -> None:
        self.typed = True
        if is_secret(buffer):
            return
        if self._owner.is_place(buffer.document):
            # At least one; a buffer that is reset tells nobody, so that the length before may be another text's.
            self._owner.tally.typed += max(1, self._grown)

    def _text_changed(self, buffer: Buffer) -> None:
        self.typed, self.choices, self.blank = False, [], ""
        if is_secret(buffer):
            self._secrets.add(hash(buffer.text))
            self.forget()
            return
        before, after = place_of(buffer)
        if self._context != (context := self._owner.read_context()):
            self._context, self.trail, self._length = context, Trail(), len(before) + len(after)
            self._abandon()
        # prompt_toolkit has no event for undoing; but what was undone can be redone, until the next edit.
        undone = bool(getattr(buffer, "_redo_stack", ()))
        characters = self.trail.change(before, after, undone=undone)
        length, self._length = self._length, len(before) + len(after)
        self._grown = self._length - length
        if characters > 1:
            self._count(Acceptance(hash(before[:-characters] + after), hash(before + after), characters))
        elif undone or self._taken_back:
            self._count_anew(hash(before + after), undone=undone)
        if not self.trail.along:
            self._abandon()
        self.write(hidden=not (self._owner.automatic or self.trail.along), told=False)

    def _cursor_moved(self, buffer: Buffer) -> None:
        before, after = place_of(buffer)
        if self.trail.move(before, after):
            self.typed, self.choices, self.blank = False, [], ""
            self._abandon()
            self.write(hidden=True, told=False)

    def _count(self, acceptance: Acceptance, sign: int = 1) -> None:
        """Count ``acceptance``, or no longer."""
        (self._accepted if sign > 0 else self._taken_back).append(acceptance)
        self._owner.tally.accepted += sign * acceptance.characters
        self._owner.tally.saved += sign * (acceptance.characters - 1)

    def _count_anew(self, text: int, *, undone: bool) -> None:
        """Something was undone or redone, so that the text is ``text``: what was accepted with it counts no more, or again."""
        if undone and self._accepted and self._accepted[-1].without == text:
            acceptance = self._accepted.pop()
            self._owner.tally.typed -= acceptance.characters
            self._count(acceptance, -1)
        elif self._taken_back and self._taken_back[-1].text == text and self._grown == self._taken_back[-1].characters:
            acceptance = self._taken_back.pop()
            self._owner.tally.typed += acceptance.characters
            self._count(acceptance)


def place_of(buffer: Buffer) -> tuple[str, str]:
    """The text before the cursor, and behind it."""
    text, cursor = buffer.text, buffer.cursor_position
    return text[:cursor], text[cursor:]


def resolve(done: asyncio.Future[None]) -> None:
    """Let whoever waits for ``done`` go on."""
    if not done.done():
        done.set_result(None)


def call_on_loop(loop: asyncio.AbstractEventLoop, callback: Callable[..., None], *arguments: object) -> None:
    """Call back on the loop's thread, unless the loop has been closed meanwhile."""
    try:
        loop.call_soon_threadsafe(callback, *arguments)
    except RuntimeError:
        if not loop.is_closed():
            raise
