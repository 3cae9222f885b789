"""The installed command, as a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

COMMAND = [sys.executable, "-c", "import sys; sys.argv[0] = 'rnncomplete'; from rnncomplete.cli import main; main()"]


def run(*arguments: str | Path, **options: Any) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([*COMMAND, *map(str, arguments)], capture_output=True, check=False, **options)


def test_the_script_is_installed() -> None:
    script = Path(sys.executable).parent / "rnncomplete"
    process = subprocess.run([script, "--version"], capture_output=True, text=True, check=True)
    assert process.stdout == "rnncomplete 0.1.0\n"


def test_complete_prints_one_document_and_nothing_else(tiny_style: Path) -> None:
    process = run("complete", "--style", tiny_style, "--json", "--chars", "3", input=b"caf\xc3\xa9")
    assert process.stderr == b""
    assert len(json.loads(process.stdout)["text"]) == 3


def test_help_imports_nothing_heavy() -> None:
    code = COMMAND[2].replace(
        "main()",
        "\ntry: main()\nfinally: print([n for n in ('numpy', 'torch', 'onnxruntime', 'prompt_toolkit', 'rnncomplete_export') if n in sys.modules])",
    )
    process = subprocess.run([sys.executable, "-c", code, "--help"], capture_output=True, text=True, check=True)
    assert process.stdout.endswith("[]\n")
    for command in ("complete", "generate", "eval", "styles", "train", "export", "doctor"):
        assert f"\n  {command} " in process.stdout


def test_a_reader_that_goes_away_is_not_an_error(tiny_style: Path) -> None:
    process = subprocess.Popen(
        [*COMMAND, "generate", "--style", str(tiny_style), "--chars", "100000"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.read(10)
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(30) in (0, 1)


@pytest.mark.parametrize("data", [b"\xff\xfe", b"\x00"])
def test_bytes_that_are_not_text_leave_one_line_and_code_2(tiny_style: Path, data: bytes) -> None:
    process = run("complete", "--style", tiny_style, input=data)
    assert process.returncode == 2
    assert process.stdout == b""
    assert process.stderr.count(b"\n") == 1


def test_cuda_without_cuda_leaves_one_line(tiny_style: Path) -> None:
    if any(Path(path).exists() for path in ("/dev/nvidiactl", "/dev/dxg", "/proc/driver/nvidia/version")):
        pytest.skip("there is an NVIDIA driver, so CUDA may run")
    process = run("complete", "--style", tiny_style, "--device", "cuda", input=b"x")
    assert process.returncode == 2
    assert process.stderr.count(b"\n") == 1


@pytest.mark.parametrize(
    ("redirected", "code", "words"),
    [
        ("<&-", 2, b"cannot read stdin: Bad file descriptor; expected a text there"),
        ("</dev/null >&-", 1, b"cannot write what is to be printed: Bad file descriptor"),
        ("</dev/null 2>&- >&-", 1, b""),
        ("</dev/null >/dev/full", 1, b"cannot write what is to be printed: No space left on device"),
        ("</dev/null >/dev/full 2>/dev/full", 1, b""),
        ("</dev/null >/dev/null 2>/dev/full", 0, b""),
    ],
)
@pytest.mark.parametrize("command", ["complete --static", "styles", "--help", "train --help"])
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full is Linux's")
def test_streams_that_are_closed_or_full_leave_one_line(
    tiny_style: Path, redirected: str, code: int, words: bytes, command: str
) -> None:
    if redirected == "<&-" and "complete" not in command:
        code, words = 0, b""  # nothing else reads it
    style = f"--style '{tiny_style}'" if "complete" in command else ""
    line = f"'{sys.executable}' -m rnncomplete {command} {style} {redirected}"
    process = subprocess.run(["sh", "-c", line], capture_output=True, check=False)
    assert process.returncode == code
    assert words in process.stderr
    assert process.stderr.count(b"\n") == bool(words)
