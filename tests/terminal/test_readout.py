"""The label of what is being written: in the toolbar while somebody types, and word by word with ``:readout``."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput
from tiny_readout import LABELS, readout_card, write_readout_style

from rnncomplete.completion.completer import load_completer
from rnncomplete.completion.worker import Background, Request
from rnncomplete.ghost.suggest import RNNAutoSuggest
from rnncomplete.repl.look import toolbar
from rnncomplete.repl.program import Repl

if TYPE_CHECKING:
    from pathlib import Path

    from rnncomplete.completion.completer import Completer
    from rnncomplete.network.card import Card


@pytest.fixture
def completer(tiny_card: Card, tmp_path: Path) -> Completer:
    return load_completer(str(write_readout_style(tmp_path / "tiny", readout_card(tiny_card))), "cpu")


def ask(background: Background, text: str) -> None:
    done = threading.Event()
    background.ask(Request(text, show=lambda _: None, finish=done.set))
    assert done.wait(60)


def test_after_a_ghost_the_label_of_the_text_is_known(completer: Completer) -> None:
    changes: list[object] = []
    background = Background(lambda: completer, lambda: changes.append(background.readout))
    ask(background, "what a mess")
    assert background.readout == completer.open().readout("what a mess")
    assert changes[-1] == background.readout
    ask(background, "a good")
    assert background.readout == completer.open().readout("a good")
    background.close()


def test_a_style_without_labels_that_is_chosen_later_leaves_none(completer: Completer, tiny_style: Path) -> None:
    plain = load_completer(str(tiny_style), "cpu")
    background = Background(lambda: completer, lambda: None)
    ask(background, "what a mess")
    assert background.readout is not None
    background.completer = plain
    ask(background, "what a mess")
    assert background.readout is None
    background.close()


def test_the_toolbar_shows_it(completer: Completer) -> None:
    suggest = RNNAutoSuggest("tiny", completer=completer)
    suggest.start(60)
    assert "%" not in toolbar(suggest)
    suggest._background.readout = "good", 0.834
    assert "tiny · good 83 %" in toolbar(suggest)


class Recorder(DummyOutput):
    """Keeps what was said, without colours."""

    def __init__(self) -> None:
        self.said = ""

    def write(self, data: str) -> None:
        self.said += data


def converse(keys: str, completer: Any) -> str:
    output = Recorder()
    with create_pipe_input() as pipe, create_app_session(input=pipe, output=output):
        pipe.send_text(keys)
        Repl("tiny", completer=completer).run()
    return output.said


def test_readout_tells_which_words_moved_it(completer: Completer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        RNNAutoSuggest, "start", lambda self, patience=0.0: self._background.start() or self._background.wait(60)
    )
    said = converse("what a mess\r:readout\r:quit\r", completer)
    told = said.split("what a mess")[-1]
    for label in LABELS:
        assert f"{label} " in told
    assert "moved most, in nats towards" in told
    assert "mess " in told
    assert "the document is empty" in converse(":readout\r:quit\r", completer)


def test_a_style_without_labels_says_so(tiny_style: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        RNNAutoSuggest, "start", lambda self, patience=0.0: self._background.start() or self._background.wait(60)
    )
    assert "tells no labels" in converse("x\r:readout\r:quit\r", load_completer(str(tiny_style), "cpu"))
