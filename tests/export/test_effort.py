"""How much an export does, in counts of work: no clock is asked."""

from __future__ import annotations

from dataclasses import astuple, fields
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from rnncomplete.completion.adaptive_reader import alphabet_of
from rnncomplete.completion.completer import Completer, load_completer
from rnncomplete.mixing.memory import CorpusMemory
from rnncomplete.mixing.mixer import Mixer
from rnncomplete.mixing.training import PASSES
from rnncomplete_export.checkpoint import load_checkpoint
from rnncomplete_export.exporting import exporter
from rnncomplete_export.exporting.comparison import tuned_threshold, typing_figures
from rnncomplete_export.exporting.effort import Effort, effort_after, seconds_trained
from rnncomplete_export.exporting.exporter import export_style
from rnncomplete_export.exporting.memories import RATES, expected, unread_part, with_best_rate
from rnncomplete_export.exporting.telling import tenths

if TYPE_CHECKING:
    from pathlib import Path


def test_more_training_means_more_effort_up_to_a_most_and_more_kinds_mean_less() -> None:
    efforts = [effort_after(seconds, 100) for seconds in (0, 2, 120, 600, 3600, 1e9)]
    for field in fields(Effort):
        counts = [getattr(effort, field.name) for effort in efforts]
        assert counts == sorted(counts)
        assert counts[0] < counts[-1]
        assert getattr(effort_after(120, 4000), field.name) <= counts[2]
    assert efforts[-2] == Effort(1_000_000, 200_000, 12_000_000, 300_000, 40_000, 2_000, 20_000, 5_000, 78)


@pytest.mark.parametrize("kinds", [100, 4096])
def test_after_minutes_up_to_a_quarter_of_an_hour_an_export_does_what_it_does_after_two(kinds: int) -> None:
    assert effort_after(600, kinds) == effort_after(900, kinds) == effort_after(120, kinds)
    after = [effort_after(seconds, kinds).weighed for seconds in (900, 901, 1200, 1800)]
    assert after == sorted(after)
    assert after[1] < 1.02 * after[0], "one second more is not a leap"
    assert effort_after(1799, kinds).counted > 0.99 * effort_after(1800, kinds).counted


@pytest.mark.parametrize("kinds", [100, 4096])
def test_after_two_minutes_no_count_is_beyond_a_fraction_of_what_was_trained_on(kinds: int) -> None:
    effort = effort_after(120, kinds)
    typed = effort.typed + 4 * effort.tuned
    assert typed + effort.adaptive <= 20_000
    assert len(RATES) * effort.rated + effort.weighed <= 250_000
    assert effort.counted <= 1_200_000
    assert effort.stages <= 3
    assert max(astuple(effort_after(2, kinds))) == effort_after(2, kinds).counted == 300_000


def test_thousands_of_kinds_get_a_fraction_of_the_characters_for_which_all_kinds_are_predicted() -> None:
    few, many = effort_after(120, 100), effort_after(120, 2456)
    assert many.weighed <= few.weighed / 3.9
    assert many.adaptive <= 1_000 <= few.adaptive / 3


def test_minutes_on_a_gpu_count_for_what_was_read_in_them() -> None:
    assert seconds_trained(120, 300_000, 4_700_000) == 120
    assert seconds_trained(198, 110_000_000, 4_850_000) == pytest.approx(3200, rel=0.01)


