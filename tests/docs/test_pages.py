"""What the pages say can be followed: links lead somewhere, and commands and their options are there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from rnncomplete.cli import main

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "examples").glob("*.md")])
COMMAND = re.compile(r"(?:^|[|&;] *|`)(?:\.venv/bin/)?(rnncomplete(?![\w./-])[^`\n|&;]*)", re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    targets = [link for link in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in link and link[0] != "#"]
    assert [link for link in targets if not (page.parent / link.partition("#")[0]).exists()] == []


def commands(text: str) -> list[str]:
    """The commands in the code of a page: of blocks for a shell, and between single backticks."""
    blocks = re.findall(r"^```bash[^\n]*\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    inline = [" ".join(code.split()) for code in re.findall(r"`([^`]+)`", prose)]
    return [found for code in [*blocks, *inline] for found in COMMAND.findall(code)]


def unknown(command: str) -> list[str]:
    """The commands and options of ``command`` that the program does not know."""
    words = shlex.split(command, comments=True)[1:]
    called: click.Command = main
    options = {"-h", "--help"}
    for before, word in zip(["", *words], [*words, ""], strict=True):
        options |= {option for parameter in called.params for option in (*parameter.opts, *parameter.secondary_opts)}
        if (
            not isinstance(called, click.Group)
            or not word
            or word.isupper()
            or word.startswith("-")
            or before.startswith("-")
        ):
            continue
        inner = called.get_command(click.Context(called), word)
        if inner is None:
            return [word]
        called = inner
    options |= {option for parameter in called.params for option in (*parameter.opts, *parameter.secondary_opts)}
    return [word for word in words if word.startswith("-") and word.partition("=")[0] not in options]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_and_options_are_there(page: Path) -> None:
    found = {command: unknown(command) for command in commands(page.read_text(encoding="utf-8"))}
    assert {command: words for command, words in found.items() if words} == {}


def test_a_command_that_is_not_there_is_seen() -> None:
    assert unknown("rnncomplete complet") == ["complet"]
    assert unknown("rnncomplete eval --style x --pears FILE") == ["--pears"]
    assert unknown("rnncomplete --style linux") == []
    assert commands("`rnncomplete a`\n```bash\nprintf x | rnncomplete b --c\n```\n`rnncomplete/x.py`") == [
        "rnncomplete b --c",
        "rnncomplete a",
    ]
