"""Counting the files that somebody points at, once: the counts are kept on disk until one of the files changes."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rnncomplete.completion.prefix_cache import always
from rnncomplete.errors import ModelError, TextError
from rnncomplete.files import read_regular, replace_file, true_path
from rnncomplete.mixing.memory import FOLDER_NODES, FOLDER_SLOTS, MAGIC, CorpusMemory
from rnncomplete.mixing.memory_check import whole
from rnncomplete.text.decoding import read_text
from rnncomplete.text.discovery import find_files, looks_generated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from rnncomplete.mixing.alphabet import Alphabet
    from rnncomplete.text.discovery import Found
    from rnncomplete.text.vocabulary import Vocabulary

MOST_CHARACTERS = 1 << 25
"""Of all files; those that don't fit any more are left out, with a line each."""

MOST_KEPT = 8
"""Memories kept on disk."""

LARGEST_KEPT = 64 * 2**20
"""Bytes of one of them; the largest that is written takes 42 MB."""

STEPS, READING = 1000, 100
"""Of the progress, and those of them that are done once all is read; counting takes the others."""

_PLACES_A_CHARACTER = 4
"""Slots of a small memory for each character counted; a quarter as many nodes."""


@dataclass(frozen=True)
class Learned:
    """What files have taught."""

    memory: CorpusMemory
    files: int
    characters: int


def learn_files(
    paths: Iterable[Path],
    vocabulary: Vocabulary,
    alphabet: Alphabet,
    *,
    progress: Callable[[int, int], None] = lambda *_: None,
    skipped: Callable[[str], None] = lambda _: None,
    wanted: Callable[[], bool] = always,
    cache: Path | None = None,
) -> Learned | None:
    """Count the texts among ``paths``, files and folders, or take what was counted before.

    Of folders, what ignore files exclude, binary and generated files are left out; ``skipped`` is told of each.
    ``progress`` is told how many of :data:`STEPS` are done. ``None`` once ``wanted()`` is false. Raises
    :class:`~rnncomplete.errors.TextError` if a path is missing, a named file is not text, or there is no text at all.
    """
    try:
        found = find_files(paths, skipped=skipped)
    except OSError as error:
        raise TextError(f"cannot look for texts at {error.filename}: {error.strerror or error}") from None
    return count_files(
        found,
        vocabulary,
        alphabet,
        cache=cache or cache_folder(),
        progress=progress,
        skipped=skipped,
        wanted=wanted,
        most_kept=MOST_KEPT,
    )


