"""``rnncomplete doctor``: what runs where."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from rnncomplete.cli.options import print_json, print_text
from rnncomplete.text.printing import one_line

if TYPE_CHECKING:
    from rnncomplete.measure.self_test import Report


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def doctor(context: click.Context, as_json: bool) -> None:
    r"""Show versions and devices, test each style, and say what is wrong and what to type.

    Exits with 1 where something is wrong.

    \b
    rnncomplete doctor
    rnncomplete doctor --json > report.json
    """
    from rnncomplete.measure.self_test import examine

    report = examine()
    from rnncomplete.editors.found import find_editors, language_server

    server, editors = language_server(), find_editors()
    if as_json:
        print_json({**report.to_dict(), "language_server": server, "editors": editors})
    else:
        _print(report, {"rnncomplete lsp": server, **editors})
    if report.problems:
        context.exit(1)


def _print(report: Report, editors: dict[str, str]) -> None:
    print_text(f"{'python':16} {report.python} on {report.platform}")
    for name, version in report.versions.items():
        print_text(f"{name:16} {version}")
    print_text(f"{'gpu':16} {report.gpu}")
    print_text(f"{'your styles':16} {one_line(report.styles_folder)}")
    for style in report.styles:
        if style.problem is None:
            figures = f"loads in {style.load_ms} ms, {style.step_us} µs a character on {style.device}"
            print_text(f"{style.style:16} {figures}")
        if style.note is not None:
            print_text(f"{'note':16} {one_line(style.note)}")
    for name, line in editors.items():
        print_text(f"{name:16} {one_line(line)}")
    for problem in report.problems:
        print_text(f"{'problem':16} {one_line(problem)}")
    if not report.problems:
        print_text("all is well")
