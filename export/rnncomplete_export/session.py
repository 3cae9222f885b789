"""One call of ``rnncomplete train``: prepare the text, train, export, install, and say what to type next."""

from __future__ import annotations

import dataclasses
import json
import logging
import os
import shlex
import sys
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import lightning_fabric
import torch
from lightning_fabric.plugins.environments.lsf import LSFEnvironment
from lightning_fabric.plugins.environments.mpi import MPIEnvironment
from lightning_fabric.plugins.environments.slurm import SLURMEnvironment
from lightning_fabric.plugins.environments.torchelastic import TorchElasticEnvironment

from rnncomplete.completion.installing import install_style
from rnncomplete.errors import CheckpointError, ModelError, RnncompleteError, SettingError, StyleError
from rnncomplete.files import replace_file
from rnncomplete.network.loading import read_card
from rnncomplete.styles import find_style, list_styles
from rnncomplete_export.checkpoint import BEST, CHECKPOINT, Checkpoint, load_checkpoint, vocabulary_of, way_out
from rnncomplete_export.exporting.about_style import stages_of
from rnncomplete_export.exporting.exporter import export_style
from rnncomplete_export.exporting.facts import is_card_of, training_facts
from rnncomplete_export.exporting.picture_figures import album_figures, composed_figures, tell_figures
from rnncomplete_export.exporting.translation_figures import tell_translations, translation_figures
from rnncomplete_export.network.character_network import parameter_count
from rnncomplete_export.network.encoders import conditioned_network_of
from rnncomplete_export.pictures.drawings import is_drawings
from rnncomplete_export.progress import TrainingProgress, clock, interruptible, say, say_export
from rnncomplete_export.texts.corpus import Corpus, build_corpus, open_tokens
from rnncomplete_export.texts.labelled import build_labelled, read_labelling
from rnncomplete_export.texts.named_texts import resolve_text
from rnncomplete_export.texts.pairs import build_pairs, open_pairs, source_vocabulary_of
from rnncomplete_export.training.configuration import (
    FEW_MINUTES,
    MatrixPrecision,
    TrainingConfig,
    suggest_config,
    suggest_pairs_config,
    suggest_pictures_config,
)
from rnncomplete_export.training.earlier import set_aside
from rnncomplete_export.training.inheritance import earlier_of, inherit_config, inherit_network, read_base
from rnncomplete_export.training.language_task import LanguageTask
from rnncomplete_export.training.pair_task import PairExamples, task_of_pairs
from rnncomplete_export.training.picture_examples import FIGURES, examples_beside
from rnncomplete_export.training.picture_task import task_of_pictures
from rnncomplete_export.training.pictured import compose_pictured, makers_of, read_pictured
from rnncomplete_export.training.profile import expected_rate, profile_training
from rnncomplete_export.training.recipe import config_of
from rnncomplete_export.training.requirements import wants_memory
from rnncomplete_export.training.run_lock import held, is_first_process
from rnncomplete_export.training.source_inheritance import (
    inherit_source_config,
    inherit_source_network,
    read_source_base,
)
from rnncomplete_export.training.source_task import nats_of
from rnncomplete_export.training.trainer import Trainer, TrainingState, resume_point

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from lightning_fabric.loggers.logger import Logger

    from rnncomplete.text.vocabulary import Vocabulary
    from rnncomplete_export.texts.labelled import Labelling
    from rnncomplete_export.training.inheritance import Base
    from rnncomplete_export.training.interruption import Interruption
    from rnncomplete_export.training.recipe import Recipe
    from rnncomplete_export.training.source_inheritance import SourceBase
    from rnncomplete_export.training.source_task import SourceTask

LASTING = ("hidden_size", "layers", "embedding_size", "skip", "batch", "window", "optimizer")
"""Choices that a checkpoint is of use with only as they were."""


@dataclass(frozen=True)
class Labels:
    """A file of texts with labels, and what is to be made of it."""

    file: Path
    validation: Path | None
    """Texts held out; a share of those in ``file`` if there are none."""
    names: dict[str, str]
    """What labels are to be called."""
    readout: str
    """What the distribution over them is called."""
    longest: int
    """Characters of the end of a longer text that are trained on; 0 is no limit."""


@dataclass(frozen=True)
class PairsFile:
    """A file of sources and what is written about them."""

    file: Path
    validation: Path | None
    """Pairs held out; a share of those in ``file`` if there are none."""


