"""What a style with labels is exported with beside its network: counts of its training texts, and figures beside peers.

The network's temperature, and what it weighs beside the counts, are found on the texts held out. The figures of the card
are of those same texts, but each half of them is told with weights that were found on the other half.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rnncomplete.completion.classifier import Classifier
from rnncomplete.measure.labels import accuracy, calibration_error, confusion, macro_f1
from rnncomplete.mixing.label_memory import BITS, LabelMemory, features
from rnncomplete_export.network.measure_labels import label_logits
from rnncomplete_export.texts.labelled import texts_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from rnncomplete.network.card import LabelFigures, LabelPart
    from rnncomplete.network.model import Model
    from rnncomplete.text.vocabulary import Vocabulary
    from rnncomplete_export.network.character_network import CharacterNetwork
    from rnncomplete_export.texts.labelled import Labelling

TEMPERATURES = np.geomspace(0.5, 5, 60)
REGULARISED = 0.1
"""Inverse strength of what holds the weights of the counts down."""
FEWEST = 2
"""Texts that a feature stands in: what stood in one alone is left out, for the sake of whoever wrote it."""


@dataclass(frozen=True)
class LabelledSet:
    """Texts and the numbers of their labels."""

    texts: list[str]
    known: NDArray[np.int64]
    sources: tuple[str, ...]


def sets_of(
    vocabulary: Vocabulary, tokens: NDArray[np.uint16], labelling: Labelling
) -> tuple[LabelledSet, LabelledSet]:
    """The texts trained on and those held out, of the corpus ``tokens`` uint16[N]."""
    texts = [vocabulary.decode(text.tolist()) for text in texts_of(tokens, vocabulary.token("\n"))]
    split = len(texts) - labelling.held_out

    def of(part: slice) -> LabelledSet:
        return LabelledSet(texts[part], labelling.lines[part], labelling.sources[part])

    return of(slice(0, split)), of(slice(split, None))


def best_label_temperature(
    network: CharacterNetwork, texts: Sequence[NDArray[np.uint16]], known: NDArray[np.int64]
) -> float:
    """The divisor of the label's logits at the ends of ``texts`` that gives the least loss (Guo et al. 2017)."""
    logits = label_logits(network, texts)[0]
    rows = np.arange(len(known))

    def loss(temperature: float) -> float:
        scaled = logits / temperature
        scaled = scaled - scaled.max(axis=1, keepdims=True)
        return float((np.log(np.exp(scaled).sum(axis=1)) - scaled[rows, known]).mean())

    return float(min(TEMPERATURES, key=loss))


def counted(trained: LabelledSet, labels: int) -> LabelMemory:
    """What the features of ``trained`` speak for each label; how it is mixed is still to be found."""
    from scipy.sparse import diags
    from sklearn.linear_model import LogisticRegression

    table = _matrix(trained.texts)
    table = table @ diags((np.asarray(table.sum(axis=0)).ravel() >= FEWEST).astype(np.float32))
    table.eliminate_zeros()
    against = np.zeros((1 << BITS, labels))
    for label in range(1 if labels == 2 else 0, labels):
        mine = trained.known == label
        ratio = _naive_bayes(table, mine)
        model = LogisticRegression(C=REGULARISED, solver="liblinear", tol=1e-2, max_iter=50)
        model.fit(table @ diags(ratio), mine)
        against[:, label] = model.coef_[0] * ratio
    weights = against[:, 1:] - against[:, :1]
    scale = float(np.abs(weights).max() / 127) or 1.0
    rounded = np.rint(weights / scale).astype(np.int8)
    return LabelMemory(rounded, scale, 1.0, 0.0, (0.0,) * labels)


def _matrix(texts: Sequence[str]) -> Any:
    """Which features each of ``texts`` has, a sparse matrix [texts, places]."""
    from scipy.sparse import csr_matrix

    rows = [features(text) for text in texts]
    ends = np.cumsum([0, *map(len, rows)])
    places = np.concatenate(rows) if rows else np.zeros(0, np.int64)
    return csr_matrix((np.ones(len(places), np.float32), places, ends), shape=(len(rows), 1 << BITS))


def _naive_bayes(table: Any, mine: NDArray[np.bool_]) -> NDArray[np.float32]:
    """The log-ratio of how often each feature stands in texts that are ``mine`` and in the others."""
    here, there = (1 + np.asarray(table[rows].sum(axis=0)).ravel() for rows in (mine, ~mine))
    ratio: NDArray[np.float32] = np.log((here / here.sum()) / (there / there.sum())).astype(np.float32)
    return ratio


def weighed(memory: LabelMemory, shares: NDArray[Any], evidence: NDArray[Any], known: NDArray[np.int64]) -> LabelMemory:
    """``memory`` with the weights that tell ``known`` best from a network's ``shares`` and the ``evidence`` of counts.

    Found by the quasi-Newton method of Broyden, Fletcher, Goldfarb and Shanno in two weights and a bias a label, held a little towards the network alone.
    """
    from scipy.optimize import minimize

    size, rows = shares.shape[1], np.arange(len(known))
    log_shares = np.log(np.maximum(shares, 1e-9))

    def loss(values: NDArray[np.float64]) -> float:
        scores = values[0] * log_shares + values[1] * evidence + values[2:]
        scores = scores - scores.max(axis=1, keepdims=True)
        lost = np.log(np.exp(scores).sum(axis=1)) - scores[rows, known]
        return float(lost.mean() + 0.5 / len(known) * ((values[0] - 1) ** 2 + values[1] ** 2 + (values[2:] ** 2).sum()))

    found = minimize(loss, np.array([1.0, 0.0, *[0.0] * size]), method="BFGS").x.round(5)
    return dataclasses.replace(
        memory, network=float(found[0]), counts=float(found[1]), bias=tuple(map(float, found[2:]))
    )


