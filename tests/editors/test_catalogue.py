"""In a catalogue of gettext the msgid is the source of its msgstr, and what was translated before is read, too."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_source import copying_card, seeing_card, write_source_style

from rnncomplete.completion.completer import load_completer
from rnncomplete.completion.installing import install_style
from rnncomplete.editors import catalogue
from rnncomplete.editors.answers import Ask, answer
from rnncomplete.editors.catalogue import Place, place_in, read_as
from rnncomplete.editors.desk import Asked, Desk
from rnncomplete.editors.positions import Text
from rnncomplete.editors.preferences import Preferences
from rnncomplete.editors.shelf import Shelf
from rnncomplete.editors.texts import Texts
from rnncomplete.styles import remove_style

if TYPE_CHECKING:
    from pathlib import Path

    from rnncomplete.completion.completer import Completer
    from rnncomplete.network.card import Card

HEADER = 'msgid ""\nmsgstr ""\n"Language: fr\\n"\n"MIME-Version: 1.0\\n"\n\n'


@pytest.mark.parametrize(
    ("before", "place"),
    [
        (HEADER + 'msgid "Open file"\nmsgstr "', Place("", "Open file")),
        (HEADER + 'msgid "Open file"\nmsgstr "Ouvrir', Place("Ouvrir", "Open file")),
        ('msgid ""\n"Open "\n"file"\nmsgstr ""\n"Ouvrir "\n"le', Place("Ouvrir le", "Open file")),
        ('msgid "A"\nmsgstr "a"\n\nmsgid "B"\nmsgstr "b', Place("a\nb", "A\nB")),
        ('msgid "A"\nmsgstr "a"\nmsgid "B"\nmsgstr "b', Place("a\nb", "A\nB")),
        ('msgid "A"\nmsgstr ""\n\nmsgid "B"\nmsgstr "b', Place("b", "B")),
        ('#, fuzzy\nmsgid "A"\nmsgstr "a"\n\nmsgid "B"\nmsgstr "b', Place("b", "B")),
        ('#~ msgid "A"\n#~ msgstr "a"\n\nmsgid "B"\nmsgstr "b', Place("b", "B")),
        ('msgctxt "menu"\nmsgid "B"\nmsgstr "b', Place("b", "B")),
        ('msgid "Say \\"A\\"\\tor\\\\"\nmsgstr "Dire \\"', Place('Dire "', 'Say "A"\tor\\')),
        ('msgid "A\\nB"\nmsgstr "a\\nb"\n\nmsgid "C\\nD"\nmsgstr "c\\n', Place("a\nb\nc\n", "A\nB\nC\nD")),
        ('msgid "A\\nB"\nmsgstr "a b"\n\nmsgid "C"\nmsgstr "', Place("a b\n", "A B\nC")),
        ('msgid "%d file"\nmsgid_plural "%d files"\nmsgstr[0] "%d f', Place("%d f", "%d file")),
        (
            'msgid "%d file"\nmsgid_plural "%d files"\nmsgstr[0] "%d fichier"\nmsgstr[1] "%d f',
            Place("%d fichier\n%d f", "%d file\n%d files"),
        ),
        (HEADER, None),
        ('msgid ""\nmsgstr "Lang', None),
        ('msgid "Open', None),
        ('msgid "A"\nmsgstr "a"', None),
        ('msgid "A"\nmsgstr "a\\', None),
        ('msgid "A"\nmsgstr "a"\n# a rem', None),
        ('msgctxt "A', None),
        ("", None),
    ],
)
def test_the_cursor_is_in_a_translation_or_nowhere(before: str, place: Place | None) -> None:
    assert place_in(before) == place


@given(st.text('msgidtr "\\\n#[]01nx', max_size=80))
def test_whatever_stands_there_lines_of_text_and_source_belong_together(text: str) -> None:
    place = place_in(text)
    if place is not None:
        assert place.source
    good = place_in('msgid "A"\nmsgstr "a"\n\n' + text + '\n\nmsgid "B"\nmsgstr "b')
    assert good is not None
    assert good.source is not None
    assert good.before.endswith("b")
    assert good.before.count("\n") == good.source.count("\n")


def test_of_a_long_catalogue_the_end_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "WINDOW", 200)
    entries = [f'msgid "A{number}"\nmsgstr "a{number}"\n\n' for number in range(100)]
    begins = set()
    for end in range(90, 100):
        found = place_in("".join(entries[:end]) + 'msgid "B"\nmsgstr "')
        assert found is not None
        assert found.source is not None
        lines = found.source.split("\n")
        assert found.before == "".join(f"a{line[1:]}\n" for line in lines[:-1])
        begins.add(lines[0])
    assert len(begins) <= 3, "where it begins hardly ever moves"


@pytest.mark.parametrize("entry", ['msgid "A"\r\nmsgstr "a"\r\n\r\n', 'msgid "A"\nmsgstr "a"\n'])
def test_of_a_long_catalogue_little_is_read_whatever_its_line_ends(entry: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "WINDOW", 200)
    found = place_in(entry * 1_000 + 'msgid "B"\nmsgstr "')
    assert found is not None
    assert found.source is not None
    assert found.source.endswith("A\nB")
    assert len(found.source) < 60


def test_what_is_written_is_escaped() -> None:
    place = Place("", "A")
    assert place.written('say "a"\\\tb\nmore') == 'say \\"a\\"\\\\\\tb'
    assert place.behind('"\nmsgid') == "\nmsgid"
    assert Place("a").written('"a"\n') == '"a"\n'
    assert Place("a").behind('"') == '"'


def test_only_styles_that_translate_read_catalogues_so(tiny_card: Card) -> None:
    def read(card: Card, language: str, before: str) -> Place | None:
        return read_as(cast("Completer", SimpleNamespace(card=card)), language, before)

    before = 'msgid "A"\nmsgstr "'
    assert read(copying_card(tiny_card), "po", before) == Place("", "A")
    assert read(copying_card(tiny_card), "po", "msgid") is None
    for card, language in ((tiny_card, "po"), (seeing_card(tiny_card), "po"), (copying_card(tiny_card), "markdown")):
        assert read(card, language, before) == Place(before)


@pytest.fixture
def folder(tiny_card: Card, tmp_path: Path) -> Path:
    return write_source_style(tmp_path / "copying", copying_card(tiny_card))


def test_a_style_that_was_removed_while_a_text_is_open_has_no_source(tiny_style: Path) -> None:
    shelf, name = Shelf(), install_style(tiny_style).name
    assert not shelf.has_source(name)
    remove_style(name)
    assert not shelf.has_source(name)


BEFORE = 'msgid "EVE"\nmsgstr "eve"\n\nmsgid "HELLO, EVE"\nmsgstr "'


def test_an_editor_is_offered_the_translation(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf = Shelf()
    monkeypatch.setattr("rnncomplete.editors.shelf.find_style", lambda _: folder)
    texts = Texts(shelf, Preferences(style="copying"))
    errands: list[str] = []
    monkeypatch.setattr(texts.errands, "send", lambda name, *_: errands.append(name))
    other = texts.open("file:///b.po", "/b.po", "po", Text(BEFORE))
    text = texts.open("file:///a.po", "/a.po", "po", Text(BEFORE))
    for typed, after, offered in (
        ("", '"\n\nmsgid "NEXT"\n', ["hello, eve"]),
        ("hello", '"\n', [", eve"]),
        ("hello, eve", '"\n', []),
    ):
        assert answer(texts, text, Ask(BEFORE + typed, after)) == offered
    assert text.source == "EVE\nHELLO, EVE"
    assert text.beside == "", "lines of another text would not be those of this source"
    assert other.source == ""
    assert "read" not in errands, "and it is not read in the background only to be dropped"
    assert answer(texts, text, Ask(BEFORE + 'hello, eve"\n\n# a rem', "\n")) == []
    assert "msgstr" in text.why
    texts.end()


def test_a_catalogue_is_read_in_another_style_from_then_on(
    folder: Path, tiny_style: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "rnncomplete.editors.shelf.find_style", lambda name: folder if name == "copying" else tiny_style
    )
    texts = Texts(Shelf("cpu"), Preferences(style="copying"))
    text = texts.open("file:///a.po", "/a.po", "po", Text(BEFORE))
    assert answer(texts, text, Ask(BEFORE, '"\n')) == ["hello, eve"]
    texts.reconsider(Preferences(style="tiny"))
    texts.readings._prepare(text)
    assert text.reading is not None
    assert text.reading.completer.card.style == "tiny"
    texts.reconsider(Preferences(style="copying"))
    texts.readings._prepare(text)
    assert answer(texts, text, Ask(BEFORE, '"\n')) == ["hello, eve"]
    texts.end()


def test_a_plug_in_is_offered_the_translation(folder: Path) -> None:
    completer = load_completer(str(folder), "cpu")
    desk = Desk(lambda _: completer, lambda _language, _model: ("copying",))
    [*_, found] = desk.answer(Asked(BEFORE + "hello", '"\n', path="/a.po"), lambda: True)
    assert found == [", eve"]
    assert list(desk.answer(Asked('msgid "HEL', '"\n', path="/a.po"), lambda: True)) == []