@dataclass(frozen=True)
class PicturesFolder:
    """A folder of pictures with captions, or drawings to compose pictures of."""

    path: Path
    scenes: int
    """Scenes to compose."""
    unseen: str | None
    """The maker whose drawings are held out; the one with the fewest if nobody says."""


@dataclass(frozen=True)
class Request:
    """What the user asked for."""

    texts: tuple[Path, ...]
    globs: tuple[str, ...]
    """What to read of folders; everything if empty."""
    base: str | None
    """A style to start from."""
    recipe: Recipe | None
    style: str
    minutes: float | None
    characters: int | None
    resume: bool
    folder: Path
    """Where checkpoints go."""
    device: str
    precision: Literal["auto"] | MatrixPrecision
    threads: int
    devices: int | None
    """Processes on each machine; one, or what torchrun started."""
    nodes: int | None
    """Machines."""
    profile: bool
    """Measure the rate of training and stop."""
    log: str | None
    """``csv`` or ``tensorboard``."""
    about: dict[str, Any]
    """For the card: ``description``, ``corpus_name``, ``licence``, ``lexer``, ``command``."""
    told: dict[str, Any]
    """Those of them that were given, and not guessed."""
    again: str
    """The command as it was typed here."""
    install: bool
    replace: bool
    """Hide a shipped style by one of the same name."""
    save_seconds: float
    """Between two checkpoints."""
    choices: dict[str, Any]
    """Fields of :class:`TrainingConfig` that were given."""
    labels: Labels | None = None
    """Texts with labels to train on, instead of ``texts``."""
    pairs: PairsFile | None = None
    """Pairs to train on, instead of ``texts``."""
    pictures: PicturesFolder | None = None
    """Pictures to train on, instead of ``texts``."""
    export: bool = True
    """Make a style of the best weights."""

    @property
    def limits(self) -> dict[str, Any]:
        """Fields of :class:`TrainingConfig` that say where the training ends; none if nothing was said of it."""
        if self.minutes is None and self.characters is None:
            return {}
        return {"minutes": self.minutes or 0.0, "characters": self.characters or 0}


def accelerator_of(request: Request) -> str:
    """``cpu`` or ``cuda``."""
    return ("cuda" if torch.cuda.is_available() else "cpu") if request.device == "auto" else request.device


def precision_of(request: Request) -> MatrixPrecision:
    """As lightning-fabric names it, the fastest if none was asked for.

    Pairs and pictures are trained in float32, unless somebody wants bfloat16 on a CPU: on a GPU autocast would give cuDNN's
    LSTM float16. There pairs have TensorFloat-32 inside, and the encoder of pictures chooses for itself.
    """
    if request.pairs or request.pictures:
        if request.precision == "bf16-mixed" and accelerator_of(request) == "cuda":
            asked = "--pictures" if request.pictures else "--pairs"
            raise SettingError(f"--precision bf16-mixed with {asked} on a GPU; expected 32-true, or auto")
        return "32-true" if request.precision == "auto" else request.precision
    return fastest_precision(accelerator_of(request)) if request.precision == "auto" else request.precision


def fastest_precision(accelerator: str) -> MatrixPrecision:
    """``bf16-mixed`` where the processor multiplies matrices of bfloat16 faster than of float32, else ``32-true``.

    That is: CUDA devices since Ampere, and CPUs with AMX (about three times as fast; AVX-512 alone gains nothing).
    """
    if accelerator == "cuda":
        fast = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        capabilities: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()  # older ones cannot tell
        fast = bool(capabilities.get("amx_bf16"))
    return "bf16-mixed" if fast else "32-true"


def processes_of(request: Request) -> tuple[int, int]:
    """Processes on each machine, and machines: what was asked for, and what torchrun started if it did.

    Raises :class:`SettingError` if they differ: the processes would train past one another, into the same files; or if
    there is nothing to run them on.
    """
    if not TorchElasticEnvironment.detect():
        devices, nodes = request.devices or 1, request.nodes or 1
        check_there_are(devices, nodes, accelerator_of(request))
        return devices, nodes
    here, everywhere = int(os.environ["LOCAL_WORLD_SIZE"]), int(os.environ["WORLD_SIZE"])
    started = here, everywhere // here
    asked = request.devices or started[0], request.nodes or started[1]
    if asked != started:
        raise SettingError(
            f"--devices {asked[0]} --nodes {asked[1]}, but torchrun started {started[0]} processes on each of "
            f"{started[1]} machines; leave --devices and --nodes out"
        )
    return started


