"""Nats per character against an independent sum, and the figures of a small text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from rnncomplete.completion.completer import load_completer
from rnncomplete.errors import TextError
from rnncomplete.measure.evaluation import evaluate, losses, predicted_losses
from rnncomplete.network.loading import load_network
from rnncomplete.network.model import Model

if TYPE_CHECKING:
    from pathlib import Path

    from rnncomplete.network.card import Card


def test_losses_are_minus_the_logarithm_of_each_probability(tiny_card: Card) -> None:
    logits = np.random.default_rng(1).normal(size=len(tiny_card.vocabulary)).astype(np.float32)
    model = Model(tiny_card, "cpu", lambda token, state: (logits, state))
    expected = -np.log(np.exp(logits) / np.exp(logits).sum())
    tokens = model.vocabulary.encode("abba")
    assert losses(model, "abba") == pytest.approx(expected[tokens[1:]], rel=1e-5)
    assert len(losses(model, "")) == len(losses(model, "a")) == 0


def test_the_state_is_carried_from_start_to_end(tiny_style: Path) -> None:
    model = load_network(tiny_style, "cpu")
    whole, half = losses(model, "some text. " * 4), losses(model, "some text. " * 2)
    assert whole[: len(half)].tolist() == half.tolist()
    assert whole[len(half) + 1 :].tolist() != half.tolist()


def test_evaluate_counts_and_averages_over_texts(tiny_style: Path) -> None:
    completer = load_completer(str(tiny_style), "cpu")
    calls: list[tuple[int, int]] = []
    result = evaluate(completer, ["once more", "unto the BREACH"], lambda done, total: calls.append((done, total)))
    assert result.characters == 24
    assert result.unknown_characters == 6
    expected = [*losses(completer.model, "once more"), *losses(completer.model, "unto the BREACH")]
    assert result.static_nats_per_character == pytest.approx(np.mean(expected), rel=1e-6)
    assert result.typing.characters == 24
    assert len(result.milliseconds) >= result.typing.ghosts_shown
    assert calls[-1] == (72, 72), "the network, what ghosts are made of, and typing"
    assert [done for done, _ in calls] == sorted(done for done, _ in calls)


def test_what_the_text_teaches_counts_and_never_the_character_itself(tiny_style: Path) -> None:
    completer = load_completer(str(tiny_style), "cpu")
    text = "a zygote said to a zygote that "
    again = predicted_losses(completer, text * 3)
    assert again[len(text) :].mean() < 0.5 * losses(completer.model, text * 3)[len(text) :].mean()
    other = predicted_losses(completer, text + "b" + text)
    assert other[: len(text) - 1].tolist() == again[: len(text) - 1].tolist()


def test_texts_are_typed_one_after_another_in_one_session(tiny_style: Path) -> None:
    completer = load_completer(str(tiny_style), "cpu")
    first, second = "a zygote said to a zygote. ", "that zygote said to a zygote "
    result = evaluate(completer, [first, second])
    both = predicted_losses(completer, first + second)
    assert result.nats_per_character == pytest.approx(np.delete(both, len(first) - 1).mean(), rel=1e-5)
    alone = [*losses(completer.model, first), *losses(completer.model, second)]
    assert result.static_nats_per_character == pytest.approx(np.mean(alone), rel=1e-5)


def test_only_the_first_characters_are_typed_if_asked_for(tiny_style: Path) -> None:
    completer = load_completer(str(tiny_style), "cpu")
    calls: list[tuple[int, int]] = []
    texts = ["once more", "unto the breach"]
    part = evaluate(completer, texts, lambda done, total: calls.append((done, total)), typed=12)
    whole = evaluate(completer, texts)
    assert part.typing.characters == 12
    assert calls[-1][1] == 2 * 24 + 12
    assert part.nats_per_character == whole.nats_per_character
    assert evaluate(completer, texts, typed=0).typing.characters == 0


def test_the_network_alone_is_what_static_evaluates(tiny_style: Path) -> None:
    result = evaluate(load_completer(str(tiny_style), "cpu", static=True), ["once more, once more"])
    assert result.nats_per_character == result.static_nats_per_character


def test_a_text_without_two_characters_is_refused(tiny_style: Path) -> None:
    with pytest.raises(TextError):
        evaluate(load_completer(str(tiny_style), "cpu"), ["fine", "x"])


def test_an_unknown_character_costs_what_telling_it_from_all_others_does(tiny_style: Path) -> None:
    model = load_completer(str(tiny_style), "cpu").model
    known, unknown = losses(model, "a\N{REPLACEMENT CHARACTER}b"), losses(model, "a\N{SNOWMAN}b")
    assert known.tolist() == unknown.tolist(), "one that stands for itself has to be told as well"
    logits, _ = model.step(model.vocabulary.token("a"), model.initial_state)
    alone = float(np.log(np.exp(logits.astype(float)).sum()) - logits[0])
    assert unknown[0] == pytest.approx(alone + np.log(1_112_064), rel=1e-5)
    assert unknown[1] < 10, "and only that one"
    adaptive = predicted_losses(load_completer(str(tiny_style), "cpu"), "a\N{SNOWMAN}b")
    assert adaptive[0] > np.log(1_112_064)
