"""Format 2 with a source: its context is made once and read at every step; whoever means harm gets no further by it."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tiny_onnx import TensorProto, helper, numpy_helper
from tiny_source import (
    LONGEST,
    PICTURE_SIZE,
    copying_card,
    encoder_model,
    plain_picture,
    seeing_card,
    step_model,
    write_source_style,
)

from rnncomplete.completion.installing import check_style, install_style
from rnncomplete.errors import ModelError, StyleError
from rnncomplete.network.card import Card
from rnncomplete.network.contract import check_encoder
from rnncomplete.network.graph_check import read_graph
from rnncomplete.network.loading import STEP, encoder_from_graph, load_network, model_from_graph
from rnncomplete.network.trial import run_apart
from rnncomplete.styles import ENCODER

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rnncomplete.network.encoder import Context
    from rnncomplete.network.model import Model


@pytest.fixture(params=["text", "picture"])
def card(request: pytest.FixtureRequest, tiny_card: Card) -> Card:
    return copying_card(tiny_card) if request.param == "text" else seeing_card(tiny_card)


@pytest.fixture
def copying(tiny_card: Card, tmp_path: Path) -> Model:
    return load_network(write_source_style(tmp_path / "copying", copying_card(tiny_card)), "cpu")


def written(model: Model, context: Context | None, length: int) -> str:
    """The likeliest characters behind a line end."""
    state, token, characters = model.initial_state, model.vocabulary.token("\n"), ""
    for _ in range(length):
        logits, state = model.step(token, state, context)
        token = int(logits.argmax())
        characters += model.vocabulary.characters[token]
    return characters


def test_what_comes_is_what_the_source_says(copying: Model) -> None:
    assert written(copying, copying.encode("HELLO, WORLD."), 14) == "hello, world.\n"
    assert written(copying, None, 1) == written(copying, copying.encode(""), 1) == "\n"


def test_a_source_is_one_line_and_cut_where_it_is_too_long(copying: Model) -> None:
    context = copying.encode("AB\nCD")
    assert context.keys.shape == (3, 24)
    assert written(copying, context, 3) == "ab\n"
    assert written(copying, copying.encode("AB\r\nCD"), 3) == "ab\n"
    assert copying.encode("A" * 400).keys.shape[0] == LONGEST
    assert written(copying, copying.encode("A" * 400), LONGEST) == "a" * (LONGEST - 1) + "\n"


def test_steps_about_several_sources_take_turns(copying: Model) -> None:
    contexts = [copying.encode(line) for line in ("ABC", "XYZUVW", "")]
    state, token = copying.initial_state, copying.vocabulary.token("\n")
    for context, first in zip(contexts * 2, "ax\n" * 2, strict=True):
        logits, _ = copying.step(token, state, context)
        assert copying.vocabulary.characters[int(logits.argmax())] == first
    assert written(copying, None, 1) == "\n", "who gives none has none"


def test_several_texts_about_one_source_are_read_side_by_side(copying: Model) -> None:
    context = copying.encode("ABC")
    tokens = np.array([copying.vocabulary.token(character) for character in "\na"])
    logits, states = copying.step_batch(tokens, np.zeros((2, copying.card.state_size), np.float32), context)
    for row, token in enumerate(tokens.tolist()):
        alone, following = copying.step(token, copying.initial_state, context)
        np.testing.assert_allclose(logits[row], alone, atol=1e-5)
        np.testing.assert_allclose(states[row], following, atol=1e-5)
    assert [copying.vocabulary.characters[index] for index in logits.argmax(axis=1).tolist()] == ["a", "b"]


def test_a_picture_is_a_source(tiny_card: Card, tmp_path: Path) -> None:
    model = load_network(write_source_style(tmp_path / "seeing", seeing_card(tiny_card)), "cpu")
    for colour, letter in (([1, 0, 0], "r"), ([0, 1, 0], "g"), ([0, 0, 1], "b")):
        assert written(model, model.encode(plain_picture(colour)), 1) == letter
    nothing = model.encode("")
    np.testing.assert_array_equal(nothing.values, model.encode(plain_picture([0.5] * 3)).values)


def test_a_source_of_another_kind_is_refused_in_one_line(copying: Model, tiny_card: Card, tmp_path: Path) -> None:
    seeing = load_network(write_source_style(tmp_path / "seeing", seeing_card(tiny_card)), "cpu")
    plain = plain_picture([1, 0, 0])
    for model, source, said in (
        (copying, plain, "expected a text, not a picture"),
        (seeing, "A CAT", "expected a picture, not a text"),
        (seeing, plain[:2], rf"expected \[3, {PICTURE_SIZE}, {PICTURE_SIZE}\]"),
        (seeing, plain.astype(np.float64), "float32"),
    ):
        with pytest.raises(StyleError, match=said):
            model.encode(source)


def test_a_style_without_a_source_says_so(tiny_style: Path) -> None:
    model = load_network(tiny_style, "cpu")
    with pytest.raises(StyleError, match="'tiny' has no source"):
        model.encode("A")
    facts = json.loads(model.card.to_json())
    assert not facts.keys() & {"source", "context"}, "its card is as it ever was"


def test_a_style_with_a_source_runs_on_the_cpu_and_says_so(tiny_card: Card, tmp_path: Path) -> None:
    folder = write_source_style(tmp_path / "copying", copying_card(tiny_card))
    assert load_network(folder, "auto").note is None
    asked = load_network(folder, "cuda")
    assert asked.device == "cpu"
    assert "every style with a source" in str(asked.note)


def test_a_style_with_a_source_is_installed_with_its_encoder(card: Card, tmp_path: Path) -> None:
    folder = write_source_style(tmp_path / "there", card)
    assert check_style(folder) == card
    installed = install_style(folder).folder
    assert (installed / ENCODER).read_bytes() == (folder / ENCODER).read_bytes()
    (folder / ENCODER).unlink()
    with pytest.raises(ModelError, match=r"cannot read .*encode\.onnx"):
        check_style(folder)


def test_an_encoder_that_nothing_reads_is_not_copied(tiny_style: Path, tmp_path: Path) -> None:
    folder = tmp_path / "plain"
    folder.mkdir()
    for path in tiny_style.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    (folder / ENCODER).write_bytes(b"whatever")
    assert not (install_style(folder).folder / ENCODER).exists()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"format": 1}, "expected format 2"),
        ({"context": None}, "expected both, or neither"),
        ({"source": None}, "expected both, or neither"),
        ({"context": {"keys": 0, "values": 3}}, "context 0 numbers wide"),
        ({"context": {"keys": 3, "values": 1025}}, "context 1025 numbers wide"),
        ({"context": {"keys": 3}}, "'values'"),
        ({"context": {"keys": 3.5, "values": 3}}, "type float"),
        ({"source": {}}, "'kind'"),
        ({"source": "text"}, "source of type str"),
        ({"source": {"kind": "sound"}}, "the kind 'sound'"),
        ({"vocabulary": ["\ufffd", "a"]}, "the vocabulary has no newline"),
        ({"source": {"kind": "picture"}}, "size None"),
        ({"source": {"kind": "picture", "size": 100_000}}, "size 100000"),
        ({"source": {"kind": "picture", "size": "64"}}, "source.size"),
        ({"source": {"kind": "text", "vocabulary": ["\ufffd", "\n"]}}, "None characters"),
        ({"source": {"kind": "text", "vocabulary": ["\ufffd", "\n"], "longest": 1025}}, "1025 characters"),
        ({"source": {"kind": "text", "vocabulary": ["\ufffd", "a"], "longest": 9}}, "no newline"),
        ({"source": {"kind": "text", "vocabulary": ["a", "\n"], "longest": 9}}, "unknown character"),
        ({"source": {"kind": "text", "vocabulary": ["\ufffd", "ab"], "longest": 9}}, "single characters"),
        ({"source": {"kind": "text", "longest": 9}}, "vocabulary of 0"),
    ],
)
def test_odd_sources_of_a_card_are_refused(tiny_card: Card, changes: dict[str, Any], said: str) -> None:
    facts = {**json.loads(copying_card(tiny_card).to_json()), **changes}
    with pytest.raises(ModelError, match=said) as caught:
        Card.from_json(json.dumps(facts))
    assert "\n" not in str(caught.value)


def test_a_card_with_a_source_comes_back_as_it_was(card: Card) -> None:
    assert Card.from_json(card.to_json()) == card


def spoiled_step(card: Card, spoil: Callable[[Any], object]) -> str:
    model = step_model(card)
    spoil(model.graph)
    with pytest.raises(ModelError) as caught:
        model_from_graph(card, model.SerializeToString())
    assert "\n" not in str(caught.value)
    return str(caught.value)


def spoiled_encoder(card: Card, spoil: Callable[[Any], object]) -> str:
    model = encoder_model(card)
    spoil(model.graph)
    with pytest.raises(ModelError) as caught:
        encoder_from_graph(card, model.SerializeToString())
    assert "\n" not in str(caught.value)
    return str(caught.value)


def node(graph: Any, operator: str) -> Any:
    return next(item for item in graph.node if item.op_type == operator)


def dimension(port: Any, axis: int) -> Any:
    return port.type.tensor_type.shape.dim[axis]


def test_a_step_reads_the_context_that_its_card_says(card: Card) -> None:
    assert "inputs" in spoiled_step(card, lambda graph: graph.input.pop())
    assert "shape" in spoiled_step(card, lambda graph: setattr(dimension(graph.input[2], 1), "dim_value", 3))
    assert "shape" in spoiled_step(card, lambda graph: setattr(dimension(graph.input[2], 0), "dim_value", 3))
    assert "element type" in spoiled_step(
        card, lambda graph: setattr(graph.input[3].type.tensor_type, "elem_type", TensorProto.FLOAT16)
    )


def test_operators_of_a_context_have_rules(card: Card) -> None:
    def keys_of_another_width(graph: Any) -> None:
        graph.node[4].input[1] = "context.values"

    def turned_the_other_way(graph: Any) -> None:
        graph.node[4].attribute[0].i = 0

    def scaled(graph: Any) -> None:
        graph.node[4].attribute.append(helper.make_attribute("transA", 1))

    def along_the_batch(graph: Any) -> None:
        node(graph, "Softmax").attribute[0].i = 0

    def of_states(graph: Any) -> None:
        node(graph, "MatMul").input[0] = "state"

    def context_for_a_state(graph: Any) -> None:
        graph.node[3].input[0] = "context.keys"
        graph.node[4].input[0] = "query"

    for spoil in (keys_of_another_width, turned_the_other_way, scaled, along_the_batch, of_states):
        assert "shapes or settings" in spoiled_step(card, spoil)
    assert "another shape than it says" in spoiled_step(card, context_for_a_state)


def test_attention_is_for_styles_with_a_source_alone(card: Card, tiny_card: Card) -> None:
    model = step_model(card)
    del model.graph.input[2:]
    plain = dataclasses.replace(tiny_card, state_size=card.state_size)
    helper.set_model_props(model, {"rnncomplete.card": plain.to_json()})
    with pytest.raises(ModelError, match=r"before it is there|shapes or settings|no graph of this kind"):
        model_from_graph(plain, model.SerializeToString())
    with pytest.raises(ModelError, match="no source to encode"):
        check_encoder(read_graph(encoder_model(card).SerializeToString()), plain)


def test_an_encoder_gives_the_context_that_its_card_says(card: Card) -> None:
    assert "outputs" in spoiled_encoder(card, lambda graph: graph.output.pop())
    assert "inputs" in spoiled_encoder(card, lambda graph: graph.input[0].ClearField("name"))
    assert "shape" in spoiled_encoder(card, lambda graph: setattr(dimension(graph.output[1], 1), "dim_value", 3))
    first = {"text": "shape", "picture": "another shape than it says"}[card.source["kind"]] if card.source else ""
    assert first in spoiled_encoder(
        card, lambda graph: [setattr(dimension(o, 0), "dim_value", 3) for o in graph.output]
    )
    other = dataclasses.replace(card, threshold=0.5)
    with pytest.raises(ModelError, match="differs from"):
        encoder_from_graph(other, encoder_model(card).SerializeToString())


def test_a_picture_has_a_known_number_of_places(tiny_card: Card) -> None:
    for places in (0, 1025, 2**40):
        said = spoiled_encoder(
            seeing_card(tiny_card), lambda graph, n=places: setattr(dimension(graph.output[0], 0), "dim_value", n)
        )
        assert "places" in said


def test_a_source_looks_up_rows_of_its_own_vocabulary(tiny_card: Card) -> None:
    def shorter(graph: Any) -> None:
        held = numpy_helper.to_array(graph.initializer[0])
        graph.initializer[0].CopyFrom(numpy_helper.from_array(held[:5], "letters"))

    assert "in 5 rows" in spoiled_encoder(copying_card(tiny_card), shorter)


def test_an_encoder_that_takes_long_or_much_is_refused(tiny_card: Card) -> None:
    card = seeing_card(tiny_card)

    def wide(graph: Any) -> None:
        wider = [f"wider{index}" for index in range(24)]
        more = [
            helper.make_node("Concat", [a, a], [b], axis=1) for a, b in zip(["channels", *wider], wider, strict=False)
        ]
        graph.node.extend(more)

    def many(graph: Any) -> None:
        kernel = np.ones((600, 3, 16, 16), np.float32)
        graph.initializer.append(numpy_helper.from_array(kernel, "large"))
        padded = {"kernel_shape": [16, 16], "pads": [15, 15, 15, 15]}
        for index in range(12):
            graph.node.append(helper.make_node("Conv", ["apart", "large"], [f"made{index}"], **padded))

    for spoil in (wide, many):
        assert "takes too long" in spoiled_encoder(card, spoil)


def test_an_encoder_that_gives_no_numbers_is_refused(tiny_card: Card, tmp_path: Path) -> None:
    card = copying_card(tiny_card)
    folder = write_source_style(tmp_path / "copying", card)
    model = encoder_model(card)
    for tensor in model.graph.initializer:
        if tensor.name == "scale":
            tensor.CopyFrom(numpy_helper.from_array(np.full(len(card.vocabulary), np.nan, np.float32), "scale"))
    (folder / ENCODER).write_bytes(model.SerializeToString())
    with pytest.raises(ModelError, match=r"encode\.onnx: .*NaN or infinity"):
        load_network(folder, "cpu")


@pytest.mark.slow
def test_both_graphs_are_tried_in_a_process_of_their_own(card: Card, tmp_path: Path) -> None:
    folder = write_source_style(tmp_path / "there", card)
    run_apart((folder / STEP).read_bytes())
    run_apart((folder / ENCODER).read_bytes())
    model = encoder_model(card)
    model.graph.node[0].input[0] = "nowhere"
    with pytest.raises(ModelError, match="failed on trial"):
        run_apart(model.SerializeToString())


def test_every_truncation_of_an_encoder_is_refused(card: Card) -> None:
    data = encoder_model(card).SerializeToString()
    for size in range(0, len(data), 7):
        with pytest.raises(ModelError):
            check_encoder(read_graph(data[:size]), card)
