"""Keeps a mixer in step with a text that is edited anywhere: what it has learned depends on the text alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from rnncomplete.mixing.layout import FloatArray
    from rnncomplete.mixing.mixer import Mixer

_SKIMMED_FOR_LEARNED = 16
"""How many characters are skimmed in the time that one takes to be learned, with the network's step; rather more."""


@dataclass(frozen=True)
class Windows:
    """The documented shortcut for long texts: how much of what is before the cursor is read, and by whom.

    Both windows begin where the text's length, not its history, says: a text of n characters is read from the same
    place however it came to be. The price is one new reading each time a typed text grows past a step.
    """

    session: int = 1 << 16
    """The mixer reads the last one to two times as many characters."""
    network: int = 1 << 12
    """The last one to two times as many are learned with the network's word; those before are only remembered."""

    def session_begin(self, length: int) -> int:
        """Where the mixer begins to read a text of ``length``."""
        return max(0, length // self.session - 1) * self.session

    def network_begin(self, length: int) -> int:
        """Where the network begins to read a text of ``length``."""
        return max(0, length // self.network - 1) * self.network


class Reader:
    """Learns a text before the cursor, and after each edit only what changed.

    ``network(tokens, begin)`` gives the network's probabilities float32[n - begin, V] of ``tokens[begin:]``, uint16[n],
    each after the ones before it; it is asked for what has to be learned only. None is a mixer without a network.
    Asked again for a place, as after a deletion or where a window ends, it must give the same.
    Short steps back undo; longer ones go back to a checkpoint, of which there is one, or start over.
    """

    def __init__(
        self,
        mixer: Mixer,
        network: Callable[[NDArray[np.uint16], int], FloatArray] | None = None,
        *,
        windows: Windows | None = None,
        checkpoint_every: int = 1 << 14,
        piece: int = 1024,
    ) -> None:
        self.mixer, self._network = mixer, network
        self._windows = windows or Windows()
        self._every, self._piece = checkpoint_every, piece
        self._begin = self._network_begin = 0
        self._checkpoint: tuple[int, bytes] | None = None

    def read(self, tokens: NDArray[np.uint16], wanted: Callable[[], bool] = lambda: True) -> bool:
        """Make the mixer know exactly ``tokens`` uint16[n], the text before the cursor.

        Asks ``wanted`` before every piece; False from it stops the reading (the next one goes on from there) and is
        returned.
        """
        begin = self._windows.session_begin(len(tokens))
        network_begin = max(begin, self._windows.network_begin(len(tokens)))
        if (begin, network_begin) != (self._begin, self._network_begin):
            self._start_over()
            self._begin, self._network_begin = begin, network_begin
        text = np.ascontiguousarray(tokens[begin:], np.uint16)
        self._step_back(common_length(self.mixer.tokens, text))
        while len(self.mixer) < len(text):
            if not wanted():
                return False
            self._learn(text, tokens)
        return True

    def _start_over(self) -> None:
        if len(self.mixer):
            self.mixer.reset()
        self._checkpoint = None

    def _step_back(self, known: int) -> None:
        """Unlearn all but the first ``known`` characters of the session, or more where that is cheaper."""
        surplus = len(self.mixer) - known
        if surplus <= 0:
            return
        if self._checkpoint is not None and self._checkpoint[0] > known:
            self._checkpoint = None
        if self.mixer.undo(surplus) == surplus:
            return
        if self._checkpoint is not None:
            self.mixer.restore(self._checkpoint[1])
        else:
            self.mixer.reset()

    def _learn(self, text: NDArray[np.uint16], tokens: NDArray[np.uint16]) -> None:
        """Learn the next piece of ``text``, which begins at ``self._begin`` in ``tokens``."""
        at = len(self.mixer)
        quiet = self._network_begin - self._begin
        skim = at < quiet
        piece = self._piece * _SKIMMED_FOR_LEARNED if skim else self._piece
        end = min(quiet if skim else len(text), len(text), at + piece, (at // self._every + 1) * self._every)
        if skim:
            self.mixer.skim(text[at:end])
        else:
            network = self._network(tokens[: self._begin + end], self._begin + at) if self._network else None
            self.mixer.learn(text[at:end], network)
        if end % self._every == 0:
            self._checkpoint = (end, self.mixer.checkpoint())


def common_length(first: NDArray[np.uint16], second: NDArray[np.uint16]) -> int:
    """Length of the longest common beginning."""
    shorter = min(len(first), len(second))
    different = np.flatnonzero(first[:shorter] != second[:shorter])
    return int(different[0]) if len(different) else shorter
