"""Checkpoints: one safetensors file, replaced whole, whose header holds the facts as JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from rnncomplete.errors import CheckpointError
from rnncomplete.files import replaced_file
from rnncomplete.text.characters import NORMALISATIONS
from rnncomplete.text.vocabulary import Vocabulary

if TYPE_CHECKING:
    from pathlib import Path

    import torch
    from torch import Tensor

FORMAT = 1
"""Version of the layout below; a checkpoint of another version is refused."""

HEADER = "rnncomplete"

CHECKPOINT = "checkpoint.safetensors"
"""What a training goes on from, in its folder."""

BEST = "best.safetensors"
"""The weights that are exported, in the same folder."""

PLATEAU = "plateau.safetensors"
"""What a longer training goes on from, in the same folder: before the learning rate fell."""

STAGES = "stages"
"""The folder in that one where the weights of the stages of learning are."""


FACTS = {"about": dict, "config": dict, "state": dict, "corpus": dict, "vocabulary": list, "normalisation": list}
"""What the facts are, by name."""

LARGEST = {"layers": 64, "hidden_size": 65_536, "embedding_size": 65_536}
"""Shapes of a network, at most: a larger one is made before it is found not to fit its weights."""


@dataclass(frozen=True)
class Checkpoint:
    """Tensors by name, and facts that JSON can hold."""

    tensors: dict[str, Tensor]
    facts: dict[str, Any]

    def part(self, prefix: str) -> dict[str, Tensor]:
        """The tensors whose names begin with ``prefix`` and a dot, without it."""
        return {
            name.removeprefix(f"{prefix}."): tensor
            for name, tensor in self.tensors.items()
            if name.startswith(f"{prefix}.")
        }


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write ``path`` so that it is always whole: the old one or the new one, whatever happens meanwhile."""
    facts = json.dumps({"format": FORMAT, **checkpoint.facts})
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replaced_file(path) as partial:
            save_file(
                {name: tensor.detach().cpu().contiguous() for name, tensor in checkpoint.tensors.items()},
                partial,
                metadata={HEADER: facts},
            )
    except (OSError, SafetensorError) as error:
        reason = str(error).removeprefix("Error while serializing: ").removeprefix("I/O error: ").split(" (os error")[0]
        folder = path.parent.parent if path.parent.name == STAGES else path.parent
        saved = (folder / CHECKPOINT).is_file()
        kept = "what was saved before is untouched" if saved else "nothing was saved before"
        raise CheckpointError(f"cannot save {path}: {reason}; {kept}; free some space and {way_on(folder)}") from None


def make_folder(folder: Path) -> None:
    """Make the ``folder`` of a training, unless it is there, so that it is never part of a text to train on; raises ``OSError``."""
    if not folder.exists():
        folder.mkdir(parents=True)
        (folder / ".gitignore").write_text("*\n", encoding="utf-8")


def way_on(folder: Path) -> str:
    """What to do about a training in ``folder`` that has failed, for people."""
    return "go on with --resume" if (folder / CHECKPOINT).is_file() else "begin again"


def way_out(folder: Path) -> str:
    """What to do about a training in ``folder`` that cannot be resumed, for people."""
    return f"move {folder} away to begin anew, or choose another --style"


def load_checkpoint(path: Path) -> Checkpoint:
    """Read what :func:`save_checkpoint` wrote; raises :class:`CheckpointError` for anything else."""
    if not path.is_file():
        raise CheckpointError(f"no checkpoint {path}; expected a file that `rnncomplete train` wrote")
    try:
        with safe_open(path, framework="pt") as file:
            header = (file.metadata() or {}).get(HEADER)
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
        facts = json.loads(header) if header else {}
    except (OSError, SafetensorError, ValueError, RecursionError) as error:
        raise CheckpointError(
            f"{path} is not a checkpoint ({error}); expected what `rnncomplete train` writes"
        ) from None
    if not isinstance(facts, dict) or "format" not in facts:
        raise CheckpointError(f"{path} is of another program; expected a checkpoint that `rnncomplete train` wrote")
    if facts["format"] != FORMAT:
        raise CheckpointError(
            f"{path} has checkpoint format {facts['format']!r}, and this version reads format {FORMAT}; "
            "use the version that wrote it"
        )
    for name, kind in FACTS.items():
        if not isinstance(facts.get(name, kind()), kind):
            raise CheckpointError(f"{path} has odd facts about {name!r}; expected what `rnncomplete train` writes")
    config = facts.get("config", {})
    for name, most in LARGEST.items():
        if not (type(config.get(name, 1)) is int and 1 <= config.get(name, 1) <= most):
            raise CheckpointError(f"{path} describes an impossible {name}; expected a whole number of 1 to {most:,}")
    return Checkpoint(tensors, facts)


def vocabulary_of(facts: dict[str, Any]) -> Vocabulary:
    """What the network of a checkpoint with those ``facts`` reads; earlier ones read texts with nothing but line ends mended."""
    return Vocabulary(tuple(facts["vocabulary"]), tuple(facts.get("normalisation", NORMALISATIONS[:1])))


def optimizer_tensors(optimizer: torch.optim.Optimizer, prefix: str) -> dict[str, Tensor]:
    """An optimizer's memory as named tensors; its settings come from the configuration."""
    state = optimizer.state_dict()["state"]
    return {f"{prefix}.{index}.{key}": value for index, values in state.items() for key, value in values.items()}


def load_optimizer(optimizer: torch.optim.Optimizer, tensors: dict[str, Tensor]) -> None:
    """Give an optimizer back what :func:`optimizer_tensors` took, names without the prefix."""
    state: dict[int, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        index, key = name.split(".", 1)
        state.setdefault(int(index), {})[key] = tensor
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
