"""What the tests of prompts share.

A network that continues a known text, as a fake and as a real style made by hand; a prompt with keys in a pipe; and a
terminal whose screen can be read.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pexpect
import pyte
import pytest
from prompt_toolkit import PromptSession
from prompt_toolkit.application import create_app_session
from prompt_toolkit.data_structures import Size
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput
from tiny_onnx import TensorProto, helper, numpy_helper

from rnncomplete.completion.decoder import DecoderOptions, Ghost
from rnncomplete.network.card import METADATA_KEY, Card
from rnncomplete.text.vocabulary import UNKNOWN_CHARACTER

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Hashable, Iterable, Iterator

    from prompt_toolkit.input.base import PipeInput

    from rnncomplete.completion.file_memory import Learned

DEADLINE = 60.0
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
    note: str | None = None
    learned: Learned | None = None
    options: DecoderOptions = field(default_factory=DecoderOptions)
    threads: set[threading.Thread] = field(default_factory=set)
    """That have computed here."""

    @property
    def current(self) -> FakeCompleter:
        return self

    def open(self, document: Hashable = None) -> FakeCompleter:
        return self

    def close(self, document: Hashable = None) -> None:
        pass

    def learn_files(self, paths: Iterable[Path], **_: object) -> Learned | None:
        return self.learned

    def forget_files(self) -> None:
        self.learned = None

    def grow(self, before: str, wanted: Callable[[], bool]) -> Iterator[Ghost]:
        self.asked.append(before)
        self.threads.add(threading.current_thread())
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

    def insist(self, before: str, wanted: Callable[[], bool]) -> Ghost:
        *_, ghost = Ghost(" or so", (0.1,) * 6, "confidence"), *self.grow(before, wanted)
        return ghost

    def alternatives(self, before: str, count: int, wanted: Callable[[], bool]) -> list[Ghost]:
        return [Ghost(text, (0.5,) * len(text), "length") for text in (" not to be", " so", " else")[:count]]


class Recorder(DummyOutput):
    """A terminal of 24 lines of 80 columns that keeps what was said, and not what was drawn."""

    def __init__(self) -> None:
        self.said = ""

    def write(self, data: str) -> None:
        self.said += data

    def get_size(self) -> Size:
        return Size(24, 80)


@pytest.fixture
def recorder() -> type[Recorder]:
    return Recorder


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

    async def press_escape(self) -> None:
        """Send Esc, whose byte others begin with, and wait until the ghost is gone."""
        self._keys.send_text("\x1b")
        await self.sees("")

    async def until(self, condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + DEADLINE
        while not condition():
            assert time.monotonic() < deadline, f"text {self.text!r}, ghost {self.ghost!r}"
            await asyncio.sleep(0.0005)

    async def sees(self, ghost: str) -> None:
        await self.until(lambda: self.ghost == ghost)


@pytest.fixture
def fake(tiny_card: Card) -> FakeCompleter:
    return FakeCompleter(tiny_card, "to be, or not to be, that is the question")


@pytest.fixture
def prompt() -> Callable[..., str]:
    """A function that runs a prompt, and a script of what somebody does in it; returns what the prompt returned.

    With ``prompts`` both are repeated in the same session.
    """

    def run(
        script: Callable[[Typist], Awaitable[None]], prepare: Callable[[PromptSession[str]], Any], prompts: int = 1
    ) -> str:
        async def main() -> str:
            with create_pipe_input() as keys, create_app_session(input=keys, output=DummyOutput()):
                session: PromptSession[str] = PromptSession()
                prepare(session)
                typist = Typist(session, keys)
                for _ in range(prompts):
                    asking = asyncio.ensure_future(session.prompt_async())
                    await typist.until(lambda: session.app.is_running)
                    await script(typist)
                    keys.send_text("\r")
                    result = await asyncio.wait_for(asking, DEADLINE)
                return result

        return asyncio.run(main())

    return run


def sentence_card(name: str, sentences: tuple[str, ...], lexer: str | None) -> Card:
    size = sum(map(len, sentences))
    return Card(
        style=name,
        description=f"Knows one sentence: {sentences[0][:20]}.",
        vocabulary=(UNKNOWN_CHARACTER, *sorted(set("".join(sentences)))),
        state_size=size,
        cell="simple",
        layers=1,
        hidden_size=size,
        parameters=1_234_567,
        threshold=0.5,
        lexer=lexer,
        figures={"nats_per_character": 0.01},
        stages=({"step": 1, "characters": 12_000, "loss": 3.21, "sample": "noise\x1b[31m"},),
    )


def sentence_graph(card: Card, sentences: tuple[str, ...], kind: type[np.floating[Any]]) -> bytes:
    """Unit j of a sentence is on if the last j + 1 characters begin it; it then wants the next one.

    Each sentence has units of its own, and is less likely than those before it.
    """
    size, characters = card.state_size, len(card.vocabulary)
    embedding, readout = np.zeros((characters, size), kind), np.zeros((size, characters), kind)
    shift, bias = np.eye(size, k=1, dtype=kind), np.full(size, -1, kind)
    first = 0
    for rank, sentence in enumerate(sentences):
        units = range(first, first + len(sentence))
        tokens = [card.vocabulary.index(character) for character in sentence]
        embedding[tokens, units] = 1
        readout[units[:-1], tokens[1:]] = 10 + np.arange(len(sentence) - 1) - rank
        # Behind the sentence a blank, but hardly: so that its last word is known to be whole.
        if " " in card.vocabulary:
            readout[units[-1], card.vocabulary.index(" ")] = 2
        shift[:, first] = bias[first] = 0
        first += len(sentence)
    # So steep that a sigmoid is as good as a step: on from one, off up to zero.
    steep = {"embedding": 40 * embedding, "shift": 40 * shift, "bias": 40 * bias - 20}
    weights = {name: value.astype(kind) for name, value in (steep | {"readout": readout}).items()}
    inner = helper.np_dtype_to_tensor_dtype(np.dtype(kind))
    nodes = [
        helper.make_node("Gather", ["embedding", "token"], ["embedded"]),
        helper.make_node("Cast", ["state"], ["hidden"], to=inner),
        helper.make_node("Gemm", ["hidden", "shift", "bias"], ["shifted"]),
        helper.make_node("Add", ["shifted", "embedded"], ["biased"]),
        helper.make_node("Sigmoid", ["biased"], ["active"]),
        helper.make_node("MatMul", ["active", "readout"], ["scores"]),
        helper.make_node("Cast", ["active"], ["next_state"], to=TensorProto.FLOAT),
        helper.make_node("Cast", ["scores"], ["logits"], to=TensorProto.FLOAT),
    ]
    graph = helper.make_graph(
        nodes,
        "step",
        [
            helper.make_tensor_value_info("token", TensorProto.INT64, ["batch"]),
            helper.make_tensor_value_info("state", TensorProto.FLOAT, ["batch", size]),
        ],
        [
            helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", characters]),
            helper.make_tensor_value_info("next_state", TensorProto.FLOAT, ["batch", size]),
        ],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
    helper.set_model_props(model, {METADATA_KEY: card.to_json()})
    return model.SerializeToString()


@pytest.fixture
def sentence_style() -> Callable[..., Path]:
    """A function that installs a style that knows one sentence, or some, the likeliest first."""

    def make(name: str, *sentences: str, lexer: str | None = None) -> Path:
        folder = Path(os.environ["RNNCOMPLETE_STYLES"]) / name
        folder.mkdir(parents=True)
        card = sentence_card(name, sentences, lexer)
        (folder / "card.json").write_text(card.to_json(), encoding="utf-8")
        (folder / "step.int8.onnx").write_bytes(sentence_graph(card, sentences, np.float32))
        return folder

    return make


class Terminal:
    """A program in a pseudo-terminal, and its screen."""

    def __init__(self, arguments: list[str], environment: dict[str, str], columns: int = 80, lines: int = 24) -> None:
        self.screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self.screen)
        self.program = pexpect.spawn(arguments[0], arguments[1:], dimensions=(lines, columns), env=environment)
        # Without a pause before each key: the program must keep up by itself.
        self.program.delaybeforesend = None
        # Programs ask a terminal where its cursor is; this one answers.
        self.screen.write_process_input = self.program.send

    def send(self, keys: str) -> None:
        self.program.send(keys)

    def until(self, condition: Callable[[], object], seconds: float = DEADLINE) -> None:
        """Read what the program draws until ``condition()`` holds."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, "\n".join(self.screen.display)
            self._read()

    def sees(self, text: str) -> None:
        self.until(lambda: text in self.text)

    def shows(self, typed: str, ghost: str = "") -> None:
        """Wait until ``typed`` stands before the cursor, and ``ghost`` in grey behind it."""
        self.until(lambda: (self.typed, self.ghost) == (typed, ghost))

    def paste(self, text: str) -> None:
        """Send ``text`` as terminals send what is pasted, and read meanwhile: neither side can take all of it at once."""
        sending = threading.Thread(target=self.send, args=(f"\x1b[200~{text}\x1b[201~",))
        sending.start()
        self.until(lambda: not sending.is_alive())

    @property
    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self.screen.display)

    @property
    def row(self) -> str:
        """The line of the cursor."""
        return self.screen.display[self.screen.cursor.y].rstrip()

    @property
    def typed(self) -> str:
        """What stands before the cursor on its line."""
        return self.screen.display[self.screen.cursor.y][: self.screen.cursor.x]

    @property
    def ghost(self) -> str:
        """What is grey on the cursor's row from the cursor on, without blanks at its end: those may be any colour."""
        cursor = self.screen.cursor
        grey = self.coloured("767676")[cursor.y][cursor.x :]
        return grey.partition("\n")[0].rstrip()

    def coloured(self, colour: str) -> list[str]:
        """The lines of the screen, with a line end in place of each character of another colour."""
        rows = [[self.screen.buffer[y][x] for x in range(self.screen.columns)] for y in range(self.screen.lines)]
        return ["".join(cell.data if cell.fg == colour else "\n" for cell in row) for row in rows]

    def resize(self, columns: int, lines: int) -> None:
        """Change the size of the terminal, which tells the program."""
        self.screen.resize(lines, columns)
        self.program.setwinsize(lines, columns)

    def leaves(self) -> int:
        """Wait until the program has ended, and return its exit code."""
        self.until(lambda: not self._read() and not self.program.isalive())
        self.program.close()
        return int(self.program.exitstatus)

    def _read(self) -> bool:
        try:
            self._stream.feed(self.program.read_nonblocking(65_536, timeout=0.02))
        except pexpect.TIMEOUT:
            return False
        except pexpect.EOF:
            return False
        return True


@pytest.fixture
def terminal() -> Iterator[Callable[..., Terminal]]:
    """A function that starts an installed program, ours by default, with arguments in a terminal of its own."""
    started: list[Terminal] = []

    def start(*arguments: str, program: str = "rnncomplete", **environment: str) -> Terminal:
        command = str(Path(sys.executable).parent / program)
        # On a busy machine a ghost may take its time.
        calm = {"TERM": "xterm-256color", "RNNCOMPLETE_BUDGET_MS": "10000"}
        clean = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "COLORTERM")}
        started.append(Terminal([command, *arguments], clean | calm | environment))
        return started[-1]

    yield start
    for one in started:
        one.program.close(force=True)
