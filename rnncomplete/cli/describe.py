"""``rnncomplete describe``: what pictures show, in a sentence."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rnncomplete.cli.interruption import interruptible
from rnncomplete.cli.options import load_about, print_json, print_text, tell
from rnncomplete.cli.progress import Progress

if TYPE_CHECKING:
    from rnncomplete.errors import PictureError

LONGEST = 300
"""Characters of a description."""


@click.command()
@click.argument("pictures", nargs=-1, required=True, metavar="PICTURE...", type=click.Path(path_type=Path))
@click.option("--style", metavar="NAME", help="Name of a style that describes, or a folder [the first there is].")
@click.option(
    "--beam",
    type=click.IntRange(1, 64),
    default=4,
    show_default=True,
    metavar="N",
    help="Sentences tried side by side.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document: a list of file and text.")
@click.pass_context
@interruptible
def describe(
    context: click.Context, /, pictures: tuple[Path, ...], style: str | None, *, beam: int, as_json: bool
) -> None:
    r"""Tell in a sentence what each PICTURE shows: PNG, JPEG or WebP, or SVG where cairosvg is installed.

    It needs the extra [pictures]. The style is one that was trained on pictures, and knows only such as it has seen: one
    that was trained on composed drawings has never seen a photograph.

    \b
    rnncomplete describe scene.png
    rnncomplete describe --json *.png
    rnncomplete train --pictures ~/flickr8k --style photos && rnncomplete describe --style photos holiday.jpg
    """
    from rnncomplete.completion.beam import line_about
    from rnncomplete.errors import PictureError
    from rnncomplete.network.picture_file import read_picture, size_of

    model = load_about(context, style, "picture")
    size = size_of(model.card)
    found: list[dict[str, str]] = []
    wrong: list[PictureError] = []
    with Progress("describing", visible=as_json or not sys.stdout.isatty()) as progress:
        for number, path in enumerate(pictures):
            progress(number, len(pictures))
            try:
                text = line_about(model, read_picture(path, size), beam=beam, longest=LONGEST).text
            except PictureError as error:  # the others are described all the same
                wrong.append(error)
                continue
            if as_json:
                found.append({"file": str(path), "text": text})
            else:
                print_text(f"{path}: {text}" if len(pictures) > 1 else text)
    if as_json and found:
        print_json(found)
    for refused in wrong[:-1]:
        tell(str(refused))
    if wrong:
        raise wrong[-1]
