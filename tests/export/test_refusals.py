"""What cannot go well is refused in one line, before any time is spent on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch
from click.testing import CliRunner

from rnncomplete.cli import main
from rnncomplete_export.checkpoint import load_checkpoint
from rnncomplete_export.exporting.readme import render_readme
from rnncomplete_export.progress import say_export
from rnncomplete_export.session import check_there_are
from rnncomplete_export.training import requirements

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

TINY = ["--hidden-size", "16", "--embedding-size", "8", "--batch", "4", "--window", "16", "--characters", "5000"]


def train(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["train", *map(str, arguments)])


def refused(*arguments: object) -> str:
    result = train(*arguments)
    assert result.exit_code == 2, result.output
    assert len(result.stderr.strip().splitlines()) == 1
    assert "bug" not in result.stderr
    return result.stderr


@pytest.fixture
def text(text_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A text to train on, in a folder of its own where commands run."""
    monkeypatch.chdir(tmp_path)
    return text_file


@pytest.mark.parametrize(
    "option",
    [
        "--minutes nan",
        " --minutes inf",
        " --minutes 0",
        " --minutes 1e9",
        " --learning-rate nan",
        " --learning-rate inf",
        "\n    --learning-rate -1",
        " --dropout nan",
        " --weight-dropout nan",
        " --weight-decay nan",
        " --weight-decay -1",
        " --average-decay 1",
        "\n    --average-decay nan",
        " --seed -1",
        " --seed 4294967296",
        " --batch 1000000",
        " --batch 0",
        " --window 1",
        " --characters 0",
        "\n    --characters 99999999999999999999",
        " --save-seconds -1",
        " --save-seconds nan",
        " --save-seconds inf",
        " --threads 10000",
        "\n    --devices 10000",
        " --nodes 10000",
        " --hidden-size 100000",
        " --layers 99",
        " --patience -1",
        " --validate-every 0",
    ],
)
def test_nan_and_numbers_beyond_all_sense_are_refused(option: str, text: Path, tmp_path: Path) -> None:
    name = option.split(maxsplit=1)[0]
    assert name in refused(text, "--style", "x", *option.split())
    assert not list(tmp_path.iterdir()), "nothing was begun"


