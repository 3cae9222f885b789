from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
import torch
from safetensors.torch import save_file

from rnncomplete.errors import CheckpointError
from rnncomplete_export import checkpoint as module
from rnncomplete_export.checkpoint import Checkpoint, load_checkpoint, save_checkpoint, way_out

if TYPE_CHECKING:
    from pathlib import Path


def test_a_checkpoint_comes_back_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "c.safetensors"
    tensors = {"network.a": torch.randn(3, 4), "average.a": torch.zeros(2), "random": torch.get_rng_state()}
    save_checkpoint(path, Checkpoint(tensors, {"state": {"updates": 7}}))
    loaded = load_checkpoint(path)
    assert loaded.facts["state"] == {"updates": 7}
    torch.testing.assert_close(loaded.tensors, tensors)
    assert list(loaded.part("network")) == ["a"]
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("name", ["checkpoint", "best", "stages/04"])
def test_a_full_disk_leaves_the_checkpoint_before_untouched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    path = tmp_path / "checkpoint.safetensors"
    save_checkpoint(path, Checkpoint({"a": torch.ones(1)}, {"n": 1}))

    def fail(_tensors: object, target: Path, metadata: object) -> None:
        target.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "save_file", fail)
    with pytest.raises(CheckpointError, match=r"No space left on device.*untouched.*--resume"):
        save_checkpoint(tmp_path / f"{name}.safetensors", Checkpoint({"a": torch.zeros(1)}, {"n": 2}))
    assert load_checkpoint(path).facts["n"] == 1
    assert [item for item in tmp_path.rglob("*") if item.is_file()] == [path]


def test_a_file_that_is_not_a_checkpoint_is_refused_in_one_line(tmp_path: Path) -> None:
    whole = tmp_path / "c.safetensors"
    save_checkpoint(whole, Checkpoint({"a": torch.ones(50)}, {}))
    cut = tmp_path / "cut.safetensors"
    cut.write_bytes(whole.read_bytes()[:-20])
    foreign = tmp_path / "foreign.safetensors"
    save_file({"a": torch.ones(1)}, foreign)
    later = tmp_path / "later.safetensors"
    save_file({"a": torch.ones(1)}, later, metadata={"rnncomplete": '{"format": 99}'})
    for path, expected in (
        (tmp_path / "none", "no checkpoint"),
        (cut, "is not a checkpoint"),
        (foreign, "of another program"),
        (later, "format 99"),
    ):
        with pytest.raises(CheckpointError, match=expected) as caught:
            load_checkpoint(path)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "header", [{}, {"rnncomplete": "[]"}, {"rnncomplete": "{}"}, {"rnncomplete": '{"format": 99}'}]
)
def test_a_checkpoint_of_another_program_is_not_a_reason_to_remove_anything(
    tmp_path: Path, header: dict[str, str]
) -> None:
    path = tmp_path / "model.safetensors"
    save_file({"weight": torch.zeros(2)}, path, metadata=header)
    with pytest.raises(CheckpointError) as caught:
        load_checkpoint(path)
    assert not re.search(r"remove|delete|begin anew|\brm\b", str(caught.value))
    assert "remove" not in way_out(tmp_path)


@pytest.mark.parametrize(
    "facts",
    [
        "[]",
        "7",
        "[" * 100_000,
        '{"format": 1, "config": []}',
        '{"format": 1, "state": 3}',
        '{"format": 1, "vocabulary": "abc"}',
        '{"format": 1, "config": {"layers": 10000000}}',
        '{"format": 1, "config": {"hidden_size": "x"}}',
        '{"format": 1, "config": {"layers": true}}',
    ],
)
def test_odd_facts_are_refused_in_one_line(tmp_path: Path, facts: str) -> None:
    path = tmp_path / "odd.safetensors"
    save_file({"a": torch.ones(1)}, path, metadata={"rnncomplete": facts})
    with pytest.raises(CheckpointError) as caught:
        load_checkpoint(path)
    assert "\n" not in str(caught.value)
