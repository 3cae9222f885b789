"""``rnncomplete complete``: text on stdin, its continuation on stdout."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rnncomplete.cli.interruption import interruptible
from rnncomplete.cli.options import (
    decode_stdin,
    ghost_options,
    learn_option,
    open_completer,
    print_json,
    settings_from,
    source_option,
    source_text,
    static_option,
    style_about,
    style_options,
    write_text,
)

if TYPE_CHECKING:
    from rnncomplete.completion.completer import Completer
    from rnncomplete.completion.decoder import DecoderOptions, Ghost


@click.command()
@style_options
@ghost_options
@static_option
@learn_option
@click.option("--chars", type=click.IntRange(1, 100_000), metavar="N", help="Go on for N characters, likely or not.")
@click.option(
    "--alternatives", type=click.IntRange(0, 100), default=0, metavar="K", help="Go on in K ways, the likeliest first."
)
@source_option
@click.option("--picture", type=click.Path(path_type=Path), metavar="FILE", help="The text describes this picture.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
@interruptible
def complete(
    context: click.Context,
    /,
    *,
    chars: int | None,
    alternatives: int,
    static: bool,
    source: str | None,
    picture: Path | None,
    as_json: bool,
    **flags: Any,
) -> None:
    r"""Print how the text on stdin goes on, as the ghost text would.

    Where nothing is likely enough to be shown unasked, that is the likeliest word; --json then says "shown": false.

    \b
    echo -n 'To be, or not' | rnncomplete complete
    rnncomplete complete --style linux --chars 80 < driver.c
    rnncomplete complete --alternatives 3 --json < letter.txt
    echo -n 'Où est' | rnncomplete complete --source 'Where is the station?'
    rnncomplete complete --style english-french --source letter.txt < lettre.txt
    echo -n 'a red apple ' | rnncomplete complete --picture scene.png
    """
    from dataclasses import replace

    from rnncomplete.completion.showing import fit
    from rnncomplete.settings import LONGEST
    from rnncomplete.text.printing import displayable

    before = decode_stdin("rnncomplete complete < FILE")
    if source is not None and picture is not None:
        raise click.UsageError("--source and --picture; expected one of them")
    if source is not None or picture is not None:
        flags["style"] = style_about(context, flags["style"], "text" if picture is None else "picture")
    completer = open_completer(settings_from(context, **flags), before, static=static)
    if source is not None:
        completer.open(source=source_text(source))
    if picture is not None:
        from rnncomplete.network.picture_file import read_picture, size_of

        completer.open(source=read_picture(picture, size_of(completer.card)))
    options = _options(completer.options, chars)
    start = time.perf_counter()
    ahead = replace(options, length=min(options.length, LONGEST))
    ghost = _go_on(completer, before, options) if chars else completer.complete(before, options=ahead)
    milliseconds = 1000 * (time.perf_counter() - start)
    shown = bool(ghost.text)
    ghost = ghost if shown else completer.insist(before, options=ahead)
    others = completer.alternatives(before, alternatives, options=ahead) if alternatives else []
    if as_json:
        print_json(
            {
                **_as_dict(ghost),
                "shown": shown,
                "milliseconds": round(milliseconds, 3),
                "style": completer.card.style,
                "device": completer.device,
                "stopped": ghost.stopped,
                "alternatives": [_as_dict(other) for other in others],
            }
        )
        return
    for other in others:
        write_text(fit(other.text, before).replace("\\", "\\\\").replace("\n", "\\n") + "\n")
    if not others:
        write_text((displayable(ghost.text, before) if chars else fit(ghost.text, before)) + "\n")


def _options(options: Any, chars: int | None) -> Any:
    """``options`` without a time budget, and for ``--chars`` with nothing but that to stop a ghost."""
    from dataclasses import replace
    from math import inf

    if chars is None:
        return replace(options, budget_ms=inf)
    return replace(options, budget_ms=inf, length=chars, threshold=0.0, whole_words=False)


def _go_on(completer: Completer, before: str, options: DecoderOptions) -> Ghost:
    """A ghost of whatever length: what is as long as one can look ahead is read, and looked ahead of again."""
    from dataclasses import replace

    from rnncomplete.completion.decoder import Ghost
    from rnncomplete.settings import LONGEST

    ghost = Ghost("", (), "length")
    while ghost.stopped == "length" and (missing := options.length - len(ghost.text)) > 0:
        ahead = replace(options, length=min(LONGEST, missing))
        more = completer.complete(before + ghost.text, options=ahead)
        ghost = Ghost(ghost.text + more.text, ghost.probabilities + more.probabilities, more.stopped)
    return ghost


def _as_dict(ghost: Ghost) -> dict[str, Any]:
    return {"text": ghost.text, "probabilities": [round(probability, 6) for probability in ghost.probabilities]}
