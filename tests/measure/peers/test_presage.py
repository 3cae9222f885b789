"""presage as a peer: what is shown of its suggestions; and itself, where it is installed."""

from __future__ import annotations

import ctypes.util
import os
import shutil
from typing import TYPE_CHECKING

import pytest

from rnncomplete.errors import SettingError
from rnncomplete.measure.peers.presage import INSTALL, READ, PresageGhosts, presage

if TYPE_CHECKING:
    from pathlib import Path

CORPUS = "the quick brown fox jumps over the lazy dog.\nand the quick brown hen does not.\n" * 20


class Suggesting:
    def __init__(self, typed: str, *words: str) -> None:
        self.answer, self.asked = (typed, list(words)), ""

    def predict(self, before: str) -> tuple[str, list[str]]:
        self.asked = before
        return self.answer


def test_the_first_suggestion_that_goes_on_as_it_was_typed_is_shown() -> None:
    assert PresageGhosts(Suggesting("He", "he", "her", "Hence", "Here"))("so He") == "nce"
    assert PresageGhosts(Suggesting("", "the", "and"))("so ") == "the"
    assert PresageGhosts(Suggesting("he", "he", "Her"))("so he") == ""
    assert PresageGhosts(Suggesting("he"))("so he") == ""


def test_it_is_given_the_end_of_a_long_text() -> None:
    suggesting = Suggesting("")
    PresageGhosts(suggesting)("a" * 9000 + "b")
    assert suggesting.asked == "a" * (READ - 1) + "b"


def test_it_says_what_to_type_where_it_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ctypes.util.find_library", lambda name: None)
    with pytest.raises(SettingError, match="apt install presage"):
        presage(CORPUS)


# Windows starts no file for the line at its beginning, and presage is not to be had there: it is said not to be installed.
@pytest.mark.skipif(os.name != "posix", reason="the program that fails is a shell script")
@pytest.mark.parametrize(
    ("script", "said"),
    [
        (
            "#!/bin/sh\necho 'no space left' >&2\necho 'on the disk' >&2\nexit 3\n",
            "no space left on the disk; to install",
        ),
        ("#!/bin/sh\nexit 3\n", "exit status 3"),
        ("#!/no/such/shell\n", "No such file or directory"),
    ],
)
def test_a_program_of_its_own_that_fails_is_told_of_in_a_line(
    script: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "text2ngram").write_text(script)
    (tmp_path / "text2ngram").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("ctypes.util.find_library", lambda name: name)
    with pytest.raises(SettingError, match="text2ngram cannot count the corpus") as refused:
        presage(CORPUS)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.slow
@pytest.mark.skipif(
    not (shutil.which("text2ngram") and ctypes.util.find_library("presage")),
    reason=f"presage is not installed: {INSTALL}",
)
def test_presage_itself_knows_the_corpus() -> None:
    peer = presage(CORPUS)
    assert peer.ghost("the quick bro") == "wn"
    assert peer.ghost("the quick ") == "brown"
    assert peer.ghost("caf\u00e9 \0 jum") == "ps"
    assert peer.facts == {"order": 3}
    assert 0 < peer.megabytes < 1
