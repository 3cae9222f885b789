"""From a checkpoint to a style: the graph, a memory of the text, the card, and the card for people, all checked."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np

from rnncomplete.completion.completer import Completer
from rnncomplete.completion.sampler import MIN_P, WRITING_TEMPERATURE
from rnncomplete.errors import CheckpointError, TextError
from rnncomplete.measure.evaluation import losses, predicted_losses
from rnncomplete.measure.peers.ngram import HIGHEST_ORDER
from rnncomplete.measure.threshold_tuning import CANDIDATES
from rnncomplete.mixing.memory import CorpusMemory
from rnncomplete.network.loading import STEP, model_from_graph
from rnncomplete.text.decoding import read_text
from rnncomplete.text.vocabulary import Vocabulary
from rnncomplete_export.checkpoint import load_checkpoint, vocabulary_of
from rnncomplete_export.exporting.about_style import export_about
from rnncomplete_export.exporting.comparison import ngram_figures, tuned_threshold, typing_figures
from rnncomplete_export.exporting.effort import effort_after, seconds_trained
from rnncomplete_export.exporting.facts import make_card
from rnncomplete_export.exporting.graphs import build_graph, state_size, with_card
from rnncomplete_export.exporting.label_figures import (
    LabelledSet,
    best_label_temperature,
    counted,
    label_figures,
    sets_of,
)
from rnncomplete_export.exporting.memories import (
    RATES,
    expected,
    figures_part,
    learn_memory,
    unread_part,
    with_best_rate,
)
from rnncomplete_export.exporting.parity import measure_parity
from rnncomplete_export.exporting.style_folder import refuse_others, write_style
from rnncomplete_export.exporting.telling import TENTHS, tenths
from rnncomplete_export.network.character_network import CharacterNetwork, NetworkConfig, parameter_count
from rnncomplete_export.network.measure import best_temperature, logits_of, sampled
from rnncomplete_export.story.stages import known_words, measure_stages, skills_of_text
from rnncomplete_export.texts.corpus import TOKENS, open_tokens
from rnncomplete_export.texts.labelled import LABELS, TEXTS, read_labelling

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import onnx
    from numpy.typing import NDArray

    from rnncomplete.network.card import Card, Figures, Writing
    from rnncomplete.network.model import Model
    from rnncomplete_export.checkpoint import Checkpoint
    from rnncomplete_export.exporting.effort import Effort
    from rnncomplete_export.exporting.parity import Parity

HELD_OUT = 1_000_000
"""Characters of the text held out, of which all that is measured are a part."""

STEPS = 11 + 4 * (1 + TENTHS) + len(RATES) + len(CANDIDATES) + HIGHEST_ORDER
"""Calls of ``advance`` in one export, about: less where a threshold is soon found, more where many stages are measured."""


def network_of(checkpoint: Checkpoint) -> CharacterNetwork:
    """The averaged network in ``checkpoint``; raises :class:`CheckpointError` if it does not fit its configuration."""
    try:
        config = checkpoint.facts["config"]
        shape = NetworkConfig(
            vocabulary_size=len(checkpoint.facts["vocabulary"]),
            hidden_size=config["hidden_size"],
            layers=config["layers"],
            embedding_size=config["embedding_size"],
            skip=config["skip"],
            labels=len(checkpoint.facts.get("labels", [])),
            boundary=checkpoint.facts["vocabulary"].index("\n") if checkpoint.facts.get("labels") else 0,
        )
        network = CharacterNetwork(shape)
        network.load_state_dict(checkpoint.part("average"))
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise CheckpointError(
            f"the checkpoint does not hold the network that it describes ({str(error).splitlines()[0]}); "
            "expected what `rnncomplete train` writes"
        ) from None
    return network.eval()


def encoded_text(checkpoint: Path, facts: dict[str, Any]) -> NDArray[np.uint16] | None:
    """The tokens beside ``checkpoint``, if they are still there.

    Raises :class:`TextError` if they are those of another text than the one that the checkpoint learned from.
    """
    encoded = checkpoint.parent / TOKENS
    if not encoded.is_file():
        return None
    tokens = open_tokens(checkpoint.parent)
    characters = facts["corpus"]["characters"]
    if len(tokens) != characters or tokens.max() >= len(facts["vocabulary"]):
        raise TextError(
            f"{encoded} is a text of {len(tokens):,} characters, but {checkpoint.name} learned from another one, of "
            f"{characters:,}; copy the checkpoint to a folder of its own, and measure it on a text that it has not read: "
            "--text FILE"
        )
    return tokens


def validation_tokens(
    checkpoint: Path, facts: dict[str, Any], encoded: NDArray[np.uint16] | None, text: Path | None
) -> NDArray[np.uint16]:
    """The part held out of the ``encoded`` text beside ``checkpoint``, or the tokens of ``text``."""
    if text is not None:
        vocabulary = vocabulary_of(facts)
        tokens = vocabulary.encode(vocabulary.normalise(read_text(text)))
    elif encoded is not None:
        tokens = encoded[facts["corpus"]["split"] :]
    else:
        raise TextError(
            f"no {checkpoint.parent / TOKENS} to measure the graphs on; give a text that was not trained on with "
            "--text FILE"
        )
    if len(tokens) < 2:
        raise TextError(f"a text of {len(tokens)} characters to measure the graphs on; expected some thousands")
    return tokens


def export_style(
    path: Path, folder: Path, style: str, *, text: Path | None = None, advance: Callable[[str], None] = lambda _: None
) -> Card:
    """Write the style that ``path``, a checkpoint, holds into ``folder``, whole or not at all.

    ``advance`` is told what is done, as each step begins.
    Raises :class:`CheckpointError`, :class:`TextError`, :class:`StyleError` if ``folder`` holds anything but a style or
    cannot be written, or :class:`rnncomplete_export.exporting.parity.ParityError`.
    """
    refuse_others(folder)
    checkpoint = load_checkpoint(path)
    if checkpoint.facts.get("source"):
        return export_about(path, checkpoint, folder, style, text=text, advance=advance)
    network = network_of(checkpoint)
    encoded = encoded_text(path, checkpoint.facts)
    state = checkpoint.facts["state"]
    seconds = seconds_trained(state["seconds"], state["characters"], parameter_count(network))
    effort = effort_after(seconds, network.config.vocabulary_size)
    held_out = validation_tokens(path, checkpoint.facts, encoded, text)[:HELD_OUT]
    tokens = held_out[: effort.measured]
    labelled = labelled_sets(path, checkpoint, encoded)
    advance("tuning the temperature")
    temperature = best_temperature(logits_of(network, sampled(tokens, effort.calibrated)))
    told = {} if labelled is None else told_labels(network, checkpoint, labelled[1])
    advance("building the graphs")
    models = {
        "float32": build_graph(network, "float32", **told),
        "int8": build_graph(network, "int8", **told),
    }
    graphs = {name: model.SerializeToString() for name, model in models.items()}
    parity = measure_parity(network, graphs, tokens, advance)
    card = make_card(checkpoint, style, **facts_of(network, checkpoint, parity), temperature=temperature)
    read = None if encoded is None else encoded[: checkpoint.facts["corpus"]["split"]]
    card = measured(card, models["int8"], tokens, advance)
    if text is not None:
        card = dataclasses.replace(card, figures={**card.figures, "measured_on": text.name})
    if read is not None:
        card = compared(card, read, tokens, most=effort.counted, advance=advance)
    memory = None
    if read is not None:
        alone = executable(card, models["int8"])
        memory = learn_memory(alone, read, effort.weighed, held_out, advance)
        rated = unread_part(held_out)[-effort.rated :]
        memory = with_best_rate(memory, rated, expected(alone, rated), advance)
    if labelled is not None and memory is not None:
        card, memory = with_labels(card, models["int8"], memory, *labelled, advance=advance)
    card = typed(card, models["int8"], memory, held_out, effort=effort, advance=advance)
    card = with_stages(
        card,
        path,
        checkpoint,
        network,
        read=read,
        tokens=held_out,
        kept=labelled[1] if labelled else None,
        most=effort.stages,
        advance=advance,
    )
    write_style(folder, card, {STEP: models["int8"]}, memory)
    return card


def facts_of(network: CharacterNetwork, checkpoint: Checkpoint, parity: Parity) -> dict[str, Any]:
    """The card's fields that tell of ``network``."""
    readout = checkpoint.facts["about"].get("readout") or "label"
    return {
        "state_size": state_size(network),
        "format": 2 if network.pooled else 1,
        "readouts": {readout: tuple(checkpoint.facts["labels"])} if network.pooled else {},
        "layers": network.config.layers,
        "hidden_size": network.config.hidden_size,
        "parameters": parameter_count(network),
        "figures": {
            "parity_characters": parity.characters,
            "float32_logit_difference": parity.float32_logit_difference,
            "float32_nats": round(parity.float32_nats, 5),
            "int8_nats": round(parity.int8_nats, 5),
            "fp16_nats": round(parity.fp16_nats, 5),
        },
    }


