"""Which device a style runs on: whether the GPU says what the CPU says, which of the two is faster, and what was found.

What was found once is kept in a file of the user's cache, by the graph, the device and the version of ONNX Runtime.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rnncomplete.errors import ModelError
from rnncomplete.files import replace_file
from rnncomplete.network.distribution import softmax

if TYPE_CHECKING:
    from collections.abc import Callable

    from rnncomplete.network.model import Model

FILE = "devices.json"

_GHOST = 32
"""Characters of the ghost that is timed."""

_TEST_TEXT = "The quick brown fox\n    jumps (over) the lazy dog; "

_LARGEST_DISTANCE = 0.1
"""Between the distributions on the two devices, total variation, on average. Quantising to int8 may cost 0.01 nats per
character, and by Pinsker's inequality that moves at most 0.07 of the probability; a broken kernel moves nearly all."""


def disagreement(reference: Model, model: Model) -> str | None:
    """Why ``model`` is not to be trusted, in one clause, from what both predict in a short text; ``None`` if it is."""
    state, other = reference.initial_state, model.initial_state
    distances = []
    for token in reference.vocabulary.encode(_TEST_TEXT).tolist():
        logits, state = reference.step(token, state)
        try:
            others, other = model.step(token, other)
        except ModelError:
            return f"it predicts NaN or infinity on {model.device}"
        distances.append(
            0.5 * float(np.abs(softmax(logits.astype(np.float64)) - softmax(others.astype(np.float64))).sum())
        )
    if (mean := sum(distances) / len(distances)) > _LARGEST_DISTANCE:
        return f"it predicts otherwise on {model.device} than on {reference.device} (by {100 * mean:.0f} %)"
    return None


def faster(first: Model, second: Model, clock: Callable[[], float] = time.perf_counter) -> Model:
    """Whichever model reads the characters of a ghost in less time; the first if they are equal."""

    def seconds(model: Model) -> float:
        _, state = model.step(1, model.initial_state)  # the first run allocates
        start = clock()
        for _ in range(_GHOST):
            _, state = model.step(1, state)
        return clock() - start

    return second if seconds(second) < seconds(first) else first


def choice_key(graph: bytes, device: str, version: str) -> str:
    """What a choice is kept under: another graph, device or version of ONNX Runtime makes another one."""
    return f"{hashlib.sha256(graph).hexdigest()[:32]} {device} onnxruntime {version}"


def recall(key: str, folder: Path | None = None) -> str | None:
    """The device that was found to be the faster one, "cpu" or "cuda"; ``None`` if that is not known."""
    found = _read(folder or _cache_folder()).get(key)
    return found if found in ("cpu", "cuda") else None


def remember(key: str, device: str, folder: Path | None = None) -> None:
    """Keep that ``device`` was the faster one; where that cannot be written, it is found anew each time."""
    folder = folder or _cache_folder()
    choices = _read(folder) | {key: device}
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        replace_file(folder / FILE, json.dumps(choices, indent=1).encode("ascii"))


def _read(folder: Path) -> dict[str, str]:
    """All choices kept; none if the file is missing or damaged."""
    try:
        found = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _cache_folder() -> Path:
    from platformdirs import user_cache_path

    return Path(user_cache_path("rnncomplete", appauthor=False))
