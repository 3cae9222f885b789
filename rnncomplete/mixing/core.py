"""The compiled core that does the per-bit work; without it there is no mixing, and the network stands alone."""

from __future__ import annotations

from typing import Protocol, cast

from rnncomplete.errors import RnncompleteError
from rnncomplete.mixing import layout

State = tuple[object, ...]


class Core(Protocol):
    """What a core can do. ``state`` is what :func:`rnncomplete.mixing.buffers.buffers` gives."""

    def learn(self, state: State, tokens: object, network: object, probabilities: object) -> None:
        """Learn uint16[n] with float32[n, V] (or None); writes each token's probability to float64[n]."""

    def distribution(self, state: State, path: object, network: object, out: object) -> None:
        """Write the distribution behind the text and ``path`` uint16[n] to float32[V]."""

    def likeliest(self, state: State, path: object, network: object, shown: object) -> tuple[int, float]:
        """The likeliest of the tokens that ``shown`` uint8[V] allows, and its probability; (-1, 0.0) for none."""

    def undo(self, state: State, count: int) -> int:
        """Take back the last ``count`` tokens; returns how many the journal still held."""

    def skim(self, state: State, tokens: object) -> None:
        """Remember uint16[n] where :meth:`learn` does, without mixing or weighing anything; nothing before can be undone."""

    def count(self, state: State, tokens: object) -> None:
        """Count uint16[n] into the first memory."""


NOT_COMPILED = (
    "the mixer is not compiled, so the network stands alone and learns nothing from what is written; with a C compiler at "
    "hand, type: pip install --force-reinstall --no-deps FOLDER, where its source is"
)

core: Core | None = None
"""The compiled one, where it is."""

try:
    from rnncomplete.mixing import _core  # type: ignore[attr-defined] # compiled, where it is

    if getattr(_core, "LAYOUT", None) == layout.SIGNATURE:  # else it was compiled from another version
        core = cast("Core", _core)
except ImportError:
    pass


def compiled_core() -> Core:
    """The core; raises :class:`RnncompleteError` where there is none."""
    if core is None:
        raise RnncompleteError(NOT_COMPILED)
    return core


def why_no_core() -> str | None:
    """One line, if there is none."""
    return NOT_COMPILED if core is None else None
