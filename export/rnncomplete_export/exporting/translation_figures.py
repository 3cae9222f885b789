"""How well a style translates what is held out: BLEU and chrF."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from rnncomplete_export.network.writing import written_lines
from rnncomplete_export.texts.pairs import LONGEST

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from rnncomplete.network.card import TranslationFigures
    from rnncomplete_export.network.conditioned_network import ConditionedNetwork
    from rnncomplete_export.training.pair_task import PairExamples

BEAM = 4
"""Hypotheses of the beam search."""

SHOWN = 12
"""Translations that are shown."""

AT_ONCE, FEW = 256, 64
"""Sources that are translated side by side, and whose nearest ones are found side by side."""


def grouped(sources: Sequence[str], targets: Sequence[str]) -> dict[str, list[str]]:
    """All targets of each source, in the order of the first of them."""
    found: dict[str, list[str]] = {}
    for source, target in zip(sources, targets, strict=True):
        found.setdefault(source, []).append(target)
    return found


UNSPACED = frozenset(("CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR", "TIBETAN"))
"""Scripts without blanks between words, as Unicode names their characters."""


def tokenizer_of(lines: Iterable[str]) -> str:
    """Sacrebleu's tokenizer for ``lines``: each character is a word where most have no blanks between words."""
    letters = [character for line in lines for character in line if character.isalpha()]
    unspaced = sum(unicodedata.name(character, "").split(" ")[0] in UNSPACED for character in letters)
    return "char" if 2 * unspaced > len(letters) else "13a"


def scores(translations: Sequence[str], references: Sequence[Sequence[str]]) -> tuple[float, float]:
    """BLEU and chrF of ``translations`` against one or more ``references`` of each, 0 to 100 (sacrebleu)."""
    import sacrebleu

    most = max(map(len, references))
    columns = [[own[place] if place < len(own) else None for own in references] for place in range(most)]
    tokenizer = tokenizer_of(reference for own in references for reference in own)
    bleu = sacrebleu.corpus_bleu(translations, columns, tokenize=tokenizer)  # type: ignore[arg-type] # None: no such reference
    chrf = sacrebleu.corpus_chrf(translations, columns)  # type: ignore[arg-type] # as above
    return bleu.score, chrf.score


class Held(NamedTuple):
    """Lines held out, grouped by what they translate."""

    sources: list[str]
    """The shortest first, so that those of like length are translated side by side."""
    numbers: list[int]
    """Of the first pair of each."""
    references: list[list[str]]
    """All translations of each."""


def held(pairs: PairExamples, kept: NDArray[np.int64]) -> Held:
    """Of the pairs ``kept`` int64[n]."""
    sources = [pairs.source(number) for number in kept]
    known = grouped(sources, [pairs.written(number) for number in kept])
    first = {source: int(number) for source, number in reversed([*zip(sources, kept, strict=True)])}
    order = sorted(known, key=len)
    return Held(order, [first[source] for source in order], [known[source] for source in order])


def translation_figures(
    network: ConditionedNetwork,
    pairs: PairExamples,
    kept: NDArray[np.int64],
    say: Callable[[str], None] = lambda _: None,
) -> TranslationFigures:
    """Of ``network`` on its device, where ``pairs`` are, too: of those ``kept`` int64[n]; some translations to ``say``."""
    of, newline = held(pairs, kept), pairs.newline
    examples, suggestible = pairs.of(np.array(of.numbers, np.int64)), pairs.vocabulary.suggestible

    def scored(beam: int) -> tuple[list[str], float, float]:
        lines: list[str] = []
        for begin in range(0, len(of.sources), AT_ONCE):
            which = np.arange(begin, min(begin + AT_ONCE, len(of.sources)))
            most = 3 * min(LONGEST, len(of.sources[which[-1]])) + 40  # as rnncomplete translate writes
            source = examples.sources_of(which)
            written = written_lines(network, source, newline, most, beam=beam, suggestible=suggestible)
            lines += [pairs.vocabulary.decode(line) for line in written]
        return lines, *scores(lines, of.references)

    _, bleu, chrf = scored(1)
    lines, beam_bleu, beam_chrf = scored(BEAM)
    for place in np.linspace(0, len(lines) - 1, SHOWN, dtype=np.int64):
        say(f"{of.sources[place]}\n> {lines[place]}")
    return {
        "pairs": len(kept),
        "tokenizer": tokenizer_of(reference for own in of.references for reference in own),
        "bleu": round(bleu, 2),
        "chrf": round(chrf, 2),
        "beam": BEAM,
        "beam_bleu": round(beam_bleu, 2),
        "beam_chrf": round(beam_chrf, 2),
    }


def nearest_figures(pairs: PairExamples, kept: NDArray[np.int64]) -> TranslationFigures:
    """Of the translation of the nearest source trained on, by TF-IDF of runs of characters, instead of a network's."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    of = held(pairs, kept)
    sources = [pairs.source(number) for number in range(pairs.split)]

    counted = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), dtype=np.float32).fit(sources)
    known = counted.transform(sources)
    nearest: list[str] = []
    for begin in range(
        0, len(of.sources), FEW
    ):  # they are compared with all sources, most of which have something in common
        alike = counted.transform(of.sources[begin : begin + FEW]) @ known.T
        nearest += [pairs.written(int(number)) for number in np.asarray(alike.argmax(axis=1)).ravel()]
    bleu, chrf = scores(nearest, of.references)
    return {"nearest_bleu": round(bleu, 2), "nearest_chrf": round(chrf, 2)}


def tell_translations(figures: TranslationFigures) -> str:
    """The figures for people."""
    told = (
        f"{figures['pairs']:,} pairs held out: translated by the likeliest characters BLEU {figures['bleu']:.1f}, "
        f"chrF {figures['chrf']:.1f}; with beam {figures['beam']} BLEU {figures['beam_bleu']:.1f}, "
        f"chrF {figures['beam_chrf']:.1f}"
    )
    if "nearest_bleu" in figures:
        nearest = f"BLEU {figures['nearest_bleu']:.1f}, chrF {figures['nearest_chrf']:.1f}"
        told += f"; the translation of the nearest source trained on has {nearest}"
    return f"{told}; without the source {figures['sourceless_nats']:.4f} nats per character"
