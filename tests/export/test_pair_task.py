from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from rnncomplete_export.texts.pairs import LONGEST, build_pairs
from rnncomplete_export.training.configuration import TrainingConfig
from rnncomplete_export.training.pair_task import PairExamples

if TYPE_CHECKING:
    from pathlib import Path

    from rnncomplete_export.training.examples import Examples

CONFIG = TrainingConfig(hidden_size=16, embedding_size=8, encoder_size=8, keys=8, values=16, batch=8, window=20)


def collection_of(folder: Path, rows: list[tuple[str, str]]) -> PairExamples:
    path = folder / "pairs.tsv"
    path.write_text("".join(f"{source}\t{line}\n" for source, line in rows), encoding="utf-8")
    return PairExamples(build_pairs(path, folder / "run"), CONFIG, torch.device("cpu"))


def learned(collection: PairExamples, examples: Examples) -> list[tuple[str, str]]:
    """Sources and lines, as a training reads them."""
    found = []
    for which, batch in examples.each():
        assert len(which) == len(batch.source)
        for source, line in zip(batch.source.tolist(), batch.targets.T.tolist(), strict=True):
            read = collection._pairs.sources.vocabulary.decode([token for token in source if token >= 0])
            written = collection.vocabulary.decode([token for token in line if token >= 0])
            assert read.endswith("\n")
            assert written.endswith("\n")
            found.append((read[:-1], written[:-1]))
    return found


def test_a_tenth_more_of_what_is_trained_on_is_two_pairs_in_a_line(tmp_path: Path) -> None:
    rows = [(f"number {number}.", f"{number:x} it is.") for number in range(400)]
    collection = collection_of(tmp_path, rows)
    training = learned(collection, collection.training())
    trained = learned(collection, collection.of(np.arange(collection.split)))
    assert sorted(trained) == sorted(pair for pair in training if pair[0].count(".") == 1)
    joined = [pair for pair in training if pair[0].count(".") == 2]
    assert len(joined) == round(0.1 * collection.split) == len(training) - len(trained)
    known = set(trained)
    for source, line in joined:
        sources, lines = (f"{text} ".split(". ")[:-1] for text in (source, line))
        assert {(f"{one}.", f"{other}.") for one, other in zip(sources, lines, strict=True)} <= known, "none held out"
    assert training == learned(collection, collection.training()), "always the same, so that a training resumes"


@pytest.mark.parametrize(("long", "joined"), [(199, True), (200, False), (LONGEST, False)])
def test_what_would_not_be_read_whole_is_not_joined(tmp_path: Path, long: int, joined: bool) -> None:
    """Two sources, a space and a line end are as long as a source may be, or longer."""
    collection = collection_of(tmp_path, [(f"{number} ".ljust(long, "x"), f"line {number}") for number in range(200)])
    assert collection.training().count == collection.split + joined * round(0.1 * collection.split)


def test_a_language_without_spaces_is_not_joined(tmp_path: Path) -> None:
    collection = collection_of(tmp_path, [(f"number {number}", f"{number:x}である") for number in range(200)])
    assert collection.training().count == collection.split
