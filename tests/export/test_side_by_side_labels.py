"""Networks with labels, several as one batch: gradients as the trainer's, and a plan from outside."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from torch.nn import functional

from rnncomplete.cli import main
from rnncomplete.errors import SettingError
from rnncomplete.network.loading import read_card
from rnncomplete_export.network.character_network import CharacterNetwork, NetworkConfig
from rnncomplete_export.training.side_by_side.cell import TorchCell
from rnncomplete_export.training.side_by_side.judge import Judge
from rnncomplete_export.training.side_by_side.label_learner import LabelledPages
from rnncomplete_export.training.side_by_side.learner import Learner, Noise, beyond
from rnncomplete_export.training.side_by_side.parameters import Shape, row_of, state_of
from rnncomplete_export.training.side_by_side.plan import PlannedNetwork, Shared
from rnncomplete_export.training.side_by_side.plan_file import load_plan

V, E, H, K, T, B, N = 13, 6, 8, 3, 9, 4, 2
SHAPE = Shape(16, E, H, K)
NEWLINE, WEIGHT = 2, 1.7


def networks() -> list[CharacterNetwork]:
    torch.manual_seed(5)
    made = [CharacterNetwork(NetworkConfig(V, H, 2, E, labels=K, boundary=NEWLINE)).double() for _ in range(N)]
    for network in made:
        for parameter in network.parameters():
            torch.nn.init.normal_(parameter, std=0.4)
    return made


def rows_of(made: list[CharacterNetwork]) -> torch.Tensor:
    return torch.stack([row_of(network.state_dict(), SHAPE) for network in made])


def test_rows_are_the_networks_that_checkpoints_hold() -> None:
    for network in networks():
        state = state_of(row_of(network.state_dict(), SHAPE), SHAPE, V)
        torch.testing.assert_close(state, dict(network.state_dict()), rtol=0, atol=0)


def test_gradients_and_pools_are_those_of_the_trainers_network() -> None:
    made, draw = networks(), np.random.default_rng(1)
    texts = [draw.integers(1, 6, 300).astype(np.uint8) for _ in range(N)]
    labels = [torch.from_numpy(draw.integers(0, K, 300).astype(np.uint8)) for _ in range(N)]
    weights = [torch.from_numpy(draw.random(300)) for _ in range(N)]
    ours = Learner(
        SHAPE,
        rows_of(made),
        [torch.from_numpy(text) for text in texts],
        [PlannedNetwork("x")] * N,
        spans=[(0, 1)] * N,
        vocabularies=[V] * N,
        shared=Shared(window=T, batch=B),
        dtype=torch.float64,
        cell=TorchCell(),
        labelled=LabelledPages(labels, weights, [NEWLINE] * N, WEIGHT),
    )
    for n in range(N):
        ours.point(n, n)
    states = [tuple(part.double() for part in network.initial_state(B)) for network in made]
    ones = [torch.ones(N, 1, B, width, dtype=torch.float64) for width in (H, H, E)]
    drops = [torch.ones(N, 4 * H, H, dtype=torch.float64) for _ in range(2)]
    for _ in range(3):
        inputs, targets = ours.pages.turn()
        kept = torch.rand(N, B, 1) >= 0.3
        ours.learn(inputs, targets, Noise(kept, (ones[0], ones[1], ones[2]), (drops[0], drops[1])))
        where = ours.pages.where
        assert (inputs == NEWLINE).any()
        for n, network in enumerate(made):
            network.zero_grad()
            logits, told, after = network.read(inputs[n], tuple(part * kept[n][None] for part in states[n]))
            states[n] = tuple(part.detach() for part in after)
            known, weighs = torch.cat(labels)[where[n]].long(), torch.cat(weights)[where[n]]
            lost = functional.cross_entropy(told.flatten(0, 1), known.flatten(), reduction="none")
            read = functional.cross_entropy(logits.flatten(0, 1), targets[n].flatten(), reduction="sum")
            (read + WEIGHT * (lost * weighs.flatten()).sum()).backward()  # type: ignore[no-untyped-call]
            wanted = row_of({name: value.grad for name, value in network.named_parameters()}, SHAPE)
            torch.testing.assert_close(ours.mover.gradient[n], wanted, rtol=1e-6, atol=1e-9)
            assert ours.labels is not None
            torch.testing.assert_close(ours.labels.pool[n], states[n][2][0], rtol=0, atol=1e-9)


def test_a_judge_reads_over_boundaries_as_the_network_does() -> None:
    made = networks()
    rows = rows_of(made).float()
    text = torch.from_numpy(np.random.default_rng(1).integers(1, 6, 200).astype(np.uint8))
    judge = Judge(rows, SHAPE, beyond([V] * N, SHAPE, rows), [NEWLINE] * N)
    found = judge.losses([text] * N, streams=1, warm=0)[0]
    for n, network in enumerate(made):
        logits, _ = network.float()(text[:-1, None].long(), network.initial_state(1))
        assert found[n] == pytest.approx(functional.cross_entropy(logits[:, 0], text[1:].long()).item(), abs=1e-4)


PLAN = """
characters = 60_000
[training]
window = 32
batch = 16
learning_rate = 0.03
dropout = 0.0
label_weight = 2.0
[styles.mood]
labels = "all.tsv"
names = "pos=liked neg=hated"
readout = "sentiment"
[[rounds]]
hidden_size = 16
embedding_size = 8
networks = [{ style = "mood", seed = 1 }, { style = "mood", seed = 2 }]
"""


@pytest.mark.slow
def test_a_plan_trains_a_style_that_tells_labels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [f"number {n} is {('awful', 'great')[n % 2]}\t{('neg', 'pos')[n % 2]}" for n in range(1000)]
    (tmp_path / "all.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (tmp_path / "moods.toml").write_text(PLAN, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("rnncomplete_export.training.side_by_side.results.LENGTH", 100)
    result = CliRunner().invoke(main, ["train", "--plan", "moods.toml", "--device", "cpu", "--no-install"])
    assert result.exit_code == 0, result.output
    card = read_card(tmp_path / "runs" / "mood" / "style" / "mood")
    assert card.readouts == {"sentiment": ("hated", "liked")}
    assert card.figures["labels"]["parts"]["all"]["network"] > 0.9
    assert all(len(stage["told_right"]) == 10 for stage in card.stages)
    assert card.stages[-1]["told_right"][-1] > 0.9 > card.stages[0]["told_right"][-1]


def test_a_network_that_learns_labels_is_not_taught_and_reads_nothing_else_first(tmp_path: Path) -> None:
    taught = PLAN + '\n[[rounds]]\nnetworks = [{ style = "mood", taught = 0.5 }]\n'
    first = PLAN.replace("seed = 2", 'first = "mood", first_share = 0.5')
    for text in (taught, first):
        (tmp_path / "moods.toml").write_text(text, encoding="utf-8")
        with pytest.raises(SettingError, match="learns labels, and is taught or reads"):
            load_plan(str(tmp_path / "moods.toml"))


def test_files_of_a_plan_lie_beside_it(tmp_path: Path) -> None:
    (tmp_path / "moods.toml").write_text(PLAN, encoding="utf-8")
    (tmp_path / "all.tsv").write_text("x\ty\n", encoding="utf-8")
    plan = load_plan(str(tmp_path / "moods.toml"))
    assert Path(plan.styles["mood"].labels) == tmp_path / "all.tsv"
    shutil.rmtree(tmp_path)
