"""The mixer's core, built with address and undefined-behaviour sanitizers, and all that reads strangers' files: a job.

``pytest -m fuzz`` runs it for a minute, or for as many seconds as RNNCOMPLETE_FUZZ_SECONDS says.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
CORE = TESTS.parent / "rnncomplete" / "mixing" / "_core.c"
COMPILER = shutil.which("gcc") or shutil.which("clang")


def preload(compiler: str) -> str:
    """The libraries that must be there before all others: C++'s, too, for exceptions that ONNX Runtime throws."""
    sanitizer = "libasan.so" if "gcc" in Path(compiler).name else f"libclang_rt.asan-{os.uname().machine}.so"

    def place(name: str) -> str:
        command = [compiler, f"-print-file-name={name}"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    return f"{place(sanitizer)} {place('libstdc++.so.6')}"


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The core as the sanitizers see through it; what is left undefined ends the process."""
    assert COMPILER is not None
    built = tmp_path_factory.mktemp("core") / "_core.abi3.so"
    sanitizers = [
        "-fsanitize=address,undefined",
        "-fno-sanitize-recover=all",
        "-fno-omit-frame-pointer",
        "-shared-libasan",
    ]
    command = [COMPILER, "-O1", "-g", "-shared", "-fPIC", "-ffp-contract=off", "-fno-strict-aliasing"]
    command += sanitizers[: 3 if "gcc" in Path(COMPILER).name else 4]
    command += [f"-I{sysconfig.get_path('include')}", "-DPy_LIMITED_API=0x030B0000", str(CORE), "-o", str(built)]
    subprocess.run(command, check=True)
    return built


@pytest.mark.fuzz
@pytest.mark.slow
@pytest.mark.skipif(COMPILER is None or os.name == "nt", reason="there is no compiler with sanitizers")
def test_no_mutation_makes_the_core_or_a_reader_go_astray(
    core: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seconds, seed = os.environ.get("RNNCOMPLETE_FUZZ_SECONDS", "60"), os.environ.get("RNNCOMPLETE_FUZZ_SEED", "1")
    assert COMPILER is not None
    options = {
        "LD_PRELOAD": preload(COMPILER),
        "ASAN_OPTIONS": "detect_leaks=0:allocator_may_return_null=1",
        "UBSAN_OPTIONS": "print_stacktrace=1",
        "PYTHONPATH": str(TESTS),
    }
    process = subprocess.run(
        [sys.executable, TESTS / "fuzz" / "mutations.py", "--core", core, "--seconds", seconds, "--seed", seed],
        cwd=tmp_path,
        env={**os.environ, **options},
        capture_output=True,
        text=True,
        check=False,
    )
    last = (tmp_path / "last").read_text() if (tmp_path / "last").exists() else "none"
    assert process.returncode == 0, f"the last input was {last}\n{process.stderr[-6000:]}"
    figures = json.loads(process.stdout)
    with capsys.disabled():
        sys.stdout.write(f"\n{json.dumps(figures, indent=1)}\n")
    assert all(kind["inputs"] for kind in figures["kinds"].values())
