"""What a graph must have to be a style's: the ports and the card of the model contract, and operators that fit."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

from rnncomplete.errors import ModelError
from rnncomplete.network.card import METADATA_KEY, Card
from rnncomplete.network.graph import Element
from rnncomplete.network.operators import RULES, STEP_RULES, check_operators
from rnncomplete.styles import CARD

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rnncomplete.network.graph import Graph, Port


READOUT = "readout."
"""What the names of outputs begin with that are distributions over the card's labels."""


def check_contract(graph: Graph, card: Card) -> None:
    """Raise :class:`ModelError` unless ``graph`` has the ports and the card of ``card``, and operators that fit."""
    state, vocabulary = card.state_size, len(card.vocabulary)
    _check_ports("inputs", graph.inputs, {"token": (Element.INT64, ()), "state": (Element.FLOAT, (state,))})
    outputs = {"logits": (Element.FLOAT, (vocabulary,)), "next_state": (Element.FLOAT, (state,))}
    outputs |= {f"{READOUT}{name}": (Element.FLOAT, (len(labels),)) for name, labels in card.readouts.items()}
    _check_ports("outputs", graph.outputs, outputs)
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
    check_operators(graph, vocabulary, RULES if card.readouts else STEP_RULES)


def _check_ports(kind: str, ports: tuple[Port, ...], expected: Mapping[str, tuple[Element, tuple[int, ...]]]) -> None:
    """Raise unless ``ports`` are exactly ``expected``: name -> (element type, sizes behind the batch)."""
    found = {port.name: port for port in ports}
    if len(ports) != len(expected) or found.keys() != expected.keys():
        raise ModelError(f"the graph has the {kind} {sorted(found)}; expected {sorted(expected)}")
    for name, (element_type, sizes) in expected.items():
        port = found[name]
        if port.element_type != element_type:
            raise ModelError(f"{name!r} has element type {port.element_type}; expected {element_type}")
        if len(port.shape) != 1 + len(sizes) or port.shape[0] not in (None, 1) or port.shape[1:] != sizes:
            raise ModelError(
                f"{name!r} has the shape {list(port.shape)}; expected [batch{''.join(f', {n}' for n in sizes)}]"
            )
