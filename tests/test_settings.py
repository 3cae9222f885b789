"""Which setting wins, and what is said of bad ones."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from rnncomplete.errors import SettingError
from rnncomplete.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def install(isolation: Path) -> Callable[..., None]:
    """A function that makes styles of these names, as far as settings look."""

    def make(*names: str) -> None:
        for name in names:
            (isolation / "styles" / name).mkdir(parents=True)
            (isolation / "styles" / name / "card.json").touch()

    return make


@pytest.fixture
def sources(tmp_path: Path, install: Callable[..., None]) -> dict[str, Any]:
    """A project folder and a user file, still empty, and no environment variables."""
    install("tool", "project")
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


def project_file(sources: dict[str, Any], kind: str, line: str, folder: Path | None = None) -> Path:
    """A settings file of that ``kind`` with this line in it."""
    path: Path = (folder or sources["folder"]) / kind
    path.write_text(f"[tool.rnncomplete]\n{line}" if kind == "pyproject.toml" else line, encoding="utf-8")
    return path


PROJECT_FILES = pytest.mark.parametrize("kind", ["rnncomplete.toml", "pyproject.toml"])


@PROJECT_FILES
@pytest.mark.parametrize("style", ["./nice", "nice", "{folder}/nice", "../below/nice", "o'nice"])
def test_a_project_brings_no_style_of_its_own(
    sources: dict[str, Any], kind: str, style: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = sources["folder"]
    monkeypatch.chdir(folder)
    (folder / "nice").mkdir()
    (folder / "nice" / "card.json").touch()
    path = project_file(sources, kind, f'style = "{style.format(folder=folder)}"\nlength = 7')
    settings = load_settings(**sources)
    assert (settings.style, settings.decoding["length"]) == ("shakespeare", 7)
    (line,) = settings.ignored
    assert str(path) in line
    command = shlex.split(line.partition("type: ")[2])
    assert command == ["rnncomplete", "styles", "add", str(folder / style.format(folder=folder))]
    asked = load_settings(flags={"style": "./nice"}, **sources)
    assert (asked.style, asked.ignored) == ("./nice", ()), "who names a style needs no warning"


@PROJECT_FILES
def test_a_project_chooses_among_installed_styles(
    sources: dict[str, Any], kind: str, install: Callable[..., None]
) -> None:
    install("company")
    for style in ("company", "shakespeare", "auto"):
        project_file(sources, kind, f'style = "{style}"')
        assert (load_settings(**sources).style, load_settings(**sources).ignored) == (style, ())


@PROJECT_FILES
def test_what_lies_above_the_root_of_a_repository_is_not_looked_at(sources: dict[str, Any], kind: str) -> None:
    project_file(sources, kind, "length = 7", sources["folder"].parent.parent)
    assert load_settings(**sources).decoding["length"] == 7
    (sources["folder"].parent / ".git").mkdir()
    assert load_settings(**sources).decoding["length"] is None
    project_file(sources, kind, "length = 8", sources["folder"].parent)
    assert load_settings(**sources).decoding["length"] == 8


@PROJECT_FILES
@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="Windows knows no owners by number")
def test_a_file_of_another_user_is_ignored_and_that_is_said(
    sources: dict[str, Any], kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = project_file(sources, kind, 'style = "tool"', sources["folder"].parent)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    true = Path.lstat

    def foreign(found: Path) -> Any:
        about = true(found)
        return SimpleNamespace(st_uid=1001, st_mode=about.st_mode) if found == path else about

    assert load_settings(**sources).style == "tool", "the owner of these files is the administrator, or us"
    monkeypatch.setattr(Path, "lstat", foreign)
    settings = load_settings(**sources)
    assert settings.style == "shakespeare"
    (line,) = settings.ignored
    assert line.startswith(f"{path} is ignored: it belongs to another user")


@PROJECT_FILES
def test_a_project_teaches_what_lies_in_it_and_nothing_else(
    sources: dict[str, Any], kind: str, tmp_path: Path, isolation: Path
) -> None:
    root = sources["folder"].parent
    (root / ".git").mkdir()
    (root / "docs").mkdir()
    (root / "link").symlink_to(tmp_path)
    outside = ["~/private/x", "/etc/passwd", "/dev/tty", "../../..", "../link", "../link/user.toml"]
    project_file(sources, kind, f"learn_from = {['../docs', '.', 'sub', *outside]}")
    settings = load_settings(**sources)
    folder = sources["folder"]
    assert settings.learn_from == (folder / "../docs", folder, folder / "sub")
    assert len(settings.ignored) == len(outside)
    for item, line in zip(outside, settings.ignored, strict=True):
        path = isolation / "private" / "x" if item.startswith("~") else folder / item
        assert shlex.split(line.partition("type: ")[2]) == ["rnncomplete", "--learn-from", str(path)]
    project_file(sources, kind, 'learn_from = "/etc/passwd"')
    assert load_settings(**sources).learn_from == ()
    assert load_settings(flags={"learn_from": ("/etc/passwd",)}, **sources).learn_from == (Path("/etc/passwd"),)


HOSTILE = {
    "deep": "a=" + "[" * 5000,
    "dotted": "a." * 16_000 + "a=1",
    "large": "a = 1\n# " + "rnncomplete" * 30_000,
    "digits": "a = " + "1" * 10_000,
    "not text": "\udcff",
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_file_of_a_project_costs_no_time_and_is_one_line_at_most(
    sources: dict[str, Any], content: str
) -> None:
    data = f"[tool.rnncomplete]\n{content}".encode("utf-8", "surrogateescape")
    (sources["folder"] / "pyproject.toml").write_bytes(data)
    assert load_settings(**sources).decoding["length"] is None
    (sources["folder"] / "rnncomplete.toml").write_bytes(data)
    with pytest.raises(SettingError) as caught:
        load_settings(**sources)
    assert "rnncomplete.toml" in str(caught.value)
    assert len(str(caught.value)) < 400


@PROJECT_FILES
@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no pipes in folders")
def test_a_pipe_or_a_link_to_one_is_not_waited_for(sources: dict[str, Any], kind: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (sources["folder"] / kind).symlink_to(tmp_path / "pipe")
    if kind == "pyproject.toml":
        assert load_settings(**sources).style == "shakespeare"
    else:
        with pytest.raises(SettingError, match="pipe"):
            load_settings(**sources)


def test_a_byte_order_mark_does_no_harm(sources: dict[str, Any]) -> None:
    sources["user_file"].write_text("length = 7", encoding="utf-8-sig")
    assert load_settings(**sources).decoding["length"] == 7
