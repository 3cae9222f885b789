"""The network's word and what the text itself has taught, as one distribution.

A :class:`~rnncomplete.mixing.text_reader.Reader` learns every character before the cursor, with what the network expected at
its place, and unlearns what is deleted: what is known is a function of the text alone. Looking ahead learns nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from rnncomplete.completion.prefix_cache import always
from rnncomplete.mixing.alphabet import Alphabet
from rnncomplete.mixing.layout import Sizes
from rnncomplete.mixing.mixer import Mixer
from rnncomplete.mixing.prior import Prior
from rnncomplete.mixing.text_reader import Reader, common_length

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from rnncomplete.completion.static_reader import StaticReader
    from rnncomplete.mixing.memory import CorpusMemory
    from rnncomplete.network.model import FloatArray
    from rnncomplete.text.vocabulary import Vocabulary

PIECE = 32
"""Characters learned between two questions whether the reading is still wanted; about 5 ms."""

MOST_EXPECTATIONS = 1 << 14
"""Places at which the network's word is kept; more than are ever learned at once. 6 MB for a hundred characters."""


def alphabet_of(vocabulary: Vocabulary, style: CorpusMemory | None) -> Alphabet:
    """How a session with that ``vocabulary`` tells characters apart: as the memory of its style does, if it has one."""
    return Alphabet.usual(vocabulary.characters) if style is None else style.alphabet


def session_mixer(
    vocabulary: Vocabulary, style: CorpusMemory | None = None, files: CorpusMemory | None = None
) -> Mixer:
    """A mixer for one session with a style of that ``vocabulary``.

    It knows the memory of the ``style`` and that of somebody's ``files``, both counted with :func:`alphabet_of`.
    """
    sizes = Sizes()
    _, weights = sizes.sections(len(vocabulary))["weights"]
    taught = style.prior if style is not None and style.prior.sections else None
    return Mixer(
        alphabet_of(vocabulary, style),
        [memory for memory in (style, files) if memory is not None],
        sizes=sizes,
        prior=taught or Prior.trusting_the_network(weights),
    )


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
    network: FloatArray
    """The network's state, float32[S]."""


class AdaptiveReader:
    """Reads with the network of ``static`` and a ``mixer`` that learns the text. Not for several threads at once.

    Steps look ahead of the text read last: what they give is good until the next ``read``.
    """

    def __init__(self, static: StaticReader, mixer: Mixer, vocabulary: Vocabulary) -> None:
        self._static = static
        self._mixer = mixer
        self._suggestible = vocabulary.suggestible
        self._reader = Reader(mixer, Expectations(static), piece=PIECE)

    def read(
        self, tokens: NDArray[np.uint16], wanted: Callable[[], bool] = always
    ) -> tuple[Expected, LookAhead] | None:
        """What comes after ``tokens``, and the place there; ``None`` once ``wanted()`` is false."""
        if not self._reader.read(tokens, wanted) or (reading := self._static.read(tokens, wanted)) is None:
            return None
        logits, state = reading
        return Expected((), self._static.probabilities(logits)), LookAhead((), state)

    def step(self, token: int, place: LookAhead) -> tuple[Expected, LookAhead]:
        """What comes after supposing ``token``, and the place there."""
        logits, network = self._static.step(token, place.network)
        path = (*place.path, token)
        return Expected(path, self._static.probabilities(logits)), LookAhead(path, network)

    def probabilities(self, scores: Expected) -> FloatArray:
        """Of every character, float32[V]."""
        return self._mixer.distribution(scores.path, scores.network)

    def choose(self, scores: Expected, token: int | None = None) -> tuple[int, float]:
        """The likeliest suggestible token, or the one given, and its probability among all tokens."""
        if token is None:
            return self._mixer.likeliest(scores.path, scores.network, self._suggestible)
        return token, float(self.probabilities(scores)[token])

    def likeliest(self, scores: Expected, count: int) -> list[int]:
        """The ``count`` likeliest suggestible tokens, likeliest first; fewer if there are fewer."""
        order = np.argsort(-self.probabilities(scores), kind="stable")
        return [int(token) for token in order if self._suggestible[token]][:count]


class Expectations:
    """The network's probabilities at the places of a text, kept for the next time that the text is learned."""

    def __init__(self, static: StaticReader, most: int = MOST_EXPECTATIONS) -> None:
        self._static = static
        self._most = most
        self._tokens: NDArray[np.uint16] = np.zeros(0, np.uint16)
        self._rows: dict[int, FloatArray] = {}

    def __call__(self, tokens: NDArray[np.uint16], begin: int) -> FloatArray:
        """The network's probabilities of ``tokens[begin:]``, float32[n - begin, V]."""
        known = common_length(self._tokens, tokens)
        if known < min(len(self._tokens), len(tokens)):
            self._rows = {place: row for place, row in self._rows.items() if place <= known}
        if known < len(tokens):  # else it is a beginning of the old text, whose end may come back
            self._tokens = tokens.copy()
        missing = next((place for place in range(begin, len(tokens)) if place not in self._rows), len(tokens))
        for place, logits in enumerate(self._static.through(tokens[:-1], missing), missing):
            self._rows[place] = self._static.probabilities(logits)
        result = np.stack([self._rows[place] for place in range(begin, len(tokens))])
        if len(self._rows) > self._most:
            oldest = sorted(self._rows)[: len(self._rows) - self._most // 2]
            self._rows = {place: row for place, row in self._rows.items() if place > oldest[-1]}
        return result
