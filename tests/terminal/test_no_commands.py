"""A ghost never makes a command of a line: whoever accepts it and presses Enter has only written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from rnncomplete.completion.decoder import Ghost
from rnncomplete.ghost.attaching import install
from rnncomplete.ghost.suggest import RNNAutoSuggest
from rnncomplete.repl.commands import is_command

if TYPE_CHECKING:
    from collections.abc import Callable

    from prompt_toolkit import PromptSession

ANOTHER, RIGHT = "\x1b]", "\x1b[C"


@pytest.fixture
def sayer(fake: Any) -> Callable[..., Any]:
    """A function that makes a completer say these texts wherever it is asked."""

    def make(*texts: str) -> Any:
        ghosts = [Ghost(text, (1.0,) * len(text), "length") for text in texts]

        def answer(before: str, value: Any) -> Any:
            fake.asked.append(before)
            return value

        fake.grow = lambda before, wanted: answer(before, iter(ghosts[:1]))
        fake.insist = lambda before, wanted: answer(before, ghosts[0])
        fake.alternatives = lambda before, count, wanted: answer(before, ghosts)
        return fake

    return make


@pytest.mark.parametrize(
    ("typed", "ghost", "shown"),
    [
        ("", ":save! notes.txt", ""),
        ("  ", ":quit", ""),
        (" ", " :quit", ""),
        ("", "::quit", ""),  # whoever accepts its first character has a command
        ("", "\t:quit", ""),
        ("a", ":quit", ":quit"),
        (":", ":quit", ""),
        ("::", ":quit", ":quit"),
        ("", "say :quit", "say :quit"),
    ],
)
def test_what_would_be_a_command_is_not_offered(prompt: Any, sayer: Any, typed: str, ghost: str, shown: str) -> None:
    completer = sayer(ghost)
    suggest = RNNAutoSuggest(completer=completer, when=lambda document: not is_command(document.text))

    def prepare(session: PromptSession[str]) -> None:
        suggest.automatic = False
        install(session, suggest=suggest)

    async def script(typist: Any) -> None:
        if typed:
            await typist.type(typed)
        for asking in (suggest.ask, lambda buffer: suggest.cycle(buffer, 1)):
            await asking(typist.buffer)
            assert typist.ghost == shown
        assert bool(completer.asked) == (not is_command(typed))
        await typist.type(RIGHT)

    assert prompt(script, prepare) == typed + shown


def test_the_other_ghosts_can_still_be_chosen(prompt: Any, sayer: Any) -> None:
    completer = sayer(":quit", "quite so", ":q", "quiet")
    suggest = RNNAutoSuggest(completer=completer, when=lambda document: not is_command(document.text))

    async def script(typist: Any) -> None:
        await typist.type(ANOTHER)
        await typist.sees("quite so")
        for ghost in ("quiet", "quite so"):
            await typist.type(ANOTHER)
            await typist.sees(ghost)
        known = suggest.get_suggestion(typist.buffer, typist.buffer.document)
        assert known is not None
        assert known.text == "quite so"

    assert prompt(script, lambda session: install(session, suggest=suggest)) == ""
