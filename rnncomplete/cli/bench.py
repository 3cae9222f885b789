"""``rnncomplete bench``: how fast a style is."""

from __future__ import annotations

import re
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rnncomplete.cli.interruption import interruptible
from rnncomplete.cli.options import open_completer, print_json, print_text, settings_from, style_options, tell
from rnncomplete.cli.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rnncomplete.completion.completer import Completer
    from rnncomplete.measure.startup import Startup

PEERS = "rnncomplete.bench_peers"
"""Entry points of other ways to run a style's network: functions from its folder to a step."""

_WRITTEN = 4100
_STARTS = 5

_UNITS = {"us": "µs", "ms": "ms", "mb": "MB"}


@click.command()
@style_options
@click.option("--text", "text_file", type=click.Path(path_type=Path), metavar="FILE", help="Real text for prefixes.")
@click.option("--editor", is_flag=True, help="Measure `rnncomplete lsp` through a client instead; takes minutes.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
@interruptible
def bench(context: click.Context, /, text_file: Path | None, editor: bool, as_json: bool, **flags: Any) -> None:
    r"""Measure how fast a style is on one core, beside other ways to run the same network.

    A ghost is 32 characters, from the key to its last character. Prefixes come from FILE, or from what the style
    itself writes. The peers, PyTorch and ONNX Runtime's own LSTM operator, need the extra [train]. Ratios are the
    result; "noisy" says that the machine had other work, and to measure again.

    \b
    rnncomplete bench
    rnncomplete bench --style linux --text driver.c --json
    rnncomplete bench --editor
    """
    settings = settings_from(context, **flags)
    from rnncomplete.measure.speed import pin_to_one_core

    if not editor:  # there are two processes then
        pin_to_one_core()
    document = _measure_editor() if editor else _measure(settings, text_file)
    if as_json:
        print_json(document)
        return
    for name, value in document.items():
        words, _, unit = name.rpartition("_")
        shown = f"{value:,}" if isinstance(value, (int, float)) and not isinstance(value, bool) else str(value)
        name_shown, unit_shown = (words, _UNITS[unit]) if unit in _UNITS else (name, "")
        print_text(f"{name_shown.replace('_', ' '):32} {shown:>14} {unit_shown}".rstrip())


def _measure_editor() -> dict[str, Any]:
    from rnncomplete.editors.bench import measure_editor

    with Progress("measuring") as progress:
        return measure_editor(progress)


def _measure(settings: Any, text_file: Path | None) -> dict[str, Any]:
    from rnncomplete.completion.completer import Completer
    from rnncomplete.measure.documents import measure_documents, written
    from rnncomplete.measure.speed import figures, measure
    from rnncomplete.network.graph_check import read_graph
    from rnncomplete.network.loading import STEP
    from rnncomplete.styles import find_style
    from rnncomplete.text.decoding import read_text

    folder = find_style(settings.style)
    completer = open_completer(settings)
    static = Completer(completer.model, completer.options, static=True)
    text = read_text(text_file) if text_file else written(static, _WRITTEN)
    if len(text) < 3:
        from rnncomplete.errors import TextError

        raise TextError(f"{text_file} has {len(text)} characters; expected at least three, better 4,000")
    with Progress("starting prompts") as progress:
        starts = list(_starts(completer, text, ["--style", settings.style, "--device", completer.device], progress))
    graph = read_graph((folder / STEP).read_bytes())
    peers = dict(_peers(folder, completer))
    with Progress("measuring") as progress:
        samples = measure(completer, static, peers, text, weight_bytes=graph.int8_bytes, progress=progress)
    with Progress("opening documents") as progress:
        progress(0, 1)
        documents = measure_documents(settings.style, completer.device)
    found = figures(samples)
    return {
        "style": completer.card.style,
        "device": completer.device,
        "text": str(text_file) if text_file else "written by the style",
        "parameters": completer.card.parameters,
        **{name: found.pop(name) for name in list(found) if name.endswith(("_us", "_p50", "_p99", "_ms"))},
        "startup_prompt_ms": _middle([start.prompt_ms for start in starts]),
        "startup_ghost_ms": _middle([start.ghost_ms for start in starts]),
        "peak_memory_mb": _middle([start.peak_memory_mb for start in starts]),
        **asdict(documents),
        **found,
    }


def _starts(completer: Completer, text: str, arguments: list[str], progress: Progress) -> Iterator[Startup]:
    """The prompt started a few times, where that can be measured; the first time warms up."""
    from rnncomplete.measure.startup import can_measure, start_prompt

    typed, ghost = _line_with_a_ghost(completer, text)
    for number in range(1 + _STARTS) if can_measure() and ghost else ():
        start = start_prompt(arguments, typed, ghost)
        progress(number + 1, 1 + _STARTS)
        if start is None:
            tell("the prompt did not come up in a pseudo-terminal; see: rnncomplete doctor")
            return
        if number:
            yield start


def _line_with_a_ghost(completer: Completer, text: str) -> tuple[str, str]:
    """The beginning of a line of ``text`` that has a ghost, and the ghost's first letters; empty if there is none."""
    for line in text.splitlines()[:200]:
        for match in re.finditer(r"\w+ ?(?=\w)", line):
            typed = line[: match.end()]
            ghost = completer.fresh().complete(typed, options=replace(completer.options, budget_ms=float("inf")))
            letters = re.match(r"\s?(\w{3,})", ghost.text)
            if (
                letters
                and letters.group(1) not in typed
                and typed.isascii()
                and typed.isprintable()
                and typed[0] != ":"
            ):
                return typed, letters.group(1)
    return "", ""


def _peers(folder: Path, completer: Completer) -> Iterator[tuple[str, Completer]]:
    """Other ways to run the network in ``folder``; a line on stderr if they are not installed."""
    from importlib.metadata import entry_points

    from rnncomplete.completion.completer import Completer
    from rnncomplete.errors import ModelError
    from rnncomplete.network.model import Model

    for point in entry_points(group=PEERS):
        try:
            step = point.load()(folder)
        except ModuleNotFoundError as error:
            tell(f"without {error.name} nothing is measured beside it; type: pip install 'rnncomplete[train]'")
            return
        except ModelError as error:
            tell(f"nothing is measured beside it: {error}")
            return
        yield point.name, Completer(Model(completer.card, "cpu", step), completer.options, static=True)


def _middle(values: list[float]) -> float | None:
    """The median, or ``None`` of nothing."""
    return round(sorted(values)[len(values) // 2], 1) if values else None
