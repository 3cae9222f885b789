"""``rnncomplete stages``: what a style wrote while it learned, and what it could by then."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from rnncomplete.cli.options import print_json, print_text, settings_from

if TYPE_CHECKING:
    from rnncomplete.network.card import Card


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
        print_text(f"== {_heading(stage)}\n{_harmless(str(stage.get('sample', '')))}\n")
    print_text("\n".join(_table(card)))


def _heading(stage: dict[str, Any]) -> str:
    return f"after {stage.get('characters', 0):,} characters, {stage.get('loss', float('nan')):.3f} nats per character"


def _harmless(text: str) -> str:
    """``text`` without what would disturb a terminal; a card may come from a stranger."""
    from rnncomplete.text.vocabulary import is_displayable

    return "".join(c for c in text if is_displayable(c)).rstrip()


def _table(card: Card) -> list[str]:
    """Lines: a row for characters seen and for loss, then one a skill; a column a stage, and one for the true text."""
    true = card.figures.get("skills_of_the_text") or {}
    names = list(dict.fromkeys(name for stage in card.stages for name in stage.get("skills") or {}))
    rows = [
        ["characters seen", *(_short(stage.get("characters", 0)) for stage in card.stages), "true" if true else ""],
        ["nats per character", *(f"{stage.get('loss', float('nan')):.2f}" for stage in card.stages), ""],
    ]
    for name in names:
        shares = [(stage.get("skills") or {}).get(name) for stage in card.stages] + [true.get(name)]
        if any(share is not None for share in shares):
            rows.append([_harmless(name).replace("_", " "), *map(_percent, shares if true else shares[:-1])])
    width = max(len(row[0]) for row in rows)
    lines = [f"{row[0]:{width}}" + "".join(f"{cell:>7}" for cell in row[1:]).rstrip() for row in rows]
    if names:
        lines.append("Shares in per cent of what was written; a dash: there was nothing to count.")
    return lines


def _short(number: int) -> str:
    """A number of characters in six columns."""
    for size, letter in ((1_000_000, "M"), (1_000, "k")):
        if number >= size:
            return f"{number / size:.3g}{letter}"
    return str(number)


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.0f}"
