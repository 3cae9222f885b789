"""Commands of other packages: listed without importing them, and missing packages named with the line to type."""

from __future__ import annotations

import sys
from importlib.metadata import EntryPoint
from types import ModuleType

import click
import pytest
from click.testing import CliRunner

from rnncomplete.cli import group, main


@pytest.fixture
def train(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A module in place of that which brings ``train``; a test gives it the command."""
    module = ModuleType("far_away")
    monkeypatch.setitem(sys.modules, "far_away", module)
    points = {
        name: EntryPoint(name, f"{where}:command", group.ENTRY_POINTS)
        for name, where in (("train", "far_away"), ("extra", "no_such_package.inside"))
    }
    monkeypatch.setattr(group, "_entry_points", lambda: points)
    return module


def test_help_lists_them_without_importing(train: ModuleType) -> None:
    result = CliRunner().invoke(main, ["--help"])
    assert result.exit_code == 0
    assert "train " in result.stdout
    assert "extra " in result.stdout
    assert result.stderr == ""


def test_they_run(train: ModuleType) -> None:
    @click.command()
    @click.argument("word")
    def command(word: str) -> None:
        click.echo(f"trained on {word}")

    train.command = command  # type: ignore[attr-defined]
    assert CliRunner().invoke(main, ["train", "poems"]).stdout == "trained on poems\n"


def test_a_package_missing_when_it_loads_is_named_with_the_line_to_type(train: ModuleType) -> None:
    result = CliRunner().invoke(main, ["extra"])
    assert result.exit_code == 2
    assert result.stderr == (
        "rnncomplete: `rnncomplete extra` needs no_such_package, which is not installed; "
        "type: pip install 'rnncomplete[train]'\n"
    )


def test_a_package_missing_when_it_runs_is_named_too(train: ModuleType) -> None:
    @click.command()
    def command() -> None:
        import no_such_torch  # type: ignore[import-not-found]  # noqa: F401

    train.command = command  # type: ignore[attr-defined]
    result = CliRunner().invoke(main, ["train"])
    assert result.exit_code == 2
    assert "needs no_such_torch" in result.stderr
    assert "pip install 'rnncomplete[train]'" in result.stderr


def test_interrupted_is_silent(train: ModuleType) -> None:
    @click.command()
    def command() -> None:
        raise KeyboardInterrupt

    train.command = command  # type: ignore[attr-defined]
    result = CliRunner().invoke(main, ["train"])
    assert result.exit_code == 130
    assert result.output.strip() == ""


@pytest.mark.parametrize(
    ("command", "example"),
    [
        ("", "  echo 'To be, or' | rnncomplete complete"),
        ("complete", "  echo -n 'To be, or not' | rnncomplete complete"),
        ("train", "    rnncomplete train book.txt --style mine --minutes 10"),
    ],
)
def test_examples_in_help_keep_their_lines(command: str, example: str) -> None:
    result = CliRunner().invoke(main, [*command.split(), "--help"])
    assert any(line.startswith(example) for line in result.stdout.splitlines())
    assert "\\b" not in result.stdout
