"""What a training says while it runs: a live line in a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager, nullcontext, suppress
from typing import IO, TYPE_CHECKING, Any, TextIO, cast

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from rnncomplete.text.printing import printable
from rnncomplete_export.exporting.comparison import tell
from rnncomplete_export.exporting.exporter import STEPS
from rnncomplete_export.exporting.translation_figures import tell_translations
from rnncomplete_export.network.measure import LN2
from rnncomplete_export.training.interruption import Interruption

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from types import TracebackType

    from rnncomplete.network.card import Card

LINE_SECONDS = 15.0
"""Seconds between plain lines, until they become a minute's after ``SEVERAL_MINUTES``."""

SEVERAL_MINUTES = 300.0

LARGE = 10_000_000
"""Bytes of a style beyond which a line says so: it is read whole whenever it is loaded."""

BEFORE_SHARING = "before you share it: it may give back what stood in its text more than once, names and passwords too"
"""What a style holds of its text, in a line."""


def clock(seconds: float) -> str:
    """Seconds as hours, minutes and seconds."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}"


class Forgiving:
    """A stream that loses what cannot be written to it: a full disk or a closed terminal must end no training."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """All of ``text``, or nothing."""
        with suppress(OSError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """As far as it goes."""
        with suppress(OSError):
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def console_for_people(*, quiet: bool = False) -> Console:
    """On stderr, of plain text: what a network writes or a file is called is neither markup nor an emoji."""
    stream = cast("IO[str]", Forgiving(sys.stderr))
    return Console(file=stream, highlight=False, soft_wrap=True, markup=False, emoji=False, quiet=quiet)


class TrainingProgress:
    """A context manager; outside a terminal, or in any process but the first, the live line is left out."""

    def __init__(self, *, silent: bool = False) -> None:
        self._console = console_for_people(quiet=silent)
        self._live: Progress | None = None
        self._task: TaskID | None = None
        self._started = self._last_line = time.monotonic()

    def __enter__(self) -> TrainingProgress:
        if self._console.is_terminal:
            self._live = Progress(
                BarColumn(bar_width=24), TextColumn("{task.description}"), console=self._console, transient=True
            )
            self._task = self._live.add_task("", total=1.0)
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def say(self, text: str) -> None:
        """One line (or more), as it is."""
        self._console.print(printable(text))

    def reading(self, done: int, total: int) -> None:
        """How much of the text was read, in bytes, before the training begins."""
        self._show(f"reading the text, {done / 1e6:,.0f} of {total / 1e6:,.0f} MB", done / max(total, 1))

    def pictures(self, done: int, total: int) -> None:
        """How many pictures were read, before the training begins."""
        self._show(f"reading the pictures, {done:,} of {total:,}", done / max(total, 1))

    def update(self, *, characters: int, loss: float, rate: float, progress: float, left: float | None) -> None:
        """Where the training is: characters read, nats per character, characters a second, seconds left."""
        text = f"{characters:,} characters  {loss:.3f} nats  {loss / LN2:.3f} bits/char  {rate:,.0f} chars/s"
        if left is not None:
            text += f"  {clock(left)} left"
        self._show(text, min(progress, 1.0))

    def _show(self, text: str, share: float) -> None:
        """One thing at a time: in the live line, or now and then as a line."""
        if self._live is not None and self._task is not None:
            self._live.update(self._task, completed=share, description=text)
            return
        now = time.monotonic()
        if now - self._last_line >= (LINE_SECONDS if now - self._started < SEVERAL_MINUTES else 4 * LINE_SECONDS):
            self._last_line = now
            self.say(text)


def say(text: str) -> None:
    """One plain line for people."""
    console_for_people().print(printable(text))


@contextmanager
def interruptible(last_words: Callable[[], str], *, silent: bool = False) -> Iterator[Interruption]:
    """Inside this block an interruption leaves the program with ``last_words``, which say what was saved and what to type.

    Where the :class:`Interruption` is deferred, whoever finds that it was asked for raises ``KeyboardInterrupt``.
    """
    with Interruption() as interruption:
        try:
            yield interruption
        except KeyboardInterrupt:
            if not silent:
                say(last_words())
            raise SystemExit(interruption.exit_code) from None


def say_export(export: Callable[[Callable[[str], None]], Card], folder: Path, text: Path | None = None) -> None:
    """Run ``export``, which takes what to tell of each of its steps, with a bar; then say what came out.

    It is measured on ``text``, or on the text held out.
    """
    started = last = time.monotonic()
    console = console_for_people()
    bar = Progress(BarColumn(bar_width=24), TextColumn("{task.description}"), console=console, transient=True)
    task = bar.add_task("", total=STEPS)

    def advance(step: str) -> None:
        nonlocal last
        bar.update(task, advance=1, description=step)
        if not console.is_terminal and time.monotonic() - last >= LINE_SECONDS:
            last = time.monotonic()
            console.print(step)

    console.print("exporting, and measuring what was learned")
    with bar if console.is_terminal else nullcontext():
        card = export(advance)
    figures = card.figures
    say(
        f"exported {card.parameters:,} parameters to {folder} in {time.monotonic() - started:.0f} s: "
        f"{figures['nats_per_character']:.4f} nats per character ({figures['nats_per_character'] / LN2:.3f} bits) on "
        f"{text or 'the text held out'}; int8 costs {figures['int8_nats'] - figures['float32_nats']:+.4f}"
        + (f", fp16 {figures['fp16_nats'] - figures['float32_nats']:+.4f}" if "fp16_nats" in figures else "")
    )
    say(tell(figures))
    if "translation" in figures:
        say(tell_translations(figures["translation"]))
    if (size := sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())) > LARGE:
        say(
            f"the style takes {size / 1e6:.1f} MB, which is more than {LARGE / 1e6:.0f}: each kind of character costs; a smaller "
            "--hidden-size makes it smaller"
        )
    say(BEFORE_SHARING)
