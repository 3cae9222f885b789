"""Alt texts are completed from the picture that they describe, and only from one in the folder that is open."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from tiny_source import seeing_card, write_source_style

from rnncomplete.editors import pictures
from rnncomplete.editors.answers import Ask, answer
from rnncomplete.editors.pictures import KEPT, AltText, Pictures, alt_text, picture_path
from rnncomplete.editors.positions import Text
from rnncomplete.editors.preferences import Preferences
from rnncomplete.editors.project import Project
from rnncomplete.editors.shelf import Shelf
from rnncomplete.editors.texts import Texts
from rnncomplete.network import loading
from rnncomplete.styles import list_styles, user_styles_folder

if TYPE_CHECKING:
    from pathlib import Path

    from rnncomplete.network.card import Card

Image = pytest.importorskip("PIL.Image", reason="needs Pillow, from the extra 'pictures'")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("![|](cat.png)", AltText("cat.png", "")),
        ("see ![a red |apple](img/apple.png) here", AltText("img/apple.png", "a red ")),
        ('![a |](<my cat.png> "title")', AltText("my cat.png", "a ")),
        ("[![a |](cat.png)](there.html)", AltText("cat.png", "a ")),
        ('<img src="cat.png" alt="a |">', AltText("cat.png", "a ")),
        ("<img alt='|' class='x'\n src='cat.png'/>", AltText("cat.png", "")),
        ('<IMG ALT="a |cat" SRC="cat.png">', AltText("cat.png", "a ")),
        ("[|](cat.png)", None),
        ("![a](|cat.png)", None),
        ("![|]", None),
        ("![a\n|](cat.png)", None),
        ("a | b ![x](cat.png)", None),
        ('<img src="cat.png" title="|">', None),
        ('<img alt="|">', None),
        ('<p alt="|" src="cat.png">', None),
        ('<img alt="|"> <img src="cat.png">', None),
        ("|", None),
    ],
)
def test_where_a_picture_is_described(text: str, expected: AltText | None) -> None:
    before, after = text.split("|")
    assert alt_text(before, after) == expected


def test_long_texts_are_not_searched() -> None:
    assert alt_text("![" * 500_000, "](" * 500_000) == AltText("]", "")
    assert alt_text('<img alt="' * 200_000 + "a", '"' * 500_000) is None


@pytest.fixture(autouse=True)
def none_that_describes_is_shipped(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is shipped would come first."""
    monkeypatch.setattr(loading, "list_styles", lambda: [style for style in list_styles() if style.name != "pictures"])


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    (root / "docs").mkdir(parents=True)
    Image.new("RGB", (16, 16), (255, 0, 0)).save(root / "docs" / "red cat.png")
    Image.new("RGB", (16, 16), (0, 0, 255)).save(root / "blue.png")
    Image.new("RGB", (16, 16), (0, 255, 0)).save(tmp_path / "outside.png")
    (root / "docs" / "link.png").symlink_to(tmp_path / "outside.png")
    (root / "docs" / "up").symlink_to(tmp_path)
    (root / "docs" / "text.txt").write_text("text")
    (root / "docs" / "drawing.svg").write_text("<svg/>")
    return root


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("red%20cat.png", "docs/red cat.png"),
        ("../blue.png", "blue.png"),
        ("/blue.png?v=1#top", "blue.png"),
        ("missing.png", None),
        ("../../outside.png", None),
        ("link.png", None),
        ("up/outside.png", None),
        ("text.txt", None),
        ("drawing.svg", None),
        ("https://example.org/blue.png", None),
        ("//example.org/blue.png", None),
        ("file:///etc/blue.png", None),
        ("data:image/png;base64,AAAA", None),
        ("http://[", None),
        ("a%00.png", None),
        ("", None),
    ],
)
def test_only_pictures_in_the_open_folder_are_found(name: str, found: str | None, root: Path) -> None:
    assert picture_path(name, root / "docs", root) == (root / found if found else None)


@pytest.fixture
def texts(tiny_card: Card) -> Texts:
    write_source_style(user_styles_folder() / "tiny", seeing_card(tiny_card))
    return Texts(Shelf("cpu"), Preferences())


def opened(texts: Texts, root: Path, content: str) -> None:
    texts.projects = [Project(root, texts.preferences)]
    texts.open("file:///a.md", str(root / "docs" / "a.md"), "markdown", Text(content, "utf-16"))


def test_an_alt_text_is_completed_from_its_picture(texts: Texts, root: Path) -> None:
    opened(texts, root, "![](red%20cat.png) ![](../blue.png)")
    [text] = texts.open_texts.values()
    for before, after, letter in (
        ("![", "](red%20cat.png)", "r"),
        ("![", "](../blue.png)", "b"),
        ("![rr", "](../blue.png)", "b"),
    ):
        offers = answer(texts, text, Ask(before, after, asked=True))
        assert offers, text.why
        assert set(offers[0]) <= {letter}
    assert text.reading is None, "the text itself was not read for it"


