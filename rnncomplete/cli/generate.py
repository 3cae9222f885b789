"""``rnncomplete generate``: a text in a style, as it is written."""

from __future__ import annotations

from itertools import islice
from typing import Any

import click

from rnncomplete.cli.interruption import interruptible
from rnncomplete.cli.options import FiniteRange, open_completer, settings_from, style_options, write_text


@click.command()
@style_options
@click.option("--prompt", default="", metavar="TEXT", help="What the text begins with.")
@click.option(
    "--chars", type=click.IntRange(0), default=500, show_default=True, metavar="N", help="Characters to write."
)
@click.option(
    "--temperature",
    type=FiniteRange(0, 20),
    metavar="T",
    help="The lower the surer, the higher the more daring; 0 always takes the likeliest (0.65).",
)
@click.option(
    "--min-p",
    type=FiniteRange(0, 1),
    metavar="P",
    help="Write no character less likely than this share of the likeliest one (0.05).",
)
@click.option("--seed", type=click.IntRange(0), metavar="S", help="The same seed writes the same text.")
@click.pass_context
@interruptible
def generate(
    context: click.Context,
    /,
    *,
    prompt: str,
    chars: int,
    temperature: float | None,
    min_p: float | None,
    seed: int | None,
    **flags: Any,
) -> None:
    r"""Write a text in a style, character by character.

    \b
    rnncomplete generate --prompt 'ROMEO:' --chars 300
    rnncomplete generate --style linux --temperature 0.9 --seed 7
    """
    from rnncomplete.completion.sampler import MIN_P, WRITING_TEMPERATURE, sample
    from rnncomplete.text.decoding import decode_text

    before = decode_text(prompt.encode("utf-8", "surrogateescape"), "--prompt")
    completer = open_completer(settings_from(context, **flags), before)
    reading = completer.read(before)
    if reading is None:
        return
    model = completer.model
    written = sample(
        completer.step,
        *reading,
        model.vocabulary,
        temperature=WRITING_TEMPERATURE if temperature is None else temperature,
        min_p=MIN_P if min_p is None else min_p,
        seed=seed,
    )
    write_text(before)
    for character in islice(written, chars):
        write_text(character)
    write_text("\n")
