"""The other commands, run inside this process."""

from __future__ import annotations

import dataclasses
import json
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result
from tiny_readout import LABELS, readout_card, write_readout_style
from tiny_source import copying_card, write_source_style

from rnncomplete.cli import main
from rnncomplete.errors import SettingError, TextError
from rnncomplete.measure.peers.peer import Peer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rnncomplete.network.card import Card


def run(*arguments: str | Path, data: str = "") -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments], input=data)


def refused(result: Result) -> str:
    """The one line on stderr of a command that the user has to mend."""
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("rnncomplete: ")
    assert result.stderr.count("\n") == 1
    return result.stderr


def test_generate_writes_the_same_text_for_the_same_seed(tiny_style: Path) -> None:
    arguments = ("generate", "--style", tiny_style, "--prompt", "romeo", "--chars", "50", "--seed")
    first = run(*arguments, "7")
    assert first.exit_code == 0
    assert first.stdout.startswith("romeo")
    assert len(first.stdout) == len("romeo") + 50 + 1
    assert run(*arguments, "7").stdout == first.stdout
    assert run(*arguments, "8").stdout != first.stdout


def test_generate_writes_at_a_temperature_of_its_own_unless_told_otherwise(tiny_style: Path) -> None:
    arguments = ("generate", "--style", tiny_style, "--seed", "7", "--chars", "300")
    told = ("--temperature", "0.65", "--min-p", "0.05")
    assert run(*arguments).stdout == run(*arguments, *told).stdout != run(*arguments, "--temperature", "1").stdout
    assert run(*arguments).stdout != run(*arguments, "--min-p", "0.9").stdout


@pytest.mark.parametrize("option", ["--temperature", "--min-p"])
@pytest.mark.parametrize("value", ["nan", "inf", "-1", "x"])
def test_generate_refuses_nan(tiny_style: Path, option: str, value: str) -> None:
    assert option in refused(run("generate", "--style", tiny_style, option, value))


def test_generate_at_temperature_zero_is_what_complete_goes_on_with(tiny_style: Path) -> None:
    written = run("generate", "--style", tiny_style, "--prompt", "so ", "--chars", "30", "--temperature", "0").stdout
    assert written == "so " + run("complete", "--static", "--style", tiny_style, "--chars", "30", data="so ").stdout


def test_eval_prints_all_figures(tiny_style: Path, tmp_path: Path) -> None:
    files = [tmp_path / "one.txt", tmp_path / "two.txt"]
    for path in files:
        path.write_text("some words to type, \u00e9\r\nand more. " * 5, encoding="utf-8", newline="")
    result = run("eval", "--style", tiny_style, "--json", "--static", *files)
    document = json.loads(result.stdout)
    assert list(document) == [
        "style",
        "device",
        "files",
        "characters",
        "unknown_characters",
        "nats_per_character",
        "static_nats_per_character",
        "keystrokes_saved",
        "accepted_share",
        "precision",
        "wrong_characters_per_100",
        "ghosts_shown",
        "milliseconds_p50",
        "milliseconds_p99",
        "megabytes",
    ]
    assert document["files"] == [str(path) for path in files]
    assert document["characters"] == 2 * 5 * 32
    assert document["unknown_characters"] == 10
    assert document["nats_per_character"] == document["static_nats_per_character"] > 0
    assert 0 <= document["milliseconds_p50"] <= document["milliseconds_p99"]
    assert "keystrokes saved" in run("eval", "--style", tiny_style, *files).stdout


def test_eval_is_bounded_by_characters(tiny_style: Path, tmp_path: Path) -> None:
    files = [tmp_path / "one.txt", tmp_path / "two.txt"]
    for path in files:
        path.write_text("abcdefghij")
    for number, used, characters in ((5, 1, 5), (10, 1, 10), (11, 1, 10), (13, 2, 13), (99, 2, 20)):
        document = json.loads(run("eval", "--style", tiny_style, "--json", "--characters", str(number), *files).stdout)
        assert (len(document["files"]), document["characters"]) == (used, characters)


