"""Which editors there are on this machine, and what they need to show ghosts."""

from __future__ import annotations

import re
import shutil
import subprocess
from importlib import metadata

_VERSION = re.compile(r"\d+\.\d+(\.\d+)?")

_NEEDS = {
    "nvim": ("0.10", "the plug-in editors/nvim"),
    "code": ("1.91", "the extension editors/vscode"),
    "code-server": ("4.91", "the extension editors/vscode"),
    "emacs": ("28.1", "lsp-mode 10"),
    "vim": ("9.0", "llama.vim and `rnncomplete serve`"),
    "hx": ("", "a version with inline completion; 25.07 has none"),
    "zed": ("", "`rnncomplete serve`"),
}
"""By command: the oldest version, and what it takes beside; docs/editors.md has the lines."""

_SECONDS = 10.0


def language_server() -> str:
    """Whether `rnncomplete lsp` can run, or what to type."""
    try:
        return f"ready, with pygls {metadata.version('pygls')}"
    except metadata.PackageNotFoundError:
        return "not installed; type: pip install 'rnncomplete[lsp]'"


def find_editors() -> dict[str, str]:
    """A line for each editor that can be started here: its version, and what it needs."""
    return {name: _about(path, *_NEEDS[name]) for name in _NEEDS if (path := shutil.which(name))}


def _about(path: str, oldest: str, needs: str) -> str:
    try:
        told = subprocess.run(
            [path, "--version"], capture_output=True, text=True, errors="replace", timeout=_SECONDS, check=False
        ).stdout
    except (OSError, subprocess.SubprocessError):
        told = ""
    found = _VERSION.search(told)
    if found is None:
        return f"of unknown version; needs {needs}"
    if oldest and _parts(found.group()) < _parts(oldest):
        return f"{found.group()} is too old; expected {oldest} or later, with {needs}"
    return f"{found.group()}; needs {needs}"


def _parts(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))
