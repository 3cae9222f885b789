"""How the prompt looks: colours, the toolbar, and tables for people."""

from __future__ import annotations

import os
import re
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

from prompt_toolkit.application.current import get_app_session
from prompt_toolkit.formatted_text import ANSI, FormattedText
from prompt_toolkit.layout.processors import TabsProcessor, Transformation, TransformationInput
from prompt_toolkit.lexers import Lexer, PygmentsLexer, SimpleLexer
from prompt_toolkit.shortcuts import print_formatted_text
from prompt_toolkit.styles import Style
from prompt_toolkit.utils import get_cwidth, is_dumb_terminal

from rnncomplete.ghost.drawing import TAB_STOP
from rnncomplete.repl.commands import is_command
from rnncomplete.styles import AUTO
from rnncomplete.text.printing import printable
from rnncomplete.text.wording import counted, short_number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from PIL.Image import Image
    from prompt_toolkit.document import Document
    from prompt_toolkit.formatted_text import StyleAndTextTuples

    from rnncomplete.ghost.suggest import RNNAutoSuggest

GREY = "#767676"
"""The grey with the same contrast, 4.5 to 1, on black and on white."""

TABBED = ("c", "go", "make")
"""Languages that are indented with tabs."""

PICTURE_COLUMNS, PICTURE_ROWS = 48, 16
"""Of the terminal, that a picture takes at most."""

PIECE = 1000
"""Characters printed between two questions whether to go on."""

LONGEST_COLOURED = 5000
"""Characters; Pygments reads all of a text at every key, which takes about 3 ms a thousand."""


def colours(ghost: str | None = None) -> Style:
    """The style sheet, with ghosts in the colour ``ghost``; if ``NO_COLOR`` is set they are dim and slanted instead."""
    ghost = "dim italic" if os.environ.get("NO_COLOR") else ghost or GREY
    return Style.from_dict(
        {
            "auto-suggestion": ghost,
            "bottom-toolbar": "noreverse dim" if os.environ.get("NO_COLOR") else f"noreverse {GREY}",
            "prompt": "bold",
            "source": "nobold italic" if os.environ.get("NO_COLOR") else "nobold ansicyan",
        }
    )


class TextLexer(Lexer):
    """Colours as ``lexer`` does, but no command, and no text so long that a key would wait for its colours."""

    def __init__(self, lexer: Lexer) -> None:
        self._lexer = lexer
        self._plain = SimpleLexer()

    def lex_document(self, document: Document) -> Callable[[int], StyleAndTextTuples]:
        """A function from a line's number to its coloured text."""
        plain = is_command(document.text) or len(document.text) > LONGEST_COLOURED
        return (self._plain if plain else self._lexer).lex_document(document)


class Tabs(TabsProcessor):
    """Draws tabs, and spares lines without one the walk through their characters."""

    def apply_transformation(self, transformation_input: TransformationInput) -> Transformation:
        """The line with blanks in place of its tabs."""
        if not any("\t" in text for _, text, *_ in transformation_input.fragments):
            return Transformation(transformation_input.fragments)
        return super().apply_transformation(transformation_input)


def lexer_named(name: str | None) -> Lexer | None:
    """The Pygments lexer called ``name``, for texts; ``None`` if there is none."""
    if name is None:
        return None
    from pygments.lexers import find_lexer_class_by_name
    from pygments.util import ClassNotFound

    try:
        return TextLexer(PygmentsLexer(find_lexer_class_by_name(name)))
    except ClassNotFound:
        return None


def indent_of(text: str, lexer: str | None) -> str:
    """What Tab inserts in code: the smallest step of the indentation that ``text`` has, or else that of its language."""
    indented = re.findall(r"^(\t+| {2,})(?=[^\s*])", text, re.MULTILINE)
    steps = [indent for indent in indented if indent.startswith(" ")]
    if len(steps) < len(indented) - len(steps) or (not indented and lexer in TABBED):
        return "\t"
    return min(steps, key=len, default=4 * " ")


def toolbar(suggest: RNNAutoSuggest) -> str:
    """One line on the state of ``suggest``."""
    if suggest.problem is not None:
        return f" {suggest.style} · no ghosts; :style tells why"
    if (completer := suggest.completer) is None:
        return f" {suggest.style} · loading …"
    chosen = " (auto)" if suggest.style == AUTO else ""
    # What differs from the ordinary comes first, since a narrow terminal cuts off the end.
    parts = [f" {completer.card.style}{chosen}"]
    if suggest.readout is not None:
        label, share = suggest.readout
        parts.append(f"{label} {100 * share:.0f} %")
    if not suggest.automatic:
        parts.append("ghosts off (Alt-G)")
    if suggest.reading:
        parts.append("reading …")
    if suggest.study is not None:
        if suggest.study.share is not None:
            parts.append(f"learning {100 * suggest.study.share:.0f} %")
        elif suggest.study.problem is not None:
            parts.append("nothing learned; :learn tells why")
    parts += [f"{short_number(completer.card.parameters)} parameters", completer.device]
    if suggest.milliseconds is not None:
        parts.append(f"{max(suggest.milliseconds, 1):.0f} ms")
    saved = suggest.tally.saved
    parts.append(f"{counted(saved, 'keystroke')} saved")
    return printable(" · ".join(parts))


