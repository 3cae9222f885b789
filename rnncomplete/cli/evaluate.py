"""``rnncomplete eval``: how well a style does on files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rnncomplete.cli.options import ghost_options, open_completer, print_json, print_text, settings_from, style_options
from rnncomplete.cli.progress import Progress

if TYPE_CHECKING:
    from rnncomplete.evaluation import Evaluation


@click.command("eval")
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path))
@style_options
@ghost_options
@click.option("--characters", type=click.IntRange(2), metavar="N", help="Stop after N characters of all files.")
@click.option("--static", is_flag=True, help="The network alone.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def evaluate_files(
    context: click.Context,
    /,
    files: tuple[Path, ...],
    characters: int | None,
    static: bool,  # noqa: ARG001 - the network alone is all there is so far
    as_json: bool,
    **flags: Any,
) -> None:
    r"""Measure a style on files: nats per character, and the keystrokes that a simulated person saves.

    The person types the file exactly and accepts a ghost, or its next word, when it is what comes next: these figures
    are not the acceptance rates of real people.

    \b
    rnncomplete eval --style shakespeare hamlet.txt
    rnncomplete eval --style linux --characters 20000 --json *.c
    """
    from rnncomplete.evaluation import evaluate

    texts = _read(files, characters)
    completer = open_completer(settings_from(context, **flags))
    with Progress("evaluating") as progress:
        result = evaluate(completer, texts, progress)
    figures = _figures(result)
    if as_json:
        print_json(
            {
                "style": completer.card.style,
                "device": completer.device,
                "files": [str(path) for path in files[: len(texts)]],
                **figures,
            }
        )
        return
    for name, value in figures.items():
        print_text(f"{name.replace('_', ' '):28} {value:12,.{0 if isinstance(value, int) else 3}f}")


def _read(files: tuple[Path, ...], characters: int | None) -> list[str]:
    """The texts of ``files``, at most ``characters`` in all; raises ``TextError``."""
    from rnncomplete.errors import TextError
    from rnncomplete.text import read_text

    texts: list[str] = []
    left = characters
    for path in files:
        text = read_text(path)
        if len(text) < 2:
            raise TextError(f"{path} has {len(text)} characters; expected at least two")
        texts.append(text[:left])
        if left is not None and (left := left - len(text)) < 2:
            break
    return texts


def _figures(result: Evaluation) -> dict[str, int | float]:
    import numpy as np

    typing, times = result.typing, result.milliseconds
    p50, p99 = np.percentile(times, (50, 99)).tolist() if len(times) else (0.0, 0.0)
    return {
        "characters": result.characters,
        "nats_per_character": round(result.static_nats_per_character, 5),
        "static_nats_per_character": round(result.static_nats_per_character, 5),
        "keystrokes_saved": round(typing.keystrokes_saved, 5),
        "accepted_share": round(typing.accepted_share, 5),
        "precision": round(typing.precision, 5),
        "wrong_characters_per_100": round(typing.wrong_characters_per_100, 3),
        "ghosts_shown": typing.ghosts_shown,
        "milliseconds_p50": round(p50, 3),
        "milliseconds_p99": round(p99, 3),
        "unknown_characters": result.unknown_characters,
    }
