from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from rnncomplete.cli import main
from rnncomplete.errors import SettingError
from rnncomplete_export import session
from rnncomplete_export.training.configuration import TrainingConfig
from rnncomplete_export.training.recipe import Recipe, config_of, list_recipes, load_recipe

if TYPE_CHECKING:
    from rnncomplete_export.session import Request

TINY = """
description = "Of the sea"
licence = "public domain"
[training]
hidden_size = 16
embedding_size = 8
batch = 4
window = 16
characters = 20_000
validate_every = 8_000
seed = 7
"""


def test_the_recipes_that_are_shipped_are_whole() -> None:
    assert list_recipes() == sorted(
        (
            "docs",
            "english",
            "english-french",
            "javascript",
            "linux",
            "math",
            "pictures",
            "python",
            "reviews",
            "shakespeare",
            "shell",
            "tolstoy",
        )
    )
    for name in list_recipes():
        recipe = load_recipe(name)
        assert {"description", "corpus_name", "licence"} <= recipe.about.keys()
        assert recipe.base is None or recipe.base in list_recipes()
        config = config_of(recipe, {}, {}, 1000)
        assert config.minutes or config.characters, "it ends"
        assert config.patience == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--recipe", "pictures", "--pairs", "p.tsv"], "the recipe pictures is for drawings, beside --pairs"),
        (["--recipe", "pictures", "--pictures", "photos"], "expected --pictures of a folder of drawings"),
        (["--recipe", "pictures", "notes.txt"], "beside TEXT"),
        (["--recipe", "english-french", "--pictures", "photos"], 'with kind = "pictures"'),
        (["--recipe", "linux", "--pairs", "p.tsv"], "the recipe linux is for text"),
    ],
)
def test_a_recipe_for_something_else_is_refused(
    arguments: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(session, "train_style", lambda _: None)
    (tmp_path / "photos").mkdir()
    result = CliRunner().invoke(main, ["train", *arguments, "--style", "x"])
    assert result.exit_code == 2, result.output
    assert said in result.output


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("[training]\nhiden_size = 3", "holds 'hiden_size'"),
        ("kind = 'poems'", "expected one of text, pairs, pictures, drawings"),
        ("title = 'x'", "holds 'title'"),
        ("[training]\nlayers = 'two'", "layers = 'two'; expected a int"),
        ("[training]\nskip = 1", "expected a bool"),
        ("[training]\nlayers = true", "expected a int"),
        ("= 3", "cannot read"),
    ],
)
def test_a_recipe_that_says_something_else_is_refused(tmp_path: Path, content: str, expected: str) -> None:
    path = tmp_path / "r.toml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(SettingError, match=expected):
        load_recipe(str(path))


def test_a_recipe_that_is_not_there_is_refused() -> None:
    with pytest.raises(SettingError, match="linux, math, pictures, python"):
        load_recipe("nowhere")


def test_options_come_before_the_recipe_and_any_limit_replaces_all() -> None:
    recipe = load_recipe("shakespeare")
    config = config_of(recipe, {"minutes": 0.0, "characters": 5}, {"dropout": 0.5}, 1000)
    assert (config.minutes, config.characters, config.dropout, config.hidden_size) == (0.0, 5, 0.5, 576)
    assert config_of(recipe, {}, {}, 1000) == TrainingConfig(**recipe.training)


def test_a_recipe_without_an_end_ends_as_a_training_without_a_recipe() -> None:
    recipe = Recipe("endless", {}, {"layers": 1})
    for limits in ({}, {"minutes": 0.0, "characters": 0}):
        config = config_of(recipe, limits, {}, 1000)
        assert (config.characters, config.patience) == (30_000, TrainingConfig().patience)
    assert config_of(recipe, {"minutes": 1.0, "characters": 0}, {}, 1000).patience == 0
    assert config_of(recipe, {}, {"patience": 0}, 1000).characters == 30_000


def test_a_recipe_of_a_text_says_nothing_of_another_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    python = load_recipe("python")
    assert python.about_texts((Path("python"),)) == python.about
    for others in ((Path("notes"),), (Path("python"), Path("notes"))):
        assert python.about_texts(others) == {"lexer": "python"}
    (tmp_path / "python").mkdir()
    assert "licence" not in python.about_texts((Path("python"),)), "a folder of that name is another text"
    assert Recipe("brine", {"licence": "mine"}).about_texts((Path("notes"),)) == {"licence": "mine"}


def test_the_card_names_the_text_that_was_given(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Request] = []
    monkeypatch.setattr(session, "train_style", asked.append)
    for arguments in (["notes", "--recipe", "math", "--style", "notes"], ["--recipe", "math"]):
        assert CliRunner().invoke(main, ["train", *arguments]).exit_code == 0
    other, own = (request.about for request in asked)
    assert (other["description"], other["corpus_name"], other["licence"]) == ("Trained on notes", "notes", "unknown")
    assert own.items() >= load_recipe("math").about.items()


@pytest.mark.slow
def test_training_by_a_recipe_writes_what_it_says_into_the_card(
    tmp_path: Path, text_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "brine.toml").write_text(TINY, encoding="utf-8")
    arguments = [
        "train",
        str(text_file),
        "--recipe",
        str(tmp_path / "brine.toml"),
        "--licence",
        "mine",
        "--layers",
        "1",
    ]
    result = CliRunner().invoke(main, [*arguments, "--no-install"])
    assert result.exit_code == 0, result.output
    card = json.loads((tmp_path / "runs" / "brine" / "style" / "brine" / "card.json").read_text(encoding="utf-8"))
    assert (card["description"], card["corpus"]["licence"]) == ("Of the sea", "mine")
    assert (card["hidden_size"], card["layers"], card["training"]["seed"]) == (16, 1, 7)
    assert card["training"]["command"] == "rnncomplete train sea.txt --recipe brine.toml --layers 1 --licence mine"


def test_a_recipe_may_start_from_a_style(tmp_path: Path, text_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "brine.toml").write_text('from = "nowhere"\n' + TINY, encoding="utf-8")
    arguments = ["train", str(text_file), "--recipe", str(tmp_path / "brine.toml"), "--no-install"]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 2
    assert "'nowhere'" in result.stderr
    assert load_recipe("shakespeare").base == "tolstoy"


def test_a_style_without_a_name_is_asked_for_one(text_file: Path) -> None:
    result = CliRunner().invoke(main, ["train", str(text_file)])
    assert result.exit_code == 2
    assert "--style NAME" in result.stderr
