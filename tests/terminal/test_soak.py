"""Twenty thousand random keys: the text stays what a plain model of it says, no key is handled late, nothing grows."""

from __future__ import annotations

import asyncio
import gc
import random
import threading
import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from prompt_toolkit.document import Document
from prompt_toolkit.key_binding import KeyBindings

from rnncomplete.ghost.attaching import install
from rnncomplete.text.words import next_word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from prompt_toolkit import PromptSession

pytestmark = pytest.mark.slow

KEYS = {
    "left": "\x1b[D",
    "right": "\x1b[C",
    "up": "\x1b[A",
    "down": "\x1b[B",
    "home": "\x1b[H",
    "backspace": "\x7f",
    "delete": "\x1b[3~",
    "undo": "\x1f",
    "word": "\x1b[1;5C",
    "line": "\x1be",
    "character": "\x07",
    "tab": "\t",
    "other": "\x1b]",
    "ask": "\x1b\\",
    "paste": "\x1b[200~or not\x1b[201~",
    "interrupt": "\x03",
    "resize": "",
}
TEXT = [*"to be, or not that is the question"]
ALL = [*TEXT, *KEYS]
LONGEST = 300
AT_ONCE = 500
"""Keys to one prompt."""

ACCEPTED = {
    "right": str,
    "tab": str,
    "line": str,
    "word": next_word,
    "character": lambda ghost: ghost[:1],
}
"""What each key takes of a ghost of one line."""


class Reference:
    """A plain line of text: what each key makes of it, given the ghost that was there."""

    def __init__(self) -> None:
        self.text, self.cursor = "", 0
        self.pressed: list[str] = []
        self._saved: list[tuple[str, bool]] = []
        """Texts that undoing may bring back, and whether it must not skip them."""

    def press(self, key: str, ghost: str) -> None:
        """Take in one key other than undo."""
        kind, last = (("type" if len(each) == 1 else each) for each in (key, (self.pressed or [""])[-1]))
        self.pressed.append(key)
        # Typing on, or deleting on, may be undone at once; anything else, accepting a ghost too, is undone by itself.
        if kind != "resize":
            self._saved.append((self.text, kind not in ("type", "backspace", "delete") or kind != last != "resize"))
        if ghost and key in ACCEPTED:
            self._insert(ACCEPTED[key](ghost))
        elif kind == "type":
            self._insert(key)
        else:
            getattr(self, f"_{key}", lambda: None)()

    def undo(self, text: str, cursor: int) -> bool:
        """Whether ``text`` is what undoing brings back."""
        self.pressed.append("undo")
        while self._saved:
            saved, certain = self._saved.pop()
            if saved == self.text:
                continue
            if saved == text:
                self.text, self.cursor = text, cursor
                return True
            if certain:
                return False
        return (text, cursor) == (self.text, self.cursor)

    def _insert(self, text: str) -> None:
        self.text = self.text[: self.cursor] + text + self.text[self.cursor :]
        self.cursor += len(text)

    def _paste(self) -> None:
        self._insert("or not")

    def _left(self) -> None:
        self.cursor = max(0, self.cursor - 1)

    def _right(self) -> None:
        self.cursor = min(len(self.text), self.cursor + 1)

    def _home(self) -> None:
        self.cursor = 0

    def _word(self) -> None:
        self.cursor += Document(self.text, self.cursor).find_next_word_ending() or 0

    def _backspace(self) -> None:
        if self.cursor:
            self._left()
            self._delete()

    def _delete(self) -> None:
        self.text = self.text[: self.cursor] + self.text[self.cursor + 1 :]

    def _interrupt(self) -> None:
        self.text, self.cursor, self._saved = "", 0, []


