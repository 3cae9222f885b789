"""What a plan says: which networks learn which texts, round after round, side by side in each."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from rnncomplete.errors import SettingError


@dataclass(frozen=True)
class PlannedStyle:
    """A style that comes of a plan, or a text of it."""

    name: str
    text: str = ""
    """A text by name, or a file or folder (from the plan's folder on); the style's name if empty."""
    held_out: int = 0
    """Characters at the end that are held out of training; 0 is the share that ``rnncomplete train`` holds out."""
    vocabulary: str = ""
    """An installed style whose characters are in the vocabulary, seen or not; of the text alone if empty."""
    recipe: str = ""
    """A recipe whose words about a style the card has; if empty, that of this name if it is about the same text."""
    description: str = ""
    """For the card, as the next three, instead of the recipe's."""
    corpus_name: str = ""
    licence: str = ""
    lexer: str = ""
    labels: str = ""
    """A TSV file of texts with labels, which are learned beside the language, instead of a text."""
    validation: str = ""
    """Such a file of texts that are held out, instead of a share of them."""
    names: str = ""
    """What labels are called, as ``pos=liked neg=hated``."""
    readout: str = "label"
    """What the distribution over them is called."""
    longest: int = 0
    """Characters of the end of a longer text with a label that are trained on; 0 is no limit."""


@dataclass(frozen=True)
class Shared:
    """What all networks of a plan share."""

    window: int = 128
    """Characters between two updates in each stream."""
    batch: int = 64
    """Streams of text that each network reads side by side."""
    clip: float = 1.0
    """Largest norm of a network's gradient."""
    average_decay: float = 0.998
    """How much of the averaged weights stays at each update."""
    decay_from: float = 0.4
    """Share of a network's whole training after which the learning rate falls."""
    unknown_share: float = 0.0005
    """Characters replaced by the unknown one, so that it is learned."""
    reset_share: float = 0.01
    """Windows that begin as a text begins, from zero state."""
    label_weight: float = 1.0
    """Of texts with labels: what the loss of the label weighs beside that of the next character."""


@dataclass(frozen=True)
class PlannedNetwork:
    """One network in one round."""

    style: str
    """Whose text it learns."""
    seed: int = 1
    """Of its weights as they begin."""
    learning_rate: float = 0.005
    """Peak, for Muon and AdamW alike."""
    dropout: float = 0.1
    """Share of numbers dropped between layers, the same for all characters of a window."""
    weight_dropout: float = 0.0
    """Share of recurrent weights left out, others in each window."""
    weight_decay: float = 0.01
    """Share of the learning rate by which weights shrink at each update."""
    goes_on: bool = False
    """Whether it is the network of this style in the round before, with its optimizer: one training over both."""
    taught: float = 0.0
    """Share of the loss against what the networks of this style in the round before think comes next, their mean, instead
    of against the text (Hinton, Vinyals, Dean 2015, arXiv:1503.02531)."""
    base: str = ""
    """``from`` in a plan: an installed style, or a checkpoint of a training, whose weights it begins with."""
    first: str = ""
    """Another text of the plan, which it reads first, in the characters of its own style."""
    first_share: float = 0.0
    """Of the round: so long it reads that."""


@dataclass(frozen=True)
class PlannedRound:
    """Networks of one shape that are trained side by side."""

    networks: tuple[PlannedNetwork, ...]
    share: float = 1.0
    """Of the plan's time (or characters), beside the shares of the other rounds."""
    hidden_size: int = 576
    """Units a layer; there are two layers, with skips."""
    embedding_size: int = 128
    """Numbers a character is embedded in."""
    only_teaches: bool = False
    """Whether its networks teach the next round, and are not exported."""


@dataclass(frozen=True)
class Plan:
    """A whole plan."""

    name: str
    rounds: tuple[PlannedRound, ...]
    styles: dict[str, PlannedStyle] = field(default_factory=dict)
    """By name, all that networks name."""
    shared: Shared = field(default_factory=Shared)
    seed: int = 1
    """Of what is dropped out."""
    minutes: float = 0.0
    """Of training, over all rounds; exporting comes after."""
    characters: int = 0
    """Or so many for each network that is in all rounds; 0 means no limit, and one of the two is needed."""

    @property
    def trained(self) -> tuple[str, ...]:
        """The styles that come of it, in the order in which they are named first."""
        exported = [one for one in self.rounds if not one.only_teaches]
        return tuple(dict.fromkeys(network.style for one in exported for network in one.networks))

    def share(self, number: int) -> float:
        """Of the whole plan's time (or characters): that of a round, 0 to 1."""
        return self.rounds[number].share / math.fsum(one.share for one in self.rounds)

    def span(self, number: int, network: PlannedNetwork) -> tuple[float, float]:
        """Which part of its own training a network in the round of that number has there: (0, 1) if it is all."""
        first = last = number
        while network.goes_on:
            first -= 1
            network = next(one for one in self.rounds[first].networks if one.style == network.style)
        while last + 1 < len(self.rounds) and self._goes_on(last + 1, network.style):
            last += 1
        shares = [self.share(one) for one in range(first, last + 1)]
        before = math.fsum(shares[: number - first])
        return before / math.fsum(shares), (before + shares[number - first]) / math.fsum(shares)

    def _goes_on(self, number: int, style: str) -> bool:
        return any(one.style == style and one.goes_on for one in self.rounds[number].networks)


def check_plan(plan: Plan) -> None:
    """Raise :class:`SettingError` unless the rounds of ``plan`` fit one another."""
    for number, one in enumerate(plan.rounds):
        earlier = plan.rounds[number - 1] if number else None
        for network in one.networks:
            _check_network(plan, network, one, earlier, f"the plan {plan.name}, round {number + 1}, {network.style}")
    if not plan.trained:
        raise SettingError(f"the plan {plan.name} only teaches; expected a round whose networks are exported")


def _check_network(
    plan: Plan, network: PlannedNetwork, own: PlannedRound, earlier: PlannedRound | None, where: str
) -> None:
    before = [one for one in earlier.networks if one.style == network.style] if earlier else []
    if (network.goes_on or network.taught) and not before:
        raise SettingError(
            f"{where} {'goes on' if network.goes_on else 'is taught'}, but the round before has no network of that style; "
            "expected one there"
        )
    if network.goes_on:
        same = [one for one in own.networks if one.style == network.style]
        if len(before) > 1 or len(same) > 1:
            raise SettingError(
                f"{where} goes on, but there are {len(before)} of that style in the round before and {len(same)} in this "
                "one; expected one in each, or which goes on as which could not be told"
            )
        if earlier and (earlier.hidden_size, earlier.embedding_size) != (own.hidden_size, own.embedding_size):
            raise SettingError(f"{where} goes on in another size; expected the hidden_size and embedding_size before")
        if network.taught or network.base:
            raise SettingError(f"{where} goes on, and is taught or begins from a style too; expected one of them")
    if plan.styles[network.style].labels and (network.taught or network.first):
        raise SettingError(f"{where} learns labels, and is taught or reads another text first; expected neither")
    if network.first and network.first not in plan.styles:
        raise SettingError(
            f"{where} reads {network.first!r} first, which is not a text of the plan; expected one of: "
            f"{', '.join(plan.styles)}; or give it a table [styles.{network.first}]"
        )
    if bool(network.first) != bool(network.first_share):
        raise SettingError(f"{where} has one of first and first_share; expected both: which text, and for how long")
