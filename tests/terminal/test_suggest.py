"""Ghost text in a prompt: keys in a pipe, document and ghost out."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
import threading
import time
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from prompt_toolkit import PromptSession
from prompt_toolkit.application import create_app_session
from prompt_toolkit.application.current import set_app
from prompt_toolkit.auto_suggest import DynamicAutoSuggest
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.document import Document
from prompt_toolkit.enums import EditingMode
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.key_binding.key_processor import KeyPress
from prompt_toolkit.key_binding.vi_state import InputMode
from prompt_toolkit.keys import Keys
from prompt_toolkit.output import DummyOutput

import rnncomplete
from rnncomplete.completion.decoder import DecoderOptions, Ghost
from rnncomplete.errors import ModelError
from rnncomplete.ghost.attaching import attach, install
from rnncomplete.ghost.suggest import RNNAutoSuggest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

Prompt = Any
ALT = "\x1b"
RIGHT, ALT_RIGHT, CONTROL_RIGHT, END, LEFT = "\x1b[C", "\x1b[1;3C", "\x1b[1;5C", "\x1b[F", "\x1b[D"
BACKSPACE, UNDO, ESCAPE = "\x7f", "\x1f", "\x1b"


@pytest.fixture
def plain(fake: Any) -> Callable[[PromptSession[str]], None]:
    """A prompt whose only addition is the argument ``auto_suggest``."""

    def prepare(session: PromptSession[str]) -> None:
        session.auto_suggest = RNNAutoSuggest(completer=fake)

    return prepare


@pytest.fixture
def installed(fake: Any) -> Callable[[PromptSession[str]], None]:
    def prepare(session: PromptSession[str]) -> None:
        session.multiline = False
        install(session, completer=fake)

    return prepare


def test_a_ghost_comes_and_right_accepts_it(prompt: Prompt, plain: Any) -> None:
    async def script(typist: Any) -> None:
        await typist.type("to be, or")
        await typist.sees(" not to be, that is the question")
        await typist.type(RIGHT)

    assert prompt(script, plain) == "to be, or not to be, that is the question"


def test_typing_along_keeps_the_ghost_without_computing(prompt: Prompt, plain: Any, fake: Any) -> None:
    async def script(typist: Any) -> None:
        await typist.type("to be, or")
        await typist.sees(" not to be, that is the question")
        asked = len(fake.asked)
        for length, character in enumerate(" not to", 1):
            await typist.type(character)
            assert typist.ghost == " not to be, that is the question"[length:]
        assert len(fake.asked) == asked

    assert prompt(script, plain) == "to be, or not to"


def test_typing_along_a_growing_ghost_lets_it_grow(prompt: Prompt, installed: Any, fake: Any) -> None:
    fake.seconds = 0.02

    async def script(typist: Any) -> None:
        await typist.type("to be, or")
        await typist.sees(" not")
        await typist.type(" n")
        assert typist.ghost == "ot"
        await typist.sees("ot to be, that is the question")
        assert fake.asked == ["to be, or"]

    prompt(script, installed)


def test_a_ghost_comes_back_when_a_wrong_character_is_deleted(prompt: Prompt, plain: Any, fake: Any) -> None:
    async def script(typist: Any) -> None:
        await typist.type("that is")
        await typist.sees(" the question")
        await typist.type("x")
        assert typist.ghost == ""
        await typist.type(BACKSPACE)
        assert typist.ghost == " the question"
        await typist.type(" the")
        assert typist.ghost == " question"

    prompt(script, plain)


def test_what_was_deleted_is_not_offered_back(prompt: Prompt, plain: Any) -> None:
    async def script(typist: Any) -> None:
        await typist.type("that is")
        await typist.sees(" the question")
        await typist.type(" the")
        for _ in range(4):
            await typist.type(BACKSPACE)
            assert typist.ghost == ""
        await typist.type(" ")
        assert typist.ghost == "the question"

    prompt(script, plain)


def test_no_ghost_after_moving_or_undoing(prompt: Prompt, installed: Any) -> None:
    async def script(typist: Any) -> None:
        await typist.type("that")
        await typist.sees(" is the question")
        await typist.type(LEFT)
        assert typist.ghost == ""
        await typist.type(RIGHT)
        assert typist.buffer.cursor_position == 4
        assert typist.ghost == ""
        await typist.type(" ")
        await typist.sees("is the question")
        await typist.type(RIGHT)
        await typist.type(UNDO)
        assert (typist.text, typist.ghost) == ("that ", "")

    prompt(script, installed)


@pytest.mark.parametrize("mode", [EditingMode.EMACS, EditingMode.VI])
@pytest.mark.parametrize(
    ("keys", "text"),
    [
        (RIGHT, "or not to be, that is the question"),
        ("\x05", "or not to be, that is the question"),
        (END, "or not to be, that is the question"),
        ("\t", "or not to be, that is the question"),
        (CONTROL_RIGHT, "or not"),
        (ALT + "f", "or not"),
        ("\x07", "or "),
        (ALT_RIGHT, "or not to be, that is the question"),
    ],
)
def test_keys_accept_parts_and_one_undo_takes_each_back(
    prompt: Prompt, installed: Any, mode: EditingMode, keys: str, text: str
) -> None:
    async def script(typist: Any) -> None:
        typist.session.editing_mode = mode
        await typist.type("or")
        await typist.sees(" not to be, that is the question")
        await typist.type(keys)
        await typist.until(lambda: typist.text == text)
        assert typist.ghost == "or not to be, that is the question"[len(text) :]
        typist.buffer.undo()
        assert typist.text == "or"

    prompt(script, installed)


NEVER = 1000.0
"""Seconds, for ``ttimeoutlen`` and ``timeoutlen``: what waits for these does not happen in a test."""


def test_escape_dismisses_at_this_place_only(prompt: Prompt, installed: Any, fake: Any) -> None:
    async def script(typist: Any) -> None:
        await typist.type("that is")
        await typist.sees(" the question")
        await typist.press_escape()
        assert typist.text == "that is"
        await typist.type("x")
        await typist.type(BACKSPACE)
        assert typist.ghost == ""
        await typist.type(" the")
        await typist.sees(" question")

    prompt(script, installed)


def test_escape_is_not_waited_for(prompt: Prompt, installed: Any) -> None:
    async def script(typist: Any) -> None:
        app = typist.session.app
        app.ttimeoutlen = app.timeoutlen = NEVER
        await typist.type("that is")
        await typist.sees(" the question")
        await typist.press_escape()
        await typist.type("[C")
        assert (typist.text, typist.ghost) == ("that is the question", ""), "it was the beginning of Right"
        typist.buffer.undo()
        await typist.type(" the")
        await typist.sees(" question")
        await typist.press_escape()
        await typist.type("f")
        assert typist.text == "that is thef", "it was a key by itself"

    prompt(script, installed)


def test_a_ghost_that_comes_after_escape_is_not_shown(prompt: Prompt, installed: Any, fake: Any) -> None:
    async def script(typist: Any) -> None:
        await typist.type("that is")
        await typist.sees(" the question")
        watch = typist.buffer.auto_suggest.watch(typist.buffer)
        await typist.press_escape()
        watch.write()
        assert typist.ghost == ""
        await typist.type("\x7f")
        await typist.type("s")
        assert typist.ghost == "", "it was dismissed"

    prompt(script, installed)


def test_escape_begins_an_alt_key_while_a_ghost_is_shown(prompt: Prompt, installed: Any) -> None:
    async def script(typist: Any) -> None:
        await typist.type("that is")
        await typist.sees(" the question")
        await typist.type(ALT + "f")
        assert (typist.text, typist.ghost) == ("that is the", " question")

    prompt(script, installed)


@pytest.mark.parametrize("letter", ["g", "f", "d"])
def test_after_a_dismissal_a_letter_is_a_letter(prompt: Prompt, installed: Any, letter: str) -> None:
    async def script(typist: Any) -> None:
        await typist.type("that is")
        await typist.sees(" the question")
        await typist.press_escape()
        await typist.type(letter)
        assert typist.text == "that is" + letter

    assert prompt(script, installed) == "that is" + letter


@pytest.mark.parametrize("text", ["that is", "nothing known"])
def test_escape_ends_inserting_in_vi_at_once(prompt: Prompt, installed: Any, text: str) -> None:
    async def script(typist: Any) -> None:
        typist.session.editing_mode = EditingMode.VI
        typist.session.app.timeoutlen = 1000  # seconds to wait for the rest of a key of several
        await typist.type(text)
        if text == "that is":
            await typist.sees(" the question")
        await typist.type(ESCAPE)
        await typist.until(lambda: typist.session.app.vi_state.input_mode == InputMode.NAVIGATION)
        assert typist.ghost == ""
        await typist.type("0x")
        await typist.until(lambda: typist.text == text[1:])

    assert prompt(script, installed) == text[1:]


def test_what_cannot_be_seen_is_not_accepted(prompt: Prompt, installed: Any) -> None:
    async def script(typist: Any) -> None:
        await typist.type("that is")
        await typist.sees(" the question")
        typist.buffer.start_selection()
        for keys in (RIGHT, "\x06", "\x05", END, ALT + "f", CONTROL_RIGHT):
            await typist.type(keys)
            assert typist.text == "that is"
        typist.buffer.exit_selection()
        await typist.type("\x06")
        assert typist.text == "that is the question"

    prompt(script, installed)


def test_what_was_dismissed_at_a_prompt_is_forgotten_at_the_next(prompt: Prompt, installed: Any) -> None:
    async def script(typist: Any) -> None:
        await typist.type("that is")
        await typist.sees(" the question")
        await typist.press_escape()

    assert prompt(script, installed, prompts=2) == "that is"


def test_nothing_of_a_buffer_is_kept(fake: Any) -> None:
    suggest = RNNAutoSuggest(completer=fake)
    buffer = Buffer()
    suggest.watch(buffer)
    gone = weakref.ref(buffer)
    del buffer
    gc.collect()
    assert gone() is None


def test_what_is_detached_is_as_before_and_free(fake: Any) -> None:
    with create_pipe_input() as keys, create_app_session(input=keys, output=DummyOutput()):
        session: PromptSession[str] = PromptSession()
        buffer, app = session.default_buffer, session.app

        def things() -> list[Any]:
            events = (buffer.on_text_changed, buffer.on_text_insert, buffer.on_cursor_position_changed, app.on_reset)
            handlers = [list(event._handlers) for event in (*events, app.key_processor.after_key_press)]
            controls = [window.content for window in app.layout.find_all_windows()]
            return [buffer.auto_suggest, app.key_bindings, app.input, app.ttimeoutlen, *handlers, controls]

        before = things()
        suggest = RNNAutoSuggest(completer=fake)
        detach = attach(app, buffer, suggest)
        assert things() != before
        detach()
        assert things() == before
        gone = weakref.ref(suggest)
        del suggest, detach
        gc.collect()
        assert gone() is None


def test_asking_brings_something_where_nothing_is_likely(prompt: Prompt, installed: Any, fake: Any) -> None:
    async def script(typist: Any) -> None:
        await typist.type("unheard of")
        await typist.until(lambda: fake.asked == ["unheard of"[: n + 1] for n in range(10)][-len(fake.asked) :])
        assert typist.ghost == ""
        await typist.type(ALT + "\\")
        await typist.sees(" or so")

    prompt(script, installed)


def test_without_a_ghost_the_likeliest_comes_first_also_where_one_was_dismissed(
    prompt: Prompt, installed: Any, fake: Any
) -> None:
    async def script(typist: Any) -> None:
        await typist.type("unheard of")
        for _ in range(2):
            await typist.type(ALT + "]")
            await typist.sees(" not to be")
            await typist.type(ALT + "]")
            await typist.sees(" so")
            await typist.type(ESCAPE)
            await typist.sees("")
            await asyncio.sleep(0.01)

    prompt(script, installed)


def test_a_history_of_blanks_alone_gives_no_ghost(prompt: Prompt, fake: Any) -> None:
    async def script(typist: Any) -> None:
        await typist.type("that is")
        await typist.sees(" the question")

    prompt(script, lambda session: install(session, completer=fake, first=lambda _: "  "))


def test_what_is_decided_holds_in_styles_to_come(monkeypatch: pytest.MonkeyPatch, fake: Any) -> None:
    loaded: list[dict[str, Any]] = []

    def load(style: str, device: str, **decoding: Any) -> Any:
        loaded.append(decoding)
        fake.options = DecoderOptions()
        return fake

    monkeypatch.setattr("rnncomplete.completion.completer.load_completer", load)
    suggest = RNNAutoSuggest("hamlet", threshold=0.5)
    suggest.start(5)
    suggest.decide(length=80)
    assert fake.options.length == 80
    suggest.use("linux", patience=5)
    assert loaded == [{"threshold": 0.5}, {"threshold": 0.5, "length": 80}]
    suggest.close()


def test_alternatives_are_cycled_and_accepted(prompt: Prompt, installed: Any) -> None:
    async def script(typist: Any) -> None:
        first = " not to be, that is the question"
        await typist.type("to be, or")
        await typist.sees(first)
        for ghost in (" so", " else", first, " so"):
            await typist.type(ALT + "]")
            await typist.sees(ghost)
        await typist.type(ALT + "[")
        await typist.sees(first)
        await typist.type(ALT + "]")
        await typist.sees(" so")
        await typist.type(" s")
        assert typist.ghost == "o"
        await typist.type(RIGHT)

    assert prompt(script, installed) == "to be, or so"


def test_ghosts_by_hand_only(prompt: Prompt, installed: Any, fake: Any) -> None:
    async def script(typist: Any) -> None:
        await typist.type("that")
        await typist.sees(" is the question")
        await typist.type(ALT + "g")
        assert typist.ghost == ""
        asked = len(fake.asked)
        await typist.type(" is")
        await typist.type(ALT + "\\")
        await typist.sees(" the question")
        assert len(fake.asked) == asked + 1

    prompt(script, installed)


def test_several_lines_and_the_middle_of_a_line_only_where_they_are_drawn(
    prompt: Prompt, plain: Any, installed: Any, fake: Any
) -> None:
    fake.text = "first\nsecond\nthird"

    async def script(typist: Any) -> None:
        await typist.type("fir")
        await typist.sees("st")

    async def installed_script(typist: Any) -> None:
        await typist.type("fir")
        await typist.sees("st\nsecond\nthird")
        await typist.type(ALT_RIGHT)
        assert (typist.text, typist.ghost) == ("first", "\nsecond\nthird")
        await typist.type(ALT_RIGHT)
        assert (typist.text, typist.ghost) == ("first\nsecond", "\nthird")
        typist.buffer.document = Document("fi (see below)", 2)
        await typist.type("r")
        await typist.sees("st")

    assert prompt(script, plain) == "fir"
    assert prompt(installed_script, installed) == "fir (see below)"


def test_a_style_that_cannot_be_loaded_leaves_a_working_prompt_and_one_line(
    prompt: Prompt, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ModelError("the graph is\ndamaged; install the style again")

    monkeypatch.setattr("rnncomplete.completion.completer.load_completer", fail)
    told: list[str | None] = []
    suggest = RNNAutoSuggest()
    suggest.changed = lambda: told.append(suggest.problem)

    async def script(typist: Any) -> None:
        await typist.type("to be")
        await typist.until(lambda: told)
        await typist.type(", or")
        assert typist.ghost == ""

    assert prompt(script, lambda session: setattr(session, "auto_suggest", suggest)) == "to be, or"
    assert told == ["the graph is damaged; install the style again"]
    assert capfd.readouterr() == ("", "")


def test_a_network_that_fails_leaves_a_working_prompt_and_one_line(prompt: Prompt, fake: Any) -> None:
    fake.text = None
    suggest = RNNAutoSuggest(completer=fake)

    async def script(typist: Any) -> None:
        await typist.type("to be")
        await typist.until(lambda: suggest.problem)
        await typist.type(", or")

    assert prompt(script, lambda session: setattr(session, "auto_suggest", suggest)) == "to be, or"
    assert suggest.problem is not None
    assert suggest.problem.startswith("TypeError: ")


def test_no_key_waits_for_a_network(prompt: Prompt, fake: Any) -> None:
    """Not one step of it ends before all keys have been handled: a key that waited for one would never be."""
    go_on = threading.Event()
    threads: set[threading.Thread] = set()

    def grow(before: str, wanted: Callable[[], bool]) -> Iterator[Ghost]:
        threads.add(threading.current_thread())
        go_on.wait(60)
        yield Ghost("late", (1.0,) * 4, "length")

    fake.grow = grow
    text = "abxcdefgyabcd" * 4

    async def script(typist: Any) -> None:
        try:
            await typist.type(text[0])
            await typist.until(lambda: threads)
            for character in text[1:] + BACKSPACE * 5:
                await typist.type(character)
            assert typist.text == text[:-5]
        finally:
            go_on.set()

    prompt(script, lambda session: install(session, completer=fake))
    assert threading.current_thread() not in threads


def test_a_network_that_is_not_wanted_any_more_stops_within_a_step(prompt: Prompt, fake: Any, plain: Any) -> None:
    fake.seconds = 0.02
    fake.text = "x" * 500

    async def script(typist: Any) -> None:
        await typist.type("x")
        await typist.until(lambda: fake.steps > 2)
        await typist.type("y")
        await typist.until(lambda: len(fake.asked) == 2)
        assert fake.steps < 10

    prompt(script, plain)


def test_escape_sequences_of_a_network_never_reach_the_prompt(prompt: Prompt, installed: Any, fake: Any) -> None:
    fake.text = "to be\x1b]0;title\x07 or not"

    async def script(typist: Any) -> None:
        await typist.type("to")
        await typist.sees(" be")
        await typist.type(RIGHT)

    assert prompt(script, installed) == "to be"


def test_a_key_never_walks_through_a_megabyte(prompt: Prompt, installed: Any) -> None:
    ours = str(Path(rnncomplete.__file__).parent)
    lines = 0

    def count(frame: FrameType, event: str, _: object) -> Any:
        nonlocal lines
        lines += event == "line"
        return count if frame.f_code.co_filename.startswith(ours) else None

    async def script(typist: Any) -> None:
        processor = typist.session.app.key_processor
        processor.feed(KeyPress(Keys.BracketedPaste, "a line to paste\n" * 65_536))
        processor.process_keys()
        assert len(typist.text) == 1_048_576
        former = sys.gettrace()
        sys.settrace(count)
        try:
            for character in "that is":
                await typist.type(character)
            await typist.sees(" the question")
        finally:
            sys.settrace(former)
        assert 0 < lines < 100_000, "Python runs no line of ours for each character of the text"

    prompt(script, installed)


def test_the_condition_and_the_context_are_ours(prompt: Prompt, fake: Any) -> None:
    suggest = RNNAutoSuggest(
        completer=fake, context=lambda: "before\n", when=lambda document: not document.text.startswith(":")
    )

    async def script(typist: Any) -> None:
        await typist.type(":that is")
        assert not fake.asked
        typist.buffer.document = Document("that i", 6)
        await typist.type("s")
        await typist.sees(" the question")
        assert fake.asked == ["before\nthat is"]

    prompt(script, lambda session: setattr(session, "auto_suggest", suggest))


def test_the_synchronous_question_never_computes(prompt: Prompt, fake: Any) -> None:
    suggest = RNNAutoSuggest(completer=fake)
    outside = DynamicAutoSuggest(lambda: suggest)

    async def script(typist: Any) -> None:
        assert outside.get_suggestion(typist.buffer, Document("that is")) is None
        assert not fake.asked
        await typist.type("that is")
        await typist.sees(" the question")
        known = outside.get_suggestion(typist.buffer, typist.buffer.document)
        assert known is not None
        assert known.text == " the question"
        assert outside.get_suggestion(typist.buffer, Document("that is t")) is None

    prompt(script, lambda session: setattr(session, "auto_suggest", suggest))


def test_the_tally_counts_keys_saved(prompt: Prompt, fake: Any) -> None:
    suggest = RNNAutoSuggest(completer=fake)

    async def script(typist: Any) -> None:
        for character in "that ":
            await typist.type(character)
        await typist.sees("is the question")
        await typist.type(RIGHT)

    prompt(script, lambda session: install(session, suggest=suggest))
    assert (suggest.tally.typed, suggest.tally.accepted, suggest.tally.saved) == (20, 15, 14)


def test_the_process_ends_at_once_while_a_step_is_slow() -> None:
    program = """
