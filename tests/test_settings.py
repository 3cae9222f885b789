"""Which setting wins, and what is said of bad ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from rnncomplete.errors import SettingError
from rnncomplete.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def sources(tmp_path: Path) -> dict[str, Any]:
    """A project folder and a user file, still empty, and no environment variables."""
    folder = tmp_path / "project" / "deep" / "below"
    folder.mkdir(parents=True)
    return {"environment": {}, "folder": folder, "user_file": tmp_path / "user.toml"}


def test_defaults(sources: dict[str, Any]) -> None:
    settings = load_settings(**sources)
    assert (settings.style, settings.device) == ("shakespeare", "auto")
    assert settings.decoding == {"length": None, "threshold": None, "budget_ms": None}
    assert {setting.origin for setting in settings.all.values()} == {"default"}


def test_the_stronger_source_wins_and_is_named(sources: dict[str, Any]) -> None:
    project = sources["folder"].parent.parent
    steps: list[tuple[Callable[[], object], str, str]] = [
        (lambda: sources["user_file"].write_text('style = "user"'), "user", "user.toml"),
        (
            lambda: (project / "pyproject.toml").write_text('[tool.rnncomplete]\nstyle = "tool"'),
            "tool",
            "[tool.rnncomplete] in",
        ),
        (lambda: (project / "rnncomplete.toml").write_text('style = "project"'), "project", "rnncomplete.toml"),
        (lambda: sources["environment"].update(RNNCOMPLETE_STYLE="variable"), "variable", "RNNCOMPLETE_STYLE"),
        (lambda: sources.update(flags={"style": "flag", "device": None}), "flag", "--style"),
    ]
    for add, value, origin in steps:
        add()
        setting = load_settings(**sources).all["style"]
        assert setting.value == value
        assert origin in setting.origin


def test_the_nearest_project_counts_and_one_without_our_table_is_passed_over(sources: dict[str, Any]) -> None:
    below = sources["folder"]
    (below / "pyproject.toml").write_text("[project]\nname = 'other'")
    (below.parent / "pyproject.toml").write_text("[tool.rnncomplete]\nlength = 7")
    (below.parent.parent / "pyproject.toml").write_text("[tool.rnncomplete]\nlength = 9")
    assert load_settings(**sources).decoding["length"] == 7


def test_somebody_elses_broken_pyproject_is_no_concern_of_ours(sources: dict[str, Any]) -> None:
    (sources["folder"] / "pyproject.toml").write_text("this is [ not TOML")
    assert load_settings(**sources).style == "shakespeare"


def test_variables_are_turned_into_numbers(sources: dict[str, Any]) -> None:
    sources["environment"] = {
        "RNNCOMPLETE_LENGTH": "12",
        "RNNCOMPLETE_THRESHOLD": "0.5",
        "RNNCOMPLETE_BUDGET_MS": "20",
    }
    assert load_settings(**sources).decoding == {"length": 12, "threshold": 0.5, "budget_ms": 20.0}


@pytest.mark.parametrize(
    "line",
    [
        "style = 3",
        'style = ""',
        'device = "gpu"',
        "length = 0",
        "length = 2.5",
        "length = true",
        "threshold = 1.5",
        "threshold = nan",
        'threshold = "often"',
        "budget_ms = 0",
        "color = 'red'",
        "colour = 'nonsense'",
        "manual = 'perhaps'",
        "not TOML at all",
        "\xff",
    ],
)
def test_a_bad_line_is_refused_in_one_line_that_names_the_file(sources: dict[str, Any], line: str) -> None:
    sources["user_file"].write_text(line, encoding="latin-1")
    with pytest.raises(SettingError) as caught:
        load_settings(**sources)
    assert "user.toml" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_bad_variable_is_named(sources: dict[str, Any]) -> None:
    with pytest.raises(SettingError, match="RNNCOMPLETE_DEVICE"):
        load_settings(**sources | {"environment": {"RNNCOMPLETE_DEVICE": "abacus"}})
