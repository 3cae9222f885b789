"""Whether what a memory holds can be worked with: the core looks things up without asking, so all bounds are held here.

However a memory is stored, what was read of it passes through :func:`check_memory` before the core sees it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rnncomplete.mixing.layout import DEEPEST, LEARNED, SYMBOLS, Sizes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rnncomplete.mixing.alphabet import Alphabet
    from rnncomplete.mixing.prior import Prior

MOST_PLACES = 1 << 23
"""Of one table; those of a folder have eight million."""

FASTEST = 0.1
"""Rate beyond which weights would only be thrown about."""

MOST_COUNTED = 1 << 40
"""Times that one character may have been seen."""

_HIGHEST = {"weights": np.inf, "second": np.inf, "refine": 1.0}
_STRETCHED = 4095 / 4096
"""What lies above, in the maps, would be looked up behind the end of a table."""


def check_memory(alphabet: Alphabet, nodes: NDArray[np.uint32], slots: NDArray[np.uint32], prior: Prior) -> None:
    """Raise :class:`ValueError`, whose text goes on a sentence "a corpus memory with", if one of them breaks a bound."""
    _check_alphabet(alphabet)
    for table in (nodes, slots):
        if table.dtype != np.uint32 or table.ndim != 1 or not (table.flags.c_contiguous and table.flags.aligned):
            raise ValueError("tables of another type")
        if not 0 < len(table) <= MOST_PLACES or len(table) % 8:
            raise ValueError(f"a table of {len(table)} places")
    if int((slots >> 8 & 0xFFF).max()) >= len(alphabet):
        raise ValueError("a character outside its own vocabulary")
    _check_prior(prior, len(alphabet))


def _check_alphabet(alphabet: Alphabet) -> None:
    characters, counts = alphabet.characters, alphabet.counts
    if not 2 <= len(characters) <= SYMBOLS or len(characters) != len(counts):
        raise ValueError(f"{len(characters)} characters and {len(counts)} counts")
    if not all(isinstance(character, str) and len(character) == 1 for character in characters):
        raise ValueError("entries that are not characters")
    if not all(whole(count) and 0 <= count < MOST_COUNTED for count in counts):
        raise ValueError("impossible counts")
    if int(alphabet.tree.lengths.max()) > DEEPEST:
        raise ValueError("characters told by too many decisions")


def _check_prior(prior: Prior, symbols: int) -> None:
    if not (isinstance(prior.rate, float) and 0 <= prior.rate <= FASTEST):
        raise ValueError(f"weights that move at {str(prior.rate)[:20]}")
    if prior.sections and prior.sections.keys() != set(LEARNED):
        raise ValueError("weights for other places")
    sizes = Sizes().sections(symbols)
    for name, data in prior.sections.items():
        if len(data) != 2 * sizes[name][1]:
            raise ValueError(f"weights of {len(data) // 2} {name}; expected {sizes[name][1]}")
        # float16 rounds: compared in its own precision, 0.9998 would be 1
        values = np.frombuffer(data, "<f2").astype(np.float32)
        highest = _HIGHEST.get(name, _STRETCHED)
        if not (np.isfinite(values).all() and values.max() <= highest and (highest > 1 or values.min() >= 0)):
            raise ValueError(f"impossible {name}")


def whole(value: Any) -> bool:
    """Whether ``value``, read from JSON, is a whole number (which true and 1e400 are not)."""
    return isinstance(value, int) and not isinstance(value, bool)