import time
from rnncomplete.completion.worker import Background, Request
class Slow:
    card = None
    def open(self, document):
        return self
    def grow(self, before, wanted):
        print("computing", flush=True)
        time.sleep(300)
        yield
background = Background(Slow, lambda: None)
background.ask(Request("", print, print))
while background._running is None: time.sleep(0.01)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=100, check=True)
    assert done.stdout == "computing\n"


def test_the_package_exports_what_a_program_needs() -> None:
    assert rnncomplete.RNNAutoSuggest is RNNAutoSuggest
    assert rnncomplete.install is install


def test_a_ghost_never_ends_in_a_blank_and_the_blank_comes_with_the_next_word(
    prompt: Prompt, installed: Any, fake: Any
) -> None:
    fake.text = "in England "

    async def script(typist: Any) -> None:
        for key, text in ((",", "in England,"), ("w", "in England w"), (" ", "in England "), (BACKSPACE, "in Englan")):
            typist.buffer.reset()
            await typist.type("in")
            await typist.sees(" England")
            await typist.type(RIGHT)
            assert typist.text == "in England"
            await typist.type(key)
            assert typist.text == text

    prompt(script, installed)


def test_behind_an_accepted_word_the_next_ghost_is_that_of_the_next_word(
    prompt: Prompt, installed: Any, fake: Any
) -> None:
    fake.text = "in England "

    async def script(typist: Any) -> None:
        await typist.type("in")
        await typist.sees(" England")
        fake.text = "in England we are"
        await typist.type(RIGHT)
        await typist.sees(" we are")
        assert fake.asked[-1] == "in England "
        await typist.type("w")
        assert (typist.text, typist.ghost) == ("in England w", "e are")

    prompt(script, installed)


