"""Random keys for a while: the text stays what a plain model of it says, and no key is handled late."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, Any

import pytest

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
    "character": "\x07",
    "tab": "\t",
    "paste": "\x1b[200~or not\x1b[201~",
}
ACCEPTING = ("right", "word", "character", "tab")
KEYS_PRESSED = 1500


def model(key: str, text: str, cursor: int) -> tuple[str, int] | None:
    """What a key makes of a text without ghosts; ``None`` where that takes more than the text to know."""
    before, after = text[:cursor], text[cursor:]
    if len(key) == 1:
        return before + key + after, cursor + 1
    if key == "paste":
        return before + "or not" + after, cursor + 6
    if key == "backspace":
        return before[:-1] + after, max(0, cursor - 1)
    if key == "delete":
        return before + after[1:], cursor
    if key == "left":
        return text, max(0, cursor - 1)
    return (text, 0) if key == "home" else None


@pytest.mark.parametrize("seconds", [0.0, 0.001, 0.05])
def test_random_keys(prompt: Any, fake: Any, seconds: float) -> None:
    fake.seconds = seconds
    chance = random.Random(7)
    times: list[float] = []
    accepted = 0

    def prepare(session: PromptSession[str]) -> None:
        install(session, completer=fake)
        processor = session.app.key_processor
        processor.before_key_press += lambda _: times.append(-time.perf_counter())
        processor.after_key_press += lambda _: times.append(times.pop() + time.perf_counter())

    async def script(typist: Any) -> None:
        nonlocal accepted
        buffer = typist.buffer
        for _ in range(KEYS_PRESSED):
            text, cursor = buffer.text, buffer.cursor_position
            if len(text) > 300:
                buffer.reset()
                continue
            key = chance.choice([*"to be, or not that is the question", *KEYS])
            await typist.type(KEYS.get(key, key))
            expected = model(key, text, cursor)
            if expected is not None:
                assert (buffer.text, buffer.cursor_position) == expected, key
            elif key in ACCEPTING and buffer.text != text:
                # Another ghost may have come before the key; but what was accepted is of the sentence, at the cursor.
                came = buffer.text[cursor : buffer.cursor_position]
                assert buffer.text == text[:cursor] + came + text[cursor:]
                assert came in fake.text or came == "\t"
                accepted += 1
            if key == "backspace" and cursor:
                assert not typist.ghost.startswith(text[cursor - 1])
            if key in ("left", "home", "delete", "undo") and buffer.document.text != text:
                assert typist.ghost == ""

    prompt(script, prepare)
    assert accepted or seconds
    assert sorted(times)[int(len(times) * 0.99)] < 0.03
