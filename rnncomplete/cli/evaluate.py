"""``rnncomplete eval``: how well a style does on files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rnncomplete.cli.interruption import interruptible
from rnncomplete.cli.options import (
    ghost_options,
    learn_option,
    open_completer,
    print_json,
    print_text,
    settings_from,
    static_option,
    style_about,
    style_options,
    tell,
)
from rnncomplete.cli.progress import Progress

if TYPE_CHECKING:
    from rnncomplete.completion.completer import Completer
    from rnncomplete.measure.evaluation import Evaluation
    from rnncomplete.measure.typing_simulation import TypingFigures

COMPARED = ("nats_per_character", "static_nats_per_character", "keystrokes_saved", "word_prediction_accuracy")
"""Figures that are measured without the source as well."""


@click.command("eval")
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path))
@style_options
@ghost_options
@click.option("--characters", type=click.IntRange(2), metavar="N", help="Stop after N characters of all files.")
@click.option("--typed", type=click.IntRange(0), metavar="N", help="Let the person type only the first N characters.")
@static_option
@learn_option
@click.option("--peers", is_flag=True, help="Beside other completers that know the same corpus.")
@click.option("--peer", multiple=True, metavar="NAME", help="Beside this one of them; may be given again.")
@click.option(
    "--corpus",
    multiple=True,
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="What the peers learn from; may be given again [default: what the style was trained on, if that is at hand].",
)
@click.option(
    "--source", metavar="FILE", type=click.Path(path_type=Path), help="What the one FILE translates, line by line."
)
@click.option(
    "--pictures",
    is_flag=True,
    help="FILE is a folder of pictures with captions, as Flickr8k or COCO has them: measure on those held out.",
)
@click.option("--labels", is_flag=True, help="Files are TSV of text and label: measure how well labels are told.")
@click.option("--name", "names", multiple=True, metavar="OLD=NEW", help="What a label of the files is to the style.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
@interruptible
def evaluate_files(
    context: click.Context,
    /,
    *,
    files: tuple[Path, ...],
    characters: int | None,
    typed: int | None,
    static: bool,
    peers: bool,
    peer: tuple[str, ...],
    corpus: tuple[Path, ...],
    source: Path | None,
    pictures: bool,
    labels: bool,
    names: tuple[str, ...],
    as_json: bool,
    **flags: Any,
) -> None:
    r"""Measure a style on files: nats per character, and the keystrokes that a simulated person saves.

    The person types the file exactly and accepts a ghost, or its next word, when it is what comes next: these figures
    are not the acceptance rates of real people. The peers are prompt_toolkit's history, the most frequent words,
    Kneser-Ney n-grams of the best order and, where they are installed, presage and smollm2, a transformer; the corpus
    must not hold the files. For a shipped style it is found in the folder that RNNCOMPLETE_CORPORA names, as
    shakespeare/train.txt, without the end that was held out of training.

    \b
    rnncomplete eval --style shakespeare hamlet.txt
    rnncomplete eval --style shakespeare --peers --corpus plays.txt hamlet.txt
    rnncomplete eval --style shakespeare --peer smollm2 --corpus plays.txt --typed 1000 hamlet.txt
    rnncomplete eval --style linux --characters 100000 --typed 5000 --json *.c
    rnncomplete eval --style python --learn-from ~/src/project new.py
    rnncomplete eval --style english-french --source test.en test.fr    with it, and without
    rnncomplete eval --style photos --pictures ~/flickr8k               how well pictures are described
    rnncomplete eval --style reviews --labels --name pos=liked --name neg=hated reviews.tsv
    """
    others = {"--source": source, "--peers": peers, "--peer": peer, "--corpus": corpus}
    _check_alone({"--labels": labels, "--pictures": pictures}, others)
    if source or pictures:
        flags["style"] = style_about(context, flags["style"], "picture" if pictures else "text")
    if labels:
        from rnncomplete.cli.evaluate_labels import print_label_figures

        settings = settings_from(context, **{**flags, "device": "cpu"})  # where texts are read side by side
        print_label_figures(open_completer(settings, static=static), files, names, as_json=as_json)
        return
    if pictures:
        from rnncomplete.cli.evaluate_pictures import print_description_figures

        completer = open_completer(settings_from(context, **{**flags, "device": "cpu"}), static=static)
        print_description_figures(completer, files, characters, typed, as_json=as_json)
        return
    from rnncomplete.cli.evaluate_peers import keep_apart, measure_peers, print_table, times_the_best, training_text
    from rnncomplete.measure.evaluation import evaluate
    from rnncomplete.styles import find_style

    peers = peers or bool(peer)
    if corpus and not peers:
        raise click.UsageError("--corpus FILE is what peers learn from; give --peers, too")
    if source and len(files) != 1:
        raise click.UsageError(f"--source FILE is what one FILE translates; expected that one, not {len(files)}")
    texts = _read(files, characters)
    about = _source_of(source, files[0]) if source else None
    settings = settings_from(context, **flags)
    completer = open_completer(settings, static=static)
    texts = [completer.model.vocabulary.normalise(text) for text in texts]
    _warn_of_unknown(completer, texts)
    known = (_read(corpus, None) or [training_text(completer.card)]) if peers else []
    keep_apart(files, texts, known)
    measured = {}
    if peers:
        vocabulary = completer.model.vocabulary
        measured = measure_peers(peer, vocabulary, _first(texts, typed), "".join(known), _typing_figures)
    with Progress("evaluating") as progress:
        result = evaluate(completer, texts, progress, typed=typed, source=about)
    figures = {**_figures(result), "megabytes": _megabytes(find_style(settings.style))}
    if about is not None:
        with Progress("evaluating without the source") as progress:
            alone = _figures(evaluate(completer.fresh(), texts, progress, typed=typed, source=""))
        figures |= {f"{name}_without_source": alone[name] for name in COMPARED if name in alone}
    if as_json:
        document: dict[str, Any] = {
            "style": completer.card.style,
            "device": completer.device,
            "files": [str(path) for path in files[: len(texts)]],
            **figures,
        }
        if peers:
            document["peers"] = measured
            document["times_the_best_peer"] = times_the_best(figures, measured.values())
        print_json(document)
        return
    width = max(28, *map(len, figures))
    for name, value in figures.items():
        print_text(f"{name.replace('_', ' '):{width}} {value:12,.{0 if isinstance(value, int) else 3}f}")
    if peers:
        print_table({completer.card.style: figures, **measured})


def _check_alone(kinds: dict[str, bool], others: dict[str, Any]) -> None:
    """Raise ``UsageError`` if one of ``kinds`` was asked for beside another one or beside ``others``."""
    asked = [name for name, value in {**kinds, **others}.items() if value]
    if len(asked) > 1 and asked[0] in kinds:
        raise click.UsageError(f"{asked[1]} says nothing beside {asked[0]}; leave one of them out")


def _warn_of_unknown(completer: Completer, texts: list[str]) -> None:
    """Say on stderr, before anything is measured, how much of ``texts`` the style cannot read."""
    from collections import Counter

    from rnncomplete.measure.evaluation import SPELLED_OUT

    vocabulary = completer.model.vocabulary
    seen: Counter[str] = Counter()
    for text in texts:
        seen.update(text)
    known = frozenset(vocabulary.characters[1:])
    unknown = Counter({character: count for character, count in seen.items() if character not in known})
    if unknown:
        named = ", ".join(f"U+{ord(character):04X}" for character, _ in unknown.most_common(3))
        tell(
            f"the style {completer.card.style} does not know {unknown.total():,} of {seen.total():,} "
            f"characters ({named}{', …' if len(unknown) > 3 else ''}); each is charged {SPELLED_OUT:.1f} nats for being "
            "spelled out"
        )


def _read(files: tuple[Path, ...], characters: int | None) -> list[str]:
    """The texts of ``files``, at most ``characters`` in all; raises ``TextError``."""
    from rnncomplete.errors import TextError
    from rnncomplete.text.decoding import read_text

    texts: list[str] = []
    for path in files:
        text = read_text(path)
        if len(text) < 2:
            raise TextError(f"{path} has {len(text)} characters; expected at least two")
        texts.append(text)
        if characters is not None and sum(map(len, texts)) > characters - 2:
            break
    return _first(texts, characters)


def _source_of(path: Path, translation: Path) -> str:
    """The text of ``path``, which must have as many lines as its translation; raises ``TextError``."""
    from rnncomplete.errors import TextError
    from rnncomplete.text.decoding import read_text
    from rnncomplete.text.wording import counted

    source, translated = read_text(path), read_text(translation)
    lines = [text.removesuffix("\n").count("\n") + 1 for text in (source, translated)]
    if lines[0] != lines[1]:
        raise TextError(
            f"{path} has {counted(lines[0], 'line')} and {translation} {lines[1]:,}; expected a line for each that it translates"
        )
    return source


def _first(texts: list[str], characters: int | None) -> list[str]:
    """The beginning of ``texts``: at most ``characters`` in all."""
    left = sum(map(len, texts)) if characters is None else characters
    ends = [max(0, left - sum(map(len, texts[:number]))) for number in range(len(texts))]
    return [text[:end] for text, end in zip(texts, ends, strict=True) if end]


def _figures(result: Evaluation) -> dict[str, int | float]:
    import numpy as np

    typing, times = result.typing, result.milliseconds
    p50, p99 = np.percentile(times, (50, 99)).tolist() if len(times) else (0.0, 0.0)
    return {
        "characters": result.characters,
        "unknown_characters": result.unknown_characters,
        "nats_per_character": round(result.nats_per_character, 5),
        "static_nats_per_character": round(result.static_nats_per_character, 5),
        **_typing_figures(typing),
        **({"word_prediction_accuracy": round(result.words.accuracy, 5)} if result.words.words else {}),
        "milliseconds_p50": round(p50, 3),
        "milliseconds_p99": round(p99, 3),
    }


def _megabytes(folder: Path) -> float:
    """Of the files in ``folder``, 1,000,000 bytes each."""
    return sum(path.stat().st_size for path in folder.iterdir() if path.is_file()) / 1e6


def _typing_figures(typing: TypingFigures) -> dict[str, int | float]:
    return {
        "keystrokes_saved": round(typing.keystrokes_saved, 5),
        "accepted_share": round(typing.accepted_share, 5),
        "precision": round(typing.precision, 5),
        "wrong_characters_per_100": round(typing.wrong_characters_per_100, 3),
        "ghosts_shown": typing.ghosts_shown,
    }