def labelled_sets(
    path: Path, checkpoint: Checkpoint, encoded: NDArray[np.uint16] | None
) -> tuple[LabelledSet, LabelledSet] | None:
    """The texts trained on and those held out, of a network with labels; ``None`` of another.

    Raises :class:`TextError` if they are not there.
    """
    if not checkpoint.facts.get("labels"):
        return None
    labelling = read_labelling(path.parent)
    if labelling is None or encoded is None:
        raise TextError(f"no {TEXTS} with {LABELS} beside {path}; expected them where `rnncomplete train` put them")
    return sets_of(vocabulary_of(checkpoint.facts), encoded, labelling)


def told_labels(network: CharacterNetwork, checkpoint: Checkpoint, kept: LabelledSet) -> dict[str, Any]:
    """What the graph's readout is called, and its temperature."""
    vocabulary = vocabulary_of(checkpoint.facts)
    texts = [vocabulary.encode(text) for text in kept.texts]
    readout = checkpoint.facts["about"].get("readout") or "label"
    return {"readout": readout, "temperature": best_label_temperature(network, texts, kept.known)}


def with_labels(
    card: Card,
    graph: onnx.ModelProto,
    memory: CorpusMemory,
    trained: LabelledSet,
    kept: LabelledSet,
    *,
    advance: Callable[[str], None],
) -> tuple[Card, CorpusMemory]:
    """``card`` with figures of its labels, and ``memory`` with what was counted for them."""
    advance(f"counting what speaks for each label in {len(trained.texts):,} texts")
    [labels] = card.readouts.values()
    counts = counted(trained, len(labels))
    counts, figures = label_figures(executable(card, graph), counts, trained, kept, advance)
    own: Figures = {"labels": figures}
    return dataclasses.replace(card, figures={**card.figures, **own}), dataclasses.replace(memory, labels=counts)


