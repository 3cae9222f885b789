"""``rnncomplete config``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from click.testing import CliRunner

from rnncomplete.cli import main
from rnncomplete.settings import SETTINGS

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_each_setting_says_where_it_came_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rnncomplete.toml").write_text('colour = "ansicyan italic"\nmanual = true\n', encoding="utf-8")
    monkeypatch.setenv("RNNCOMPLETE_LENGTH", "12")
    result = CliRunner().invoke(main, ["config", "--style", "linux", "--json"])
    document = json.loads(result.stdout)
    assert list(document) == list(SETTINGS)
    assert document["style"] == {"value": "linux", "origin": "--style"}
    assert document["length"] == {"value": 12, "origin": "RNNCOMPLETE_LENGTH"}
    assert document["colour"] == {"value": "ansicyan italic", "origin": str(tmp_path / "rnncomplete.toml")}
    assert document["manual"]["value"] is True
    assert document["threshold"] == {"value": None, "origin": "default"}
    lines = CliRunner().invoke(main, ["config", "--style", "linux"]).stdout.splitlines()
    assert [line.split()[0] for line in lines] == list(SETTINGS)
    assert lines[0].split() == ["style", "linux", "--style"]


def test_a_value_that_does_not_suit_its_setting_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("COLOUR", "nonsense"), ("MANUAL", "perhaps"), ("EDITING_MODE", "ed")):
        with monkeypatch.context() as patch:
            patch.setenv(f"RNNCOMPLETE_{name}", value)
            result = CliRunner().invoke(main, ["config"])
        assert result.exit_code == 2
        assert f"RNNCOMPLETE_{name} sets {name.lower()} to {value!r}; expected" in result.stderr
