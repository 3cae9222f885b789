"""What Mogrifier rounds buy a small network, and what they cost in a step: see the table in ../recipes/README.md.

    python export/benchmarks/mogrifier.py TEXT [--rounds 0 --rounds 5] [--rank 32] [--folded]

Before a cell reads, its input x and its state h gate each other in turns (Melis, Kocisky, Blunsom 2020,
arXiv:1909.01792, equations 1 and 2), x = 2 sigmoid(Q h) x and h = 2 sigmoid(R x) h, each matrix a product of two of a low
rank. With ``--folded`` the embedding is not gated, so that what it adds to the gates of a cell stays a table in the
exported graph: it gates the state, which is another table, and the rounds are between a layer and the one below. Every
network sees the same characters in the same order, from the same first weights. The time added to a step is that of the
rounds in an int8 graph, of as many units as the shipped styles have.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click
import numpy as np
import onnx
import torch
from onnx import TensorProto, helper
from torch import Tensor, nn
from torch.nn import functional

from rnncomplete.network.onnx_runtime import open_session
from rnncomplete_export.exporting.graphs import OPSET, StepGraph
from rnncomplete_export.network.character_network import CharacterNetwork, NetworkConfig
from rnncomplete_export.network.measure import nats_per_character
from rnncomplete_export.texts.corpus import Corpus, build_corpus
from rnncomplete_export.texts.streams import Streams
from rnncomplete_export.training.average import WeightAverage
from rnncomplete_export.training.configuration import TrainingConfig
from rnncomplete_export.training.schedule import learning_rate_factor
from rnncomplete_export.training.trainer import build_optimizers

if TYPE_CHECKING:
    from collections.abc import Sequence

STYLE_HIDDEN, STYLE_LAYERS = 576, 2
TIMED = 300


class Rounds(nn.Module):
    """The rounds in front of one cell with ``hidden`` units, between ``inputs`` numbers that it reads and its state.

    With a ``character``, of so many numbers, that gates the state first, and is not gated itself.
    """

    def __init__(self, inputs: int, hidden: int, rounds: int, rank: int, character: int = 0) -> None:
        super().__init__()
        self.inputs = inputs
        self.by_character = nn.Linear(character, hidden) if character else None
        sizes = [(hidden, inputs) if number % 2 == 0 else (inputs, hidden) for number in range(rounds if inputs else 0)]
        self.gates = nn.ModuleList(
            nn.Sequential(nn.Linear(source, rank, bias=False), nn.Linear(rank, gated)) for source, gated in sizes
        )

    def forward(self, reads: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
        """``reads`` float[B, inputs and character] and ``h`` float[B, hidden], gated."""
        x, character = reads[:, : self.inputs], reads[:, self.inputs :]
        if self.by_character is not None:
            h = 2 * torch.sigmoid(self.by_character(character)) * h
        for number, gate in enumerate(self.gates):
            if number % 2 == 0:
                x = 2 * torch.sigmoid(gate(h)) * x
            else:
                h = 2 * torch.sigmoid(gate(x)) * h
        return torch.cat((x, character), dim=1), h


class Mogrifier(CharacterNetwork):
    """The network with rounds in front of every cell; if ``folded``, only such as leave the embedding a table."""

    def __init__(self, config: NetworkConfig, rounds: int, rank: int, *, folded: bool) -> None:
        super().__init__(config)
        character = config.embedding_size if folded else 0
        self.rounds = nn.ModuleList(
            Rounds(cell.input_size - character, config.hidden_size, rounds, rank, character) for cell in self.cells
        )

    def _read(
        self,
        cell: nn.Module,
        reads: Tensor,
        ends: Tensor | None,  # noqa: ARG002 - what is measured here has no labels, and no texts that end
        state: Sequence[Tensor],
    ) -> tuple[Tensor, Tensor, Tensor]:
        rounds = self.rounds[list(self.cells).index(cell)]
        below, recurrent, *biases = cell.parameters()
        weights, bias = torch.cat((below, recurrent), dim=1), biases[0] + biases[1]
        h, c = (part[0] for part in state)
        outputs = []
        for read in reads:
            x, h = rounds(read, h)
            let_in, kept, new, shown = functional.linear(torch.cat((x, h), dim=1), weights, bias).chunk(4, dim=1)
            c = torch.sigmoid(kept) * c + torch.sigmoid(let_in) * torch.tanh(new)
            h = torch.sigmoid(shown) * torch.tanh(c)
            outputs.append(h)
        return torch.stack(outputs), h[None], c[None]


def train(network: CharacterNetwork, corpus: Corpus, config: TrainingConfig) -> float:
    """Train ``network`` on ``config.characters``; its averaged weights' loss on what was held out."""
    optimizers = build_optimizers(network, config, torch.float32)
    average = WeightAverage(network, config.average_decay)
    streams = Streams(corpus.training, config.batch, config.window)
    state = network.initial_state(config.batch)
    updates = config.characters // (config.batch * config.window)
    with click.progressbar(range(updates), label=f"{sum(p.numel() for p in network.parameters()):,} parameters") as bar:
        for update in bar:
            factor = learning_rate_factor(update / updates, update, decay_from=config.decay_from)
            for group in (group for optimizer in optimizers for group in optimizer.param_groups):
                group["lr"] = config.learning_rate * factor
            inputs, targets = map(torch.from_numpy, streams.at(update * config.window))
            logits, state = network(inputs, state)
            state = (state[0].detach(), state[1].detach())
            functional.cross_entropy(logits.flatten(0, 1), targets.flatten()).backward()
            nn.utils.clip_grad_norm_(network.parameters(), config.clip)
            for optimizer in optimizers:
                optimizer.step()
                optimizer.zero_grad(set_to_none=True)
            average.update(network)
    network.load_state_dict(average.weights)
    return nats_per_character(network, corpus.validation)


