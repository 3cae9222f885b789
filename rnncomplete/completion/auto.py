"""The style ``auto``: whichever of all styles finds what is being typed least surprising.

Texts are judged in the background thread, after their ghost is there and only while nobody types on. A judge is a network
without memory or mixer, so many styles take little room; what it has read it need not read again, so a key costs it
a step and a backspace none.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from rnncomplete.completion.completer import load_completer
from rnncomplete.completion.learning_job import Study
from rnncomplete.completion.prefix_cache import PrefixCache
from rnncomplete.errors import RnncompleteError, StyleError
from rnncomplete.network.loading import load_network
from rnncomplete.styles import DEFAULT_STYLE, find_style, list_styles

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from rnncomplete.completion.completer import Completer
    from rnncomplete.completion.decoder import Ghost
    from rnncomplete.completion.file_memory import Learned
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

UNKNOWN_NATS = math.log(1000)
"""What an unknown character costs beyond its token, which stands for about so many characters."""


class AutoCompleter:
    """A :class:`~rnncomplete.completion.completer.Completer` that changes its style with the text.

    ``load`` gives the completer of a style, ``load_judge`` its network; either may raise :class:`RnncompleteError`.
    """

    def __init__(
        self, styles: Sequence[str], load: Callable[[str], Completer], load_judge: Callable[[str], Model]
    ) -> None:
        self._load = load
        self._load_judge = load_judge
        self._judges: dict[str, Judge | None] = dict.fromkeys(styles)
        self._paths: tuple[Path, ...] = ()
        self._study: Study | None = None
        self._options: Any = None
        self._name, self.current = self._first()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.current, name)

    @property
    def card(self) -> Card:
        """The facts about the style chosen."""
        return self.current.card

    @property
    def device(self) -> str:
        """What it runs on."""
        return self.current.device

    @property
    def options(self) -> Any:
        """When a ghost ends; setting it holds for all styles."""
        return self.current.options

    @options.setter
    def options(self, options: Any) -> None:
        self._options = self.current.options = options

    def grow(self, before: str, wanted: Callable[[], bool]) -> Iterator[Ghost]:
        """Growing ghosts after ``before``; then, while they are looked at, the style for the next is chosen."""
        yield from self.current.grow(before, wanted)
        if len(before) >= FEWEST:
            self.choose(before, wanted)

    def alternatives(self, before: str, count: int, wanted: Callable[[], bool]) -> list[Ghost]:
        """Several ghosts after ``before``, the likeliest first."""
        return self.current.alternatives(before, count, wanted)

    def insist(self, before: str, wanted: Callable[[], bool]) -> Ghost:
        """The ghost after ``before``, or where nothing is likely enough a word."""
        return self.current.insist(before, wanted)

    def learn_files(self, paths: Sequence[Path], **options: Any) -> Learned | None:
        """Learn from files in the style chosen now, and in others when they are chosen, in a thread of their own."""
        learner = self.current
        learned = learner.learn_files(paths, **options)
        if learned is not None:
            self._paths = tuple(paths)
            if self.current is not learner:
                self._teach()
        return learned

    def forget_files(self) -> None:
        """Go on without what files have taught."""
        self._paths = ()
        if self._study is not None:
            self._study.stop()
        self.current.forget_files()

    def choose(self, before: str, wanted: Callable[[], bool]) -> None:
        """Change to the style that finds the end of ``before`` least surprising, unless one is wanted meanwhile."""
        nats: dict[str, float] = {}
        for name in list(self._judges):
            try:
                surprise = self._judge(name).surprise(before, wanted)
            except RnncompleteError:
                del self._judges[name]  # a damaged style is not chosen; `rnncomplete doctor` tells why
                continue
            if surprise is None:
                return
            nats[name] = surprise
        best = min(nats, key=nats.__getitem__, default=self._name)
        if best != self._name and nats[best] < nats.get(self._name, math.inf) - MARGIN:
            self._change(best)

    def _first(self) -> tuple[str, Completer]:
        """The style to begin with: the default one, or the first that is whole; raises what the last one raised."""
        for name in sorted(self._judges, key=lambda name: name != DEFAULT_STYLE):
            try:
                return name, self._load(name)
            except RnncompleteError:
                del self._judges[name]  # `rnncomplete doctor` tells why
                if not self._judges:
                    raise
        raise StyleError("there is no style to choose from; train one with: rnncomplete train TEXT --style NAME")

    def _change(self, name: str) -> None:
        try:
            self.current = self._load(name)
        except RnncompleteError:
            del self._judges[name]  # as above
            return
        self._name = name
        if self._options is not None:
            self.current.options = self._options
        if self._paths:
            self._teach()

    def _teach(self) -> None:
        """Let the style chosen now learn the files that another one has learned."""
        if self._study is not None:
            self._study.stop()
        learner = self.current
        self._study = Study(self._paths, lambda: None)
        self._study.start(lambda: learner)

    def _judge(self, name: str) -> Judge:
        judge = self._judges[name]
        if judge is None:
            judge = self._judges[name] = Judge(self._load_judge(name))
        return judge


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
        self._cache = PrefixCache(self._step, Impression(model.initial_state), dense=64, checkpoints=32)

    def surprise(self, text: str, wanted: Callable[[], bool]) -> float | None:
        """Nats per character of the end of ``text``, which is not empty; ``None`` once ``wanted()`` is false."""
        start = max(0, len(text) // JUDGED - 1) * JUDGED
        reading = self._cache.read(self._model.vocabulary.encode(text[start:]), wanted)
        return None if reading is None else reading[1].nats / max(1.0, reading[1].characters)

    def _step(self, token: int, before: Impression) -> tuple[FloatArray, Impression]:
        logits, state = self._model.step(token, before.state)
        if before.logits is None:
            return logits, Impression(state, logits)
        scaled = before.logits.astype(np.float64) / self._model.card.temperature
        peak = float(scaled.max())
        nats = peak + math.log(float(np.exp(scaled - peak).sum())) - float(scaled[token])
        nats += UNKNOWN_NATS if token == 0 else 0.0
        return logits, Impression(state, logits, RECALL * before.nats + nats, RECALL * before.characters + 1)


def load_auto(device: str = "auto", **decoding: Any) -> AutoCompleter:
    """A completer that chooses among all styles there are; raises :class:`StyleError` if there is none."""
    return AutoCompleter(
        [style.name for style in list_styles()],
        lambda name: load_completer(name, device, **decoding),
        lambda name: load_network(find_style(name), device),
    )
