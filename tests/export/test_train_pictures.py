"""From a folder of pictures, or of drawings, to a style that describes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from made_drawings import COUNT, write_coco, write_drawings, write_flickr

from rnncomplete.cli import main
from rnncomplete.network.contract import check_encoder
from rnncomplete.network.graph_check import read_graph
from rnncomplete.network.loading import encoder_from_graph, load_network
from rnncomplete.network.picture_file import read_picture
from rnncomplete_export.checkpoint import load_checkpoint
from rnncomplete_export.exporting.graphs import with_card
from rnncomplete_export.exporting.source_graphs import build_encode
from rnncomplete_export.network.encoders import build_network
from rnncomplete_export.training.configuration import TrainingConfig

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

    from rnncomplete.network.card import Card

TINY = [
    *("--hidden-size", "32", "--embedding-size", "16", "--encoder-size", "24", "--keys", "16", "--values", "24"),
    *("--batch", "8", "--window", "40", "--validate-every", "20000", "--device", "cpu"),
]


@pytest.mark.parametrize("codes", [0, 8])
def test_the_graph_of_the_encoder_computes_what_the_network_does(codes: int, tiny_card: Card) -> None:
    import dataclasses

    torch.manual_seed(1)
    sizes = TrainingConfig(hidden_size=16, embedding_size=8, encoder_size=40, keys=12, values=20)
    network = build_network(
        {"kind": "picture", "size": 64, "subjects": 5, "codes": codes}, dataclasses.asdict(sizes), 30
    ).eval()
    with torch.no_grad():
        for parameter in network.encoder.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))  # branches begin with no say
    picture = np.random.default_rng(1).random((3, 64, 64), np.float32)
    card = dataclasses.replace(
        tiny_card, format=2, source={"kind": "picture", "size": 64}, context={"keys": 12, "values": 20}
    )
    with torch.no_grad():
        expected = network.encoder(torch.from_numpy(picture)[None])
    for precision, tolerance in (("float32", 1e-4), ("int8", 0.5)):
        graph = with_card(build_encode(network, precision), card.to_json())
        check_encoder(read_graph(graph), card)
        found = encoder_from_graph(card, graph)(picture)
        np.testing.assert_allclose(found.keys, expected.keys[0], atol=tolerance)
        np.testing.assert_allclose(found.values, expected.values[0], atol=tolerance)


@pytest.fixture(scope="module")
def trained(
    tmp_path_factory: pytest.TempPathFactory, run_rnncomplete: Callable[..., subprocess.CompletedProcess[str]]
) -> tuple[Path, str]:
    """A folder where a style was trained on drawings for a moment, and what was said."""
    folder = tmp_path_factory.mktemp("pictures")
    drawings = write_drawings(folder / "drawings")
    told = run_rnncomplete(
        *("train", "--pictures", drawings, "--style", "toy", "--scenes", "1000", "--unseen", "thin"),
        *("--characters", "60000", *TINY),
        cwd=folder,
    )
    assert told.returncode == 0, told.stderr
    return folder, told.stdout + told.stderr


@pytest.mark.slow
def test_scenes_are_learned_from_and_figures_told(trained: tuple[Path, str]) -> None:
    folder, told = trained
    assert "drawings by thin are held out" in told
    assert "1,000 scenes, composed anew each time" in told
    figures = json.loads((folder / "runs" / "toy" / "scenes.json").read_bytes())
    assert figures.keys() >= {
        "scenes of two, unseen maker",
        "scenes of two, seen makers",
        "drawings of the unseen maker",
    }
    assert figures["drawings of the unseen maker"]["drawings"] == 24
    for name in ("scenes of two, unseen maker, nearest in pixels", "scenes of two, seen makers, nearest in features"):
        assert figures[name].keys() == {"backgrounds", "bleu"}
    assert all(0 <= value <= 100 for of in figures.values() for name, value in of.items())


@pytest.mark.slow
def test_the_style_describes_and_its_card_tells_how_well(
    trained: tuple[Path, str], run_rnncomplete: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    folder, _ = trained
    style = folder / "runs" / "toy" / "style" / "toy"
    card = json.loads((style / "card.json").read_text(encoding="utf-8"))
    assert card["source"] == {"kind": "picture", "size": 64}
    assert card["figures"]["description"]["pictures"] > 10
    assert "scenes of two, unseen maker" in card["figures"]["description"]["scenes"]
    assert "never a photograph" in (style / "README.md").read_text(encoding="utf-8")
    assert card["stages"]
    model = load_network(style, "cpu")
    picture = next((folder / "drawings" / "png64" / "thin").iterdir())
    assert model.encode(read_picture(picture, 64)).values.shape == (64, 24)
    told = run_rnncomplete("describe", "--style", style, "--json", picture, cwd=folder)
    assert told.returncode == 0, told.stderr
    assert json.loads(told.stdout)[0]["file"] == str(picture)


@pytest.mark.slow
def test_eval_measures_on_the_pictures_held_out_of_a_folder(
    trained: tuple[Path, str], run_rnncomplete: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    from rnncomplete_export.pictures.album import compose_some
    from rnncomplete_export.pictures.composing import subjects_of
    from rnncomplete_export.pictures.drawings import read_drawings

    folder, _ = trained
    style = folder / "runs" / "toy" / "style" / "toy"
    drawings = read_drawings(folder / "drawings")
    _, album = compose_some(drawings, subjects_of(drawings), COUNT, 1, torch.device("cpu"))
    write_flickr(album, tmp_path, tokens=True)
    evaluate = ("eval", "--style", style, "--pictures", tmp_path)
    told = run_rnncomplete(*evaluate, "--typed", "200", "--json", cwd=tmp_path)
    assert told.returncode == 0, told.stderr
    figures = json.loads(told.stdout)
    assert 0 < figures["pictures"] < COUNT / 2, "those that are held out alone"
    assert 0 <= figures["described_as_captioned"] <= 1
    assert 0 <= figures["bleu"] <= 100
    assert 0 < figures["static_nats_per_character"] != figures["static_nats_per_character_without_picture"] > 0
    assert figures["typed_characters"] <= 200
    assert figures["keystrokes_saved"] <= 1
    said = run_rnncomplete(*evaluate, tmp_path, cwd=tmp_path)
    assert said.returncode == 2
    assert "one folder" in said.stderr


def train(folder: Path, *more: object, code: int = 0) -> str:
    """What is said when pictures are trained on in this process."""
    command = ["train", "--pictures", "drawings", "--style", "toy", "--scenes", "1000", "--runs", "runs", "--no-export"]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        result = CliRunner().invoke(main, [*command, *TINY, *map(str, more)])
    assert result.exit_code == code, result.output
    return result.output


@pytest.mark.slow
@pytest.mark.parametrize("learns", ["all", "words"])
def test_an_interrupted_training_and_an_unbroken_one_are_equal(
    learns: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    stopped_after: Callable[[int], AbstractContextManager[None]],
) -> None:
    from rnncomplete_export import session

    monkeypatch.setattr(session, "say_descriptions", lambda *_: None)
    write_drawings(tmp_path / "drawings")
    more = ("--learns", learns, "--characters", "15000", "--save-seconds", "1000000")
    train(tmp_path, *more, "--style", "whole")
    whole = load_checkpoint(tmp_path / "runs" / "whole" / "checkpoint.safetensors")
    with stopped_after(15):
        train(tmp_path, *more, code=130)
    train(tmp_path, *more, "--resume")
    parts = load_checkpoint(tmp_path / "runs" / "toy" / "checkpoint.safetensors")
    assert parts.facts["state"]["updates"] == whole.facts["state"]["updates"] > 20
    for name, tensor in whole.tensors.items():
        assert torch.equal(tensor, parts.tensors[name]), name


@pytest.mark.slow
def test_places_are_learned_first_and_words_about_maps_that_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rnncomplete_export import session

    monkeypatch.setattr(session, "say_descriptions", lambda *_: None)
    write_drawings(tmp_path / "drawings")
    train(tmp_path, "--learns", "places", "--style", "places", "--characters", "15000", "--no-install")
    places = load_checkpoint(tmp_path / "runs" / "places" / "best.safetensors")
    base = ("--from", tmp_path / "runs" / "places" / "best.safetensors")
    said = train(tmp_path, *base, "--learns", "words", "--characters", "40000", "--precision", "bf16-mixed")
    assert "1,000 scenes, composed once" in said
    words = load_checkpoint(tmp_path / "runs" / "toy" / "best.safetensors")
    went_on = words.facts["about"]["earlier"]
    assert went_on["training"]["recipe"]["learns"] == "places"
    assert [stage["loss"] for stage in went_on["stages"]] == [
        stage["loss"] for stage in places.facts["state"]["stages"]
    ]
    before, after = places.part("average"), words.part("average")
    kept = {name for name in after if torch.equal(before[name], after[name])}
    assert kept == {name for name in after if name.startswith(("encoder.convolutions", "encoder.subjects"))}
    new = load_checkpoint(tmp_path / "runs" / "places" / "stages" / "01.safetensors").part("average")
    still = {name for name in new if torch.equal(before[name], new[name])}
    assert still >= {name for name in new if name.startswith(("cells", "readout", "embedding", "encoder.codes"))}
    assert not any(name.startswith("encoder.convolutions") and name.endswith("weight") for name in still)
    other = train(tmp_path, *base, "--style", "other", "--hidden-size", "64", code=2)
    assert "hidden_size 64, but what is begun with has 32" in other


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["x.txt"], "x.txt beside --pictures"),
        (["--pairs", "x.tsv"], "--pairs x.tsv beside --pictures"),
        (["--from", "english"], "no checkpoint english"),
        (["--learns", "nothing"], "'nothing' is not one of"),
        (["--profile"], "--profile beside --pictures"),
        (["--unseen", "nobody"], "drawings by bold, plain, thin, and 'nobody' is to be held out"),
        (["--window", "60000"], "smaller --batch or --window"),
        (["--pictures", "nowhere"], "holds no captions"),
        (["--resume"], "no checkpoint"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(arguments: list[str], said: str, tmp_path: Path) -> None:
    write_drawings(tmp_path / "drawings")
    output = train(tmp_path, *arguments, code=2)
    assert said in output
    assert len([line for line in output.strip().splitlines() if not line.startswith("composing")]) == 1


@pytest.mark.slow
@pytest.mark.parametrize("layout", ["flickr", "coco"])
def test_other_peoples_folders_are_learned_from(
    layout: str, tmp_path: Path, run_rnncomplete: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    from rnncomplete_export.pictures.album import compose_some
    from rnncomplete_export.pictures.composing import subjects_of
    from rnncomplete_export.pictures.drawings import read_drawings

    drawings = read_drawings(write_drawings(tmp_path / "drawings"))
    _, album = compose_some(drawings, subjects_of(drawings), COUNT, 1, torch.device("cpu"))
    folder = tmp_path / "photos"
    folder.mkdir()
    write_coco(album, folder) if layout == "coco" else write_flickr(album, folder, tokens=True)
    told = run_rnncomplete(
        *("train", "--pictures", folder, "--style", "photos", "--characters", "20000", *TINY[:-6]),
        *("--batch", "4", "--window", "10", "--validate-every", "5000", "--device", "cpu"),
        cwd=tmp_path,
    )
    assert told.returncode == 0, told.stderr
    assert "pictures held out: pictures " in told.stdout + told.stderr
    card = json.loads((tmp_path / "runs" / "photos" / "style" / "photos" / "card.json").read_text(encoding="utf-8"))
    assert "scenes" not in card["figures"]["description"]
