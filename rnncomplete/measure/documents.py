"""What many documents and long ones cost: in a process of its own, whose memory is nobody else's.

A key is what somebody waits for: reading what changed, and a ghost of 32 characters. Texts are written by the style.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from rnncomplete.completion.completer import Completer, load_completer
from rnncomplete.completion.sampler import sample
from rnncomplete.measure.speed import GHOST, pin_to_one_core
from rnncomplete.measure.startup import memory_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

DOCUMENTS = 8
"""Open at once."""

DOCUMENT = 10_000
"""Characters of each."""

KEYS = 40
"""Typed in each, and in one that is alone; and in the large one."""

TYPED = 100_000
"""Characters typed from the first to the last."""

EVERY = 20
"""Of those, one has its ghost decoded, and so has each that was read slowly; the others would take minutes."""

SLOWLY = 0.001
"""Seconds of reading beyond which it was slow: one character takes a tenth of that."""

LARGE = 30_000_000
"""Characters of the large document; as many bytes."""


@dataclass(frozen=True)
class Figures:
    """What ``rnncomplete bench`` prints of documents; ``None`` where the system does not tell."""

    documents_key_ratio: float
    """Median of a key in documents typed in turns, over that in one document alone."""
    documents_mb_each: float | None
    """Memory that each takes."""
    typing_p999_ms: float
    """Of a thousand keys of a long text the slowest but one, from the key to the whole ghost."""
    open_30mb_ms: float
    """From opening the large document to its ghost."""
    open_30mb_key_ms: float
    """The slowest key of those typed there."""
    open_30mb_peak_mb: float | None
    """All memory of a process that does so."""


def measure_documents(style: str, device: str, *, characters: int = TYPED, large: int = LARGE) -> Figures:
    """Measure the ``style``, by name or as a folder, in two processes of their own, which end before this returns."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, context, _end_with_us) as process:
        text, ratio, each = process.submit(_many, style, device, characters).result()
        typing = process.submit(_typing, style, device, text).result()
    with ProcessPoolExecutor(1, context, _end_with_us) as process:
        opening, key, peak = process.submit(_large, style, device, text, large).result()
    return Figures(
        round(ratio, 2), _megabytes(each), round(typing, 2), round(opening, 1), round(key, 2), _megabytes(peak)
    )


def _end_with_us() -> None:
    """Ctrl-C, which reaches all processes of a terminal, ends this one without a word."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _many(style: str, device: str, characters: int) -> tuple[str, float, float | None]:
    """A text of so many characters; key ratio; bytes a document."""
    pin_to_one_core()
    completer = load_completer(style, device)
    text = written(completer, characters)
    size = min(DOCUMENT, characters // (DOCUMENTS + 1) - KEYS)
    texts = [text[number * (size + KEYS) : (number + 1) * (size + KEYS)] for number in range(DOCUMENTS + 1)]
    _keys(completer, [DOCUMENTS], texts, range(size, size + 1))  # opens the one alone, and warms up
    before = memory_of(os.getpid(), "VmRSS")
    _keys(completer, range(DOCUMENTS), texts, range(size, size + 1))
    after = memory_of(os.getpid(), "VmRSS")
    each = None if before is None or after is None else (after - before) / DOCUMENTS
    ratios = []
    for first in range(size + 1, size + KEYS, KEYS // 4):  # in rounds, so that a busy moment touches both alike
        places = range(first, min(first + KEYS // 4, size + KEYS))
        alone, turns = _keys(completer, [DOCUMENTS], texts, places), _keys(completer, range(DOCUMENTS), texts, places)
        ratios.append(float(np.median(turns) / np.median(alone)))
    return text, float(np.median(ratios)), each


def _keys(completer: Completer, documents: Sequence[int], texts: list[str], places: range) -> list[float]:
    """Seconds of the key at each of ``places`` in each document, by turns."""
    return [_key(completer, number, texts[number][:place]) for place in places for number in documents]


def _key(completer: Completer, document: int, before: str) -> float:
    start = time.perf_counter()
    completer.open(document).complete(before, options=GHOST)
    return time.perf_counter() - start


def _typing(style: str, device: str, text: str) -> float:
    """Milliseconds of the slowest key in a thousand while ``text`` is typed from its first character to its last."""
    document = load_completer(style, device).open()
    reading, decoding = np.empty(len(text)), np.full(len(text), np.nan)
    for place in range(1, len(text) + 1):
        start = time.perf_counter()
        ghost = document.greedy(text[:place])
        reading[place - 1] = time.perf_counter() - start
        if place % EVERY == 0 or reading[place - 1] > SLOWLY:
            start = time.perf_counter()
            list(islice(ghost, GHOST.length))
            decoding[place - 1] = time.perf_counter() - start
    keys = reading + np.where(np.isnan(decoding), np.nanmedian(decoding), decoding)
    return 1000 * float(np.percentile(keys, 99.9))


def _large(style: str, device: str, text: str, characters: int) -> tuple[float, float, float | None]:
    """Milliseconds until the first ghost, and of the slowest key; all memory."""
    pin_to_one_core()
    completer = load_completer(style, device)
    completer.complete("warm ", options=GHOST)
    before = text * -(-characters // len(text))
    opening = _key(completer, 0, before)
    slowest = 0.0
    for character in text[:KEYS]:
        before += character
        slowest = max(slowest, _key(completer, 0, before))
    return 1000 * opening, 1000 * slowest, memory_of(os.getpid())


def written(completer: Completer, characters: int) -> str:
    """A text that the style itself writes, always the same.

    At the temperature of predictions, for a text that is as hard to predict as one of people.
    """
    model = completer.model
    reading = completer.read("")
    assert reading is not None, "nobody gave it up"
    letters: Iterator[str] = sample(
        completer.step, *reading, model.vocabulary, temperature=completer.card.temperature, min_p=0, seed=1
    )
    return "".join(islice(letters, characters))


def _megabytes(size: float | None) -> float | None:
    return None if size is None else round(size / 1e6, 1)
