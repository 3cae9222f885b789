"""Reading what a style writes about, once: a line that is translated, or a picture that is described."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rnncomplete.errors import ModelError, StyleError
from rnncomplete.network.contract import KEYS, VALUES
from rnncomplete.network.operators import PICTURE, SOURCE
from rnncomplete.network.source_kind import expect_source
from rnncomplete.text.vocabulary import Vocabulary

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rnncomplete.network.card import Card

GREY = 0.5
"""Every number of the picture that stands for none."""


@dataclass(frozen=True, eq=False)
class Context:
    """What is known of a source: at each of its places what is looked for, and what is found there."""

    keys: NDArray[np.float32]
    """float32[places, K]."""
    values: NDArray[np.float32]
    """float32[places, D]."""

    @property
    def nbytes(self) -> int:
        """Bytes of memory."""
        return self.keys.nbytes + self.values.nbytes


class Encoder:
    """``encode.onnx`` in a ``session``: makes the context of a source. Safe to share among threads.

    Raises :class:`StyleError` if the style has no source.
    """

    def __init__(self, card: Card, session: Any) -> None:
        if card.source is None:
            raise StyleError(f"the style {card.style!r} has no source to encode; expected one that has")
        self._card, self._source, self._session = card, card.source, session
        self._vocabulary: Vocabulary | None = None
        if card.source["kind"] == "text":
            self._vocabulary = Vocabulary(card.source.get("vocabulary", ()), card.normalisation)

    def __call__(self, source: str | NDArray[np.float32]) -> Context:
        """The context of a line of text, or of a picture float32[3, size, size] (RGB, 0 to 1).

        Of a text only the first line is read, and as much of it as the style can; an empty text is no source, also for
        a style that describes pictures. Raises :class:`StyleError` for a source of the other kind, :class:`ModelError`
        if the graph fails.
        """
        expect_source(self._card, source)
        feed = self._line(self._vocabulary, source) if self._vocabulary else self._picture(source)
        try:
            keys, values = self._session.run([KEYS, VALUES], feed)
        except Exception as error:
            # ONNX Runtime's exceptions have no common root but Exception.
            raise ModelError(f"the encoder fails when it runs ({' '.join(str(error).split())[:200]})") from None
        if not (np.isfinite(keys).all() and np.isfinite(values).all()):
            raise ModelError("the encoder gives NaN or infinity; expected finite numbers")
        return Context(np.ascontiguousarray(keys), np.ascontiguousarray(values))

    def _line(self, vocabulary: Vocabulary, source: str | NDArray[np.float32]) -> dict[str, NDArray[Any]]:
        line = vocabulary.normalise(str(source)).partition("\n")[0]
        tokens = vocabulary.encode(line[: self._source.get("longest", 1) - 1] + "\n")
        return {SOURCE: tokens.astype(np.int64)}

    def _picture(self, source: str | NDArray[np.float32]) -> dict[str, NDArray[Any]]:
        size = self._source.get("size", 0)
        if isinstance(source, str):
            return {PICTURE: np.full((3, size, size), GREY, np.float32)}
        if source.shape != (3, size, size) or source.dtype != np.float32:
            raise StyleError(
                f"a picture of the shape {list(source.shape)} in {source.dtype}; expected [3, {size}, {size}] in float32"
            )
        return {PICTURE: np.ascontiguousarray(source)}
