"""Pairs of made-up sentences whose second lines say in other words, and in another order, what the first ones say.

No two are alike, so a translation of what was held out cannot be one that was learned by heart.
"""

from __future__ import annotations

import random
from itertools import product

WHOSE = {"The": "Le", "A": "Un", "My": "Mon"}
THINGS = {
    "cat": "chat",
    "dog": "chien",
    "ship": "bateau",
    "tree": "arbre",
    "house": "palais",
    "road": "chemin",
    "king": "roi",
    "bread": "pain",
    "wine": "vin",
    "hat": "chapeau",
    "book": "livre",
    "garden": "jardin",
    "bridge": "pont",
    "horse": "cheval",
    "boy": "fils",
    "knife": "couteau",
    "bed": "lit",
    "wolf": "loup",
    "sun": "soleil",
    "coat": "manteau",
}
KINDS = {
    "red": "rouge",
    "big": "grand",
    "old": "vieux",
    "small": "petit",
    "black": "noir",
    "green": "vert",
    "white": "blanc",
    "young": "jeune",
    "long": "long",
    "strong": "fort",
    "tired": "las",
    "rich": "riche",
    "sad": "triste",
    "slow": "lent",
    "cold": "froid",
}


def rows(count: int, seed: int = 1, header: str = "english\tfrench\n") -> str:
    """So many pairs, 900 at most, as a TSV file holds them: in the other language a thing stands before its kind."""
    pairs = [
        f"{whose} {kind} {thing}.\t{WHOSE[whose]} {THINGS[thing]} {KINDS[kind]}.\n"
        for whose, thing, kind in product(WHOSE, THINGS, KINDS)
    ]
    return header + "".join(random.Random(seed).sample(pairs, count))
