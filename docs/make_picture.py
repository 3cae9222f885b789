"""Draw ``docs/repl.svg`` from a real run of the prompt in a pseudo-terminal.

::

    python docs/make_picture.py [STYLE] [TEXT]
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from html import escape
from pathlib import Path

import pexpect
import pyte

COLUMNS, LINES = 78, 12
WIDTH, HEIGHT, MARGIN = 8.4, 19, 14
"""Of a character, and around all, in pixels."""

TEXTS = (
    "KING HENRY VI:\rGood morrow, gentle lords.\r\rQUEEN MA",
    "First Citizen:\rI pray you, sir.\r\rFirst Citi",
    "DUKE OF YORK:\rNow, by my f",
    "ROMEO:\rGood morrow, m",
)
"""Whichever brings the longest ghost is drawn, unless a text is given."""

GREY = "767676"
PATIENCE = 30.0
"""Seconds that the prompt may take to load, and as long again for a ghost."""


def run(style: str, text: str) -> pyte.Screen:
    """The screen after ``text`` was typed in ``style`` and a ghost has come."""
    screen = pyte.Screen(COLUMNS, LINES)
    stream = pyte.ByteStream(screen)
    with tempfile.TemporaryDirectory() as history:
        environment = os.environ | {"TERM": "xterm-256color", "RNNCOMPLETE_HISTORY": history}
        environment.pop("NO_COLOR", None)
        command = str(Path(sys.executable).parent / "rnncomplete")
        program = pexpect.spawn(command, ["--style", style], dimensions=(LINES, COLUMNS), env=environment)
        screen.write_process_input = program.send

        def read(seconds: float) -> None:
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                try:
                    stream.feed(program.read_nonblocking(65_536, timeout=0.02))
                except pexpect.TIMEOUT:
                    continue

        def wait(what: str) -> None:
            end = time.monotonic() + PATIENCE
            while what not in "\n".join(screen.display):
                if time.monotonic() > end:
                    raise SystemExit(f"the prompt never showed {what!r}:\n" + "\n".join(screen.display))
                read(0.1)

        wait("parameters")
        for character in text:
            program.send(character)
            read(0.1)
        wait(" ms ")
        read(1.0)
        program.close(force=True)
    return screen


def draw(screen: pyte.Screen) -> str:
    """``screen`` as an SVG, on light and on dark."""
    rows = [_row(screen, line) for line in range(LINES)]
    x, y = MARGIN + screen.cursor.x * WIDTH, MARGIN + screen.cursor.y * HEIGHT
    width, height = 2 * MARGIN + COLUMNS * WIDTH, 2 * MARGIN + LINES * HEIGHT
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" role="img">
<title>The prompt: what is typed, and behind the cursor in grey what the network would go on with</title>
<style>
text {{ font: 14px ui-monospace, Menlo, Consolas, monospace; white-space: pre; fill: #1f2328 }}
.ghost {{ fill: #{GREY} }} .back {{ fill: #ffffff; stroke: #d1d9e0 }} .cursor {{ fill: #1f2328 }}
@media (prefers-color-scheme: dark) {{ text, .cursor {{ fill: #e6edf3 }} .back {{ fill: #0d1117; stroke: #3d444d }} }}
</style>
<rect class="back" x="0.5" y="0.5" width="{width - 1:.0f}" height="{height - 1:.0f}" rx="6"/>
<rect class="cursor" x="{x:.1f}" y="{y}" width="2" height="{HEIGHT}"/>
{"".join(rows)}</svg>
"""


def _row(screen: pyte.Screen, line: int) -> str:
    """One line of the screen; runs of one colour are one text as wide as their cells."""
    cells = [screen.buffer[line][column] for column in range(COLUMNS)]
    texts = []
    start = 0
    for column in range(1, COLUMNS + 1):
        if column == COLUMNS or (cells[column].fg == GREY) != (cells[start].fg == GREY):
            text = "".join(cell.data for cell in cells[start:column])
            if text.strip():
                kind = ' class="ghost"' if cells[start].fg == GREY else ""
                x, y = MARGIN + start * WIDTH, MARGIN + line * HEIGHT + 14
                length = len(text.rstrip()) * WIDTH
                shown = escape(text.rstrip())
                texts.append(
                    f'<text{kind} x="{x:.1f}" y="{y}" textLength="{length:.1f}" xml:space="preserve">{shown}</text>\n'
                )
            start = column
    return "".join(texts)


def ghost_length(screen: pyte.Screen) -> int:
    """How many grey characters are behind the cursor."""
    row = screen.buffer[screen.cursor.y]
    return sum(row[column].fg == GREY for column in range(COLUMNS))


def main() -> None:
    """Run the prompt and write the picture."""
    style = sys.argv[1] if len(sys.argv) > 1 else "shakespeare"
    screens = [run(style, text) for text in sys.argv[2:] or TEXTS]
    screen = max(screens, key=ghost_length)
    if ghost_length(screen) < 2:
        raise SystemExit("there was no ghost to draw; try another text:\n" + "\n".join(screen.display))
    Path(__file__).with_name("repl.svg").write_text(draw(screen), encoding="utf-8")


if __name__ == "__main__":
    main()
