"""Finding, listing and removing styles: those shipped, and the user's own, which come first."""

from __future__ import annotations

import contextlib
import difflib
import os
import re
import shutil
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from rnncomplete.errors import StyleError
from rnncomplete.files import at_home, clear_left_behind, true_path

DEFAULT_STYLE = "shakespeare"

AUTO = "auto"
"""What people write in place of a style's name for whichever suits the text (:mod:`rnncomplete.completion.auto`)."""

CARD = "card.json"
"""The file that makes a folder a style."""

MEMORY = "memory.bin"
"""What a style may have beside its graph: counts of the text that it was trained on."""

ENCODER = "encode.onnx"
"""What a style has that translates or describes: the graph that reads what it writes about."""

STYLE_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")

FOLDER_VARIABLE = "RNNCOMPLETE_STYLES"
"""Environment variable: the folder of the user's own styles."""


def is_style_name(name: str) -> bool:
    """Whether a style may be called ``name``: of plain letters, and not what stands for any style."""
    return name != AUTO and bool(STYLE_NAME.fullmatch(name))


def check_style_name(name: str) -> None:
    """Raise :class:`StyleError` unless a style may be called ``name``."""
    if name == AUTO:
        raise StyleError(
            f"the name {AUTO!r} stands for whichever style suits the text; expected another name for a style"
        )
    if not STYLE_NAME.fullmatch(name):
        raise StyleError(
            f"the style is called {name!r}; expected lower case letters, digits, hyphens, underscores, at most 64 of them"
        )


@dataclass(frozen=True)
class Style:
    """A style that is there, not yet loaded."""

    name: str
    folder: Path
    shipped: bool
    """Whether it came with rnncomplete, so that it cannot be removed."""


def shipped_styles_folder() -> Path:
    """Where the styles that come with rnncomplete are."""
    return Path(str(files("rnncomplete.models")))


def is_shipped(folder: Path) -> bool:
    """Whether the style in ``folder`` is one that came with rnncomplete."""
    return true_path(folder).parent == true_path(shipped_styles_folder())


def user_styles_folder() -> Path:
    """Where the user's own styles are; it may not exist yet."""
    if folder := os.environ.get(FOLDER_VARIABLE):
        return at_home(folder)
    from platformdirs import user_data_path

    return user_data_path("rnncomplete", appauthor=False) / "styles"


def _own_styles() -> Path:
    """The folder of the user's own styles, among them again what was being replaced when the program was killed."""
    folder = user_styles_folder()
    with contextlib.suppress(OSError):
        clear_left_behind(folder)
    return folder


def list_styles() -> list[Style]:
    """All styles by name; one of the user's hides a shipped one of the same name."""
    found: dict[str, Style] = {}
    for root, shipped in ((shipped_styles_folder(), True), (_own_styles(), False)):
        for path in sorted(root.glob(f"*/{CARD}")):
            if is_style_name(name := path.parent.name):
                found[name] = Style(name, path.parent, shipped)
    return [found[name] for name in sorted(found)]


def is_installed(name: str) -> bool:
    """Whether ``name`` is that of a style that was shipped or added, and not a path or a folder that lies here."""
    return is_style_name(name) and any(
        (root / name / CARD).is_file() for root in (_own_styles(), shipped_styles_folder())
    )


def find_style(name: str) -> Path:
    """The folder of the style called ``name``, or ``name`` itself if it is a path to a folder.

    Raises :class:`StyleError`, which lists the styles that are there and names the nearest.
    """
    if is_style_name(name):
        for root in (_own_styles(), shipped_styles_folder()):
            if (root / name / CARD).is_file():
                return root / name
    folder = Path(name)
    try:
        if name and (folder.expanduser() / CARD).is_file():
            return folder.expanduser()
        is_folder = len(folder.parts) > 1 or folder.is_dir()
    except (OSError, ValueError, RuntimeError):  # too long, NUL inside, no such home: no path at all
        is_folder = False
    if name and is_folder:
        raise StyleError(f"there is no style in the folder {name!r}; expected one that holds {CARD} and the graphs")
    names = [style.name for style in list_styles()]
    nearest = difflib.get_close_matches(name, names, n=1)
    hint = f"did you mean {nearest[0]!r}? " if nearest else ""
    there = f"there are: {', '.join(names)}" if names else "train one with: rnncomplete train TEXT --style NAME"
    raise StyleError(f"there is no style {name!r}; {hint}{there}")


def expect_style(name: str) -> None:
    """Raise :class:`StyleError` as :func:`find_style` does, unless ``name`` is :data:`AUTO`."""
    if name != AUTO:
        find_style(name)


def remove_style(name: str) -> Path:
    """Delete one of the user's own styles and return the folder that is gone; raises :class:`StyleError`."""
    own = user_styles_folder() / name
    if not STYLE_NAME.fullmatch(name) or not (own / CARD).is_file():
        folder = find_style(name)
        raise StyleError(f"{name!r} in {folder} is not one of your own styles; those are in {user_styles_folder()}")
    try:
        shutil.rmtree(own)
    except OSError as error:
        raise StyleError(f"cannot remove {own}: {error.strerror or error}; remove the folder by hand") from None
    return own