def check_there_are(devices: int, nodes: int, accelerator: str) -> None:
    """Raise :class:`SettingError` if this machine has fewer processors or GPUs, or knows of no other machine."""
    there = torch.cuda.device_count() if accelerator == "cuda" else os.cpu_count() or 1
    if devices > max(1, there):
        kind = "GPUs" if accelerator == "cuda" else "processors"
        raise SettingError(f"--devices {devices}, but the {kind} here are {there}; expected no more than those")
    managed = any(kind.detect() for kind in (SLURMEnvironment, LSFEnvironment, MPIEnvironment))
    if nodes > 1 and not managed and "MASTER_ADDR" not in os.environ:
        raise SettingError(
            f"--nodes {nodes}, but nothing says where the other machine is; start the same command on each of them with "
            f"torchrun --nnodes {nodes} --rdzv-backend c10d --rdzv-endpoint FIRST-MACHINE:29400 -m rnncomplete train …, "
            "without --devices and --nodes"
        )


def start_fabric(request: Request) -> lightning_fabric.Fabric:
    """Processes, device and precision, launched."""
    # Slowly decaying gates leave denormal numbers behind, which cost six times the time.
    torch.set_flush_denormal(True)
    if request.pairs:
        torch.set_float32_matmul_precision("high")
    if request.device == "cuda" and not torch.cuda.is_available():
        raise SettingError("--device cuda, but PyTorch finds no CUDA device here; use --device cpu or auto")
    devices, nodes = processes_of(request)
    processes = devices * nodes
    if request.profile and processes > 1:
        raise SettingError(f"--profile in {processes} processes; expected one: leave --devices and --nodes out")
    fabric = lightning_fabric.Fabric(
        loggers=start_log(request.log, request.folder) if request.log else None,
        accelerator=accelerator_of(request),
        devices=devices,
        num_nodes=nodes,
        strategy="ddp" if processes > 1 else "auto",
        precision=precision_of(request),
    )
    fabric.launch()
    torch.set_num_threads(request.threads)  # the launch of several processes chooses a number of its own
    return fabric


def start_log(kind: str, folder: Path) -> Logger:
    """A log of the training below ``folder``/logs; raises :class:`SettingError` if what writes it is not installed."""
    from lightning_fabric.loggers.csv_logs import CSVLogger
    from lightning_fabric.loggers.tensorboard import TensorBoardLogger

    try:
        if kind == "csv":
            return CSVLogger(folder, name="logs", flush_logs_every_n_steps=1)
        return TensorBoardLogger(folder, name="logs")
    except ModuleNotFoundError:
        raise SettingError(f"--log {kind} needs a package; type: pip install tensorboard") from None


def share_corpus(fabric: lightning_fabric.Fabric, build: Callable[[], Corpus], folder: Path) -> Corpus:
    """The corpus, built by the first process alone; all of them must see ``folder``."""
    if fabric.world_size == 1:
        return build()
    corpus = build() if fabric.is_global_zero else None
    facts: Any = fabric.broadcast((corpus.vocabulary, corpus.sha256, corpus.files, corpus.held_out) if corpus else None)
    vocabulary, sha256, files, held_out = facts
    return corpus or Corpus(vocabulary, open_tokens(folder), sha256, files, held_out)


def part(fabric: lightning_fabric.Fabric) -> None:
    """End what several processes have in common, together.

    Left to the end of the interpreter, the first to go would break connections that another still reads from, and
    gloo's threads may outlive what they use.
    """
    if fabric.world_size > 1:
        fabric.barrier()
        torch.distributed.destroy_process_group()


