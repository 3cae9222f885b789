"""Pairs of made-up sentences whose second lines say in other words, and in another order, what the first ones say."""

from __future__ import annotations

import random

THINGS = {"cat": "chat", "dog": "chien", "ship": "bateau", "tree": "arbre", "house": "palais", "road": "chemin"}
KINDS = {"red": "rouge", "big": "grand", "old": "vieux", "small": "petit"}


def pair(draw: random.Random) -> tuple[str, str]:
    """A thing of a kind, which in the other language stands behind it."""
    thing, kind = draw.choice([*THINGS]), draw.choice([*KINDS])
    return f"The {kind} {thing}.", f"Le {THINGS[thing]} {KINDS[kind]}."


def rows(count: int, seed: int = 1, header: str = "english\tfrench\n") -> str:
    """So many of them as a TSV file holds them."""
    draw = random.Random(seed)
    return header + "".join("\t".join(pair(draw)) + "\n" for _ in range(count))
