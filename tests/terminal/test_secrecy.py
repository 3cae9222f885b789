"""A password prompt: no ghost, no key for one, nothing computed, nothing learned."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from prompt_toolkit.application import Application, create_app_session
from prompt_toolkit.auto_suggest import Suggestion
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.layout import Layout
from prompt_toolkit.layout.processors import ConditionalProcessor, DynamicProcessor, PasswordProcessor, merge_processors
from prompt_toolkit.output import DummyOutput
from prompt_toolkit.widgets import TextArea

from rnncomplete.ghost.attaching import attach, install
from rnncomplete.ghost.keys import ghost_of
from rnncomplete.ghost.secrecy import hides
from rnncomplete.ghost.suggest import RNNAutoSuggest
from rnncomplete.hosts.history import from_history

if TYPE_CHECKING:
    from prompt_toolkit import PromptSession

ASK, ANOTHER, RIGHT = "\x1b\\", "\x1b]", "\x1b[C"


@pytest.mark.parametrize("given", ["install", "auto_suggest"])
def test_a_password_prompt_computes_nothing_and_shows_nothing(prompt: Any, fake: Any, given: str) -> None:
    suggest = RNNAutoSuggest(completer=fake)

    def prepare(session: PromptSession[str]) -> None:
        session.is_password = True
        if given == "install":
            install(session, suggest=suggest)
        else:
            session.auto_suggest = suggest

    async def script(typist: Any) -> None:
        for keys in ("to be, or", ASK, ANOTHER, " n", RIGHT):
            await typist.type(keys)
            await asyncio.sleep(0)
            assert typist.ghost == ""

    assert prompt(script, prepare) == "to be, or] n", "keys do what they do without ghosts"
    assert fake.asked == []
    assert suggest.tally.typed == suggest.tally.shown == 0


def test_a_ghost_of_the_prompt_before_does_not_come_back_in_a_password(prompt: Any, fake: Any) -> None:
    suggest = RNNAutoSuggest(completer=fake)
    asked = []

    async def script(typist: Any) -> None:
        typist.session.is_password = bool(asked)
        await typist.type("to be, or")
        if asked:
            assert typist.ghost == ""
            return
        await typist.sees(" not to be, that is the question")
        asked.extend(fake.asked)

    prompt(script, lambda session: setattr(session, "auto_suggest", suggest), prompts=2)
    assert fake.asked == asked


def test_a_password_in_the_history_is_not_offered_later(prompt: Any, fake: Any) -> None:
    suggest = RNNAutoSuggest(completer=fake, first=from_history)
    lines = iter(["zebra crossing", "secret words", "zebra", "secret"])

    async def script(typist: Any) -> None:
        line = next(lines)
        typist.session.is_password = line == "secret words"
        await typist.type(line)
        if line == "zebra":
            await typist.sees(" crossing")
        elif line == "secret":
            await typist.until(lambda: "secret" in fake.asked)
            assert not typist.ghost.startswith(" words"), "the history was asked before the network"

    prompt(script, lambda session: install(session, suggest=suggest), prompts=4)


def test_a_password_field_in_the_layout_of_any_program_has_no_ghost(fake: Any) -> None:
    async def main() -> str:
        with create_pipe_input() as keys, create_app_session(input=keys, output=DummyOutput()):
            field = TextArea(password=True, multiline=False, accept_handler=lambda _: app.exit() or True)
            app: Application[None] = Application(layout=Layout(field))
            attach(app, field.buffer, RNNAutoSuggest(completer=fake))
            keys.send_text(f"to be, or{ASK}{RIGHT}\r")
            await app.run_async()
            return field.text

    assert asyncio.run(main()) == "to be, or"
    assert fake.asked == []


def test_what_others_suggest_is_not_drawn_in_a_password_either(prompt: Any, fake: Any) -> None:
    def prepare(session: PromptSession[str]) -> None:
        session.is_password = True
        install(session, completer=fake)

    async def script(typist: Any) -> None:
        typist.buffer.suggestion = Suggestion("hunter2")
        assert ghost_of(typist.buffer) == ""

    assert prompt(script, prepare) == ""


def test_a_password_is_known_however_it_is_wrapped() -> None:
    hidden = PasswordProcessor()
    assert hides(merge_processors([DynamicProcessor(lambda: ConditionalProcessor(hidden, True)), hidden]))
    assert not hides(merge_processors([ConditionalProcessor(hidden, False), DynamicProcessor(lambda: None)]))