@contextmanager
def one_voice(fabric: lightning_fabric.Fabric) -> Iterator[None]:
    """Leave errors to the first process to tell: the others meet the same, or lose their connection to it."""
    try:
        yield
    except (RnncompleteError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and wants_memory(error):
            reason = str(error).splitlines()[0]
            error = SettingError(
                f"there is not enough memory ({reason}); choose a smaller --batch, --window or --hidden-size"
            )
        if fabric.is_global_zero or not (isinstance(error, RnncompleteError) or "gloo" in str(error)):
            raise error from None
        raise SystemExit(1) from None


def standing(folder: Path, earlier: Checkpoint) -> tuple[TrainingConfig, TrainingState]:
    """The choices of ``earlier``, which is in ``folder``, and how far it is.

    Raises :class:`CheckpointError` if they are those of another version.
    """
    try:
        return TrainingConfig(**earlier.facts["config"]), TrainingState(**earlier.facts["state"])
    except (KeyError, TypeError) as error:
        raise CheckpointError(
            f"the checkpoint in {folder} is of another version ({error}); {way_out(folder)}"
        ) from None


def resumed_config(request: Request, earlier: Checkpoint) -> TrainingConfig:
    """The choices of ``earlier`` with the limits that were given, and what may differ.

    Raises :class:`SettingError` if another network, or another way through the text, was asked for, and
    :class:`CheckpointError` if the choices are those of another version.
    """
    config, _ = standing(request.folder, earlier)
    for name in LASTING:
        held = getattr(config, name)
        if request.choices.get(name, held) != held:
            raise SettingError(
                f"{name} {request.choices[name]}, but the training to resume has {held}; leave the option out, or "
                + way_out(request.folder)
            )
    return dataclasses.replace(config, **request.limits, **request.choices)


def configure(request: Request, corpus: Corpus, base: Base | None) -> TrainingConfig:
    """The choices of a new training: what was given, else what suits the text."""
    minutes, kinds = request.minutes or 0.0, len(corpus.vocabulary)
    suggested = suggest_config(corpus.characters, minutes, request.characters or 0, kinds, anew=base is None)
    config = configured(request, suggested, corpus.characters)
    return inherit_config(config, base, given(request)) if base else config


def configured(request: Request, suggested: TrainingConfig, characters: int) -> TrainingConfig:
    """What was given, else what the recipe says, or without one what is ``suggested`` for so many ``characters``."""
    if request.recipe is not None:
        return config_of(request.recipe, request.limits, request.choices, characters)
    return dataclasses.replace(suggested, **request.choices)


def given(request: Request) -> set[str]:
    """Fields of the configuration that were chosen for the style to start from: all of a recipe that names that style."""
    recipe = request.recipe
    return {*request.choices, *(recipe.training if recipe and recipe.base == request.base else ())}


def known_characters(earlier: Checkpoint | None, base: Base | None) -> Vocabulary | None:
    """The vocabulary that a training begins with, whatever its text holds."""
    if earlier is not None:
        return vocabulary_of(earlier.facts)
    return base.vocabulary if base else None


def about(
    request: Request, corpus: dict[str, Any], base: Base | SourceBase | Checkpoint | None, earlier: Checkpoint | None
) -> dict[str, Any]:
    """What the card will say of a training: what was asked for, now or before, and what it began with.

    ``corpus`` is what its checkpoints say of the text.
    """
    told = {**request.about, "earlier": None}
    if isinstance(base, Checkpoint):
        told["earlier"] = {"training": training_facts(base), "stages": list(stages_of(base))}
    elif base:
        told["earlier"] = earlier_of(base.card, corpus)
    if earlier:
        before = earlier.facts["config"] | earlier.facts["about"]
        now = request.limits | request.choices | request.told
        told |= earlier.facts["about"]
        if any(before.get(name) != value for name, value in now.items()):
            told["command"] += f"\n{request.about['command']} --resume"
    return {**told, **request.told, "precision": precision_of(request)}


def train_style(request: Request) -> None:
    """Train, export, install; an interruption saves, says how to go on and leaves."""
    warnings.filterwarnings("ignore", module="lightning_fabric")
    # cuDNN says so wherever weights are made anew for each update, as those with some left out are.
    warnings.filterwarnings("ignore", message="RNN module weights are not part of single contiguous chunk")
    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)  # it tells at length that processes begin
    if request.install and not (request.profile or request.replace):
        check_nothing_is_hidden([request.style])
    first = is_first_process()
    with interruptible(partial(last_words, request), silent=not first) as interruption, held([request.folder]):
        fabric = start_fabric(request)
        with TrainingProgress(silent=not first) as progress, one_voice(fabric):
            told = None if request.resume or request.profile else what_stands(request, fabric)
            if told:
                progress.say(told)
            else:
                train(request, fabric, progress, interruption)
        part(fabric)
        if not fabric.is_global_zero:
            sys.stderr.flush()
            # Freeing what was shared has been seen to wait for ever for a thread of gloo's, once the first process had gone.
            os._exit(interruption.exit_code if interruption.asked else 0)  # the only way out that frees nothing
        if interruption.asked:
            raise KeyboardInterrupt
        if not request.profile:
            if request.pairs and not request.export:
                say_translations(request.folder, fabric.device)
            if request.pictures:
                say_descriptions(request.pictures, request.folder, fabric.device)
            if request.export:
                finish_style(request.folder, request.style, install=request.install)
            else:
                say(f"the weights are {request.folder / BEST}; make a style of them with: {how_to_export(request)}")


