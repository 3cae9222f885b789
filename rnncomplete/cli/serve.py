"""``rnncomplete serve``: ghosts for plug-ins that speak HTTP."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import click

from rnncomplete.cli.options import learn_option, settings_from, style_options, tell

PORT = 8012
"""Where llama.vim looks, if it is told nothing."""


@click.command()
@style_options
@learn_option
@click.option(
    "--port", type=click.IntRange(0, 65535), default=PORT, show_default=True, metavar="N", help="0: a free one."
)
@click.option(
    "--api-key",
    envvar="RNNCOMPLETE_API_KEY",
    metavar="KEY",
    help="Ask for this key; better given as RNNCOMPLETE_API_KEY, which other users cannot see.",
)
@click.option(
    "--most-per-second", type=click.FloatRange(1, 100_000), metavar="N", help="Refuse more requests than that (400)."
)
@click.option(
    "--memory",
    type=click.IntRange(16, 1_000_000),
    default=512,
    show_default=True,
    metavar="MB",
    help="Megabytes that what is known of a style's texts may take; a text takes about 10. The texts take an eighth.",
)
@click.option(
    "--threads", type=click.IntRange(1, 64), metavar="N", help="Ghosts computed at once (one a core, 4 at most)."
)
@click.pass_context
def serve(
    context: click.Context,
    /,
    *,
    port: int,
    api_key: str | None,
    most_per_second: float | None,
    memory: int,
    threads: int | None,
    **flags: Any,
) -> None:
    r"""Answer plug-ins of editors over HTTP, on 127.0.0.1 only.

    Without --style the language of each text decides. What is typed teaches each text its own words and is kept in
    memory only; what a plug-in asks ahead of time teaches nothing.

    \b
    rnncomplete serve                         llama.vim finds it as it is
    rnncomplete serve --style linux --port 8080
    rnncomplete serve --learn-from ~/src/project
    RNNCOMPLETE_API_KEY=secret rnncomplete serve
    \b
    curl -s 127.0.0.1:8012/health
    curl -s 127.0.0.1:8012/v1/completions -d '{"prompt":"To be, or not","model":"shakespeare"}'
    curl -s 127.0.0.1:8012/infill -d '{"input_prefix":"for i in ","input_suffix":"","filename":"a.py"}'
    curl -s 127.0.0.1:8012/metrics
    """
    from rnncomplete.errors import SettingError

    settings = settings_from(context, **flags)
    try:
        from rnncomplete.editors.desk import Desk
        from rnncomplete.editors.http import Server, listen, web_server
        from rnncomplete.editors.style_choice import StyleChoice
    except ModuleNotFoundError as error:
        raise SettingError(
            f"`rnncomplete serve` needs {error.name}, which is not installed; type: pip install 'rnncomplete[serve]'"
        ) from None
    from rnncomplete.styles import expect_style

    given = settings.all["style"]
    style = None if given.origin == "default" else settings.style
    if style is not None:
        expect_style(style)
    choice = StyleChoice(settings, style, document_bytes=memory * 2**20)
    desk = Desk(choice.load, choice.styles_for, choice.why_off, text_bytes=memory * 2**20 // 8)
    server = Server(desk, choice.names, threads=threads)
    try:
        listener = listen(port)
    except OSError as error:
        found = f"port {port} cannot be had ({error.strerror or error})"
        raise SettingError(f"{found}; expected a free one, such as: --port 0") from None
    server.warm_up()
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    tell(f"serving {style or 'the style of each language'} at {address} (Ctrl-C ends it)")
    with suppress(KeyboardInterrupt):  # which is how one ends it
        web_server(server.application(key=api_key or None, per_second=most_per_second)).run(sockets=[listener])
