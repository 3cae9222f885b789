"""What the benchmark makes of times, with a clock that the network itself moves on."""

from __future__ import annotations

import os
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from rnncomplete.completion.completer import Completer
from rnncomplete.measure import speed as bench
from rnncomplete.measure.speed import figures, measure, noisy, prefixes, ratio
from rnncomplete.network.model import Model

if TYPE_CHECKING:
    from collections.abc import Callable

    from rnncomplete.network.card import Card

TEXT = "so many words, and none of them to say. " * 110


class Clock:
    """Stands still but for the steps of networks."""

    def __init__(self) -> None:
        self.now = 0.0

    def perf_counter(self) -> float:
        return self.now

    process_time = perf_counter

    def completer(self, card: Card, seconds: float) -> Completer:
        logits = np.zeros(len(card.vocabulary), np.float32)

        def step(token: int, state: Any) -> Any:
            self.now += seconds
            return logits, state

        return Completer(Model(card, "cpu", step), static=True)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(bench, "time", clock)
    return clock


def test_a_ghost_is_32_steps_and_ratios_are_those_of_the_networks(clock: Clock, tiny_card: Card) -> None:
    networks = [clock.completer(tiny_card, seconds) for seconds in (2e-4, 1e-4, 8e-4)]
    samples = measure(networks[0], networks[1], {"torch_eager": networks[2]}, TEXT, weight_bytes=64, rounds=2)
    found = figures(replace(samples, floor=[[1.6e-3], [1.6e-3]]))
    assert (found["step_us"], found["ghost_ms_p50"], found["static_ghost_ms_p50"]) == (100, 6.4, 3.2)
    assert found["times_faster_than_torch_eager"] == pytest.approx(8)
    assert found["times_faster_than_float32_lstm"] is None
    assert found["times_the_floor"] == pytest.approx(2)
    assert found["open_2000_ms"] == pytest.approx(0.2 * (2000 + 31))
    assert found["backspace_ms"] == pytest.approx(0.2 * 31), "what was read before is not read again"
    assert not found["noisy"]


def test_every_prefix_is_another_one_and_all_have_the_same_anchor() -> None:
    places = prefixes(10**6, bench.ROUNDS * bench.PREFIXES)
    assert len(places) >= 300
    assert all(before < after for before, after in pairwise(places))
    assert places[0] >= bench.FIRST_PREFIX
    assert places[-1] + 1 < 4096
    assert prefixes(3, 300) == [1, 2]


def test_ratios_are_taken_round_by_round() -> None:
    assert ratio([[2.0], [20.0], [8.0]], [[1.0], [10.0], [1.0]]) == 2


@pytest.mark.parametrize(("rounds", "is_noisy"), [([1.0, 1.1, 1.0], False), ([1.0, 1.2, 1.0], True)])
def test_the_machine_was_noisy_where_rounds_differ(rounds: list[float], is_noisy: bool) -> None:
    times = [[time, time, 9.0] for time in rounds]
    assert noisy(times) is is_noisy
    assert noisy(times, core_share=0.8)


def test_one_core_is_kept_to_where_the_system_knows_how(monkeypatch: pytest.MonkeyPatch) -> None:
    pinned: list[set[int]] = []
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {3, 5}, raising=False)
    monkeypatch.setattr(os, "sched_setaffinity", lambda process, cores: pinned.append(cores), raising=False)
    bench.pin_to_one_core()
    assert pinned == [{5}]
    monkeypatch.delattr(os, "sched_setaffinity")
    bench.pin_to_one_core()


def test_a_short_text_can_be_measured_too(tiny_card: Card, clock: Clock) -> None:
    network: Callable[[], Completer] = lambda: clock.completer(tiny_card, 1e-4)  # noqa: E731 - one line says it
    assert figures(measure(network(), network(), {}, "abc", weight_bytes=0, rounds=1))["step_us"] == 100
