"""Which text a request belongs to, and what it teaches."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from rnncomplete.completion.completer import Completer, load_completer
from rnncomplete.editors.desk import MOST_SHEETS, Asked, Desk
from rnncomplete.editors.style_choice import StyleChoice
from rnncomplete.settings import load_settings

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import FakeCompleter

LINES = "".join(f"line {number} of a text that grows\n" for number in range(400))


def ask(desk: Desk, before: str, **options: Any) -> list[str]:
    *_, last = [[], *desk.answer(Asked(before, **options), lambda: True)]
    return last


def test_a_text_asked_for_ahead_of_time_is_supposed_until_somebody_types_on(desk: Desk, fake: FakeCompleter) -> None:
    assert ask(desk, "to be") == [" and on"]
    ask(desk, "to be and on")  # as llama.vim does, in case the ghost is accepted
    ask(desk, "to be o")
    ask(desk, "to be or")
    (document,) = fake.documents.values()
    assert document.asked == [("to be", ""), ("to be", " and on"), ("to be o", ""), ("to be or", "")]


def test_a_ghost_that_was_accepted_is_read_when_the_text_goes_on(desk: Desk, fake: FakeCompleter) -> None:
    ask(desk, "to be")
    ask(desk, "to be and on")
    ask(desk, "to be and on and on")  # which supposes that the second was accepted, so the first was
    ask(desk, "to be and on!")
    (document,) = fake.documents.values()
    assert document.asked[2:] == [("to be and on", " and on"), ("to be and on!", "")]


def test_every_ghost_of_several_is_known_again(desk: Desk, fake: FakeCompleter) -> None:
    assert ask(desk, "to be", count=3) == [" and", " or", " but"]
    ask(desk, "to be or")
    (document,) = fake.documents.values()
    assert document.asked[1] == ("to be", " or")


def test_asking_for_no_characters_teaches_nothing(desk: Desk, fake: FakeCompleter) -> None:
    assert ask(desk, "a secret", length=0) == []
    assert not fake.documents
    assert desk.documents == 0


def test_named_texts_have_documents_of_their_own(desk: Desk, fake: FakeCompleter) -> None:
    for before, name in (("one", "a"), ("two", "b"), ("one more", "a")):
        ask(desk, before, name=name)
    ask(desk, "one", path="c.txt")
    assert [len(document.asked) for document in fake.documents.values()] == [2, 1, 1]


@pytest.mark.parametrize(
    ("path", "documents"), [("main.py", 2), ("src/main.py", 2), ("/a/main.py", 1), (r"C:\main.py", 1)]
)
def test_a_name_that_files_of_others_may_have_does_not_make_two_texts_one(
    desk: Desk, fake: FakeCompleter, path: str, documents: int
) -> None:
    for before in ("import os\nim", "from math import pi\nar", "import os\nimport sy", "from math import pi\narea"):
        ask(desk, before, path=path)
    assert [len(document.asked) for document in fake.documents.values()] == [4 // documents] * documents


def test_texts_take_no_more_than_they_may(fake: FakeCompleter) -> None:
    desk = Desk(lambda _styles: fake, lambda _language, _model: ("tiny",), text_bytes=50_000)  # type: ignore[arg-type,return-value] # a fake
    for number in range(20):
        for end in range(20):
            ask(desk, f"{number} {end}" * 2_000, name=str(number))
    assert desk.documents < 7
    assert len(fake.closed) >= 13


def test_texts_without_a_name_are_known_by_what_they_say(desk: Desk, fake: FakeCompleter) -> None:
    for before in ("#include <stdio.h>\nint", "import os\nim", "#include <stdio.h>\nint main", "import os\nimport sys"):
        ask(desk, before)
    assert [[text for text, _ in document.asked] for document in fake.documents.values()] == [
        ["#include <stdio.h>\nint", "#include <stdio.h>\nint main"],
        ["import os\nim", "import os\nimport sys"],
    ]


def test_a_window_is_put_back_so_that_nothing_is_read_again(desk: Desk, fake: FakeCompleter) -> None:
    lines = LINES.splitlines(keepends=True)
    for count in (100, 120, 140):
        ask(desk, "".join(lines[max(0, count - 90) : count]))
    (document,) = fake.documents.values()
    assert document.asked[2][0] == "".join(lines[10:140])


def test_texts_that_were_not_used_for_longest_are_closed(desk: Desk, fake: FakeCompleter) -> None:
    for number in range(MOST_SHEETS + 3):
        ask(desk, "a text", name=str(number))
    assert desk.documents == MOST_SHEETS
    assert fake.closed == [(number, ("tiny",)) for number in range(3)]


def test_a_request_bounds_its_ghost(desk: Desk, fake: FakeCompleter) -> None:
    ask(desk, "to be", length=7, budget_ms=5.0)
    ask(desk, "to be", length=10_000, budget_ms=9e9)
    (document,) = fake.documents.values()
    short, usual = document.options
    assert (short.length, short.budget_ms) == (7, 5.0)
    assert usual.length <= 200
    assert usual.budget_ms == fake.options.budget_ms


def test_a_ghost_ends_at_what_is_to_stop_it(desk: Desk) -> None:
    assert ask(desk, "to be", stops=(" on", "zzz")) == [" and"]


def test_nothing_is_offered_that_stands_behind_the_cursor(desk: Desk) -> None:
    assert ask(desk, "to be", after=" and on\n") == []


def test_requests_for_one_text_take_turns(desk: Desk, fake: FakeCompleter) -> None:
    at_once = most = 0
    lock = threading.Lock()

    def enter() -> None:
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
        with lock:
            at_once -= 1

    fake.before_each = enter
    answers: list[list[str]] = []
    threads = [threading.Thread(target=lambda: answers.append(ask(desk, "to be", name="a"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [[" and on"]] * 8
    assert most == 1


@pytest.fixture
def completer(tiny_style: Path) -> Completer:
    return load_completer(str(tiny_style), "cpu", budget_ms=60_000)


def test_what_is_supposed_teaches_a_real_style_nothing(completer: Completer) -> None:
    text, supposed = "to be or not to be, that is ", "not to be"
    untouched = completer.fresh().predict(text)
    document = completer.open()
    *_, last = [None, *document.grow(text, supposed=supposed)]
    learned_by_now = document.predict(text)
    assert untouched is not None
    assert learned_by_now is not None
    assert untouched.tobytes() == learned_by_now.tobytes()
    if last is not None:
        assert last.text


def test_the_ghosts_behind_what_is_supposed_are_those_of_a_network_that_has_read_it(tiny_style: Path) -> None:
    static = load_completer(str(tiny_style), "cpu", budget_ms=60_000, static=True)
    document = static.open()
    supposed = [ghost.text for ghost in document.grow("to be or ", supposed="not to")]
    assert supposed == [ghost.text for ghost in static.open("other").grow("to be or not to")]
    alternatives = [ghost.text for ghost in document.alternatives("to be or ", 3, supposed="not to ")]
    assert alternatives == [ghost.text for ghost in static.open("other").alternatives("to be or not to ", 3)]
    assert alternatives


@pytest.mark.parametrize(("document_bytes", "kept"), [(None, 20), (1, 1)])
def test_as_many_texts_stay_read_as_the_memory_holds(tiny_style: Path, document_bytes: int | None, kept: int) -> None:
    options = {} if document_bytes is None else {"document_bytes": document_bytes}
    choice = StyleChoice(load_settings({}, environment={}), str(tiny_style), **options)
    desk = Desk(choice.load, choice.styles_for)
    for number in range(20):
        ask(desk, LINES[:2000], name=str(number))
    completer = desk.completer((str(tiny_style),))
    assert isinstance(completer, Completer)
    assert sum(completer.open((number, (str(tiny_style),))).nbytes > 0 for number in range(20)) == kept


def test_the_language_or_the_model_chooses_the_style() -> None:
    choice = StyleChoice(load_settings({}, environment={}))
    assert choice.styles_for("c", None) == ("linux",)
    assert choice.styles_for("c", "python") == ("python",)
    assert choice.styles_for("c", "gpt-4") == ("linux",)
    assert len(choice.styles_for("plaintext", None)) > 1
    assert StyleChoice(load_settings({}, environment={}), "math").styles_for("c", "python") == ("math",)
    assert choice.styles_for("c", "../../evil") == ("linux",)


def test_where_ghosts_are_off_nothing_is_read(fake: FakeCompleter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RNNCOMPLETE_OFF", "c")
    choice = StyleChoice(load_settings({}))
    desk = Desk(lambda _styles: fake, choice.styles_for, choice.why_off)  # type: ignore[arg-type,return-value] # a fake
    for options in ({"path": "a/.env"}, {"name": "id_rsa"}, {"language": "c"}, {"path": "x.c"}):
        assert ask(desk, "key = ", **options) == []
    assert not fake.documents
    assert desk.documents == 0
    assert ask(desk, "key = ", path="x.py")


def test_patterns_of_files_to_ignore_begin_where_the_settings_hold(
    fake: FakeCompleter, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("RNNCOMPLETE_IGNORE", "/vendor/,*.log")
    choice = StyleChoice(load_settings({}), root=tmp_path)
    ignored = ("vendor/a.py", f"{tmp_path}/vendor/a.py", "/elsewhere/a.log", f"{tmp_path}/b/a.log")
    assert all(choice.why_off(path, "python") for path in ignored)
    kept = ("src/vendor/a.py", f"{tmp_path}/src/vendor/a.py", f"{tmp_path}/a.py", "vendor.py")
    assert not [path for path in kept if choice.why_off(path, "python")]


def test_a_style_may_be_loaded_while_an_old_text_is_let_go(desk: Desk, fake: FakeCompleter, monkeypatch: Any) -> None:
    ask(desk, "text", name="first")
    close = fake.close

    def load_and_close(document: Any) -> None:
        desk.completer((f"style {len(fake.closed)}",))  # as another thread may do
        close(document)

    monkeypatch.setattr(fake, "close", load_and_close)
    for number in range(MOST_SHEETS):
        assert ask(desk, "text", name=str(number))
    assert fake.closed