@pytest.mark.parametrize(
    ("content", "words"), [(None, "cannot read"), (b"", "0 characters"), (b"\x7fELF\0\0", "binary"), (b"\xe9", "UTF-8")]
)
def test_eval_refuses_what_is_not_text(tiny_style: Path, tmp_path: Path, content: bytes | None, words: str) -> None:
    path = tmp_path / "text"
    if content is not None:
        path.write_bytes(content)
    assert words in refused(run("eval", "--style", tiny_style, path))


def test_styles_can_be_added_listed_looked_at_and_removed(tiny_style: Path) -> None:
    assert all(row["style"] != "tiny" for row in json.loads(run("styles", "--json").stdout))
    assert "rnncomplete --style tiny" in run("styles", "add", tiny_style).stdout
    assert "already" in refused(run("styles", "add", tiny_style))
    assert run("styles", "add", "--replace", tiny_style).exit_code == 0
    assert "tiny" in run("styles", "list").stdout
    (row,) = [row for row in json.loads(run("styles", "--json").stdout) if row["style"] == "tiny"]
    assert (row["parameters"], row["shipped"], row["licence"]) == (1280, False, "none")
    assert json.loads(run("styles", "info", "tiny", "--json").stdout)["state_size"] == 16
    assert "32 characters" in run("styles", "info", "tiny").stdout
    assert run("complete", "--style", "tiny", data="x").exit_code == 0
    assert run("styles", "remove", "tiny").exit_code == 0
    assert "no style 'tiny'" in refused(run("styles", "remove", "tiny"))


def test_a_damaged_style_is_listed_with_what_is_wrong(tiny_style: Path, isolation: Path) -> None:
    run("styles", "add", tiny_style)
    (isolation / "styles" / "tiny" / "card.json").write_text("{")
    assert "not JSON" in run("styles").stdout
    assert "card.json" in refused(run("complete", "--style", "tiny"))


def test_doctor_reports(tiny_style: Path) -> None:
    run("styles", "add", tiny_style)
    result = run("doctor", "--json")
    report = json.loads(result.stdout)
    assert result.exit_code == bool(report["problems"])
    assert [style["device"] for style in report["styles"] if style["style"] == "tiny"] == ["cpu"]
    assert "onnxruntime" in run("doctor").stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["complete", "--style", "nonesuch"], "no style 'nonesuch'"),
        (["complete", "--style", "/no/such/folder"], "/no/such/folder"),
        (["complete", "--device", "abacus"], "abacus"),
        (["complete", "--chars", "many"], "many"),
        (["complete", "--threshold", "2"], "threshold"),
        (["generate", "--nonsense"], "--nonsense"),
        (["nonsense"], "nonsense"),
        (["eval"], "FILE"),
        (["complete", "--source", "a", "--picture", "b.png"], "expected one of them. See: "),
        (["styles", "add", "/no/such/folder"], "/no/such/folder"),
    ],
)
def test_a_mistake_is_answered_in_one_line(arguments: list[str], words: str) -> None:
    assert words in refused(run(*arguments))


def test_the_list_says_what_each_style_does_in_lines_of_a_screen(
    tiny_card: Card, tmp_path: Path, isolation: Path
) -> None:
    write_readout_style(tmp_path / "labels", dataclasses.replace(readout_card(tiny_card), style="labels"))
    long = dataclasses.replace(
        copying_card(tiny_card), style="pairs", corpus={**tiny_card.corpus, "licence": "a licence " * 30}
    )
    write_source_style(tmp_path / "pairs", long)
    for name in ("labels", "pairs"):
        assert run("styles", "add", tmp_path / name).exit_code == 0
    does = {row["style"]: row["does"] for row in json.loads(run("styles", "--json").stdout)}
    assert does["labels"] == f"tells {', '.join(LABELS)}"
    assert does["pairs"] == "translates"
    assert does["shakespeare"] == "goes on"
    listed = run("styles").stdout
    assert "translates" in listed
    assert max(map(len, listed.splitlines())) < 240
    told = run("styles", "info", "pairs").stdout
    assert ("a licence " * 30).strip() in told, "all of it is told of one style"


def test_a_command_of_several_lines_keeps_them(tiny_style: Path, isolation: Path) -> None:
    run("styles", "add", tiny_style)
    path = isolation / "styles" / "tiny" / "card.json"
    card = json.loads(path.read_text(encoding="utf-8"))
    card["training"]["command"] = "rnncomplete train one\nrnncomplete train two --resume"
    path.write_text(json.dumps(card), encoding="utf-8")
    lines = run("styles", "info", "tiny").stdout.splitlines()
    [first] = [number for number, line in enumerate(lines) if line.endswith("rnncomplete train one")]
    assert lines[first + 1].strip() == "rnncomplete train two --resume"


