"""One call of ``rnncomplete train --plan``: prepare the texts, train side by side, export and install each style."""

from __future__ import annotations

import dataclasses
import shlex
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import torch

from rnncomplete.errors import SettingError, StyleError
from rnncomplete.network.loading import read_card
from rnncomplete.styles import find_style
from rnncomplete.text.vocabulary import UNKNOWN_CHARACTER, Vocabulary
from rnncomplete_export.checkpoint import BEST, CHECKPOINT, load_checkpoint, vocabulary_of
from rnncomplete_export.progress import TrainingProgress, interruptible, say
from rnncomplete_export.session import (
    check_nothing_is_hidden,
    check_nothing_is_lost,
    finish_style,
    how_to_install,
    is_exported,
    is_installed_from,
    say_replaced,
)
from rnncomplete_export.texts.corpus import Corpus, build_corpus
from rnncomplete_export.texts.labelled import Labelling, build_labelled, label_names
from rnncomplete_export.texts.named_texts import TEXTS, fetch_text
from rnncomplete_export.training.earlier import set_aside
from rnncomplete_export.training.recipe import DESCRIPTIONS, list_recipes, load_recipe
from rnncomplete_export.training.run_lock import held
from rnncomplete_export.training.side_by_side.beginning import Beginning
from rnncomplete_export.training.side_by_side.plan_checkpoint import plan_folder, same_plan
from rnncomplete_export.training.side_by_side.plan_texts import PlanTexts, check_texts
from rnncomplete_export.training.side_by_side.plan_training import PlanTraining

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rnncomplete_export.checkpoint import Checkpoint
    from rnncomplete_export.training.configuration import MatrixPrecision
    from rnncomplete_export.training.interruption import Interruption
    from rnncomplete_export.training.side_by_side.plan import Plan, PlannedStyle

KINDS = {"float16": torch.float16, "bf16-mixed": torch.bfloat16, "32-true": torch.float32}
"""What matrices are multiplied in, by what a checkpoint calls it."""


@dataclass(frozen=True)
class PlanRequest:
    """What the user asked for."""

    plan: Plan
    minutes: float
    """0 if nothing was said of it, as ``characters``."""
    characters: int
    resume: bool
    runs: Path
    device: str
    precision: Literal["auto"] | MatrixPrecision
    threads: int
    save_seconds: float
    command: str
    """For the cards."""
    again: str
    """The command as it was typed here."""
    export: bool
    install: bool
    replace: bool


def device_of(request: PlanRequest) -> torch.device:
    """Where it trains; raises :class:`SettingError` if there is no such device."""
    if request.device == "cuda" and not torch.cuda.is_available():
        raise SettingError("--device cuda, but PyTorch finds no CUDA device here; use --device cpu or auto")
    cuda = request.device != "cpu" and torch.cuda.is_available()
    return torch.device("cuda" if cuda else "cpu")


def precision_of(request: PlanRequest, device: torch.device) -> str:
    """One of :data:`KINDS`: on a GPU float16, whose gradients are summed and not averaged so that none is too small."""
    if request.precision != "auto":
        return request.precision
    return "float16" if device.type == "cuda" else "32-true"


def train_plan(request: PlanRequest) -> None:
    """Train, export, install; an interruption saves, says how to go on and leaves."""
    torch.set_flush_denormal(True)  # slowly decaying gates leave denormal numbers behind, which cost six times the time
    torch.set_num_threads(request.threads)
    torch.backends.cuda.matmul.allow_fp16_reduced_precision_reduction = False
    torch.backends.cuda.matmul.allow_bf16_reduced_precision_reduction = False
    if request.export and request.install and not request.replace:
        check_nothing_is_hidden(request.plan.trained)
    folders = [plan_folder(request.runs, request.plan), *(request.runs / style for style in request.plan.trained)]
    with interruptible(partial(last_words, request)) as interruption, held(folders):
        if waiting := [] if request.resume else finished_styles(request):
            say(f"{folders[0]} holds this plan, finished but not all exported: exporting {', '.join(waiting)}")
        else:
            train(request, device_of(request), interruption)
            if interruption.asked:
                raise KeyboardInterrupt
            waiting = list(request.plan.trained)
        for style in waiting:
            if request.export:
                finish_style(request.runs / style, style, install=request.install)
            else:
                best = shlex.quote(str(request.runs / style / BEST))
                say(f"to export it: rnncomplete export {best} -o {style}")