def test_whoever_types_a_word_to_its_end_decides_how_it_goes_on(prompt: Prompt, installed: Any, fake: Any) -> None:
    fake.text = "in England "

    async def script(typist: Any) -> None:
        await typist.type("in")
        await typist.sees(" England")
        await typist.type(" Englander")
        assert typist.text == "in Englander"

    prompt(script, installed)


def test_no_blank_is_doubled_before_the_text_behind_the_cursor(prompt: Prompt, installed: Any, fake: Any) -> None:
    fake.text = "in England "

    async def script(typist: Any) -> None:
        typist.buffer.document = Document("i we are", 1)
        await typist.type("n")
        await typist.sees(" England")
        await typist.type(RIGHT + "s")
        assert typist.text == "in Englands we are"

    prompt(script, installed)


def test_alternatives_are_other_words(prompt: Prompt, installed: Any, fake: Any) -> None:
    fake.text = "to be, or not at all"

    async def script(typist: Any) -> None:
        await typist.type("to be, or")
        await typist.sees(" not at all")
        for ghost in (" so", " else", " not at all"):
            await typist.type(ALT + "]")
            await typist.sees(ghost)

    prompt(script, installed)


def test_what_is_undone_is_not_counted_and_what_is_redone_is(prompt: Prompt, fake: Any) -> None:
    suggest = RNNAutoSuggest(completer=fake)

    def counted() -> tuple[int, int, int]:
        return suggest.tally.typed, suggest.tally.accepted, suggest.tally.saved

    async def script(typist: Any) -> None:
        await typist.type("that ")
        await typist.sees("is the question")
        await typist.type(CONTROL_RIGHT)
        assert counted() == (7, 2, 1)
        await typist.type(END)
        assert counted() == (20, 15, 13)
        typist.buffer.undo()
        assert counted() == (7, 2, 1)
        typist.buffer.redo()
        assert counted() == (20, 15, 13)
        for _ in range(3):
            typist.buffer.undo()
        assert counted()[1:] == (0, 0)

    prompt(script, lambda session: install(session, suggest=suggest))


