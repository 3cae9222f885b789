"""One text that somebody writes: what was read of it, what it has taught, and the ghosts that follow from both."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from rnncomplete.completion.adaptive_reader import AdaptiveReader, session_mixers
from rnncomplete.completion.classifier import Classifier
from rnncomplete.completion.decoder import DecoderOptions, Ghost
from rnncomplete.completion.place import Place
from rnncomplete.completion.prefix_cache import always
from rnncomplete.completion.sources import About, last_line
from rnncomplete.completion.static_reader import StaticReader
from rnncomplete.network.source_kind import expect_source
from rnncomplete.text.characters import normalise
from rnncomplete.text.tail import Tail, TailReader

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator

    from rnncomplete.completion.file_memory import Learned
    from rnncomplete.completion.sources import Contexts, Source
    from rnncomplete.mixing.memory import CorpusMemory
    from rnncomplete.network.model import FloatArray, Model


LONGEST_LIVE = 20_000
"""Characters of a text whose label is told while it is typed."""


@dataclass(frozen=True)
class Knowledge:
    """What all documents of a completer share, and none changes."""

    model: Model
    memory: CorpusMemory | None = None
    """What the text that the network was trained on taught beside it, if the style carries that."""
    learned: Learned | None = None
    """What files have taught."""
    static: bool = False
    """Whether the network stands alone."""
    contexts: Contexts | None = None
    """Of the lines and pictures that texts are about, if the style has a source."""


class Owner(Protocol):
    """What a document needs of the completer that has opened it."""

    options: DecoderOptions

    @property
    def knowledge(self) -> Knowledge:
        """What all documents share, as it is now."""

    def used(self, document: Document) -> None:
        """``document`` has been read; others may have to make room."""


class Reading:
    """What was made of a text with some ``knowledge``. Not for several threads at once."""

    def __init__(self, knowledge: Knowledge, source: Source) -> None:
        vocabulary = knowledge.model.vocabulary
        self.knowledge = knowledge
        self._about = About(knowledge.contexts, source) if knowledge.contexts else None
        self.network = StaticReader(knowledge.model, self._about)
        # Both readers give scores and states of their own kind, which only they can read.
        self.reader: Any = self.network
        if not knowledge.static:
            files = None if knowledge.learned is None else knowledge.learned.memory
            make = session_mixers(vocabulary, knowledge.memory, files)
            self.reader = AdaptiveReader(self.network, make, vocabulary)
        self.tail = TailReader(vocabulary, self.reader.begin, count=self._about is not None)
        self.classifier = Classifier(knowledge.model, knowledge.memory) if knowledge.model.card.readouts else None
        self.caught_up = False
        """Whether the reader has come to the end of the text that was given last."""
        self._last = Tail()

    def follow(self, before: str) -> Tail:
        """The tail of ``before``; where its lines have other numbers than before, nothing that is known holds."""
        known, self._last = self._last, self.tail.read(before)
        if known.begin == self._last.begin and known.lines != self._last.lines:
            self.reader.forget(0)
        return self._last

    def change(self, source: Source) -> bool:
        """The text is about ``source`` from now on: from the first line on that this changes, if any, it is read again."""
        if self._about is None or (line := self._about.change(source)) is None:
            return False
        self.reader.forget(self.tail.begin_of(line) if self.caught_up else 0)
        return True


class Document:
    """A text that changes, open under the name ``identity``. Safe to share among threads, which take turns.

    What :meth:`grow` has begun is abandoned when the text is read again meanwhile. How long a text is hardly matters:
    of one that was read before, only what has changed is read. What is ``supposed`` behind a text, such as a ghost that
    may be accepted, is looked ahead of: it teaches nothing.
    """

    def __init__(self, identity: Hashable, owner: Owner, source: Source = "") -> None:
        self.identity = identity
        self._source = source
        self._owner = owner
        self._lock = threading.RLock()
        self._readings = self._sources = 0
        self._kept: Reading | None = None
        self._bytes = 0

    @property
    def is_about_something(self) -> bool:
        """Whether somebody has said what the text is about."""
        return not isinstance(self._source, str) or bool(self._source)

    @property
    def nbytes(self) -> int:
        """Bytes that what is known of the text took when it was read last."""
        return self._bytes

    def shed(self) -> None:
        """Forget what is known of the text, unless it is being read at this moment; the next reading is a new one."""
        if self._lock.acquire(blocking=False):
            try:
                self._readings += 1
                self._kept, self._bytes = None, 0
            finally:
                self._lock.release()

    def write_about(self, source: Source) -> None:
        """The text is about ``source`` from now on; "" is nothing. Only what that changes will be read again.

        Raises :class:`~rnncomplete.errors.StyleError` if the style does not write about such a source.
        """
        with self._lock:
            old = self._source
            if source is old or (isinstance(source, str) and isinstance(old, str) and source == old):
                return
            expect_source(self._owner.knowledge.model.card, source)
            self._source = source
            if self._kept is not None and self._kept.change(source):
                self._sources += 1

    def read(self, before: str, wanted: Callable[[], bool] = always) -> tuple[FloatArray, Any] | None:
        """What the network alone makes of the text ``before``: logits float32[V], and a state for :meth:`step`.

        ``None`` once ``wanted()`` is false.
        """
        with self._lock:
            reading = self._reading()
            reading.caught_up = False
            found = reading.network.read(reading.follow(before), wanted)
            reading.caught_up = reading.knowledge.static and found is not None
            return found

    def step(self, token: int, state: Any) -> tuple[FloatArray, Any]:
        """What the network alone makes of ``token`` behind what :meth:`read`, or a step, gave the ``state`` of."""
        with self._lock:
            return self._reading().network.step(token, state)

    def predict(self, before: str, wanted: Callable[[], bool] = always) -> FloatArray | None:
        """Probabilities of what follows ``before``, float32[V]: what ghosts are made of.

        ``None`` once ``wanted()`` is false.
        """
        with self._lock:
            place = self._read(before, wanted)
            if place is None:
                return None
            probabilities: FloatArray = place.reader.probabilities(place.scores)
            return probabilities

    def readout(self, before: str, wanted: Callable[[], bool] = always) -> tuple[str, float] | None:
        """The likeliest label of the text ``before``, and how likely it is.

        ``None`` if the style tells none, if there is no text or a very long one, and once ``wanted()`` is false.
        """
        with self._lock:
            classifier = self._reading().classifier
            if classifier is None or len(before) > LONGEST_LIVE:
                return None
            shares = classifier.now(before, wanted)
            return None if shares is None else (classifier.labels[int(shares.argmax())], float(shares.max()))

    def grow(
        self,
        before: str,
        wanted: Callable[[], bool] = always,
        options: DecoderOptions | None = None,
        supposed: str = "",
    ) -> Iterator[Ghost]:
        """Growing ghosts after ``before``: the first word as soon as it is known, then the whole; may be none.

        ``wanted`` is asked at every character, also while reading; once it is false nothing more comes.
        """
        for ghost in self._decode(before, wanted, options, supposed):
            if ghost.text:
                yield ghost

    def complete(
        self, before: str, wanted: Callable[[], bool] = always, options: DecoderOptions | None = None
    ) -> Ghost:
        """The whole ghost after ``before``; empty if nothing is likely enough, or if it was abandoned."""
        with self._lock:
            *_, ghost = self._decode(before, wanted, options)
        return ghost

    def greedy(self, before: str) -> Iterator[tuple[str, float]]:
        """The likeliest characters after ``before`` with their probabilities, of which ghosts are made.

        They come one after another as they are asked for, as many as a ghost has at most, until the text is read again.
        """
        place = self._read(before, always)
        assert place is not None, "always wanted"
        return place.greedy(self._owner.options.length)

    def insist(self, before: str, wanted: Callable[[], bool] = always, options: DecoderOptions | None = None) -> Ghost:
        """What somebody who asks gets: the ghost after ``before``, or where nothing is likely enough the likeliest word.

        Empty only if it was abandoned, out of time, or there is not even a word within the length.
        """
        with self._lock:
            place = self._read(before, wanted)
            return Ghost("", (), "abandoned") if place is None else place.insist(self._ending(options, before))

    def alternatives(
        self,
        before: str,
        count: int,
        wanted: Callable[[], bool] = always,
        options: DecoderOptions | None = None,
        supposed: str = "",
    ) -> list[Ghost]:
        """At most ``count`` ghosts that begin with different words, each likely, the likeliest first."""
        with self._lock:
            place = self._read(before, wanted, supposed)
            return [] if place is None else place.alternatives(count, self._ending(options, before + supposed))

    def _decode(
        self, before: str, wanted: Callable[[], bool], options: DecoderOptions | None, supposed: str = ""
    ) -> Iterator[Ghost]:
        place = self._read(before, wanted, supposed)
        if place is None:
            yield Ghost("", (), "abandoned")
            return
        yield from place.grow(self._ending(options, before + supposed))

    def _ending(self, options: DecoderOptions | None, before: str) -> DecoderOptions:
        """When a ghost ends: with the last line of the source at the latest, since what follows is about nothing."""
        options = options or self._owner.options
        if not isinstance(self._source, str) or not self._source:
            return options
        return replace(options, line_ends=max(0, last_line(self._source) - normalise(before).count("\n")))

    def _reading(self) -> Reading:
        """What is known of the text, with the knowledge of today."""
        knowledge = self._owner.knowledge
        if self._kept is None or self._kept.knowledge is not knowledge:
            self._kept = Reading(knowledge, self._source)
        return self._kept

    def _read(self, before: str, wanted: Callable[[], bool], supposed: str = "") -> Place | None:
        """The place behind ``before`` and what is ``supposed`` there; ``None`` once it is not wanted."""
        with self._lock:
            self._readings += 1
            mine, about, reading = self._readings, self._sources, self._reading()
            reading.caught_up = False
            found = reading.reader.read(reading.follow(before), wanted)
            reading.caught_up = found is not None
            self._bytes = reading.reader.nbytes + (reading.classifier.nbytes if reading.classifier else 0)
        self._owner.used(self)
        if found is None:
            return None

        def still() -> bool:
            # What the mixer has learned since belongs to another text, and what is written about may be something else.
            same = about == self._sources and (reading.knowledge.static or mine == self._readings)
            return same and wanted()

        vocabulary = reading.knowledge.model.vocabulary
        place = Place(reading.reader, vocabulary, found, before=before + supposed, wanted=still, lock=self._lock)
        tokens = vocabulary.encode(normalise(supposed)) if supposed else ()
        return place if place.suppose([int(token) for token in tokens]) else None
