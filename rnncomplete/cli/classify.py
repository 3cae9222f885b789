"""``rnncomplete classify``: which label texts have."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rnncomplete.cli.options import named_style, open_completer, print_json, print_text, settings_from
from rnncomplete.cli.progress import Progress

if TYPE_CHECKING:
    from rnncomplete.completion.classifier import Classifier

STYLE = "reviews"
"""The style that tells labels unless another is named, where it is installed; else the first one that does."""


@click.command()
@click.argument("files", nargs=-1, metavar="[FILE]...", type=click.Path(path_type=Path))
@click.option("--style", metavar="NAME", help="Name of a style with labels, or a folder [the first there is].")
@click.option("--whole", is_flag=True, help="Each file is one text, not a text a line.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document: a list of label and probability.")
@click.option("--html", "page", flag_value="html", help="Print how each word moved the label, as a page.")
@click.option("--svg", "page", flag_value="svg", help="The same as a picture.")
@click.pass_context
def classify(
    context: click.Context,
    /,
    files: tuple[Path, ...],
    style: str | None,
    *,
    whole: bool,
    as_json: bool,
    page: str | None,
) -> None:
    r"""Tell which label each line of FILEs, or of stdin, has, and how probable that is.

    The style is one that was trained on texts with labels.

    \b
    echo 'great battery, awful screen' | rnncomplete classify
    rnncomplete classify --json reviews.txt
    rnncomplete classify --whole film-review.txt
    rnncomplete classify --whole --html film-review.txt > film-review.html
    rnncomplete train --labels mail.tsv --style mail && rnncomplete classify --style mail letters.txt
    """
    if as_json and page:
        raise click.UsageError(f"--json and --{page}; expected one of them")
    classifier = _classifier(context, style)
    texts = _texts(files, whole=whole)
    if page:
        from rnncomplete.measure.readout_picture import as_html, as_svg

        draw = as_html if page == "html" else as_svg
        print_text(draw([classifier.moments(text) for text in texts], classifier.labels))
        return
    with Progress("classifying") as progress:
        shares = classifier.classify(texts, progress)
    rows = [(classifier.labels[int(row.argmax())], float(row.max())) for row in shares]
    if as_json:
        print_json([{"label": label, "probability": round(share, 4)} for label, share in rows])
        return
    width = max(map(len, classifier.labels))
    for label, share in rows:
        print_text(f"{label:{width}}  {share:.4f}")


def _classifier(context: click.Context, style: str | None) -> Classifier:
    """Of the style that was named, here or before the command; on the CPU, where texts are read side by side."""
    from rnncomplete.completion.classifier import Classifier

    chosen = named_style(context, style) or _first_with_labels()
    completer = open_completer(settings_from(context, style=chosen, device="cpu"))
    return Classifier(completer.model, completer.memory)


def _first_with_labels() -> str:
    """The name of a style that tells labels; raises ``StyleError`` if none is installed."""
    from rnncomplete.errors import ModelError, StyleError
    from rnncomplete.network.loading import read_card
    from rnncomplete.styles import list_styles

    for item in sorted(list_styles(), key=lambda item: (item.name != STYLE, item.name)):
        try:
            if read_card(item.folder).readouts:
                return item.name
        except ModelError:  # of a style that nobody has asked for
            continue
    raise StyleError(
        "no style that tells labels is installed; train one on texts with labels: rnncomplete train --labels FILE.tsv "
        "--style NAME"
    )


def _texts(files: tuple[Path, ...], *, whole: bool) -> list[str]:
    """A text a line, or a file; raises ``TextError``."""
    from rnncomplete.text.decoding import decode_text, read_text

    read = [read_text(path) for path in files] if files else [decode_text(sys.stdin.buffer.read(), "stdin")]
    return read if whole else [line for text in read if text for line in text.removesuffix("\n").split("\n")]
