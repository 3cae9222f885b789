"""Write ``ghosts.json``: what each shipped style shows after some beginnings. Run it after a style was replaced.

::

    python tests/data/make_ghosts.py

Look at what has changed (``git diff``) before it is committed: a ghost that has become worse is a fault.
"""

from __future__ import annotations

import json
from dataclasses import replace
from math import inf
from pathlib import Path

from rnncomplete.completion.completer import load_completer
from rnncomplete.network.picture_file import read_picture
from rnncomplete.styles import list_styles

FILE = Path(__file__).with_name("ghosts.json")

PROMPTS = {
    "docs": ("To install it, ", "Returns the number of ", "This option is only ", "If the file does not "),
    "english-french": (
        "O\u00f9 ",
        "O\u00f9 est ",
        "O\u00f9 est la gare ?\nJ'ai ",
        "O\u00f9 est la gare ?\nJ'ai perdu mes cl\u00e9s.\nElle ",
    ),
    "english": ("I would like to ", "Thank you for your ", "It was a dark and ", "She looked at him and "),
    "javascript": ("const express = req", "function add(a, b) {\n  ret", "import React, { use", "for (let i = 0; i < "),
    "linux": (
        "static int ",
        "static int foo_probe(struct platform_device *p",
        "#include <linux/",
        "if (IS_ERR(",
        "struct device *dev = &pdev->",
    ),
    "math": ("\\begin{theo", "Let $X$ be a ", "\\mathbb{R", "By the definition of the "),
    "pictures": ("", "a ", "a star ", "on a green background, ", "two "),
    "python": ("import nump", "def __init__(self", "for i in ran", "    raise ValueErr"),
    "reviews": ("The battery ", "I would not recom", "One of the best fi", "The acting is "),
    "shakespeare": ("To be, or not ", "KING HENRY:\nWhat say ", "First Citi", "Good morrow, "),
    "shell": ("#!/bin/", 'for file in "$', 'if [ -z "$', "docker run --"),
    "tolstoy": ("Prince And", "Pierre was ", "The countess ", "\u201cWhat is the mat"),
}
"""What people may type first in a style."""

SCENE = Path(__file__).with_name("scene.png")
"""What ``pictures`` writes about."""

LETTER = "Where is the station?\nI have lost my keys.\nShe does not want to come with us."
"""What ``english-french`` translates."""

LATER = 300
"""Characters of what the style wrote itself, behind which it is asked once more: a text that has taught it something."""


def prompts(style: str, sample: str) -> list[str]:
    """What ``style`` is asked to go on with; ``sample`` is what it wrote at the end of its training."""
    return [*PROMPTS.get(style, ()), *(sample[:end] for end in (LATER // 10, LATER // 2, LATER))]


def ghosts() -> dict[str, dict[str, list[str]]]:
    """Of each shipped style, by what was typed: the ghost that is shown, and the one that is shown when asked for."""
    found: dict[str, dict[str, list[str]]] = {}
    for style in list_styles():
        if style.shipped:
            completer = load_completer(str(style.folder), "cpu")
            options = replace(completer.options, budget_ms=inf)
            if style.name == "pictures":
                completer.open(source=read_picture(SCENE, 64))
            elif style.name == "english-french":
                completer.open(source=LETTER)
            sample = completer.card.stages[-1]["sample"] if completer.card.stages else ""
            found[style.name] = {
                text: [completer.complete(text, options=options).text, completer.insist(text, options=options).text]
                for text in prompts(style.name, sample)
            }
    return found


def as_json(found: dict[str, dict[str, list[str]]]) -> str:
    """What stands in the file."""
    return json.dumps(found, ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    FILE.write_text(as_json(ghosts()), encoding="utf-8")
