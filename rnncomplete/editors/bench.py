"""What ghosts cost and spare in an editor, measured through a real client: ``rnncomplete bench --editor``."""

from __future__ import annotations

import os
import shutil
import sysconfig
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np

from rnncomplete.editors.client import Client
from rnncomplete.editors.preferences import Preferences
from rnncomplete.editors.project import Project
from rnncomplete.editors.shelf import Shelf
from rnncomplete.measure.evaluation import predicted_losses
from rnncomplete.measure.startup import memory_of
from rnncomplete.measure.typing_simulation import TypingFigures, simulate_typing

if TYPE_CHECKING:
    from collections.abc import Callable

LARGE = 100_000
"""Characters of the document in which answers are timed."""

KEYS, A_SECOND = 240, 12
"""Keys that are typed there, and how many in a second."""

STARTS = 5

PROJECT = "prompt_toolkit"
"""The package whose source is the project; these of its files are typed, the others are there:"""
TYPED = ("buffer.py", "layout/menus.py")

READ, TYPED_CHARACTERS = 12_000, 3_000
"""Characters of each file that nats are taken of, and that are typed; from its start."""

LANGUAGES = {
    "python": "import os\n\n\ndef main(",
    "c": "#include <linux/slab.h>\n\nstatic int ",
    "typescript": "export function ",
    "markdown": "# Notes\n\nThis is ",
    "shellscript": "#!/bin/sh\nset -e\n\nif [ ",
}


def measure_editor(progress: Callable[[int, int], None] = lambda *_: None) -> dict[str, Any]:
    """All figures by name: milliseconds, MB, nats per character and shares."""
    parts: list[Callable[[], dict[str, Any]]] = [_start, _answers, _memory, _nats, _keys]
    found: dict[str, Any] = {}
    for number, part in enumerate(parts):
        progress(number, len(parts))
        found |= part()
    return found


def _start() -> dict[str, Any]:
    """From the start of the server's process to its first ghost, by the clock and in time of a core."""
    times, work = [], []
    for _ in range(1 + STARTS):
        began = time.perf_counter()
        client = Client()
        client.initialize()
        client.open("file:///start.py", "python", LANGUAGES["python"])
        client.ghosts("file:///start.py", 3, 9)
        times.append(1000 * (time.perf_counter() - began))
        work.append(_core_ms(client.process.pid))
        client.close()
    spent = [one for one in work[1:] if one is not None]
    return {
        "start_to_first_ghost_ms": round(median(times[1:]), 1),
        "start_to_first_ghost_core_ms": round(median(spent), 1) if spent else None,
    }