def short(path: Path) -> str:
    """``path`` as people type it."""
    home = Path.home()
    return f"~/{path.relative_to(home).as_posix()}" if path.is_relative_to(home) else str(path)


def say(text: str, wanted: Callable[[], bool] = lambda: True) -> None:
    """Print ``text`` and a line end on the terminal of the prompt, which is not always what ``sys.stdout`` is.

    Tabs are drawn as blanks, and a mark for each character that a terminal must not be sent. It is printed piece by
    piece; once ``wanted()`` is false, no more of it.
    """
    drawn = printable(text.expandtabs(TAB_STOP))
    for begin in range(0, len(drawn), PIECE):
        if not wanted():
            break
        write(drawn[begin : begin + PIECE])
    write("\n")


def write(text: str) -> None:
    """Print ``text`` as :func:`say` does, but as it is: for what a network writes, which chooses nothing else."""
    output = get_app_session().output
    output.write(text)
    output.flush()


def say_coloured(fragments: StyleAndTextTuples) -> None:
    """Print ``fragments``, pairs of a colour and a text, as :func:`say` does; without colours if ``NO_COLOR`` is set."""
    plain = bool(os.environ.get("NO_COLOR"))
    shown: StyleAndTextTuples = [("" if plain else colour, printable(text)) for colour, text, *_ in fragments]
    print_formatted_text(FormattedText([*shown]), output=get_app_session().output)


def show_picture(image: Image) -> None:
    """Draw ``image`` in half blocks, two pixels a character; a line instead where there are no colours for it."""
    output = get_app_session().output
    size = output.get_size()
    if os.environ.get("NO_COLOR") or is_dumb_terminal():
        say("the picture is not shown: this terminal is to have no colours")
        return
    try:
        from rich.console import Console
        from rich_pixels import Pixels
    except ImportError:
        say("the picture is not shown: rich-pixels is missing; pip install 'rnncomplete[pictures]'")
        return
    room = max(2, min(PICTURE_COLUMNS, size.columns - 1)), max(2, 2 * min(PICTURE_ROWS, size.rows - 4))
    drawn = image.copy()
    drawn.thumbnail(room)
    page = StringIO()
    console = Console(file=page, force_terminal=True, color_system="truecolor", width=room[0], legacy_windows=False)
    console.print(Pixels.from_image(drawn))
    print_formatted_text(ANSI(page.getvalue().rstrip("\n")), output=output)


def cut(text: str, columns: int | None = None) -> str:
    """What of ``text``, of one line, fits into so many columns, by default those of the terminal."""
    room = columns or get_app_session().output.get_size().columns
    text = text.expandtabs(TAB_STOP)
    if get_cwidth(text[: room + 1]) <= room and len(text) <= room:
        return text
    taken = 0
    for place, character in enumerate(text):
        taken += get_cwidth(character)
        if taken > room - 1:
            return text[:place] + "…"
    return text


class TabDrawer:
    """Draws tabs as blanks in a text that comes piece by piece."""

    def __init__(self) -> None:
        self._column = 0

    def draw(self, piece: str) -> str:
        """``piece`` with its tabs drawn."""
        drawn = (" " * self._column + piece).expandtabs(TAB_STOP)[self._column :]
        self._column = len(drawn.rpartition("\n")[2]) + (0 if "\n" in drawn else self._column)
        return drawn


def side_by_side(rows: Iterable[tuple[str, str]], columns: int = 79) -> str:
    """Rows of two cells as a table of at most so many ``columns``, the short ones two to a line."""
    rows = list(rows)
    short = [row for row in rows if sum(map(len, row)) <= columns // 2 - 11]
    left, right = short[: (len(short) + 1) // 2], short[(len(short) + 1) // 2 :]
    pairs = [(*one, *other) for one, other in zip(left, [*right, ("", "")], strict=False)]
    return "\n".join([table(row for row in rows if row not in short), table(pairs)])


def table(rows: Iterable[tuple[str, ...]]) -> str:
    """Rows with their columns aligned."""
    rows = list(rows)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
