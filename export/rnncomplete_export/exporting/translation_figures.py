"""How well a style translates what is held out: BLEU and chrF, and nats per character with and without the sources."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

import numpy as np

from rnncomplete_export.network.writing import written_lines
from rnncomplete_export.texts.pairs import LONGEST
from rnncomplete_export.training.pair_task import PairExamples
from rnncomplete_export.training.source_task import nats_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rnncomplete_export.network.conditioned_network import ConditionedNetwork
    from rnncomplete_export.texts.pairs import Pairs
    from rnncomplete_export.training.configuration import TrainingConfig

BEAM = 4
"""Hypotheses of the beam search."""

SHOWN = 12
"""Translations that are shown."""

AT_ONCE = 256
"""Sources that are translated side by side."""


class TranslationFigures(TypedDict):
    """What a card says of translations."""

    pairs: int
    """Held out, on which everything here is measured."""
    source_nats: float
    """Nats per character of the network alone, with the source."""
    sourceless_nats: float
    """The same with empty sources."""
    bleu: float
    """Of the likeliest characters, 0 to 100."""
    chrf: float
    beam_bleu: float
    """Of a beam search of :data:`BEAM` hypotheses."""
    beam_chrf: float


def grouped(sources: Sequence[str], targets: Sequence[str]) -> dict[str, list[str]]:
    """All targets of each source, in the order of the first of them."""
    found: dict[str, list[str]] = {}
    for source, target in zip(sources, targets, strict=True):
        found.setdefault(source, []).append(target)
    return found


def scores(translations: Sequence[str], references: Sequence[Sequence[str]]) -> tuple[float, float]:
    """BLEU and chrF of ``translations`` against one or more ``references`` of each, 0 to 100 (sacrebleu)."""
    import sacrebleu

    most = max(map(len, references))
    columns = [[own[place] if place < len(own) else None for own in references] for place in range(most)]
    bleu = sacrebleu.corpus_bleu(translations, columns)  # type: ignore[arg-type] # None: no such reference
    chrf = sacrebleu.corpus_chrf(translations, columns)  # type: ignore[arg-type]
    return bleu.score, chrf.score


def translation_figures(
    network: ConditionedNetwork,
    pairs: Pairs,
    config: TrainingConfig,
    say: Callable[[str], None] = lambda _: None,
) -> TranslationFigures:
    """Of ``network``, on its device, on all pairs held out."""
    device = network.embedding.weight.device
    examples = PairExamples(pairs, config, device)
    kept = examples.held_out(pairs.held_out)
    held = examples.of(kept)
    decode = [corpus.vocabulary.decode for corpus in (pairs.sources, pairs.targets)]
    known = grouped(
        [decode[0](examples.sources[number][:-1].tolist()) for number in kept],
        [decode[1](examples.targets[number].tolist()) for number in kept],
    )
    # One of each source, the longest last, so that those of like length are translated side by side.
    first = {decode[0](examples.sources[number][:-1].tolist()): place for place, number in reversed([*enumerate(kept)])}
    order = sorted(known, key=len)
    newline = pairs.targets.vocabulary.token("\n")

    def scored(beam: int) -> tuple[list[str], float, float]:
        lines: list[str] = []
        for begin in range(0, len(order), AT_ONCE):
            which = np.array([first[source] for source in order[begin : begin + AT_ONCE]], np.int64)
            most = min(LONGEST, 40 + 2 * max(map(len, order[begin : begin + AT_ONCE])))
            written = written_lines(network, held.sources_of(which), newline, most, beam=beam)
            lines += [decode[1](line) for line in written]
        bleu, chrf = scores(lines, [known[source] for source in order])
        return lines, round(bleu, 2), round(chrf, 2)

    _, bleu, chrf = scored(1)
    lines, beam_bleu, beam_chrf = scored(BEAM)
    for place in np.linspace(0, len(order) - 1, SHOWN, dtype=np.int64):
        say(f"{order[place]}\n> {lines[place]}")
    return {
        "pairs": len(kept),
        "source_nats": round(nats_of(network, held), 5),
        "sourceless_nats": round(nats_of(network, held, empty=True), 5),
        "bleu": bleu,
        "chrf": chrf,
        "beam_bleu": beam_bleu,
        "beam_chrf": beam_chrf,
    }


def tell_translations(figures: TranslationFigures) -> str:
    """The figures for people."""
    return (
        f"{figures['pairs']:,} pairs held out: {figures['source_nats']:.4f} nats per character with the source, "
        f"{figures['sourceless_nats']:.4f} without; translated by the likeliest character "
        f"BLEU {figures['bleu']:.1f}, chrF {figures['chrf']:.1f}; "
        f"with beam {BEAM} BLEU {figures['beam_bleu']:.1f}, chrF {figures['beam_chrf']:.1f}"
    )