@pytest.mark.parametrize("line", ["learning_rate = nan", "batch = 1000000", "seed = -1", "minutes = inf"])
def test_a_recipe_is_held_to_the_same_numbers(line: str, text: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(f"\ufeff[training]\n{line}\n", encoding="utf-8")
    assert f"has {line.split(maxsplit=1)[0]} =" in refused(text, "--style", "x", "--recipe", "mine.toml")


def test_the_memory_that_it_takes_is_reckoned_first(text: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requirements, "bytes_held", lambda _: 10**9)
    said = refused(text, "--style", "x", "--hidden-size", 4096, "--layers", 8)
    assert "of memory at least, and there are 1.0; choose a smaller --batch" in said
    assert requirements.wants_memory(torch.OutOfMemoryError("CUDA out of memory"))


def test_an_update_reads_no_more_than_the_text(text: Path) -> None:
    said = refused(text, "--style", "x", "--batch", 60_000, "--window", 16)
    assert "an update reads 60,000 x 16 characters, and the text has 57,000 to train on" in said


def test_fifty_characters_are_too_few(text: Path, tmp_path: Path) -> None:
    (tmp_path / "short.txt").write_text("To be, or not to be, that is the question: whether\n", encoding="utf-8")
    said = refused("short.txt", "--style", "x", *TINY)
    assert "the text has 51 characters; expected at least 1,000, and better some hundred thousand" in said


@pytest.mark.slow
def test_the_fewest_characters_can_be_trained_on_exported_and_used(text: Path, tmp_path: Path) -> None:
    (tmp_path / "short.txt").write_text(text.read_text(encoding="utf-8")[: requirements.FEWEST], encoding="utf-8")
    result = train("short.txt", "--style", "x", "--characters", 3000, "--hidden-size", 16)
    assert result.exit_code == 0, result.output
    assert CliRunner().invoke(main, ["complete", "--style", "x"], input="The ").exit_code == 0


@pytest.mark.slow
def test_a_training_that_diverges_ends_soon_and_says_what_to_do(text: Path, tmp_path: Path) -> None:
    options = [*TINY[:-1], 50_000_000, "--learning-rate", 10]
    result = train(text, "--style", "x", *options)
    assert result.exit_code == 2, result.output
    last = result.stderr.splitlines()[-1]
    assert "the training diverges: after" in last
    assert "lower --learning-rate, which is 10: 0.004 or so, and begin again" in last
    result = train(text, "--style", "x", *TINY[:-2], "--characters", 500, "--no-install")
    assert result.exit_code == 0, "nothing stands in the way of beginning again"


@pytest.mark.parametrize("option", ["--style auto", "--style ../x", "--recipe auto.toml"])
def test_a_style_has_a_name_that_can_be_chosen(option: str, text: Path, tmp_path: Path) -> None:
    (tmp_path / "auto.toml").write_text("", encoding="utf-8")
    assert "another name" in refused(text, *option.split()) or "lower case" in refused(text, *option.split())


def test_neither_a_plan_nor_an_export_makes_a_style_called_auto(text: Path, tmp_path: Path) -> None:
    plan = '[styles.auto]\ntext = "sea.txt"\n[[rounds]]\nnetworks = [{ style = "auto" }]\n'
    (tmp_path / "mine.toml").write_text(plan, encoding="utf-8")
    assert "'auto' stands for whichever style suits" in refused("--plan", "mine.toml")
    for options in (["-o", "auto"], ["-o", "x", "--style", "auto"]):
        result = CliRunner().invoke(main, ["export", str(text), *options])
        assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
        assert "'auto' stands for" in result.stderr


def test_a_shipped_style_is_hidden_only_by_who_says_so(text: Path, tmp_path: Path) -> None:
    options = [text, "--style", "shakespeare", *TINY]
    said = refused(*options)
    assert "there is a shipped style 'shakespeare' already; expected another name, --replace" in said
    assert not list(tmp_path.iterdir()), "no time was spent"
    plan = '[styles.linux]\ntext = "sea.txt"\n[[rounds]]\nnetworks = [{ style = "linux" }]\n'
    (tmp_path / "mine.toml").write_text(f"characters = 9\n{plan}", encoding="utf-8")
    assert "there is a shipped style 'linux' already" in refused("--plan", "mine.toml")
    assert "shakespeare" in refused("shakespeare", "--characters", 5000), "whose name comes from the text, too"


@pytest.mark.slow
def test_with_replace_or_without_installing_the_name_may_be_used(text: Path, tmp_path: Path) -> None:
    options = [text, "--style", "shakespeare", *TINY, "--characters", 300]
    result = train(*options, "--no-install")
    assert result.exit_code == 0, result.output
    assert (
        result.stderr.splitlines()[-1]
        == "to install it: rnncomplete styles add --replace runs/shakespeare/style/shakespeare"
    )
    result = train(*options, "--replace")
    assert result.exit_code == 0, result.output
    assert "in the end it hides the shipped shakespeare" in result.stderr
    facts = load_checkpoint(tmp_path / "runs" / "shakespeare" / "best.safetensors").facts
    assert "--replace" not in facts["about"]["command"], "which is about what is installed here"


def test_machines_that_nothing_is_known_of_are_not_waited_for(monkeypatch: pytest.MonkeyPatch, text: Path) -> None:
    monkeypatch.delenv("MASTER_ADDR", raising=False)
    said = refused(text, "--style", "x", *TINY, "--nodes", 2)
    assert "--nodes 2, but nothing says where the other machine is; start the same command on each" in said
    monkeypatch.setenv("MASTER_ADDR", "10.0.0.1")
    check_there_are(1, 2, "cpu")
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    assert "--devices 2, but the processors here are 1" in refused(text, "--style", "x", *TINY, "--devices", 2)


@pytest.mark.slow
def test_held_out_is_said_only_of_what_was_held_out(
    trained: Path, text: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from rnncomplete_export.exporting.exporter import export_style

    best, other = trained / "runs" / "sea" / "best.safetensors", tmp_path / "river.txt"
    other.write_text(text.read_text(encoding="utf-8")[:4000], encoding="utf-8")
    alone = tmp_path / "alone" / "best.safetensors"
    alone.parent.mkdir()
    alone.write_bytes(best.read_bytes())
    for given, path, said in ((None, best, "the text held out"), (other, alone, str(other))):
        folder = tmp_path / f"out-{given is None}"
        card = export_style(path, folder, "out", text=given)
        say_export(lambda _, card=card: card, folder, given)
        assert f"bits) on {said}; int8" in capsys.readouterr().err
        page = render_readme(card)
        assert ("| on another text, `river.txt` |" in page) == (given is not None)
        assert ("| on text held out of training |" in page) == (given is None)


def test_what_is_learned_of_drawings_is_not_asked_of_texts(text: Path, tmp_path: Path) -> None:
    assert "--learns places without drawings" in refused(text, "--style", "x", "--learns", "places")
    (tmp_path / "pairs.tsv").write_text("one\tun\n")
    assert "--learns words without drawings" in refused("--pairs", "pairs.tsv", "--style", "x", "--learns", "words")