def count_files(
    found: list[Found],
    vocabulary: Vocabulary,
    alphabet: Alphabet,
    *,
    cache: Path,
    progress: Callable[[int, int], None] = lambda *_: None,
    skipped: Callable[[str], None] = lambda _: None,
    wanted: Callable[[], bool] = always,
    most_kept: int = 1,
    most_slots: int = FOLDER_SLOTS,
) -> Learned | None:
    """As :func:`learn_files`, of the files ``found``; the folder ``cache`` holds what was counted before.

    There ``most_kept`` are kept; the table takes ``most_slots`` places of 4 bytes at most.
    """
    try:
        place = cache / f"{_key(found, alphabet, vocabulary.normalisation)}.bin"
    except OSError as error:
        raise TextError(f"cannot look for texts at {error.filename}: {error.strerror or error}") from None
    if (known := _recall(place, alphabet)) is not None:
        return known
    texts = read_files(found, vocabulary, progress=progress, skipped=skipped, wanted=wanted)
    if texts is None:
        return None
    tokens = np.concatenate(texts)

    def counting(done: int) -> bool:
        progress(READING + (STEPS - READING) * done // len(tokens), STEPS)
        return wanted()

    memory = CorpusMemory.count(alphabet, tokens, *table_sizes(len(tokens), most_slots), counting)
    if not wanted():
        return None
    learned = Learned(memory, len(texts), len(tokens))
    _keep(place, learned, most_kept)
    return learned


def table_sizes(characters: int, most_slots: int = FOLDER_SLOTS) -> tuple[int, int]:
    """Nodes and slots of a memory of so many ``characters``."""
    slots = min(most_slots, _PLACES_A_CHARACTER * characters)
    return max(min(FOLDER_NODES, slots // 4), 8), max(slots, 8)


def read_files(
    found: list[Found],
    vocabulary: Vocabulary,
    *,
    progress: Callable[[int, int], None] = lambda *_: None,
    skipped: Callable[[str], None] = lambda _: None,
    wanted: Callable[[], bool] = always,
) -> list[NDArray[np.uint16]] | None:
    """The tokens of each text, uint16[n]; ``None`` once it is not wanted. Raises :class:`TextError` if there is none."""
    sizes = [item.path.stat().st_size for item in found]
    texts: list[NDArray[np.uint16]] = []
    characters = done = 0
    for number, item in enumerate(found):
        progress(READING * done // max(1, sum(sizes)), STEPS)
        done += sizes[number]
        if not wanted():
            return None
        # No character takes more than four bytes.
        if characters + sizes[number] // 4 > MOST_CHARACTERS:
            skipped(f"{item.path} is more than the {MOST_CHARACTERS:,} characters that can be learned")
            continue
        try:
            text = vocabulary.normalise(read_text(item.path))
        except TextError as error:
            if item.named:
                raise
            skipped(str(error))
            continue
        if not item.named and (reason := looks_generated(len(text), text.count("\n"))):
            skipped(f"{item.path} {reason}")
        elif text and characters + len(text) <= MOST_CHARACTERS:
            characters += len(text)
            texts.append(vocabulary.encode(text))
        elif text:
            skipped(f"{item.path} is more than the {MOST_CHARACTERS:,} characters that can be learned")
    if not texts:
        raise TextError(f"no text to learn from in {', '.join(str(item.path) for item in found[:3])}")
    return texts


def _key(found: Sequence[Found], alphabet: Alphabet, normalisation: tuple[str, ...]) -> str:
    """Another one whenever a file, the alphabet or how texts are normalised has changed."""
    digest = hashlib.sha256(MAGIC)
    digest.update(json.dumps([alphabet.characters, alphabet.counts, normalisation]).encode("ascii"))
    for item in found:
        about = item.path.stat()
        digest.update(json.dumps([str(true_path(item.path)), about.st_size, about.st_mtime_ns]).encode("ascii"))
    return digest.hexdigest()[:32]


def cache_folder() -> Path:
    """Where memories of files are kept."""
    from platformdirs import user_cache_path

    return Path(user_cache_path("rnncomplete", appauthor=False)) / "memories"


def _recall(place: Path, alphabet: Alphabet) -> Learned | None:
    """What was kept there, counted with that ``alphabet``; ``None`` if that is nothing or damaged."""
    try:
        data = read_regular(place, LARGEST_KEPT)
        os.utime(place)  # the last to be dropped
        end = data.index(b"\n", 0, 1024)
        facts = json.loads(data[:end])
        files, characters = facts["files"], facts["characters"]
        memory = CorpusMemory.from_bytes(memoryview(data)[end + 1 :])
    except (OSError, ValueError, KeyError, TypeError, RecursionError, ModelError):
        return None
    if memory.alphabet != alphabet or not (whole(files) and whole(characters)):
        return None
    return Learned(memory, files, characters)


def recall_newest(cache: Path, alphabet: Alphabet) -> Learned | None:
    """What was counted last of those in the folder ``cache``, with that ``alphabet``; ``None`` if that is nothing."""
    kept = sorted(cache.glob("*.bin"), key=lambda path: path.stat().st_mtime)
    return _recall(kept[-1], alphabet) if kept else None


def keep(found: Sequence[Found], learned: Learned, cache: Path, vocabulary: Vocabulary, most: int = 1) -> None:
    """Keep in the folder ``cache`` what was ``learned`` of the files ``found``, for the next :func:`count_files`."""
    with contextlib.suppress(OSError):
        key = _key(found, learned.memory.alphabet, vocabulary.normalisation)
        _keep(cache / f"{key}.bin", learned, most)


def _keep(place: Path, learned: Learned, most: int) -> None:
    """Keep it for the next time, and drop what was not used for long. A full disk only costs the next time."""
    about = json.dumps({"files": learned.files, "characters": learned.characters}).encode("ascii")
    about += b" " * (-(len(about) + 1) % 64)  # so that the tables lie at an even address
    with contextlib.suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True)
        replace_file(place, about + b"\n" + learned.memory.to_bytes(), private=True)
        kept = sorted(place.parent.glob("*.bin"), key=lambda path: path.stat().st_mtime)
        for path in kept[:-most]:
            path.unlink(missing_ok=True)
