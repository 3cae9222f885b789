"""What the tests of prompts share: a network that continues a known text, and a prompt with keys in a pipe."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from prompt_toolkit import PromptSession
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from rnncomplete.decoder import Ghost

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from prompt_toolkit.input.base import PipeInput

    from rnncomplete.card import Card

DEADLINE = 5.0
"""Seconds after which something that a test waits for will not come any more."""


@dataclass
class FakeCompleter:
    """Continues ``text`` wherever its characters were typed, one step of ``seconds`` a character."""

    card: Card
    text: str
    seconds: float = 0.0
    device: str = "cpu"
    asked: list[str] = field(default_factory=list)
    steps: int = 0

    def grow(self, before: str, wanted: Callable[[], bool]) -> Iterator[Ghost]:
        self.asked.append(before)
        line = before.rpartition("\n")[2]
        position = next(
            (self.text.find(line[-n:]) + n for n in range(len(line), 0, -1) if line[-n:] in self.text), None
        )
        if position is None:
            return
        ghost, announced = "", False
        for character in self.text[position:]:
            if not wanted():
                return
            time.sleep(self.seconds)
            self.steps += 1
            ghost += character
            if not announced and character == " " and ghost.strip():
                announced = True
                yield Ghost(ghost.rstrip(), (1.0,) * len(ghost.rstrip()), "length")
        yield Ghost(ghost, (1.0,) * len(ghost), "length")


class Typist:
    """Types into a prompt that runs in this loop, and waits for what is to come."""

    def __init__(self, session: PromptSession[str], keys: PipeInput) -> None:
        self.session = session
        self.buffer = session.default_buffer
        self._keys = keys

    @property
    def text(self) -> str:
        return self.buffer.text

    @property
    def ghost(self) -> str:
        return self.buffer.suggestion.text if self.buffer.suggestion else ""

    async def type(self, keys: str) -> None:
        """Send ``keys`` and wait until they have been handled."""
        handled = 0

        def count(_: object) -> None:
            nonlocal handled
            handled += 1

        processor = self.session.app.key_processor
        processor.after_key_press += count
        self._keys.send_text(keys)
        await self.until(lambda: handled > 0 and not processor.input_queue)
        processor.after_key_press -= count

    async def until(self, condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + DEADLINE
        while not condition():
            assert time.monotonic() < deadline, f"text {self.text!r}, ghost {self.ghost!r}"
            await asyncio.sleep(0.002)

    async def sees(self, ghost: str) -> None:
        await self.until(lambda: self.ghost == ghost)


@pytest.fixture
def fake(tiny_card: Card) -> FakeCompleter:
    return FakeCompleter(tiny_card, "to be, or not to be, that is the question")


@pytest.fixture
def prompt() -> Callable[..., str]:
    """A function that runs a prompt, and a script of what somebody does in it; returns what the prompt returned."""

    def run(script: Callable[[Typist], Awaitable[None]], prepare: Callable[[PromptSession[str]], Any]) -> str:
        async def main() -> str:
            with create_pipe_input() as keys, create_app_session(input=keys, output=DummyOutput()):
                session: PromptSession[str] = PromptSession()
                prepare(session)
                asking = asyncio.ensure_future(session.prompt_async())
                typist = Typist(session, keys)
                await typist.until(lambda: session.app.is_running)
                await script(typist)
                keys.send_text("\r")
                return await asyncio.wait_for(asking, DEADLINE)

        return asyncio.run(main())

    return run
