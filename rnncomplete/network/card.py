"""The card of a style: what its graphs are, what they were trained on, and how well they do.

The same JSON stands in ``card.json`` and in the graph, under the metadata key :data:`METADATA_KEY`.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from typing import Any, TypedDict, get_type_hints

from rnncomplete.errors import ModelError
from rnncomplete.network.facts import conform, read_json
from rnncomplete.network.source import ContextWidths, Source, check_source
from rnncomplete.styles import AUTO, STYLE_NAME, is_style_name
from rnncomplete.text.characters import NORMALISATIONS
from rnncomplete.text.labelled import LARGEST_LABEL, MOST_LABELS, is_label

FORMATS = (1, 2)
"""Versions of the model contract that this runtime reads. A card has the lowest that its style needs."""

METADATA_KEY = "rnncomplete.card"

LARGEST_CARD = 2**20
"""Bytes of a card at most; ours have fourteen thousand."""

LARGEST_STATE = 65_536
"""A state of more numbers than this is not a small local completer's."""


MOST_READOUTS = 4
"""Of a style."""


Shares = dict[str, float | None]
"""Skills by name: a share from 0 to 1 of each, ``None`` where there was nothing to count."""


class Corpus(TypedDict, total=False):
    """What a network was trained on."""

    name: str
    sha256: str
    characters: int
    validation_characters: int
    """Of those, the last, that were held out of training."""
    licence: str
    sources_sha256: str
    """Of what those characters were written about, if they are translations."""


class Recipe(TypedDict, total=False):
    """The choices of a training; there are others, with which nothing is computed."""

    optimizer: str
    batch: int
    window: int
    dropout: float
    weight_dropout: float


Training = TypedDict(
    "Training",
    {
        "command": str,
        "from": str | None,
        "earlier": "Training | None",
        "recipe": Recipe,
        "precision": str,
        "seed": int,
        "updates": int,
        "characters_seen": int,
        "seconds": float,
        "processor_seconds": float | None,
        "versions": dict[str, str],
    },
    total=False,
)
"""How a network was trained; ``earlier`` is the same of the training that it went on from."""


class Writing(TypedDict, total=False):
    """How a style writes unless it is told otherwise, and what that is like."""

    temperature: float
    min_p: float
    skills: Shares


class LabelPart(TypedDict, total=False):
    """How well labels are told on some of the texts held out: shares of texts, 0 to 1."""

    texts: int
    network: float
    """Right by the network alone."""
    accuracy: float
    """With the memory of the labels, as `classify` tells them."""
    half: float
    """The same when half of each text was read."""
    tfidf: float
    """By a linear model over TF-IDF of words and characters."""
    nb: float
    """By a linear model over words weighted by naive Bayes."""


class LabelFigures(TypedDict, total=False):
    """How well a style tells labels: on all texts held out, and on those of each source."""

    texts: int
    accuracy: float
    macro_f1: float
    calibration_error: float
    """Expected calibration error in ten bins, a share."""
    confusion: tuple[tuple[int, ...], ...]
    """Of each label (row) so many texts were told to be of each label (column)."""
    parts: dict[str, LabelPart]
    """By source; ``all`` of them together."""


class TranslationFigures(TypedDict, total=False):
    """How well a style translates the lines held out; BLEU and chrF are sacrebleu's, 0 to 100."""

    pairs: int
    """Lines held out, on which all of this is measured."""
    tokenizer: str
    """Sacrebleu's, by which BLEU counts words: ``13a``, or ``char`` in a language that is written without blanks."""
    sourceless_nats: float
    """Nats per character of the network alone with no source, on the lines and with the weights of ``float32_nats``."""
    bleu: float
    """Of the likeliest characters, one after another."""
    chrf: float
    beam: int
    """Hypotheses of the beam search."""
    beam_bleu: float
    beam_chrf: float
    nearest_bleu: float
    """Of the translation of the nearest source that was trained on."""
    nearest_chrf: float
    sourceless_keystrokes_saved: float
    """As the other figures' with the source, but with none."""


class DescriptionFigures(TypedDict, total=False):
    """How well a style describes pictures held out; BLEU and chrF are sacrebleu's, 0 to 100."""

    pictures: int
    """Held out, on which BLEU and chrF are measured, against all captions of each."""
    bleu: float
    """Of the likeliest characters, one after another."""
    chrf: float
    sourceless_nats: float
    """Nats per character of the network alone with no picture; with it, it is that of the other figures."""
    sourceless_keystrokes_saved: float
    """As the other figures' with the picture, but with none."""
    scenes: dict[str, dict[str, float]]
    """Of composed scenes, by what they are: shares in per cent, and BLEU against sentences of their grammar."""


class Figures(TypedDict, total=False):
    """How well a style does on the validation slice: nats per character, characters measured on, shares, bytes."""

    parity_characters: int
    float32_logit_difference: float
    float32_nats: float
    int8_nats: float
    fp16_nats: float
    nats_per_character: float
    measured_characters: int
    measured_on: str
    """The name of another text that all was measured on, if it was not the validation slice."""
    ngram_nats: float
    ngram_order: int
    ngram_characters: int
    ngram_share: float
    adaptive_nats: float
    adaptive_characters: int
    memory_bytes: int
    keystrokes_saved: float
    typed_characters: int
    skills_of_the_text: Shares
    labels: LabelFigures
    translation: TranslationFigures
    description: DescriptionFigures
    writing: Writing


