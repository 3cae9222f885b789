"""The network's word and what the text itself has taught, as one distribution.

A :class:`~rnncomplete.mixing.text_reader.Reader` learns every character before the cursor, with what the network expected at
its place, and unlearns what is deleted: what is known is a function of the text alone. Looking ahead learns nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from rnncomplete.completion.prefix_cache import always
from rnncomplete.mixing.alphabet import Alphabet
from rnncomplete.mixing.layout import Sizes
from rnncomplete.mixing.mixer import Mixer
from rnncomplete.mixing.prior import Prior
from rnncomplete.mixing.text_reader import Reader, common_length
from rnncomplete.text.tail import Tail

if TYPE_CHECKING:
    from collections.abc import Callable

    from rnncomplete.completion.static_reader import StaticReader
    from rnncomplete.mixing.memory import CorpusMemory
    from rnncomplete.network.model import FloatArray
    from rnncomplete.text.vocabulary import Vocabulary

PIECE = 32
"""Characters learned between two questions whether the reading is still wanted; about 5 ms."""

EXPECTED_BYTES = 1 << 20
"""For the network's word at the places read last, in half precision: about 5,000 places for a hundred characters."""


def alphabet_of(vocabulary: Vocabulary, style: CorpusMemory | None) -> Alphabet:
    """How a session with that ``vocabulary`` tells characters apart: as the memory of its style does, if it has one."""
    return Alphabet.usual(vocabulary.characters) if style is None else style.alphabet


def session_mixers(
    vocabulary: Vocabulary, style: CorpusMemory | None = None, files: CorpusMemory | None = None
) -> Callable[[int], Mixer]:
    """What gives a mixer with room for so many characters, for a session with a style of that ``vocabulary``.

    It knows the memory of the ``style`` and that of somebody's ``files``, both counted with :func:`alphabet_of`; weights
    that were learned with the latter go before the style's.
    """
    alphabet = alphabet_of(vocabulary, style)
    memories = [memory for memory in (style, files) if memory is not None]
    _, weights = Sizes().sections(len(vocabulary))["weights"]
    taught = next((memory.prior for memory in (files, style) if memory is not None and memory.prior.sections), None)
    prior = taught or Prior.trusting_the_network(weights)
    return lambda characters: Mixer(alphabet, memories, sizes=Sizes.holding(characters), prior=prior)


class Expected(NamedTuple):
    """What there is to say of the character at one place behind the learned text."""

    path: tuple[int, ...]
    """The tokens supposed since the learned text."""
    network: FloatArray
    """The network's probabilities, float32[V]."""


class LookAhead(NamedTuple):
    """A place behind the learned text."""

    path: tuple[int, ...]
    """The tokens supposed since the learned text."""
    network: Any
    """The network's state."""


class AdaptiveReader:
    """Reads with the network of ``static`` and mixers that learn the text. Not for several threads at once.

    ``make(characters)`` gives a mixer with room for so many. Steps look ahead of the text read last: what they give is
    good until the next ``read``.
    """

    def __init__(self, static: StaticReader, make: Callable[[int], Mixer], vocabulary: Vocabulary) -> None:
        self._static = static
        self._suggestible = vocabulary.suggestible
        self._expectations = Expectations(static)
        self._reader = Reader(make, self._expectations, piece=PIECE)
        self.begin = self._reader.windows.begin
        """From where on a text of some length has to be at hand."""

    @property
    def nbytes(self) -> int:
        """Bytes that what is known of the text takes."""
        return self._reader.nbytes + self._expectations.nbytes + self._static.nbytes

    def read(self, text: Tail, wanted: Callable[[], bool] = always) -> tuple[Expected, LookAhead] | None:
        """What comes after ``text``, and the place there; ``None`` once ``wanted()`` is false."""
        if not self._reader.read(text, wanted) or (reading := self._static.read(text, wanted)) is None:
            return None
        logits, state = reading
        return Expected((), self._static.probabilities(logits)), LookAhead((), state)

    def forget(self, place: int) -> None:
        """Forget what was made of the first ``place`` characters of the text, and of more: they are about something else."""
        self._static.forget(place)
        self._expectations.forget(place)
        self._reader.forget(place)

    def step(self, token: int, place: LookAhead) -> tuple[Expected, LookAhead]:
        """What comes after supposing ``token``, and the place there."""
        logits, network = self._static.step(token, place.network)
        path = (*place.path, token)
        return Expected(path, self._static.probabilities(logits)), LookAhead(path, network)

    def probabilities(self, scores: Expected) -> FloatArray:
        """Of every character, float32[V]."""
        return self._reader.mixer.distribution(scores.path, scores.network)

    def choose(self, scores: Expected, token: int | None = None) -> tuple[int, float]:
        """The likeliest suggestible token, or the one given, and its probability among all tokens."""
        if token is None:
            return self._reader.mixer.likeliest(scores.path, scores.network, self._suggestible)
        return token, float(self.probabilities(scores)[token])


class Expectations:
    """The network's probabilities at the places of a text, the last ones kept for when the text is learned again.

    They are rounded to half precision, kept or not, so that a text always teaches the same.
    """

    def __init__(self, static: StaticReader, most_bytes: int = EXPECTED_BYTES) -> None:
        self._static = static
        symbols = len(static.model.vocabulary)
        # The row of each place in [first, last), at the remainder of the place.
        self._rows = np.zeros((max(1, most_bytes // (2 * symbols)), symbols), np.float16)
        self._first = self._last = 0
        self._text = Tail()

    @property
    def nbytes(self) -> int:
        """Bytes of memory."""
        return self._rows.nbytes

    def __call__(self, text: Tail, begin: int) -> FloatArray:
        """The network's probabilities of the characters of ``text`` from ``begin`` on, float32[n - begin, V]."""
        self._follow(text)
        if not self._first <= begin <= self._last:
            self._first = self._last = begin
        known = min(self._last, len(text))
        result = np.empty((len(text) - begin, self._rows.shape[1]), np.float32)
        result[: known - begin] = self._rows[np.arange(begin, known) % len(self._rows)]
        if known == len(text):
            return result
        for place, logits in enumerate(self._static.through(text.until(len(text) - 1), known), known):
            row = self._rows[place % len(self._rows)]
            row[:] = self._static.probabilities(logits)
            result[place - begin] = row
            self._last = place + 1
            self._first = max(self._first, self._last - len(self._rows))
        return result

    def forget(self, place: int) -> None:
        """Forget what was expected at ``place`` and behind it."""
        self._last = min(self._last, place)
        self._first = min(self._first, self._last)

    def _follow(self, text: Tail) -> None:
        """Forget the places behind characters that ``text`` does not have."""
        if text.begin < self._text.begin:
            self._first = self._last = text.begin
            self._text = text
            return
        old = self._text.since(min(text.begin, len(self._text)))
        known = text.begin + common_length(old, text.tokens)
        if known < min(len(self._text), len(text)):
            self.forget(known + 1)
        if known < len(text):  # else it is a beginning of the old text, whose end may come back
            self._text = text
