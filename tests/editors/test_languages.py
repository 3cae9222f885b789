"""The style of a text, by its language or its file."""

from __future__ import annotations

import pytest

from rnncomplete.editors.languages import UNKNOWN, is_comment, language_of, styles_for
from rnncomplete.styles import list_styles

SHIPPED = frozenset({"docs", "english", "javascript", "linux", "math", "python", "shakespeare", "shell", "tolstoy"})


@pytest.mark.parametrize(
    ("language", "styles"),
    [
        ("python", ("python",)),
        ("c", ("linux",)),
        ("typescript", ("javascript",)),
        ("markdown", ("docs", "english")),
        ("latex", ("math",)),
        ("shellscript", ("shell",)),
        ("sh", ("shell",)),
        ("gitcommit", ("english",)),
        ("po", ("english",)),
    ],
)
def test_a_language_has_its_style(language: str, styles: tuple[str, ...]) -> None:
    assert styles_for(language, SHIPPED) == styles


@pytest.mark.parametrize("language", ["cobol", UNKNOWN])
def test_a_language_without_a_style_may_be_any(language: str) -> None:
    styles = styles_for(language, SHIPPED)
    assert set(styles) == SHIPPED
    assert styles[0] == "english"


def test_a_style_called_like_the_language_goes_first() -> None:
    assert styles_for("rust", SHIPPED | {"rust"}) == ("rust",)
    assert styles_for("markdown", SHIPPED | {"markdown"}) == ("markdown",)


def test_a_style_that_is_not_installed_is_not_chosen() -> None:
    assert styles_for("python", {"mine"}) == ("mine",)
    assert styles_for("python", ()) == ()


def test_every_style_named_is_shipped() -> None:
    shipped = {style.name for style in list_styles() if style.shipped}
    assert {styles_for(language, shipped)[0] for language in ("python", "c", "ts", "md", "tex", "sh")} <= shipped


@pytest.mark.parametrize(
    ("path", "language"),
    [
        ("/a/b.py", "python"),
        ("C:\\a\\B.H", "c"),
        ("x/Makefile", "makefile"),
        (".git/COMMIT_EDITMSG", "git-commit"),
        ("de.po", "gettext"),
        ("notes.txt", UNKNOWN),
        ("strange.xyz", UNKNOWN),
        ("", UNKNOWN),
    ],
)
def test_a_file_says_its_language_by_its_name(path: str, language: str) -> None:
    assert language_of(path) == language


def test_what_the_editor_says_goes_first() -> None:
    assert language_of("script", "python") == "python"
    assert language_of("a.py", "plaintext") == "python"
    assert language_of("a.py", "markdown") == "markdown"


def test_remarks() -> None:
    assert is_comment("python", "    # so")
    assert is_comment("c", " * so")
    assert not is_comment("python", "x = 1  # so")
    assert not is_comment("markdown", "# a title")
