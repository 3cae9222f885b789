"""Options that several commands share, and what becomes of them."""

from __future__ import annotations

import contextlib
import json
from math import isfinite
from typing import TYPE_CHECKING, Any, TypeVar

import click

from rnncomplete.text.characters import is_displayable
from rnncomplete.text.printing import one_line, printable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from rnncomplete.completion.completer import Completer
    from rnncomplete.network.model import Model
    from rnncomplete.settings import Settings

Command = TypeVar("Command", bound="Callable[..., Any]")


class FiniteRange(click.FloatRange):
    """A number within bounds: neither ``nan``, which no bound holds back, nor an infinity."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """``value`` as a float; fails as click does for anything else."""
        number: float = super().convert(value, param, ctx)
        if not isfinite(number):
            self.fail(f"{value} is not a finite number.", param, ctx)
        return number


def style_options(command: Command) -> Command:
    """Add ``--style`` and ``--device``."""
    device = click.option(
        "--device", type=click.Choice(["auto", "cpu", "cuda"]), help="Where to run; auto takes the faster."
    )
    style = click.option("--style", metavar="NAME", help="Name of a style, or a folder that holds one.")
    return style(device(command))


def ghost_options(command: Command) -> Command:
    """Add ``--length`` and ``--threshold``."""
    threshold = click.option(
        "--threshold", type=float, metavar="P", help="Show no ghost less likely than this (the style's own)."
    )
    length = click.option("--length", type=int, metavar="N", help="Characters a ghost has at most (40).")
    return length(threshold(command))


learn_option = click.option(
    "--learn-from",
    multiple=True,
    metavar="PATH",
    type=click.Path(),
    help="Learn from this file or folder first; may be given again. Counted once, then kept.",
)


static_option = click.option("--static", is_flag=True, help="The network alone, without what the text itself teaches.")


def settings_from(context: click.Context, **flags: Any) -> Settings:
    """The settings, with the flags of this command, then those given to ``rnncomplete`` before the command.

    What of a project's files was ignored is told.
    """
    from rnncomplete.settings import load_settings

    outer = context.find_root().obj or {}
    settings = load_settings(outer | {name: value for name, value in flags.items() if value not in (None, ())})
    for line in settings.ignored:
        tell(line)
    return settings


def named_style(context: click.Context, style: str | None) -> str | None:
    """The style that was named, for this command or before it."""
    named: str | None = style or (context.find_root().obj or {}).get("style")
    return named


def style_about(context: click.Context, style: str | None, kind: str) -> str:
    """The style named, or else of those that write about sources of that ``kind`` the one of the settings, or the first.

    Raises :class:`StyleError` if there is none.
    """
    from rnncomplete.network.loading import styles_about
    from rnncomplete.settings import load_settings

    if named := named_style(context, style):
        return named
    found, usual = styles_about(kind), load_settings().style
    return usual if usual in found else found[0]


def load_about(context: click.Context, style: str | None, kind: str) -> Model:
    """The network that writes about sources of that ``kind``: that of the style named, or else the first there is.

    It runs on the CPU, where lines are tried side by side. Raises :class:`StyleError`.
    """
    from rnncomplete.errors import StyleError
    from rnncomplete.network.loading import load_network
    from rnncomplete.styles import find_style

    chosen = style_about(context, style, kind)
    model = load_network(find_style(settings_from(context, style=chosen).style), "cpu")
    if model.card.source is None or model.card.source["kind"] != kind:
        does, trained = {
            "text": ("does not translate", "pairs of lines: rnncomplete train --pairs FILE.tsv"),
            "picture": ("describes no pictures", "pictures: rnncomplete train --pictures FOLDER"),
        }[kind]
        raise StyleError(f"the style {model.card.style!r} {does}; expected one that was trained on {trained}")
    return model


def open_completer(settings: Settings, before: str | None = None, *, static: bool = False) -> Completer:
    """The completer that ``settings`` ask for; of the style ``auto`` the one that suits the text ``before``.

    Raises :class:`SettingError` for that style where there is no such text.
    """
    from rnncomplete.completion.completer import load_completer
    from rnncomplete.completion.prefix_cache import always
    from rnncomplete.errors import SettingError
    from rnncomplete.styles import AUTO

    if settings.style != AUTO:
        completer = load_completer(settings.style, settings.device, static=static, **settings.decoding)
    elif before is None:
        raise SettingError("the style auto is chosen by what is being written; here expected one: --style NAME")
    else:
        from rnncomplete.completion.auto import load_auto

        chooser = load_auto(settings.device, static=static, **settings.decoding)
        if before:
            chooser.choose(before, always)
        completer = chooser.current
    if completer.note:
        tell(completer.note)
    if settings.learn_from and not static:
        learn(completer, settings.learn_from)
    return completer


def learn(completer: Completer, paths: Sequence[Path]) -> None:
    """Let ``completer`` learn from ``paths``, with progress, and a line for each file left out."""
    from rnncomplete.cli.progress import Progress

    left_out: list[str] = []
    with Progress("learning") as progress:
        completer.learn_files(paths, progress=progress, skipped=left_out.append)
    for line in left_out:
        tell(f"left out: {line}")


source_option = click.option(
    "--source",
    metavar="TEXT|FILE",
    help="What is translated, line by line: a file, or else the text itself. For styles with a source.",
)


def source_text(given: str) -> str:
    """The text of the file of that name, or where there is none ``given`` itself; raises :class:`TextError`."""
    from pathlib import Path

    from rnncomplete.text.decoding import decode_text, read_text

    with contextlib.suppress(OSError, ValueError):  # too long, or NUL inside: no path at all
        if Path(given).exists() and not Path(given).is_dir():  # a pipe is read, too
            return read_text(Path(given))
    return decode_text(given.encode("utf-8", "surrogateescape"), "--source")


def decode_stdin(instead: str) -> str:
    """All of stdin; raises :class:`TextError` if it is closed, or is a folder, and says what to type ``instead``."""
    import sys

    from rnncomplete.errors import TextError
    from rnncomplete.text.decoding import decode_text

    try:
        data = sys.stdin.buffer.read()
    except OSError as error:
        raise TextError(f"cannot read stdin: {error.strerror or error}; expected a text there: {instead}") from None
    return decode_text(data, "stdin")


def print_json(document: object) -> None:
    """One JSON document on stdout, in which what a terminal must not be sent is written as JSON's escapes."""
    text = json.dumps(document, ensure_ascii=False, indent=2)
    for character in sorted(set(text)):
        if not is_displayable(character):
            text = text.replace(character, json.dumps(character)[1:-1])
    write_text(text + "\n")


def print_text(text: str) -> None:
    """A line or more on stdout, in which a mark stands for what a terminal must not be sent."""
    write_text(printable(text) + "\n")


def write_text(text: str) -> None:
    """``text`` on stdout as it is, in UTF-8, whatever the terminal says it speaks, and at once.

    For what the user has written, and what a network writes, which never chooses what disturbs a terminal.
    """
    click.echo(text.encode("utf-8", "replace"), nl=False)


def tell(line: str) -> None:
    """A line for people on stderr, in which a mark stands for what a terminal must not be sent."""
    with contextlib.suppress(OSError):  # where nobody can be told, nothing else is wrong
        click.echo(f"rnncomplete: {one_line(line)}", err=True)
