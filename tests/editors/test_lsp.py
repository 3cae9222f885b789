"""The language server, spoken to as an editor does, in a process of its own."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from tiny_readout import readout_card, write_readout_style

from rnncomplete.completion.completer import load_completer
from rnncomplete.editors import log
from rnncomplete.editors.client import AUTOMATIC, INVOKED, Client
from rnncomplete.editors.errands import Errands
from rnncomplete.editors.log import LOG, write_log
from rnncomplete.editors.lsp import STATUS, GhostServer
from rnncomplete.editors.open_text import OpenText
from rnncomplete.editors.positions import Text
from rnncomplete.editors.preferences import Preferences
from rnncomplete.editors.progress import Progress
from rnncomplete.editors.project import Project
from rnncomplete.editors.shelf import Shelf
from rnncomplete.editors.status import status_of
from rnncomplete.editors.texts import Texts
from rnncomplete.editors.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rnncomplete.network.card import Card

    Start = Callable[..., Client]

URI = "file:///somewhere/hello.py"
CODE = "import sys\n\n\nclass Reader:\n    def __init__(self, name):\n        self.name = "
UNITS = {"utf-8": 1, "utf-16": 2, "utf-32": 4}


def units(text: str, encoding: str) -> int:
    return len(text.encode(f"{encoding}-le" if encoding != "utf-8" else encoding)) // UNITS[encoding]


def end_of(text: str, encoding: str = "utf-16") -> tuple[int, int]:
    lines = text.replace("\r\n", "\n").split("\n")
    return len(lines) - 1, units(lines[-1], encoding)


def test_a_ghost_and_what_the_server_can_do(start: Start) -> None:
    client = start()
    capabilities = client.initialize()
    assert capabilities["inlineCompletionProvider"] == {}
    assert capabilities["textDocumentSync"]["change"] == 2
    client.open(URI, "python", CODE)
    (item,) = client.ghosts(URI, *end_of(CODE))
    assert item["insertText"].startswith("name")
    place = dict(zip(("line", "character"), end_of(CODE), strict=True))
    assert item["range"] == {"start": place, "end": place}
    assert client.ghosts("file:///unknown", 0, 0) == []
    assert client.close() == 0


@pytest.mark.parametrize("encoding", UNITS)
def test_columns_count_units_of_the_encoding_agreed_upon(start: Start, encoding: str) -> None:
    client = start()
    assert client.initialize(encoding=encoding)["positionEncoding"] == encoding
    lines = ["\U0001d54f = 'e\u0301 \U0001f600'", "\x0c", *CODE.split("\n")]
    text = "\r\n".join(lines)
    client.open(URI, "python", text)
    (item,) = client.ghosts(URI, *end_of(text, encoding))
    assert item["insertText"].startswith("name")
    # Typing behind an astral character, and deleting it again, leaves the text that was.
    column = units("\U0001d54f", encoding)
    client.change(URI, 2, 0, column, "\U0001f600\r\nx")
    client.change(URI, 3, 0, column, "", end=(1, 1))
    client.change(URI, 4, len(lines) - 1, units(lines[-1], encoding), "na")
    (item,) = client.ghosts(URI, len(lines) - 1, units(lines[-1] + "na", encoding))
    assert item["insertText"].startswith("me")


@pytest.mark.slow
def test_several_texts_at_once(start: Start) -> None:
    client = start()
    client.initialize()
    client.open("file:///a.py", "python", CODE)
    client.open("file:///b.c", "c", "#include <linux/slab.h>\n\nstatic int probe(void)\n{\n\tstruct foo *f;\n\n\tif (!")
    client.open("file:///c.sh", "shellscript", '#!/bin/sh\nif [ -f "$1" ]; ')
    asked = [client.ask("file:///a.py", 5, 20), client.ask("file:///c.sh", 1, 17), client.ask("file:///a.py", 5, 20)]
    found = [client.end(number)["result"]["items"] for number in asked]
    assert found[1][0]["insertText"].startswith("then")
    assert found[2][0]["insertText"].startswith("name")
    styles = {uri: client.command("status", uri)["document"]["style"] for uri in ("file:///a.py", "file:///b.c")}
    assert styles == {"file:///a.py": "python", "file:///b.c": "linux"}


@pytest.mark.slow
def test_asking_brings_several(start: Start) -> None:
    client = start()
    client.initialize(options={"alternatives": 4})
    text = CODE.removesuffix("self.name = ")
    client.open(URI, "python", text)
    found = [item["insertText"] for item in client.ghosts(URI, *end_of(text), INVOKED)]
    assert 2 <= len(found) <= 4
    assert len(set(found)) == len(found)


@pytest.mark.slow
def test_what_is_chosen_in_a_list_is_gone_on_with(start: Start) -> None:
    client = start()
    client.initialize()
    text = CODE + "na"
    client.open(URI, "python", text)
    line, column = end_of(text)
    span = {"start": {"line": line, "character": column - 2}, "end": {"line": line, "character": column}}
    before = client.ghosts(URI, line, column)
    (item,) = client.ghosts(URI, line, column, AUTOMATIC, {"range": span, "text": "names"})
    assert item["insertText"].startswith("names")
    assert len(item["insertText"]) > len("names")
    assert item["range"] == span
    # And it was not learned: what comes for the text itself is the same.
    assert client.ghosts(URI, line, column) == before


@pytest.mark.slow
def test_what_stands_behind_the_cursor_is_not_offered(start: Start) -> None:
    client = start()
    client.initialize()
    client.open(URI, "python", CODE + "name\n")
    assert client.ghosts(URI, *end_of(CODE)) == []
    assert "stands behind the cursor" in client.command("status")["document"]["why"]
    client.change(URI, 2, 5, 20, "", end=(5, 24))
    assert client.ghosts(URI, *end_of(CODE)) != []
    client.open("file:///inside.py", "python", CODE + "na")
    assert client.ghosts("file:///inside.py", 5, 21) == []  # inside a word


def test_typing_along_keeps_the_ghost_and_deleting_does_not_offer_back(start: Start) -> None:
    client = start()
    client.initialize()
    client.open(URI, "python", CODE)
    line, column = end_of(CODE)
    (item,) = client.ghosts(URI, line, column)
    ghost = item["insertText"]
    for count, character in enumerate(ghost[:3], 1):
        client.change(URI, 1 + count, line, column + count - 1, character)
        (item,) = client.ghosts(URI, line, column + count)
        assert item["insertText"] == ghost[count:]
    client.change(URI, 9, line, column + 2, "", end=(line, column + 3))
    assert client.ghosts(URI, line, column + 2) == []


@pytest.mark.slow
def test_requests_of_a_text_that_moved_on_are_given_up(start: Start) -> None:
    client = start()
    client.initialize()
    long = "".join(f"def f{number}(a, b):\n    return a + b * {number}\n\n\n" for number in range(2000))
    client.open(URI, "python", long)
    line, _ = end_of(long)
    old = client.ask(URI, line, 0)
    cancelled = client.ask(URI, line, 0)
    client.send("$/cancelRequest", {"id": cancelled})
    client.change(URI, 2, line, 0, "def ")
    assert client.end(old)["result"] == {"items": []}
    assert client.end(cancelled).get("error", {}).get("code") == -32800
    client.ghosts(URI, line, 4)  # and it goes on


def test_off_by_language_by_glob_by_name_and_by_command(start: Start, tmp_path: Path) -> None:
    client = start()
    client.initialize(tmp_path, options={"off": ["c"], "ignore": ["/vendor/"]})
    reasons = {}
    for name, language in (("a.c", "c"), ("vendor/b.py", "python"), (".env", "plaintext"), ("d.py", "python")):
        uri = (tmp_path / name).as_uri()
        client.open(uri, language, CODE)
        found = client.ghosts(uri, *end_of(CODE))
        status = client.command("status", uri)
        reasons[name] = status["document"]["why"]
        assert bool(found) == (name == "d.py")
        assert status["loaded"] == (["python"] if name == "d.py" else [])  # off is not even read
    assert "setting off" in reasons["a.c"]
    assert "setting ignore" in reasons["vendor/b.py"]
    assert "secrets" in reasons[".env"]
    assert reasons["d.py"] == ""
    uri = (tmp_path / "d.py").as_uri()
    assert client.command("toggle")["on"] is False
    assert client.ghosts(uri, *end_of(CODE)) == []
    assert "switched off" in client.command("status", uri)["summary"]
    assert client.command("toggle", True)["on"] is True
    assert client.ghosts(uri, *end_of(CODE)) != []
    client.send("workspace/didChangeConfiguration", {"settings": {"rnncomplete": {"off": ["python"]}}})
    assert client.ghosts(uri, *end_of(CODE)) == []


def test_what_the_file_of_any_open_folder_switches_off_stays_off(start: Start, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        (folder / ".git").mkdir(parents=True)
    (second / "rnncomplete.toml").write_text('off = ["python"]\nignore = ["/private/"]\nlearn = false\n')
    client = start()
    client.initialize(first)
    added = [{"uri": second.as_uri(), "name": "second"}]
    client.send("workspace/didChangeWorkspaceFolders", {"event": {"added": added, "removed": []}})
    reasons = {}
    for name, language in (("a.py", "python"), ("private/b.c", "c")):
        uri = (second / name).as_uri()
        client.open(uri, language, CODE)
        assert client.ghosts(uri, *end_of(CODE)) == []
        reasons[name] = client.command("status", uri)["document"]["why"]
    assert "setting off" in reasons["a.py"]
    assert "setting ignore" in reasons["private/b.c"]


@pytest.mark.slow
def test_settings_are_pulled_and_files_of_a_project_hold(start: Start, tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "rnncomplete.toml").write_text('off = ["json"]\nstyle = "./nice"\nstyles = { rst = "english" }\n')
    client = start()
    client.settings = {"styles": {"cobol": "shell"}, "style": "../stranger", "threshold": "much"}
    client.initialize(tmp_path, workspace={"configuration": True})
    client.until("workspace/configuration")
    client.open((tmp_path / "a.cob").as_uri(), "cobol", "x")
    client.open((tmp_path / "a.rst").as_uri(), "restructuredtext", "x")
    client.open((tmp_path / "b.rst").as_uri(), "rst", "x")
    client.open((tmp_path / "a.json").as_uri(), "json", "{")
    status = client.command("status", (tmp_path / "a.cob").as_uri())
    assert status["document"]["style"] == "shell"
    assert client.command("status", (tmp_path / "b.rst").as_uri())["document"]["candidates"] == ["english"]
    assert "setting off" in client.command("status", (tmp_path / "a.json").as_uri())["document"]["why"]
    problems = "\n".join(status["problems"])
    assert "'./nice'" in problems
    assert "'../stranger'" in problems
    assert "threshold" in problems


@pytest.mark.slow
def test_the_style_by_command(start: Start) -> None:
    client = start()
    client.initialize()
    client.open(URI, "python", CODE)
    assert client.command("style", "shell")["styles"]
    assert client.command("status", URI)["document"]["style"] == "shell"
    assert "no style '/tmp'" in client.command("style", "/tmp")["problem"]
    client.command("style")
    assert client.command("status", URI)["document"]["style"] == "python"


@pytest.mark.slow
def test_the_cells_before_count_in_a_notebook(start: Start) -> None:
    client = start()
    client.initialize(notebookDocument={"synchronization": {}})
    cells = [
        ("file:///n.ipynb#1", "python", "class Qworbleston:\n    pass"),
        ("file:///n.ipynb#2", "markdown", "# Text"),
    ]
    cells.append(("file:///n.ipynb#3", "python", "z = Qwor"))
    notebook = {
        "uri": "file:///n.ipynb",
        "notebookType": "jupyter-notebook",
        "version": 1,
        "cells": [{"kind": 2, "document": uri} for uri, _, _ in cells],
    }
    texts = [{"uri": uri, "languageId": language, "version": 1, "text": text} for uri, language, text in cells]
    client.send("notebookDocument/didOpen", {"notebookDocument": notebook, "cellTextDocuments": texts})
    (item,) = client.ghosts("file:///n.ipynb#3", 0, 8)
    assert item["insertText"].startswith("bleston")
    closed = {"start": 0, "deleteCount": 1, "cells": []}
    change = {"cells": {"structure": {"array": closed, "didClose": [{"uri": "file:///n.ipynb#1"}]}}}
    client.send(
        "notebookDocument/didChange",
        {"notebookDocument": {"uri": "file:///n.ipynb", "version": 2}, "change": change},
    )
    client.change("file:///n.ipynb#3", 2, 0, 8, "", end=(0, 8))
    found = client.ghosts("file:///n.ipynb#3", 0, 8, INVOKED)
    assert not found or not found[0]["insertText"].startswith("bleston")


@pytest.mark.slow
def test_what_other_clients_add_is_borne(start: Start) -> None:
    client = start()
    client.initialize()
    client.open(URI, "python", CODE)
    client.send("textDocument/didShowCompletion", {"item": {}})
    client.send("textDocument/didPartiallyAcceptCompletion", {"item": {}, "acceptedLength": 1})
    line, column = end_of(CODE)
    found = client.request(
        "textDocument/inlineCompletion",
        {
            "textDocument": {"uri": URI, "version": 1},
            "position": {"line": line, "character": column},
            "context": {"triggerKind": 2},
            "formattingOptions": {"tabSize": 4, "insertSpaces": True},
        },
    )
    assert found["items"]


@pytest.mark.slow
def test_the_log_says_what_happens_and_no_text(start: Start, tmp_path: Path) -> None:
    client = start("--log", str(tmp_path / "log"))
    client.initialize()
    client.open(URI, "python", CODE)
    client.ghosts(URI, *end_of(CODE))
    client.close()
    written = (tmp_path / "log").read_text()
    assert "hello.py as python" in written
    assert "ask 5:20 python -> 1" in written
    assert "class Reader" not in written
    assert "self.name" not in written


class TcpClient(Client):
    """The same over a socket."""

    def __init__(self) -> None:
        super().__init__("--tcp", "0")
        assert self.process.stderr
        line = self.process.stderr.readline().decode()
        assert "listening on 127.0.0.1:" in line
        self.port = int(line.rsplit(":", 1)[1])

    def reach(self) -> None:
        self.socket = socket.create_connection(("127.0.0.1", self.port))
        super().connect(self.socket.makefile("wb"), self.socket.makefile("rb"))


@pytest.mark.slow
@pytest.mark.usefixtures("isolation")
def test_over_the_loopback_for_one_editor_and_no_web_page() -> None:
    client = TcpClient()
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"capabilities": {}}})
    with socket.create_connection(("127.0.0.1", client.port)) as endless:
        endless.sendall(b"x" * 200_000)
        endless.settimeout(60)
        with contextlib.suppress(ConnectionResetError):
            assert endless.recv(1) == b""
    with socket.create_connection(("127.0.0.1", client.port)) as page:
        page.sendall(f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
        page.settimeout(60)
        assert page.recv(1) == b""
    client.reach()
    client.initialize()
    client.open(URI, "python", CODE)
    assert client.ghosts(URI, *end_of(CODE))
    with socket.create_connection(("127.0.0.1", client.port)) as other:
        other.sendall(b"Content-Length: 2\r\n\r\n{}")
        other.settimeout(60)
        assert other.recv(1) == b""
    client.close()
    client.socket.close()


@pytest.mark.slow
def test_a_mistake_is_said_in_one_line(capfd: Any) -> None:
    import subprocess
    import sys

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "rnncomplete", "lsp", *arguments]
        return subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)

    wrong = run("--style", "nosuch")
    assert wrong.returncode == 2
    assert "there is no style 'nosuch'" in wrong.stderr
    assert wrong.stderr.count("\n") == 1
    assert run("--log", "/nowhere/at/all").returncode == 2
    assert run().returncode == 0  # the editor has gone


def test_a_log_line_has_no_controls_of_a_files_name(tmp_path: Path) -> None:
    write_log(tmp_path / "log")
    handler = LOG.handlers[-1]
    try:
        LOG.info("open %s", "a\x1b]0;title\x07.py\nand another line")
    finally:
        LOG.removeHandler(handler)
        handler.close()
    (line,) = (tmp_path / "log").read_text(encoding="utf-8").splitlines()
    assert "open a" in line
    assert line.isprintable()


def test_a_log_does_not_grow_without_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "LARGEST_LOG", 2_000)
    write_log(tmp_path / "log")
    handler = LOG.handlers[-1]
    try:
        for number in range(1_000):
            LOG.info("ask %d", number)
    finally:
        LOG.removeHandler(handler)
        handler.close()
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 4_000
    assert (tmp_path / "log").read_text(encoding="utf-8").endswith("ask 999\n")


@pytest.mark.usefixtures("isolation")
def test_what_fails_in_the_background_is_logged_once_and_told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", LOG.name)
    deaf = SimpleNamespace(warn=lambda _: None, counted=lambda *_: None, labelled=lambda _: None)
    workspace = Workspace({}, deaf)  # type: ignore[arg-type] # a fake
    text = workspace.texts.open(URI, "hello.py", "python", Text(""))
    fails = [True]

    def read(_: OpenText) -> None:
        if fails[0]:
            raise ValueError("nobody expected this")

    def run() -> list[str]:
        workspace.texts.errands.send("read", text, read)
        workspace.texts.errands.send("wait", text, lambda _: done.set())
        assert done.wait(60)
        done.clear()
        problems: list[str] = status_of(workspace, URI)["problems"]
        return problems

    done = threading.Event()
    assert run() == run() == ["ValueError: nobody expected this"]
    assert [record.getMessage() for record in caplog.records] == [
        "could not read hello.py: ValueError: nobody expected this"
    ]
    fails[0] = False
    assert run() == []
    workspace.end()


@pytest.mark.usefixtures("isolation")
def test_what_was_asked_in_a_text_that_is_closed_is_given_up() -> None:
    server = GhostServer({})
    alive = server._asked[URI] = [True]
    server.close(URI)
    assert alive == [False]
    assert not server._asked
    server.end()


def test_a_count_that_ends_before_its_progress_is_allowed_shows_none(tmp_path: Path) -> None:
    said: list[str] = []
    begin: list[Any] = []
    tokens: dict[str, None] = {}
    editor = SimpleNamespace(
        client_capabilities=SimpleNamespace(window=SimpleNamespace(work_done_progress=True)),
        work_done_progress=SimpleNamespace(
            tokens=tokens,
            create=lambda _token, callback: begin.append(callback),
            begin=lambda *_: said.append("begin"),
            end=lambda *_: said.append("end"),
        ),
    )
    progress = Progress(editor)  # type: ignore[arg-type] # a fake
    project = Project(tmp_path, Preferences())

    def allow() -> None:
        tokens[f"rnncomplete {tmp_path} python"] = None
        begin.pop()(None)

    progress.show(project, "python", 0.5)
    progress.show(project, "python", None)
    allow()
    assert said == []
    assert not tokens
    progress.show(project, "python", 0.5)
    allow()
    assert said == ["begin"]


@pytest.mark.usefixtures("isolation")
def test_a_style_chosen_while_the_text_is_judged_stays() -> None:
    texts = Texts(Shelf(), Preferences())
    text = OpenText("a", "a", "plaintext", Text(""), candidates=("docs", "english"), style="docs", before="x" * 99)

    def choose(*_: object) -> float:
        text.candidates, text.style = ("shakespeare",), "shakespeare"
        return 1.0

    def judge(surprise: Any) -> Any:
        return SimpleNamespace(surprise=surprise)

    text.judges = {"docs": judge(lambda *_: 9.0), "english": judge(choose)}
    texts.readings.judge(text)
    assert text.style == "shakespeare"
    texts.end()


@pytest.fixture
def moods(tmp_path: Path, tiny_card: Card) -> Path:
    """A style that tells labels."""
    return write_readout_style(tmp_path / "moods", readout_card(tiny_card))


def test_an_editor_that_can_show_them_is_told_the_style_and_the_label(start: Start, moods: Path) -> None:
    client = start("--style", str(moods))
    client.initialize(experimental={STATUS: True})
    client.open(URI, "plaintext", "what a mess")
    document = load_completer(str(moods), "cpu").open()
    for text in ("what a mess", "what a mess it"):
        client.change(URI, 2, 0, 0, text, end=(0, 99))
        client.ghosts(URI, 0, len(text))
        name, share = document.readout(text) or ("", 0.0)
        label = {"name": name, "share": round(share, 4)}
        while (told := client.until("rnncomplete/status"))["label"] != label:
            assert (told["uri"], told["style"]) == (URI, str(moods))
        assert f", {name} {100 * share:.0f} %" in client.command("status", URI)["summary"]


def test_an_editor_that_cannot_show_a_status_is_told_none(start: Start, moods: Path) -> None:
    client = start("--style", str(moods))
    client.initialize()
    client.open(URI, "plaintext", "what a mess")
    client.ghosts(URI, 0, 11)
    client.command("status", URI)
    assert "rnncomplete/status" not in [message["method"] for message in client.notifications]


@pytest.mark.usefixtures("isolation")
def test_what_is_sent_while_it_is_under_way_is_done_once_more() -> None:
    text = OpenText("a", "a", "plaintext", Text(""))
    began, go_on, done = threading.Event(), threading.Event(), []

    def errand(_: OpenText) -> None:
        began.set()
        assert go_on.wait(60)
        done.append(text)

    errands = Errands()
    errands.send("read", text, errand)
    assert began.wait(60)
    for _ in range(3):
        errands.send("read", text, errand)
    go_on.set()
    last = threading.Event()
    errands.send("wait", text, lambda _: errands.send("wait behind it", text, lambda _: last.set()))
    assert last.wait(60)
    assert len(done) == 2
    errands.end()
