"""What a freshly trained network is held against: a character n-gram on the same text, and a person who types it all."""

from __future__ import annotations

from dataclasses import replace
from math import inf
from typing import TYPE_CHECKING, Any

from rnncomplete.completer import Completer
from rnncomplete.decoder import DecoderOptions
from rnncomplete.peers.ngram import KneserNey
from rnncomplete.threshold import best_threshold
from rnncomplete.typing_simulation import simulate_typing

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rnncomplete.model import Model

COUNTED_CHARACTERS = 2_000_000
"""The end of a longer training text is counted: counting sorts all of it once an order."""

HIGHEST_ORDER = 12
TYPED_CHARACTERS = 3_000


def ngram_figures(
    training: NDArray[np.uint16], validation: NDArray[np.uint16], vocabulary_size: int
) -> dict[str, float | int]:
    """The loss on ``validation`` of the best n-gram with Kneser-Ney smoothing, and what it was counted on."""
    counted = training[-COUNTED_CHARACTERS:]
    losses = KneserNey(counted, vocabulary_size, HIGHEST_ORDER).losses(validation)
    return {
        "ngram_nats": round(float(losses.min()), 5),
        "ngram_order": int(losses.argmin()) + 1,
        "ngram_characters": len(counted),
    }


def typing_figures(model: Model, validation: NDArray[np.uint16]) -> dict[str, float | int]:
    """What a simulated person saves who types the beginning of ``validation`` with ghosts."""
    completer = Completer(model)
    options = replace(completer.options, budget_ms=inf)
    text = model.vocabulary.decode(validation[:TYPED_CHARACTERS].tolist())
    typing = simulate_typing(text, lambda before: completer.complete(before, options=options).text)
    return {"keystrokes_saved": round(typing.keystrokes_saved, 4), "typed_characters": typing.characters}


def tuned_threshold(model: Model, validation: NDArray[np.uint16]) -> float:
    """The threshold that saves the most keystrokes, with precision enough, behind what :func:`typing_figures` types."""
    completer = Completer(model)
    text = model.vocabulary.decode(validation[: 2 * TYPED_CHARACTERS].tolist())

    def ghost(before: str, threshold: float) -> str:
        return completer.complete(before, options=DecoderOptions(threshold=threshold, budget_ms=inf)).text

    return best_threshold(ghost, text, start=len(text) // 2)


def tell(figures: dict[str, Any]) -> str:
    """The figures of a card beside those of the n-gram, for people."""
    nats = figures["nats_per_character"]
    lines = []
    if "ngram_nats" in figures:
        lines.append(
            f"an n-gram of order {figures['ngram_order']}, counted on {figures['ngram_characters']:,} characters of the "
            f"same text: {figures['ngram_nats']:.4f}; the network is {100 * (1 - nats / figures['ngram_nats']):.1f} % below"
            if nats <= figures["ngram_nats"]
            else f"an n-gram of order {figures['ngram_order']}, counted on {figures['ngram_characters']:,} characters of "
            f"the same text, is better: {figures['ngram_nats']:.4f}; train longer"
        )
    lines.append(
        f"typing {figures['typed_characters']:,} characters of it with ghosts saves "
        f"{100 * figures['keystrokes_saved']:.1f} % of the keys (simulated)"
    )
    return "\n".join(lines)