def _core_ms(process: int) -> float | None:
    """Milliseconds of cores that a process has used, where the system tells."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except OSError:
        return None
    return 1000 * (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _answers() -> dict[str, Any]:
    """From a request to its answer, while somebody types at the end of a large document, and right after each key."""
    text = Path(sysconfig.get_path("stdlib"), "inspect.py").read_text(encoding="utf-8")[: LARGE + KEYS]
    client = Client()
    client.initialize(options={"budget_ms": None})
    uri = "file:///large.py"
    client.open(uri, "python", text[:LARGE])
    lines = text[:LARGE].split("\n")
    line, column = len(lines) - 1, len(lines[-1])
    began = time.perf_counter()
    client.ghosts(uri, line, column)
    opening = 1000 * (time.perf_counter() - began)
    answers, shown, before = [], 0, _core_ms(client.process.pid)
    for number, character in enumerate(text[LARGE:]):
        due = time.perf_counter() + 1 / A_SECOND
        began = time.perf_counter()
        client.change(uri, 2 + number, line, column, character)
        line, column = (line + 1, 0) if character == "\n" else (line, column + 1)
        shown += bool(client.ghosts(uri, line, column))
        answers.append(1000 * (time.perf_counter() - began))
        time.sleep(max(0.0, due - time.perf_counter()))
    after = _core_ms(client.process.pid)
    client.close()
    p50, p99 = np.percentile(answers, (50, 99)).tolist()
    return {
        "first_answer_in_100_kb_ms": round(opening, 1),
        "answer_in_100_kb_ms_p50": round(p50, 2),
        "answer_in_100_kb_ms_p99": round(p99, 2),
        "core_ms_a_key": None if before is None or after is None else round((after - before) / len(answers), 2),
        "keys_with_a_ghost": round(shown / len(answers), 3),
    }


def _memory() -> dict[str, Any]:
    """All memory of a server with texts of five languages open."""
    client = Client()
    client.initialize()
    for language, text in LANGUAGES.items():
        client.open(f"file:///{language}", language, text)
        lines = text.split("\n")
        client.ghosts(f"file:///{language}", len(lines) - 1, len(lines[-1]))
    used = memory_of(client.process.pid, "VmRSS")
    client.close()
    return {"memory_of_five_languages_mb": None if used is None else round(used / 1e6, 1)}


def _copy_project(folder: Path) -> list[str]:
    """The project in ``folder`` without the files that are typed; the beginnings of those."""
    import importlib.util

    spec = importlib.util.find_spec(PROJECT)
    root = Path(spec.origin).parent if spec and spec.origin else Path()
    shutil.copytree(root, folder / PROJECT, ignore=shutil.ignore_patterns("__pycache__"))
    texts = []
    for name in TYPED:
        texts.append((root / name).read_text(encoding="utf-8"))
        (folder / PROJECT / name).unlink()
    return texts


def _nats() -> dict[str, Any]:
    """Nats per character of the files typed, with the project counted as the server counts it, and without."""
    shelf = Shelf()
    with tempfile.TemporaryDirectory() as name:
        texts = [text[:READ] for text in _copy_project(Path(name))]
        project = Project(Path(name), Preferences())
        project.count("python", shelf, lambda *_: None, lambda: True)
        known = project.learned["python"]
        project.forget()

    def nats(learned: Any) -> float:
        losses = [predicted_losses(shelf.completer("python", learned), text) for text in texts]
        return float(np.concatenate(losses).mean(dtype=np.float64))

    without, with_project = nats(None), nats(known)
    return {
        "project_characters": known.characters,
        "nats_without_project": round(without, 4),
        "nats_with_project": round(with_project, 4),
        "fewer_nats": round(1 - with_project / without, 4),
    }


def _keys() -> dict[str, Any]:
    """The keys that a simulated person spares through the server, with the project counted, and without."""
    return {
        "keystrokes_saved_without_project": round(_typed(learn=False).keystrokes_saved, 4),
        "keystrokes_saved_with_project": round(_typed(learn=True).keystrokes_saved, 4),
    }


def _typed(*, learn: bool) -> TypingFigures:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        texts = [text[:TYPED_CHARACTERS] for text in _copy_project(folder)]
        client = Client()
        client.initialize(folder, options={"learn": learn})
        figures = TypingFigures()
        for file, text in zip(TYPED, texts, strict=True):
            figures += _type(client, (folder / PROJECT / file).as_uri(), text)
        client.command("forget")
        client.close()
    return figures


def _type(client: Client, uri: str, text: str) -> TypingFigures:
    """Type ``text`` into a new document ``uri``, once the project is counted."""
    client.open(uri, "python", "")
    while client.command("status", uri)["counting"]:
        time.sleep(0.2)
    line = column = version = 0
    known = ""

    def ghost(before: str) -> str:
        nonlocal line, column, known, version
        fresh, version = before[len(known) :], version + 1
        client.change(uri, 2 + version, line, column, fresh)
        line += fresh.count("\n")
        column = len(fresh) - fresh.rfind("\n") - 1 if "\n" in fresh else column + len(fresh)
        known = before
        items = client.ghosts(uri, line, column)
        return items[0]["insertText"] if items else ""

    return simulate_typing(text, ghost)
