from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from rnncomplete.completion.beam import likeliest_line
from rnncomplete.text.vocabulary import UNKNOWN_CHARACTER, Vocabulary
from rnncomplete_export.network.conditioned_network import ConditionedNetwork, DecoderShape
from rnncomplete_export.network.text_encoder import PADDING, TextEncoder
from rnncomplete_export.network.writing import written_lines

NEWLINE = 1


def network(**dropped: float) -> ConditionedNetwork:
    torch.manual_seed(3)
    encoder = TextEncoder(9, 6, embedding_size=5, keys=4, values=7, **dropped)
    made = ConditionedNetwork(encoder, DecoderShape(8, 6, 5, 4, 7), **dropped)
    with torch.no_grad():
        for parameter in made.parameters():  # far from where a network begins, where everything is alike
            parameter.add_(torch.randn(parameter.shape) * 0.5)
    return made


SOURCES = torch.tensor([[2, 3, 4, 5, 1], [6, 7, 1, PADDING, PADDING], [1, PADDING, PADDING, PADDING, PADDING]])
LINES = torch.tensor([[1, 2, 3, 4], [1, 5, 2, 2], [1, 7, 6, 3]]).T


def test_what_a_source_is_padded_with_changes_nothing() -> None:
    made = network().eval()
    together = made(SOURCES, LINES)
    for row, length in enumerate((5, 3, 1)):
        alone = made(SOURCES[row : row + 1, :length], LINES[:, row : row + 1])
        assert torch.allclose(together[:, row : row + 1], alone, atol=1e-5)
    assert not torch.allclose(together[:, 0], together[:, 1]), "the source is heeded"


def test_a_line_at_once_is_a_line_by_characters() -> None:
    made = network().eval()
    context = made.encoder(SOURCES)
    whole, state = made.write(context, LINES)
    logits, at = made.write(context, LINES[:1])
    assert not any(part.any() for part in at), "at the boundary the cells hold nothing"
    parts = [logits]
    for character in LINES[1:]:
        logits, at = made.write(context, character[None], at)
        parts.append(logits)
    assert torch.allclose(torch.cat(parts), whole, atol=1e-5)
    assert all(torch.allclose(one, other, atol=1e-5) for one, other in zip(at, state, strict=True))


def test_the_encoder_is_a_bidirectional_lstm_of_torch() -> None:
    encoder = network().eval().encoder
    assert isinstance(encoder, TextEncoder)
    reads = encoder.embedding(SOURCES[:1].T)
    seen = []
    for onward, backward in zip(encoder.forwards, encoder.backwards, strict=True):
        both = torch.nn.LSTM(reads.shape[-1], encoder.units, bidirectional=True)
        weights = dict(both.named_parameters())
        for name, value in onward.named_parameters():
            weights[name].data.copy_(value)
        for name, value in backward.named_parameters():
            weights[f"{name}_reverse"].data.copy_(value)
        reads = both(reads)[0]
        seen.append(reads)
    expected = encoder.values(torch.cat(seen, dim=-1).transpose(0, 1))
    assert torch.allclose(encoder(SOURCES[:1]).values, expected, atol=1e-5)


def test_dropout_draws_only_while_it_trains() -> None:
    made = network(dropout=0.5, weight_dropout=0.5)
    assert not torch.allclose(made(SOURCES, LINES), made(SOURCES, LINES))
    made.eval()
    assert torch.equal(made(SOURCES, LINES), made(SOURCES, LINES))


def every_line(length: int) -> list[list[int]]:
    lines: list[list[int]] = [[]]
    for _ in range(length):
        lines += [[*line, token] for line in lines for token in range(2, 8) if [*line, token] not in lines]
    return lines


@pytest.mark.parametrize("beam", [1, 3])
def test_written_lines_of_a_batch_are_those_of_each_alone(beam: int) -> None:
    made = network().eval()
    together = written_lines(made, SOURCES, NEWLINE, 6, beam=beam)
    for row, length in enumerate((5, 3, 1)):
        assert written_lines(made, SOURCES[row : row + 1, :length], NEWLINE, 6, beam=beam) == [together[row]]
    assert all(0 not in line and NEWLINE not in line for line in together)


def test_a_wide_beam_finds_the_likeliest_line_of_all() -> None:
    made = network().eval()
    source = SOURCES[:1]

    def score(line: list[int]) -> float:
        chances = torch.log_softmax(made(source, torch.tensor([NEWLINE, *line])[:, None])[:, 0], dim=-1)
        chosen = sum(chances[place, token].item() for place, token in enumerate([*line, NEWLINE]))
        return chosen / ((5 + len(line)) / 6)

    with torch.no_grad():
        best = max((line for line in every_line(3)), key=score)
    assert written_lines(made, source, NEWLINE, 3, beam=400) == [best]


@pytest.mark.parametrize("beam", [1, 2, 4])
def test_what_the_card_measures_is_what_translate_writes(beam: int) -> None:
    made, vocabulary = network().eval(), Vocabulary((UNKNOWN_CHARACTER, *"\nabc\x1bde"))
    assert not vocabulary.suggestible[5], "a runtime writes no escape"
    torch.manual_seed(8)
    for _ in range(20):
        source = torch.cat((torch.randint(2, 9, (1, 6)), torch.tensor([[1]])), dim=1)
        with torch.no_grad():
            context = made.encoder(source)

        def step(tokens: Any, states: Any, context: Any = context) -> Any:
            """States hold those of two layers, hidden and of cells, one behind another."""
            rows = context.rows(torch.zeros(len(tokens), dtype=torch.long))
            parts = torch.from_numpy(states.astype(np.float32)).view(len(tokens), 2, 2, -1).permute(1, 2, 0, 3)
            with torch.no_grad():
                logits, after = made.write(
                    rows, torch.from_numpy(tokens)[None], None if tokens[0] == NEWLINE else tuple(parts)
                )
            return logits[0].numpy(), torch.stack(after).permute(2, 0, 1, 3).flatten(1).numpy()

        with torch.no_grad():
            _, begun = made.write(context, torch.tensor([[NEWLINE]]))
        line = likeliest_line(step, np.zeros(4 * begun[0].shape[-1], np.float32), vocabulary, beam=beam, longest=9)
        [ours] = written_lines(made, source, NEWLINE, 9, beam=beam, suggestible=vocabulary.suggestible)
        assert vocabulary.decode(ours) == line.text
