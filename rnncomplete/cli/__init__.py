"""The command ``rnncomplete``. Commands load when they are called, so that ``--help`` is there at once."""

from __future__ import annotations

import click

from rnncomplete.cli.group import LazyGroup, show_version
from rnncomplete.cli.options import learn_option, source_option, style_options

__all__ = ["main"]


@click.group(
    cls=LazyGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    commands_at={
        "repl": ("rnncomplete.cli.repl:repl", "Open the prompt with ghost text (what you get without a command)."),
        "complete": ("rnncomplete.cli.complete:complete", "Print how the text on stdin goes on."),
        "classify": ("rnncomplete.cli.classify:classify", "Tell which label texts have."),
        "translate": ("rnncomplete.cli.translate:translate", "Translate lines."),
        "describe": ("rnncomplete.cli.describe:describe", "Tell in a sentence what pictures show."),
        "generate": ("rnncomplete.cli.generate:generate", "Write a text in a style."),
        "serve": ("rnncomplete.cli.serve:serve", "Answer plug-ins of editors over HTTP, on this machine only."),
        "eval": ("rnncomplete.cli.evaluate:evaluate_files", "Measure a style on files."),
        "bench": ("rnncomplete.cli.bench:bench", "Measure how fast a style is, beside its peers."),
        "styles": ("rnncomplete.cli.styles:styles", "List, inspect, add and remove styles."),
        "stages": ("rnncomplete.cli.stages:stages", "Show what a style had learned at each stage of its training."),
        "lsp": ("rnncomplete.cli.lsp:lsp", "Serve ghosts to an editor (needs the extra [lsp])."),
        "config": ("rnncomplete.cli.config:config", "Show the settings, and where each came from."),
        "doctor": ("rnncomplete.cli.doctor:doctor", "Show what runs where, and what is wrong."),
    },
)
@style_options
@learn_option
@source_option
@click.option(
    "--version", is_flag=True, callback=show_version, expose_value=False, is_eager=True, help="Print the version."
)
@click.option("--debug", is_flag=True, expose_value=False, help="Show a traceback where something goes wrong.")
@click.pass_context
def main(
    context: click.Context, style: str | None, device: str | None, learn_from: tuple[str, ...], source: str | None
) -> None:
    r"""Ghost text while you type, from a small recurrent network that runs on your machine.

    \b
    rnncomplete                                    open the prompt, type, press Right
    rnncomplete --style linux                      the same in another style
    rnncomplete --learn-from ~/src/project         with the names and phrases of those files
    rnncomplete --style english-french --source letter.txt    translate it line by line
    echo 'To be, or' | rnncomplete complete        print how a text goes on
    rnncomplete generate --prompt 'ROMEO:'         write in the style
    rnncomplete train notes/ --style mine          learn from your own text
    """
    context.obj = {"style": style, "device": device, "learn_from": learn_from or None}
    if context.invoked_subcommand is None:
        from rnncomplete.cli.interruption import begin
        from rnncomplete.cli.repl import open_repl

        begin(None)
        open_repl(context, source=source)
    elif source is not None:
        raise click.UsageError(
            f"--source belongs behind the command: rnncomplete {context.invoked_subcommand} --source …"
        )