def test_cuda_that_is_not_there_is_said_in_one_line(tiny_style: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rnncomplete.network.onnx_runtime._DRIVER_FILES", ())
    assert "--device cpu" in refused(run("complete", "--style", tiny_style, "--device", "cuda"))


def test_a_truncated_graph_is_said_in_one_line(tiny_style: Path, isolation: Path) -> None:
    run("styles", "add", tiny_style)
    graph = isolation / "styles" / "tiny" / "step.int8.onnx"
    graph.write_bytes(graph.read_bytes()[:999])
    assert "step.int8.onnx" in refused(run("complete", "--style", "tiny"))


def test_settings_count_where_no_flag_does(tiny_style: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RNNCOMPLETE_STYLE", str(tiny_style))
    assert json.loads(run("complete", "--json").stdout)["style"] == "tiny"
    assert "nonesuch" in refused(run("--style", "nonesuch", "complete"))
    monkeypatch.setenv("RNNCOMPLETE_LENGTH", "none")
    assert "RNNCOMPLETE_LENGTH" in refused(run("complete"))


def test_a_bug_is_one_line_and_a_traceback_only_on_demand(tiny_style: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: object, **options: object) -> None:
        raise KeyError("oops")

    monkeypatch.setattr("rnncomplete.completion.completer.load_completer", fail)
    result = run("complete", "--style", tiny_style)
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert "KeyError" in result.stderr
    assert "--debug" in result.stderr
    assert isinstance(run("--debug", "complete", "--style", tiny_style).exception, KeyError)


def only(monkeypatch: pytest.MonkeyPatch, *others: SimpleNamespace) -> None:
    """No peers but those that come with rnncomplete, and ``others``, whatever is installed."""
    monkeypatch.setattr("rnncomplete.measure.peers.lineup.entry_points", lambda group: others)


def test_eval_puts_peers_beside_the_style(tiny_style: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch)
    text, corpus = tmp_path / "text.txt", tmp_path / "corpus.txt"
    text.write_text("some words to type, and some more.\n")
    corpus.write_text("other words to count, and some more of them.\n" * 30)
    arguments = ("eval", "--style", tiny_style, "--peers", "--corpus", corpus, text)
    document = json.loads(run(*arguments, "--json").stdout)
    assert list(document["peers"]) == ["history", "frequency", "kneser_ney"]
    assert all(0 <= peer["precision"] <= 1 for peer in document["peers"].values())
    assert all(peer["milliseconds_p50"] >= 0 and peer["megabytes"] > 0 for peer in document["peers"].values())
    assert document["megabytes"] == sum(path.stat().st_size for path in tiny_style.iterdir()) / 1e6
    assert document["peers"]["kneser_ney"]["order"] >= 1
    best = max(peer["keystrokes_saved"] for peer in document["peers"].values())
    assert document["times_the_best_peer"] == pytest.approx(document["keystrokes_saved"] / best, abs=0.01)
    table = run(*arguments).stdout
    assert "| history |" in table
    assert "| tiny |" in table


def test_peers_that_others_add_are_measured_where_they_are_at_hand(
    tiny_style: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def parrot(corpus: str, progress: Callable[[int, int], None]) -> Peer:
        progress(1, 1)
        return Peer("parrot", lambda before: corpus[len(before) :][:9], 0.25, {"order": 7})

    def missing(corpus: str, progress: object) -> Peer:
        raise SettingError("it is not installed; type: pip install it")

    only(
        monkeypatch,
        SimpleNamespace(name="parrot", load=lambda: parrot),
        SimpleNamespace(name="missing", load=lambda: missing),
    )
    text, corpus = tmp_path / "text.txt", tmp_path / "corpus.txt"
    text.write_text("some words to type, and some more.\n")
    corpus.write_text("Some words to type, and some more.\n" * 30)
    arguments = ("eval", "--style", tiny_style, "--corpus", corpus, text)
    result = run(*arguments, "--peers", "--json")
    assert "without the peer missing: it is not installed; type: pip install it\n" in result.stderr
    assert list(json.loads(result.stdout)["peers"]) == ["history", "frequency", "kneser_ney", "parrot"]
    document = json.loads(run(*arguments, "--peer", "parrot", "--json").stdout)
    assert list(document["peers"]) == ["parrot"]
    assert document["peers"]["parrot"]["keystrokes_saved"] > 0.5
    assert document["peers"]["parrot"]["megabytes"] == 0.25
    assert "| parrot (order 7) |" in run(*arguments, "--peer", "parrot").stdout
    assert "type: pip install it" in refused(run(*arguments, "--peer", "missing"))
    assert "expected one of history, frequency, kneser_ney, parrot" in refused(run(*arguments, "--peer", "parott"))


def test_peers_do_not_type_what_they_have_learned_from(tiny_style: Path, tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text("some words to type. " * 3)
    (tmp_path / "corpus.txt").write_text("more of it. " + "some words to type. " * 30)
    peers = ("eval", "--style", tiny_style, "--peers", tmp_path / "text.txt")
    assert "in the corpus" in refused(run(*peers, "--corpus", tmp_path / "corpus.txt"))
    assert "give it with --corpus FILE" in refused(run(*peers))
    assert "give --peers" in refused(run("eval", "--corpus", tmp_path / "corpus.txt", tmp_path / "text.txt"))


@pytest.mark.parametrize("kind", ["--labels", "--pictures"])
@pytest.mark.parametrize("more", [["--peers"], ["--peer", "history"], ["--corpus", "x"], ["--source", "x"]])
def test_what_would_say_nothing_of_labels_or_pictures_is_refused(
    kind: str, more: list[str], tiny_style: Path, tmp_path: Path
) -> None:
    said = refused(run("eval", "--style", tiny_style, kind, *more, tmp_path))
    assert f"{more[0]} says nothing beside {kind}" in said


def test_labels_and_pictures_are_not_measured_together(tiny_style: Path, tmp_path: Path) -> None:
    assert "leave one" in refused(run("eval", "--style", tiny_style, "--labels", "--pictures", tmp_path))


def test_peers_learn_by_default_from_what_the_style_was_trained_on(
    tiny_card: Card, make_style: Callable[[Path, Card], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, held_out = "other words to count, and more of them.\n" * 30, "some words to type, and more.\n"
    (tmp_path / "train.txt").write_text(read + held_out)
    (tmp_path / "text.txt").write_text(held_out)
    facts = {"sha256": "f" * 64, "validation_characters": len(held_out)}
    style = make_style(tmp_path / "tiny", dataclasses.replace(tiny_card, corpus={**tiny_card.corpus, **facts}))
    finder = SimpleNamespace(load=lambda: lambda sha256: tmp_path / "train.txt" if sha256 == "f" * 64 else None)
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: [finder])
    only(monkeypatch)
    document = json.loads(run("eval", "--style", style, "--peers", "--json", tmp_path / "text.txt").stdout)
    assert document["peers"]["frequency"]["keystrokes_saved"] > 0


def test_eval_says_first_what_it_cannot_read(tiny_style: Path, tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_text("ab \u0915\u0916\u0915 ab", encoding="utf-8")
    result = run("eval", "--style", tiny_style, "--json", "--static", path)
    assert "does not know 3 of 9 characters (U+0915, U+0916); each is charged 13.9 nats" in result.stderr
    assert json.loads(result.stdout)["unknown_characters"] == 3
    path.write_text("ab ab", encoding="utf-8")
    assert run("eval", "--style", tiny_style, "--static", path).stderr == ""


@pytest.mark.parametrize("missing", [None, "pooch"])
def test_peers_without_a_corpus_say_what_is_missing(missing: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    from rnncomplete.cli.evaluate_peers import training_text
    from rnncomplete.network.loading import read_card
    from rnncomplete.styles import find_style

    class Point:
        def load(self) -> object:
            if missing:
                raise ModuleNotFoundError(name=missing)
            return lambda sha256: None

    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: [Point()])
    with pytest.raises(TextError, match="set RNNCOMPLETE_CORPORA") as refused:
        training_text(read_card(find_style("shakespeare")))
    assert str(refused.value).endswith("needs pooch: pip install 'rnncomplete[train]'") == bool(missing)
