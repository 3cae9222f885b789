"""Ghost text for any prompt_toolkit program.

One argument is enough::

    PromptSession(auto_suggest=RNNAutoSuggest(style="shakespeare"))

For ghosts of several lines and in the middle of a line, and for keys that accept a word or a line, call
:func:`rnncomplete.install` on the session instead.
"""

from __future__ import annotations

import asyncio
import dataclasses
import weakref
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from prompt_toolkit.auto_suggest import AutoSuggest, Suggestion

from rnncomplete.completion.learning_job import Learning
from rnncomplete.completion.worker import Background, Request, one_line
from rnncomplete.files import at_home
from rnncomplete.ghost.buffer_ghost import Tally, Watch, call_on_loop, resolve
from rnncomplete.ghost.rules import Trail
from rnncomplete.ghost.secrecy import is_drawn, is_secret
from rnncomplete.styles import AUTO
from rnncomplete.text.words import next_word

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from prompt_toolkit.buffer import Buffer
    from prompt_toolkit.document import Document

    from rnncomplete.completion.completes import Completes
    from rnncomplete.completion.learning_job import Study
    from rnncomplete.completion.sources import Source

ALTERNATIVES = 5
"""How many ghosts there are to choose from at most."""


def no_context() -> str:
    """The context of a text that stands alone."""
    return ""


