"""The card of a style: what its graphs are, what they were trained on, and how well they do.

The same JSON stands in ``card.json`` and in both graphs, under the metadata key :data:`METADATA_KEY`.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from typing import Any, get_type_hints

from rnncomplete.errors import ModelError
from rnncomplete.styles import STYLE_NAME
from rnncomplete.text.characters import NORMALISATIONS

FORMAT = 1
"""Version of the model contract that this runtime reads."""

METADATA_KEY = "rnncomplete.card"

LARGEST_CARD = 2**20
"""Bytes of a card at most; ours have fourteen thousand."""

LARGEST_STATE = 65_536
"""A state of more numbers than this is not a small local completer's."""


@dataclass(frozen=True)
class Card:
    """The facts about one style, as JSON holds them."""

    style: str
    """Name of the style: lower case letters, digits, hyphens and underscores."""
    description: str
    """One line for people."""
    vocabulary: tuple[str, ...]
    """The characters; index 0 is the unknown one."""
    state_size: int
    """Numbers in the flat recurrent state."""
    cell: str
    """Kind of recurrent cell, such as ``lstm``."""
    layers: int
    hidden_size: int
    """Units a layer."""
    parameters: int
    """Trained numbers in the network."""
    format: int = FORMAT
    """Version of the model contract."""
    normalisation: tuple[str, ...] = NORMALISATIONS[:1]
    """What is done to a text before the network reads it."""
    temperature: float = 1.0
    """Divides the logits; tuned on the validation slice."""
    threshold: float = 0.25
    """No ghost is shown whose first word is less likely than this."""
    lexer: str | None = None
    """Pygments name of the language, for colours."""
    corpus: dict[str, Any] = field(default_factory=dict)
    """``name``, ``sha256``, ``characters``, ``licence``."""
    training: dict[str, Any] = field(default_factory=dict)
    """Recipe, seed, characters seen, seconds, versions, command."""
    figures: dict[str, Any] = field(default_factory=dict)
    """Nats per character of the float32, int8 and fp16 graphs on the validation slice."""
    stages: tuple[dict[str, Any], ...] = ()
    """What the network wrote while it learned: ``step``, ``characters``, ``loss``, ``sample``."""

    def __post_init__(self) -> None:
        if self.format != FORMAT:
            raise ModelError(f"the card has format {self.format!r}; this version of rnncomplete reads format {FORMAT}")
        if not STYLE_NAME.fullmatch(self.style):
            raise ModelError(
                f"the card names the style {self.style!r}; expected lower case letters, digits, hyphens, underscores"
            )
        for name, largest in (("state_size", LARGEST_STATE), ("layers", 64), ("hidden_size", LARGEST_STATE)):
            if not 1 <= getattr(self, name) <= largest:
                raise ModelError(f"the card has {name} {getattr(self, name)}; expected 1 to {largest}")
        if not 0.05 <= self.temperature <= 20:
            raise ModelError(f"the card has temperature {self.temperature}; expected 0.05 to 20")
        if not 0 <= self.threshold <= 1:
            raise ModelError(f"the card has threshold {self.threshold}; expected 0 to 1")
        unknown = set(self.normalisation) - set(NORMALISATIONS)
        if unknown:
            raise ModelError(
                f"the card asks for the normalisation {min(unknown)!r}; known: {', '.join(NORMALISATIONS)}"
            )
        from rnncomplete.text.vocabulary import Vocabulary

        Vocabulary(self.vocabulary, self.normalisation)

    def to_json(self) -> str:
        """The card as one line of JSON with sorted keys."""
        return json.dumps(dataclasses.asdict(self), ensure_ascii=False, sort_keys=True)

    @classmethod
    def from_json(cls, text: str | bytes) -> Card:
        """Read a card; raises :class:`ModelError` on anything that is not one."""
        if len(text) > LARGEST_CARD:
            raise ModelError(f"the card is larger than {LARGEST_CARD // 2**20} MB; expected a few kilobytes")
        try:
            facts = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ModelError(f"the card is not JSON ({error}); expected what `rnncomplete export` writes") from None
        if not isinstance(facts, dict):
            raise ModelError(f"the card is a JSON {type(facts).__name__}; expected an object")
        if facts.get("format") != FORMAT:
            raise ModelError(
                f"the card has format {facts.get('format')!r}; this version of rnncomplete reads format {FORMAT}"
            )
        fields = {item.name: item for item in dataclasses.fields(cls)}
        required = {name for name, item in fields.items() if item.default is item.default_factory}
        if missing := required - facts.keys():
            raise ModelError(f"the card lacks {min(missing)!r}; expected what `rnncomplete export` writes")
        hints = get_type_hints(cls)
        values = {name: _checked(name, hints[name], facts[name]) for name in fields if name in facts}
        return cls(**values)


def _checked(name: str, hint: Any, value: Any) -> Any:
    """``value`` as the field's type, or a :class:`ModelError`."""
    kinds: dict[Any, tuple[type, ...]] = {
        str: (str,),
        int: (int,),
        float: (int, float),
        str | None: (str, type(None)),
        dict[str, Any]: (dict,),
        tuple[str, ...]: (list,),
        tuple[dict[str, Any], ...]: (list,),
    }
    if isinstance(value, bool) or not isinstance(value, kinds[hint]):
        expected = " or ".join(kind.__name__ for kind in kinds[hint])
        raise ModelError(f"the card has {name} of type {type(value).__name__}; expected {expected}")
    if isinstance(value, list):
        item_kind = str if hint == tuple[str, ...] else dict
        if not all(isinstance(item, item_kind) for item in value):
            raise ModelError(f"the card has odd items in {name}; expected {item_kind.__name__} only")
        return tuple(value)
    return float(value) if isinstance(value, int) and hint is float else value
