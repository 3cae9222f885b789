"""From files and folders to tokens on disk: the vocabulary, the encoded text and its validation slice."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rnncomplete.errors import CheckpointError, TextError
from rnncomplete.files import replaced_file
from rnncomplete.text.decoding import CHUNK, read_file
from rnncomplete.text.discovery import find_files, looks_generated
from rnncomplete.text.vocabulary import LARGEST, Vocabulary, code_points, fit_to_learn
from rnncomplete_export.checkpoint import way_out

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from rnncomplete.text.discovery import Found

RAREST = 20
"""A character seen fewer times than this in a long text is read as the unknown one."""

NEWLINE = ord("\n")

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
    progress: Callable[[int, int], None] = lambda *_: None,
) -> Corpus:
    """Encode the texts of ``paths`` into ``folder``/tokens.u16, in memory bounded by a chunk.

    Of a folder only files that match one of ``globs`` are read. A file that was named and is no text raises
    :class:`TextError`; one that was found in a folder goes to ``skipped`` and is left out. The characters of ``known``
    are in the vocabulary, seen or not; if there are too many kinds, the rarest are not, which ``skipped`` is told.
    ``progress`` is told bytes read of all there are to read, which are read twice.
    Raises :class:`CheckpointError`, and leaves the folder as it was, if the text is not the one of ``expected_sha256``.
    """
    found = find_files(paths, globs, skipped)
    for item in found:
        if not item.path.is_file():
            raise TextError(
                f"{item.path} is no file, but a pipe or a device, and a text is read twice; write it into a file first: "
                "zcat book.gz > book.txt"
            )
    reading = _Reading([item.path for item in found], progress)
    counts, files = _count(found, reading, skipped)
    total = counts.total()
    if not total:
        raise TextError(f"{', '.join(map(str, paths))}: the text is empty; expected some thousands of characters")
    if len(counts) < 2:
        raise TextError(f"the text holds only 1 kind of character, {next(iter(counts))!r}; expected something to learn")
    rarest = min(RAREST, 1 + total // 100_000)
    for character in known.characters if known else ():
        counts[character] += total  # before all others
    vocabulary = Vocabulary.from_counts(_most_frequent(counts, rarest, skipped), rarest=rarest)
    digest = _encode(files, reading, vocabulary, folder, expected_sha256)
    return Corpus(vocabulary, open_tokens(folder), digest, len(files))


def open_tokens(folder: Path) -> NDArray[np.uint16]:
    """The encoded text in ``folder``, memory-mapped."""
    return np.memmap(folder / TOKENS, dtype=np.uint16, mode="r")


class _Reading:
    """Reads each of ``paths`` up to twice, and tells ``progress`` how far that is, in bytes."""

    def __init__(self, paths: list[Path], progress: Callable[[int, int], None]) -> None:
        self._sizes = {path: path.stat().st_size for path in paths if path.is_file()}
        self._total = 2 * sum(self._sizes.values())
        self._done = 0
        self._progress = progress

    def chunks(self, path: Path) -> Iterator[str]:
        """The text of one file."""
        size, begun = self._sizes.get(path, 0), self._done
        for number, text in enumerate(read_file(path), 1):
            yield text
            self._progress(begun + min(number * CHUNK, size), self._total)
        self._done = begun + size


def _count(found: list[Found], reading: _Reading, skipped: Callable[[str], None]) -> tuple[Counter[str], list[Path]]:
    """How often each character occurs, and the files that are texts."""
    counts = np.zeros(0, np.int64)
    files = []
    for item in found:
        in_file = np.zeros(0, np.int64)
        try:
            for text in reading.chunks(item.path):
                in_file = _sum(in_file, np.bincount(code_points(text)))
        except TextError as error:
            if item.named:
                raise
            skipped(str(error))
            continue
        newlines = int(in_file[NEWLINE]) if len(in_file) > NEWLINE else 0
        if not item.named and (reason := looks_generated(int(in_file.sum()), newlines)):
            skipped(f"{item.path} {reason}")
            continue
        counts = _sum(counts, in_file)
        files.append(item.path)
    return Counter({chr(point): int(counts[point]) for point in np.flatnonzero(counts)}), files


def _most_frequent(counts: Counter[str], rarest: int, skipped: Callable[[str], None]) -> Counter[str]:
    """As many of ``counts`` as a vocabulary takes beside the unknown character; ``skipped`` is told of the others."""
    fit = fit_to_learn(counts, rarest)
    kept = Counter(dict(fit.most_common(LARGEST - 1)))
    if len(kept) < len(fit):
        skipped(f"the {len(fit) - len(kept):,} rarest of {len(fit):,} kinds of characters, read as the unknown one")
    return kept


def _sum(one: NDArray[np.int64], other: NDArray[np.int64]) -> NDArray[np.int64]:
    """Of two arrays, zeros behind the shorter one."""
    longer, shorter = (one, other) if len(one) >= len(other) else (other, one)
    result = longer.copy()
    result[: len(shorter)] += shorter
    return result


def _encode(
    files: list[Path], reading: _Reading, vocabulary: Vocabulary, folder: Path, expected_sha256: str | None
) -> str:
    """Write the tokens of ``files``; returns the SHA-256 of their text."""
    digest = hashlib.sha256()
    try:
        if not folder.exists():
            folder.mkdir(parents=True)
            (folder / ".gitignore").write_text("*\n", encoding="utf-8")  # so that this is no part of a text to train on
        with replaced_file(folder / TOKENS) as partial:
            with partial.open("wb") as output:
                for path in files:
                    for text in reading.chunks(path):
                        digest.update(text.encode("utf-8"))
                        output.write(vocabulary.encode(text).tobytes())
            if expected_sha256 not in {None, digest.hexdigest()}:
                raise CheckpointError(
                    f"the checkpoint in {folder} was trained on another text; give the same files, or {way_out(folder)}"
                )
    except OSError as error:
        raise TextError(
            f"cannot write the encoded text to {folder / TOKENS}: {error.strerror or error}; free some space or choose another "
            "place with --runs"
        ) from None
    return digest.hexdigest()