def train(
    request: Request, fabric: lightning_fabric.Fabric, progress: TrainingProgress, interruption: Interruption
) -> None:
    """Train to the end, or until the ``interruption``; or measure how fast that would be."""
    earlier = resume_point(request.folder, request.limits) if request.resume else None
    check_same_task(request, earlier)
    with set_aside([request.folder] if earlier is None and fabric.is_global_zero else []):
        train_on(request, fabric, progress, interruption, earlier)


def train_on(
    request: Request,
    fabric: lightning_fabric.Fabric,
    progress: TrainingProgress,
    interruption: Interruption,
    earlier: Checkpoint | None,
) -> None:
    """The same from ``earlier`` on, in a folder that holds nothing else."""
    prepare = pair_task if request.pairs else picture_task if request.pictures else language_task
    task, corpus, base = prepare(request, fabric, progress, earlier)
    config = task.config
    told = about(request, task.facts()["corpus"], base, earlier)
    trainer = Trainer(task, config, request.folder, fabric, progress, about=told, save_seconds=request.save_seconds)
    if earlier is not None:
        trainer.resume(earlier)
        progress.say(f"going on after {trainer.state.characters:,} characters, {clock(trainer.state.seconds)}")
    say_plan(trainer, progress, why_this_size(request, config, base, resumed=bool(earlier)))
    if hint := better_beginning(request, corpus, base, resumed=bool(earlier)):
        progress.say(hint)
    if request.install and not request.profile:
        say_replaced(request.style, progress)
    if request.profile:
        progress.say(str(profile_training(trainer)))
        return
    finished = trainer.run(interruption)
    with trainer.logging():
        for logger in fabric.loggers:
            logger.finalize("success" if finished else "interrupted")


def language_task(
    request: Request,
    fabric: lightning_fabric.Fabric,
    progress: TrainingProgress,
    earlier: Checkpoint | None,
) -> tuple[LanguageTask, Corpus, Base | None]:
    """Texts to go on with, with labels or without, and what it begins with."""
    base = read_base(request.base) if request.base and not earlier else None
    resumed = resumed_config(request, earlier) if earlier else None
    build = corpus_builder(request, progress, known_characters(earlier, base), earlier)
    corpus = share_corpus(fabric, build, request.folder)
    labelling = read_labelling(request.folder) if request.labels else None
    config = resumed or configure(request, corpus, base)
    network = inherit_network(base, corpus.vocabulary, config, count_of(labelling)) if base else None
    return LanguageTask(corpus, config, fabric, network=network, labelling=labelling), corpus, base


def pair_task(
    request: Request,
    fabric: lightning_fabric.Fabric,
    progress: TrainingProgress,
    earlier: Checkpoint | None,
) -> tuple[SourceTask, Corpus, SourceBase | None]:
    """Pairs to learn to write the second of, and what it begins with."""
    assert request.pairs is not None, "of texts"
    base = read_source_base(request.base) if request.base and not earlier else None
    pairs = build_pairs(
        request.pairs.file,
        request.folder,
        validation=request.pairs.validation,
        known=vocabulary_of(earlier.facts) if earlier else base.vocabulary if base else None,
        known_sources=source_vocabulary_of(earlier.facts) if earlier else base.sources if base else None,
        expected=earlier.facts["corpus"] if earlier else None,
        skipped=lambda line: progress.say(f"left out: {line}"),
        progress=progress.reading,
    )
    if earlier:
        config = resumed_config(request, earlier)
    else:
        minutes, limit = request.minutes or 0.0, request.characters or 0
        characters, kinds = pairs.targets.characters, len(pairs.targets.vocabulary)
        suggested = suggest_pairs_config(characters, minutes, limit, kinds, gpu=fabric.device.type == "cuda")
        config = configured(request, suggested, characters)
        config = inherit_source_config(config, base, given(request)) if base else config
    vocabularies = pairs.targets.vocabulary, pairs.sources.vocabulary
    network = inherit_source_network(base, *vocabularies, config) if base else None
    return task_of_pairs(pairs, config, fabric, network), pairs.targets, base