def rounds_graph(layers: int, hidden: int, rounds: int, rank: int) -> bytes:
    """The rounds of ``layers`` cells, one after another, as an int8 graph over x and h, float32[1, hidden] each."""
    graph, noise = StepGraph("int8"), np.random.default_rng(1)
    names = ["x", "h"]
    for number in [*range(rounds)] * layers:
        gated, source = number % 2, 1 - number % 2
        at = f"{len(graph.nodes)}"
        low, high = (noise.standard_normal(size).astype(np.float32) for size in ((hidden, rank), (rank, hidden)))
        inner = graph.product(graph.product(names[source], low, f"low.{at}"), high, f"gate.{at}")
        doubled = graph.constant(f"two.{at}", np.array(2, np.float32))
        gate = graph.node("Mul", [graph.node("Sigmoid", [inner], f"open.{at}"), doubled], f"twice.{at}")
        names[gated] = graph.node("Mul", [gate, names[gated]], f"gated.{at}")
    graph.node("Concat", names, "out", axis=1)
    ports = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, hidden]) for name in ("x", "h")]
    out = helper.make_tensor_value_info("out", TensorProto.FLOAT, [1, 2 * hidden])
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid("com.microsoft", 1)]
    body = helper.make_graph(graph.nodes, "rounds", ports, [out], graph.initializers)
    model: onnx.ModelProto = helper.make_model(body, opset_imports=opsets, ir_version=10)
    data: bytes = model.SerializeToString()
    return data


def microseconds(layers: int, rounds: int, rank: int) -> float:
    """What the rounds of ``layers`` cells of a shipped style's size add to a step: medians, less those of no rounds."""
    x = np.full((1, STYLE_HIDDEN), 0.1, np.float32)
    sessions = [open_session(rounds_graph(layers, STYLE_HIDDEN, some, rank), "cpu") for some in (rounds, 0)]
    times: list[list[float]] = [[], []]
    for _ in range(TIMED):
        for session, taken in zip(sessions, times, strict=True):
            begin = time.perf_counter()
            session.run(["out"], {"x": x, "h": x})
            taken.append(1e6 * (time.perf_counter() - begin))
    return float(np.median(times[0]) - np.median(times[1]))


@click.command(help=__doc__)
@click.argument("text", type=click.Path(exists=True, path_type=Path))
@click.option("--rounds", multiple=True, type=click.IntRange(0), default=(0, 2, 5), show_default=True)
@click.option("--folded", is_flag=True, help="Gate the state by the character, and only between layers in rounds.")
@click.option("--rank", type=click.IntRange(1), default=32, show_default=True)
@click.option("--hidden-size", type=click.IntRange(16), default=128, show_default=True)
@click.option("--characters", type=click.IntRange(1), default=2_000_000, show_default=True)
def main(text: Path, rounds: tuple[int, ...], rank: int, hidden_size: int, characters: int, *, folded: bool) -> None:
    """Print a row for each number of rounds."""
    torch.set_num_threads(1)
    config = TrainingConfig(
        hidden_size=hidden_size, window=64, optimizer="muon", average_decay=0.99, characters=characters
    )
    with tempfile.TemporaryDirectory() as folder:
        corpus = build_corpus([text], Path(folder))
        rows = []
        for some in rounds:
            torch.manual_seed(config.seed)
            shape = NetworkConfig(len(corpus.vocabulary), config.hidden_size, config.layers, config.embedding_size)
            plain = not some and not folded
            network = CharacterNetwork(shape) if plain else Mogrifier(shape, some, rank, folded=folded)
            begin = time.monotonic()
            loss = train(network, corpus, config)
            rate = characters / (time.monotonic() - begin)
            added = microseconds(STYLE_LAYERS - folded, some, rank)
            rows.append(f"| {some} | {loss:.3f} | {rate:,.0f} | {added:.0f} |")
    click.echo("| rounds | nats per character | characters/s | added to a step, us |\n|---|---|---|---|")
    click.echo("\n".join(rows))


if __name__ == "__main__":
    main()
