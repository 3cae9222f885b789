"""What graphs must have to be a style's: the ports and the card of the model contract, and operators that fit."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

from rnncomplete.errors import ModelError
from rnncomplete.network.card import METADATA_KEY, Card
from rnncomplete.network.encode_operators import ENCODE_BOUNDS, ENCODE_RULES
from rnncomplete.network.graph import Element
from rnncomplete.network.operators import (
    ATTENTION_RULES,
    BATCH,
    CONTEXT,
    MOST_PLACES,
    PICTURE,
    PLACES,
    READOUT_RULES,
    SOURCE,
    STEP_RULES,
    check_operators,
)
from rnncomplete.styles import CARD

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rnncomplete.network.graph import Graph, Port

    Ports = Mapping[str, tuple[Element, tuple[int | str, ...]]]
    """Element type and sizes by name; a size that is not known beforehand has a name."""


READOUT = "readout."
"""What the names of outputs begin with that are distributions over the card's labels."""

KEYS, VALUES = f"{CONTEXT}keys", f"{CONTEXT}values"
"""What a step looks for in the context of a source, and what it finds there."""


def check_contract(graph: Graph, card: Card) -> None:
    """Raise :class:`ModelError` unless ``graph`` is the step of a style with that ``card``, with operators that fit."""
    state, vocabulary = card.state_size, len(card.vocabulary)
    inputs: Ports = {"token": (Element.INT64, (BATCH,)), "state": (Element.FLOAT, (BATCH, state))}
    outputs: Ports = {"logits": (Element.FLOAT, (BATCH, vocabulary)), "next_state": (Element.FLOAT, (BATCH, state))}
    readouts = {f"{READOUT}{name}": (Element.FLOAT, (BATCH, len(labels))) for name, labels in card.readouts.items()}
    _check_ports("inputs", graph.inputs, {**inputs, **_context(card, PLACES)})
    _check_ports("outputs", graph.outputs, {**outputs, **readouts})
    _check_card(graph, card)
    rules = {**STEP_RULES, **(READOUT_RULES if card.readouts else {}), **(ATTENTION_RULES if card.source else {})}
    check_operators(graph, vocabulary, rules)


def check_encoder(graph: Graph, card: Card) -> None:
    """Raise :class:`ModelError` unless ``graph`` encodes the sources of a style with that ``card``."""
    source = card.source
    if source is None:
        raise ModelError("the card has no source to encode; expected one whose style translates or describes")
    size = source.get("size", 0)
    inputs: dict[str, Ports] = {
        "text": {SOURCE: (Element.INT64, (PLACES,))},
        "picture": {PICTURE: (Element.FLOAT, (3, size, size))},
    }
    _check_ports("inputs", graph.inputs, inputs[source["kind"]])
    places: int | str = PLACES
    if source["kind"] == "picture" and graph.outputs:
        found = graph.outputs[0].shape[0] if graph.outputs[0].shape else None
        if not isinstance(found, int) or not 1 <= found <= MOST_PLACES:
            raise ModelError(f"a picture has the places {found}; expected a number from 1 to {MOST_PLACES}")
        places = found
    _check_ports("outputs", graph.outputs, _context(card, places))
    _check_card(graph, card)
    rows = len(source.get("vocabulary", ()))
    check_operators(graph, rows, ENCODE_RULES, ENCODE_BOUNDS, source.get("longest", MOST_PLACES))


def _context(card: Card, places: int | str) -> Ports:
    """The ports of the context of a source, where the style has one."""
    if card.context is None:
        return {}
    return {
        KEYS: (Element.FLOAT, (places, card.context["keys"])),
        VALUES: (Element.FLOAT, (places, card.context["values"])),
    }


def _check_card(graph: Graph, card: Card) -> None:
    if METADATA_KEY not in graph.metadata:
        raise ModelError(f"the graph carries no card under {METADATA_KEY!r}; expected what `rnncomplete export` writes")
    try:
        inside = Card.from_json(graph.metadata[METADATA_KEY])
    except ModelError as error:
        raise ModelError(f"inside the graph {error}") from None
    if differing := [item.name for item in fields(card) if getattr(inside, item.name) != getattr(card, item.name)]:
        raise ModelError(
            f"the card inside the graph differs from {CARD} in {differing[0]!r}; both come from the same export"
        )


def _check_ports(kind: str, ports: tuple[Port, ...], expected: Ports) -> None:
    """Raise unless ``ports`` are exactly those that are ``expected``."""
    found = {port.name: port for port in ports}
    if len(ports) != len(expected) or found.keys() != expected.keys():
        raise ModelError(f"the graph has the {kind} {sorted(found)}; expected {sorted(expected)}")
    for name, (element_type, sizes) in expected.items():
        port = found[name]
        if port.element_type != element_type:
            raise ModelError(f"{name!r} has element type {port.element_type}; expected {element_type}")
        fit = {BATCH: (None, 1), PLACES: (None,)}
        if len(port.shape) != len(sizes) or any(
            there not in (fit[size] if isinstance(size, str) else (size,))
            for there, size in zip(port.shape, sizes, strict=True)
        ):
            raise ModelError(f"{name!r} has the shape {list(port.shape)}; expected [{', '.join(map(str, sizes))}]")
