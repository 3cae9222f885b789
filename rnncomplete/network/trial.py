"""Running a stranger's graph for the first time in a process of its own, which may crash, hang or swell in our stead.

What was checked of a graph should leave it no way to do harm; this is for what nobody has thought of. A style that came
with the package is not tried, and another one once: that it passed is kept in the user's cache, by the graph's bytes and
the version of ONNX Runtime.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import subprocess
import sys
from pathlib import Path

from rnncomplete.errors import ModelError
from rnncomplete.network.onnx_runtime import runtime_version

SECONDS = 60.0
"""In which a graph must be opened and run; a small one takes a fifth of a second, on a busy machine several."""


def ensure_tried(graph: bytes) -> None:
    """Return if ``graph`` has run well in a process of its own, now or before; else raise :class:`ModelError`."""
    place = _folder() / hashlib.sha256(graph + f" onnxruntime {runtime_version()}".encode()).hexdigest()
    if os.path.exists(place):  # noqa: PTH110 - it raises nothing
        return
    run_apart(graph)
    with contextlib.suppress(OSError):  # where nothing can be kept it is tried every time
        place.parent.mkdir(parents=True, exist_ok=True)
        place.touch()


def run_apart(graph: bytes, command: tuple[str, ...] = ("-P", "-m", "rnncomplete.network.on_trial")) -> None:
    """Open and run ``graph`` in a process of its own; raise :class:`ModelError` unless all goes well.

    ``-P`` keeps modules that lie in the current folder, which may be the stranger's, from being imported.
    """
    if not sys.executable or getattr(sys, "frozen", False):
        raise ModelError("a graph of somebody else's is tried by Python first, which is not there; use a shipped style")
    single = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # threads take room, each of them
    try:
        process = subprocess.run(
            [sys.executable, *command],
            input=graph,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=SECONDS,
            env={**os.environ, **single},
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ModelError(f"the graph did not come to an end in {SECONDS:.0f} s on trial, so it is not run") from None
    except OSError as error:
        raise ModelError(f"the graph could not be tried ({error.strerror or error}), so it is not run") from None
    if process.returncode:
        said = process.stderr.decode("utf-8", "replace").strip().splitlines()
        reason = said[-1][:200] if said and process.returncode > 0 else f"it ended with {process.returncode}"
        raise ModelError(f"the graph failed on trial ({reason}), so it is not run")


def _folder() -> Path:
    from platformdirs import user_cache_path

    return Path(user_cache_path("rnncomplete", appauthor=False)) / "tried"
