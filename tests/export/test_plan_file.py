from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import get_type_hints

import pytest

from rnncomplete.errors import SettingError
from rnncomplete_export.plan_session import about_style
from rnncomplete_export.texts.named_texts import TEXTS
from rnncomplete_export.training.recipe import list_recipes
from rnncomplete_export.training.side_by_side.plan import Plan, PlannedNetwork, PlannedRound, PlannedStyle, Shared
from rnncomplete_export.training.side_by_side.plan_file import PACKAGE, RANGES, list_plans, load_plan

EXAMPLE = Path(__file__).parent / "two.toml"

ONE = '[[rounds]]\nnetworks = [{style = "a"}]\n'


def test_the_plan_of_nine_styles_is_shipped_and_whole() -> None:
    assert list_plans() == ["nine", "reviews"]
    assert "nine" not in list_recipes()
    plan = load_plan("nine")
    assert plan.minutes == 8.25
    assert len(plan.trained) == 9
    assert [len(one.networks) for one in plan.rounds] == [12, 9]
    assert {style.text for style in plan.styles.values()} <= TEXTS.keys()
    assert plan.shared == Shared(window=128, batch=64, average_decay=0.9985, decay_from=0.3)
    first, second = plan.rounds
    assert [one.taught for one in second.networks] == [0.5] * 3 + [0.0] * 6
    assert [one.goes_on for one in second.networks] == [False] * 3 + [True] * 6
    for network in (*first.networks, *second.networks):
        whole = (0.0, 1.0) if network.style in ("shakespeare", "tolstoy", "math") else None
        part = (0.47, 1.0) if network.goes_on else (0.0, 0.47)
        number = 0 if network in first.networks else 1
        assert plan.span(number, network) == pytest.approx(whole or part)
    for style in plan.styles.values():
        about = about_style(style, "train", "float16")
        assert about["licence"] != "unknown", "its recipe tells it"
        assert about["corpus_name"] != style.text
    assert (files(PACKAGE) / "plans" / "README.md").is_file()


def test_the_plan_of_reviews_learns_labels_from_english() -> None:
    plan = load_plan("reviews")
    assert plan.trained == ("reviews",)
    style = plan.styles["reviews"]
    assert (style.labels, style.validation) == ("reviews/train.tsv", "reviews/val.tsv")
    assert (style.names, style.readout) == ("pos=liked neg=hated", "sentiment")
    assert {network.base for one in plan.rounds for network in one.networks} == {"english"}
    assert about_style(style, "train", "float16")["licence"] == "CC BY 4.0"


def test_the_example_says_all_that_a_plan_can_say_of_two_styles() -> None:
    plan = load_plan(str(EXAMPLE))
    assert plan.name == "two"
    assert plan.styles["sea"] == PlannedStyle("sea", "sea.txt", description="Of the sea", licence="public domain")
    assert plan.styles["river"].held_out == 4_000
    assert plan.share(0) == pytest.approx(0.4)
    *_, river = plan.rounds[0].networks
    assert (plan.span(0, river), plan.span(1, plan.rounds[1].networks[0])) == ((0.0, 0.4), pytest.approx((0.4, 1.0)))
    assert plan.span(1, plan.rounds[1].networks[1]) == (0.0, 1.0)
    assert plan.rounds[0].networks[0].dropout == 0.1
    assert river.dropout == 0.0, "the default of the plan"


def test_texts_are_sought_from_the_plans_folder_on(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(ONE + '[styles.a]\ntext = "docs"\n', encoding="utf-8")
    assert load_plan(str(path)).styles["a"].text == "docs", "the text by name"
    (tmp_path / "docs").mkdir()
    assert load_plan(str(path)).styles["a"].text == str(tmp_path / "docs")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("rounds = 3", "has no rounds"),
        ("= 3", "cannot read the plan"),
        ("[[rounds]]\nshare = 1", "round 1 has no networks"),
        ("speed = 3\n" + ONE, "holds 'speed'; expected some of: seed, minutes, characters"),
        ("[training]\nwindow = 'wide'\n" + ONE, "window = 'wide'; expected a int"),
        ("[training]\nwindow = 1\n" + ONE, "window = 1; expected 2 to 65536"),
        ("[training]\ndropout = nan\n" + ONE, "dropout = nan; expected 0 to 0.9"),
        ("[training]\ngoes_on = true\n" + ONE, "training holds 'goes_on'"),
        ("minutes = inf\n" + ONE, "minutes = inf"),
        (ONE + "hidden_size = true", "hidden_size = True; expected a int"),
        ("[[rounds]]\nnetworks = [{seed = 1}]", "network 1 lacks something"),
        ('[[rounds]]\nnetworks = [{style = "Not A Name"}]', "the style is called 'Not A Name'"),
        ('[[rounds]]\nnetworks = [{style = "a", goes_on = true}]', "goes on, but the round before has no network"),
        ('[[rounds]]\nnetworks = [{style = "a", taught = 0.5}]', "is taught, but the round before"),
        (ONE + ONE.replace('"a"', '"a", goes_on = true, from = "b"'), "goes on, and is taught or begins"),
        (ONE + "hidden_size = 32\n" + ONE.replace('"a"', '"a", goes_on = true'), "goes on in another size"),
        (
            ONE.replace("}]", '}, {style = "a"}]') + ONE.replace('"a"', '"a", goes_on = true'),
            "there are 2 of that style",
        ),
        (ONE.replace('"a"', '"a", first = "b", first_share = 0.1'), "reads 'b' first, which is not a text of the plan"),
        (ONE.replace('"a"', '"a", first_share = 0.1'), "one of first and first_share"),
        (ONE + "only_teaches = true", "only teaches; expected a round whose networks are exported"),
    ],
)
def test_a_plan_that_says_something_else_is_refused(tmp_path: Path, content: str, expected: str) -> None:
    path = tmp_path / "p.toml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(SettingError, match=expected):
        load_plan(str(path))


def test_a_plan_that_is_not_there_or_has_an_odd_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="no plan 'nowhere'; expected a TOML file or one of: nine"):
        load_plan("nowhere")
    (tmp_path / "My Plan.toml").write_text(ONE, encoding="utf-8")
    with pytest.raises(SettingError, match="called 'My Plan', as its file"):
        load_plan(str(tmp_path / "My Plan.toml"))


def test_every_number_of_a_plan_has_a_range() -> None:
    kinds = (Plan, PlannedNetwork, PlannedRound, PlannedStyle, Shared)
    numbers = {name for kind in kinds for name, type_ in get_type_hints(kind).items() if type_ in (int, float)}
    assert numbers <= RANGES.keys()