@pytest.mark.parametrize("name", ["first", "context", "when"])
def test_what_a_program_does_wrong_does_not_stop_the_prompt(prompt: Prompt, fake: Any, name: str) -> None:
    broken = True

    def function(*_: object) -> object:
        if broken:
            raise ZeroDivisionError("no\nway")
        return {"first": "", "context": "", "when": True}[name]

    suggest = RNNAutoSuggest(completer=fake, **{name: function})

    async def script(typist: Any) -> None:
        nonlocal broken
        await typist.type("that")
        await typist.until(lambda: suggest.problem)
        assert suggest.problem == f"{name} of the program fails: ZeroDivisionError: no way"
        await typist.type(" is")
        assert typist.text == "that is"
        broken = False
        await typist.type(" ")
        await typist.sees("the question")
        await typist.until(lambda: suggest.problem is None)

    assert prompt(script, lambda session: install(session, suggest=suggest)) == "that is "


def test_a_ghost_never_makes_a_line_where_there_may_be_no_ghosts(prompt: Prompt, fake: Any) -> None:
    fake.text = " :quit now"
    suggest = RNNAutoSuggest(completer=fake, when=lambda document: not document.text.lstrip().startswith(":"))

    async def script(typist: Any) -> None:
        await typist.type(" ")
        await typist.until(lambda: suggest.milliseconds is not None)
        assert typist.ghost == ""
        await typist.type(ALT + "\\")
        await asyncio.sleep(0.01)
        assert typist.ghost == ""

    prompt(script, lambda session: install(session, suggest=suggest))


