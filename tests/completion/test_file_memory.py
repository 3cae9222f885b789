"""Learning from files: what is read, what is kept, and what it is good for."""

from __future__ import annotations

import json
import os
import shutil
import time
from math import inf
from typing import TYPE_CHECKING

import numpy as np
import pytest
from click.testing import CliRunner

from rnncomplete.cli import main
from rnncomplete.completion import file_memory as learning
from rnncomplete.completion.completer import Completer, load_completer
from rnncomplete.completion.installing import install_style
from rnncomplete.errors import ModelError, TextError
from rnncomplete.ghost.suggest import RNNAutoSuggest
from rnncomplete.mixing.alphabet import Alphabet
from rnncomplete.mixing.memory import CorpusMemory
from rnncomplete.mixing.training import learn_style
from rnncomplete.network.loading import load_network
from rnncomplete.styles import MEMORY, user_styles_folder

if TYPE_CHECKING:
    from pathlib import Path

    from rnncomplete.completion.learning_job import Study

LINE = "the frobnicator of our house hums, hums and hums again.\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with two texts, a binary file and one that is ignored."""
    folder = tmp_path / "project"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.txt").write_text(LINE * 3, encoding="utf-8")
    (folder / "deep" / "b.txt").write_text("zyx wvu\n" * 5, encoding="utf-8")
    (folder / "c.bin").write_bytes(b"\0\1\2")
    (folder / "ignored.txt").write_text("never read", encoding="utf-8")
    (folder / ".gitignore").write_text("ignored.txt\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def taught_style(tiny_style: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One that has learned, of words made at random that come again, how much memories are worth."""
    folder = tmp_path_factory.mktemp("taught") / "tiny"
    shutil.copytree(tiny_style, folder)
    generator = np.random.default_rng(1)
    words = ["".join(generator.choice(list("abcdefghijklmnopqrstuvwxyz"), 8)) for _ in range(60)]
    vocabulary = load_network(folder, "cpu").vocabulary
    tokens = vocabulary.encode(" ".join(generator.choice(words, 800)))
    memory = learn_style(vocabulary.characters, tokens, nodes=512, slots=4096, sessions=2_000)
    (folder / MEMORY).write_bytes(memory.to_bytes())
    return folder


@pytest.fixture
def completer(taught_style: Path) -> Completer:
    return load_completer(str(taught_style), "cpu", budget_ms=inf)


def test_a_name_that_only_a_file_has_comes_as_a_ghost(completer: Completer, project: Path) -> None:
    assert not completer.complete("call the frobn").text.startswith("icator")
    left_out: list[str] = []
    done: list[tuple[int, int]] = []
    learned = completer.learn_files([project], skipped=left_out.append, progress=lambda *share: done.append(share))
    assert learned is not None
    assert (learned.files, learned.characters) == (2, len(LINE) * 3 + 8 * 5)
    assert [line for line in left_out if "c.bin" in line and "binary" in line] == left_out
    assert done == [(0, 1000), (79, 1000), (81, 1000), (1000, 1000)], "171, 3 and 40 bytes; then all is counted"
    assert completer.complete("call the frobn").text.startswith("icator")
    assert completer.fresh().complete("call the frobn").text.startswith("icator")
    completer.forget_files()
    assert not completer.complete("call the frobn").text.startswith("icator")


def test_what_was_counted_is_kept_until_a_file_changes(
    completer: Completer, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    true_read = learning.read_text
    monkeypatch.setattr(learning, "read_text", lambda path: read.append(path.name) or true_read(path))
    first = completer.learn_files([project])
    assert sorted(read) == ["a.txt", "b.txt", "c.bin"]
    again = completer.fresh().learn_files([project])
    assert len(read) == 3
    assert first is not None
    assert again is not None
    assert np.array_equal(first.memory.slots, again.memory.slots)
    assert np.array_equal(first.memory.nodes, again.memory.nodes)
    assert (again.files, again.characters) == (first.files, first.characters)
    (project / "a.txt").write_text("a frobnicatrix, a frobnicatrix\n", encoding="utf-8")
    assert completer.learn_files([project]) is not None
    assert len(read) == 6
    assert completer.complete("call the frobnicat").text.startswith("rix")


def test_a_damaged_or_full_cache_costs_only_time(completer: Completer, project: Path, tmp_path: Path) -> None:
    alphabet = Alphabet.usual(completer.model.vocabulary.characters)
    cache = tmp_path / "cache"

    def learn() -> int:
        learned = learning.learn_files([project], completer.model.vocabulary, alphabet, cache=cache)
        assert learned is not None
        return learned.characters

    characters = learn()
    (kept,) = cache.glob("*.bin")
    kept.write_bytes(kept.read_bytes()[:100])
    assert learn() == characters
    shutil.rmtree(cache)
    cache.write_text("a file where the folder should be", encoding="utf-8")
    assert learn() == characters


def planted(characters: str, files: object = 1) -> bytes:
    """What somebody may put into a cache: a memory of another alphabet than the style's."""
    alphabet = Alphabet(("\ufffd", *characters), (1,) * (1 + len(characters)))
    memory = CorpusMemory.count(alphabet, np.full(9, len(characters), np.uint16), 64, 64)
    return json.dumps({"files": files, "characters": 9}).encode("ascii") + b"\n" + memory.to_bytes()


@pytest.mark.parametrize(
    "content",
    [
        planted("".join(chr(0x4E00 + index) for index in range(4095))),
        planted("ab"),
        planted("abcdefghijklmnopqrstuvwxyz"[::-1]),
        b'{"files": Infinity, "characters": 1}\n',
        b"[" * 900 + b"\n",
        b"{}" * 5000,
        b"",
    ],
)
def test_a_planted_memory_is_not_taken_for_ones_own(
    completer: Completer, project: Path, tmp_path: Path, content: bytes
) -> None:
    alphabet = Alphabet.usual(completer.model.vocabulary.characters)

    def learn() -> learning.Learned:
        learned = learning.learn_files([project], completer.model.vocabulary, alphabet, cache=tmp_path / "cache")
        assert learned is not None
        return learned

    own = learn()
    (kept,) = (tmp_path / "cache").glob("*.bin")
    kept.write_bytes(content)
    again = learn()
    assert (again.memory.alphabet, again.files, again.characters) == (alphabet, own.files, own.characters)
    assert np.array_equal(again.memory.slots, own.memory.slots)


@pytest.mark.parametrize("files", [np.inf, True, None, 1.0, "1"])
def test_what_is_said_of_a_memory_is_whole_numbers(completer: Completer, tmp_path: Path, files: object) -> None:
    place = tmp_path / "memory.bin"
    alphabet = CorpusMemory.from_bytes(planted("ab").partition(b"\n")[2]).alphabet
    place.write_bytes(planted("ab"))
    assert learning._recall(place, alphabet) is not None
    place.write_bytes(planted("ab", files))
    assert learning._recall(place, alphabet) is None


def test_old_memories_are_dropped(
    completer: Completer, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learning, "MOST_KEPT", 2)
    alphabet = Alphabet.usual(completer.model.vocabulary.characters)
    cache = tmp_path / "cache"
    for number in range(4):
        os.utime(project / "a.txt", (number, number))
        learning.learn_files([project], completer.model.vocabulary, alphabet, cache=cache)
        for age, path in enumerate(sorted(cache.glob("*.bin"), key=lambda path: path.stat().st_mtime_ns)):
            os.utime(path, (1000 + 10 * number + age, 1000 + 10 * number + age))
    assert len(list(cache.iterdir())) == 2


def test_too_much_text_is_left_out_with_a_line_each(
    completer: Completer, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learning, "MOST_CHARACTERS", 100)
    left_out: list[str] = []
    learned = completer.learn_files([project / "deep", project / "a.txt"], skipped=left_out.append)
    assert learned is not None
    assert learned.files == 1
    assert "a.txt is more than the 100 characters" in left_out[0]


def test_giving_up_changes_nothing(completer: Completer, project: Path) -> None:
    answers = iter([True, False])
    assert completer.learn_files([project], wanted=lambda: next(answers, False)) is None
    assert completer.learned is None
    assert completer.learn_files([project]) is not None


@pytest.mark.parametrize(
    ("name", "what"), [("nowhere", "no file or folder"), ("c.bin", "binary"), ("empty", "no text")]
)
def test_what_cannot_be_learned_is_said(completer: Completer, project: Path, name: str, what: str) -> None:
    (project / "empty").write_text("", encoding="utf-8")
    with pytest.raises(TextError, match=what):
        completer.learn_files([project / name])


def test_complete_and_eval_learn_from_files_and_say_what_is_left_out(taught_style: Path, project: Path) -> None:
    arguments = ["complete", "--style", str(taught_style), "--json"]
    result = CliRunner().invoke(main, [*arguments, "--learn-from", str(project)], input="call the frobn")
    assert json.loads(result.stdout)["text"].startswith("icator")
    assert "left out" in result.stderr
    assert "c.bin" in result.stderr
    new = project.parent / "new.txt"
    new.write_text("our frobnicator hums, hums and hums", encoding="utf-8")
    plain, taught = (
        json.loads(CliRunner().invoke(main, ["eval", "--style", str(taught_style), "--json", *more, str(new)]).stdout)
        for more in ([], ["--learn-from", str(project)])
    )
    assert taught["static_nats_per_character"] == plain["static_nats_per_character"]
    assert taught["nats_per_character"] < 0.8 * plain["nats_per_character"]
    assert taught["keystrokes_saved"] > plain["keystrokes_saved"]


# the memory that a style carries


@pytest.fixture
def style_with_memory(tiny_style: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "tiny"
    shutil.copytree(tiny_style, folder)
    vocabulary = load_network(folder, "cpu").vocabulary
    tokens = vocabulary.encode(LINE * 40)
    (folder / MEMORY).write_bytes(learn_style(vocabulary.characters, tokens, nodes=512, slots=4096).to_bytes())
    return folder


def test_the_memory_of_a_style_is_read_and_installed_with_it(style_with_memory: Path, project: Path) -> None:
    assert load_completer(str(style_with_memory), "cpu", budget_ms=inf).complete("our frobn").text.startswith("icator")
    install_style(style_with_memory)
    completer = load_completer("tiny", "cpu", budget_ms=inf)
    assert (user_styles_folder() / "tiny" / MEMORY).is_file()
    assert completer.complete("our frobn").text.startswith("icator")
    assert not completer.complete("zyx w").text.startswith("vu")
    completer.learn_files([project])
    assert completer.complete("zyx w").text.startswith("vu"), "files are learned beside it"
    assert not load_completer("tiny", "cpu", budget_ms=inf, static=True).complete("our frobn").text.startswith("icator")


def test_a_file_that_is_not_a_memory_or_is_one_of_another_vocabulary_is_refused(style_with_memory: Path) -> None:
    path = style_with_memory / MEMORY
    whole = path.read_bytes()
    path.write_bytes(whole[:-30])
    with pytest.raises(ModelError, match=r"memory\.bin"):
        load_completer(str(style_with_memory), "cpu", budget_ms=inf)
    other = learn_style(("?", "x", "y"), np.array([1, 2] * 40, np.uint16), nodes=64, slots=64)
    path.write_bytes(other.to_bytes())
    with pytest.raises(ModelError, match="another vocabulary"):
        load_completer(str(style_with_memory), "cpu", budget_ms=inf)


# behind a prompt


def finished(study: Study | None) -> Study:
    """``study`` at its end."""
    assert study is not None
    deadline = time.monotonic() + 60
    while study.share is not None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return study


def test_what_cannot_be_learned_is_not_tried_again(taught_style: Path, project: Path) -> None:
    suggest = RNNAutoSuggest(str(taught_style), device="cpu", learn_from=[project / "c.bin"])
    suggest.start()
    assert "binary" in str(finished(suggest.study).problem)
    for path, known in (("a.txt", ["a.txt"]), ("c.bin", ["a.txt", "c.bin"]), ("deep", ["a.txt", "deep"])):
        suggest.learn([project / path])
        study = finished(suggest.study)
        assert [each.name for each in study.paths] == known
        assert (study.problem is None) is (path != "c.bin")
    suggest.use(str(taught_style), "cpu")
    assert [each.name for each in finished(suggest.study).paths] == ["a.txt", "deep"]
    suggest.close()


def test_files_given_up_at_the_last_moment_are_not_learned(
    completer: Completer, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given_up: list[object] = []
    monkeypatch.setattr(learning, "_keep", lambda *_: given_up.append(True))
    assert completer.learn_files([project], wanted=lambda: not given_up) is None
    assert given_up
    assert completer.learned is None