def executable(card: Card, graph: onnx.ModelProto) -> Model:
    """The model that a style with this graph will have."""
    return model_from_graph(card, with_card(graph, card.to_json()))


def measured(
    card: Card, graph: onnx.ModelProto, tokens: NDArray[np.uint16], advance: Callable[[str], None] = lambda _: None
) -> Card:
    """``card`` with the loss over ``tokens`` uint16[n], as ``rnncomplete eval --static`` measures it."""
    model = executable(card, graph)
    text = model.vocabulary.decode(tokens.tolist())
    progress = tenths(advance, f"measuring the network on {len(tokens):,} characters")
    nats = float(np.mean(losses(model, text, lambda position: progress(position, len(text)))))
    figures: Figures = {"nats_per_character": round(nats, 5), "measured_characters": len(tokens)}
    return dataclasses.replace(card, figures={**card.figures, **figures})


def compared(
    card: Card,
    read: NDArray[np.uint16],
    tokens: NDArray[np.uint16],
    *,
    most: int,
    advance: Callable[[str], None] = lambda _: None,
) -> Card:
    """``card`` with the figures of an n-gram counted on ``most`` characters of ``read``, what the network was trained on."""
    grams = ngram_figures(read, tokens, len(card.vocabulary), most=most, advance=advance)
    return dataclasses.replace(card, figures={**card.figures, **grams})


def typed(
    card: Card,
    graph: onnx.ModelProto,
    memory: CorpusMemory | None,
    tokens: NDArray[np.uint16],
    *,
    effort: Effort,
    advance: Callable[[str], None] = lambda _: None,
) -> Card:
    """``card`` with the best threshold, and the figures of the style as people have it: adaptive, and typing with it."""
    advance("choosing which ghosts to show")
    if memory is not None:  # as it is written, with weights rounded
        memory = CorpusMemory.from_bytes(memory.to_bytes(packed=True))
    tuned = Completer(executable(card, graph), memory=memory)
    to_type = figures_part(tokens)[: effort.typed]
    threshold = tuned_threshold(
        tuned,
        tokens[len(to_type) :],
        session=effort.tuned,
        progress=lambda tried: advance(f"choosing which ghosts to show: {tried} of {len(CANDIDATES)} thresholds tried"),
    )
    card = dataclasses.replace(card, threshold=threshold)
    completer = Completer(executable(card, graph), memory=memory)
    unweighed = figures_part(tokens) if memory else tokens
    text = completer.model.vocabulary.decode(unweighed[: effort.adaptive].tolist())
    adapting = tenths(advance, "measuring what the text itself teaches")
    nats = predicted_losses(completer.fresh(), text, lambda position: adapting(position, len(text) - 1))
    figures: Figures = {
        "adaptive_nats": round(float(np.mean(nats)), 5),
        "adaptive_characters": len(text),
        "memory_bytes": len(memory.to_bytes(packed=True)) if memory else 0,
    }
    figures |= typing_figures(completer, to_type, tenths(advance, "typing with ghosts"))
    return dataclasses.replace(card, figures={**card.figures, **figures})


def with_stages(
    card: Card,
    path: Path,
    checkpoint: Checkpoint,
    network: CharacterNetwork,
    *,
    read: NDArray[np.uint16] | None,
    tokens: NDArray[np.uint16],
    kept: LabelledSet | None,
    most: int,
    advance: Callable[[str], None] = lambda _: None,
) -> Card:
    """``card`` with the stages of learning, ``most`` of them measured anew, and the skills that the text held out shows.

    ``kept`` are the texts held out with their labels, if they have some.
    """
    vocabulary = Vocabulary(card.vocabulary, card.normalisation)
    words = frozenset() if read is None else known_words(read, vocabulary)
    stages = measure_stages(
        path,
        checkpoint,
        network,
        tokens,
        words=words,
        vocabulary=vocabulary,
        most=most,
        labelled=([vocabulary.encode(text) for text in kept.texts], kept.known) if kept else None,
        advance=advance,
    )
    writing: Writing = {"temperature": WRITING_TEMPERATURE, "min_p": MIN_P, "skills": stages[-1]["skills"]}
    figures: Figures = {
        **card.figures,
        "skills_of_the_text": skills_of_text(tokens, words, vocabulary),
        "writing": writing,
    }
    return dataclasses.replace(card, stages=stages, figures=figures)
