"""The figures on the pages are those of the cards and of what commands printed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture(scope="module")
def tables(script: Callable[[str], Any]) -> Any:
    return script("make_tables")


@pytest.fixture
def facts(tables: Any, tmp_path: Path) -> Any:
    """Of two styles, one of which was evaluated."""
    for name, nats in (("aa", 1.0), ("tolstoy", 1.5)):
        card = {
            "parameters": 4_000_000,
            "corpus": {"name": "a text", "licence": "none", "characters": 2_000_000},
            "figures": {"nats_per_character": nats, "ngram_nats": 2.0, "ngram_order": 7, "keystrokes_saved": 0.25},
            "training": {"characters_seen": 3_000_000, "earlier": {"characters_seen": 1_000_000}},
        }
        (tmp_path / "models" / name).mkdir(parents=True)
        (tmp_path / "models" / name / "card.json").write_text(json.dumps(card), encoding="utf-8")
    (tmp_path / "figures").mkdir()
    found = {
        "nats_per_character": 1.1,
        "static_nats_per_character": 1.4,
        "keystrokes_saved": 0.3,
        "precision": 0.5,
    }
    peers = {"keystrokes_saved": 0.2, "peers": {"history": {"keystrokes_saved": 0.1, "precision": 0.2}}}
    (tmp_path / "figures" / "tolstoy.peers.json").write_text(json.dumps(peers), encoding="utf-8")
    (tmp_path / "figures" / "tolstoy.eval.json").write_text(json.dumps(found), encoding="utf-8")
    (tmp_path / "figures" / "others.toml").write_text("[tolstoy]\nzpaq = 1.2\n", encoding="utf-8")
    return tables.Facts(tmp_path / "models", tmp_path / "figures")


def test_the_pages_hold_what_the_script_makes(tables: Any) -> None:
    stale = [page.name for page, text in tables.made() if page.read_text(encoding="utf-8") != text]
    assert not stale, "type: python docs/make_tables.py"


def test_every_table_is_on_a_page(tables: Any) -> None:
    pages = "".join(page.read_text(encoding="utf-8") for page in tables.PAGES)
    assert [name for name in tables.TABLES if f"<!-- table: {name} -->" not in pages] == []


def test_styles_are_listed_in_their_order_with_what_they_saw_in_all(tables: Any, facts: Any) -> None:
    rows = tables.networks(facts).splitlines()[2:]
    assert [row.split(" | ")[0] for row in rows] == ["| `tolstoy`", "| `aa`"]
    assert rows[1].split(" | ")[3] == "4.0 M"
    assert rows[1].endswith("| 1.000 | 2.000 (order 7) | 50.0 % |")


def test_what_was_not_measured_has_no_row(tables: Any, facts: Any) -> None:
    assert tables.losses(facts).splitlines()[2:] == ["| `tolstoy` | 1.400 | **1.100** | 1.200 |"]
    assert tables.peers(facts).splitlines()[2:] == ["| `tolstoy` | 30.0 % (50 %) | 10.0 % (20 %) | 3.00 |"]


def test_programs_stand_beside_ours_with_their_times_and_sizes(tables: Any, facts: Any) -> None:
    def found(saved: float, milliseconds: float, megabytes: float) -> dict[str, float]:
        return {
            "keystrokes_saved": saved,
            "precision": 0.5,
            "milliseconds_p50": milliseconds,
            "megabytes": megabytes,
        }

    slow = {"presage": found(0.1, 10, 4.9), "smollm2": found(0.2, 150, 98.4)}
    facts.known["tolstoy"] = {**found(0.3, 1.5, 9.2), "peers": slow}
    head, _, row = tables.known(facts).splitlines()
    assert "| SmolLM2-135M |" in head
    saved = "30.0 % (50 %) | 10.0 % (50 %) | 20.0 % (50 %) | 1.50"
    assert row == f"| `tolstoy` | {saved} | 1.5, 9 | 10.0, 5 | 150.0, 98 | 100 |"
    facts.first["tolstoy"] = {"keystrokes_saved": 0.4, "precision": 0.6}
    assert "| 40.0 % (60 %) |" in tables.known(facts), "with the style as it is now"


def test_a_table_without_rows_says_so(tables: Any, facts: Any) -> None:
    assert tables.speed(facts) == "Not printed for the styles as they are now.\n"


def test_the_first_figures_are_ranges_over_the_styles(tables: Any, facts: Any) -> None:
    saved, below = tables.headline(facts).splitlines()[:2]
    assert "saves **30 %** of the keystrokes" in saved
    assert "saves 10 %" in saved
    assert "**25 to 50 %** better" in below


def test_speeds_stand_with_them_once_they_were_measured(tables: Any, facts: Any) -> None:
    assert tables.headline(facts).endswith(tables.EARLIER)
    fast = {"ghost_ms_p50": 3.04, "times_faster_than_torch_eager": 4.0, "times_faster_than_float32_lstm": None}
    slow = {"ghost_ms_p50": 5.0, "times_faster_than_torch_eager": 4.5, "times_faster_than_float32_lstm": 2.5}
    started = {"startup_prompt_ms": 150.0, "peak_memory_mb": 134.6, "noisy": False}
    facts.benched |= {"aa": {**fast, **started}, "tolstoy": {**slow, **started}}
    *_, ghost, network, prompt = tables.headline(facts).splitlines()
    assert tables.EARLIER not in tables.headline(facts)
    assert "**3.0 to 5.0 ms** after the key (median, one core, a quiet machine)" in ghost
    assert "**4.0 to 4.5 times** as fast as in PyTorch, 2.5 times" in network
    assert "**0.15 s** after the process began, and takes 135 MB" in prompt
    facts.benched["aa"]["noisy"] = True
    assert "a machine with other work" in tables.headline(facts)


def test_a_style_with_a_source_is_not_among_those_that_go_on_with_texts(tables: Any, facts: Any) -> None:
    facts.cards["aa"]["source"] = {"kind": "text"}
    saved, below = tables.headline(facts).splitlines()[:2]
    assert "where it was run" not in saved, "all of the others were evaluated"
    assert "**25 %** better" in below


def test_a_table_without_an_end_is_refused(tables: Any, facts: Any) -> None:
    with pytest.raises(SystemExit, match="no end"):
        tables.filled("<!-- table: peers -->\n", facts)
