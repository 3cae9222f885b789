from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from made_pairs import rows

from rnncomplete.errors import CheckpointError, TextError
from rnncomplete_export.texts.pair_files import read_pairs
from rnncomplete_export.texts.pairs import LONGEST, build_pairs

if TYPE_CHECKING:
    from pathlib import Path

    from rnncomplete_export.texts.pairs import Pairs


def test_a_first_line_that_names_the_columns_is_not_a_pair(tmp_path: Path) -> None:
    path = tmp_path / "pairs.tsv"
    for header, begins in (("english\tfrench\n", 0), ("source\ttarget\n", 0), ("", 0), ("Hi!\tSalut !\n", 1)):
        path.write_text(rows(30, header=header), encoding="utf-8")
        assert len(read_pairs(path)) == 30 + begins
    path.write_text("cat\tchat\ndog\tchien\n", encoding="utf-8")
    assert read_pairs(path) == [("cat", "chat"), ("dog", "chien")], "of words alone none is a header"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("one\ttwo\nalone\n", "line 2, has 1 column; expected 2"),
        ("a b\tc\n\t\n", "line 2, has no target"),
        ("a\tb\tc\n", "line 1, has 3 columns"),
        ("a b\tc\n" * 5, "to learn from"),
    ],
)
def test_what_is_not_pairs_is_said_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "pairs.tsv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(TextError, match=said):
        build_pairs(path, tmp_path / "run")


def test_pairs_stay_together_and_those_held_out_come_last(tmp_path: Path) -> None:
    path, kept = tmp_path / "pairs.tsv", tmp_path / "kept.tsv"
    path.write_text(rows(150), encoding="utf-8")
    kept.write_text("The sea.\tLa mer.\n" * 2 + "The sea.\tMer.\n" + "x" * 1000 + "\tÀ la fin.\n", encoding="utf-8")
    pairs = build_pairs(path, tmp_path / "run", validation=kept)
    sources, targets = pairs.lines()
    assert (len(sources), len(targets), pairs.held_out) == (153, 153, 3)
    together = [
        (pairs.sources.vocabulary.decode(source[:-1].tolist()), pairs.targets.vocabulary.decode(target.tolist()))
        for source, target in zip(sources, targets, strict=True)
    ]
    assert together[150:152] == [("The sea.", "La mer."), ("The sea.", "Mer.")], "twice the same is once"
    assert sorted(together[:150]) == sorted(read_pairs(path))
    assert len(sources[-1]) == LONGEST
    assert sources[-1][-1] == pairs.sources.vocabulary.token("\n")
    facts = {"sha256": "another"}
    with pytest.raises(CheckpointError, match="learned from other pairs"):
        build_pairs(path, tmp_path / "run", validation=kept, expected=facts)


def sides(pairs: Pairs) -> tuple[list[str], list[str]]:
    """The sources trained on, and those held out."""
    sources, _ = pairs.lines()
    decoded = [pairs.sources.vocabulary.decode(source[:-1].tolist()) for source in sources]
    return decoded[: -pairs.held_out], decoded[-pairs.held_out :]


def test_no_source_is_trained_on_and_held_out(tmp_path: Path) -> None:
    path = tmp_path / "pairs.tsv"
    once = rows(200, header="").splitlines()
    others = [line.replace("\t", "\tOh, ") for line in once] + [line.swapcase() for line in once]
    path.write_text("\n".join((*once, *others, *once)) + "\n", encoding="utf-8")
    pairs = build_pairs(path, tmp_path / "run")
    trained, held = sides(pairs)
    assert len(trained) + len(held) == 600, "what stands twice counts once"
    assert len(held) == 30, "all translations of a twentieth of the sources"
    assert not {source.casefold() for source in trained} & {source.casefold() for source in held}


def test_what_is_held_out_in_a_file_of_its_own_is_not_trained_on(tmp_path: Path) -> None:
    path, kept, said = tmp_path / "pairs.tsv", tmp_path / "kept.tsv", list[str]()
    path.write_text(rows(200), encoding="utf-8")
    kept.write_text("".join(f"{source}\tAh!\n" for source, _ in read_pairs(path)[:7]), encoding="utf-8")
    trained, held = sides(build_pairs(path, tmp_path / "run", validation=kept, skipped=said.append))
    assert (len(trained), len(held)) == (193, 7)
    assert not {*trained} & {*held}
    assert said == [f"7 pairs of {path} whose sources are held out in {kept}"]


CATALOGUE = """
msgid ""
msgstr "Content-Type: text/plain; charset=UTF-8\\n"

msgid "Open the file"
msgstr "Ouvrir le fichier"

#, fuzzy
msgid "Close"
msgstr "Clore"

msgid "Nothing yet"
msgstr ""

msgid ""
"One line\\n"
"and another"
msgstr ""
"Une ligne\\n"
"et une autre"

msgid "%d file"
msgid_plural "%d files"
msgstr[0] "%d fichier"
msgstr[1] "%d fichiers"

#~ msgid "Gone"
#~ msgstr "Parti"
"""


def test_a_catalogue_gives_what_is_translated(tmp_path: Path) -> None:
    path = tmp_path / "fr.po"
    path.write_text(CATALOGUE, encoding="utf-8")
    assert read_pairs(path) == [
        ("Open the file", "Ouvrir le fichier"),
        ("One line", "Une ligne"),
        ("and another", "et une autre"),
        ("%d file", "%d fichier"),
        ("%d files", "%d fichiers"),
    ]
    path.write_text('msgid "one"\nmsgid_plural "more"\nmsgstr "un"\n', encoding="utf-8")
    assert read_pairs(path) == [("one", "un")], "of a plural without forms, what there is"
    path.write_text('msgid "unclosed\nmsgstr', encoding="utf-8")
    with pytest.raises(TextError, match="not a catalogue"):
        read_pairs(path)


MEMORY = """<?xml version="1.0"?>
<!DOCTYPE tmx SYSTEM "tmx14.dtd">
<tmx version="1.4"><header srclang="en"/><body>
<tu><tuv xml:lang="fr"><seg>Cliquez <bpt i="1">&lt;b&gt;</bpt>ici<ept i="1">&lt;/b&gt;</ept>.</seg></tuv>
    <tuv xml:lang="EN"><seg>Click <hi>here</hi>.</seg></tuv></tu>
<tu><tuv xml:lang="en"><seg>Alone.</seg></tuv></tu>
<tu><tuv xml:lang="en"><seg>Two
  lines.</seg></tuv><tuv xml:lang="fr"><seg>Deux lignes.</seg></tuv><tuv xml:lang="de"><seg>Zwei.</seg></tuv></tu>
</body></tmx>
"""


def test_a_translation_memory_gives_its_units(tmp_path: Path) -> None:
    path = tmp_path / "memory.tmx"
    path.write_text(MEMORY, encoding="utf-8")
    assert read_pairs(path) == [("Click here.", "Cliquez ici."), ("Two lines.", "Deux lignes.")]


@pytest.mark.parametrize(
    "text",
    [
        "plain text",
        "<tmx><body/></tmx>",
        '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><tmx><body>&b;</body></tmx>',
        '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]><tmx><body>&a;</body></tmx>',
        f"<tmx><tu><tuv xml:lang='en'><seg>{'<hi>' * 5000}{'</hi>' * 5000}</seg></tuv></tu></tmx>",
        "",
    ],
    ids=["text", "empty", "entities", "files", "deep", "nothing"],
)
def test_a_file_that_is_not_a_memory_or_a_hostile_one_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "memory.TMX"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(TextError, match="translation memory"):
        read_pairs(path)
