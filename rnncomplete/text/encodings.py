"""What to do about bytes that are not UTF-8: the encoding is guessed for a hint.

A text is never read by a guess. Those are wrong now and then, and nobody would see it.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

SAMPLE = 1 << 16
"""Bytes that a guess goes by."""

FEWEST = 15
"""Bytes beyond ASCII from which a guess is worth telling."""

WESTERN = "cp1252"
"""Preferred to what is as likely: of the encodings of one byte a character it is by far the most frequent."""

COMMON = [WESTERN, "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "koi8_r", "cp866"]
COMMON += ["iso8859_2", "iso8859_5", "iso8859_7", "cp932", "euc_jp", "gb18030", "big5", "cp949"]
"""What is guessed among, as Python names them; iconv has a hyphen where Python has an underscore."""

MARKS = {
    b"\xff\xfe\0\0": "utf-32",
    b"\0\0\xfe\xff": "utf-32",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
}
"""Byte-order marks of encodings that are full of NUL bytes; longer ones first."""

WAYS = 0.02, 0.1
"""By how much a guess may be more disorderly, and less like a language, than the best and be as likely."""


def wide_encoding(data: bytes) -> str | None:
    """The encoding of ``data``, the beginning of a text, if its characters have two bytes or four.

    By its byte-order mark, or without one as most texts have it: every other byte is NUL, and no byte between.
    """
    for mark, encoding in MARKS.items():
        if data.startswith(mark):
            return encoding
    some = data[:SAMPLE]
    for first, encoding in ((1, "utf-16le"), (0, "utf-16be")):
        high, low = some[first::2], some[1 - first :: 2]
        if len(some) >= 4 and 0 not in low and high.count(0) > len(high) / 2:
            return encoding
    return None


def what_to_do(data: bytes, start: int, path: Path | None) -> str:
    """What ``data`` seems to be, whose byte at ``start`` is the first that is not UTF-8, and how to mend it."""
    damaged = damaged_bytes(data)
    if damaged:
        return f"{damaged}; mend that, or leave it out: {conversion('utf-8', path, '-c ')}"
    guesses = guessed_encodings(data, start)
    if not guesses:
        return f"convert it: {conversion('ENCODING', path)}"
    return (
        f"it looks like {', or '.join(guesses)}; convert it, and look at what comes out: {conversion(guesses[0], path)}"
    )


def conversion(encoding: str, path: Path | None, option: str = "") -> str:
    """What to type: of a file the whole command, of what comes from a pipe what to put into it."""
    return f"iconv {option}-f {encoding} -t utf-8" + (f" {shlex.quote(str(path))}" if path else "")


def damaged_bytes(data: bytes) -> str | None:
    """How UTF-8 is damaged in ``data``; ``None`` if most of what is beyond ASCII there is not UTF-8 at all."""
    text = data.decode("utf-8", "surrogateescape")
    wrong = _undecoded(text)
    right = sum(character > "\x7f" for character in text) - wrong
    if wrong >= right:
        return None
    if wrong == _undecoded(text[-3:]) and _undecoded(text[-1:]):
        return "it ends within a character, so its end is missing"
    return f"it is UTF-8 but for {wrong:,} of its bytes, so it is damaged or mixed"


def _undecoded(text: str) -> int:
    """How many bytes stand for themselves in ``text``."""
    return sum("\udc80" <= character <= "\udcff" for character in text)


def guessed_encodings(data: bytes, start: int) -> list[str]:
    """The encoding that ``data`` is most likely in, then another one as likely, if there is; nothing of too few bytes.

    Only common ones are guessed, by charset-normalizer, from the line of ``start`` on.
    """
    sample = data[data.rfind(b"\n", 0, start) + 1 :][:SAMPLE]
    if len(sample) == SAMPLE and b"\n" in sample:
        sample = sample[: sample.rfind(b"\n")]  # no character is cut
    if sum(byte > 0x7F for byte in sample) < FEWEST:
        return []
    from charset_normalizer import from_bytes

    matches = from_bytes(sample, cp_isolation=COMMON)
    if (best := matches.best()) is None:
        return []
    disorder, language = WAYS
    likely = [
        name
        for match in matches
        if match.chaos <= best.chaos + disorder and match.coherence >= best.coherence - language
        for name in match.could_be_from_charset
    ]
    guesses = [WESTERN, best.encoding] if WESTERN in likely else [best.encoding]
    return [name.replace("_", "-") for name in dict.fromkeys(guesses)]
