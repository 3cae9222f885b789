"""A click group that loads its commands when they are called, and says every error in one line."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any, NoReturn

import click

from rnncomplete.cli.interruption import begin
from rnncomplete.cli.options import tell
from rnncomplete.cli.streams import end_output, open_closed_streams, refusal
from rnncomplete.errors import RnncompleteError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from importlib.metadata import EntryPoint

ENTRY_POINTS = "rnncomplete.commands"
"""Where commands of other packages are found, such as those that need PyTorch."""

_NEED_TORCH = {
    "train": "Train a style on any text (needs the extra [train]).",
    "export": "Turn a checkpoint into a style (needs the extra [train]).",
}

_BUG = "this is a bug in rnncomplete; run it again with --debug for a traceback and report that"


class LazyGroup(click.Group):
    """``commands_at`` maps a command's name to where it is, as "module:attribute", and its line in ``--help``."""

    def __init__(self, *args: Any, commands_at: Mapping[str, tuple[str, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        self._commands_at = commands_at
        _kept_lines(self)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Our own commands, then those of entry points; none of them is imported."""
        return [*self._commands_at, *sorted(_entry_points().keys() - self._commands_at.keys())]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Import the command called ``cmd_name``."""
        if cmd_name in self._commands_at:
            module, _, attribute = self._commands_at[cmd_name][0].partition(":")
            command = getattr(import_module(module), attribute)
        elif cmd_name in (points := _entry_points()):
            try:
                command = points[cmd_name].load()
            except ModuleNotFoundError as error:
                raise click.ClickException(_extra_line(cmd_name, error)) from error
        else:
            return None
        return _kept_lines(command) if isinstance(command, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list in ``--help``, from the lines we have, so that nothing is imported for it."""
        lines = {name: line for name, (_, line) in self._commands_at.items()}
        rows = []
        for name in self.list_commands(ctx):
            rows.append((name, lines.get(name) or _NEED_TORCH.get(name) or "From another package."))
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that ``args`` name, loaded: from here on it is what Ctrl-C interrupts."""
        name, command, rest = super().resolve_command(ctx, args)
        begin(command)
        return name, command, rest

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; a package that only an extra brings is named with the line to type."""
        try:
            return super().invoke(ctx)
        except ModuleNotFoundError as error:
            name = ctx.invoked_subcommand or ""
            if name in self._commands_at or name not in _entry_points() or _is_ours(error):
                raise
            raise click.ClickException(_extra_line(name, error)) from error

    def main(  # type: ignore[override] # the overloads there tell apart what here is the same
        self, args: Sequence[str] | None = None, prog_name: str | None = None, **extra: Any
    ) -> NoReturn:
        """Run with ``args``, by default those of the process, and exit: 0, 2 for the user's mistakes, 1 for ours."""
        arguments = list(sys.argv[1:] if args is None else args)
        debug = "--debug" in arguments or bool(os.environ.get("RNNCOMPLETE_DEBUG"))
        arguments = [argument for argument in arguments if argument != "--debug"]
        extra["standalone_mode"] = False
        open_closed_streams()
        try:
            code = super().main(arguments, prog_name or "rnncomplete", **extra)
            sys.stdout.flush()
        except SystemExit:
            raise
        except BaseException as error:
            if debug and not isinstance(error, (click.exceptions.Exit, click.UsageError)):
                raise
            code = _report(error)
        sys.exit(code if isinstance(code, int) else 0)


def _kept_lines(command: click.Command) -> click.Command:
    r"""``command`` with its examples left as lines: docstrings are raw, and click looks for a backspace, not for ``\b``."""
    command.help = (command.help or "").replace("\\b\n", "\b\n")
    for inner in command.commands.values() if isinstance(command, click.Group) else ():
        _kept_lines(inner)
    return command


def _report(error: BaseException) -> int:
    """Say ``error`` in one line on stderr; returns the exit code."""
    if isinstance(error, (click.Abort, KeyboardInterrupt)):
        return 130
    end_output()
    if isinstance(error, BrokenPipeError):  # whoever read our output has gone
        return 1
    if isinstance(error, click.UsageError):
        path = error.ctx.command_path if error.ctx else "rnncomplete"
        said = error.format_message()
        message, code = f"{said}{'' if said.endswith(('.', '?', '!')) else '.'} See: {path} --help", 2
    elif isinstance(error, click.ClickException):
        message, code = error.format_message(), 2
    elif isinstance(error, RnncompleteError):
        message, code = str(error), error.exit_code
    elif isinstance(error, MemoryError):
        message, code = "there is not enough memory for that; end other programs, or ask for less", 1
    elif isinstance(error, OSError) and (refused := refusal(error)):
        message, code = refused, 1
    elif isinstance(error, Exception):
        message, code = f"unexpected {type(error).__name__}: {error}; {_BUG}", 1
    else:
        raise error
    tell(message)
    return code


def _entry_points() -> dict[str, EntryPoint]:
    from importlib.metadata import entry_points

    return {point.name: point for point in entry_points(group=ENTRY_POINTS)}


def _is_ours(error: ModuleNotFoundError) -> bool:
    return (error.name or "").partition(".")[0] == "rnncomplete"


def _extra_line(command: str, error: ModuleNotFoundError) -> str:
    return (
        f"`rnncomplete {command}` needs {error.name or 'a package'}, which is not installed; "
        "type: pip install 'rnncomplete[train]'"
    )


def show_version(ctx: click.Context, _parameter: click.Parameter, value: bool) -> None:
    """Print the version and stop, if ``--version`` was given."""
    if value:
        from importlib.metadata import version

        click.echo(f"rnncomplete {version('rnncomplete')}")
        ctx.exit()
