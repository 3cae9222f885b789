"""From files and folders to tokens on disk: the vocabulary, the encoded text and its validation slice."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rnncomplete.errors import CheckpointError, TextError
from rnncomplete.text import read_file
from rnncomplete.vocabulary import Vocabulary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from numpy.typing import NDArray

RAREST = 20
"""A character seen fewer times than this in a long text is read as the unknown one."""

VALIDATION_SHARE = 0.05
"""The last part of the text is kept out of training."""


@dataclass(frozen=True)
class Corpus:
    """An encoded text, in training and validation parts that lie on disk."""

    vocabulary: Vocabulary
    tokens: NDArray[np.uint16]
    """uint16[characters], memory-mapped."""
    sha256: str
    """Of the normalised UTF-8 text."""
    files: int

    @property
    def characters(self) -> int:
        """Length of the whole text."""
        return len(self.tokens)

    @property
    def split(self) -> int:
        """Where the validation slice begins."""
        return self.characters - int(self.characters * VALIDATION_SHARE)

    @property
    def training(self) -> NDArray[np.uint16]:
        """The tokens to train on."""
        return self.tokens[: self.split]

    @property
    def validation(self) -> NDArray[np.uint16]:
        """The tokens kept out."""
        return self.tokens[self.split :]


def find_files(paths: Iterable[Path]) -> list[Path]:
    """Every file named or found under a named folder, in sorted order; hidden files and folders are left out."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(
                item
                for item in path.rglob("*")
                if item.is_file() and not any(part.startswith(".") for part in item.relative_to(path).parts)
            )
        elif path.exists():
            found.append(path)
        else:
            raise TextError(f"no file or folder {path}; expected a text file or a folder of them")
    if not found:
        raise TextError(f"no files under {', '.join(map(str, paths))}; expected text files")
    return found


def build_corpus(
    paths: list[Path],
    folder: Path,
    *,
    expected_sha256: str | None = None,
    skipped: Callable[[str], None] = lambda _: None,
) -> Corpus:
    """Encode the texts of ``paths`` into ``folder``/tokens.u16, in memory bounded by a chunk.

    A file that was named and is no text raises :class:`TextError`; one that was found in a folder goes to ``skipped``
    and is left out. Raises :class:`CheckpointError`, and leaves the folder as it was, if the text is not the one of
    ``expected_sha256``.
    """
    may_skip = any(path.is_dir() for path in paths)
    counts: Counter[str] = Counter()
    files = []
    for path in find_files(paths):
        in_file: Counter[str] = Counter()
        try:
            for text in read_file(path):
                in_file.update(text)
        except TextError as error:
            if not may_skip:
                raise
            skipped(str(error))
            continue
        counts.update(in_file)
        files.append(path)
    total = counts.total()
    if not total:
        raise TextError(f"{', '.join(map(str, paths))}: the text is empty; expected some thousands of characters")
    vocabulary = Vocabulary.from_counts(counts, rarest=min(RAREST, 1 + total // 100_000))
    if len(counts) < 2:
        raise TextError(f"the text holds only 1 kind of character, {next(iter(counts))!r}; expected something to learn")
    folder.mkdir(parents=True, exist_ok=True)
    target, partial = folder / "tokens.u16", folder / "tokens.partial"
    digest = hashlib.sha256()
    with partial.open("wb") as output:
        for path in files:
            for text in read_file(path):
                digest.update(text.encode("utf-8"))
                vocabulary.encode(text).tofile(output)
    if expected_sha256 not in {None, digest.hexdigest()}:
        partial.unlink()
        raise CheckpointError(
            f"the checkpoint in {folder} was trained on another text; give the same files, or leave out --resume"
        )
    partial.replace(target)
    return Corpus(vocabulary, np.memmap(target, dtype=np.uint16, mode="r"), digest.hexdigest(), len(files))
