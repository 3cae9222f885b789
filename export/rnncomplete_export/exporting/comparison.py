"""What a freshly trained network is held against: a character n-gram on the same text, and a person who types it all."""

from __future__ import annotations

from dataclasses import replace
from math import inf
from typing import TYPE_CHECKING

from rnncomplete.measure.evaluation import spelling
from rnncomplete.measure.peers.ngram import HIGHEST_ORDER, losses_of_orders
from rnncomplete.measure.threshold_tuning import beginnings, best_threshold
from rnncomplete.measure.typing_simulation import simulate_typing
from rnncomplete_export.network.measure import sampled

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from rnncomplete.completion.completer import Completer
    from rnncomplete.network.card import Figures

STRETCH = 100_000
"""Characters, of which those counted in a long text consist."""


def ngram_figures(
    training: NDArray[np.uint16],
    validation: NDArray[np.uint16],
    vocabulary_size: int,
    *,
    most: int,
    advance: Callable[[str], None] = lambda _: None,
) -> Figures:
    """The loss on ``validation`` of the best n-gram with Kneser-Ney smoothing, and what it was counted on.

    That is all of ``training``, or ``most`` characters in stretches all over it, of which each takes about 110 bytes.
    ``advance`` is told of each order.
    """
    counted = sampled(training, most, -(-most // STRETCH))

    def counting(order: int) -> None:
        if order < HIGHEST_ORDER:
            advance(f"counting n-grams of order {order + 1} in {len(counted):,} characters")

    counting(0)
    losses = losses_of_orders(counted, validation, vocabulary_size, HIGHEST_ORDER, counting)
    losses = losses + float(spelling(validation).mean())  # unknown characters cost it what they cost the network
    return {
        "ngram_nats": round(float(losses.min()), 5),
        "ngram_order": int(losses.argmin()) + 1,
        "ngram_characters": len(counted),
        "ngram_share": round(len(counted) / len(training), 4),
    }


def typing_figures(
    completer: Completer,
    typed: NDArray[np.uint16],
    progress: Callable[[int, int], None] = lambda *_: None,
) -> Figures:
    """What a simulated person who types ``typed`` uint16[n] with ghosts saves."""
    options = replace(completer.options, budget_ms=inf)
    text = completer.model.vocabulary.decode(typed.tolist())
    typing = simulate_typing(
        text,
        lambda before: completer.complete(before, options=options).spelled_out,
        lambda position: progress(position, len(text)),
    )
    return {"keystrokes_saved": round(typing.keystrokes_saved, 4), "typed_characters": typing.characters}


def tuned_threshold(
    completer: Completer,
    text: NDArray[np.uint16],
    *,
    session: int,
    progress: Callable[[int], None] = lambda _: None,
) -> float:
    """The threshold whose ghosts are worth most, with precision enough.

    It is tuned on the beginnings of sessions of ``session`` characters all over ``text`` uint16[n], of which nothing may
    be in :func:`typing_figures`.
    """
    texts = beginnings(completer.model.vocabulary.decode(text.tolist()), session)
    return best_threshold(completer.greedy, texts, progress=progress)


def counted_on(figures: Figures) -> str:
    """What the n-gram of a card was counted on, for people: all that the network was trained on, or a part of it."""
    if figures.get("ngram_share") == 1:
        return f"all {figures['ngram_characters']:,} characters trained on"
    share = f", {100 * figures['ngram_share']:.3g} % of those trained on" if "ngram_share" in figures else ""
    return f"{figures['ngram_characters']:,} characters{share}"


def tell(figures: Figures) -> str:
    """The figures of a card beside those of the n-gram, for people."""
    nats = figures["nats_per_character"]
    lines = []
    if "ngram_nats" in figures:
        grams = figures["ngram_nats"]
        verdict = (
            f"the network is {100 * (1 - nats / grams):.1f} % below it"
            if nats <= grams
            else "it is better than the network, which wants more training (or more text)"
        )
        lines.append(
            f"the best n-gram, of order {figures['ngram_order']}, counted on {counted_on(figures)}: {grams:.4f}; {verdict}"
        )
    lines.append(
        f"typing {figures['typed_characters']:,} characters of it with ghosts saves "
        f"{100 * figures['keystrokes_saved']:.1f} % of the keys (simulated)"
    )
    return "\n".join(lines)
