"""From files and folders to tokens on disk: the vocabulary, the encoded text and its validation slice."""

from __future__ import annotations

import hashlib
import unicodedata
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rnncomplete.errors import CheckpointError, TextError
from rnncomplete.files import replaced_file
from rnncomplete.text.characters import NORMALISATIONS, is_displayable, normalised
from rnncomplete.text.decoding import CHUNK, read_file
from rnncomplete.text.discovery import find_files, looks_generated
from rnncomplete.text.vocabulary import LARGEST, Vocabulary, code_points, fit_to_learn
from rnncomplete_export.checkpoint import make_folder, way_out

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from rnncomplete.text.discovery import Found

RAREST = 20
"""A character seen fewer times than this in a long text is read as the unknown one."""

MOST_NAMED = 5
"""Kinds of characters that are named one by one where they are left out."""

NEWLINE = ord("\n")

TOKENS = "tokens.u16"

VALIDATION_SHARE = 0.05
"""The last part of the text is held out of training."""


@dataclass(frozen=True)
class Corpus:
    """An encoded text, in training and validation parts that lie on disk."""

    vocabulary: Vocabulary
    tokens: NDArray[np.uint16]
    """uint16[characters], memory-mapped."""
    sha256: str
    """Of the normalised UTF-8 text."""
    files: int
    held_out: int = 0
    """Characters at the end that are held out of training, if not :data:`VALIDATION_SHARE` of them."""

    @property
    def characters(self) -> int:
        """Length of the whole text."""
        return len(self.tokens)

    @property
    def split(self) -> int:
        """Where the validation slice begins."""
        return max(0, self.characters - (self.held_out or int(self.characters * VALIDATION_SHARE)))

    @property
    def training(self) -> NDArray[np.uint16]:
        """The tokens to train on."""
        return self.tokens[: self.split]

    @property
    def validation(self) -> NDArray[np.uint16]:
        """The tokens held out."""
        return self.tokens[self.split :]

    def facts(self) -> dict[str, Any]:
        """What a checkpoint says of it."""
        return {"sha256": self.sha256, "characters": self.characters, "split": self.split, "files": self.files}


def build_corpus(
    paths: list[Path],
    folder: Path,
    *,
    globs: Sequence[str] = (),
    known: Vocabulary | None = None,
    held_out: int = 0,
    expected_sha256: str | None = None,
    skipped: Callable[[str], None] = lambda _: None,
    progress: Callable[[int, int], None] = lambda *_: None,
) -> Corpus:
    """Encode the texts of ``paths`` into ``folder``/tokens.u16, in memory bounded by a chunk.

    Of a folder only files that match one of ``globs`` are read. A named file that is not text raises
    :class:`TextError`; one that was found in a folder goes to ``skipped`` and is left out. The characters of ``known``
    are in the vocabulary, seen or not, and texts are normalised as it says. Of characters that are not in the vocabulary
    ``skipped`` is told: those that no terminal may be sent, and the rarest.
    ``progress`` is told bytes read of all there are to read, which are read twice. The last ``held_out`` characters are
    held out of training, or a share of them if that is 0.
    Raises :class:`CheckpointError`, and leaves the folder as it was, if the text is not the one of ``expected_sha256``.
    """
    found = find_files(paths, globs, skipped)
    normalisation = known.normalisation if known else NORMALISATIONS
    reading = _Reading([item.path for item in found], normalisation, progress)
    counts, files = _count(found, reading, skipped)
    total = counts.total()
    if not total:
        raise TextError(f"{', '.join(map(str, paths))}: the text is empty; expected some thousands of characters")
    if len(counts) < 2:
        raise TextError(f"the text holds only 1 kind of character, {next(iter(counts))!r}; expected something to learn")
    rarest = min(RAREST, 1 + total // 100_000)
    wanted = Counter(counts)
    for character in known.characters if known else ():
        wanted[character] += total  # before all others
    kept = Counter(dict(fit_to_learn(wanted, rarest).most_common(LARGEST - 1)))
    vocabulary = Vocabulary.from_counts(kept, normalisation=normalisation)
    _say_left_out(counts, vocabulary, skipped)
    digest = _encode(files, reading, vocabulary, folder, expected_sha256)
    return Corpus(vocabulary, open_tokens(folder), digest, len(files), held_out)


def open_tokens(folder: Path) -> NDArray[np.uint16]:
    """The encoded text in ``folder``, memory-mapped."""
    return np.memmap(folder / TOKENS, dtype=np.uint16, mode="r")


class _Reading:
    """Reads each of ``paths`` up to twice, and tells ``progress`` how far that is, in bytes."""

    def __init__(self, paths: list[Path], normalisation: tuple[str, ...], progress: Callable[[int, int], None]) -> None:
        self._normalisation = normalisation
        self._sizes = {path: path.stat().st_size for path in paths if path.is_file()}
        self._total = 2 * sum(self._sizes.values())
        self._done = 0
        self._progress = progress

    def chunks(self, path: Path) -> Iterator[str]:
        """The normalised text of one file."""
        size, begun = self._sizes.get(path, 0), self._done
        for number, text in enumerate(normalised(read_file(path), self._normalisation), 1):
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


def _say_left_out(seen: Counter[str], vocabulary: Vocabulary, skipped: Callable[[str], None]) -> None:
    """Tell ``skipped`` of the characters in a text that ``vocabulary`` lacks, and how often they stand there."""
    known = frozenset(vocabulary.characters)
    out = Counter({character: count for character, count in seen.items() if character not in known})
    unfit = Counter({character: count for character, count in out.items() if not is_displayable(character)})
    if unfit:
        names = ", ".join(
            f"{name_of(character)} ({count:,} times)" for character, count in unfit.most_common(MOST_NAMED)
        )
        more = f" and {len(unfit) - MOST_NAMED:,} kinds more" if len(unfit) > MOST_NAMED else ""
        skipped(f"what a terminal must not be sent, read as the unknown character: {names}{more}")
    if rare := out - unfit:
        skipped(
            f"the {len(rare):,} rarest of {len(seen):,} kinds of characters, {rare.total():,} characters in all, read as "
            "the unknown one"
        )


def name_of(character: str) -> str:
    """What a character is called that cannot be shown: its number, and its name in Unicode if it has one."""
    return f"U+{ord(character):04X} {unicodedata.name(character, '')}".rstrip()


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
        make_folder(folder)
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
