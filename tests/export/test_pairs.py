from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from made_pairs import rows

from rnncomplete.errors import CheckpointError, TextError
from rnncomplete_export.texts.pairs import LONGEST, build_pairs, read_pairs

if TYPE_CHECKING:
    from pathlib import Path


def test_a_first_line_that_names_the_columns_is_no_pair(tmp_path: Path) -> None:
    path = tmp_path / "pairs.tsv"
    for header, begins in (("english\tfrench\n", 0), ("source\ttarget\n", 0), ("", 0), ("Hi!\tSalut !\n", 1)):
        path.write_text(rows(30, header=header), encoding="utf-8")
        assert len(read_pairs(path)) == 30 + begins
    path.write_text("cat\tchat\ndog\tchien\n", encoding="utf-8")
    assert read_pairs(path) == [("cat", "chat"), ("dog", "chien")], "of words alone none is a header"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("one\ttwo\nalone\n", "line 2, has 1 column; expected 2"),
        ("a b\tc\n\t\n", "line 2, has no target"),
        ("a\tb\tc\n", "line 1, has 3 columns"),
        ("a b\tc\n" * 5, "to learn from"),
    ],
)
def test_what_is_not_pairs_is_said_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "pairs.tsv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(TextError, match=said):
        build_pairs(path, tmp_path / "run")


def test_pairs_stay_together_and_those_held_out_come_last(tmp_path: Path) -> None:
    path, kept = tmp_path / "pairs.tsv", tmp_path / "kept.tsv"
    path.write_text(rows(150), encoding="utf-8")
    kept.write_text(rows(5, seed=2) + "x" * 1000 + "\tÀ la fin.\n", encoding="utf-8")
    pairs = build_pairs(path, tmp_path / "run", validation=kept)
    sources, targets = pairs.lines()
    assert (len(sources), len(targets), pairs.held_out) == (156, 156, 6)
    together = [
        (pairs.sources.vocabulary.decode(source[:-1].tolist()), pairs.targets.vocabulary.decode(target.tolist()))
        for source, target in zip(sources, targets, strict=True)
    ]
    assert together[150:155] == read_pairs(kept)[:5]
    assert sorted(together[:150]) == sorted(read_pairs(path))
    assert len(sources[-1]) == LONGEST
    assert sources[-1][-1] == pairs.sources.vocabulary.token("\n")
    facts = {"sha256": "another"}
    with pytest.raises(CheckpointError, match="another text"):
        build_pairs(path, tmp_path / "run", validation=kept, expected=facts)
