"""What a line of a text is about: its own line of the source, whatever was read before, and no more is read than need be."""

from __future__ import annotations

import dataclasses
import zlib
from functools import partial
from math import inf
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tiny_source import copying_card, plain_picture, seeing_card, write_source_style

from rnncomplete.completion import static_reader
from rnncomplete.completion.completer import Completer, load_completer
from rnncomplete.completion.decoder import DecoderOptions
from rnncomplete.completion.sources import About, Contexts
from rnncomplete.errors import StyleError
from rnncomplete.mixing import text_reader
from rnncomplete.mixing.text_reader import Windows
from rnncomplete.network.encoder import Context
from rnncomplete.network.loading import load_network
from rnncomplete.network.model import Model
from rnncomplete.text.characters import normalise

if TYPE_CHECKING:
    from pathlib import Path

    from rnncomplete.network.card import Card
    from rnncomplete.network.model import FloatArray

FREE = DecoderOptions(length=12, threshold=0.0, budget_ms=inf, whole_words=False)
CELLS = 3


class Fake:
    """A network of three cells, shut at a line end, and the sources that it was asked to encode."""

    def __init__(self, tiny_card: Card) -> None:
        self.card = dataclasses.replace(copying_card(tiny_card), state_size=CELLS)
        self.newline = self.card.vocabulary.index("\n")
        self.weights = np.random.default_rng(3).normal(size=(CELLS, len(self.card.vocabulary))).astype(np.float32)
        self.encoded: list[Any] = []
        self.steps = 0
        self.model = Model(self.card, "cpu", self.step, encoder=self.encode)  # type: ignore[arg-type] # a fake

    def encode(self, source: str | FloatArray) -> Context:
        self.encoded.append(source)
        number = zlib.crc32(source.encode() if isinstance(source, str) else source.tobytes()) % 97 / 97
        return Context(np.full((1, 1), number, np.float32), np.zeros((1, 1), np.float32))

    def step(self, token: int, state: FloatArray, context: Context | None = None) -> tuple[FloatArray, FloatArray]:
        self.steps += 1
        assert context is not None
        shut = 0 if token == self.newline else 1
        after = (np.tanh(state + np.sin(np.arange(1, CELLS + 1) * token)) * shut).astype(np.float32)
        return ((after + np.cos(20 * context.keys[0, 0])) @ self.weights).astype(np.float32), after

    def expected(self, text: str, source: str) -> FloatArray:
        """The logits behind ``text``, from the start, line by line."""
        text, lines = normalise(text), normalise(source).split("\n")
        state, line, logits = np.zeros(CELLS, np.float32), 0, np.zeros(0, np.float32)
        for token in self.model.vocabulary.encode(text or "\n").tolist():
            line += bool(text) and token == self.newline
            logits, state = self.step(token, state, self.encode(lines[line] if line < len(lines) else ""))
        return logits


@pytest.fixture
def fake(tiny_card: Card) -> Fake:
    return Fake(tiny_card)


TEXT = "\nab cd\n\nthe quick\n brown fox, jumps\nover\n"
SOURCE = "\nONE\nTWO\n\nFOUR\nFIVE\nFIVE"


def test_a_step_is_about_the_line_of_the_character_that_it_predicts(fake: Fake) -> None:
    document = Completer(fake.model, FREE, static=True).open("a", source=SOURCE)
    for end in range(len(TEXT) + 1):
        reading = document.read(TEXT[:end])
        assert reading is not None
        np.testing.assert_allclose(reading[0], fake.expected(TEXT[:end], SOURCE), atol=1e-6)


LINES = st.text("ab\n", max_size=24)
CHANGES = st.lists(st.tuples(st.booleans(), st.integers(0, 90), st.integers(0, 30), LINES), max_size=8)


