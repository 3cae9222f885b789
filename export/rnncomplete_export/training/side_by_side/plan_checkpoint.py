"""What a plan's checkpoint holds beside the round that is under way, and whether it is of the same plan."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from rnncomplete.errors import CheckpointError, SettingError
from rnncomplete_export.checkpoint import way_out
from rnncomplete_export.training.side_by_side.results import Counted

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

    from rnncomplete_export.checkpoint import Checkpoint
    from rnncomplete_export.training.side_by_side.plan import Plan


@dataclass
class Handed:
    """What goes from one round to the next."""

    teachers: Tensor | None = None
    """float32[pupils x each, P of the round before]."""
    each: int = 0
    """Teachers of one pupil."""
    paused: dict[str, dict[str, Tensor]] = field(default_factory=dict)
    """By style, the networks that go on."""
    counted: dict[str, Counted] = field(default_factory=dict)
    """What those had behind them."""

    def tensors(self) -> dict[str, Tensor]:
        """For a checkpoint."""
        tensors = {} if self.teachers is None else {"teachers": self.teachers}
        for style, paused in self.paused.items():
            tensors |= {f"paused.{style}.{name}": value for name, value in paused.items()}
        return tensors

    def facts(self) -> dict[str, Any]:
        """For a checkpoint."""
        return {"each": self.each, "counted": {style: asdict(counted) for style, counted in self.counted.items()}}

    @classmethod
    def of(cls, checkpoint: Checkpoint) -> Handed:
        """As it was saved; raises ``KeyError`` or ``TypeError`` if it was not."""
        facts = checkpoint.facts["handed"]
        counted = {style: Counted(**one) for style, one in facts["counted"].items()}
        paused = {style: checkpoint.part(f"paused.{style}") for style in counted}
        held = {style: tensors for style, tensors in paused.items() if tensors}
        return cls(checkpoint.tensors.get("teachers"), facts["each"], held, counted)


def plan_folder(runs: Path, plan: Plan) -> Path:
    """Where the checkpoint of all networks is: no style can be called so."""
    return runs / f"{plan.name}.plan"


def same_plan(plan: Plan, saved: dict[str, Any], folder: Path, *, minutes: float, characters: int) -> Plan:
    """``plan`` with the end that it had when it was ``saved``, which is in ``folder``.

    ``minutes`` and ``characters`` are those that were asked for now, 0 if none. Raises :class:`SettingError` if the plan
    or its end is another one.
    """
    before = saved.get("plan", {})
    held = (before.get("minutes"), before.get("characters"))
    if (minutes or characters) and (minutes, characters) != held:
        raise SettingError(
            f"the plan {plan.name} is to end after {held[0]:g} minutes or {held[1]:,} characters, and was begun so; leave "
            f"the end out, or {way_out(folder)}"
        )
    ended = replace(plan, minutes=held[0], characters=held[1])
    if _comparable(asdict(ended)) != _comparable(before):
        raise SettingError(f"the plan {plan.name} says something else than when it was begun; {way_out(folder)}")
    return ended


def _comparable(plan: dict[str, Any]) -> Any:
    """As JSON has it, and without the places of texts, which may be named from elsewhere; what is in them is compared."""
    held = json.loads(json.dumps(plan))
    for style in held.get("styles", {}).values():
        style.pop("text", None)
    return held


def another_plan(folder: Path, error: Exception) -> CheckpointError:
    """What to say of a checkpoint in ``folder`` that does not fit."""
    return CheckpointError(
        f"the checkpoint in {folder} does not hold this plan ({str(error).splitlines()[0]}); {way_out(folder)}"
    )
