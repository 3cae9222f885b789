"""``rnncomplete styles``: what there is, and the user's own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rnncomplete.cli.options import print_json, print_text
from rnncomplete.text.characters import is_displayable
from rnncomplete.text.printing import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rnncomplete.network.card import Card
    from rnncomplete.styles import Style

_KEY_WIDTH = 28
_LICENCE_WIDTH = 40
"""Characters of a licence in the list; ``styles info`` has all of it."""


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def styles(context: click.Context, as_json: bool) -> None:
    r"""List, inspect, add and remove styles.

    \b
    rnncomplete styles
    rnncomplete styles info shakespeare
    rnncomplete styles add ./my-style
    rnncomplete styles remove mine
    """
    if context.invoked_subcommand is None:
        _list(as_json)


@styles.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def list_command(as_json: bool) -> None:
    """All styles, with parameters, nats per character, what each does, licence and corpus."""
    _list(as_json)


@styles.command("info")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def info_command(name: str, as_json: bool) -> None:
    """The card of one style."""
    import dataclasses

    from rnncomplete.network.loading import read_card
    from rnncomplete.styles import find_style

    folder = find_style(name)
    facts = {"folder": str(folder), **dataclasses.asdict(read_card(folder))}
    if as_json:
        print_json(facts)
        return
    print_text("\n".join(_tree(facts)))


@styles.command("add")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--replace", is_flag=True, help="Replace a style of the same name.")
def add_command(folder: Path, replace: bool) -> None:
    """Check the style in FOLDER and install it among your own."""
    from rnncomplete.completion.installing import install_style

    style = install_style(folder, replace=replace)
    print_text(f"{style.name} is installed; try it: rnncomplete --style {style.name}")


@styles.command("remove")
@click.argument("name")
def remove_command(name: str) -> None:
    """Delete one of your own styles."""
    from rnncomplete.styles import remove_style

    print_text(f"removed {remove_style(name)}")


def _list(as_json: bool) -> None:
    from rnncomplete.styles import list_styles

    rows = [_facts(style) for style in list_styles()]
    if as_json:
        print_json(rows)
        return
    if not rows:
        print_text("no styles yet; train one with: rnncomplete train TEXT --style NAME")
        return
    table = [("style", "parameters", "nats/char", "", "does", "licence", "corpus")]
    for row in rows:
        parameters, nats = row["parameters"], row["nats_per_character"]
        cells = (
            parameters and f"{parameters / 1e6:.2f}M",
            nats and f"{nats:.3f}",
            "" if row["shipped"] else "your own",
        )
        end = (row["does"], row["licence"] and _cut(row["licence"], _LICENCE_WIDTH), row["problem"] or row["corpus"])
        table.append((row["style"], *("-" if cell is None else one_line(str(cell)) for cell in cells + end)))
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for style, parameters, nats, whose, does, licence, corpus in table:
        numbers = f"{parameters:>{widths[1]}}  {nats:>{widths[2]}}"
        words = f"{whose:{widths[3]}}  {does:{widths[4]}}  {licence:{widths[5]}}  {corpus}"
        print_text(f"{style:{widths[0]}}  {numbers}  {words}")


def _facts(style: Style) -> dict[str, Any]:
    """What a list says of one style; a damaged card is said, too."""
    from rnncomplete.errors import ModelError

    facts: dict[str, Any] = {
        **{"style": style.name, "folder": str(style.folder), "shipped": style.shipped, "problem": None},
        **dict.fromkeys(("description", "does", "parameters", "nats_per_character", "corpus", "licence")),
    }
    from rnncomplete.network.loading import read_card

    try:
        card = read_card(style.folder)
    except ModelError as error:
        return facts | {"problem": str(error)}
    return facts | {
        "description": card.description,
        "does": _does(card),
        "parameters": card.parameters,
        "nats_per_character": card.figures.get("nats_per_character"),
        "corpus": card.corpus.get("name"),
        "licence": card.corpus.get("licence"),
    }


def _does(card: Card) -> str:
    """What the style is for, beside finishing texts."""
    if card.source is not None:
        return {"text": "translates", "picture": "describes pictures"}[card.source["kind"]]
    labels = ", ".join(label for names in card.readouts.values() for label in names)
    return f"tells {labels}" if labels else "goes on"


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def _tree(facts: dict[str, Any], depth: int = 0) -> Iterator[str]:
    """A line a fact, those inside another one indented below it."""
    for key, value in facts.items():
        inside = isinstance(value, dict) and bool(value)
        lines = [""] if inside else list(map(one_line, _short(key, value).splitlines())) or [""]
        yield f"{'  ' * depth + one_line(key):{_KEY_WIDTH}} {lines[0]}".rstrip()
        yield from (f"{'':{_KEY_WIDTH}} {line}" for line in lines[1:])
        if inside:
            yield from _tree(value, depth + 1)


def _short(key: str, value: Any) -> str:
    """A field of a card in one line."""
    if key == "vocabulary":
        shown = "".join(c for c in value[1:] if is_displayable(c) and not c.isspace())
        return f"{len(value)} characters: {_cut(shown, 60)}"
    if key == "stages":
        return f"{len(value)} stages, see: rnncomplete stages"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value)) or "-"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return "-" if value in (None, {}) else str(value)