def picture_task(
    request: Request,
    fabric: lightning_fabric.Fabric,
    progress: TrainingProgress,
    earlier: Checkpoint | None,
) -> tuple[SourceTask, Corpus, Checkpoint | None]:
    """Pictures to learn to describe, and what it begins with."""
    assert request.pictures is not None, "of texts"
    pictures = request.pictures
    base = load_checkpoint(Path(request.base)) if request.base and not earlier else None
    begun = earlier or base
    known = vocabulary_of(begun.facts) if begun else None
    sha256 = earlier.facts["corpus"]["sha256"] if earlier else None
    seed = int(request.choices.get("seed", 1))
    if is_drawings(pictures.path):
        makers = makers_of(pictures.path, pictures.unseen, progress.pictures)
        progress.say(f"composing {pictures.scenes:,} scenes; drawings by {makers.unseen_maker} are held out")
        pictured = compose_pictured(
            makers,
            request.folder,
            pictures.scenes,
            seed=seed,
            device=fabric.device,
            known=known,
            expected_sha256=sha256,
        )
    else:
        pictured = read_pictured(
            pictures.path,
            request.folder,
            device=fabric.device,
            known=known,
            expected_sha256=sha256,
            skipped=lambda line: progress.say(f"left out: {line}"),
            progress=progress.pictures,
        )
    if earlier:
        config = resumed_config(request, earlier)
    else:
        minutes, limit = request.minutes or 0.0, request.characters or 0
        characters = pictured.corpus.characters
        suggested = suggest_pictures_config(characters, minutes, limit, gpu=fabric.device.type == "cuda")
        config = configured(request, suggested, characters)
        config = inherit_shape(config, base, given(request)) if base else config
    return task_of_pictures(pictured, config, fabric, base, progress.pictures), pictured.corpus, base


SHAPE = ("hidden_size", "embedding_size", "encoder_size", "keys", "values")
"""Fields of the configuration that say how large a network that describes is."""


def inherit_shape(config: TrainingConfig, base: Checkpoint, given: set[str]) -> TrainingConfig:
    """``config`` with the shape of ``base``; raises :class:`SettingError` if another shape was given."""
    held = base.facts["config"]
    for name in SHAPE:
        if name in given and getattr(config, name) != held[name]:
            raise SettingError(f"{name} {getattr(config, name)}, but what is begun with has {held[name]}; leave it out")
    return dataclasses.replace(config, **{name: held[name] for name in SHAPE})


def last_words(request: Request) -> str:
    """What an interruption has left, and the command that goes on."""
    folder, again = request.folder, request.again
    if request.profile or not (folder / CHECKPOINT).is_file():
        return f"interrupted; nothing was saved; begin again with: {again}"
    config, state = standing(folder, load_checkpoint(folder / CHECKPOINT))
    if not state.finished(config):
        resume = again if request.resume else f"{again} --resume"
        return f"stopped and saved after {state.characters:,} characters; go on with: {resume}"
    if is_exported(folder, request.style):
        if request.install and not is_installed_from(folder, request.style):
            return f"interrupted; the style is exported, but not installed; {how_to_install(folder, request.style)}"
        return f"interrupted; nothing was changed in {folder}; again: {again}"
    again = again if request.export else how_to_export(request)
    return f"interrupted; the finished weights are safe in {folder / BEST}; export them with: {again}"


def how_to_export(request: Request) -> str:
    """What to type for a style of the best weights."""
    return f"rnncomplete export {shlex.quote(str(request.folder / BEST))} -o {request.style}"


def is_exported(folder: Path, style: str) -> bool:
    """Whether the ``style`` that was exported from the training in ``folder`` is that of its best weights."""
    facts = load_checkpoint(folder / BEST).facts
    try:
        card = read_card(folder / "style" / style)
    except ModelError:
        return False
    return is_card_of(card, facts)


def is_installed_from(folder: Path, style: str) -> bool:
    """Whether the installed ``style`` is the one that was exported from the training in ``folder``."""
    try:
        return read_card(find_style(style)) == read_card(folder / "style" / style)
    except (ModelError, StyleError):
        return False


def how_to_install(folder: Path, style: str) -> str:
    """What to type for a style that was exported from the training in ``folder``."""
    there = any(other.name == style for other in list_styles())
    return f"to install it: rnncomplete styles add {'--replace ' * there}{shlex.quote(str(folder / 'style' / style))}"


def what_stands(request: Request, fabric: lightning_fabric.Fabric) -> str | None:
    """A line to tell if what ``request`` asks for stands in its folder, finished, and only its export was interrupted.

    Raises :class:`SettingError` if another training would be lost that did not come to its end or was not exported, and
    :class:`CheckpointError` if this version cannot tell. All processes are told what the first one finds.
    """
    told: str | None = fabric.broadcast(_what_stands(request) if fabric.is_global_zero else None)
    return told


