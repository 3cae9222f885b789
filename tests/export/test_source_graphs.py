"""The graphs of a network that writes about a source, held against PyTorch and the model contract."""

from __future__ import annotations

import dataclasses
import json
import random
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from rnncomplete.mixing.prior import Prior
from rnncomplete.network.card import Card
from rnncomplete_export.exporting.effort import effort_after
from rnncomplete_export.exporting.source_graphs import state_size
from rnncomplete_export.exporting.source_style import executable, graphs_of, learned_memory, line_logits
from rnncomplete_export.network.conditioned_network import ConditionedNetwork, DecoderShape
from rnncomplete_export.network.encoders import build_network
from rnncomplete_export.network.text_encoder import TextEncoder
from rnncomplete_export.texts.pairs import build_pairs
from rnncomplete_export.training.configuration import TrainingConfig
from rnncomplete_export.training.pair_task import PairExamples

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from rnncomplete.mixing.memory import CorpusMemory
    from rnncomplete.network.model import Model
    from rnncomplete_export.exporting.graphs import Precision

CHARACTERS = ("\ufffd", "\n", *"abcdefgh")
READ = ("\ufffd", "\n", *"xyz .")


@pytest.fixture(scope="module")
def network() -> ConditionedNetwork:
    torch.manual_seed(5)
    encoder = TextEncoder(len(READ), 12, embedding_size=8, keys=8, values=16)
    made = ConditionedNetwork(encoder, DecoderShape(len(CHARACTERS), 16, 8, 8, 16)).eval()
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.add_(torch.randn(parameter.shape) * 0.3)
    return made


def card_of(network: ConditionedNetwork, characters: Sequence[str] = CHARACTERS) -> Card:
    shape = network.shape
    facts = {
        "format": 2,
        "style": "about",
        "description": "",
        "vocabulary": characters,
        "normalisation": ["line-ends"],
        "state_size": state_size(network),
        "source": {"kind": "text", "vocabulary": READ, "longest": 20},
        "context": {"keys": shape.keys, "values": shape.values},
        "cell": "lstm",
        "layers": 2,
        "hidden_size": shape.hidden_size,
        "parameters": 1,
        "temperature": 1.0,
        "threshold": 0.3,
        "lexer": None,
        "corpus": {},
        "training": {},
        "figures": {},
        "stages": [],
    }
    return Card.from_json(json.dumps(facts).encode())


def model_of(network: ConditionedNetwork, precision: Precision) -> Model:
    return executable(card_of(network), graphs_of(network, 1, precision))


def expected(network: ConditionedNetwork, source: str, line: list[int]) -> np.ndarray:
    tokens = torch.tensor([[READ.index(c) if c in READ else 0 for c in source[:19]] + [1]])
    with torch.no_grad():
        logits: np.ndarray = network(tokens, torch.tensor([1, *line])[:, None])[:, 0].numpy()
    return logits


SOURCES = ("", "x", "xyz zy.", "what is unknown", "x" * 40)


@pytest.mark.parametrize("source", SOURCES)
def test_the_float32_graphs_compute_what_pytorch_computes(network: ConditionedNetwork, source: str) -> None:
    line = np.array([2, 5, 3, 9, 0, 4], np.uint16)
    found = line_logits(model_of(network, "float32"), source, line, 1)
    assert np.abs(found - expected(network, source, line.tolist())).max() < 1e-5


def test_the_int8_graphs_compute_nearly_that(network: ConditionedNetwork) -> None:
    line, model = np.array([2, 5, 3, 9, 0, 4], np.uint16), model_of(network, "int8")
    for source in SOURCES:
        difference = np.abs(line_logits(model, source, line, 1) - expected(network, source, line.tolist())).max()
        assert 0 < difference < 0.15


def test_a_newline_begins_the_next_line_with_nothing_of_the_last(network: ConditionedNetwork) -> None:
    model = model_of(network, "float32")
    context, state = model.encode("xyz"), model.initial_state
    begun, fresh = model.step(1, state, context)
    for token in (3, 4, 5):
        _, state = model.step(token, state, context)
    again, following = model.step(1, state, context)
    assert np.abs(again - begun).max() < 1e-6
    assert np.abs(following).max() < 1e-6 > np.abs(fresh).max()


@pytest.mark.parametrize("row", ["{n} is\t{n:x} is {n}", "Tom is {n}\t{n:x} Tom {n}", "TOM IS {n}\t{n} TOM {n}"])
def test_few_pairs_have_a_memory_as_well(row: str, tmp_path: Path) -> None:
    rows = "".join(f"{row.format(n=number)}\n" for number in range(400))
    prior = memory_of(tmp_path, rows)(400_000).prior
    assert prior != Prior(), "weights were learned"


def rows_of_numbers(count: int) -> str:
    draw = random.Random(2)
    numbers = [draw.randrange(10**9) for _ in range(count // 2)]
    return "".join(f"{number} {verb}\t{number:x} is {number}\n" for verb in ("is", "was") for number in numbers)


def memory_of(folder: Path, rows: str) -> Callable[[int], CorpusMemory]:
    """What makes the memory of a style that learned the pairs ``rows``, in so many bytes."""
    pairs = folder / "pairs.tsv"
    pairs.write_text(rows, encoding="utf-8")
    config = TrainingConfig(hidden_size=16, embedding_size=8, encoder_size=8, keys=8, values=16, batch=8, window=20)
    collection = PairExamples(build_pairs(pairs, folder / "run"), config, torch.device("cpu"))
    vocabulary = collection.vocabulary
    writes = build_network(
        {"kind": "text", "vocabulary": ["x"] * 99}, dataclasses.asdict(config), len(vocabulary)
    ).eval()
    card = card_of(writes, vocabulary.characters)
    effort = replace(effort_after(1, 100), weighed=3000, rated=300)
    return lambda room: learned_memory(writes, card, collection, effort=effort, room=room, advance=lambda _: None)


def test_a_memory_takes_the_room_that_the_graphs_leave(tmp_path: Path) -> None:
    memory, sizes = memory_of(tmp_path, rows_of_numbers(2500)), []
    for room in (4_400_000, 400_000, 120_000):
        sizes.append(len(memory(room).to_bytes(packed=True)))
        assert sizes[-1] <= room
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] > 2 * sizes[-1]