class _Reached(TypedDict):
    step: int
    characters: int
    loss: float
    sample: str


class Stage(_Reached, total=False):
    """What a network wrote after so many steps and characters, and its loss by then."""

    skills: Shares
    told_right: tuple[float, ...]
    """Of a style with labels: the share of texts held out whose label was told right after each tenth of them."""


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
    format: int = 1
    """Version of the model contract; 2 if there are readouts or a source."""
    readouts: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Of each readout by name the labels whose distribution it gives at every character."""
    source: Source | None = None
    """What the style writes about, if it does not just go on."""
    context: ContextWidths | None = None
    """What is known of each place of the source."""
    normalisation: tuple[str, ...] = NORMALISATIONS[:1]
    """What is done to a text before the network reads it."""
    temperature: float = 1.0
    """Divides the logits; tuned on the validation slice."""
    threshold: float = 0.25
    """No ghost is shown whose first word is less likely than this."""
    lexer: str | None = None
    """Pygments name of the language, for colours."""
    corpus: Corpus = field(default_factory=Corpus)
    training: Training = field(default_factory=Training)
    figures: Figures = field(default_factory=Figures)
    stages: tuple[Stage, ...] = ()
    """What the network wrote while it learned."""

    def __post_init__(self) -> None:
        _check_format(self.format)
        for name in ("readouts", "source", "context"):
            if getattr(self, name) and self.format < 2:
                raise ModelError(f"the card has {name} in format {self.format}; expected format 2")
        _check_readouts(self.readouts)
        check_source(self.source, self.context, self.normalisation)
        if self.source is not None and "\n" not in self.vocabulary:
            raise ModelError("the vocabulary has no newline; expected one, which ends every line about a source")
        if not is_style_name(self.style):
            raise ModelError(
                f"the card names the style {self.style!r}; expected lower case letters, digits, hyphens, underscores, and "
                f"another name than {AUTO!r}"
            )
        for name, largest in (
            ("state_size", LARGEST_STATE),
            ("layers", 64),
            ("hidden_size", LARGEST_STATE),
            ("parameters", 10**10),
        ):
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
        facts = dataclasses.asdict(self)
        for name in ("readouts", "source", "context"):
            if not facts[name]:
                del facts[name]  # what a card of format 1 never had
        return json.dumps(facts, ensure_ascii=False, sort_keys=True)

    @classmethod
    def from_json(cls, text: str | bytes) -> Card:
        """Read a card; raises :class:`ModelError` on anything that is not one."""
        if len(text) > LARGEST_CARD:
            raise ModelError(f"the card is larger than {LARGEST_CARD // 2**20} MB; expected a few kilobytes")
        try:
            facts = read_json(text)
        except ValueError as error:
            raise ModelError(f"the card is not JSON ({error}); expected what `rnncomplete export` writes") from None
        if not isinstance(facts, dict):
            raise ModelError(f"the card is a JSON {type(facts).__name__}; expected an object")
        _check_format(facts.get("format"))
        fields = {item.name: item for item in dataclasses.fields(cls)}
        required = {name for name, item in fields.items() if item.default is item.default_factory}
        if missing := required - facts.keys():
            raise ModelError(f"the card lacks {min(missing)!r}; expected what `rnncomplete export` writes")
        hints = get_type_hints(cls)
        try:
            values = {name: conform(facts[name], hints[name], name) for name in fields if name in facts}
        except ValueError as error:
            raise ModelError(f"the card has {error}") from None
        return cls(**values)


def _check_format(version: Any) -> None:
    if type(version) is not int or version not in FORMATS:
        raise ModelError(
            f"the card has format {str(version)[:20]!r}; this version of rnncomplete reads format "
            f"{' and '.join(map(str, FORMATS))}"
        )


def _check_readouts(readouts: dict[str, tuple[str, ...]]) -> None:
    """Raise :class:`ModelError` unless readouts and their labels can be named and told apart by people."""
    if len(readouts) > MOST_READOUTS:
        raise ModelError(f"the card has {len(readouts)} readouts; expected at most {MOST_READOUTS}")
    for name, labels in readouts.items():
        if not STYLE_NAME.fullmatch(name):
            raise ModelError(f"the card has a readout {name[:40]!r}; expected lower case letters, digits, hyphens")
        if not 2 <= len(labels) <= MOST_LABELS or len(set(labels)) != len(labels):
            raise ModelError(
                f"the card has {len(labels)} labels of {name!r}; expected 2 to {MOST_LABELS}, each of them once"
            )
        for label in labels:
            if not is_label(label):
                raise ModelError(
                    f"the card has the label {label[:40]!r}; expected 1 to {LARGEST_LABEL} characters that can be shown"
                )
