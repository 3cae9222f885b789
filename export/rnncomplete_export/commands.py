"""``rnncomplete train`` and ``rnncomplete export``: what the command line finds when PyTorch is installed.

PyTorch is imported when a command runs, so that ``--help`` stays quick.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import click
from click.core import ParameterSource

from rnncomplete.cli.interruption import interruptible, typed_command
from rnncomplete.cli.options import FiniteRange
from rnncomplete.errors import SettingError
from rnncomplete.files import true_path
from rnncomplete.styles import STYLE_NAME, check_style_name
from rnncomplete_export.recorded_command import recorded_command
from rnncomplete_export.training.configuration import LEARNS, RANGES, MatrixPrecision, TrainingConfig

PROCESSORS = os.cpu_count() or 1


def number(name: str, least: float | None = None) -> click.ParamType[float]:
    """What a number of a training may be, ``least`` at least: every other choice is a whole number."""
    smallest, largest = RANGES[name]
    smallest = smallest if least is None else least
    if isinstance(getattr(TrainingConfig, name), int):
        return click.IntRange(int(smallest), int(largest))
    return FiniteRange(smallest, largest)


if TYPE_CHECKING:
    from rnncomplete_export.session import Labels, PairsFile


@click.command()
@click.argument("texts", nargs=-1, type=click.Path(path_type=Path))
@click.option("--style", help="Name of the style [default: that of the recipe, or of the text if it is one by name].")
@click.option("--recipe", metavar="NAME|FILE", help="Train as this recipe says; the other options come first.")
@click.option("--plan", metavar="NAME|FILE", help="Train several styles side by side, as this plan says.")
@click.option("--labels", type=click.Path(path_type=Path), metavar="FILE.tsv", help="Train on texts with labels.")
@click.option("--pairs", type=click.Path(path_type=Path), metavar="FILE", help="Train on pairs: TSV, .po or .tmx.")
@click.option(
    "--pictures", type=click.Path(path_type=Path), metavar="FOLDER", help="Train to describe pictures with captions."
)
@click.option(
    "--scenes",
    type=click.IntRange(1000, 10_000_000),
    default=400_000,
    show_default=True,
    help="Of drawings: scenes to compose.",
)
@click.option("--unseen", metavar="MAKER", help="Of drawings: the maker held out [default: with the fewest drawings].")
@click.option(
    "--validation",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Labels (.tsv) or pairs (.tsv, .po, .tmx) held out.",
)
@click.option("--name", "names", multiple=True, metavar="OLD=NEW", help="Call a label so; may be repeated.")
@click.option("--readout", default="label", show_default=True, help="What the distribution over labels is called.")
@click.option(
    "--longest", type=click.IntRange(0), default=0, help="Of a longer text with a label only its last N characters."
)
@click.option("--label-weight", type=number("label_weight"), help="Weight of the label's loss beside a character's.")
@click.option("--glob", "globs", multiple=True, help="Of folders read only such files, as '*.py'; may be repeated.")
@click.option(
    "--from",
    "base",
    metavar="STYLE",
    help="Start from an installed style instead of from nothing; of pictures: from a checkpoint of such a training.",
)
@click.option(
    "--learns",
    type=click.Choice(LEARNS),
    help="Of drawings: all at once, the encoder alone (places), or the decoder alone about maps kept of it (words).",
)
@click.option("--minutes", type=number("minutes", least=1e-6), help="Minutes to train for, all sessions together.")
@click.option("--characters", type=number("characters", least=1), help="Characters to train on, all sessions together.")
@click.option("--resume", is_flag=True, help="Go on where the training of this style was interrupted.")
@click.option("--seed", type=number("seed"), help="Of every random choice [default: 1].")
@click.option("--hidden-size", type=number("hidden_size"), help="Units a layer [default: by text and time].")
@click.option("--layers", type=number("layers"), help="Layers of LSTM cells [default: 2].")
@click.option("--embedding-size", type=number("embedding_size"), help="Numbers a character is embedded in.")
@click.option("--skip/--no-skip", default=None, help="Whether every layer also reads the embedding.")
@click.option(
    "--encoder-size",
    type=number("encoder_size"),
    help="Of pairs and pictures: width of the encoder (of an LSTM of pairs in each direction; of the last map of pictures).",
)
@click.option("--keys", type=number("keys"), help="Of pairs and pictures: numbers in a key of attention.")
@click.option("--values", type=number("values"), help="Of pairs and pictures: numbers in a value of attention.")
@click.option(
    "--label-smoothing",
    type=number("label_smoothing"),
    help="Of pairs and pictures: probability that is spread evenly over all characters.",
)
@click.option("--batch", type=number("batch"), help="Streams of text read side by side.")
@click.option("--window", type=number("window"), help="Characters between two updates.")
@click.option("--dropout", type=number("dropout"), help="Share of numbers dropped between layers.")
@click.option(
    "--weight-dropout", type=number("weight_dropout"), help="Share of recurrent weights left out in training."
)
@click.option("--optimizer", type=click.Choice(["muon", "adamw"]), help="How weights are moved.")
@click.option("--learning-rate", type=number("learning_rate"), help="Its peak.")
@click.option("--weight-decay", type=number("weight_decay"), help="Share of the learning rate by which weights shrink.")
@click.option("--average-decay", type=number("average_decay"), help="What stays of the averaged weights at an update.")
@click.option("--patience", type=number("patience"), help="Validations without a best one before it stops; 0: never.")
@click.option("--validate-every", type=number("validate_every"), help="Characters between two validations.")
@click.option(
    "--runs", type=click.Path(path_type=Path), default=Path("runs"), show_default=True, help="For checkpoints."
)
@click.option(
    "--save-seconds", type=FiniteRange(0, 1e6), default=60.0, show_default=True, help="Between two checkpoints."
)
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto", show_default=True)
@click.option(
    "--precision",
    type=click.Choice(["auto", *get_args(MatrixPrecision)]),
    default="auto",
    show_default=True,
    help="float32, or bfloat16 in products of matrices; auto: the latter where it is faster.",
)
@click.option("--threads", type=click.IntRange(1, PROCESSORS), default=1, show_default=True, help="On the CPU.")
@click.option(
    "--devices", type=click.IntRange(1, 64), help="Processes on each machine [default: 1, or as torchrun started]."
)
@click.option("--nodes", type=click.IntRange(1, 1024), help="Machines [default: 1, or as torchrun started].")
@click.option("--log", type=click.Choice(["csv", "tensorboard"]), help="Keep a log of the losses beside checkpoints.")
@click.option("--profile", is_flag=True, help="Measure for ten seconds how fast it trains, and stop.")
@click.option("--description", help="One line for the card.")
@click.option("--corpus-name", help="What the card calls the text.")
@click.option("--licence", help="Of the text, for the card.")
@click.option("--lexer", help="Pygments name of the language, for colours.")
@click.option("--export/--no-export", "exports", default=True, show_default=True, help="Make styles of the weights.")
@click.option("--install/--no-install", default=True, show_default=True, help="Install the exported style.")
@click.option("--replace", is_flag=True, help="Install it even where it hides a shipped style of its name.")
@click.pass_context
@interruptible
def train(
    context: click.Context,
    /,
    *,
    texts: tuple[Path, ...],
    globs: tuple[str, ...],
    base: str | None,
    style: str | None,
    recipe: str | None,
    plan: str | None,
    minutes: float | None,
    characters: int | None,
    resume: bool,
    runs: Path,
    save_seconds: float,
    device: str,
    precision: Literal["auto"] | MatrixPrecision,
    threads: int,
    devices: int | None,
    nodes: int | None,
    profile: bool,
    log: str | None,
    labels: Path | None,
    pairs: Path | None,
    pictures: Path | None,
    scenes: int,
    unseen: str | None,
    validation: Path | None,
    names: tuple[str, ...],
    readout: str,
    longest: int,
    description: str | None,
    corpus_name: str | None,
    licence: str | None,
    lexer: str | None,
    exports: bool,
    install: bool,
    replace: bool,
    **choices: float | str | bool | None,
) -> None:
    r"""Train a style on TEXTS (files and folders), then export and install it.

    \b
    Ten minutes on a book:
      rnncomplete train book.txt --style mine --minutes 10
    A folder of notes, until it no longer improves (what .gitignore leaves out is left out):
      rnncomplete train ~/notes --style notes
    Only the Python files of a project, starting from a network that knows Python:
      rnncomplete train ~/src/project --glob '*.py' --from python --style project --minutes 10
    A shipped style again, as it was trained, for a shorter time:
      rnncomplete train --recipe linux --style linux2 --minutes 60
    A text by name (shakespeare, tolstoy, linux; from a mirror that RNNCOMPLETE_CORPORA points to, math and python too):
      rnncomplete train shakespeare --style mine --minutes 60
    Several styles side by side, which keeps a GPU busy (nine: the shipped ones, hidden by yours; or your own plan.toml):
      rnncomplete train --plan nine --minutes 8 --replace
    Texts with labels, as a TSV file of text and label: it goes on with such texts, and tells their label as you type:
      rnncomplete train --labels reviews.tsv --style reviews --from english
      echo 'great battery, awful screen' | rnncomplete classify --style reviews
    Pairs of lines (TSV of source and translation, .po or .tmx): it reads the source before you type, and translates:
      rnncomplete train --pairs english-french.tsv --style english-french
      echo 'Where is the station?' | rnncomplete translate --style english-french
    Pictures with captions, in a folder as Flickr8k or COCO has them, or drawings of which it composes scenes itself:
      rnncomplete train --pictures ~/flickr8k --style photos
      rnncomplete describe --style photos holiday.jpg
    In two processes, the same as in one:
      rnncomplete train book.txt --style mine --devices 2
      torchrun --nproc-per-node 2 -m rnncomplete train book.txt --style mine
    Interrupted (Ctrl-C)? Go on:
      rnncomplete train ~/notes --style notes --resume
    Then:
      rnncomplete --style notes
    """
    if plan is not None:
        train_side_by_side(
            context,
            plan,
            minutes=minutes,
            characters=characters,
            resume=resume,
            runs=runs,
            device=device,
            precision=precision,
            threads=threads,
            save_seconds=save_seconds,
            export=exports,
            install=install,
            replace=replace,
        )
        return
    from rnncomplete_export.pictures.drawings import is_drawings
    from rnncomplete_export.session import PicturesFolder, Request, train_style
    from rnncomplete_export.texts.named_texts import TEXTS
    from rnncomplete_export.training.recipe import load_recipe

    loaded = load_recipe(recipe) if recipe else None
    if loaded:
        drawn = pictures is not None and is_drawings(pictures)
        loaded.check_kind("pairs" if pairs else "drawings" if drawn else "pictures" if pictures else "text")
    base = base or (loaded.base if loaded else None)
    if loaded and not texts and loaded.name in TEXTS:
        texts = (Path(loaded.name),)
    others = {"--validation": validation, "--name": names, "--longest": longest, "--profile": profile}
    if pictures and (odd := [name for name, value in others.items() if value]):
        raise SettingError(f"{odd[0]} beside --pictures {pictures}; leave one of them out")
    if choices.get("learns") and not pictures:
        raise SettingError(
            f"--learns {choices['learns']} without drawings; give them: --pictures DRAWINGS, or leave it out"
        )
    of_pictures = PicturesFolder(pictures, scenes, unseen) if pictures else None
    of_pairs = pairs_of(pairs, validation, names, longest=longest, labels=labels, profile=profile)
    task = labels_of(labels, None if pairs else validation, names, readout=readout, longest=longest)
    beside = [
        (kind, path) for kind, path in (("--labels", labels), ("--pairs", pairs), ("--pictures", pictures)) if path
    ]
    if beside and (idle := unused(beside[0][0], globs, choices)):
        raise SettingError(f"{idle} beside {beside[0][0]} {beside[0][1]}, where it does nothing; leave it out")
    if beside:
        sources = [*map(str, texts), *(f"{kind} {path}" for kind, path in beside)]
        if len(sources) > 1:
            raise SettingError(f"{sources[0]} beside {sources[1]}; expected one of them")
        texts = (beside[0][1],)
        style = style or (loaded.name if loaded else None)
    if not texts:
        raise SettingError("no text to train on; expected files or folders: rnncomplete train TEXT... --style NAME")
    if style is None:
        style = loaded.name if loaded else str(texts[0])
        if not loaded and (len(texts) > 1 or style not in TEXTS):
            raise SettingError("no name for the style; give it one: --style NAME")
    check_style_name(style)
    named = ", ".join(true_path(path).name or str(path) for path in texts)
    about = {"description": f"Trained on {named}", "corpus_name": named, "licence": "unknown", "lexer": None}
    about |= loaded.about_texts(texts) if loaded else {}
    options = {"description": description, "corpus_name": corpus_name, "licence": licence, "lexer": lexer}
    told = {name: value for name, value in options.items() if value is not None}
    train_style(
        Request(
            texts=texts,
            globs=globs,
            base=base,
            style=style,
            minutes=minutes,
            characters=characters,
            resume=resume,
            folder=runs / (".profile" if profile else style),
            device=device,
            precision=precision,
            threads=threads,
            devices=devices,
            nodes=nodes,
            profile=profile,
            log=log,
            labels=task,
            pairs=of_pairs,
            pictures=of_pictures,
            export=exports,
            about={
                **about,
                **told,
                "base": Path(base).name if base else None,
                "readout": task.readout if task else None,
                "command": recorded_command(context),
            },
            told=told,
            recipe=loaded,
            again=typed_command(),
            install=install,
            replace=replace,
            save_seconds=save_seconds,
            choices={name: value for name, value in choices.items() if value is not None},
        )
    )


def unused(kind: str, globs: tuple[str, ...], choices: dict[str, Any]) -> str | None:
    """An option that was given and says nothing of a training on a file or folder of this ``kind``."""
    if globs:
        return "--glob"
    layers, skip = choices.get("layers"), choices.get("skip")
    if kind == "--labels" or (layers is None and skip is None):
        return None
    return "--layers" if layers is not None else "--skip" if skip else "--no-skip"


def pairs_of(
    pairs: Path | None,
    validation: Path | None,
    names: tuple[str, ...],
    *,
    longest: int,
    labels: Path | None,
    profile: bool,
) -> PairsFile | None:
    """The pairs to train on, if they were given; raises :class:`SettingError` if what stands beside them is not for them."""
    from rnncomplete_export.session import PairsFile

    if pairs is None:
        return None
    others = {"--labels": labels, "--name": names, "--longest": longest, "--profile": profile}
    if odd := [name for name, value in others.items() if value]:
        raise SettingError(f"{odd[0]} beside --pairs {pairs}; leave one of them out")
    return PairsFile(pairs, validation)


def labels_of(
    labels: Path | None, validation: Path | None, names: tuple[str, ...], *, readout: str, longest: int
) -> Labels | None:
    """What is to be made of texts with labels, if they were given; raises :class:`SettingError` if it is odd."""
    from rnncomplete_export.session import Labels
    from rnncomplete_export.texts.labelled import label_names

    if labels is None:
        if validation or names or longest:
            raise SettingError(
                "--validation, --name and --longest go with --labels FILE.tsv (the first with --pairs, too); give that, too"
            )
        return None
    if not STYLE_NAME.fullmatch(readout):
        raise SettingError(f"--readout {readout!r}; expected lower case letters, digits, hyphens, underscores")
    return Labels(labels, validation, label_names(names), readout, longest)


OF_PLANS = frozenset(
    [
        "plan",
        "minutes",
        "characters",
        "resume",
        "runs",
        "device",
        "precision",
        "threads",
        "save_seconds",
        "exports",
        "install",
        "replace",
    ]
)
"""Options of ``train`` that go with ``--plan``; the others are what a plan says itself."""


def train_side_by_side(
    context: click.Context, plan: str, *, minutes: float | None, characters: int | None, **options: Any
) -> None:
    """``rnncomplete train --plan``; raises :class:`SettingError` if anything was given that a plan says itself."""
    from rnncomplete_export.plan_session import PlanRequest, train_plan
    from rnncomplete_export.training.side_by_side.plan_file import load_plan

    for parameter in context.command.params:
        name = parameter.name or ""
        if name not in OF_PLANS and context.get_parameter_source(name) == ParameterSource.COMMANDLINE:
            raise SettingError(
                f"{parameter.opts[-1]} with --plan {plan}, which says that itself; leave it out, or write a plan of your own"
            )
    train_plan(
        PlanRequest(
            plan=load_plan(plan),
            minutes=minutes or 0.0,
            characters=characters or 0,
            command=recorded_command(context),
            again=typed_command(),
            **options,
        )
    )


@click.command()
@click.argument("checkpoint", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, help="Folder for graphs and card.")
@click.option("--style", help="Name of the style [default: the output folder's].")
@click.option("--text", type=click.Path(path_type=Path), help="Text to measure on [default: the one held out].")
@interruptible
def export(*, checkpoint: Path, output: Path, style: str | None, text: Path | None) -> None:
    r"""Turn CHECKPOINT into the two ONNX graphs and the card of a style, and check them against PyTorch.

    \b
      rnncomplete export runs/mine/best.safetensors -o mine
      rnncomplete styles add mine
    """
    name = style or true_path(output).name
    check_style_name(name)
    import torch

    from rnncomplete_export import progress
    from rnncomplete_export.exporting.exporter import export_style
    from rnncomplete_export.training.run_lock import held_if_trained

    def last_words() -> str:
        return f"interrupted; nothing was written to {output}, and {checkpoint} is as it was; again: {typed_command()}"

    torch.set_num_threads(1)  # more would wait by spinning, and take the core from who else needs it
    with progress.interruptible(last_words), held_if_trained(checkpoint.parent):
        progress.say_export(
            lambda advance: export_style(checkpoint, output, name, text=text, advance=advance), output, text
        )
