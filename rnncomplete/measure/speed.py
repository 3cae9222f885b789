"""How fast a style is, beside other ways to run the same network, in one run on one core.

All but start-up and memory is measured in rounds that follow each other, each with all of it, so that a busy minute of
the machine touches all alike. Ratios are medians of the rounds' ratios, and they are the result: times are for orientation.

A ghost here is 32 characters, whether or not they are worth showing, from the key to its last character, with the text
before the key read already. The floor is what reading the int8 weights from memory 32 times takes.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from functools import partial
from math import inf
from typing import TYPE_CHECKING

import numpy as np

from rnncomplete.completion.decoder import DecoderOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from rnncomplete.completion.completer import Completer

GHOST = DecoderOptions(length=32, threshold=0.0, budget_ms=inf, whole_words=False)
OPENED = 2000
"""Characters of a text that is opened."""

ROUNDS = 6
PREFIXES = 54
"""A round; 324 different ones in all."""

PEER_PREFIXES = 6
"""A round, of the same ones: peers are slow."""

STEPS = 100
"""A round."""

FIRST_PREFIX = 600
"""Characters of the shortest prefix, so that all have a context."""

LONGEST_PREFIX = 4000
"""Characters; longer texts are read from an anchor, and it should be the same one for all prefixes."""

NOISY_SPREAD = 0.15
"""The machine was noisy if the medians of the rounds differ by more than this share of their median."""

LEAST_SHARE = 0.95
"""Or if this process had less than this share of its core while it measured."""


@dataclass
class Samples:
    """What the rounds measured, in seconds, a list a round."""

    step: list[list[float]] = field(default_factory=list)
    ghost: list[list[float]] = field(default_factory=list)
    static_ghost: list[list[float]] = field(default_factory=list)
    opening: list[list[float]] = field(default_factory=list)
    backspace: list[list[float]] = field(default_factory=list)
    floor: list[list[float]] = field(default_factory=list)
    peers: dict[str, list[list[float]]] = field(default_factory=dict)
    core_share: float = 1.0
    """Of the time, what this process had its core for."""


def pin_to_one_core() -> None:
    """Stay on one core from now on, with all processes that are started, where the system has a way to say so."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def measure(
    completer: Completer,
    static: Completer,
    peers: Mapping[str, Completer],
    text: str,
    *,
    weight_bytes: int,
    rounds: int = ROUNDS,
    progress: Callable[[int, int], None] = lambda *_: None,
) -> Samples:
    """Measure ``completer``, as the user has it, and the network alone, on prefixes of ``text``.

    ``peers`` are completers over other ways to run the network, ``weight_bytes`` the bytes of the int8 weights.
    """
    samples = Samples(peers={name: [] for name in peers})
    places = prefixes(len(text), rounds * PREFIXES)
    contenders = {"ghost": completer, "static_ghost": static}
    # What warms up must not have read the prefixes.
    _round(
        {name: one.fresh() for name, one in (contenders | dict(peers)).items()}, text, places[::rounds], weight_bytes
    )
    began, worked = time.perf_counter(), time.process_time()
    for number in range(rounds):
        times = _round(contenders | dict(peers), text, places[number::rounds], weight_bytes)
        for name in peers:
            samples.peers[name].append(times.pop(name))
        if not weight_bytes:
            times.pop("floor")
        for name, kept in times.items():
            getattr(samples, name).append(kept)
        progress(number + 1, rounds)
    samples.core_share = (time.process_time() - worked) / max(time.perf_counter() - began, 1e-9)
    return samples