def _what_stands(request: Request) -> str | None:
    folder = request.folder
    check_nothing_is_lost(folder)
    if not ((folder / CHECKPOINT).is_file() and (folder / BEST).is_file()) or is_exported(folder, request.style):
        return None
    commands = load_checkpoint(folder / BEST).facts["about"].get("command", "").splitlines()
    if request.about["command"] in commands:
        exporting = ": exporting it" * request.export
        return f"{folder} holds this training, finished but not exported{exporting}; to begin anew, move {folder} away"
    raise SettingError(
        f"{folder} holds a finished training that was not exported; export it with: {how_to_export(request)}, go on with "
        f"it with --resume, or {way_out(folder)}"
    )


def corpus_builder(
    request: Request, progress: TrainingProgress, known: Vocabulary | None, earlier: Checkpoint | None
) -> Callable[[], Corpus]:
    """What encodes the texts that were asked for."""

    def left_out(line: str) -> None:
        progress.say(f"left out: {line}")

    sha256 = earlier.facts["corpus"]["sha256"] if earlier else None
    if (labels := request.labels) is not None:

        def build() -> Corpus:
            corpus, _ = build_labelled(
                labels.file,
                request.folder,
                validation=labels.validation,
                names=labels.names,
                longest=labels.longest,
                known=known,
                expected_sha256=sha256,
                skipped=left_out,
                progress=progress.reading,
            )
            return corpus

        return build
    return partial(
        build_corpus,
        [resolve_text(path, progress.say) for path in request.texts],
        request.folder,
        globs=request.globs,
        known=known,
        expected_sha256=sha256,
        skipped=left_out,
        progress=progress.reading,
    )


def count_of(labelling: Labelling | None) -> int:
    """How many labels there are."""
    return len(labelling.labels) if labelling else 0


def check_same_task(request: Request, earlier: Checkpoint | None) -> None:
    """Raise :class:`SettingError` if ``earlier`` learned of labels, pairs or pictures and is not asked for them now, or the reverse."""
    if earlier is None:
        return
    kind = (earlier.facts.get("source") or {}).get("kind")
    asked = {
        "labels": (request.labels, earlier.facts.get("labels")),
        "pairs": (request.pairs, kind == "text"),
        "pictures": (request.pictures, kind == "picture"),
    }
    for name, (now, before) in asked.items():
        if bool(now) != bool(before):
            held = "with" if before else "without"
            raise SettingError(f"the training in {request.folder} is one {held} {name}; give the same command again")


def check_nothing_is_lost(folder: Path) -> None:
    """Raise :class:`SettingError` if a training in ``folder`` did not come to its end, and would be replaced.

    Raises :class:`CheckpointError` if this version cannot tell.
    """
    if not (folder / CHECKPOINT).is_file():
        return
    config, state = standing(folder, load_checkpoint(folder / CHECKPOINT))
    if not state.finished(config):
        raise SettingError(
            f"{folder} holds a training that was interrupted after {state.characters:,} characters; go on with it with "
            f"--resume, or {way_out(folder)}"
        )


def check_nothing_is_hidden(styles: Iterable[str]) -> None:
    """Raise :class:`SettingError` if one of ``styles``, once installed, would hide a style that came with rnncomplete."""
    if hidden := [style.name for style in list_styles() if style.shipped and style.name in set(styles)]:
        raise SettingError(
            f"there is a shipped style {', '.join(map(repr, hidden))} already; expected another name, --replace to hide it by "
            "the one that comes of this, or --no-install"
        )


def say_replaced(style: str, progress: TrainingProgress) -> None:
    """Which style the one that comes of this will take the place of, while another name can still be given to it."""
    for other in list_styles():
        if other.name == style and other.shipped:
            progress.say(f"in the end it hides the shipped {style}, until: rnncomplete styles remove {style}")
        elif other.name == style:
            progress.say(f"in the end it replaces your style {style}")


def why_this_size(
    request: Request, config: TrainingConfig, base: Base | SourceBase | Checkpoint | None, *, resumed: bool
) -> str:
    """What the size of the network follows from, for people."""
    if resumed:
        return "as it began"
    if base is not None:
        return f"that of {request.base if isinstance(base, Checkpoint) else base.style}"
    if request.recipe is not None:
        return f"that of the recipe {request.recipe.name}"
    if {"hidden_size", "layers"} & request.choices.keys():
        return "as you chose"
    if 0 < config.minutes <= FEW_MINUTES:
        return f"small, to see enough of the text in {config.minutes:g} minute{'s' * (config.minutes != 1)}"
    return "the largest that a text of this length and the time are enough for"


