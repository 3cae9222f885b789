"""Probabilities and losses, against the formulas written out."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rnncomplete.network.distribution import nats, softmax

LOGITS = np.array([[1.0, -2.0, 0.5], [1e4, 0.0, -1e4]], np.float32)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_softmax_is_the_exponentials_by_their_sum(temperature: float) -> None:
    expected = [math.exp(x / temperature) for x in LOGITS[0].tolist()]
    result = softmax(LOGITS[0], temperature)
    np.testing.assert_allclose(result, np.array(expected) / sum(expected), rtol=1e-6)
    assert result.dtype == np.float32
    assert LOGITS[0].tolist() == [1.0, -2.0, 0.5], "the logits stay as they were"


def test_softmax_of_huge_logits_is_certain() -> None:
    assert softmax(LOGITS[1]).tolist() == [1.0, 0.0, 0.0]


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_a_loss_is_the_logarithm_of_the_probability(temperature: float) -> None:
    for token in range(3):
        expected = -math.log(softmax(LOGITS[0].astype(np.float64), temperature)[token])
        assert float(nats(LOGITS[0], token, temperature)) == pytest.approx(expected, rel=1e-12)


def test_losses_of_many_at_once() -> None:
    losses = nats(LOGITS, np.array([2, 1]))
    assert losses.shape == (2,)
    assert losses.dtype == np.float64
    assert losses.tolist() == [pytest.approx(float(nats(LOGITS[0], 2))), 1e4]