def train(request: PlanRequest, device: torch.device, interruption: Interruption) -> None:
    """Train to the end, or until the ``interruption``."""
    folder = plan_folder(request.runs, request.plan)
    with TrainingProgress() as progress, ExitStack() as stack:
        earlier = load_checkpoint(folder / CHECKPOINT) if request.resume else None
        plan = planned(request, earlier, folder)
        beginnings = {name: Beginning.of(name) for name in bases(plan)}
        if earlier is None:
            check_nothing_is_lost_of(plan, request.runs)
        styles = [
            request.runs / style for style in plan.trained
        ]  # their best may be of an earlier training, or of this one
        stack.enter_context(set_aside(styles if earlier else [folder, *styles]))
        texts = build_texts(plan, request.runs, beginnings, earlier, progress)
        check_texts(plan, texts)
        precision = precision_of(request, device)
        about = {style: about_style(plan.styles[style], request.command, precision) for style in plan.trained}
        training = PlanTraining(
            plan,
            texts,
            request.runs,
            device=device,
            dtype=KINDS[precision],
            progress=progress,
            about=about,
            beginnings=beginnings,
            save_seconds=request.save_seconds,
        )
        if earlier is not None:
            training.resume(earlier)
        say_plan(plan, texts, device, progress)
        if request.export and request.install:
            for style in plan.trained:
                say_replaced(style, progress)
        training.run(interruption)


def is_finished(folder: Path, plan: Plan) -> bool:
    """Whether the training of ``plan`` in ``folder`` came to its end."""
    path = folder / CHECKPOINT
    return path.is_file() and load_checkpoint(path).facts.get("round") == len(plan.rounds)


def unexported(plan: Plan, runs: Path) -> list[str]:
    """Styles of ``plan`` whose best weights were not exported."""
    return [style for style in plan.trained if (runs / style / BEST).is_file() and not is_exported(runs / style, style)]


def finished_styles(request: PlanRequest) -> list[str]:
    """Styles that what ``request`` asks for has trained already, and that only their export lacks."""
    plan, folder = request.plan, plan_folder(request.runs, request.plan)
    if not (request.export and is_finished(folder, plan)):
        return []
    if waiting := unexported(plan, request.runs):
        facts = load_checkpoint(folder / CHECKPOINT).facts
        same_plan(plan, facts, folder, minutes=request.minutes, characters=request.characters)
    return waiting


def last_words(request: PlanRequest) -> str:
    """What an interruption has left, and the command that goes on."""
    plan, folder, again = request.plan, plan_folder(request.runs, request.plan), request.again
    if not (folder / CHECKPOINT).is_file():
        return f"interrupted; nothing was saved; begin again with: {again}"
    if not is_finished(folder, plan):
        return f"stopped and saved; go on with: {again if request.resume else f'{again} --resume'}"
    if waiting := unexported(plan, request.runs):
        where = ", ".join(str(request.runs / style / BEST) for style in waiting)
        return f"interrupted; the finished weights are safe in {where}; export them with: {again}"
    if request.export and request.install:
        for style in plan.trained:
            if not is_installed_from(request.runs / style, style):
                return f"interrupted; {style} is exported, but not installed; {how_to_install(request.runs / style, style)}"
    return f"interrupted; nothing was changed in {request.runs}; again: {again}"


def planned(request: PlanRequest, earlier: Checkpoint | None, folder: Path) -> Plan:
    """The plan with the end that was asked for; of one that is resumed, with the end that it had.

    Raises :class:`SettingError` if there is no end, or another plan than ``earlier``'s.
    """
    if earlier is not None:
        return same_plan(request.plan, earlier.facts, folder, minutes=request.minutes, characters=request.characters)
    plan = request.plan
    if request.minutes or request.characters:
        plan = dataclasses.replace(plan, minutes=request.minutes, characters=request.characters)
    if not (plan.minutes or plan.characters):
        raise SettingError(f"the plan {plan.name} has no end; expected --minutes or --characters, or one of them in it")
    if plan.minutes and plan.characters:
        raise SettingError(f"the plan {plan.name} has two ends, minutes and characters; expected one of them")
    return plan


def bases(plan: Plan) -> list[str]:
    """What networks of ``plan`` begin from."""
    return list(dict.fromkeys(network.base for one in plan.rounds for network in one.networks if network.base))