def _round(contenders: dict[str, Completer], text: str, places: list[int], weight_bytes: int) -> dict[str, list[float]]:
    """Seconds of everything, by the names of :class:`Samples` and of peers."""
    completer, static = contenders["ghost"], contenders["static_ghost"]
    times = {
        name: _ghosts(one, text, places if one in (completer, static) else places[:PEER_PREFIXES])
        for name, one in contenders.items()
    }
    times["step"] = _steps(static)
    times["opening"] = [_timed(lambda: completer.fresh().complete(text[:OPENED], options=GHOST))]
    times["backspace"] = _backspaces(completer, text, places[:PEER_PREFIXES])
    times["floor"] = [_reading(weight_bytes)]
    return times


def _reading(size: int) -> float:
    """Seconds in which a buffer of ``size`` bytes can be read 32 times, at best."""
    buffer = np.ones(max(8, size - size % 8), np.uint8).view(np.int64)
    return 32 * min(_timed(lambda: np.maximum.reduce(buffer)) for _ in range(20))


def prefixes(characters: int, count: int) -> list[int]:
    """Up to ``count`` different lengths of prefixes of a text of so many characters."""
    last = min(LONGEST_PREFIX, characters - 1)
    first = max(1, min(FIRST_PREFIX, last // 2))
    return sorted({int(place) for place in np.linspace(first, last, count)})


def _timed(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def _ghosts(completer: Completer, text: str, places: Sequence[int]) -> list[float]:
    """Seconds of a ghost after each prefix, all but its last character having been read, and no more than that."""
    completer, times = completer.fresh(), []
    for place in places:
        completer.predict(text[:place])
        times.append(_timed(partial(completer.complete, text[: place + 1], options=GHOST)))
    return times


def _backspaces(completer: Completer, text: str, places: Sequence[int]) -> list[float]:
    """Seconds from deleting a character to the ghost at the place before it."""
    times = []
    for place in places:
        completer.predict(text[: place + 1])
        times.append(_timed(partial(completer.complete, text[:place], options=GHOST)))
    return times


def _steps(completer: Completer) -> list[float]:
    """Seconds of single steps of the network."""
    step, state = completer.model.step, completer.model.initial_state
    return [_timed(lambda: step(1, state)) for _ in range(STEPS)]


def figures(samples: Samples) -> dict[str, float | bool | None]:
    """What ``rnncomplete bench`` prints of them; ratios of peers that are not there are ``None``."""

    def milliseconds(rounds: list[list[float]], percent: float) -> float:
        return round(1000 * float(np.percentile(np.concatenate(rounds), percent)), 3)

    def times_faster(name: str) -> float | None:
        peer = samples.peers.get(name)
        return round(ratio(peer, samples.static_ghost), 2) if peer else None

    return {
        "step_us": round(1000 * milliseconds(samples.step, 50), 1),
        "ghost_ms_p50": milliseconds(samples.ghost, 50),
        "ghost_ms_p99": milliseconds(samples.ghost, 99),
        "static_ghost_ms_p50": milliseconds(samples.static_ghost, 50),
        "static_ghost_ms_p99": milliseconds(samples.static_ghost, 99),
        "open_2000_ms": milliseconds(samples.opening, 50),
        "backspace_ms": milliseconds(samples.backspace, 50),
        "times_faster_than_torch_eager": times_faster("torch_eager"),
        "times_faster_than_float32_lstm": times_faster("float32_lstm"),
        "times_the_floor": round(ratio(samples.static_ghost, samples.floor), 2) if samples.floor else None,
        "noisy": noisy(samples.static_ghost, samples.core_share),
    }


def ratio(upper: list[list[float]], lower: list[list[float]]) -> float:
    """Median over the rounds of the ratio of their medians."""
    return float(np.median([np.median(one) / np.median(other) for one, other in zip(upper, lower, strict=True)]))


def noisy(rounds: list[list[float]], core_share: float = 1.0) -> bool:
    """Whether something else ran: see :data:`NOISY_SPREAD` and :data:`LEAST_SHARE`."""
    medians = [float(np.median(times)) for times in rounds]
    return core_share < LEAST_SHARE or max(medians) - min(medians) > NOISY_SPREAD * float(np.median(medians))
