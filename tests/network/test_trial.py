"""A stranger's graph runs in a process of its own first; what happens there does not happen here."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from rnncomplete import styles
from rnncomplete.errors import ModelError
from rnncomplete.network import loading, trial
from rnncomplete.network.loading import load_network
from rnncomplete.network.trial import ensure_tried, run_apart

if TYPE_CHECKING:
    from pathlib import Path


def code(text: str) -> tuple[str, ...]:
    return ("-c", text)


@pytest.mark.parametrize(
    "text",
    [
        "import os, signal; os.kill(os.getpid(), getattr(signal, 'SIGKILL', signal.SIGTERM))",
        "raise RuntimeError('bad allocation')",
        "import sys; sys.exit('no\\nnumber')",
    ],
)
def test_a_graph_that_ends_the_process_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(ModelError, match="failed on trial") as caught:
        run_apart(b"", code(text))
    assert "\n" not in str(caught.value)


def test_a_graph_that_never_ends_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial, "SECONDS", 0.5)
    with pytest.raises(ModelError, match="did not come to an end"):
        run_apart(b"", code("import threading; threading.Event().wait()"))


LIMITED = "from rnncomplete.network.limits import limit_process; limit_process()\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("bytearray(3 << 30)", "MemoryError"),
        ("open(0, closefd=False); open('written', 'wb', 0).write(b'x' * 9)", "File too large"),
        ("\nwhile True: pass", "ended with -"),
    ],
)
def test_a_graph_on_trial_takes_no_more_than_its_share(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    if not sys.platform.startswith("linux"):
        text, words = "raise MemoryError", "MemoryError"  # elsewhere only the time is bounded for certain
    hurried = "import rnncomplete.network.limits as limits; limits.PROCESSOR_SECONDS = 1; limits.limit_process()\n"
    with pytest.raises(ModelError, match=words):
        run_apart(b"", code((hurried if "while" in text else LIMITED) + text))
    assert not any(path.stat().st_size for path in tmp_path.iterdir())


def test_what_passed_is_not_tried_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    ran: list[bytes] = []

    def run(graph: bytes) -> None:
        ran.append(graph)
        if graph == b"bad":
            raise ModelError("no")

    monkeypatch.setattr(trial, "run_apart", run)
    monkeypatch.setattr(trial, "_folder", lambda: tmp_path / "new" / "tried")
    for graph in (b"one", b"two", b"one", b"two"):
        ensure_tried(graph)
    assert ran == [b"one", b"two"]
    for _ in range(2):
        with pytest.raises(ModelError):
            ensure_tried(b"bad")
    assert ran[2:] == [b"bad", b"bad"]
    monkeypatch.setattr(trial, "runtime_version", lambda: "another")
    ensure_tried(b"one")
    assert ran[4:] == [b"one"]
    (tmp_path / "file").touch()
    monkeypatch.setattr(trial, "_folder", lambda: tmp_path / "file")
    ensure_tried(b"one")
    assert ran[5:] == [b"one"]


def test_every_style_but_a_shipped_one_is_tried_before_it_is_opened(
    tiny_style: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    real = loading.open_session
    monkeypatch.setattr(loading, "ensure_tried", lambda graph: done.append("tried"))
    monkeypatch.setattr(loading, "open_session", lambda *arguments: done.append("opened") or real(*arguments))
    load_network(tiny_style, "cpu")
    assert done == ["tried", "opened"]
    monkeypatch.setattr(styles, "shipped_styles_folder", lambda: tiny_style.parent)
    load_network(tiny_style, "cpu")
    assert done == ["tried", "opened", "opened"]


def test_a_graph_that_fails_on_trial_is_not_opened(tiny_style: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(graph: bytes) -> None:
        raise ModelError("the graph failed on trial")

    monkeypatch.setattr(loading, "ensure_tried", fail)
    monkeypatch.setattr(loading, "open_session", lambda *_: pytest.fail("opened"))
    with pytest.raises(ModelError, match=r"step\.int8\.onnx: the graph failed on trial"):
        load_network(tiny_style, "cpu")


def test_modules_beside_a_style_are_not_imported(
    tiny_style: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("numpy", "onnxruntime", "rnncomplete", "subprocess"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('imported from the current folder')")
    monkeypatch.chdir(tmp_path)
    run_apart((tiny_style / loading.STEP).read_bytes())
    assert len(list(tmp_path.iterdir())) == 4


def test_a_file_that_is_not_a_graph_fails_on_trial() -> None:
    with pytest.raises(ModelError, match=r"failed on trial \(.*not an ONNX graph"):
        run_apart(b"no graph")


def test_where_there_is_no_python_a_strangers_graph_is_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "")
    with pytest.raises(ModelError, match="tried by Python first"):
        run_apart(b"")
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    with pytest.raises(ModelError, match="could not be tried"):
        run_apart(b"")