def test_a_ghost_takes_the_place_of_a_placeholder(prompt: Prompt, fake: Any) -> None:
    def prepare(session: PromptSession[str]) -> None:
        session.placeholder = "type something"
        install(session, completer=fake)

    def line(session: PromptSession[str]) -> str:
        with set_app(session.app):
            content = session.app.layout.current_control.create_content(80, 1)
        return "".join(text for _, text, *_ in content.get_line(0)).rstrip()

    async def script(typist: Any) -> None:
        assert line(typist.session) == "type something"
        await typist.type(ALT + "\\")
        await typist.until(lambda: typist.ghost)
        assert line(typist.session) == typist.ghost

    prompt(script, prepare)


def test_a_prompt_that_begins_with_text_has_a_ghost_at_once(fake: Any) -> None:
    async def main() -> None:
        with create_pipe_input() as keys, create_app_session(input=keys, output=DummyOutput()):
            session: PromptSession[str] = PromptSession()
            install(session, completer=fake)
            asking = asyncio.ensure_future(session.prompt_async(default="that is"))
            deadline = time.monotonic() + 60
            while (ghost := session.default_buffer.suggestion) is None or ghost.text != " the question":
                assert time.monotonic() < deadline
                await asyncio.sleep(0.001)
            keys.send_text(RIGHT + "\r")
            assert await asking == "that is the question"

    asyncio.run(main())


