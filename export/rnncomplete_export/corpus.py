"""From files and folders to tokens on disk: the vocabulary, the encoded text and its validation slice."""

from __future__ import annotations

import contextlib
import hashlib
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rnncomplete.errors import CheckpointError, TextError
from rnncomplete.text import read_file
from rnncomplete.vocabulary import Vocabulary
from rnncomplete.walk import find_files, looks_generated

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from rnncomplete.walk import Found

RAREST = 20
"""A character seen fewer times than this in a long text is read as the unknown one."""

TOKENS = "tokens.u16"

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


def build_corpus(
    paths: list[Path],
    folder: Path,
    *,
    globs: Sequence[str] = (),
    known: Vocabulary | None = None,
    expected_sha256: str | None = None,
    skipped: Callable[[str], None] = lambda _: None,
) -> Corpus:
    """Encode the texts of ``paths`` into ``folder``/tokens.u16, in memory bounded by a chunk.

    Of a folder only files that match one of ``globs`` are read. A file that was named and is no text raises
    :class:`TextError`; one that was found in a folder goes to ``skipped`` and is left out. The characters of ``known``
    are in the vocabulary, seen or not. Raises :class:`CheckpointError`, and leaves the folder as it was, if the text is
    not the one of ``expected_sha256``.
    """
    counts, files = _count(find_files(paths, globs, skipped), skipped)
    total = counts.total()
    if not total:
        raise TextError(f"{', '.join(map(str, paths))}: the text is empty; expected some thousands of characters")
    if len(counts) < 2:
        raise TextError(f"the text holds only 1 kind of character, {next(iter(counts))!r}; expected something to learn")
    rarest = min(RAREST, 1 + total // 100_000)
    for character in known.characters if known else ():
        counts[character] += rarest
    vocabulary = Vocabulary.from_counts(counts, rarest=rarest)
    digest = _encode(files, vocabulary, folder, expected_sha256)
    return Corpus(vocabulary, open_tokens(folder), digest, len(files))


def open_tokens(folder: Path) -> NDArray[np.uint16]:
    """The encoded text in ``folder``, memory-mapped."""
    return np.memmap(folder / TOKENS, dtype=np.uint16, mode="r")


def _count(found: list[Found], skipped: Callable[[str], None]) -> tuple[Counter[str], list[Path]]:
    """How often each character occurs, and the files that are texts."""
    counts: Counter[str] = Counter()
    files = []
    for item in found:
        in_file: Counter[str] = Counter()
        try:
            for text in read_file(item.path):
                in_file.update(text)
        except TextError as error:
            if item.named:
                raise
            skipped(str(error))
            continue
        if not item.named and (reason := looks_generated(in_file.total(), in_file["\n"])):
            skipped(f"{item.path} {reason}")
            continue
        counts.update(in_file)
        files.append(item.path)
    return counts, files


def _encode(files: list[Path], vocabulary: Vocabulary, folder: Path, expected_sha256: str | None) -> str:
    """Write the tokens of ``files``; returns the SHA-256 of their text."""
    target, partial = folder / TOKENS, folder / "tokens.partial"
    digest = hashlib.sha256()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as output:
            for path in files:
                for text in read_file(path):
                    digest.update(text.encode("utf-8"))
                    output.write(vocabulary.encode(text).tobytes())
    except OSError as error:
        with contextlib.suppress(OSError):
            partial.unlink()
        raise TextError(
            f"cannot write the encoded text to {partial}: {error.strerror or error}; free some space or choose another "
            "place with --runs"
        ) from None
    if expected_sha256 not in {None, digest.hexdigest()}:
        partial.unlink()
        raise CheckpointError(
            f"the checkpoint in {folder} was trained on another text; give the same files, or leave out --resume"
        )
    partial.replace(target)
    return digest.hexdigest()
