"""Texts in other encodings are refused with what to type, and mended by it."""
# ruff: noqa: RUF001 - letters of other alphabets are meant

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

import pytest

from rnncomplete.errors import TextError
from rnncomplete.text.decoding import decode_text, read_text
from rnncomplete.text.encodings import COMMON, guessed_encodings

FRENCH = "L’été dernier nous avons mangé des crêpes à la crème brûlée. Ça coûte 5 €. Naïveté et cœur brisé.\n" * 3
RUSSIAN = "Все счастливые семьи похожи друг на друга, каждая несчастливая семья несчастлива по-своему.\n" * 3
JAPANESE = "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。\n" * 3


def problem(data: bytes, tmp_path: Path) -> str:
    path = tmp_path / "a b'c.txt"
    path.write_bytes(data)
    with pytest.raises(TextError) as caught:
        read_text(path)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (FRENCH, "cp1252"),
        (RUSSIAN, "koi8-r"),
        (RUSSIAN, "cp1251"),
        (RUSSIAN, "cp866"),
        (JAPANESE, "cp932"),
        (JAPANESE, "euc-jp"),
        (FRENCH, "utf-16"),
    ],
)
def test_the_hint_mends_it(text: str, encoding: str, tmp_path: Path) -> None:
    said = problem(text.encode(encoding), tmp_path)
    assert f"iconv -f {encoding} -t utf-8" in said
    command = shlex.split(said[said.index("iconv") :])
    assert Path(command[-1]) == tmp_path / "a b'c.txt", "it can be pasted"
    assert subprocess.run(command, capture_output=True, check=True).stdout.decode().removeprefix("\ufeff") == text


def test_a_doubtful_guess_names_both(tmp_path: Path) -> None:
    hungarian = "Őseink földjén őszi ködök ülnek, a hűvös erdő mélyén űzött őzek futnak.\n" * 3
    assert "it looks like cp1252, or cp1250; convert it, and look" in problem(hungarian.encode("cp1250"), tmp_path)


def test_nothing_is_guessed_from_a_few_bytes(tmp_path: Path) -> None:
    assert "iconv -f ENCODING -t utf-8" in problem(b"caf\xe9", tmp_path)
    assert all(name.replace("-", "_") in COMMON for name in guessed_encodings(bytes(range(128, 256)) * 9, 0))


def test_damaged_utf_8_is_not_taken_for_something_else(tmp_path: Path) -> None:
    whole = FRENCH.encode()
    said = problem(whole.replace("Ç".encode(), b"\xc7"), tmp_path)
    assert "UTF-8 but for 3 of its bytes, so it is damaged or mixed" in said
    assert "iconv -c -f utf-8 -t utf-8" in said
    cut = whole[: whole.rindex("é".encode()) + 1]
    assert "it ends within a character" in problem(cut, tmp_path)


def test_what_comes_from_a_pipe_is_not_called_a_file() -> None:
    with pytest.raises(TextError, match=r"stdin is not UTF-8 .* look at what comes out: iconv -f koi8-r -t utf-8$"):
        decode_text(RUSSIAN.encode("koi8-r"), "stdin")
