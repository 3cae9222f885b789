"""What a request comes to before anything is trained: the configuration, the processes, the threads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import lightning_fabric
import numpy as np
import pytest
import torch

from rnncomplete.errors import SettingError
from rnncomplete.network.card import Card
from rnncomplete.text.vocabulary import UNKNOWN_CHARACTER, Vocabulary
from rnncomplete_export import session
from rnncomplete_export.checkpoint import Checkpoint
from rnncomplete_export.network.weights import Weights
from rnncomplete_export.progress import TrainingProgress
from rnncomplete_export.session import Request, configure, processes_of, start_fabric
from rnncomplete_export.texts.corpus import Corpus
from rnncomplete_export.texts.labelled import LABELS
from rnncomplete_export.training.inheritance import GENTLER, Base
from rnncomplete_export.training.interruption import Interruption
from rnncomplete_export.training.recipe import Recipe

LETTERS = Vocabulary((UNKNOWN_CHARACTER, *"abcdefghij"))
CORPUS = Corpus(LETTERS, np.ones(50_000, np.uint16), "", 1)


def request(**changes: Any) -> Request:
    """What ``rnncomplete train sea.txt --style sea`` asks for, but for ``changes``."""
    asked: dict[str, Any] = {
        "texts": (Path("sea.txt"),),
        "globs": (),
        "base": None,
        "recipe": None,
        "style": "sea",
        "minutes": None,
        "characters": None,
        "resume": False,
        "folder": Path("runs/sea"),
        "device": "cpu",
        "precision": "32-true",
        "threads": 1,
        "devices": None,
        "nodes": None,
        "profile": False,
        "log": None,
        "about": {},
        "told": {},
        "again": "",
        "install": False,
        "replace": False,
        "save_seconds": 60.0,
        "choices": {},
    }
    return Request(**{**asked, **changes})


@pytest.mark.parametrize(
    ("named", "choices", "expected"),
    [("tolstoy", {}, 0.005), (None, {}, GENTLER * 0.005), (None, {"learning_rate": 0.005}, 0.005)],
)
def test_a_recipe_that_names_the_style_to_start_from_is_made_for_it(
    named: str | None, choices: dict[str, Any], expected: float
) -> None:
    card = Card("tolstoy", "", LETTERS.characters, state_size=96, cell="lstm", layers=1, hidden_size=24, parameters=1)
    weights = Weights(
        np.eye(11, 96, dtype="f4"), [np.zeros((24, 96), "f4")], np.zeros((24, 11), "f4"), np.zeros(11, "f4")
    )
    recipe = Recipe("x", {}, {"learning_rate": 0.005, "layers": 1, "hidden_size": 24, "characters": 9}, named)
    asked = request(recipe=recipe, base="tolstoy", choices=choices)
    assert configure(asked, CORPUS, Base(card, LETTERS, weights)).learning_rate == pytest.approx(expected)


def test_a_training_with_labels_keeps_them_when_it_is_resumed_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / LABELS).write_text("{}", encoding="utf-8")
    earlier = Checkpoint({}, {"labels": ["bad", "good"], "corpus": {"sha256": ""}})
    monkeypatch.setattr(session, "resume_point", lambda *_: earlier)
    monkeypatch.setattr(session, "resumed_config", lambda *_: None)
    monkeypatch.setattr(session, "known_characters", lambda *_: None)
    asked = request(folder=tmp_path, resume=True, texts=(tmp_path / "sea.txt",))
    (tmp_path / "sea.txt").write_text("the sea " * 100, encoding="utf-8")
    with pytest.raises(SettingError, match="one with labels"):
        session.train(asked, start_fabric(asked), TrainingProgress(silent=True), Interruption())
    assert (tmp_path / LABELS).is_file()


@pytest.mark.parametrize(
    ("given", "local", "world", "expected"),
    [
        ({}, None, None, (1, 1)),
        ({"devices": 2}, None, None, (2, 1)),
        ({}, "2", "6", (2, 3)),
        ({"devices": 2, "nodes": 3}, "2", "6", (2, 3)),
        ({"devices": 3}, "2", "2", None),
        ({"devices": 1}, "2", "2", None),
        ({"nodes": 2}, "2", "2", None),
    ],
)
def test_processes_are_those_that_torchrun_started(
    monkeypatch: pytest.MonkeyPatch,
    given: dict[str, int],
    local: str | None,
    world: str | None,
    expected: tuple[int, int] | None,
) -> None:
    for name, value in (("TORCHELASTIC_RUN_ID", local), ("LOCAL_WORLD_SIZE", local), ("WORLD_SIZE", world)):
        if value:
            monkeypatch.setenv(name, value)
        else:
            monkeypatch.delenv(name, raising=False)
    if expected:
        assert processes_of(request(**given)) == expected
    else:
        with pytest.raises(SettingError, match="but torchrun started 2 processes on each of 1 machines"):
            start_fabric(request(**given))


def test_there_are_as_many_threads_as_asked_for_whatever_the_launch_chooses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lightning_fabric.Fabric, "launch", lambda _self: torch.set_num_threads(3))
    start_fabric(request(threads=1))
    assert torch.get_num_threads() == 1
