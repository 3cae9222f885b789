"""The style ``auto``: whichever of all styles finds what is being typed least surprising.

Texts are judged in the background thread, after their ghost is there and only while nobody types on.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from rnncomplete.completer import load_completer
from rnncomplete.errors import RnncompleteError, StyleError
from rnncomplete.styles import DEFAULT_STYLE, list_styles

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from rnncomplete.card import Card
    from rnncomplete.completer import Completer
    from rnncomplete.decoder import Ghost
    from rnncomplete.learning import Learned

AUTO = "auto"
"""What people write in place of a style's name."""

JUDGED = 300
"""Characters before the cursor that a style is judged by."""

FEWEST = 24
"""Characters; less text says nothing about its style."""

EVERY = 16
"""Characters by which the text must have grown or shrunk to be judged again."""

MARGIN = 0.15
"""Nats per character by which another style must be better, so that the choice does not flap."""

UNKNOWN_NATS = math.log(1000)
"""What an unknown character costs beyond its token, which stands for about so many characters."""


class AutoCompleter:
    """A :class:`~rnncomplete.completer.Completer` that changes its style with the text."""

    def __init__(self, styles: Sequence[str], load: Callable[[str], Completer]) -> None:
        self._load = load
        self._loaded: dict[str, Completer | None] = dict.fromkeys(styles)
        self._judged = ""
        self._paths: tuple[Path, ...] = ()
        self.current = self._completer(DEFAULT_STYLE if DEFAULT_STYLE in styles else styles[0])

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
        """When a ghost ends; setting it holds for all styles that are loaded."""
        return self.current.options

    @options.setter
    def options(self, options: Any) -> None:
        for completer in self._loaded.values():
            if completer is not None:
                completer.options = options

    def grow(self, before: str, wanted: Callable[[], bool]) -> Iterator[Ghost]:
        """Growing ghosts after ``before``; then, while they are looked at, the style for the next is chosen."""
        yield from self.current.grow(before, wanted)
        if len(before) >= FEWEST and self._is_news(before):
            self.choose(before, wanted)

    def alternatives(self, before: str, count: int, wanted: Callable[[], bool]) -> list[Ghost]:
        """Several ghosts after ``before``, the likeliest first."""
        return self.current.alternatives(before, count, wanted)

    def learn_files(self, paths: Sequence[Path], **options: Any) -> Learned | None:
        """Learn from files in the style chosen now, and in others when they are chosen."""
        self._paths = tuple(paths)
        return self.current.learn_files(self._paths, **options)

    def forget_files(self) -> None:
        """Go on without what files have taught."""
        self._paths = ()
        for completer in self._loaded.values():
            if completer is not None:
                completer.forget_files()

    def choose(self, before: str, wanted: Callable[[], bool]) -> None:
        """Change to the style that finds the end of ``before`` least surprising, unless one is wanted meanwhile."""
        nats = {}
        for name in self._loaded:
            try:
                completer = self._completer(name)
            except RnncompleteError:
                continue  # a damaged style is not chosen; `rnncomplete doctor` tells why
            surprise = surprise_of(completer, before[-JUDGED:], wanted)
            if surprise is None:
                return
            nats[completer] = surprise
        self._judged = before
        best = min(nats, key=nats.__getitem__)
        if nats[best] < nats.get(self.current, math.inf) - MARGIN:
            self.current = best
        if self._paths and self.current.learned is None:
            self.current.learn_files(self._paths, wanted=wanted)

    def _is_news(self, before: str) -> bool:
        """Whether the text is another than that judged last, or has become long or short enough since."""
        along = before.startswith(self._judged) or self._judged.startswith(before)
        return not along or abs(len(before) - len(self._judged)) >= EVERY

    def _completer(self, name: str) -> Completer:
        completer = self._loaded[name]
        if completer is None:
            completer = self._loaded[name] = self._load(name)
        return completer


def surprise_of(completer: Completer, text: str, wanted: Callable[[], bool]) -> float | None:
    """Nats per character of ``text`` but the first, from the network alone; ``None`` once ``wanted()`` is false."""
    model, temperature = completer.model, completer.card.temperature
    tokens = [int(token) for token in model.vocabulary.encode(text)]
    total, state = 0.0, model.initial_state
    for token, following in pairwise(tokens):
        if not wanted():
            return None
        logits, state = model.step(token, state)
        scaled = logits.astype(np.float64) / temperature
        peak = float(scaled.max())
        total += peak + math.log(float(np.exp(scaled - peak).sum())) - float(scaled[following])
        total += UNKNOWN_NATS if following == 0 else 0.0
    return total / max(1, len(tokens) - 1)


def load_auto(device: str = "auto", **decoding: Any) -> AutoCompleter:
    """A completer that chooses among all styles there are; raises :class:`StyleError` if there is none."""
    names = [style.name for style in list_styles()]
    if not names:
        raise StyleError("there is no style to choose from; train one with: rnncomplete train TEXT --style NAME")
    return AutoCompleter(names, lambda name: load_completer(name, device, **decoding))
