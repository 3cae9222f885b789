"""Checking and installing a whole style: its network and its memory."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from rnncomplete.errors import ModelError, StyleError
from rnncomplete.files import read_regular, replaced_folder
from rnncomplete.mixing.memory import CorpusMemory
from rnncomplete.network.loading import LARGEST_FILE, STEP, load_network, read_style_file
from rnncomplete.styles import CARD, ENCODER, FOLDER_VARIABLE, MEMORY, Style, list_styles, user_styles_folder

if TYPE_CHECKING:
    from pathlib import Path

    from rnncomplete.network.card import Card


PARTS = {
    CARD: 2**20,
    STEP: LARGEST_FILE,
    ENCODER: LARGEST_FILE,
    MEMORY: LARGEST_FILE,
    "README.md": 2**20,
    "stages.svg": 2**22,
}
"""The files of a style, and how many bytes each may have: the first two must be there."""


def unpack_memory(folder: Path) -> CorpusMemory | None:
    """The memory of the style in ``folder``, if it has one; raises :class:`ModelError` if it is damaged."""
    path = folder / MEMORY
    if not path.exists():
        return None
    try:
        return CorpusMemory.from_bytes(read_style_file(path))
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from None


def check_memory_of(folder: Path, memory: CorpusMemory, card: Card) -> None:
    """Raise :class:`ModelError` if ``memory``, unpacked from ``folder``, is not one for ``card``."""
    path = folder / MEMORY
    if memory.alphabet.characters != card.vocabulary:
        raise ModelError(f"{path}: counts of another vocabulary than that of {CARD}; expected the style's own")
    told = [len(labels) for labels in card.readouts.values()]
    if memory.labels is not None and told != [len(memory.labels.bias)]:
        raise ModelError(f"{path}: counts of {len(memory.labels.bias)} labels; expected those of one readout of {CARD}")


def read_memory(folder: Path, card: Card) -> CorpusMemory | None:
    """The memory of the style in ``folder``, if it has one; raises :class:`ModelError` if it is not one for ``card``."""
    memory = unpack_memory(folder)
    if memory is not None:
        check_memory_of(folder, memory, card)
    return memory


def check_style(folder: Path) -> Card:
    """The card of the style in ``folder`` after checking its graph and memory and running it; raises ``ModelError``."""
    card = load_network(folder, "cpu").card
    read_memory(folder, card)
    return card


def install_style(folder: Path, *, replace: bool = False) -> Style:
    """Check the style in ``folder`` and copy it to the user's own, under the name in its card, all or nothing.

    Of the files in ``folder`` only those of :data:`PARTS` are copied. Raises :class:`~rnncomplete.errors.ModelError` if it breaks the contract, :class:`StyleError` if a style of that
    name is there and ``replace`` is false, or if it cannot be written.
    """
    card = check_style(folder)
    name = card.style
    parts = {part: most for part, most in PARTS.items() if part != ENCODER or card.source}
    target = user_styles_folder() / name
    if not replace and any(style.name == name for style in list_styles()):
        raise StyleError(f"there is a style {name!r} already; remove it first, or replace it with --replace")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with replaced_folder(target) as fresh:
            for part, most in parts.items():
                if part in (CARD, STEP) or os.path.lexists(folder / part):
                    (fresh / part).write_bytes(_own_bytes(folder / part, most))
            check_style(fresh)  # what is there now, whatever became of the folder meanwhile
    except OSError as error:
        raise StyleError(
            f"cannot install the style in {target}: {error.strerror or error}; set {FOLDER_VARIABLE}"
        ) from None
    return Style(name, target, shipped=False)


def _own_bytes(path: Path, most: int) -> bytes:
    """The bytes of one part of a style; raises :class:`StyleError` unless it is a plain file in its folder."""
    try:
        if path.is_symlink():
            raise OSError(None, "it is a link, and what it leads to may not be meant to be copied")
        return read_regular(path, most)
    except OSError as error:
        raise StyleError(f"cannot copy {path}: {error.strerror or error}; expected a regular file") from None