@pytest.mark.parametrize("static", [True, pytest.param(False, marks=pytest.mark.slow)])
@settings(max_examples=60)
@given(CHANGES)
@example([(False, 0, 11, ""), (True, 0, 0, "a")])
def test_however_text_and_source_came_to_be_the_prediction_is_that_of_reading_them_anew(
    tiny_card: Card, static: bool, changes: list[tuple[bool, int, int, str]]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(static_reader, "SEGMENT", 32)
        patch.setattr(static_reader, "WARM_UP", 16)
        patch.setattr(text_reader, "Windows", partial(Windows, session=64, network=32))
        fake = Fake(tiny_card)
        completer = Completer(fake.model, FREE, static=static)
        text, source = TEXT * 3, SOURCE
        for of_source, at, removed, put in changes:
            if of_source:
                source = source[:at] + put.upper() + source[at + removed :]
            else:
                text = text[:at] + put + text[at + removed :]
            document = completer.open("a", source=source)
            for before in (text, text[: at // 2], text):
                found = document.predict(before)
                fresh = Completer(fake.model, FREE, static=static).open("a", source=source).predict(before)
                assert found is not None
                assert fresh is not None
                assert found.tolist() == fresh.tolist()


@pytest.mark.parametrize("static", [True, False])
def test_of_a_source_that_changes_only_what_it_changes_is_read_again(fake: Fake, static: bool) -> None:
    lines = [f"LINE {number}" for number in range(60)]
    text = "\n".join(f"this is line {number}, and here it goes on" for number in range(60))
    completer = Completer(fake.model, FREE, static=static)
    document = completer.open("a", source="\n".join(lines))
    document.predict(text)
    lines[50] = "ANOTHER"
    behind = len(text) - text.index("this is line 50")
    for source in (lines, lines, [*lines, "MORE", "AND MORE"]):
        fake.steps = 0
        completer.open("a", source="\n".join(source)).predict(text)
        assert fake.steps <= behind + static_reader.DISTANCE
        assert fake.steps == 0 or behind
        behind = 0


def test_contexts_are_made_when_they_are_needed_and_shared(fake: Fake) -> None:
    completer = Completer(fake.model, FREE, static=True)
    document = completer.open("a", source="ONE\nTWO\nONE\nTHREE\nFOUR")
    assert fake.encoded == []
    document.predict("x\ny\nz")
    assert fake.encoded == ["ONE", "TWO"]
    completer.open("b", source="FOUR\nTWO").predict("x\ny\nz")
    assert fake.encoded == ["ONE", "TWO", "FOUR", ""]


def test_contexts_take_a_bounded_room(fake: Fake) -> None:
    contexts = Contexts(fake.encode, most_bytes=24)
    for line in ("ONE", "TWO", "ONE", "THREE", "FOUR", "ONE"):
        assert contexts.of(line).nbytes == 8
    assert fake.encoded == ["ONE", "TWO", "THREE", "FOUR"]
    contexts.of("TWO")
    assert fake.encoded[-1] == "TWO", "what was not used for longest is gone"
    assert Contexts(fake.encode, most_bytes=1).of("ONE").nbytes == 8


def test_the_first_line_that_a_change_touches_is_known(fake: Fake) -> None:
    about = About(Contexts(fake.encode), "A\nB\nC")
    picture = plain_picture([1, 0, 0])
    for source, first in (
        ("A\nB\nC", None),
        ("A\r\nB\r\nC\r\n\r\n", None),
        ("A\nX\nC", 1),
        ("A", 1),
        ("A\n\n\nD", 3),
        ("", 0),
        (picture, 0),
        (picture.copy(), None),
        ("", 0),
    ):
        assert about.change(source) == first


def test_a_document_keeps_its_source_until_it_is_told_another(fake: Fake) -> None:
    completer = Completer(fake.model, FREE, static=True)
    completer.open("a", source="ONE").predict("x")
    completer.open("a").predict("y")
    completer.open("a", source="").predict("y")
    assert fake.encoded == ["ONE", ""]


@pytest.mark.parametrize("static", [True, False])
def test_a_ghost_that_has_begun_is_given_up_when_the_text_is_about_something_else(fake: Fake, static: bool) -> None:
    document = Completer(fake.model, FREE, static=static).open("a", source="ONE")
    greedy = document.greedy("x")
    assert next(greedy)
    document.write_about("ONE")
    assert next(greedy), "that is what it was about"
    document.write_about("TWO")
    assert list(greedy) == []
    begun = document.grow("x")
    document.write_about("TWO\nTHREE")
    assert list(begun) != [], "nothing was read before it was asked for"
    begun = document.grow("x", options=dataclasses.replace(FREE, whole_words=True, length=FREE.length))
    first = next(begun)
    document.write_about("FOUR")
    assert first.text
    assert [ghost.text for ghost in begun] == []


def test_a_source_that_does_not_suit_leaves_no_document(fake: Fake) -> None:
    completer = Completer(fake.model, FREE, static=True)
    for name in range(3):
        with pytest.raises(StyleError):
            completer.open(name, source=plain_picture([1, 0, 0]))
    assert not completer._documents


@pytest.mark.parametrize("alone", [True, False])
def test_what_was_given_up_does_not_hide_what_a_source_changes(fake: Fake, alone: bool) -> None:
    one, other = "ab\nthe quick", "ab and more of it, on and on\nthe quick"
    document = Completer(fake.model, FREE).open("a", source="ONE\nTWO")
    document.predict(one)
    if alone:
        document.read(other)
    else:
        assert document.predict(other, lambda: False) is None
    document.write_about("ONE\nTHREE")
    found, fresh = (
        some.predict(one) for some in (document, Completer(fake.model, FREE).open("a", source="ONE\nTHREE"))
    )
    assert found is not None
    assert fresh is not None
    assert found.tolist() == fresh.tolist()


def test_what_a_text_is_about_outlives_what_was_read_of_it(fake: Fake) -> None:
    completer = Completer(fake.model, FREE, static=True, document_bytes=1)
    completer.open("a", source="ONE").predict("x")
    completer.open("b", source="TWO").predict("x")
    completer.open("c").predict("x")
    completer.open("d").predict("x")
    fake.encoded.clear()
    completer = Completer(fake.model, FREE, static=True, document_bytes=1)
    first = completer.open("a", source="ONE").predict("x")
    completer.open("b", source="TWO").predict("x")
    again = completer.open("a").predict("x")
    assert first is not None
    assert again is not None
    assert first.tolist() == again.tolist()
    for number in range(9):
        completer.open(number).predict("x")
    assert set(completer._documents) == {"a", "b", 8}


@pytest.mark.parametrize("static", [True, False])
def test_a_line_end_far_back_changes_what_all_later_lines_are_about(
    tiny_card: Card, static: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_reader, "Windows", partial(Windows, session=64, network=32))
    monkeypatch.setattr(static_reader, "SEGMENT", 32)
    monkeypatch.setattr(static_reader, "WARM_UP", 16)
    fake = Fake(tiny_card)
    source = "\n".join(f"LINE {number}" for number in range(80))
    text = "".join(f"ab {number} cd\n" for number in range(40))
    document = Completer(fake.model, FREE, static=static).open("a", source=source)
    document.predict(text)
    text = text.replace("\n", " ", 1)
    found, fresh = (
        some.predict(text) for some in (document, Completer(fake.model, FREE, static=static).open("a", source=source))
    )
    assert found is not None
    assert fresh is not None
    assert found.tolist() == fresh.tolist()


def test_a_picture_is_known_again_and_its_pixels_are_not_kept(fake: Fake) -> None:
    contexts = Contexts(fake.encode)
    picture = plain_picture([1, 0, 0])
    assert contexts.of(picture) is contexts.of(picture.copy())
    assert contexts.of(picture) is not contexts.of(plain_picture([0, 1, 0]))
    assert sum(len(key) for key in contexts._kept) < 100, "only contexts are counted"


def test_the_key_of_a_picture_is_made_once(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    contexts = Contexts(fake.encode)
    about = About(contexts, plain_picture([1, 0, 0]))
    context = about(0)
    monkeypatch.setattr(contexts, "of", None)
    assert about(1) is context


def test_a_ghost_is_given_up_when_what_it_is_about_changes(fake: Fake) -> None:
    completer = Completer(fake.model, FREE)

    def meanwhile(source: str) -> bool:
        completer.open("a", source=source + more)
        return True

    more = "\nMORE" * 20
    document = completer.open("a", source="ONE" + more)
    assert document.complete("x y ", lambda: meanwhile("ONE")).stopped == "length"
    assert document.complete("x y ", lambda: meanwhile("TWO")).stopped == "abandoned"


@pytest.fixture
def copying(tiny_card: Card, tmp_path: Path) -> Path:
    return write_source_style(tmp_path / "copying", copying_card(tiny_card))


@pytest.mark.parametrize("static", [True, False])
def test_ghosts_are_about_the_line_that_one_types(copying: Path, static: bool) -> None:
    completer = load_completer(str(copying), "cpu", static=static)
    document = completer.open("letter", source="DEAR EVE,\nALL IS WELL.\nADAM")
    assert document.complete("dear ").text == "eve,\nall is well.\nadam"
    assert document.complete("dear eve,\n").text == "all is well.\nadam"
    assert document.insist("a").text.startswith("ear eve"), "what is typed may be another letter"
    assert [ghost.text for ghost in document.grow("dear", supposed=" eve,\nall ")][-1] == "is well.\nadam"
    assert document.alternatives("", 1)[0].text.startswith("dear eve")
    assert completer.open("letter", source="DEAR GOD").complete("dear ").text == "god"
    other = completer.open("other", source="HELLO").complete("he").text
    assert other == "llo"


def test_a_picture_is_what_every_line_is_about(tiny_card: Card, tmp_path: Path) -> None:
    model = load_network(write_source_style(tmp_path / "seeing", seeing_card(tiny_card)), "cpu")
    document = Completer(model, FREE, static=True).open("a", source=plain_picture([0, 1, 0]))
    for before in ("", "x", "\n", "x\ny"):
        assert document.complete(before).text == "g" * FREE.length


def test_a_text_may_be_about_a_picture_then_nothing_then_another(tiny_card: Card, tmp_path: Path) -> None:
    model = load_network(write_source_style(tmp_path / "seeing", seeing_card(tiny_card)), "cpu")
    completer = Completer(model, FREE, static=True)
    nothing = completer.open("b").complete("x").text
    red, green = plain_picture([1, 0, 0]), plain_picture([0, 1, 0])
    for source, expected in ((red, "r"), ("", None), (green, "g"), (red, "r"), ("", None), ("", None)):
        ghost = completer.open("a", source=source).complete("x").text
        assert ghost == (nothing if expected is None else expected * FREE.length)


def test_a_style_that_writes_about_nothing_says_so(tiny_style: Path, copying: Path) -> None:
    plain = Completer(load_network(tiny_style, "cpu"), FREE)
    plain.open("a", source="").complete("x")
    with pytest.raises(StyleError, match="'tiny' has no source; expected one that translates text"):
        plain.open("a", source="A")
    with pytest.raises(StyleError, match="'tiny' has no source; expected one that describes pictures"):
        plain.open("a", source=plain_picture([1, 0, 0]))
    with pytest.raises(StyleError, match="'tiny' translates text; expected a text, not a picture"):
        load_completer(str(copying), "cpu").open("a", source=plain_picture([1, 0, 0]))