def build_texts(
    plan: Plan, runs: Path, beginnings: Mapping[str, Beginning], earlier: Checkpoint | None, progress: TrainingProgress
) -> PlanTexts:
    """The texts of ``plan``, encoded: those of styles where exporting finds them, the others beside the plan's checkpoint.

    The characters of what a network begins from, and of the style whose ``vocabulary`` is asked for, are among its own.
    """
    corpora: dict[str, Corpus] = {}
    labellings: dict[str, Labelling] = {}
    for name, style in plan.styles.items():
        folder = runs / name if name in plan.trained else plan_folder(runs, plan) / "texts" / name
        how: dict[str, Any] = {
            "known": known_characters(plan, style, beginnings, earlier),
            "expected_sha256": earlier.facts["texts"][name]["sha256"] if earlier else None,
            "skipped": lambda line, name=name: progress.say(f"{name}: left out: {line}"),
            "progress": progress.reading,
        }
        if style.labels:
            corpora[name], labellings[name] = build_labelled(
                Path(style.labels),
                folder,
                validation=Path(style.validation) if style.validation else None,
                names=label_names(style.names.split()),
                longest=style.longest,
                **how,
            )
            continue
        text = fetch_text(style.text, progress.say) if style.text in TEXTS else Path(style.text)
        corpora[name] = build_corpus([text], folder, held_out=style.held_out, **how)
    return PlanTexts(corpora, labellings)


def known_characters(
    plan: Plan, style: PlannedStyle, beginnings: Mapping[str, Beginning], earlier: Checkpoint | None
) -> Vocabulary | None:
    """Characters that the vocabulary of ``style`` holds whatever its text does."""
    if earlier is not None:
        return vocabulary_of(earlier.facts["texts"][style.name])
    held = [
        beginnings[network.base].vocabulary
        for one in plan.rounds
        for network in one.networks
        if network.base and network.style == style.name
    ]
    if style.vocabulary:
        try:
            card = read_card(find_style(style.vocabulary))
        except StyleError as error:
            raise SettingError(f"the plan {plan.name} takes the vocabulary of {style.vocabulary!r}: {error}") from None
        held.append(Vocabulary(card.vocabulary, card.normalisation))
    if not held:
        return None
    characters = sorted({character for vocabulary in held for character in vocabulary.characters[1:]})
    return Vocabulary((UNKNOWN_CHARACTER, *characters), held[0].normalisation)


def about_style(style: PlannedStyle, command: str, precision: str) -> dict[str, Any]:
    """What the card of ``style`` says: what the plan does, else what a recipe of that name says of that text."""
    text = Path(style.labels or style.text).name
    about: dict[str, Any] = {
        "description": f"Trained on {text}",
        "corpus_name": text,
        "licence": "unknown",
        "lexer": None,
    }
    own = style.name if style.name == style.text and style.name in list_recipes() else ""
    if recipe := style.recipe or own:
        about |= load_recipe(recipe).about
    about |= {name: getattr(style, name) for name in DESCRIPTIONS if getattr(style, name)}
    return {**about, "command": command, "precision": precision, "readout": style.readout if style.labels else None}


def check_nothing_is_lost_of(plan: Plan, runs: Path) -> None:
    """Raise :class:`SettingError` if a training that did not come to its end would be replaced."""
    folder = plan_folder(runs, plan)
    if (folder / CHECKPOINT).is_file() and load_checkpoint(folder / CHECKPOINT).facts.get("round") != len(plan.rounds):
        raise SettingError(
            f"{folder} holds a plan that was interrupted; go on with it with --resume, or remove {folder} to begin anew"
        )
    for style in plan.trained:
        check_nothing_is_lost(runs / style)


def say_plan(plan: Plan, texts: PlanTexts, device: torch.device, progress: TrainingProgress) -> None:
    """What is about to happen, before it does."""
    for name, corpus in texts.corpora.items():
        progress.say(
            f"{name}: {corpus.characters:,} characters of {len(corpus.vocabulary)} kinds, the last "
            f"{len(corpus.validation):,} kept for validation"
        )
    where = torch.cuda.get_device_name(device) if device.type == "cuda" else "the CPU"
    ends = f"{plan.minutes:g} minutes" if plan.minutes else f"{plan.characters:,} characters each"
    rounds = "1 round" if len(plan.rounds) == 1 else f"{len(plan.rounds)} rounds"
    progress.say(f"the plan {plan.name}: {rounds} on {where}, {ends} in all")
