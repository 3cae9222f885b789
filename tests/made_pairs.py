"""Pairs of made-up sentences whose second lines say in other words, and in another order, what the first ones say.

No two are alike, so a translation of what was held out cannot be one that was learned by heart.
"""

from __future__ import annotations

import random
from itertools import product

WHOSE = {"The": "Le", "A": "Un", "My": "Mon"}
THINGS = dict(
    zip(
        "cat dog ship tree house road king bread wine hat book garden bridge horse boy knife bed wolf sun coat".split(),
        "chat chien bateau arbre palais chemin roi pain vin chapeau livre jardin pont cheval fils couteau lit loup soleil "
        "manteau".split(),
        strict=True,
    )
)
KINDS = dict(
    zip(
        "red big old small black green white young long strong tired rich sad slow cold".split(),
        "rouge grand vieux petit noir vert blanc jeune long fort las riche triste lent froid".split(),
        strict=True,
    )
)


def rows(count: int, seed: int = 1, header: str = "english\tfrench\n") -> str:
    """So many pairs, 900 at most, as a TSV file holds them: in the other language a thing stands before its kind."""
    pairs = [
        f"{whose} {kind} {thing}.\t{WHOSE[whose]} {THINGS[thing]} {KINDS[kind]}.\n"
        for whose, thing, kind in product(WHOSE, THINGS, KINDS)
    ]
    return header + "".join(random.Random(seed).sample(pairs, count))
