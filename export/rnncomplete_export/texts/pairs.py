"""Pairs of lines to train on: a source, and what is written about it."""

from __future__ import annotations

import json
import unicodedata
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from rnncomplete.errors import CheckpointError, TextError
from rnncomplete.files import replace_file
from rnncomplete.text.vocabulary import Vocabulary
from rnncomplete_export.checkpoint import BEST, make_folder, vocabulary_of, way_out
from rnncomplete_export.texts.corpus import VALIDATION_SHARE, Corpus, build_corpus, open_tokens
from rnncomplete_export.texts.pair_files import read_pairs

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

    from numpy.typing import NDArray

TARGETS, SOURCES, PAIRS = "targets.txt", "sources", "pairs.json"
"""In the folder of a training: what is written, a line each; the folder of the sources; how many pairs are held out."""

FEWEST_PAIRS, FEWEST_HELD_OUT = 100, 2
"""Of a file to train on; and of those held out."""

LONGEST = 400
"""Characters of a source, at most: the rest is not read."""


@dataclass(frozen=True)
class Pairs:
    """Lines of two texts that belong together, those held out last."""

    targets: Corpus
    sources: Corpus
    held_out: int
    """Pairs at the end that are held out of training."""

    def lines(self) -> tuple[list[NDArray[np.uint16]], list[NDArray[np.uint16]]]:
        """Sources with their newlines, cut to :data:`LONGEST`, and targets without, tokens uint16[n] each."""
        newline = self.sources.vocabulary.token("\n")
        sources = [
            line if len(line) <= LONGEST else np.append(line[: LONGEST - 1], np.uint16(newline))
            for line in lines_of(self.sources.tokens, newline)
        ]
        return sources, [line[:-1] for line in lines_of(self.targets.tokens, self.targets.vocabulary.token("\n"))]


def lines_of(tokens: NDArray[np.uint16], newline: int) -> list[NDArray[np.uint16]]:
    """The lines of ``tokens`` uint16[N], with their ends."""
    tokens = np.asarray(tokens)  # a slice of a memory map takes many times as long
    return np.split(tokens, np.flatnonzero(tokens == newline) + 1)[:-1]


def alike(source: str) -> str:
    """What sources have in common that differ in case, spacing or composition of characters only."""
    return " ".join(unicodedata.normalize("NFKC", source).casefold().split())


def build_pairs(
    path: Path,
    folder: Path,
    *,
    validation: Path | None = None,
    seed: int = 1,
    known: Vocabulary | None = None,
    known_sources: Vocabulary | None = None,
    expected: dict[str, Any] | None = None,
    skipped: Callable[[str], None] = lambda _: None,
    progress: Callable[[int, int], None] = lambda *_: None,
) -> Pairs:
    """The pairs of ``path``, in an order drawn from ``seed``, encoded into ``folder``.

    Those of ``validation`` are held out of training, or all pairs of a share of the sources of ``path``; no source is on
    both sides. The characters of ``known`` and ``known_sources`` are in the vocabularies, seen or not. Raises
    :class:`CheckpointError` if ``expected``, the facts of the corpus of a checkpoint, are of other pairs; as
    :func:`rnncomplete_export.texts.corpus.build_corpus` else.
    """
    read = list(dict.fromkeys(read_pairs(path)))
    draw = np.random.default_rng(seed)
    pairs = [read[index] for index in draw.permutation(len(read))]
    if validation:
        kept = list(dict.fromkeys(read_pairs(validation)))
        held = {alike(source) for source, _ in kept}
    else:
        distinct = list(dict.fromkeys(alike(source) for source, _ in read))
        share = max(FEWEST_HELD_OUT, int(len(distinct) * VALIDATION_SHARE))
        held = {distinct[index] for index in draw.permutation(len(distinct))[:share]}
        kept = [pair for pair in pairs if alike(pair[0]) in held]
    trained = [pair for pair in pairs if alike(pair[0]) not in held]
    if validation and (both := len(pairs) - len(trained)):
        skipped(f"{both:,} pairs of {path} whose sources are held out in {validation}")
    if len(trained) < FEWEST_PAIRS or len(kept) < FEWEST_HELD_OUT:
        raise TextError(
            f"{path} has {len(trained):,} pairs to learn from, and {len(kept):,} are held out; expected at least "
            f"{FEWEST_PAIRS} and {FEWEST_HELD_OUT}"
        )
    make_folder(folder)
    make_folder(folder / SOURCES)
    texts = folder / SOURCES / "sources.txt", folder / TARGETS
    corpora = []
    for place, text, of in zip((0, 1), texts, (known_sources, known), strict=True):
        replace_file(text, "".join(f"{pair[place]}\n" for pair in (*trained, *kept)).encode())
        sha256 = (expected or {}).get(("sources_sha256", "sha256")[place])
        try:
            corpus = build_corpus(
                [text], text.parent, known=of, expected_sha256=sha256, skipped=skipped, progress=progress
            )
        except CheckpointError:
            raise CheckpointError(
                f"the checkpoint in {folder} learned from other pairs, or from these as an earlier version split them: it "
                f"cannot be resumed; give the same files, export it with: rnncomplete export {folder / BEST} -o STYLE, or "
                + way_out(folder)
            ) from None
        corpora.append(corpus)
    sources, targets = corpora
    ends = [np.flatnonzero(corpus.tokens == corpus.vocabulary.token("\n")) for corpus in corpora]
    if any(len(found) != len(trained) + len(kept) for found in ends):
        raise TextError(f"{path} has pairs of more than one line; expected a line of text on each side")
    targets = replace(targets, held_out=int(ends[1][-1] - ends[1][len(trained) - 1]))
    sources = replace(sources, held_out=int(ends[0][-1] - ends[0][len(trained) - 1]))
    replace_file(folder / PAIRS, json.dumps({"held_out": len(kept)}).encode())
    return Pairs(targets, sources, len(kept))


def source_vocabulary_of(facts: dict[str, Any]) -> Vocabulary:
    """What the encoder of a checkpoint with those ``facts`` reads."""
    return Vocabulary(tuple(facts["source"]["vocabulary"]), vocabulary_of(facts).normalisation)


def open_pairs(folder: Path, facts: dict[str, Any]) -> Pairs:
    """The pairs in the ``folder`` of the training of a checkpoint with those ``facts``; raises :class:`CheckpointError`."""
    try:
        held_out = int(json.loads((folder / PAIRS).read_bytes())["held_out"])
        held = facts["corpus"]
        return Pairs(
            Corpus(vocabulary_of(facts), open_tokens(folder), held["sha256"], 1, held["characters"] - held["split"]),
            Corpus(source_vocabulary_of(facts), open_tokens(folder / SOURCES), held["sources_sha256"], 1),
            held_out,
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(
            f"{folder} does not hold the pairs of this training ({error}); {way_out(folder)}"
        ) from None
