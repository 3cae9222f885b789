"""``rnncomplete translate``: lines in, their translations out."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rnncomplete.cli.interruption import interruptible
from rnncomplete.cli.options import decode_stdin, load_about, print_json, tell, write_text
from rnncomplete.cli.progress import Progress

if TYPE_CHECKING:
    from rnncomplete.completion.beam import Line
    from rnncomplete.network.model import Model


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--style", metavar="NAME", help="Name of a style that translates, or a folder [the first there is].")
@click.option(
    "--beam", type=click.IntRange(1, 64), default=4, show_default=True, metavar="N", help="Lines tried side by side."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document: a list of source, text and nats.")
@click.pass_context
@interruptible
def translate(context: click.Context, /, file: Path | None, style: str | None, *, beam: int, as_json: bool) -> None:
    r"""Translate each line of FILE, or of stdin, on a line of its own.

    The style is one that was trained on pairs of lines. Of the lines that it might write, the likeliest is searched for,
    N side by side; --beam 1 takes the likeliest character each time, which is quicker.

    \b
    echo 'Where is the station?' | rnncomplete translate
    rnncomplete translate letter.txt > lettre.txt
    rnncomplete translate --beam 1 --json letter.txt
    rnncomplete train --pairs memory.tsv --style house && rnncomplete translate --style house letter.txt
    """
    from rnncomplete.text.decoding import read_text

    model = load_about(context, style, "text")
    text = read_text(file) if file else decode_stdin("rnncomplete translate < FILE")
    lines = model.vocabulary.normalise(text).removesuffix("\n").split("\n") if text else []
    _warn_of_long(model, lines)
    found: list[dict[str, Any]] = []
    with Progress("translating", visible=as_json or not sys.stdout.isatty()) as progress:
        for number, source in enumerate(lines):
            progress(number, len(lines))
            line = _translated(model, source, beam)
            if as_json:
                found.append(
                    {"source": source, "text": line.text, "nats_per_character": round(line.nats_per_character, 4)}
                )
            else:
                write_text(line.text + "\n")
    if as_json:
        print_json(found)


def _translated(model: Model, source: str, beam: int) -> Line:
    """The translation of one line; of blanks alone nothing."""
    from rnncomplete.completion.beam import Line, line_about

    if not source.strip():
        return Line("", 0.0)
    return line_about(model, source, beam=beam, longest=3 * min(len(source), _longest(model)) + 40)


def _longest(model: Model) -> int:
    """Characters of a source that are read."""
    return (model.card.source or {"kind": "text"}).get("longest", 1) - 1


def _warn_of_long(model: Model, lines: list[str]) -> None:
    longest = _longest(model)
    long = [number for number, line in enumerate(lines, 1) if len(line) > longest]
    if long:
        which = f"line {long[0]} is" if len(long) == 1 else f"line {long[0]} and {len(long) - 1} more are"
        tell(f"{which} longer than {longest} characters; what is behind those is not translated, so break them up")
