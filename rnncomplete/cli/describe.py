"""``rnncomplete describe``: what pictures show, in a sentence."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from rnncomplete.cli.options import open_completer, print_json, print_text, settings_from
from rnncomplete.cli.progress import Progress

if TYPE_CHECKING:
    from rnncomplete.completion.completer import Completer

STYLE = "pictures"
"""The style that describes unless another is named, where it is installed; else the first one that does."""

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
    help="Sentences begun side by side; 1 is quickest.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document: a list of file and text.")
@click.pass_context
def describe(
    context: click.Context, /, pictures: tuple[Path, ...], style: str | None, *, beam: int, as_json: bool
) -> None:
    r"""Tell in a sentence what each PICTURE shows: PNG, JPEG and WebP, and SVG where cairosvg is installed.

    It needs the extra [pictures]. The style is one that was trained on pictures; the shipped one knows composed scenes of
    drawings and has never seen a photograph.

    \b
    rnncomplete describe scene.png
    rnncomplete describe --json *.png
    rnncomplete train --pictures ~/flickr8k --style photos && rnncomplete describe --style photos holiday.jpg
    """
    from rnncomplete.network.picture_file import read_picture, size_of

    completer = _describer(context, style)
    size = size_of(completer.card)
    found = []
    with Progress("describing") as progress:
        for number, path in enumerate(pictures):
            progress(number, len(pictures))
            found.append(_described(completer, read_picture(path, size), beam))
    if as_json:
        print_json([{"file": str(path), "text": text} for path, text in zip(pictures, found, strict=True)])
        return
    for path, text in zip(pictures, found, strict=True):
        print_text(f"{path}: {text}" if len(pictures) > 1 else text)


def _described(completer: Completer, picture: object, beam: int) -> str:
    """The likeliest sentence about ``picture``."""
    from functools import partial
    from typing import Any, cast

    from rnncomplete.completion.beam import likeliest_line

    model = completer.model
    step = partial(model.step_batch, context=model.encode(cast("Any", picture)))
    return likeliest_line(step, model.initial_state, model.vocabulary, beam=beam, longest=LONGEST).text


def _describer(context: click.Context, style: str | None) -> Completer:
    """Of the style that was named, here or before the command; on the CPU, where sentences are gone on with side by side."""
    outer = (context.find_root().obj or {}).get("style")
    return open_completer(settings_from(context, style=style or outer or describing_style(), device="cpu"))


def describing_style() -> str:
    """The name of a style that describes pictures; raises ``StyleError`` if none is installed."""
    from rnncomplete.errors import ModelError, StyleError
    from rnncomplete.network.loading import read_card
    from rnncomplete.styles import list_styles

    for item in sorted(list_styles(), key=lambda item: (item.name != STYLE, item.name)):
        try:
            source = read_card(item.folder).source
        except ModelError:  # of a style that nobody has asked for
            continue
        if source is not None and source["kind"] == "picture":
            return item.name
    raise StyleError(
        "no style that describes pictures is installed; train one on pictures with captions: rnncomplete train "
        "--pictures FOLDER --style NAME"
    )
