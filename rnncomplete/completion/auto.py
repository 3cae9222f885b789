"""The style ``auto``: for each document whichever of all styles finds what is being typed least surprising.

Texts are judged in the background thread, after their ghost is there and only while nobody types on. A judge is a network
without memory or mixer, so many styles take little room; what it has read it need not read again, so a key costs it
a step and a backspace none.
"""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakValueDictionary

from rnncomplete.completion.completer import load_completer
from rnncomplete.completion.learning_job import Study
from rnncomplete.completion.prefix_cache import PrefixCache
from rnncomplete.errors import RnncompleteError, StyleError
from rnncomplete.network.distribution import nats
from rnncomplete.network.loading import load_network, styles_of_texts
from rnncomplete.styles import DEFAULT_STYLE, find_style

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
    from pathlib import Path

    from rnncomplete.completion.completer import Completer
    from rnncomplete.completion.decoder import DecoderOptions, Ghost
    from rnncomplete.completion.document import Document
    from rnncomplete.completion.file_memory import Learned
    from rnncomplete.completion.sources import Source
    from rnncomplete.network.card import Card
    from rnncomplete.network.model import FloatArray, Model

JUDGED = 300
"""Characters before the cursor that a style is judged by, at least; at most twice as many, if there are."""

FEWEST = 24
"""Characters; less text says nothing about its style."""

RECALL = 1 - 1 / 150
"""How much less each character counts than the one behind it."""

MARGIN = 0.15
"""Nats per character by which another style must be better, so that the choice does not flap."""

MOST_DOCUMENTS = 16
"""Documents whose judges are kept; about 2 MB each."""

UNKNOWN_NATS = math.log(1000)
"""What an unknown character costs beyond its token, which stands for about so many characters."""


class AutoCompleter:
    """A :class:`~rnncomplete.completion.completer.Completer` whose documents each change their style with their text.

    ``load`` gives the completer of a style, ``load_judge`` its network; either may raise :class:`RnncompleteError`.
    """

    def __init__(
        self, styles: Sequence[str], load: Callable[[str], Completer], load_judge: Callable[[str], Model]
    ) -> None:
        self._load = load
        self._load_judge = load_judge
        self._lock = threading.RLock()
        self._styles = list(styles)
        self._networks: dict[str, Model] = {}
        # A style stays loaded while a document is written in it.
        self._completers: WeakValueDictionary[str, Completer] = WeakValueDictionary()
        self._documents: OrderedDict[Hashable, AutoDocument] = OrderedDict()
        self._paths: tuple[Path, ...] = ()
        self._studies: list[Study] = []
        self._options: DecoderOptions | None = None
        self.current = self._first()
        """The style's that the document used last is written in."""

    @property
    def card(self) -> Card:
        """The facts about the style chosen."""
        return self.current.card

    @property
    def device(self) -> str:
        """What it runs on."""
        return self.current.device

    @property
    def note(self) -> str | None:
        """Why it does not run as it was asked to."""
        return self.current.note

    @property
    def learned(self) -> Learned | None:
        """What files have taught the style chosen."""
        return self.current.learned

    @property
    def options(self) -> DecoderOptions:
        """When a ghost ends; setting it holds for all styles."""
        return self.current.options

    @options.setter
    def options(self, options: DecoderOptions) -> None:
        with self._lock:
            self._options = options
            for completer in self._completers.values():
                completer.options = options

    def open(self, document: Hashable = None, source: Source | None = None) -> AutoDocument:  # noqa: ARG002 - no style here has one
        """The document of that name; a new one is written in the style of the document used last."""
        with self._lock:
            opened = self._documents.setdefault(document, AutoDocument(document, self, self.current))
            self._documents.move_to_end(document)
            while len(self._documents) > MOST_DOCUMENTS:
                self._documents.popitem(last=False)
            return opened

    def close(self, document: Hashable = None) -> None:
        """Forget the document of that name."""
        with self._lock:
            closed = self._documents.pop(document, None)
        if closed is not None:
            closed.completer.close(document)

    def choose(self, before: str, wanted: Callable[[], bool]) -> None:
        """Let the document ``None`` change to the style that suits ``before`` best."""
        self.open().choose(before, wanted)

    def learn_files(self, paths: Iterable[Path], **options: Any) -> Learned | None:
        """Learn from files in the style chosen now, and in others when they are chosen, in a thread of their own."""
        paths, learner = tuple(paths), self.current
        learned = learner.learn_files(paths, **options)
        if learned is not None:
            with self._lock:
                self._paths = paths
                for completer in self._completers.values():
                    if completer is not learner:
                        self._teach(completer)
        return learned

    def forget_files(self) -> None:
        """Go on without what files have taught."""
        with self._lock:
            self._paths = ()
            self._stop()
            for completer in self._completers.values():
                completer.forget_files()

    @property
    def styles(self) -> list[str]:
        """Those to choose from."""
        return list(self._styles)

    def judge(self, name: str) -> Judge | None:
        """Another judge of a style; ``None`` if that is damaged."""
        with self._lock:
            try:
                network = self._networks[name] = self._networks.get(name) or self._load_judge(name)
            except RnncompleteError:
                self._styles.remove(name)  # `rnncomplete doctor` tells why
                return None
            return Judge(network)

    def completer(self, name: str) -> Completer | None:
        """The completer of a style, which has learned, or learns, what the others have; ``None`` if it is damaged."""
        with self._lock:
            if (known := self._completers.get(name)) is not None:
                return known
            try:
                loaded = self._completers[name] = self._load(name)
            except RnncompleteError:
                self._styles.remove(name)  # as above
                return None
            if self._options is not None:
                loaded.options = self._options
            if self._paths:
                self._teach(loaded)
            return loaded

    def _first(self) -> Completer:
        """The default style's, or the first that is whole; raises what the last one raised."""
        for name in sorted(self._styles, key=lambda name: name != DEFAULT_STYLE):
            try:
                self._completers[name] = first = self._load(name)
            except RnncompleteError:
                self._styles.remove(name)  # as above
                if not self._styles:
                    raise
            else:
                return first
        raise StyleError("there is no style to choose from; train one with: rnncomplete train TEXT --style NAME")

    def _teach(self, learner: Completer) -> None:
        """Let a style learn the files that another one has learned."""
        self._studies = [study for study in self._studies if study.share is not None]
        self._studies.append(Study(self._paths, lambda: None))
        self._studies[-1].start(lambda: learner)

    def _stop(self) -> None:
        for study in self._studies:
            study.stop()
        self._studies = []