BEGINNING = "english"
"""The style that is named as one to start from."""

ENOUGH_KNOWN = 0.98
"""Share of a text's characters that a style has to know, for it to be worth starting from."""

SAMPLED = 20_000
"""Characters of a text that tell which alphabet it is written in."""


def better_beginning(
    request: Request, corpus: Corpus, base: Base | SourceBase | Checkpoint | None, *, resumed: bool
) -> str | None:
    """What to type instead where an installed style may be a better beginning for a few minutes than nothing."""
    few = 0 < (request.minutes or 0.0) <= FEW_MINUTES
    of_text = not (request.pairs or request.pictures)
    if resumed or base is not None or request.recipe is not None or request.profile or not (few and of_text):
        return None
    known = frozenset(read_card(find_style(BEGINNING)).vocabulary)
    sample = corpus.vocabulary.decode(corpus.training[:SAMPLED].tolist())
    if sum(character in known for character in sample) < ENOUGH_KNOWN * len(sample):
        return None
    return (
        f"in so few minutes a style of the same language is a better beginning than none: --from {BEGINNING}, or another "
        "that `rnncomplete styles` lists"
    )


def say_plan(trainer: Trainer, progress: TrainingProgress, why: str) -> None:
    """What is about to happen, before it does, and ``why`` the network has its size."""
    config, state = trainer.config, trainer.state
    rate = expected_rate(trainer)
    ends = []
    if config.minutes:
        characters = state.characters + rate * max(0.0, 60 * config.minutes - state.seconds)
        ends.append(f"{config.minutes:g} minute{'s' * (config.minutes != 1)} (about {in_words(characters)} characters)")
    if config.characters:
        left = max(0, config.characters - state.characters) / rate
        ends.append(f"{config.characters:,} characters (in about {clock(left)})")
    ends += ["when validation stops falling"] if config.patience else []
    progress.say(
        f"{trainer.task.about}{parameter_count(trainer.network):,} parameters: {config.layers} x {config.hidden_size} LSTM, {why}; "
        f"ends after {' or '.join(ends)}"
    )


def in_words(number: float) -> str:
    """A large number, about."""
    return f"{number / 1e6:.1f} million" if number >= 1e6 else f"{round(number, -3):,.0f}"


def say_translations(run: Path, device: torch.device) -> None:
    """How well the best weights in ``run`` write what is held out; told by the export, too, where there is one."""
    checkpoint = load_checkpoint(run / BEST)
    pairs = PairExamples(open_pairs(run, checkpoint.facts), TrainingConfig(**checkpoint.facts["config"]), device)
    network = conditioned_network_of(checkpoint).to(device)
    kept = pairs.held_out(pairs.count - pairs.split)
    figures = translation_figures(network, pairs, kept, say)
    say(tell_translations({**figures, "sourceless_nats": nats_of(network, pairs.of(kept), empty=True)}))


MOST_TOLD = 500
"""Pictures held out that are described in the end, at most."""


def say_descriptions(pictures: PicturesFolder, run: Path, device: torch.device) -> None:
    """How well the best weights in ``run`` describe what is held out."""
    checkpoint = load_checkpoint(run / BEST)
    network, vocabulary = conditioned_network_of(checkpoint).to(device), vocabulary_of(checkpoint.facts)
    if is_drawings(pictures.path):
        few = device.type == "cpu"
        count, neighbours = (200, 2_000) if few else (1_000, 20_000)
        makers = makers_of(pictures.path, pictures.unseen)
        figures = composed_figures(network, makers, vocabulary, count=count, neighbours=neighbours, say=say)
        replace_file(run / FIGURES, json.dumps(figures, indent=1).encode())
        say(tell_figures(figures))
    else:
        kept = examples_beside(run / BEST, checkpoint.facts, TrainingConfig(**checkpoint.facts["config"]), device)
        say(tell_figures({"pictures held out": album_figures(network, kept.album(MOST_TOLD), vocabulary, say)}))


def finish_style(run: Path, style: str, *, install: bool) -> None:
    """Export the best weights in ``run``, install them as a style if asked for, and say what to type next."""
    folder = run / "style" / style
    say_export(lambda advance: export_style(run / BEST, folder, style, advance=advance), folder)
    if install:
        install_style(folder, replace=True)
        say(f"installed; type: rnncomplete --style {style}")
    else:
        say(how_to_install(run, style))
