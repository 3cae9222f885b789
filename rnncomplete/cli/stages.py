"""``rnncomplete stages``: what a style wrote while it learned, and what it could by then."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from rnncomplete.cli.options import print_json, print_text, settings_from
from rnncomplete.text.printing import one_line
from rnncomplete.text.wording import percent, short_number

if TYPE_CHECKING:
    from rnncomplete.network.card import Card, Stage


@click.command("stages")
@click.argument("style", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def stages(context: click.Context, /, style: str | None, as_json: bool) -> None:
    r"""Show what STYLE wrote at each stage of its training, and what it had learned by then.

    Skills are counted on 20,000 characters written at each stage, and on as much of a true text.

    \b
    rnncomplete stages linux
    rnncomplete stages shakespeare --json
    """
    from rnncomplete.network.loading import read_card
    from rnncomplete.styles import find_style

    card = read_card(find_style(settings_from(context, style=style).style))
    if as_json:
        true = card.figures.get("skills_of_the_text")
        print_json({"style": card.style, "stages": list(card.stages), "skills_of_the_text": true})
        return
    if not card.stages:
        print_text(f"the card of {card.style} tells of no stages")
        return
    for stage in card.stages:
        print_text(f"== {_heading(stage)}\n{str(stage.get('sample', '')).rstrip()}\n")
    print_text("\n".join(_table(card)))


def _heading(stage: Stage) -> str:
    return f"after {stage.get('characters', 0):,} characters, {stage.get('loss', float('nan')):.3f} nats per character"


def _table(card: Card) -> list[str]:
    """Lines: a row for characters seen and for loss, then one a skill; a column a stage, and one for the true text."""
    true = card.figures.get("skills_of_the_text") or {}
    names = list(dict.fromkeys(name for stage in card.stages for name in stage.get("skills") or {}))
    rows = [
        [
            "characters seen",
            *(short_number(stage.get("characters", 0)) for stage in card.stages),
            "true" if true else "",
        ],
        ["nats per character", *(f"{stage.get('loss', float('nan')):.2f}" for stage in card.stages), ""],
    ]
    for name in names:
        shares = [(stage.get("skills") or {}).get(name) for stage in card.stages] + [true.get(name)]
        if any(share is not None for share in shares):
            rows.append(
                [
                    one_line(name).replace("_", " "),
                    *(percent(share, "") for share in (shares if true else shares[:-1])),
                ]
            )
    if any(stage.get("told_right") for stage in card.stages):
        for share in (0.1, 0.5, 1.0):
            told = [stage.get("told_right") for stage in card.stages]
            right = [shares[max(1, round(share * len(shares))) - 1] if shares else None for shares in told]
            rows.append([f"labels right, {percent(share)} read", *(percent(one, "") for one in right)])
    width = max(len(row[0]) for row in rows)
    lines = [f"{row[0]:{width}}" + "".join(f"{cell:>7}" for cell in row[1:]).rstrip() for row in rows]
    if names:
        lines.append("Shares in per cent of what was written; a dash: there was nothing to count.")
    return lines
