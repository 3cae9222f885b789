"""``rnncomplete eval --pictures``: how well a style describes pictures that have captions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from rnncomplete.cli.options import print_json, print_text, tell
from rnncomplete.cli.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rnncomplete.completion.completer import Completer


def print_description_figures(
    completer: Completer, folders: Sequence[Path], characters: int | None, typed: int | None, *, as_json: bool
) -> None:
    """Measure ``completer`` on the pictures held out of one of ``folders``, and print the figures.

    Only captions of the first so many ``characters`` in all are read, and of those only the first ``typed`` are typed.
    """
    from rnncomplete.measure.captioned import captioned_pictures
    from rnncomplete.measure.descriptions import description_figures, read_captioned
    from rnncomplete.network.picture_file import size_of

    if len(folders) != 1:
        raise click.UsageError(f"--pictures measures on one folder; expected that one, not {len(folders)}")
    size = size_of(completer.card)
    _, held_out = captioned_pictures(folders[0])
    left_out: list[str] = []
    with Progress("reading pictures") as progress:
        pictures = read_captioned(held_out, size, characters, skipped=left_out.append, progress=progress)
    for line in left_out:
        tell(f"left out: {line}")
    with Progress("describing") as progress:
        figures = description_figures(completer, pictures, typed=typed, progress=progress)
    if as_json:
        print_json({"style": completer.card.style, "folder": str(folders[0]), **figures})
        return
    width = max(map(len, figures))
    for name, value in figures.items():
        print_text(f"{name.replace('_', ' '):{width}} {value:12,.{0 if isinstance(value, int) else 3}f}")
    if "bleu" not in figures:
        tell("BLEU is not measured: sacrebleu is not installed; type: pip install sacrebleu")
