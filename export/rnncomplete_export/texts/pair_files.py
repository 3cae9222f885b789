"""Files that hold sources and translations: TSV, catalogues of messages (.po) and translation memories (.tmx)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rnncomplete.errors import TextError
from rnncomplete.text.decoding import read_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from xml.etree.ElementTree import Element

Pairs = list[tuple[str, str]]
"""Sources and targets, each on one line."""

LIKE_A_NAME = 0.5
"""Share of the lines of a TSV file that are names of columns by their looks, from which on the first is a pair as well."""

LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
"""The attribute of a translation memory that says what language a text is in."""

CODES = frozenset(["bpt", "ept", "it", "ph", "ut", "sub"])
"""Elements inside a text of a translation memory that hold what belongs to another format, as a page's tags."""


def read_pairs(path: Path) -> Pairs:
    """The pairs of a file, by the end of its name: .po, .tmx, or else a TSV file.

    Raises :class:`TextError` if it is not such a file.
    """
    readers = {".po": read_catalogue, ".tmx": read_memory}
    return readers.get(path.suffix.lower(), read_table)(path)


def read_table(path: Path) -> Pairs:
    """Source and target of each line of a TSV file, whose first line may name the columns.

    Raises :class:`TextError` naming the line that has not two columns, or whose target is empty.
    """
    rows = [line.split("\t") for line in read_text(path).split("\n")]
    if rows and not any(rows[-1]):
        rows.pop()
    for number, row in enumerate(rows, 1):
        if len(row) != 2:
            raise TextError(
                f"{path}, line {number}, has {len(row)} column{'s' * (len(row) != 1)}; expected 2: source and target, with "
                "a tab between"
            )
        if not row[1].strip():
            raise TextError(f"{path}, line {number}, has no target; expected source and target, with a tab between")
    begun = 1 if rows and _is_header(rows) else 0
    return [(source.strip(), target.strip()) for source, target in rows[begun:]]


def _is_header(rows: list[list[str]]) -> bool:
    """Whether the first of ``rows`` names the columns: it looks so, and most of the others don't."""

    def looks_so(row: list[str]) -> bool:
        return all(cell.strip().replace("-", "").replace("_", "").isalnum() for cell in row)

    return looks_so(rows[0]) and sum(map(looks_so, rows)) < LIKE_A_NAME * len(rows)


def read_catalogue(path: Path) -> Pairs:
    """The messages of a .po file that are translated, and not marked as doubtful; of a plural both its first forms.

    Raises :class:`TextError` if it is no catalogue.
    """
    import polib

    text = read_text(path)
    try:
        entries = polib.pofile(text) if text.strip() else []
    except (OSError, ValueError, IndexError) as error:
        told = str(error).replace(text, path.name).splitlines()[0][:200] if str(error) else "damaged"
        raise TextError(f"{path} is not a catalogue of messages ({told}); expected what gettext writes") from None
    pairs: Pairs = []
    for entry in entries:
        if not entry.translated():  # neither empty, nor fuzzy, nor obsolete
            continue
        if entry.msgid_plural and entry.msgstr_plural:
            forms = [entry.msgstr_plural[number] for number in sorted(entry.msgstr_plural)]
            pairs += [*_lines(entry.msgid, forms[0]), *_lines(entry.msgid_plural, forms[-1])]
        else:
            pairs += _lines(entry.msgid, entry.msgstr)
    return pairs


def read_memory(path: Path) -> Pairs:
    """The units of a translation memory (TMX 1.4): from its source language, or the first, to the first other one.

    Raises :class:`TextError` if it is none, or holds entities that could be anything, or grow without end.
    """
    from xml.etree.ElementTree import ParseError

    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    try:
        root: Element = fromstring(read_text(path).lstrip("\ufeff").encode())
    except (ParseError, DefusedXmlException, ValueError) as error:
        raise TextError(f"{path} is not a translation memory ({error}); expected TMX without entities") from None
    try:
        units = [{_language(text): _said(text.find("seg")) for text in unit.iter("tuv")} for unit in root.iter("tu")]
    except RecursionError:
        raise TextError(f"{path} has a text inside hundreds of elements; expected a translation memory (TMX)") from None
    header = root.find("header")
    source = "" if header is None else header.get("srclang", "").lower()
    languages = list(dict.fromkeys(language for unit in units for language in unit))
    if source not in languages:
        source = languages[0] if languages else ""
    target = next((language for language in languages if language != source), None)
    if target is None:
        raise TextError(f"{path} has no texts in two languages; expected a translation memory (TMX)")
    return [pair for unit in units for pair in _lines(unit.get(source, ""), unit.get(target, ""))]


def _language(text: Element) -> str:
    return (text.get(LANGUAGE) or text.get("lang") or "").lower()


def _said(segment: Element | None) -> str:
    """What a segment says, without what belongs to another format."""

    def parts(element: Element) -> Iterator[str]:
        yield element.text or ""
        for child in element:
            if child.tag not in CODES:
                yield from parts(child)
            yield child.tail or ""

    return "" if segment is None else "".join(parts(segment))


def _lines(source: str, target: str) -> Pairs:
    """A pair of texts as pairs of lines: line by line where they have as many, else each as one line; none if one is empty."""
    sides = [[" ".join(line.split()) for line in text.strip().split("\n")] for text in (source, target)]
    if len(sides[0]) != len(sides[1]):
        sides = [[" ".join(filter(None, lines))] for lines in sides]
    return [(one, other) for one, other in zip(*sides, strict=True) if one and other]
