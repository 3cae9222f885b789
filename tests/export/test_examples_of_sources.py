from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from rnncomplete_export.network.text_encoder import PADDING
from rnncomplete_export.training.examples import EMPTY_SHARE, Examples, TextSources, cuts

CPU = torch.device("cpu")


def made(count: int = 300, size: int = 200) -> Examples:
    draw = np.random.default_rng(5)
    lines = [np.full(draw.integers(1, 12), 2 + number % 50, np.uint16) for number in range(count)]
    sources = [np.append(line, np.uint16(1)) for line in lines]
    return Examples(TextSources(sources, 1, CPU), lines, size=size, newline=1, seed=3, device=CPU)


def test_an_epoch_holds_every_line_once_and_another_one_in_another_order() -> None:
    examples = made()
    epochs = []
    for epoch in range(2):
        seen, characters = [], 0
        for number in range(len(examples)):
            batch = examples.batch(epoch * len(examples) + number)
            assert batch.inputs.shape == batch.targets.shape
            assert bool((batch.inputs[0] == 1).all())
            assert batch.characters == int((batch.targets != PADDING).sum())
            assert batch.inputs.shape[1] * (batch.inputs.shape[0] + batch.source.shape[1]) <= 200
            characters += batch.characters
            for row in range(batch.inputs.shape[1]):
                target = [token for token in batch.targets[:, row].tolist() if token != PADDING]
                assert target[-1] == 1
                assert batch.inputs[1 : len(target), row].tolist() == target[:-1]
                source = [token for token in batch.source[row].tolist() if token != PADDING]
                assert source in ([1], target)
                seen.append((target, source == [1]))
        assert characters == examples.characters
        epochs.append(seen)
    assert sorted(line for line, _ in epochs[0]) == sorted(line for line, _ in epochs[1])
    assert epochs[0] != epochs[1]
    empty = np.mean([empty for seen in epochs for _, empty in seen])
    assert 0.3 * EMPTY_SHARE < empty < 2 * EMPTY_SHARE


def test_a_batch_is_a_function_of_its_number() -> None:
    one, other = made(), made()
    for number in (7, 0, 3 * len(one) + 1):
        first, second = one.batch(number), other.batch(number)
        assert torch.equal(first.targets, second.targets)
        assert torch.equal(first.source, second.source)


def test_all_examples_come_once_with_their_sources_or_with_none() -> None:
    examples = made()
    for empty in (False, True):
        numbers = []
        for which, batch in examples.each(empty=empty):
            numbers += which.tolist()
            assert bool((batch.source[:, 1:] == PADDING).all()) == empty
        assert sorted(numbers) == list(range(300))


@pytest.mark.parametrize("size", [1, 9, 30, 10_000])
def test_pieces_hold_no_more_than_their_size_but_for_one_alone(size: int) -> None:
    lines, sources = np.random.default_rng(1).integers(1, 20, (2, 100))
    found = cuts(lines, sources, size)
    assert (found[0], found[-1]) == (0, 100)
    for begin, end in itertools.pairwise(found):
        assert begin < end
        held = (end - begin) * (lines[begin:end].max() + sources[begin:end].max())
        assert end - begin == 1 or held <= size


def test_characters_that_tell_are_marked_where_they_are() -> None:
    lines = [np.arange(2, 2 + length, dtype=np.uint16) for length in (3, 9, 5, 7)]
    sources = TextSources([np.append(line, np.uint16(1)) for line in lines], 1, CPU)
    telling = [[0], [4, 8], [], [6]]
    examples = Examples(sources, lines, size=60, newline=1, seed=3, device=CPU, telling=telling)
    for which, batch in examples.each():
        assert batch.telling is not None
        assert batch.telling.shape == batch.targets.shape
        for row, number in enumerate(which):
            assert batch.telling[:, row].nonzero()[:, 0].tolist() == telling[number]


def test_characters_that_tell_weigh_more_at_first_and_no_more_in_the_end() -> None:
    from lightning_fabric import Fabric

    from rnncomplete.text.vocabulary import Vocabulary
    from rnncomplete_export.training.configuration import TrainingConfig
    from rnncomplete_export.training.source_task import EMPHASIS, SourceTask

    characters = ("\ufffd", "\n", *"abcdefgh")
    lines = [np.array([2 + number % 8] * 4, np.uint16) for number in range(20)]
    sources = TextSources([np.append(line, np.uint16(1)) for line in lines], 1, CPU)

    def lost(telling: list[list[int]] | None, share: float) -> tuple[float, float]:
        examples = Examples(sources, lines, size=400, newline=1, seed=3, device=CPU, telling=telling)
        config = TrainingConfig(hidden_size=8, embedding_size=4, encoder_size=8, keys=4, values=4, unknown_share=0)
        task = SourceTask(
            examples,
            examples,
            Vocabulary(characters),
            config,
            Fabric(accelerator="cpu", devices=1),
            source={"kind": "text", "vocabulary": list(characters), "longest": 10},
            told=[],
            about="",
            corpus={},
        )
        learned = task.learn(task.network.eval(), 0, share)
        return float(learned.loss.detach()), float(learned.nats)

    usual, nats = lost(None, 0)
    assert usual == nats
    everywhere = [list(range(5))] * 20
    assert lost(everywhere, 0) == pytest.approx(((1 + EMPHASIS) * nats, nats))
    assert lost(everywhere, 0.25) == pytest.approx(((1 + EMPHASIS / 2) * nats, nats))
    assert lost([[0]] * 20, 0)[0] < lost(everywhere, 0)[0]
    assert lost(everywhere, 0.5) == lost(everywhere, 1) == (nats, nats)
