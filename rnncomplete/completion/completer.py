"""From a text to its ghost: reading it, with what it teaches, and decoding what follows."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from rnncomplete.completion.adaptive_reader import AdaptiveReader, alphabet_of, session_mixer
from rnncomplete.completion.decoder import Decoder, DecoderOptions, Ghost
from rnncomplete.completion.installing import read_memory
from rnncomplete.completion.prefix_cache import always
from rnncomplete.completion.static_reader import StaticReader
from rnncomplete.network.loading import load_network
from rnncomplete.styles import DEFAULT_STYLE, find_style
from rnncomplete.text.vocabulary import normalise

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from rnncomplete.completion.file_memory import Learned
    from rnncomplete.mixing.memory import CorpusMemory
    from rnncomplete.network.card import Card
    from rnncomplete.network.model import FloatArray, Model


class Completer:
    """Completes texts in one style. Safe to share among threads.

    They take turns, and what :meth:`grow` has begun is abandoned when another text is read meanwhile.

    ``options`` say when a ghost ends; by default with the threshold of the style's card. With ``static`` the network
    stands alone; otherwise what the text before the cursor teaches is mixed in, with ``memory``, what the style
    remembers of the text that it was trained on, and ``learned``, what files have taught.
    """

    def __init__(
        self,
        model: Model,
        options: DecoderOptions | None = None,
        *,
        memory: CorpusMemory | None = None,
        static: bool = False,
        learned: Learned | None = None,
    ) -> None:
        self.model = model
        self.memory = memory
        """What the text that the network was trained on taught beside it, if the style carries that."""
        self.card: Card = model.card
        self.device = model.device
        self.options = options or DecoderOptions(threshold=model.card.threshold)
        self.static = static
        self._network = StaticReader(model)
        self._lock = threading.RLock()
        self._readings = 0
        self._know(learned)

    def _know(self, learned: Learned | None) -> None:
        """Read with what files have taught; what :meth:`grow` has begun is abandoned."""
        with self._lock:
            self.learned = learned
            self._readings += 1
            # Both readers give scores and states of their own kind, which only they can read.
            self._reader: Any = self._network if self.static else self._adaptive()
            self._decoder: Decoder[Any, Any] = Decoder(self._step, self._choose, self.model.vocabulary)

    def forget_files(self) -> None:
        """Go on without what files have taught."""
        self._know(None)

    def _adaptive(self) -> AdaptiveReader:
        vocabulary = self.model.vocabulary
        files = None if self.learned is None else self.learned.memory
        return AdaptiveReader(self._network, session_mixer(vocabulary, self.memory, files), vocabulary)

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
        all else see :func:`rnncomplete.completion.file_memory.learn_files`.
        """
        from rnncomplete.completion.file_memory import learn_files

        alphabet = alphabet_of(self.model.vocabulary, self.memory)
        learned = learn_files(paths, self.model.vocabulary, alphabet, progress=progress, skipped=skipped, wanted=wanted)
        with self._lock:  # whoever forgets all files meanwhile, or wants others, has the last word
            if learned is None or not wanted():
                return None
            self._know(learned)
        return learned

    def read(self, before: str, wanted: Callable[[], bool] = always) -> tuple[FloatArray, FloatArray] | None:
        """What the network alone makes of the text ``before``: (logits float32[V], state float32[S]).

        ``None`` once ``wanted()`` is false.
        """
        with self._lock:
            return self._network.read(self.model.vocabulary.encode(normalise(before)), wanted)

    def predict(self, before: str, wanted: Callable[[], bool] = always) -> FloatArray | None:
        """Probabilities of what follows ``before``, float32[V]: what ghosts are made of.

        ``None`` once ``wanted()`` is false.
        """
        with self._lock:
            reading = self._read(before, wanted)
            if reading is None:
                return None
            probabilities: FloatArray = self._reader.probabilities(reading[0])
            return probabilities

    def _read(self, before: str, wanted: Callable[[], bool]) -> tuple[Any, Any, Callable[[], bool]] | None:
        """Scores and state after ``before``, and whether they still hold and are wanted."""
        with self._lock:
            self._readings += 1
            mine = self._readings
            reading = self._reader.read(self.model.vocabulary.encode(normalise(before)), wanted)
        if reading is None:
            return None

        def still() -> bool:
            # What the mixer has learned since is another text's.
            return (self.static or mine == self._readings) and wanted()

        return *reading, still

    def _step(self, token: int, state: Any) -> tuple[Any, Any]:
        with self._lock:
            following: tuple[Any, Any] = self._reader.step(token, state)
            return following

    def _choose(self, scores: Any, token: int | None) -> tuple[int, float]:
        with self._lock:
            chosen: tuple[int, float] = self._reader.choose(scores, token)
            return chosen

    def grow(
        self, before: str, wanted: Callable[[], bool] = always, options: DecoderOptions | None = None
    ) -> Iterator[Ghost]:
        """Growing ghosts after ``before``: the first word as soon as it is known, then the whole; may be none.

        ``wanted`` is asked at every character, also while reading; once it is false nothing more comes.
        """
        for ghost in self._decode(before, wanted, options):
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

        They come one after another as they are asked for, as many as a ghost has at most, until another text is read.
        """
        reading = self._read(before, always)
        assert reading is not None, "always wanted"
        scores, state, _ = reading
        return self._decoder.greedy(scores, state, self.options.length)

    def insist(self, before: str, wanted: Callable[[], bool] = always, options: DecoderOptions | None = None) -> Ghost:
        """What somebody gets who asks: the ghost after ``before``, or where nothing is likely enough a word all the same.

        Empty only if it was abandoned, out of time, or there is not even a word within the length.
        """
        with self._lock:
            reading = self._read(before, wanted)
            if reading is None:
                return Ghost("", (), "abandoned")
            return self._insist(*reading, options or self.options)

    def alternatives(
        self, before: str, count: int, wanted: Callable[[], bool] = always, options: DecoderOptions | None = None
    ) -> list[Ghost]:
        """For each of the ``count`` likeliest next characters a ghost, or a word, the likeliest first."""
        with self._lock:
            reading = self._read(before, wanted)
            if reading is None:
                return []
            tokens = self._reader.likeliest(reading[0], count)
            ghosts = [self._insist(*reading, options or self.options, token) for token in tokens]
        return [ghost for ghost in ghosts if ghost.text]

    def _decode(self, before: str, wanted: Callable[[], bool], options: DecoderOptions | None) -> Iterator[Ghost]:
        reading = self._read(before, wanted)
        if reading is None:
            yield Ghost("", (), "abandoned")
            return
        scores, state, still = reading
        yield from self._decoder.grow(scores, state, options or self.options, still)

    def _insist(
        self,
        scores: Any,
        state: Any,
        wanted: Callable[[], bool],
        options: DecoderOptions,
        first: int | None = None,
    ) -> Ghost:
        """The whole ghost, or where nothing is likely enough the likeliest word."""
        *_, ghost = self._decoder.grow(scores, state, options, wanted, first)
        if ghost.text or ghost.stopped != "confidence":
            return ghost
        word = next(self._decoder.grow(scores, state, replace(options, threshold=0.0), wanted, first))
        return replace(word, stopped="confidence")


def load_completer(
    style: str = DEFAULT_STYLE,
    device: str = "auto",
    *,
    length: int | None = None,
    threshold: float | None = None,
    budget_ms: float | None = None,
    static: bool = False,
) -> Completer:
    """The completer of a style, by name or as a folder; what is not given comes from the card or is the default.

    Raises :class:`~rnncomplete.errors.StyleError`, ``ModelError`` or ``DeviceError``.
    """
    folder = find_style(style)
    model = load_network(folder, device)
    default = DecoderOptions(threshold=model.card.threshold)
    return Completer(
        model,
        DecoderOptions(
            length=default.length if length is None else length,
            threshold=default.threshold if threshold is None else threshold,
            budget_ms=default.budget_ms if budget_ms is None else budget_ms,
        ),
        memory=read_memory(folder, model.card),
        static=static,
    )
