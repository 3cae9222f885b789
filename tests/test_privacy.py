"""What is typed stays here: nothing that the runtime does opens a socket, or leaves files that are not ours."""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pexpect
import pytest

if TYPE_CHECKING:
    from types import ModuleType

pytestmark = pytest.mark.slow

LAUNCHER = Path(__file__).with_name("no_sockets.py")

CONNECTING_SECONDS = 15
"""After 10 seconds at most ONNX Runtime 1.31 looks for its collector, unless it is told not to."""


def launcher() -> ModuleType:
    specification = importlib.util.spec_from_file_location("no_sockets", LAUNCHER)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


filtered = pytest.mark.skipif(not launcher().SUPPORTED, reason="a filter of system calls is something of Linux")


def run_without_sockets(*arguments: str | Path, text: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(LAUNCHER), *map(str, arguments)]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=False)


def files_below(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


@filtered
def test_the_filter_ends_processes_that_open_a_socket_and_no_others() -> None:
    code = f"import runpy; runpy.run_path({str(LAUNCHER)!r})['forbid_sockets'](); import socket; "
    for call, expected in (("socket.socketpair()", 0), ("socket.socket()", -signal.SIGSYS)):
        assert subprocess.run([sys.executable, "-c", code + call], check=False).returncode == expected


@filtered
@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("complete --chars 5 --style {style}", 0),
        ("generate --chars 20 --style {style}", 0),
        ("eval --characters 20 --style {style} {text}", 0),
        ("styles add {style}", 0),
        ("styles", 0),
        ("styles info {style}", 0),
        ("stages {style}", 0),
        ("config", 0),
        ("doctor", 0),
    ],
)
def test_no_command_opens_a_socket_or_leaves_files_of_others(
    command: str, code: int, tiny_style: Path, tmp_path: Path, isolation: Path
) -> None:
    text = tmp_path / "text.txt"
    text.write_text("to be or not to be " * 10, encoding="utf-8")
    arguments = [part.format(style=tiny_style, text=text) for part in command.split()]
    process = run_without_sockets(*arguments, text="to be or")
    assert (process.returncode, process.stderr) == (code, "")
    assert all("rnncomplete" in name or name.startswith("styles/") for name in files_below(isolation)), command


@filtered
def test_the_prompt_opens_no_socket(tiny_style: Path, isolation: Path) -> None:
    environment = {**os.environ, "TERM": "xterm-256color"}
    program = pexpect.spawn(
        sys.executable, [str(LAUNCHER), "--style", str(tiny_style)], env=environment, timeout=20, dimensions=(24, 80)
    )
    program.expect_exact("tells more")
    program.send("to be or not")
    program.expect_exact("not")
    program.sendcontrol("c")
    program.sendcontrol("d")
    program.expect(pexpect.EOF)
    program.close()
    assert (program.exitstatus, program.signalstatus) == (0, None)
    assert all("rnncomplete" in name for name in files_below(isolation))


@filtered
def test_nothing_connects_while_a_style_is_used_for_longer(tiny_style: Path) -> None:
    code = f"""
import runpy, time
runpy.run_path({str(LAUNCHER)!r})["forbid_sockets"]()
from rnncomplete.completion.completer import load_completer
completer = load_completer({str(tiny_style)!r}, "cpu")
end = time.monotonic() + {CONNECTING_SECONDS}
while time.monotonic() < end:
    completer.complete("to be or not to be")
    time.sleep(0.1)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
