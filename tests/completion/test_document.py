"""One network, many documents: each knows its own text, all share the rest."""

from __future__ import annotations

import gc
import sys
import threading
from functools import partial
from math import inf
from typing import TYPE_CHECKING

import pytest

from rnncomplete.completion import static_reader, worker
from rnncomplete.completion.completer import Completer
from rnncomplete.completion.decoder import DecoderOptions
from rnncomplete.errors import RnncompleteError
from rnncomplete.mixing import text_reader
from rnncomplete.mixing.text_reader import Windows
from rnncomplete.network.loading import load_network
from rnncomplete.network.model import Model

if TYPE_CHECKING:
    from pathlib import Path

    from rnncomplete.network.model import FloatArray

FREE = DecoderOptions(length=12, threshold=0.0, budget_ms=inf, whole_words=False)
TEXTS = {
    name: f"the {name} was called zyx{name}wvut, and zyx{name}wvut it was. the quick brown fox jumps on. " * 4
    for name in "abcdefgh"
}


class Counted:
    """A completer whose network counts its steps."""

    def __init__(self, folder: Path, document_bytes: int = 1 << 30) -> None:
        self.steps = 0
        model = load_network(folder, "cpu")

        def step(token: int, state: FloatArray) -> tuple[FloatArray, FloatArray]:
            self.steps += 1
            return model.step(token, state)

        self.completer = Completer(Model(model.card, "cpu", step), FREE, document_bytes=document_bytes)


def test_documents_typed_in_turns_cost_what_one_costs(tiny_style: Path) -> None:
    counted = Counted(tiny_style)
    for end in range(40, 80):
        for name, text in TEXTS.items():
            counted.steps = 0
            counted.completer.open(name).complete(text[:end])
            assert end == 40 or counted.steps == 1 + FREE.length - 1


def test_each_document_has_the_ghosts_of_its_own_text(tiny_style: Path) -> None:
    completer = Completer(load_network(tiny_style, "cpu"), FREE)
    for end in (50, 51, 49, 200, 201):
        for name, text in TEXTS.items():
            alone = Completer(completer.model, FREE)
            assert completer.open(name).complete(text[:end]) == alone.complete(text[:end])


def test_what_was_not_used_for_longest_makes_room(tiny_style: Path) -> None:
    counted = Counted(tiny_style)
    counted.completer.open("a").complete(TEXTS["a"])
    each = counted.completer.open("a").nbytes
    assert each < 12 * 2**20
    counted = Counted(tiny_style, document_bytes=3 * each + each // 2)
    completer = counted.completer
    for name in "abc":
        completer.open(name).complete(TEXTS[name])
    completer.open("a").complete(TEXTS["a"])
    oldest, expected = completer.open("b"), completer.open("b").complete(TEXTS["b"])
    for name in "acd":
        completer.open(name).complete(TEXTS[name])
    assert oldest.nbytes == 0
    assert completer.open("b") is not oldest
    for name, read_again in (("a", False), ("d", False), ("b", True)):
        counted.steps = 0
        completer.open(name).complete(TEXTS[name])
        assert (counted.steps > FREE.length) is read_again
    assert oldest.complete(TEXTS["b"]) == expected, "who still holds it may use it"


def test_a_closed_document_is_forgotten(tiny_style: Path) -> None:
    counted = Counted(tiny_style)
    document = counted.completer.open("a")
    document.complete(TEXTS["a"])
    counted.completer.close("a")
    counted.completer.close("a")
    assert document.nbytes == 0
    assert counted.completer.open("a") is not document


def test_what_files_teach_is_shared_by_all_documents(tiny_style: Path, tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_text("call the frobnicator now. then " * 30, encoding="utf-8")
    completer = Completer(load_network(tiny_style, "cpu"), FREE)
    documents, letter = [completer.open(name) for name in "ab"], completer.model.vocabulary.token("i")

    def expects() -> list[float]:
        predicted = [document.predict("call the frobn") for document in documents]
        return [float(one[letter]) for one in predicted if one is not None]

    before = expects()
    learned = completer.learn_files([tmp_path])
    assert completer.learned is learned is not None
    assert len(before) == 2
    assert all(after > 2 * once for after, once in zip(expects(), before, strict=True))
    completer.forget_files()
    assert expects() == before


@pytest.mark.parametrize("document_bytes", [1, 1 << 30])
def test_many_threads_with_many_documents(tiny_style: Path, document_bytes: int) -> None:
    completer = Completer(load_network(tiny_style, "cpu"), FREE, document_bytes=document_bytes)
    alone = {name: Completer(completer.model, FREE).complete(text) for name, text in TEXTS.items()}
    wrong: list[str] = []

    def work(first: int) -> None:
        for number in range(first, first + 12):
            name = "abcdefgh"[number % 8]
            if completer.open(name).complete(TEXTS[name]) != alone[name]:
                wrong.append(name)

    threads = [threading.Thread(target=work, args=(first,)) for first in (0, 0, 3, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_without_the_compiled_core_the_network_stands_alone_and_one_line_says_so(
    tiny_style: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, text = load_network(tiny_style, "cpu"), TEXTS["a"]
    alone = Completer(model, FREE, static=True)
    assert Completer(model, FREE).note is None
    monkeypatch.setattr("rnncomplete.mixing.core.core", None)
    completer = Completer(model, FREE)
    assert completer.static
    assert completer.complete(text) == alone.complete(text)
    assert completer.note is not None
    assert "the mixer is not compiled, so the network stands alone" in completer.note
    assert "\n" not in completer.note
    assert Completer(model, FREE, static=True).note is None
    with pytest.raises(RnncompleteError, match="not compiled"):
        completer.learn_files([tiny_style])


@pytest.mark.parametrize("static", [True, False])
def test_typing_a_long_text_never_waits(tiny_style: Path, monkeypatch: pytest.MonkeyPatch, static: bool) -> None:
    monkeypatch.setattr(static_reader, "SEGMENT", 256)
    monkeypatch.setattr(static_reader, "WARM_UP", 32)
    monkeypatch.setattr(text_reader, "Windows", partial(Windows, session=512, network=256))
    counted = Counted(tiny_style)
    document = Completer(counted.completer.model, FREE, static=static).open()
    text, steps = "the quick brown fox jumps over the lazy dog, and so on. " * 30, []
    for end in range(1, len(text)):
        counted.steps = 0
        document.greedy(text[:end])
        steps.append(counted.steps)
    assert max(steps) <= 1 + static_reader.AHEAD_STEPS
    assert sum(steps) < 1.3 * len(text)


def test_a_text_that_takes_long_to_read_is_announced(tiny_style: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "READING_SECONDS", 0.0)
    counted, told, done = Counted(tiny_style), [], threading.Event()
    background = worker.Background(lambda: counted.completer, lambda: told.append(background.reading))
    background.ask(worker.Request(TEXTS["a"], lambda _: told.append(background.reading), done.set))
    assert done.wait(20)
    background.close(5)
    assert told[:2] == [False, True], "loaded, then reading"
    assert told[2:]
    assert not any(told[2:]), "not any more once there is a ghost"


def test_no_text_is_kept_beyond_its_key(tiny_style: Path) -> None:
    document, texts = Completer(load_network(tiny_style, "cpu"), FREE).open(), TEXTS["a"] * 500
    gc.disable()
    try:
        for end in range(len(texts) - 3, len(texts)):
            before = texts[:end]
            document.complete(before)
            assert [*document.grow(before)]
            document.insist(before)
            assert sys.getrefcount(before) == 2, "a long document would take its length in memory at each key"
    finally:
        gc.enable()
