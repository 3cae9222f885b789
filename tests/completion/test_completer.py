"""From texts to ghosts."""

from __future__ import annotations

import threading
from dataclasses import replace
from math import inf
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncomplete.completion import static_reader as reading_module
from rnncomplete.completion.completer import Completer, load_completer
from rnncomplete.completion.decoder import DecoderOptions
from rnncomplete.completion.static_reader import SEGMENT, WARM_UP, StaticReader, anchor
from rnncomplete.network.loading import load_network
from rnncomplete.network.model import Model
from rnncomplete.text.tail import Tail
from rnncomplete.text.words import next_word

if TYPE_CHECKING:
    from pathlib import Path

    from rnncomplete.network.card import Card
    from rnncomplete.network.model import FloatArray

FREE = DecoderOptions(length=12, threshold=0.0, budget_ms=inf, whole_words=False)


def load(folder: Path) -> Completer:
    return load_completer(str(folder), "cpu", budget_ms=inf)


@given(st.integers(0, 10**7))
def test_the_anchor_leaves_a_bounded_context(length: int) -> None:
    start = anchor(length)
    assert 0 <= start <= length
    assert start == 0 or (start + WARM_UP) % SEGMENT == 0
    assert length - start < SEGMENT + WARM_UP
    assert start == 0 or length - start >= WARM_UP


def test_threshold_comes_from_the_card_unless_given(tiny_style: Path, tiny_card: Card) -> None:
    assert load_completer(str(tiny_style)).options == DecoderOptions(threshold=tiny_card.threshold)
    assert load_completer(str(tiny_style), threshold=0.7, length=3).options == DecoderOptions(length=3, threshold=0.7)


def test_the_same_text_has_the_same_ghost_however_it_came_to_be(
    tiny_style: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading_module, "SEGMENT", 16)
    monkeypatch.setattr(reading_module, "WARM_UP", 5)
    typed, text = load(tiny_style), "the quick brown fox jumps over the lazy dog. " * 3
    for end in [*range(1, len(text)), *range(len(text), 20, -3), *range(20, len(text), 5)]:
        opened = load(tiny_style) if end % 10 == 0 else None
        ghost = typed.complete(text[:end], options=FREE)
        assert opened is None or opened.complete(text[:end], options=FREE) == ghost


def test_line_ends_do_not_matter(tiny_style: Path) -> None:
    completer = load(tiny_style)
    assert completer.complete("one\r\ntwo\r", options=FREE) == completer.complete("one\ntwo\n", options=FREE)


def test_an_empty_text_has_a_continuation(tiny_style: Path) -> None:
    completer = load_completer(str(tiny_style), "cpu", budget_ms=inf, static=True)
    assert completer.complete("", options=FREE) == completer.complete("\n", options=FREE)


@given(text=st.text(st.characters(), max_size=30))
def test_any_text_has_a_ghost_that_may_be_shown(tiny_style: Path, text: str) -> None:
    ghost = load(tiny_style).complete(text, options=FREE)
    assert len(ghost.text) == 12
    assert set(ghost.text) <= set("\n ,.abcdefghijklmnopqrstuvwxyz")


def test_complete_is_the_last_that_grows(tiny_style: Path) -> None:
    completer = load(tiny_style)
    options = replace(FREE, whole_words=True, length=60)
    ghosts = [*completer.grow("hello ", options=options)]
    assert ghosts[-1] == completer.complete("hello ", options=options)
    assert all(ghost.text for ghost in ghosts)


def test_nothing_comes_once_it_is_not_wanted(tiny_style: Path) -> None:
    completer = load(tiny_style)
    assert [*completer.grow("hello", lambda: False)] == []
    assert completer.complete("hello", lambda: False).stopped == "abandoned"
    assert completer.alternatives("hello", 3, lambda: False) == []


def test_alternatives_begin_with_different_words_the_likeliest_first(tiny_style: Path) -> None:
    completer = load(tiny_style)
    ghosts = completer.alternatives("hello ", 4, options=replace(FREE, whole_words=True))
    assert len(ghosts) == 4
    assert len({next_word(ghost.text) for ghost in ghosts}) == 4


def test_asking_brings_a_word_though_no_ghost_is_likely_enough(tiny_style: Path) -> None:
    completer, options = load(tiny_style), replace(FREE, threshold=1.0, whole_words=True, length=200)
    assert completer.complete("hello ", options=options).text == ""
    word = completer.insist("hello ", options=options)
    free = completer.complete("hello ", options=replace(options, threshold=0.0))
    assert word.text
    assert free.text.startswith(word.text)
    assert len(word.probabilities) == len(word.text)
    assert completer.insist("hello ", options=FREE) == completer.complete("hello ", options=FREE)
    assert completer.insist("hello ", lambda: False).stopped == "abandoned"


def test_a_reading_that_is_given_up_lets_the_next_one_in(tiny_card: Card) -> None:
    entered, gone = threading.Event(), threading.Event()

    def slow(token: int, state: FloatArray) -> tuple[FloatArray, FloatArray]:
        entered.set()
        gone.wait(0.001)
        return np.zeros(len(tiny_card.vocabulary), np.float32), state

    completer = Completer(Model(tiny_card, "cpu", slow))
    first = threading.Thread(target=completer.complete, args=("a" * 4000, lambda: not gone.is_set()))
    first.start()
    assert entered.wait(5)
    gone.set()
    assert completer.complete("b").stopped == "confidence"
    first.join(5)
    assert not first.is_alive()


def test_many_threads_get_the_ghosts_that_one_gets(tiny_style: Path) -> None:
    completer, texts = load(tiny_style), [f"text number {letter} " for letter in "abcdefgh"]
    alone = [load(tiny_style).complete(text, options=FREE) for text in texts]
    together: dict[str, list[object]] = {text: [] for text in texts}

    def work(text: str) -> None:
        for _ in range(10):
            together[text].append(completer.complete(text, options=FREE))

    threads = [threading.Thread(target=work, args=(text,)) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [together[text] for text in texts] == [[ghost] * 10 for ghost in alone]


@settings(max_examples=20)
@given(data=st.data())
def test_reading_through_a_text_gives_at_each_place_what_reading_up_to_it_gives(
    tiny_style: Path, data: st.DataObject
) -> None:
    model = load_network(tiny_style, "cpu")
    text = Tail(0, model.vocabulary.encode(data.draw(st.text("abc .\n", min_size=1, max_size=70))))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading_module, "SEGMENT", 16)
        patch.setattr(reading_module, "WARM_UP", 5)
        reader = StaticReader(model)
        for _ in range(3):
            first = data.draw(st.integers(0, len(text)))
            places = range(first, data.draw(st.integers(first, len(text))) + 1)
            through = list(reader.through(text.until(places[-1]), first))
            assert len(through) == len(places)
            for place, logits in zip(places, through, strict=True):
                reading = StaticReader(model).read(text.until(place))
                assert reading is not None
                assert np.array_equal(logits, reading[0])