class RNNAutoSuggest(AutoSuggest):
    """Ghost text by a recurrent network, computed in a thread of its own.

    The style is loaded in that thread when the first ghost is asked for, or by :meth:`start`. If it cannot be loaded,
    the prompt works on without ghosts and ``problem`` says why in one line.

    The style ``auto`` is whichever finds the text least surprising (:mod:`rnncomplete.completion.auto`).

    ``completer`` is used in place of a style's, if given; ``decoding`` goes to
    :func:`~rnncomplete.completion.completer.load_completer`, such as ``length`` and ``threshold``. ``context()`` is text that the network reads before that of
    the buffer; ``source`` is what both together are about, as :meth:`write_about` says; ``when(document)`` says whether to show ghosts there; ``first(buffer)`` is asked before the network, must
    be quick, and returns a ghost or nothing; ``changed()`` is called, from another thread, when
    the style has been loaded or could not be, while files are learned from, and after each ghost.

    ``learn_from`` names files and folders to learn from in the background, as :meth:`learn` does.

    A program that wraps this in a ``ConditionalAutoSuggest`` loses the thread, and with it the ghosts: use ``when``.
    """

    def __init__(
        self,
        style: str = "shakespeare",
        *,
        completer: Completes | None = None,
        device: str = "auto",
        context: Callable[[], str] = no_context,
        source: Source | None = None,
        when: Callable[[Document], bool] | None = None,
        first: Callable[[Buffer], str] | None = None,
        changed: Callable[[], None] | None = None,
        learn_from: Sequence[str | Path] = (),
        **decoding: float | None,
    ) -> None:
        self.context = context
        self.when = when
        self.first = first
        self.changed = changed
        self.automatic = True
        """Whether typing alone brings ghosts; otherwise only :meth:`ask` does."""
        self.anywhere = False
        """Whether ghosts may have several lines and stand before other text. A plain prompt cannot draw that."""
        self.source = source
        """What is written about, if that was said; :meth:`write_about` says it."""
        self.tally = Tally()
        self._learning = Learning([at_home(path) for path in learn_from], self._has_changed)
        self._decoding: dict[str, Any] = decoding
        self._complaints: dict[str, str] = {}
        """What the program's own functions raised when they were last called, by name."""
        self._buffers: WeakKeyDictionary[Buffer, Watch] = WeakKeyDictionary()
        self._use(style, device, completer)

    def use(
        self, style: str, device: str = "auto", *, completer: Completes | None = None, patience: float = 0.0
    ) -> None:
        """Change to another style and begin to load it, as :meth:`start` does."""
        self.close()
        self.source = None
        self._learning.again()
        self._use(style, device, completer)
        self.start(patience)

    def write_about(self, source: Source) -> None:
        """What is written is about ``source`` from now on, until another style is used: a text, a picture, or "" for nothing.

        Raises :class:`~rnncomplete.errors.StyleError` if the style, as far as it is loaded, does not write about such.
        """
        from rnncomplete.network.source_kind import expect_source

        if self.completer is not None:
            expect_source(self.completer.card, source)
        self.source = source
        for watch in self._buffers.values():
            watch.forget()

    def _use(self, style: str, device: str, completer: Completes | None) -> None:
        decoding = self._decoding

        def load() -> Completes:
            if completer is not None:
                return completer
            if style == AUTO:
                from rnncomplete.completion.auto import load_auto

                return load_auto(device, **decoding)
            from rnncomplete.completion.completer import load_completer

            return load_completer(style, device, **decoding)

        # The thread must not keep alive whom it works for: it ends with them.
        method = weakref.WeakMethod(self._has_changed)

        def changed() -> None:
            if (tell := method()) is not None:
                tell()

        self.style = style
        self._background = background = Background(load, changed)
        weakref.finalize(self, background.close)

    def start(self, patience: float = 0.0) -> None:
        """Begin to load the style, if that has not begun, and wait for it at most ``patience`` seconds."""
        self._background.start()
        self._learning.begin(self._loaded)
        if patience:
            self._background.wait(patience)

    def learn(self, paths: Sequence[Path]) -> None:
        """Learn from the texts among ``paths``, files and folders, too; all is counted in a thread of its own.

        Ghosts are made without them until then. ``study`` tells how far it is, and ``changed`` is called.
        """
        self._background.start()
        self._learning.add(paths, self._loaded)

    @property
    def study(self) -> Study | None:
        """What is being, or has been, learned from files."""
        return self._learning.study

    def forget(self) -> None:
        """Go on without what files have taught."""
        self._learning.forget()
        if self.completer is not None:
            self.completer.forget_files()

    @property
    def _loaded(self) -> Callable[[], Completes | None]:
        """What waits for the style of now, and gives its completer if there will be one."""
        background = self._background

        def loaded() -> Completes | None:
            background.wait()
            return background.completer

        return loaded

    def close(self) -> None:
        """Give up what is being computed, and forget all ghosts."""
        self._background.close()
        self._learning.stop()
        for watch in self._buffers.values():
            watch.forget()

    @property
    def completer(self) -> Completes | None:
        """What computes the ghosts; ``None`` while it is being loaded, and if that failed."""
        return self._background.completer

    @property
    def problem(self) -> str | None:
        """Why there are no ghosts, or not all, in one line; ``None`` if all is well."""
        return self._background.problem or next(iter(self._complaints.values()), None)

    @property
    def reading(self) -> bool:
        """Whether a text takes long to be read, so that its ghost is still to come."""
        return self._background.reading

    @property
    def readout(self) -> tuple[str, float] | None:
        """The label of what is being written, and how likely it is, if the style tells labels."""
        return self._background.readout

    @property
    def milliseconds(self) -> float | None:
        """How long the last ghost took."""
        return self._background.milliseconds

    def get_suggestion(self, buffer: Buffer, document: Document) -> Suggestion | None:
        """What is known without computing: some programs ask this on their event loop."""
        if buffer not in self._buffers or not self._allowed(buffer, document):
            return None
        watch = self._buffers[buffer]
        ghost = watch.trail.recall(document.text_before_cursor, document.text_after_cursor)
        return Suggestion(ghost) if ghost and watch.may_show(ghost) else None

    async def get_suggestion_async(self, buff: Buffer, document: Document) -> Suggestion | None:
        """The ghost at the cursor; its first word is shown before this returns the whole."""
        if not self.automatic or not self._allowed(buff, document):
            return None
        # prompt_toolkit asks again when the text has changed meanwhile, however it has.
        if not self.watch(buff).typed:
            return self.watch(buff).suggestion
        return await self._compute(buff, document)

    async def greet(self, buffer: Buffer) -> None:
        """Show a ghost behind the text that a prompt begins with, as if it had just been typed."""
        document = buffer.document
        if (document.text or self.source is not None) and not self.watch(buffer).trail.rest:
            self.watch(buffer).typed = True
            suggestion = await self.get_suggestion_async(buffer, document)
            if buffer.document == document and buffer.suggestion != suggestion:
                buffer.suggestion = suggestion
                buffer.on_suggestion_set.fire()

    async def ask(self, buffer: Buffer) -> None:
        """Compute and show a ghost now, even if typing alone brings none, one was dismissed here or none is likely."""
        document = buffer.document
        if not self._allowed(buffer, document):
            return
        self.watch(buffer).trail = Trail()
        await self._compute(buffer, document, insisting=True)
        if buffer.document == document:
            self.watch(buffer).write()

    async def cycle(self, buffer: Buffer, step: int) -> None:
        """Show another ghost at the cursor, ``step`` further in the list of the likeliest; the first if there is none."""
        watch, document = self.watch(buffer), buffer.document
        if not self._allowed(buffer, document) or self._background.problem:
            return
        if not watch.choices:
            first = watch.trail.rest
            if not first:
                watch.trail = Trail()  # one that was dismissed here is asked for
            texts = await self._request(buffer, document, ALTERNATIVES)
            if buffer.document != document:
                return
            # The one that was there comes first, whether or not it is the likeliest.
            others = [text for text in texts if not first or next_word(text) != next_word(first)]
            watch.choices = [text for text in ([first, *others] if first else others) if watch.may_show(text)]
            step = step if first else 0
        watch.choose(step)

    def dismiss(self, buffer: Buffer) -> None:
        """Hide the ghost of ``buffer``; none is shown at this place again."""
        self.watch(buffer).dismiss()

    def watch(self, buffer: Buffer) -> Watch:
        """What follows the changes of ``buffer``, from now on if it was not followed yet."""
        if buffer not in self._buffers:
            self._buffers[buffer] = Watch(buffer, self)
        return self._buffers[buffer]

    def leave(self, buffer: Buffer) -> None:
        """Follow the changes of ``buffer`` no more."""
        if (watch := self._buffers.pop(buffer, None)) is not None:
            watch.close()
            if self.completer is not None:
                self.completer.close(watch.identity)

    def decide(self, **decoding: Any) -> None:
        """Make ghosts otherwise from now on: ``length``, ``threshold``, ``budget_ms``, in styles to come, too."""
        self._decoding |= decoding
        if self.completer is not None:
            self.completer.options = dataclasses.replace(self.completer.options, **decoding)

    async def _compute(self, buffer: Buffer, document: Document, *, insisting: bool = False) -> Suggestion | None:
        watch = self.watch(buffer)
        if watch.trail.recall(document.text_before_cursor, document.text_after_cursor):
            return watch.suggestion
        if watch.trail.is_dismissed(document.text_before_cursor, document.text_after_cursor):
            return None
        if (ghost := self._ask("first", self.first, str, buffer)) and not watch.was_secret(document, ghost):
            watch.offer(ghost)
            if watch.suggestion is not None:
                return watch.suggestion
        if self._background.problem:
            return None
        await self._request(buffer, document, insisting=insisting)
        return watch.suggestion

    async def _request(
        self, buffer: Buffer, document: Document, alternatives: int = 0, *, insisting: bool = False
    ) -> list[str]:
        """Ask for a ghost, which is shown as it grows, or for several, which are only returned."""
        watch = self.watch(buffer)
        loop = asyncio.get_running_loop()
        done = loop.create_future()
        texts: list[str] = []

        def show(text: str) -> None:
            texts.append(blank + text)
            if not alternatives:
                watch.show(request, blank + text)

        blank = watch.blank
        request = Request(
            self.read_context() + document.text_before_cursor + blank,
            show=lambda text: call_on_loop(loop, show, text),
            finish=lambda: call_on_loop(loop, resolve, done),
            document=watch.identity,
            source=self.source,
            alternatives=alternatives,
            insisting=insisting,
        )
        watch.begin(request, done, document)
        self._background.ask(request)
        try:
            await done
        finally:
            request.alive = False
        return texts

    def _allowed(self, buffer: Buffer, document: Document) -> bool:
        if is_secret(buffer) or not is_drawn():
            return False
        return (self.anywhere or document.is_cursor_at_the_end) and self.is_place(document)

    def read_context(self) -> str:
        """The text before that of a buffer; nothing if the program cannot tell it."""
        return self._ask("context", self.context, str) or ""

    def is_place(self, document: Document) -> bool:
        """Whether there may be ghosts in ``document``; not if the program cannot tell."""
        return self.when is None or bool(self._ask("when", self.when, object, document))

    def _has_changed(self) -> None:
        self._ask("changed", self.changed, object)

    def _ask(self, name: str, function: Callable[..., Any] | None, kind: type, *arguments: object) -> Any:
        """What ``function``, given by the program as ``name``, answers; ``None`` and a :attr:`problem` if it fails.

        It is called at each key: what it raises must not stop the prompt.
        """
        if function is None:
            return None
        try:
            answer = function(*arguments)
            if not isinstance(answer, kind | None):
                raise TypeError(f"expected a {kind.__name__}, and got {answer!r}")
        except Exception as error:
            self._complaints[name] = f"{name} of the program fails: {one_line(error)}"
            return None
        self._complaints.pop(name, None)
        return answer