class Counted:
    """Characters that are given to ``method`` of ``cls``, and its calls, while a test runs."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, cls: type, method: str) -> None:
        self.calls = self.characters = 0
        original = getattr(cls, method)

        def counting(this: object, tokens: str, *arguments: object, **options: object) -> object:
            self.calls += 1
            self.characters += len(tokens)
            return original(this, tokens, *arguments, **options)

        monkeypatch.setattr(cls, method, counting)


def test_no_more_keys_are_typed_and_no_more_characters_learned_than_the_effort_says(
    tiny_style: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    completer = load_completer(str(tiny_style), "cpu")
    tokens = completer.model.vocabulary.encode("some words to type, and more. " * 100).astype(np.uint16)
    greedy = Counted(monkeypatch, Completer, "greedy")
    tuned_threshold(completer, tokens, session=50)
    assert 50 < greedy.calls <= 4 * 50
    complete = Counted(monkeypatch, Completer, "complete")
    told: list[tuple[int, int]] = []
    figures = typing_figures(completer, tokens[:80], lambda *at: told.append(at))
    assert figures["typed_characters"] == 80
    assert 20 < complete.calls <= 80
    assert told[-1] == (80, 80)


@pytest.mark.parametrize("length", [2, 3, 1_000, 119_999, 120_001, 500_000])
def test_figures_are_not_measured_where_weights_were_learned(
    tiny_style: Path, monkeypatch: pytest.MonkeyPatch, length: int
) -> None:
    completer = load_completer(str(tiny_style), "cpu")
    measured: list[int] = []
    tuned: list[int] = []

    def losses(_: object, text: str, __: object) -> list[float]:
        measured.append(len(text))
        return [1.0]

    def typing(_: object, tokens: np.ndarray, *__: object) -> dict[str, float]:
        measured.append(len(tokens))
        return {}

    def tuning(_: object, tokens: np.ndarray, **__: object) -> float:
        tuned.append(len(tokens))
        return 0.5

    monkeypatch.setattr(exporter, "executable", lambda *_: completer.model)
    monkeypatch.setattr(exporter, "tuned_threshold", tuning)
    monkeypatch.setattr(exporter, "predicted_losses", losses)
    monkeypatch.setattr(exporter, "typing_figures", typing)
    alphabet = alphabet_of(completer.model.vocabulary, None)
    memory = CorpusMemory(alphabet, np.zeros(8, np.uint32), np.zeros(8, np.uint32))
    tokens = np.ones(length, np.uint16)
    exporter.typed(completer.card, Any, memory, tokens, effort=effort_after(1e9, 30), advance=lambda _: None)
    assert all(2 <= characters <= max(2, length - len(unread_part(tokens))) for characters in measured)
    assert len(measured) == 2
    assert tuned == [length - measured[1]], "what is typed for the card is not what the threshold was tuned on"


@pytest.mark.slow
def test_an_export_does_what_follows_from_the_seconds_trained(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    efforts: list[tuple[float, int]] = []

    def asked(seconds: float, kinds: int) -> Effort:
        efforts.append((seconds, kinds))
        return Effort(900, 400, 5_000, 20_000, 300, 50, 250, 120, 1)

    monkeypatch.setattr(exporter, "effort_after", asked)
    learned = Counted(monkeypatch, Mixer, "learn")
    said: list[str] = []
    checkpoint = trained / "runs" / "sea" / "best.safetensors"
    card = export_style(checkpoint, tmp_path / "sea", "sea", advance=said.append)
    facts = load_checkpoint(checkpoint).facts
    assert efforts == [(facts["state"]["seconds"], len(facts["vocabulary"]))]
    assert card.figures["measured_characters"] == 900
    assert card.figures["ngram_characters"] <= 5_000
    assert (card.figures["adaptive_characters"], card.figures["typed_characters"]) == (250, 120)
    weighed = 20_000
    assert learned.characters <= PASSES * weighed + len(RATES) * 300 + 4 * 50 + 250 + 120 + 2_000, (
        "and what is read twice"
    )
    skilled = [bool(stage["skills"]) for stage in card.stages]
    assert skilled[-2:] == [True, True], "the last stage, and the network itself"
    assert not any(skilled[:-2])
    for step in (
        "measuring the network",
        "finding how fast",
        "choosing which ghosts",
        "typing with ghosts",
        "counting",
    ):
        assert any(line.startswith(step) for line in said), step


def test_each_rate_is_tried_on_the_text_that_is_given(tiny_style: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from rnncomplete.mixing.training import learn_style

    model = load_completer(str(tiny_style), "cpu").model
    text = model.vocabulary.encode("a few words, and a few more. " * 20)
    memory = learn_style(model.vocabulary.characters, text, nodes=64, slots=256)
    learned = Counted(monkeypatch, Mixer, "learn")
    with_best_rate(memory, text[:100], expected(model, text[:100]))
    assert learned.characters == 100 * len(RATES)


def test_a_long_step_is_told_when_it_begins_and_at_every_tenth() -> None:
    said: list[str] = []
    progress = tenths(said.append, "reading")
    assert said == ["reading"]
    for done in range(26):
        progress(done, 25)
    assert said[1:] == [f"reading, {percent} %" for percent in range(10, 101, 10)]
