"""Checking and installing a whole style: its network and its memory."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from rnncomplete.errors import ModelError, StyleError
from rnncomplete.files import replaced_folder
from rnncomplete.mixing.memory import CorpusMemory
from rnncomplete.network.loading import STEP, load_network, read_style_file
from rnncomplete.styles import CARD, FOLDER_VARIABLE, MEMORY, Style, list_styles, user_styles_folder

if TYPE_CHECKING:
    from pathlib import Path

    from rnncomplete.network.card import Card


def read_memory(folder: Path, card: Card) -> CorpusMemory | None:
    """The memory of the style in ``folder``, if it has one; raises :class:`ModelError` if it is not one for ``card``."""
    path = folder / MEMORY
    if not path.exists():
        return None
    try:
        memory = CorpusMemory.from_bytes(read_style_file(path))
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from None
    if memory.alphabet.characters != card.vocabulary:
        raise ModelError(f"{path}: counts of another vocabulary than that of {CARD}; expected the style's own")
    return memory


def check_style(folder: Path) -> Card:
    """The card of the style in ``folder`` after checking its graph and memory and running it; raises ``ModelError``."""
    card = load_network(folder, "cpu").card
    read_memory(folder, card)
    return card


def install_style(folder: Path, *, replace: bool = False) -> Style:
    """Check the style in ``folder`` and copy it to the user's own, under the name in its card, all or nothing.

    Raises :class:`~rnncomplete.errors.ModelError` if it breaks the contract, :class:`StyleError` if a style of that
    name is there and ``replace`` is false, or if it cannot be written.
    """
    name = check_style(folder).style
    target = user_styles_folder() / name
    if not replace and any(style.name == name for style in list_styles()):
        raise StyleError(f"there is a style {name!r} already; remove it first, or replace it with --replace")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with replaced_folder(target) as fresh:
            parts = [CARD, STEP, *([MEMORY] if (folder / MEMORY).exists() else [])]
            for path in [*(folder / part for part in parts), *_extras(folder)]:
                shutil.copyfile(path, fresh / path.name)
    except OSError as error:
        raise StyleError(
            f"cannot install the style in {target}: {error.strerror or error}; set {FOLDER_VARIABLE}"
        ) from None
    return Style(name, target, shipped=False)


def _extras(folder: Path) -> list[Path]:
    """What a style may have for people, beside what programs need."""
    return [path for pattern in ("README.md", "*.svg") for path in sorted(folder.glob(pattern)) if path.is_file()]