def test_of_what_cannot_be_seen_nothing_is_said(texts: Texts, root: Path, tmp_path: Path) -> None:
    opened(texts, root, "")
    [text] = texts.open_texts.values()
    (root / "torn.png").write_bytes(b"torn")
    ours = Pictures(texts.shelf)
    for name in ("missing.png", "../torn.png", "../../outside.png"):
        assert ours.reading(text, "![", f"]({name})") is None
    assert ours.reading(text, "![", "](red%20cat.png)") is not None
    texts.projects = []
    texts.reconsider()
    assert ours.reading(text, "![", "](red%20cat.png)") is None, "no folder is open"


def test_a_picture_that_changes_is_seen_again_and_few_are_kept(texts: Texts, root: Path) -> None:
    opened(texts, root, "")
    [text] = texts.open_texts.values()
    ours = Pictures(texts.shelf)

    def likeliest() -> str:
        found = ours.reading(text, "![", "](../blue.png)")
        assert found is not None
        shares = found[0].document.predict("")
        assert shares is not None
        return found[0].completer.card.vocabulary[int(shares.argmax())]

    assert likeliest() == "b"
    Image.new("RGB", (32, 16), (0, 255, 0)).save(root / "blue.png")
    assert likeliest() == "g"
    for number in range(2 * KEPT):
        Image.new("RGB", (8, 8)).save(root / f"{number}.png")
        assert ours.reading(text, "![", f"](../{number}.png)") is not None
    assert len(ours._readings) == KEPT


def test_of_secrets_and_of_what_is_ignored_nothing_is_looked_at(texts: Texts, root: Path, tmp_path: Path) -> None:
    for name in (".ssh/a.png", "password.png", "hidden/a.png"):
        (root / name).parent.mkdir(exist_ok=True)
        Image.new("RGB", (8, 8)).save(root / name)
    texts.preferences = Preferences(ignore=("hidden/",))
    (tmp_path / "linked").symlink_to(root)
    for folder in (root, tmp_path / "linked"):
        opened(texts, folder, "")
        [text] = texts.open_texts.values()
        for name in (".ssh/a.png", "password.png", "hidden/a.png"):
            assert texts.pictures.reading(text, "![", f"](../{name})") is None
        assert texts.pictures.reading(text, "![", "](../blue.png)") is not None


def test_what_cannot_be_read_is_tried_once(texts: Texts, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened(texts, root, "")
    [text] = texts.open_texts.values()
    Image.new("RGB", (4_100, 4_000)).save(root / "large.png")
    (root / "torn.png").write_bytes((root / "blue.png").read_bytes()[:50])
    read, looked = pictures.read_picture, []

    def watched(path: Path, *limits: int) -> object:
        looked.append(path.name)
        return read(path, *limits)

    monkeypatch.setattr(pictures, "read_picture", watched)
    for _ in range(3):
        for name in ("torn.png", "large.png"):
            assert texts.pictures.reading(text, "![", f"](../{name})") is None
    assert looked == ["torn.png", "large.png"]
    for number in range(2 * KEPT):
        (root / f"{number}.png").write_bytes(b"torn")
        assert texts.pictures.reading(text, "![", f"](../{number}.png)") is None
    assert len(texts.pictures._readings) == KEPT


def test_where_no_style_describes_cards_are_read_once(
    root: Path, tiny_style: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = Texts(Shelf("cpu"), Preferences())
    opened(texts, root, "")
    [text] = texts.open_texts.values()
    asked: list[str] = []
    look = pictures.styles_about

    def watched(kind: str) -> list[str]:
        asked.append(kind)
        return look(kind)

    monkeypatch.setattr(pictures, "styles_about", watched)
    for _ in range(3):
        assert texts.pictures.reading(text, "![", "](red%20cat.png)") is None
    assert asked == ["picture"]


def test_where_no_style_describes_alt_texts_are_texts(root: Path, tiny_style: Path) -> None:
    texts = Texts(Shelf("cpu"), Preferences())
    opened(texts, root, "")
    [text] = texts.open_texts.values()
    assert texts.pictures.reading(text, "![", "](red%20cat.png)") is None


def test_a_style_about_pictures_is_not_one_that_texts_are_written_in(tiny_card: Card, tiny_style: Path) -> None:
    from rnncomplete.completion.auto import load_auto
    from rnncomplete.completion.installing import install_style
    from rnncomplete.editors.commands import COMMANDS
    from rnncomplete.editors.status import status_of
    from rnncomplete.editors.style_choice import StyleChoice
    from rnncomplete.editors.workspace import Workspace
    from rnncomplete.settings import load_settings

    write_source_style(user_styles_folder() / "seeing", seeing_card(tiny_card))
    install_style(tiny_style)
    assert "tiny" in Shelf("cpu").installed
    assert "seeing" not in Shelf("cpu").installed
    assert "seeing" not in StyleChoice(load_settings({})).styles_for("plaintext", None)
    assert "seeing" not in load_auto("cpu").styles
    assert "seeing" in StyleChoice(load_settings({})).names, "it may be asked for"
    deaf = SimpleNamespace(labelled=None, counted=None)
    workspace = Workspace({}, deaf)  # type: ignore[arg-type] # a fake
    assert "seeing" in status_of(workspace)["styles"]
    assert "seeing" in COMMANDS["style"](workspace, ["none"])["problem"]
