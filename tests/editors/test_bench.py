"""The figures of `rnncomplete bench --editor`, of less text than there."""

from __future__ import annotations

import sys

import pytest

from rnncomplete.editors import bench


@pytest.mark.slow
def test_figures_of_editors(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"LARGE": 2000, "KEYS": 12, "STARTS": 1, "READ": 400, "TYPED_CHARACTERS": 200}.items():
        monkeypatch.setattr(bench, name, value)
    monkeypatch.setattr(bench, "PROJECT", "pygls")
    monkeypatch.setattr(bench, "TYPED", ("uris.py",))
    monkeypatch.setattr(bench, "LANGUAGES", {"python": bench.LANGUAGES["python"]})
    done: list[int] = []
    found = bench.measure_editor(lambda number, _: done.append(number))
    assert done == [0, 1, 2, 3, 4]
    assert found["start_to_first_ghost_ms"] > 0
    assert 0 < found["answer_in_100_kb_ms_p50"] <= found["answer_in_100_kb_ms_p99"]
    assert found["project_characters"] > 1000
    assert found["fewer_nats"] > 0
    assert found["keystrokes_saved_with_project"] > 0


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere nobody tells how much memory a process has")
def test_texts_in_five_languages_take_at_most_300_mb() -> None:
    assert bench._memory()["memory_of_five_languages_mb"] <= 300
