"""A style that completes texts: one network and what it remembers, shared by as many documents as are open."""

from __future__ import annotations

import threading
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from rnncomplete.completion.adaptive_reader import alphabet_of
from rnncomplete.completion.decoder import DecoderOptions, Ghost
from rnncomplete.completion.document import Document, Knowledge
from rnncomplete.completion.installing import check_memory_of, unpack_memory
from rnncomplete.completion.prefix_cache import always
from rnncomplete.completion.sources import Contexts
from rnncomplete.mixing.core import compiled_core, why_no_core
from rnncomplete.network.loading import load_network
from rnncomplete.network.source_kind import expect_source
from rnncomplete.styles import DEFAULT_STYLE, find_style

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator
    from pathlib import Path

    from rnncomplete.completion.file_memory import Learned
    from rnncomplete.completion.sources import Source
    from rnncomplete.mixing.memory import CorpusMemory
    from rnncomplete.network.card import Card
    from rnncomplete.network.model import FloatArray, Model

DOCUMENT_BYTES = 160 * 2**20
"""Bytes that what is known of all open documents may take; the least recently used is forgotten first."""


class Completer:
    """Completes texts in one style. Safe to share among threads.

    Each text has a document of its own (:meth:`open`), so that going from one to another costs nothing. With only one
    text, call :meth:`complete` and its siblings, which are those of the document ``None``.

    ``options`` say when a ghost ends; by default with the threshold of the style's card. With ``static`` the network
    stands alone; otherwise what the text before the cursor teaches is mixed in, with ``memory``, what the style
    remembers of the text that it was trained on, and ``learned``, what files have taught. What is known of documents
    takes at most ``document_bytes``.
    """

    def __init__(
        self,
        model: Model,
        options: DecoderOptions | None = None,
        *,
        memory: CorpusMemory | None = None,
        static: bool = False,
        learned: Learned | None = None,
        document_bytes: int = DOCUMENT_BYTES,
    ) -> None:
        self.model = model
        self.card: Card = model.card
        self.device = model.device
        self.options = options or DecoderOptions(threshold=model.card.threshold)
        self.note = model.note or (None if static else why_no_core())
        """Why it does not run as it was asked to, in one line."""
        contexts = Contexts(model.encode) if model.card.source else None
        self.knowledge = Knowledge(model, memory, learned, static or why_no_core() is not None, contexts)
        """What all documents share; replaced as a whole when files are learned from, or forgotten."""
        self._document_bytes = document_bytes
        self._lock = threading.Lock()
        # The one used last is at the end.
        self._documents: OrderedDict[Hashable, Document] = OrderedDict()

    @property
    def current(self) -> Completer:
        """Itself: it has but one style."""
        return self

    @property
    def memory(self) -> CorpusMemory | None:
        """What the text that the network was trained on taught beside it, if the style carries that."""
        return self.knowledge.memory

    @property
    def static(self) -> bool:
        """Whether the network stands alone."""
        return self.knowledge.static

    @property
    def learned(self) -> Learned | None:
        """What files have taught."""
        return self.knowledge.learned

    def open(self, document: Hashable = None, source: Source | None = None) -> Document:
        """The document of that name, which may be anything hashable; a new one if there is none.

        ``source`` is what its text is about from now on: a text that it translates line by line, a picture float32[3,
        size, size] that it describes, or "" for nothing. ``None`` leaves it as it is. Raises :class:`StyleError` if the
        style does not write about such a source.
        """
        if source is not None:
            expect_source(self.card, source)
        with self._lock:
            opened = self._documents.setdefault(document, Document(document, self))
        if source is not None:
            opened.write_about(source)
        return opened

    def close(self, document: Hashable = None) -> None:
        """Forget the document of that name."""
        with self._lock:
            closed = self._documents.pop(document, None)
        if closed is not None:
            closed.shed()

    def used(self, document: Document) -> None:
        """``document`` has been read: those that were not used for longest make room for it."""
        shed = []
        with self._lock:
            self._documents[document.identity] = document
            self._documents.move_to_end(document.identity)
            taken = sum(one.nbytes for one in self._documents.values())
            for oldest in list(self._documents.values())[:-1]:
                if taken <= self._document_bytes:
                    break
                taken -= oldest.nbytes
                shed.append(oldest)
                if not oldest.is_about_something:  # else what it is about must not be forgotten
                    del self._documents[oldest.identity]
        for oldest in shed:
            oldest.shed()

    def forget_files(self) -> None:
        """Go on without what files have taught."""
        with self._lock:
            self.knowledge = replace(self.knowledge, learned=None)

    def fresh(self) -> Completer:
        """Another completer with the same model, options and files learned, that has read nothing."""
        return Completer(self.model, self.options, memory=self.memory, static=self.static, learned=self.learned)

    def learn_files(
        self,
        paths: Iterable[Path],
        *,
        progress: Callable[[int, int], None] = lambda *_: None,
        skipped: Callable[[str], None] = lambda _: None,
        wanted: Callable[[], bool] = always,
    ) -> Learned | None:
        """Learn from the texts among ``paths``, files and folders, in place of what was learned so before.

        Others may go on completing meanwhile. Returns what was learned, and ``None`` once ``wanted()`` is false; for
        all else see :func:`rnncomplete.completion.file_memory.learn_files`. Raises :class:`RnncompleteError` where the
        mixer is not compiled.
        """
        from rnncomplete.completion.file_memory import learn_files

        compiled_core()  # else all would be read before it turns out that nothing can be learned
        alphabet = alphabet_of(self.model.vocabulary, self.memory)
        learned = learn_files(paths, self.model.vocabulary, alphabet, progress=progress, skipped=skipped, wanted=wanted)
        with self._lock:  # whoever forgets all files meanwhile, or wants others, has the last word
            if learned is None or not wanted():
                return None
            self.knowledge = replace(self.knowledge, learned=learned)
        return learned

    def read(self, before: str, wanted: Callable[[], bool] = always) -> tuple[FloatArray, Any] | None:
        """As :meth:`Document.read`, of the document ``None``."""
        return self.open().read(before, wanted)

    def step(self, token: int, state: Any) -> tuple[FloatArray, Any]:
        """As :meth:`Document.step`, of the document ``None``."""
        return self.open().step(token, state)

    def predict(self, before: str, wanted: Callable[[], bool] = always) -> FloatArray | None:
        """As :meth:`Document.predict`, of the document ``None``."""
        return self.open().predict(before, wanted)

    def grow(
        self, before: str, wanted: Callable[[], bool] = always, options: DecoderOptions | None = None
    ) -> Iterator[Ghost]:
        """As :meth:`Document.grow`, of the document ``None``."""
        return self.open().grow(before, wanted, options)

    def complete(
        self, before: str, wanted: Callable[[], bool] = always, options: DecoderOptions | None = None
    ) -> Ghost:
        """As :meth:`Document.complete`, of the document ``None``."""
        return self.open().complete(before, wanted, options)

    def greedy(self, before: str) -> Iterator[tuple[str, float]]:
        """As :meth:`Document.greedy`, of the document ``None``."""
        return self.open().greedy(before)

    def insist(self, before: str, wanted: Callable[[], bool] = always, options: DecoderOptions | None = None) -> Ghost:
        """As :meth:`Document.insist`, of the document ``None``."""
        return self.open().insist(before, wanted, options)

    def alternatives(
        self, before: str, count: int, wanted: Callable[[], bool] = always, options: DecoderOptions | None = None
    ) -> list[Ghost]:
        """As :meth:`Document.alternatives`, of the document ``None``."""
        return self.open().alternatives(before, count, wanted, options)


def load_completer(
    style: str = DEFAULT_STYLE,
    device: str = "auto",
    *,
    length: int | None = None,
    threshold: float | None = None,
    budget_ms: float | None = None,
    static: bool = False,
    document_bytes: int = DOCUMENT_BYTES,
) -> Completer:
    """The completer of a style, by name or as a folder; what is not given comes from the card or is the default.

    Raises :class:`~rnncomplete.errors.StyleError`, ``ModelError`` or ``DeviceError``.
    """
    folder = find_style(style)
    with ThreadPoolExecutor(1) as beside:  # unpacking the memory takes about as long as the network
        unpacked = beside.submit(unpack_memory, folder)
        model = load_network(folder, device)
    memory = unpacked.result()
    if memory is not None:
        check_memory_of(folder, memory, model.card)
    default = DecoderOptions(threshold=model.card.threshold)
    return Completer(
        model,
        DecoderOptions(
            length=default.length if length is None else length,
            threshold=default.threshold if threshold is None else threshold,
            budget_ms=default.budget_ms if budget_ms is None else budget_ms,
        ),
        memory=memory,
        static=static,
        document_bytes=document_bytes,
    )
