"""Make the tiny style in ``format1/``: a style as the first version wrote it, which every later one must load.

::

    python tests/data/make_format1.py FOLDER

It was made once and stays as it is; whoever changes the format changes what this script writes, never what stands there.
"""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from rnncomplete.completion.installing import read_memory
from rnncomplete.mixing.memory import CorpusMemory
from rnncomplete.network.loading import STEP, read_card
from rnncomplete.styles import CARD, MEMORY
from rnncomplete.text.vocabulary import Vocabulary

WORDS = ("the", "ship", "sails", "over", "a", "calm", "sea", "while", "stars", "burn", "and", "sailors", "sing", "home")

TRAINING = ("--hidden-size", "24", "--embedding-size", "8", "--layers", "2", "--batch", "8", "--window", "20")

CHARACTERS, NODES, SLOTS = 60_000, 2048, 8192


def sentences(characters: int) -> str:
    """A text of made-up sentences, the same each time."""
    chooser = random.Random(1)
    text = ""
    while len(text) < characters:
        words = [chooser.choice(WORDS) for _ in range(chooser.randint(3, 9))]
        text += " ".join(words).capitalize() + chooser.choice([". ", "! ", ".\n"])
    return text[:characters]


def make(folder: Path) -> None:
    """Train a network for some seconds, count its text into a small memory that is not packed, and fill ``folder``."""
    with tempfile.TemporaryDirectory() as scratch:
        text = Path(scratch) / "sea.txt"
        text.write_text(sentences(CHARACTERS), encoding="utf-8")
        command = [sys.executable, "-m", "rnncomplete", "train", str(text), "--style", "sea", "--no-install"]
        limits = ["--characters", str(4 * CHARACTERS), "--runs", scratch]
        subprocess.run([*command, *TRAINING, *limits], check=True, stdout=sys.stderr)
        style = next(Path(scratch).glob(f"**/{CARD}")).parent
        card = read_card(style)
        counted = read_memory(style, card)
        assert counted is not None, "every style that is trained has one"
        tokens = Vocabulary(card.vocabulary).encode(sentences(CHARACTERS))
        memory = CorpusMemory.count(counted.alphabet, tokens, NODES, SLOTS)
        folder.mkdir(parents=True)
        for name in (CARD, STEP):
            shutil.copyfile(style / name, folder / name)
        (folder / MEMORY).write_bytes(
            CorpusMemory(memory.alphabet, memory.nodes, memory.slots, counted.prior).to_bytes()
        )


if __name__ == "__main__":
    make(Path(sys.argv[1]))
