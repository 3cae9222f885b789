"""Ghost text for any prompt_toolkit program.

One argument is enough::

    PromptSession(auto_suggest=RNNAutoSuggest(style="shakespeare"))

For ghosts of several lines and in the middle of a line, and for keys that accept a word or a line, call
:func:`rnncomplete.install` on the session instead.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from prompt_toolkit.auto_suggest import AutoSuggest, Suggestion

from rnncomplete.background import Background, Grower, Request
from rnncomplete.trail import Trail

if TYPE_CHECKING:
    from collections.abc import Callable

    from prompt_toolkit.buffer import Buffer
    from prompt_toolkit.document import Document


@dataclass
class Tally:
    """What the ghosts of a session were good for."""

    typed: int = 0
    """Characters that came into the text, typed or accepted."""
    accepted: int = 0
    """Characters that were accepted from ghosts."""
    saved: int = 0
    """Keystrokes: an acceptance of n characters saves n - 1."""
    shown: int = 0
    """Ghosts computed and shown."""


def no_context() -> str:
    """The context of a text that stands alone."""
    return ""


class RNNAutoSuggest(AutoSuggest):
    """Ghost text by a recurrent network, computed in a thread of its own.

    The style is loaded in that thread when the first ghost is asked for, or by :meth:`start`. If it cannot be loaded,
    the prompt works on without ghosts and ``problem`` says why in one line.

    ``completer`` is used in place of a style's, if given; ``decoding`` goes to
    :func:`~rnncomplete.completer.load_completer`, such as ``length`` and ``threshold``. ``context()`` is text that the network reads before that of
    the buffer; ``when(document)`` says whether to show ghosts there; ``changed()`` is called, from another thread, when
    the style has been loaded or could not be, and after each ghost.

    A program that wraps this in a ``ConditionalAutoSuggest`` loses the thread, and with it the ghosts: use ``when``.
    """

    def __init__(
        self,
        style: str = "shakespeare",
        *,
        completer: Grower | None = None,
        device: str = "auto",
        context: Callable[[], str] = no_context,
        when: Callable[[Document], bool] | None = None,
        changed: Callable[[], None] | None = None,
        **decoding: float | None,
    ) -> None:
        self.context = context
        self.when = when
        self.changed = changed
        self.automatic = True
        """Whether typing alone brings ghosts; otherwise only :meth:`ask` does."""
        self.anywhere = False
        """Whether ghosts may have several lines and stand before other text. A plain prompt cannot draw that."""
        self.tally = Tally()
        self._decoding: dict[str, Any] = decoding
        self._buffers: WeakKeyDictionary[Buffer, _Watch] = WeakKeyDictionary()
        self._use(style, device, completer)

    def use(self, style: str, device: str = "auto", *, completer: Grower | None = None) -> None:
        """Change to another style and begin to load it."""
        self.close()
        self._use(style, device, completer)
        self.start()

    def _use(self, style: str, device: str, completer: Grower | None) -> None:
        def load() -> Grower:
            if completer is not None:
                return completer
            from rnncomplete.completer import load_completer

            return load_completer(style, device, **self._decoding)

        self.style = style
        self._background = Background(load, self._has_changed)

    def start(self) -> None:
        """Begin to load the style, if that has not begun."""
        self._background.start()

    def close(self) -> None:
        """Give up what is being computed, and forget all ghosts."""
        self._background.close()
        for watch in self._buffers.values():
            watch.forget()

    @property
    def completer(self) -> Grower | None:
        """What computes the ghosts; ``None`` while it is being loaded, and if that failed."""
        return self._background.completer

    @property
    def problem(self) -> str | None:
        """Why there are no ghosts, in one line; ``None`` if all is well."""
        return self._background.problem

    @property
    def milliseconds(self) -> float | None:
        """How long the last ghost took."""
        return self._background.milliseconds

    def get_suggestion(self, buffer: Buffer, document: Document) -> Suggestion | None:
        """What is known without computing: some programs ask this on their event loop."""
        if buffer not in self._buffers or not self._allowed(document):
            return None
        ghost = self._buffers[buffer].trail.recall(document.text_before_cursor, document.text_after_cursor)
        return Suggestion(ghost) if ghost else None

    async def get_suggestion_async(self, buff: Buffer, document: Document) -> Suggestion | None:
        """The ghost at the cursor; its first word is shown before this returns the whole."""
        if not self.automatic or not self._allowed(document):
            return None
        # prompt_toolkit asks again when the text has changed meanwhile, however it has.
        if not self.watch(buff).typed:
            return self.watch(buff).suggestion
        return await self._compute(buff, document)

    async def ask(self, buffer: Buffer) -> None:
        """Compute and show a ghost now, even if typing alone brings none, or one was dismissed here."""
        document = buffer.document
        if not self._allowed(document):
            return
        self.watch(buffer).trail = Trail()
        suggestion = await self._compute(buffer, document)
        if buffer.document == document:
            buffer.suggestion = suggestion
            buffer.on_suggestion_set.fire()

    def dismiss(self, buffer: Buffer) -> None:
        """Hide the ghost of ``buffer``; none is shown at this place again."""
        self.watch(buffer).dismiss()

    def watch(self, buffer: Buffer) -> _Watch:
        """What follows the changes of ``buffer``, from now on if it was not followed yet."""
        if buffer not in self._buffers:
            self._buffers[buffer] = _Watch(buffer, self)
        return self._buffers[buffer]

    async def _compute(self, buffer: Buffer, document: Document) -> Suggestion | None:
        watch = self.watch(buffer)
        if watch.trail.recall(document.text_before_cursor, document.text_after_cursor):
            return watch.suggestion
        if watch.trail.is_dismissed(document.text_before_cursor, document.text_after_cursor) or self.problem:
            return None
        loop = asyncio.get_running_loop()
        done = loop.create_future()
        request = Request(
            self.context() + document.text_before_cursor,
            show=lambda text: call_on_loop(loop, watch.show, request, text),
            finish=lambda: call_on_loop(loop, _resolve, done),
        )
        watch.begin(request, done, document)
        self._background.ask(request)
        try:
            await done
        finally:
            request.alive = False
        return watch.suggestion

    def _allowed(self, document: Document) -> bool:
        return (self.anywhere or document.is_cursor_at_the_end) and (self.when is None or self.when(document))

    def _has_changed(self) -> None:
        if self.changed is not None:
            self.changed()


class _Watch:
    """Follows one buffer on the event loop's thread: keeps its ghost along, and gives up requests it has left."""

    def __init__(self, buffer: Buffer, owner: RNNAutoSuggest) -> None:
        self.trail = Trail()
        self.typed = True
        """Whether the last that happened was that text came in at the cursor."""
        self._buffer = buffer
        self._owner = owner
        self._context = ""
        self._length = len(buffer.text)
        self._request: Request | None = None
        self._done: asyncio.Future[None] | None = None
        buffer.on_text_changed += self._text_changed
        buffer.on_text_insert += self._text_inserted
        buffer.on_cursor_position_changed += self._cursor_moved

    @property
    def suggestion(self) -> Suggestion | None:
        """What is to be shown at the cursor now."""
        rest = self.trail.rest if self._owner.anywhere else self.trail.rest.partition("\n")[0]
        return Suggestion(rest) if rest.strip() else None

    def begin(self, request: Request, done: asyncio.Future[None], document: Document) -> None:
        """``request`` is for the ghost at ``document``; the future ``done`` is resolved when it is finished or left."""
        self._abandon()
        self._context = self._owner.context()
        self._request, self._done = request, done
        self.trail.begin(document.text_before_cursor, document.text_after_cursor)

    def show(self, request: Request, text: str) -> None:
        """The ghost of ``request``, as far as it is known, is ``text``."""
        if request is not self._request or not request.alive:
            return
        before = self.trail.rest
        if not self.trail.grow(text):
            self._abandon()
        elif self.trail.rest != before:
            if not before and self.trail.rest:
                self._owner.tally.shown += 1
            self._set()

    def dismiss(self) -> None:
        """Hide the ghost, and show none at this place again."""
        self.trail.dismiss()
        self._abandon()
        self._set()

    def forget(self) -> None:
        """Nothing known about ghosts is true any more."""
        self.trail = Trail()
        self._abandon()
        self._buffer.suggestion = None

    def _set(self) -> None:
        self._buffer.suggestion = self.suggestion
        self._buffer.on_suggestion_set.fire()

    def _abandon(self) -> None:
        if self._request is not None:
            self._request.alive = False
        if self._done is not None:
            _resolve(self._done)
        self._request = self._done = None

    def _text_inserted(self, _: Buffer) -> None:
        self.typed = True

    def _text_changed(self, buffer: Buffer) -> None:
        self.typed = False
        before, after = self._place()
        if self._context != (context := self._owner.context()):
            self._context, self.trail, self._length = context, Trail(), 0
            self._abandon()
        # prompt_toolkit has no event for undoing; but what was undone can be redone, until the next edit.
        undone = bool(getattr(buffer, "_redo_stack", ()))
        characters = self.trail.change(before, after, undone=undone)
        length, self._length = self._length, len(before) + len(after)
        tally = self._owner.tally
        tally.typed += 0 if undone else max(0, self._length - length)
        if characters > 1:
            tally.accepted += characters
            tally.saved += characters - 1
        if not self.trail.along:
            self._abandon()
        buffer.suggestion = self.suggestion if self._owner.automatic or self.trail.along else None

    def _cursor_moved(self, buffer: Buffer) -> None:
        before, after = self._place()
        if self.trail.move(before, after):
            self.typed = False
            self._abandon()
            buffer.suggestion = None

    def _place(self) -> tuple[str, str]:
        text, cursor = self._buffer.text, self._buffer.cursor_position
        return text[:cursor], text[cursor:]


def _resolve(done: asyncio.Future[None]) -> None:
    if not done.done():
        done.set_result(None)


def call_on_loop(loop: asyncio.AbstractEventLoop, callback: Callable[..., None], *arguments: object) -> None:
    """Call back on the loop's thread, unless the loop has been closed meanwhile."""
    try:
        loop.call_soon_threadsafe(callback, *arguments)
    except RuntimeError:
        if not loop.is_closed():
            raise