def label_figures(
    model: Model,
    memory: LabelMemory,
    trained: LabelledSet,
    kept: LabelledSet,
    advance: Callable[[str], None] = lambda _: None,
) -> tuple[LabelMemory, LabelFigures]:
    """``memory`` with the weights found on ``kept``, and the figures of a card."""
    classifier = Classifier(model, None)
    advance(f"telling the labels of {len(kept.texts):,} texts held out")
    halves = [text[: (len(text) + 1) // 2] for text in kept.texts]
    shares, of_halves = (classifier.by_network(texts) for texts in (kept.texts, halves))
    evidence, half_evidence = (np.array([memory.evidence(text) for text in texts]) for texts in (kept.texts, halves))
    mixed, half_mixed = np.zeros_like(shares), np.zeros_like(shares)
    # Drawn: a file may tell texts of two labels by turns, and each half would know one of them alone.
    fold = np.random.default_rng(1).permutation(len(kept.texts)) % 2
    for one in (0, 1):
        found = weighed(memory, shares[fold != one], evidence[fold != one], kept.known[fold != one])
        mixed[fold == one] = found.mixed(shares[fold == one], evidence[fold == one])
        half_mixed[fold == one] = found.mixed(of_halves[fold == one], half_evidence[fold == one])
    advance("telling them by linear models, which know the same texts")
    peers = {"tfidf": tfidf_shares(trained, kept.texts), "nb": nb_shares(trained, kept.texts)}
    table = confusion(mixed, kept.known)
    parts: dict[str, LabelPart] = {}
    sources = sorted({source for source in kept.sources if source})
    for source in ["all", *(sources if len(sources) > 1 else [])]:
        rows = np.array([source in ("all", own) for own in kept.sources])
        known = kept.known[rows]
        parts[source] = {
            "texts": int(rows.sum()),
            "network": _share(shares[rows], known),
            "accuracy": _share(mixed[rows], known),
            "half": _share(half_mixed[rows], known),
            "tfidf": _share(peers["tfidf"][rows], known),
            "nb": _share(peers["nb"][rows], known),
        }
    figures: LabelFigures = {
        "texts": len(kept.texts),
        "accuracy": parts["all"]["accuracy"],
        "macro_f1": round(macro_f1(table), 4),
        "calibration_error": round(calibration_error(mixed, kept.known), 4),
        "confusion": tuple(tuple(map(int, row)) for row in table),
        "parts": parts,
    }
    return weighed(memory, shares, evidence, kept.known), figures


def _share(shares: NDArray[Any], known: NDArray[np.int64]) -> float:
    return round(accuracy(shares, known), 4)


def tfidf_shares(trained: LabelledSet, texts: Sequence[str]) -> NDArray[np.float64]:
    """By logistic regression over TF-IDF of words, pairs of words and runs of two to five characters, float64[texts, K]."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_union

    vectors = make_union(
        TfidfVectorizer(ngram_range=(1, 2), min_df=1 if len(trained.texts) < 1000 else 2, sublinear_tf=True),
        TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True, max_features=300_000),
    )
    return _regressed(vectors.fit_transform(trained.texts), trained.known, vectors.transform(texts), strength=4.0)


def nb_shares(trained: LabelledSet, texts: Sequence[str]) -> NDArray[np.float64]:
    """By logistic regression over words and pairs of words weighted by naive Bayes, float64[texts, K]."""
    from scipy.sparse import diags, hstack
    from sklearn.feature_extraction.text import CountVectorizer

    vectors = CountVectorizer(ngram_range=(1, 2), binary=True)
    table, other = vectors.fit_transform(trained.texts), vectors.transform(texts)
    ratios = [_naive_bayes(table, trained.known == label) for label in np.unique(trained.known)]
    ratios = ratios[1:] if len(ratios) == 2 else ratios
    wide, other_wide = (hstack([part @ diags(ratio) for ratio in ratios]).tocsr() for part in (table, other))
    return _regressed(wide, trained.known, other_wide, strength=1.0)


def _regressed(table: Any, known: NDArray[np.int64], other: Any, strength: float) -> NDArray[np.float64]:
    from sklearn.linear_model import LogisticRegression
    from sklearn.multiclass import OneVsRestClassifier

    model = OneVsRestClassifier(LogisticRegression(C=strength, solver="liblinear", max_iter=100))
    result: NDArray[np.float64] = model.fit(table, known).predict_proba(other)
    return result


def tell_labels(figures: LabelFigures, labels: Sequence[str]) -> str:
    """The figures as tables in Markdown."""
    columns = {"texts": "texts", "network": "network alone", "accuracy": "with counts", "half": "half of a text"}
    columns |= {"tfidf": "TF-IDF", "nb": "naive Bayes"}
    lines = [f"| right | {' | '.join(columns.values())} |", "|---" * (len(columns) + 1) + "|"]
    for source, part in figures["parts"].items():
        cells = [f"{part['texts']:,}", *(f"{100 * float(part[name]):.1f} %" for name in list(columns)[1:])]  # type: ignore[literal-required] # those of LabelPart
        lines.append(f"| {source} | {' | '.join(cells)} |")
    lines += [
        "",
        f"Macro-F1 {figures['macro_f1']:.3f}, calibration error {100 * figures['calibration_error']:.1f} %.",
        "",
    ]
    lines += [f"| is, told to be | {' | '.join(labels)} |", "|---" * (len(labels) + 1) + "|"]
    lines += [
        f"| {label} | {' | '.join(map(str, row))} |" for label, row in zip(labels, figures["confusion"], strict=True)
    ]
    return "\n".join(lines)
