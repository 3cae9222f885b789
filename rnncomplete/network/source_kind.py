"""Whether a style writes about a source of some kind; told by its card, without loading anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rnncomplete.errors import StyleError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rnncomplete.network.card import Card


def expect_source(card: Card, source: str | NDArray[np.float32]) -> None:
    """Raise :class:`StyleError` unless the style writes about sources of that kind; an empty text is no source."""
    if isinstance(source, str) and not source:
        return
    kinds = {"text": "translates text", "picture": "describes pictures"}
    given = "text" if isinstance(source, str) else "picture"
    if card.source is None:
        raise StyleError(
            f"the style {card.style!r} has no source; expected one that {kinds[given]}: see rnncomplete styles"
        )
    if card.source["kind"] != given:
        raise StyleError(
            f"the style {card.style!r} {kinds[card.source['kind']]}; expected a {card.source['kind']}, not a {given}"
        )


def suits(card: Card, source: str | NDArray[np.float32]) -> bool:
    """Whether the style writes about sources of that kind."""
    try:
        expect_source(card, source)
    except StyleError:
        return False
    return True
