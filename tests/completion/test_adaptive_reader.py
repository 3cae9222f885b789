from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncomplete.completion.adaptive_reader import AdaptiveReader, Expectations
from rnncomplete.completion.completer import Completer, load_completer
from rnncomplete.completion.decoder import DecoderOptions
from rnncomplete.completion.static_reader import StaticReader
from rnncomplete.mixing.alphabet import Alphabet
from rnncomplete.mixing.layout import Sizes
from rnncomplete.mixing.mixer import Mixer
from rnncomplete.network.loading import load_network
from rnncomplete.text.tail import Tail

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from rnncomplete.network.model import FloatArray, Model

SMALL = Sizes(capacity=4096, entry_bits=14, match_bits=10, refine_rows=512, journal_words=1 << 16, frames=40)


@pytest.fixture(scope="module")
def model(tiny_style: Path) -> Model:
    return load_network(tiny_style, "cpu")


@pytest.fixture
def make_reader(model: Model) -> Callable[[], AdaptiveReader]:
    def make() -> AdaptiveReader:
        return AdaptiveReader(StaticReader(model), lambda _: small_mixer(model), model.vocabulary)

    return make


def small_mixer(model: Model) -> Mixer:
    return Mixer(Alphabet.usual(model.vocabulary.characters), sizes=SMALL)


def tail(model: Model, text: str) -> Tail:
    return Tail(0, model.vocabulary.encode(text))


def read(reader: AdaptiveReader, model: Model, text: str) -> FloatArray:
    reading = reader.read(tail(model, text))
    assert reading is not None
    return reader.probabilities(reading[0])


EDITS = st.lists(
    st.tuples(st.floats(0, 1), st.integers(0, 60), st.text("abc de.\n?", max_size=30)), min_size=1, max_size=12
)


@given(edits=EDITS)
@settings(max_examples=25)
def test_however_a_text_was_typed_it_predicts_the_same(model: Model, edits: list[tuple[float, int, str]]) -> None:
    reader = AdaptiveReader(StaticReader(model), lambda _: small_mixer(model), model.vocabulary)
    text = ""
    for where, deleted, inserted in edits:
        place = int(where * len(text))
        text = text[:place] + inserted + text[place + deleted :]
        found = read(reader, model, text)
        assert found.sum() == pytest.approx(1, abs=1e-4)
    fresh = AdaptiveReader(StaticReader(model), lambda _: small_mixer(model), model.vocabulary)
    assert np.array_equal(found, read(fresh, model, text))


def test_looking_ahead_gives_what_reading_on_gives_but_for_what_is_learned(
    make_reader: Callable[[], AdaptiveReader], model: Model
) -> None:
    reader = make_reader()
    reading = reader.read(tail(model, "a bad cab. a bad "))
    assert reading is not None
    before = reader.probabilities(reading[0])
    scores, state = reader.step(model.vocabulary.token("c"), reading[1])
    found = reader.probabilities(scores)
    assert found.sum() == pytest.approx(1, abs=1e-4)
    assert found.argmax() == model.vocabulary.token("a")
    assert reader.choose(scores) == (model.vocabulary.token("a"), pytest.approx(found.max(), rel=1e-5))
    assert np.array_equal(read(reader, model, "a bad cab. a bad "), before), "looking ahead learns nothing"
    assert state.path == (model.vocabulary.token("c"),)


def test_a_name_used_once_comes_back(model: Model) -> None:
    completer = Completer(model, DecoderOptions(threshold=0.05))
    static = Completer(model, DecoderOptions(threshold=0.05), static=True)
    text = "call the zyxwvut handler now. then again " * 2 + "call the zyx"
    assert completer.complete(text).text.startswith("wvut")
    assert not static.complete(text).text.startswith("wvut")


def test_the_probability_shown_is_the_one_predicted(model: Model) -> None:
    completer = Completer(model, DecoderOptions(threshold=0.05))
    text = "one two three. one two three. one tw"
    ghost = completer.complete(text)
    predicted = completer.predict(text)
    assert predicted is not None
    assert ghost.text
    assert ghost.probabilities[0] == pytest.approx(float(predicted[model.vocabulary.token(ghost.text[0])]), rel=1e-5)


def test_reading_given_up_goes_on_later(make_reader: Callable[[], AdaptiveReader], model: Model) -> None:
    reader, calls = make_reader(), iter(range(10_000))
    text = "a long text that somebody types on " * 5
    assert reader.read(tail(model, text), lambda: next(calls) < 3) is None
    reading = reader.read(tail(model, text))
    assert reading is not None
    assert np.array_equal(reader.probabilities(reading[0]), read(make_reader(), model, text))


def test_the_network_is_asked_once_for_each_place(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    static = StaticReader(model)
    expectations, asked = Expectations(static, most_bytes=2 * 64 * len(model.vocabulary)), []
    true_through = static.through

    def through(text: Tail, first: int) -> Iterator[NDArray[np.float32]]:
        for place, logits in enumerate(true_through(text, first), first):
            asked.append(place)
            yield logits

    monkeypatch.setattr(static, "through", through)
    text = tail(model, "somebody types a text on and on")
    rows = expectations(text.until(20), 0)
    assert asked == list(range(20))
    assert np.array_equal(expectations(text, 5)[:15], rows[5:])
    assert asked == list(range(len(text)))
    expectations(text.until(8), 2)
    expectations(text, 0)
    assert asked == list(range(len(text))), "a text that is deleted may come back"
    other = Tail(0, np.concatenate([text.tokens[:10], text.tokens[11:]]))
    assert np.array_equal(expectations(other, 8), Expectations(StaticReader(model))(other, 8))
    assert asked[len(text) :] == list(range(11, len(other)))


def test_what_the_network_expected_takes_bounded_memory_and_stays_the_same(model: Model) -> None:
    symbols = len(model.vocabulary)
    few, all_of_them = (Expectations(StaticReader(model), most_bytes=2 * rows * symbols) for rows in (20, 2000))
    long = tail(model, "somebody types a text on and on. " * 20)
    for begin in [*range(0, len(long), 8), 100, 96, 500, 3, 660]:
        read = long.until(min(len(long), begin + 30))
        if begin < len(read):
            assert np.array_equal(few(read, begin), all_of_them(read, begin))
    assert few.nbytes == 2 * 20 * symbols


@pytest.mark.parametrize(
    ("style", "text", "rest"),
    [
        ("python", "def frobnicate(text):\n    return int(text)\n\n\ndef main():\n    value = frob", "nicate("),
        (
            "linux",
            "static int frobnicate_irq(struct device *dev)\n{\n\treturn 0;\n}\n\nint probe(void)\n{\n\tfrobn",
            "icate_irq",
        ),
        ("tolstoy", 'Prince Zargowsky came in, and the countess asked him to sit down. "My dear Zarg', "owsky"),
        ("shakespeare", "LINDELBAUM:\nGood morrow, cousin.\n\nFirst Citizen:\nGood morrow.\n\nLIND", "ELBAUM:"),
    ],
)
def test_a_shipped_style_knows_a_name_used_once(style: str, text: str, rest: str) -> None:
    assert load_completer(style, "cpu", budget_ms=inf, static=True).insist(text).text != rest
    assert load_completer(style, "cpu", budget_ms=inf).insist(text).text.startswith(rest)
