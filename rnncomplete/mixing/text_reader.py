"""Keeps a mixer in step with a text that is edited anywhere: what it has learned depends on the text alone.

A long text is read through a window that its length chooses. Before somebody who types comes to the end of one, the
next has been read already, a little at each key.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from rnncomplete.mixing.layout import FloatArray
    from rnncomplete.mixing.mixer import Mixer
    from rnncomplete.text.tail import Tail

_SKIMMED_FOR_LEARNED = 16
"""How many characters are skimmed in the time that one takes to be learned, with the network's step; rather more."""

AHEAD_PIECE = 16
"""Characters learned ahead of the typist at a key, of those that have been read already; less than half a millisecond."""


class Window(NamedTuple):
    """From where a text is read."""

    begin: int
    """Where the mixer begins."""
    network_begin: int
    """Where the network begins; what stands before is only remembered."""
    end: int
    """The first length of a text that has another window."""


@dataclass(frozen=True)
class Windows:
    """The documented shortcut for long texts: how much of what is before the cursor is read, and by whom.

    Both parts of a window begin where the text's length, not its history, says: a text of n characters is read from the
    same place however it came to be. The price is one new reading each time a text grows past a step.
    """

    session: int = 1 << 16
    """The mixer reads the last one to two times as many characters; a multiple of ``network``."""
    network: int = 1 << 12
    """The last one to two times as many are learned with the network's word; those before are only remembered."""

    def of(self, length: int) -> Window:
        """The window of a text of ``length``."""
        step = max(1, length // self.network)
        return Window(
            max(0, length // self.session - 1) * self.session, (step - 1) * self.network, (step + 1) * self.network
        )

    @property
    def ahead(self) -> int:
        """Characters before the end of a window from where on the next one is read."""
        return self.network // 4

    @property
    def behind(self) -> int:
        """Characters behind the end of a window up to where it is kept, since whoever types may go back."""
        return self.network // 32

    def begin(self, length: int) -> int:
        """From where on a text of ``length`` has to be at hand."""
        return self.of(max(0, length - self.behind)).begin


class Reader:
    """Learns a text before the cursor, and after each edit only what changed.

    ``make(characters)`` gives a mixer with room for so many. ``network(text, begin)`` gives the network's probabilities
    float32[n - begin, V] of the characters of ``text`` from ``begin`` on, each after the ones before it; it is asked for
    what has to be learned only. None is a mixer without a network. Asked again for a place, as after a deletion or where
    a window ends, it must give the same. Short steps back undo, longer ones start over.
    """

    def __init__(
        self,
        make: Callable[[int], Mixer],
        network: Callable[[Tail, int], FloatArray] | None = None,
        *,
        windows: Windows | None = None,
        piece: int = 1024,
    ) -> None:
        self._make, self._network = make, network
        self.windows = windows or Windows()
        self._piece = piece
        window = self.windows.of(0)
        self.mixer = make(window.end)
        """What has learned the text read last."""
        self._mixers = {window: self.mixer}

    def read(self, text: Tail, wanted: Callable[[], bool] = lambda: True) -> bool:
        """Make the mixer know exactly ``text``, that before the cursor, which must be at hand from ``windows.begin`` on.

        Asks ``wanted`` before every piece; False from it stops the reading (the next one goes on from there) and is
        returned.
        """
        length, windows = len(text), self.windows
        window, following = windows.of(length), windows.of(length + windows.ahead)
        kept = {window, following, windows.of(max(0, length - windows.behind))}
        self._mixers = {one: mixer for one, mixer in self._mixers.items() if one in kept}
        self.mixer = self._in(window)
        self._step_back(self.mixer, text.since(window.begin))
        while window.begin + len(self.mixer) < length:
            if not wanted():
                return False
            self._learn(self.mixer, window, text, self._piece)
        if following != window:
            ahead = self._in(following)
            self._step_back(ahead, text.since(following.begin))
            self._learn(ahead, following, text, AHEAD_PIECE)
        return True

    def forget(self, place: int) -> None:
        """Unlearn the characters from ``place`` on: the network says something else of them now."""
        for window, mixer in self._mixers.items():
            self._unlearn(mixer, min(len(mixer), window.begin + len(mixer) - place))

    @property
    def nbytes(self) -> int:
        """Bytes of memory that what was learned takes."""
        return sum(mixer.nbytes for mixer in self._mixers.values())

    def _in(self, window: Window) -> Mixer:
        if window not in self._mixers:
            self._mixers[window] = self._make(window.end - window.begin)
        return self._mixers[window]

    def _step_back(self, mixer: Mixer, text: NDArray[np.uint16]) -> None:
        """Unlearn what ``text`` does not begin with."""
        self._unlearn(mixer, len(mixer) - common_length(mixer.tokens, text))

    @staticmethod
    def _unlearn(mixer: Mixer, surplus: int) -> None:
        """Unlearn so many characters, or all where that is too much to be undone."""
        if surplus > 0 and mixer.undo(surplus) < surplus:
            mixer.reset()

    def _learn(self, mixer: Mixer, window: Window, text: Tail, piece: int) -> None:
        """Let ``mixer`` learn the next ``piece`` of ``text`` within ``window``, or skim some times as much."""
        at = window.begin + len(mixer)
        if at < window.network_begin:
            end = min(window.network_begin, len(text), at + piece * _SKIMMED_FOR_LEARNED)
            mixer.skim(text.until(end).since(at))
        elif at < len(text):
            read = text.until(min(len(text), at + piece))
            mixer.learn(read.since(at), self._network(read, at) if self._network else None)


def common_length(first: NDArray[np.uint16], second: NDArray[np.uint16]) -> int:
    """Length of the longest common beginning."""
    shorter = min(len(first), len(second))
    different = np.flatnonzero(first[:shorter] != second[:shorter])
    return int(different[0]) if len(different) else shorter