def test_the_bytes_of_a_key_may_come_far_apart(prompt: Prompt, installed: Any) -> None:
    """As over a slow link: how long a program waits for them is its own business, and by default half a second."""

    async def script(typist: Any) -> None:
        assert typist.session.app.ttimeoutlen == 0.5
        await typist.type("that is")
        await typist.sees(" the question")
        typist._keys.send_text(ESCAPE)
        await asyncio.sleep(0.08)
        await typist.type("[C")

    assert prompt(script, installed) == "that is the question"


def test_what_was_installed_is_taken_back_and_others_keep_the_suggester(fake: Any) -> None:
    async def main() -> None:
        with create_pipe_input() as keys, create_app_session(input=keys, output=DummyOutput()):
            one: PromptSession[str] = PromptSession()
            other: PromptSession[str] = PromptSession()
            before = one.auto_suggest, one.default_buffer.auto_suggest, one.app.key_bindings
            suggest = install(one, completer=fake)
            install(one, suggest=suggest)
            install(other, suggest=suggest)
            rnncomplete.uninstall(one)
            rnncomplete.uninstall(one)
            assert (one.auto_suggest, one.default_buffer.auto_suggest, one.app.key_bindings) == before
            asking = asyncio.ensure_future(other.prompt_async())
            keys.send_text("that is")
            deadline = time.monotonic() + 60
            while other.default_buffer.suggestion is None:
                assert time.monotonic() < deadline
                await asyncio.sleep(0.001)
            keys.send_text("\r")
            assert await asking == "that is"

    asyncio.run(main())


@pytest.mark.parametrize("multiline", [True, False])
def test_a_line_end_comes_with_the_next_word_where_a_text_has_several_lines(
    prompt: Prompt, fake: Any, multiline: bool
) -> None:
    fake.text = "def f():\n\t"

    async def script(typist: Any) -> None:
        typist.session.multiline = multiline
        for key in ("r", "(", ")"):
            typist.buffer.reset()
            await typist.type("def")
            await typist.sees(" f():")
            await typist.type(RIGHT + key)
            comes = multiline and key != ")"
            assert typist.text == "def f():" + "\n\t" * comes + key
        typist.session.multiline = False

    prompt(script, lambda session: install(session, completer=fake))