class Soak:
    """Presses keys at prompts, and checks each."""

    def __init__(self, completer: Any) -> None:
        self.handled = 0
        self.accepted = 0
        self._completer = completer
        self._ghost = ""

    def prepare(self, session: PromptSession[str]) -> None:
        self._suggest = install(session, completer=self._completer)
        processor = session.app.key_processor
        processor.before_key_press += lambda _: self._before(session)

        # Ctrl-C empties the line, as in a shell, and the prompt stays.
        ours = KeyBindings()
        ours.add("c-c")(lambda event: event.current_buffer.reset())
        session.key_bindings = ours

    def _before(self, session: PromptSession[str]) -> None:
        """The ghost that a key finds, which may have come since the key before."""
        suggestion = session.default_buffer.suggestion
        self._ghost = suggestion.text if suggestion else ""
        self.handled += 1

    async def script(self, typist: Any, keys: Sequence[str]) -> None:
        """Press ``keys`` at one prompt."""
        reference = Reference()
        for key in keys:
            await self.press(typist, reference, "interrupt" if len(typist.text) > LONGEST else key)
        self._suggest.close()

    async def press(self, typist: Any, reference: Reference, key: str) -> None:
        buffer = typist.buffer
        if key in ACCEPTED and len((reference.pressed or [""])[-1]) == 1:
            await self._patience(typist)
        text, cursor = buffer.text, buffer.cursor_position
        if key == "resize":
            typist.session.app._on_resize()
        else:
            await typist.type(KEYS.get(key, key))
        if key == "undo":
            assert reference.undo(buffer.text, buffer.cursor_position), reference.pressed
        else:
            reference.press(key, self._ghost)
        assert (buffer.text, buffer.cursor_position) == (reference.text, reference.cursor), reference.pressed
        self.accepted += key in ACCEPTED and bool(self._ghost)
        if key == "backspace" and cursor:
            assert not typist.ghost.startswith(text[cursor - 1])
        if key in ("left", "home", "delete", "undo", "interrupt") and (text, cursor) != (
            reference.text,
            reference.cursor,
        ):
            assert typist.ghost == "", (key, text, cursor, buffer.text)

    async def _patience(self, typist: Any) -> None:
        """Wait for the ghost of a quick network, if there is to be one: between two keys of a script none would come."""
        if self._completer.seconds:
            return
        for _ in range(3):  # turns of the loop until it has been asked for
            await asyncio.sleep(0)
        watch = self._suggest.watch(typist.buffer)
        await typist.until(lambda: typist.ghost or watch._done is None or watch._done.done())


@pytest.mark.parametrize(("seconds", "presses"), [(0.0, 5_000), (0.05, 20_000)])
def test_random_keys(prompt: Any, fake: Any, seconds: float, presses: int) -> None:
    fake.seconds = seconds
    soak = Soak(fake)

    @settings(
        max_examples=presses // AT_ONCE,
        # Without shrinking, which would press keys for many minutes; the keys that fail are printed.
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(st.sampled_from(ALL), min_size=AT_ONCE, max_size=AT_ONCE))
    def press(keys: list[str]) -> None:
        prompt(lambda typist: soak.script(typist, keys), soak.prepare)

    press()
    assert soak.handled >= presses * 0.9  # a change of size is not a key
    assert soak.accepted > presses / 100 or seconds
    assert threading.current_thread() not in fake.threads, "no key waits for a network"


def test_memory_does_not_grow(prompt: Any, fake: Any) -> None:
    chance = random.Random(7)
    fake.asked = Forgetful()
    soak = Soak(fake)
    sizes: list[int] = []

    async def script(typist: Any) -> None:
        reference = Reference()
        for number in range(1500):
            key = "interrupt" if len(typist.text) > LONGEST else chance.choice(ALL)
            await soak.press(typist, reference, key)
            if number in (750, 1499):
                gc.collect()
                sizes.append(tracemalloc.get_traced_memory()[0])

    tracemalloc.start()
    try:
        prompt(script, soak.prepare)
    finally:
        tracemalloc.stop()
    half, whole = sizes
    assert whole - half < 200_000


class Forgetful(list[Any]):
    """Does not keep what it is given."""

    def append(self, item: Any) -> None:
        pass
