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
    style_options,
    tell,
)
from rnncomplete.cli.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rnncomplete.completion.completer import Completer
    from rnncomplete.measure.evaluation import Evaluation
    from rnncomplete.measure.typing_simulation import TypingFigures
    from rnncomplete.network.card import Card

CORPORA = "rnncomplete.corpora"
"""Entry points that find texts: functions from a SHA-256 to a file, or to ``None``."""

COMPARED = ("nats_per_character", "static_nats_per_character", "keystrokes_saved", "word_prediction_accuracy")
"""Figures that are measured without the source as well."""

_TELLING = 500
"""Characters from the start of a text by which it is known again."""


@click.command("eval")
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path))
@style_options
@ghost_options
@click.option("--characters", type=click.IntRange(2), metavar="N", help="Stop after N characters of all files.")
@click.option("--typed", type=click.IntRange(0), metavar="N", help="Let the person type only the first N characters.")
@static_option
@learn_option
@click.option("--peers", is_flag=True, help="Beside other completers that know the same corpus.")
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
    corpus: tuple[Path, ...],
    source: Path | None,
    labels: bool,
    names: tuple[str, ...],
    as_json: bool,
    **flags: Any,
) -> None:
    r"""Measure a style on files: nats per character, and the keystrokes that a simulated person saves.

    The person types the file exactly and accepts a ghost, or its next word, when it is what comes next: these figures
    are not the acceptance rates of real people. The peers are prompt_toolkit's history, the most frequent words, and
    Kneser-Ney n-grams of the best order; the corpus must not hold the files. For a shipped style it is found in the
    folder that RNNCOMPLETE_CORPORA names, as shakespeare/train.txt, without the end that was held out of training.

    \b
    rnncomplete eval --style shakespeare hamlet.txt
    rnncomplete eval --style shakespeare --peers --corpus plays.txt hamlet.txt
    rnncomplete eval --style linux --characters 100000 --typed 5000 --json *.c
    rnncomplete eval --style python --learn-from ~/src/project new.py
    rnncomplete eval --style house --source test.en test.fr      with it, and without
    rnncomplete eval --style reviews --labels --name pos=liked --name neg=hated reviews.tsv
    """
    if labels:
        from rnncomplete.cli.evaluate_labels import print_label_figures

        settings = settings_from(context, **{**flags, "device": "cpu"})  # where texts are read side by side
        print_label_figures(open_completer(settings, static=static), files, names, as_json=as_json)
        return
    from rnncomplete.measure.evaluation import evaluate

    if corpus and not peers:
        raise click.UsageError("--corpus FILE is what peers learn from; give --peers, too")
    if source and len(files) != 1:
        raise click.UsageError(f"--source FILE is what one FILE translates; expected that one, not {len(files)}")
    texts = _read(files, characters)
    about = _source_of(source, files[0]) if source else None
    completer = open_completer(settings_from(context, **flags), static=static)
    texts = [completer.model.vocabulary.normalise(text) for text in texts]
    _warn_of_unknown(completer, texts)
    known = (_read(corpus, None) or [_training_text(completer.card)]) if peers else []
    _keep_apart(files, texts, known)
    with Progress("evaluating") as progress:
        result = evaluate(completer, texts, progress, typed=typed, source=about)
    figures = _figures(result)
    if about is not None:
        with Progress("evaluating without the source") as progress:
            alone = _figures(evaluate(completer.fresh(), texts, progress, typed=typed, source=""))
        figures |= {f"{name}_without_source": alone[name] for name in COMPARED if name in alone}
    rows = _measure_peers(completer, _first(texts, typed), "".join(known)) if peers else []
    if as_json:
        document: dict[str, Any] = {
            "style": completer.card.style,
            "device": completer.device,
            "files": [str(path) for path in files[: len(texts)]],
            **figures,
        }
        if peers:
            document["peers"] = {row.pop("peer"): row for row in rows}
            document["times_the_best_peer"] = _times_the_best(figures, document["peers"].values())
        print_json(document)
        return
    width = max(28, *map(len, figures))
    for name, value in figures.items():
        print_text(f"{name.replace('_', ' '):{width}} {value:12,.{0 if isinstance(value, int) else 3}f}")
    if peers:
        _print_table([{"peer": completer.card.style, **figures}, *rows])


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


def _training_text(card: Card) -> str:
    """What the style was trained on, without the end held out; raises ``TextError`` if it is not at hand."""
    from importlib.metadata import entry_points

    from rnncomplete.errors import TextError
    from rnncomplete.text.decoding import read_text

    for point in entry_points(group=CORPORA):
        try:
            path = point.load()(card.corpus.get("sha256"))
        except ModuleNotFoundError:  # what fetches texts comes with an extra
            continue
        if path:
            text = read_text(path)
            return text[: len(text) - card.corpus.get("validation_characters", 0)]
    raise TextError(
        f"peers learn from what the style {card.style!r} was trained on, which is not at hand; give it with "
        "--corpus FILE, or set RNNCOMPLETE_CORPORA to a folder that holds it as STYLE/train.txt (see --help)"
    )


def _keep_apart(files: tuple[Path, ...], texts: list[str], known: list[str]) -> None:
    """Raise ``TextError`` if a text to type is in the corpus, which the peers would know by heart."""
    from rnncomplete.errors import TextError

    for path, text in zip(files, texts, strict=False):
        if any(text[:_TELLING] in content for content in known):
            raise TextError(f"{path} is in the corpus; expected texts that nobody has learned from")


def _measure_peers(completer: Completer, texts: list[str], corpus: str) -> list[dict[str, Any]]:
    """The typing simulation of every peer, as rows of a table."""
    from rnncomplete.measure.peers.lineup import peers_of
    from rnncomplete.measure.typing_simulation import TypingFigures, simulate_typing

    rows = []
    with Progress("counting") as progress:
        peers = peers_of(corpus, completer.model.vocabulary, progress)
    with Progress("evaluating peers") as progress:
        for number, peer in enumerate(peers):
            progress(number, len(peers))
            typing = sum((simulate_typing(text, peer.ghost) for text in texts), TypingFigures())
            rows.append({"peer": peer.name, **_typing_figures(typing), **peer.facts})
    return rows


def _times_the_best(figures: dict[str, Any], peers: Iterable[dict[str, Any]]) -> float | None:
    """How many times the keystrokes that the best peer saves, or ``None`` if none saves any."""
    best = max(peer["keystrokes_saved"] for peer in peers)
    return round(figures["keystrokes_saved"] / best, 3) if best > 0 else None


def _print_table(rows: list[dict[str, Any]]) -> None:
    """A table for people, which Markdown understands as well."""
    print_text(
        "\n| | keystrokes saved | accepted share | precision | wrong characters per 100 |\n|---|---|---|---|---|"
    )
    for row in rows:
        facts = ", ".join(f"{name} {row[name]}" for name in ("order", "threshold") if name in row)
        name = f"{row['peer']} ({facts})" if facts else row["peer"]
        shares = " | ".join(f"{100 * row[key]:.1f} %" for key in ("keystrokes_saved", "accepted_share", "precision"))
        print_text(f"| {name} | {shares} | {row['wrong_characters_per_100']:.1f} |")


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


def _typing_figures(typing: TypingFigures) -> dict[str, int | float]:
    return {
        "keystrokes_saved": round(typing.keystrokes_saved, 5),
        "accepted_share": round(typing.accepted_share, 5),
        "precision": round(typing.precision, 5),
        "wrong_characters_per_100": round(typing.wrong_characters_per_100, 3),
        "ghosts_shown": typing.ghosts_shown,
    }
