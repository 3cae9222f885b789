"""Twenty thousand random keys: the text stays what a plain model of it says, no key is handled late, nothing grows."""

from __future__ import annotations

import gc
import random
import time
import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest
from prompt_toolkit.key_binding import KeyBindings

from rnncomplete.ghost import install

if TYPE_CHECKING:
    from prompt_toolkit import PromptSession

KEYS = {
    "left": "\x1b[D",
    "right": "\x1b[C",
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
ACCEPTING = ("right", "word", "line", "character", "tab")
TEXT = [*"to be, or not that is the question"]
LONGEST = 300


def model(key: str, text: str, cursor: int) -> tuple[str, int] | None:
    """What a key makes of a text without ghosts; ``None`` where that takes more than the text to know."""
    before, after = text[:cursor], text[cursor:]
    if len(key) == 1:
        return before + key + after, cursor + 1
    known = {
        "paste": (before + "or not" + after, cursor + 6),
        "backspace": (before[:-1] + after, max(0, cursor - 1)),
        "delete": (before + after[1:], cursor),
        "left": (text, max(0, cursor - 1)),
        "home": (text, 0),
        "interrupt": ("", 0),
        "resize": (text, cursor),
        "other": (text, cursor),
        "ask": (text, cursor),
    }
    return known.get(key)


class Soak:
    """Presses random keys, and checks each."""

    def __init__(self, completer: Any, presses: int) -> None:
        self.completer = completer
        self.presses = presses
        self.times: list[float] = []
        self.accepted = 0
        self.sizes: list[int] = []
        self._chance = random.Random(7)

    def prepare(self, session: PromptSession[str]) -> None:
        install(session, completer=self.completer)
        processor = session.app.key_processor
        processor.before_key_press += lambda _: self.times.append(-time.perf_counter())
        processor.after_key_press += lambda _: self.times.append(self.times.pop() + time.perf_counter())

        # Ctrl-C empties the line, as in a shell, and the prompt stays.
        ours = KeyBindings()
        ours.add("c-c")(lambda event: event.current_buffer.reset())
        session.key_bindings = ours

    async def script(self, typist: Any) -> None:
        for number in range(self.presses):
            key = "interrupt" if len(typist.text) > LONGEST else self._chance.choice([*TEXT, *KEYS])
            await self.press(typist, key)
            if number in (self.presses // 2, self.presses - 1) and tracemalloc.is_tracing():
                gc.collect()
                self.sizes.append(tracemalloc.get_traced_memory()[0])

    async def press(self, typist: Any, key: str) -> None:
        buffer = typist.buffer
        text, cursor = buffer.text, buffer.cursor_position
        if key == "resize":
            typist.session.app._on_resize()
        else:
            await typist.type(KEYS.get(key, key))
        expected = model(key, text, cursor)
        if expected is not None:
            assert (buffer.text, buffer.cursor_position) == expected, key
        elif key in ACCEPTING and buffer.text != text:
            # Another ghost may have come before the key; but what was accepted is of the sentence, at the cursor.
            came = buffer.text[cursor : buffer.cursor_position]
            assert buffer.text == text[:cursor] + came + text[cursor:]
            assert came in self.completer.text + " not to be so else" or came == "\t"
            self.accepted += 1
        if key == "backspace" and cursor:
            assert not typist.ghost.startswith(text[cursor - 1])
        if key in ("left", "home", "delete", "undo", "interrupt") and buffer.document.text != text:
            assert typist.ghost == "", (key, text, cursor, buffer.text)


@pytest.mark.parametrize(("seconds", "presses"), [(0.0, 14_000), (0.001, 3_000), (0.05, 3_000)])
def test_random_keys(prompt: Any, fake: Any, seconds: float, presses: int) -> None:
    fake.seconds = seconds
    soak = Soak(fake, presses)
    prompt(soak.script, soak.prepare)
    assert soak.accepted or seconds
    assert sorted(soak.times)[int(len(soak.times) * 0.99)] < 0.03


def test_memory_does_not_grow(prompt: Any, fake: Any) -> None:
    tracemalloc.start()
    try:
        soak = Soak(fake, 1500)
        soak.completer.asked = Forgetful()
        prompt(soak.script, soak.prepare)
    finally:
        tracemalloc.stop()
    half, whole = soak.sizes
    assert whole - half < 200_000


class Forgetful(list[str]):
    """Does not keep what it is given."""

    def append(self, item: str) -> None:
        pass
