"""Texts with labels to train on: one line a text, and the label of each beside them."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from rnncomplete.errors import CheckpointError, SettingError, TextError
from rnncomplete.files import replace_file
from rnncomplete.text.labelled import LARGEST_LABEL, MOST_LABELS, is_label, read_labelled
from rnncomplete_export.checkpoint import make_folder, way_out
from rnncomplete_export.texts.corpus import VALIDATION_SHARE, build_corpus

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from rnncomplete.text.labelled import LabelledText
    from rnncomplete.text.vocabulary import Vocabulary
    from rnncomplete_export.texts.corpus import Corpus

TEXTS, LABELS = "texts.txt", "labels.json"
"""In the folder of a training: the texts, one a line, and what is known of each."""

FEWEST_TEXTS, FEWEST_HELD_OUT = 20, 2
"""Of a file to train on; and of those held out, of which one half shows what weights found on the other are worth."""


@dataclass(frozen=True)
class Labelling:
    """What the lines of a corpus are: a line a text."""

    labels: tuple[str, ...]
    """K names, in the order of the numbers."""
    lines: NDArray[np.int64]
    """The label of each line, int64[texts]."""
    sources: tuple[str, ...]
    """Of each line."""
    held_out: int
    """Lines at the end that are held out of training."""

    def each(self, tokens: NDArray[np.uint16], newline: int) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """The label of each character of the first lines, ``tokens`` uint16[N], and what its loss weighs, of mean 1.

        A text of n characters weighs as the root of n, and its weight grows from nothing at its first character: what
        cannot be known yet should not be what is learned. The end of a line weighs nothing.
        """
        ends = np.flatnonzero(tokens == newline)
        begins = np.concatenate(([0], ends[:-1] + 1))
        lengths = ends - begins
        size = int(ends[-1]) + 1
        line = np.repeat(np.arange(len(ends)), lengths + 1)
        place = np.arange(size) - begins[line]
        of = np.maximum(lengths, 1)[line]
        weights = np.where(place < lengths[line], (place + 1) / of / np.sqrt(of), 0)
        labels = np.zeros(len(tokens), np.uint8)
        padded = np.zeros(len(tokens), np.float32)
        labels[:size] = self.lines[line]
        padded[:size] = weights / weights.mean()
        return labels, padded

    def to_json(self) -> bytes:
        """For the folder of a training."""
        facts = {
            "labels": self.labels,
            "lines": self.lines.tolist(),
            "sources": self.sources,
            "held_out": self.held_out,
        }
        return json.dumps(facts).encode()


def read_labelling(folder: Path) -> Labelling | None:
    """What is known of the texts in the ``folder`` of a training, if they have labels; raises :class:`CheckpointError`."""
    path = folder / LABELS
    if not path.is_file():
        return None
    try:
        facts = json.loads(path.read_bytes())
        lines = np.array(facts["lines"], np.int64)
        return Labelling(tuple(facts["labels"]), lines, tuple(facts["sources"]), facts["held_out"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"{path} is damaged ({error}); {way_out(folder)}") from None


def label_names(pairs: Sequence[str]) -> dict[str, str]:
    """What labels are to be called, from pairs OLD=NEW; raises :class:`SettingError` if one is not a pair."""
    cut = [pair.partition("=") for pair in pairs]
    if odd := [old + equals for old, equals, new in cut if not (old and new)]:
        raise SettingError(f"a name of a label {odd[0]!r}; expected OLD=NEW, as pos=liked")
    if odd := [new for _, _, new in cut if not is_label(new)]:
        raise SettingError(
            f"the name of a label {odd[0][:LARGEST_LABEL]!r}; expected at most {LARGEST_LABEL} plain characters"
        )
    return {old: new for old, _, new in cut}


def build_labelled(
    path: Path,
    folder: Path,
    *,
    validation: Path | None = None,
    names: dict[str, str] | None = None,
    longest: int = 0,
    seed: int = 1,
    known: Vocabulary | None = None,
    expected_sha256: str | None = None,
    skipped: Callable[[str], None] = lambda _: None,
    progress: Callable[[int, int], None] = lambda *_: None,
) -> tuple[Corpus, Labelling]:
    """The texts of ``path`` in an order drawn from ``seed``, encoded into ``folder``, a line each, and their labels.

    Those of ``validation`` are held out of training, or a share of ``path``; of a longer text only its last ``longest``
    characters are trained on, if that is not 0. ``names`` are what labels are to be called. As
    :func:`rnncomplete_export.texts.corpus.build_corpus` else.
    """
    read = read_labelled(path)
    order = np.random.default_rng(seed).permutation(len(read))
    texts = [read[index] for index in order]
    kept = (
        read_labelled(validation)
        if validation
        else texts[len(texts) - max(FEWEST_HELD_OUT, int(len(texts) * VALIDATION_SHARE)) :]
    )
    trained = texts if validation else texts[: len(texts) - len(kept)]
    _check(path, trained, kept)
    shown = names or {}
    labels = tuple(sorted({item.label for item in trained}))
    called = tuple(shown.get(label, label) for label in labels)
    if twice := [name for name, times in Counter(called).items() if times > 1]:
        raise SettingError(f"two labels of {path} are called {twice[0]!r}; expected a name of its own for each")
    lines = [item.text[-longest:] for item in trained] + [item.text for item in kept]
    make_folder(folder)
    replace_file(folder / TEXTS, ("\n".join(lines) + "\n").encode())
    corpus = build_corpus(
        [folder / TEXTS], folder, known=known, expected_sha256=expected_sha256, skipped=skipped, progress=progress
    )
    ends = np.flatnonzero(corpus.tokens == corpus.vocabulary.token("\n"))
    if len(ends) != len(lines):
        raise TextError(f"{path} gave {len(ends):,} lines of {len(lines):,} texts; expected as many")
    corpus = replace(corpus, held_out=int(ends[-1] - ends[len(trained) - 1]))
    labelling = Labelling(
        called,
        np.array([labels.index(item.label) for item in [*trained, *kept]]),
        tuple(item.source for item in [*trained, *kept]),
        len(kept),
    )
    replace_file(folder / LABELS, labelling.to_json())
    return corpus, labelling


def _check(path: Path, trained: list[LabelledText], kept: list[LabelledText]) -> None:
    """Raise :class:`TextError` unless a network can learn from ``trained`` what ``kept`` can show."""
    counts: Any = Counter(item.label for item in trained)
    if len(trained) < FEWEST_TEXTS or len(counts) < 2:
        raise TextError(
            f"{path} has {len(trained):,} texts of {len(counts)} labels to learn from; expected at least {FEWEST_TEXTS} "
            "texts and 2 labels"
        )
    if len(counts) > MOST_LABELS:
        raise TextError(
            f"{path} has {len(counts):,} labels; expected at most {MOST_LABELS}: is the label the second column?"
        )
    if len(kept) < FEWEST_HELD_OUT:
        raise TextError(f"{len(kept)} text held out; expected at least {FEWEST_HELD_OUT} to measure on")
    if strange := {item.label for item in kept} - counts.keys():
        raise TextError(f"the texts held out have the label {min(strange)!r}, which none trained on has")


def texts_of(tokens: NDArray[np.uint16], newline: int) -> list[NDArray[np.uint16]]:
    """The lines of ``tokens`` uint16[N], without their ends."""
    return [line[:-1] for line in np.split(tokens, np.flatnonzero(tokens == newline) + 1)[:-1]]