class AutoDocument:
    """One text, and the style that it is written in. Not for several threads at once."""

    def __init__(self, identity: Hashable, chooser: AutoCompleter, completer: Completer) -> None:
        self._identity = identity
        self._chooser = chooser
        self._judges: dict[str, Judge] = {}
        self.completer = completer
        """That of the style it is written in."""

    def grow(
        self, before: str, wanted: Callable[[], bool], options: DecoderOptions | None = None, supposed: str = ""
    ) -> Iterator[Ghost]:
        """Growing ghosts after ``before``; then, while they are looked at, the style for the next is chosen."""
        yield from self.chosen.grow(before, wanted, options, supposed)
        if len(before) >= FEWEST:
            self.choose(before, wanted)

    def alternatives(
        self,
        before: str,
        count: int,
        wanted: Callable[[], bool],
        options: DecoderOptions | None = None,
        supposed: str = "",
    ) -> list[Ghost]:
        """Several ghosts after ``before``, the likeliest first."""
        return self.chosen.alternatives(before, count, wanted, options, supposed)

    def insist(self, before: str, wanted: Callable[[], bool]) -> Ghost:
        """The ghost after ``before``, or where nothing is likely enough a word."""
        return self.chosen.insist(before, wanted)

    def readout(self, before: str, wanted: Callable[[], bool]) -> tuple[str, float] | None:
        """The likeliest label of ``before``, if the style of now tells labels."""
        return self.chosen.readout(before, wanted)

    @property
    def chosen(self) -> Document:
        """The document in the style that it is written in now."""
        self._chooser.current = self.completer
        return self.completer.open(self._identity)

    def choose(self, before: str, wanted: Callable[[], bool]) -> None:
        """Change to the style that finds the end of ``before`` least surprising, unless one is wanted meanwhile."""
        nats: dict[str, float] = {}
        for name in self._chooser.styles:
            judge = self._judges.get(name) or self._chooser.judge(name)
            if judge is None:
                continue
            self._judges[name] = judge
            surprise = judge.surprise(before, wanted)
            if surprise is None:
                return
            nats[name] = surprise
        now = self.completer.card.style
        best = min(nats, key=nats.__getitem__, default=now)
        better = nats.get(best, math.inf) < nats.get(now, math.inf) - MARGIN
        if better and (chosen := self._chooser.completer(best)) is not None and chosen is not self.completer:
            self.completer.close(self._identity)
            self._chooser.current = self.completer = chosen


class Impression(NamedTuple):
    """What a judge thinks of a text so far."""

    state: FloatArray
    """float32[S], the network's."""
    logits: FloatArray | None = None
    """float32[V], of what comes next; ``None`` before the first character."""
    nats: float = 0.0
    """Of all characters but the first, the last in full, each before it :data:`RECALL` times as much."""
    characters: float = 0.0
    """How many those are, counted likewise."""


class Judge:
    """How surprising texts are to one network alone. Not for several threads at once."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._cache = PrefixCache(self._step, Impression(model.initial_state), dense=32, checkpoints=16)

    def surprise(self, text: str, wanted: Callable[[], bool]) -> float | None:
        """Nats per character of the end of ``text``, which is not empty; ``None`` once ``wanted()`` is false."""
        start = max(0, len(text) // JUDGED - 1) * JUDGED
        reading = self._cache.read(self._model.vocabulary.encode(text[start:]), wanted)
        return None if reading is None else reading[1].nats / max(1.0, reading[1].characters)

    def _step(self, token: int, before: Impression) -> tuple[FloatArray, Impression]:
        logits, state = self._model.step(token, before.state)
        if before.logits is None:
            return logits, Impression(state, logits)
        loss = float(nats(before.logits, token, self._model.card.temperature))
        loss += UNKNOWN_NATS if token == 0 else 0.0
        return logits, Impression(state, logits, RECALL * before.nats + loss, RECALL * before.characters + 1)


def load_auto(device: str = "auto", **decoding: Any) -> AutoCompleter:
    """A completer that chooses among all styles there are but those with a source; raises :class:`StyleError` if there is none."""
    return AutoCompleter(
        styles_of_texts(),
        lambda name: load_completer(name, device, **decoding),
        lambda name: load_network(find_style(name), device),
    )
