"""Ctrl-C, a termination and a closed terminal: one line at most, never a traceback, whenever they come."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

PROGRAM = Path(__file__).parents[1] / "interrupted.py"


def interrupted(number: str, moment: str, *arguments: object, prefix: tuple[str, ...] = ()) -> tuple[int, str]:
    command = [*prefix, sys.executable, str(PROGRAM), number, moment, *map(str, arguments)]
    process = subprocess.run(command, input="to be", capture_output=True, text=True, check=False)
    return process.returncode, process.stderr


@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM", "SIGHUP"])
@pytest.mark.parametrize(
    ("command", "moment"),
    [
        ("eval {file}", "numpy:<module>"),
        ("eval {file}", "rnncomplete.measure.evaluation:evaluate"),
        ("bench --text {file}", "rnncomplete.cli.bench:_starts"),
        ("generate --seed 1", "rnncomplete.completion.sampler:sample"),
        ("complete --static", "rnncomplete.text.decoding:decode_text"),
    ],
)
def test_a_command_with_nothing_to_save_says_so(
    number: str, command: str, moment: str, tiny_style: Path, tmp_path: Path
) -> None:
    file = tmp_path / "some file.txt"
    file.write_text("some words to type, and more. " * 20, encoding="utf-8")
    arguments = [part.format(file=file) for part in command.split()]
    code, said = interrupted(number, moment, *arguments, "--style", tiny_style)
    assert code == 128 + getattr(signal, number)
    assert said.startswith("rnncomplete: interrupted; nothing was saved, and nothing is lost; again: rnncomplete ")
    assert said.count("\n") == 1
    assert "'" in said or "file" not in command, "it can be pasted"


@pytest.mark.parametrize("moment", ["click:<module>", "rnncomplete.cli.group:<module>"])
def test_while_it_loads_it_ends_without_a_word(moment: str, tmp_path: Path) -> None:
    code, said = interrupted("SIGINT", moment, "eval", tmp_path / "x")
    assert (code, said) == (130, "")


def test_what_nohup_has_ignored_stays_ignored(tiny_style: Path) -> None:
    moment = "rnncomplete.completion.sampler:sample"
    command = ["generate", "--style", tiny_style, "--chars", 3]
    code, said = interrupted("SIGHUP", moment, *command, prefix=("sh", "-c", 'trap "" HUP; exec "$@"', "sh"))
    assert (code, said) == (0, "")
