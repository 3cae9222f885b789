"""From the checkpoint of a network that writes about sources to a style: both graphs, memory and figures, all checked."""

from __future__ import annotations

import dataclasses
from math import inf
from typing import TYPE_CHECKING, Protocol, TypedDict

import numpy as np
import torch

from rnncomplete.completion.completer import Completer
from rnncomplete.measure.evaluation import predicted_losses, spelling
from rnncomplete.measure.threshold_tuning import CANDIDATES, SESSIONS, best_threshold
from rnncomplete.measure.written_about import WrittenText, begin_about, typing_of
from rnncomplete.mixing.memory import STYLE_ENTRIES, STYLE_NODES, STYLE_SLOTS, CorpusMemory
from rnncomplete.mixing.training import learn_style
from rnncomplete.network.distribution import nats
from rnncomplete.network.loading import encoder_from_graph, model_from_graph
from rnncomplete.text.vocabulary import Vocabulary
from rnncomplete_export.exporting.comparison import ngram_figures
from rnncomplete_export.exporting.effort import effort_after
from rnncomplete_export.exporting.graphs import with_card
from rnncomplete_export.exporting.memories import FEWEST_WEIGHED, with_best_rate
from rnncomplete_export.exporting.parity import LOGIT_TOLERANCE, ParityError, check_int8
from rnncomplete_export.exporting.source_graphs import build_encode, build_step
from rnncomplete_export.exporting.telling import tenths
from rnncomplete_export.network.measure import best_temperature
from rnncomplete_export.training.source_task import logits_about, nats_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import onnx
    from numpy.typing import NDArray

    from rnncomplete.network.card import Card, Figures
    from rnncomplete.network.model import FloatArray, Model
    from rnncomplete_export.checkpoint import Checkpoint
    from rnncomplete_export.exporting.effort import Effort
    from rnncomplete_export.exporting.graphs import Precision
    from rnncomplete_export.network.conditioned_network import ConditionedNetwork
    from rnncomplete_export.training.examples import Examples

    Graphs = dict[str, onnx.ModelProto]
    """``step`` and ``encode``, without a card."""


ROOM = 9_900_000
"""Bytes of a style: what the graphs leave of them is the memory's."""

WHOLE_MEMORY, WEIGHTS = 4_400_000, 45_000
"""Bytes of a memory with all places that a style can carry, about, and of its weights, which it always has."""

A_NAME = 180
"""Characters that weights are learned on, for each line with a name among them."""

PARITY_LINES = 12
"""On which the logits of the graphs are held against PyTorch's."""


class Sourceless(TypedDict):
    """What a style does without a source, on the lines and as its card measures it with one."""

    sourceless_nats: float
    """Nats per character of the network alone, in float32."""
    sourceless_keystrokes_saved: float
    """With the threshold that was tuned with sources."""


class Collection(Protocol):
    """Lines and what they are about, by number; those held out of training come last."""

    lines_follow: bool
    """Whether lines that follow one another are one text, each about a line of one source."""

    @property
    def first_at_hand(self) -> int:
        """The first line whose source is at hand."""

    @property
    def split(self) -> int:
        """How many were trained on."""

    @property
    def count(self) -> int:
        """How many there are."""

    def of(self, which: NDArray[np.int64]) -> Examples:
        """Some of them, in batches."""

    def source(self, number: int) -> str | FloatArray:
        """What a line is about, as a style takes it."""

    def line(self, number: int) -> NDArray[np.uint16]:
        """Its tokens, without the newline."""

    def named(self, which: NDArray[np.int64]) -> NDArray[np.int64]:
        """Those of the lines ``which`` int64[n] that have a name in common with their source."""

    def disguised(self, which: NDArray[np.int64]) -> Collection:
        """The same, but in those of ``which`` int64[n], in this order, names that nobody has read."""


def documents(
    collection: Collection, vocabulary: Vocabulary, lines: tuple[int, int], characters: int
) -> list[WrittenText]:
    """Texts of about so many ``characters`` in all, of the ``lines`` from one number on and before another."""
    taken, held = [], 0
    for number in range(*lines):
        if held >= characters:
            break
        taken.append(number)
        held += len(collection.line(number)) + 1
    texts = [vocabulary.decode(collection.line(number).tolist()) + "\n" for number in taken]
    sources = [collection.source(number) for number in taken]
    if collection.lines_follow:
        return [WrittenText("\n".join(map(str, sources)), "".join(texts))]
    return [WrittenText(source, text) for source, text in zip(sources, texts, strict=True)]


def graphs_of(network: ConditionedNetwork, newline: int, precision: Precision) -> Graphs:
    """Both graphs, in float32 or int8."""
    return {"step": build_step(network, precision, newline), "encode": build_encode(network, precision)}


def executable(card: Card, graphs: Graphs) -> Model:
    """The model that a style with these ``graphs`` will have."""
    told = card.to_json()
    encoder = encoder_from_graph(card, with_card(graphs["encode"], told))
    return model_from_graph(card, with_card(graphs["step"], told), encoder=encoder)


def line_logits(model: Model, source: str | FloatArray, line: NDArray[np.uint16], newline: int) -> FloatArray:
    """Logits float32[T, V] of each character of a line and of its end, as the graphs compute them."""
    context, state = model.encode(source), model.initial_state
    rows = []
    for token in (newline, *line.tolist()):
        logits, state = model.step(token, state, context)
        rows.append(logits)
    return np.stack(rows)


def line_nats(
    model: Model, collection: Collection, numbers: Sequence[int], progress: Callable[[int], None] = lambda _: None
) -> float:
    """Nats per character of those lines and their ends, about their sources, by the network alone."""
    newline, total, count = model.vocabulary.token("\n"), 0.0, 0
    for done, number in enumerate(numbers, 1):
        line = collection.line(number)
        logits = line_logits(model, collection.source(number), line, newline)
        targets = np.append(line, np.uint16(newline))
        total += float(nats(logits, targets.astype(np.int64), model.card.temperature).sum())
        total += float(spelling(targets).sum())
        count += len(targets)
        progress(done)
    return total / count


@torch.no_grad()
def logit_difference(
    network: ConditionedNetwork, model: Model, collection: Collection, numbers: Sequence[int]
) -> float:
    """Largest difference of any logit between ``network`` and ``model`` on those lines, and without a source."""
    newline, worst = model.vocabulary.token("\n"), 0.0
    for number in numbers:
        examples = collection.of(np.array([number]))
        line = collection.line(number)
        for empty in (False, True):
            [(_, expected)] = [(which, logits) for which, logits, _ in logits_about(network, examples, empty=empty)]
            found = line_logits(model, "" if empty else collection.source(number), line, newline)
            worst = max(worst, float(np.abs(found - expected[:, 0].numpy()).max()))
    return worst


def rows_of(
    network: ConditionedNetwork, collection: Collection, numbers: NDArray[np.int64], temperature: float
) -> FloatArray:
    """The network's word on each character of those lines and on their ends, float32[n, V]."""
    rows: list[FloatArray] = [np.zeros((0, 0), np.float32)] * len(numbers)
    for which, logits, _ in logits_about(network, collection.of(numbers)):
        shares = torch.softmax(logits / temperature, dim=-1).numpy()
        for column, place in enumerate(which):
            rows[place] = shares[: len(collection.line(numbers[place])) + 1, column]
    return np.concatenate(rows)


def learned_memory(
    network: ConditionedNetwork,
    card: Card,
    collection: Collection,
    *,
    effort: Effort,
    room: int,
    advance: Callable[[str], None],
) -> CorpusMemory:
    """The memory of a style: counts of the lines trained on, in so many bytes, and weights learned beside the network.

    Weights are learned on lines held out, those behind the ones that figures are measured on, and a few trained on, with
    names that nobody has read: what a name is worth that was written once is not learned of those that all know.
    """
    vocabulary, newline = Vocabulary(card.vocabulary, card.normalisation), card.vocabulary.index("\n")

    def text(numbers: Iterable[int], of: Collection = collection) -> NDArray[np.uint16]:
        return np.concatenate([np.append(of.line(number), np.uint16(newline)) for number in numbers])

    unread = np.arange(middle(collection), collection.count)
    last = np.arange(weighed_from(collection, min(effort.weighed, FEWEST_WEIGHED)), collection.split)
    near = np.arange(weighed_from(collection, inf), collection.split)
    named = collection.named(near)[-max(1, effort.weighed // A_NAME) :]
    first = min(int(numbers[0]) for numbers in (last, named) if len(numbers))
    taught = np.concatenate((np.setdiff1d(last, named), named, unread))
    if len(named):  # else what was read comes first, and what was not read has the last word
        taught = np.random.default_rng(1).permutation(taught)
    disguised = collection.disguised(taught)
    tokens = text(range(collection.split))
    weighed = min(len(text(range(first, collection.split))), len(tokens) // 4)  # no more is taken of them
    rows = rows_of(network, disguised, taught, card.temperature)
    slots = min(STYLE_SLOTS, max(8, 4 * len(tokens) // 8 * 8))
    share = min(1.0, max(0.01, (room - WEIGHTS) / WHOLE_MEMORY))
    begun = len(tokens) - weighed  # where the text begins that weights are learned on
    memory = learn_style(
        vocabulary.characters,
        tokens,
        lambda text, begin: rows[begin - begun : len(text) - begun],
        sessions=weighed,
        unread=text(unread),
        disguise=lambda *_: text(taught, disguised),
        nodes=max(8, min(int(share * STYLE_NODES), slots // 4) // 8 * 8),
        slots=slots,
        entries=int(share * STYLE_ENTRIES),
        progress=tenths(advance, "learning what counts are worth beside the network"),
    )
    memory = fitted(memory, room)
    rated = unread[: lines_in(collection, unread, effort.rated)]
    return with_best_rate(memory, text(rated), rows_of(network, collection, rated, card.temperature), advance)


def fitted(memory: CorpusMemory, room: int) -> CorpusMemory:
    """``memory`` in at most ``room`` bytes, as far as leaving slots out can do that: those seen least."""
    while (size := len(memory.to_bytes(packed=True))) > room and (used := int(np.count_nonzero(memory.slots))):
        memory = memory.pruned(min(used - 1, int(used * room / size)))
    return memory


def weighed_from(collection: Collection, characters: float) -> int:
    """The first of the last lines trained on that have about so many ``characters`` together, and whose sources are at hand.

    They are a quarter of the lines at most.
    """
    weighed, first = 0, collection.split
    while weighed < characters and first > max(collection.first_at_hand, collection.split * 3 // 4):
        first -= 1
        weighed += len(collection.line(first)) + 1
    return first


def middle(collection: Collection) -> int:
    """Where among the lines held out those begin on which weights are learned: no figure that depends on them is theirs."""
    return (collection.split + collection.count + 1) // 2


def typed(
    card: Card,
    graphs: Graphs,
    memory: CorpusMemory,
    collection: Collection,
    *,
    effort: Effort,
    advance: Callable[[str], None],
) -> tuple[Card, float]:
    """``card`` with the best threshold and the figures of the style as people have it, and what is saved with no source."""
    memory = CorpusMemory.from_bytes(memory.to_bytes(packed=True))  # as it is written, with weights rounded
    vocabulary, measured = Vocabulary(card.vocabulary, card.normalisation), (collection.split, middle(collection))
    tuned = Completer(executable(card, graphs), memory=memory)
    texts = documents(collection, vocabulary, (middle(collection), collection.count), SESSIONS * effort.tuned)
    threshold = best_threshold(
        tuned.greedy,
        [document.text for document in texts],
        begun=lambda number: begin_about(tuned, texts[number].source),
        progress=lambda tried: advance(f"choosing which ghosts to show: {tried} of {len(CANDIDATES)} thresholds tried"),
    )
    card = dataclasses.replace(card, threshold=threshold)
    model = executable(card, graphs)
    lost: list[FloatArray] = []
    for document in documents(collection, vocabulary, measured, effort.adaptive):
        completer = Completer(model, memory=memory)
        begin_about(completer, document.source)
        advance("measuring what the text itself teaches")
        lost.append(predicted_losses(completer, document.text))
    texts = documents(collection, vocabulary, measured, effort.typed)
    saved = []
    for about in (True, False):
        advance("typing with ghosts" if about else "typing with ghosts, without the source")
        saved.append(round(typing_of(Completer(model, memory=memory), texts, about=about).keystrokes_saved, 4))
    figures: Figures = {
        "adaptive_nats": round(float(np.concatenate(lost).mean()), 5),
        "adaptive_characters": sum(map(len, lost)),
        "memory_bytes": len(memory.to_bytes(packed=True)),
        "keystrokes_saved": saved[0],
        "typed_characters": sum(len(document.text) for document in texts),
    }
    return dataclasses.replace(card, figures={**card.figures, **figures}), saved[1]


def measured_style(
    network: ConditionedNetwork,
    checkpoint: Checkpoint,
    card: Card,
    collection: Collection,
    *,
    advance: Callable[[str], None] = lambda _: None,
) -> tuple[Card, Graphs, CorpusMemory, Sourceless]:
    """``card`` with all figures that any style with a source has, its graphs, its memory, and what it does without one.

    Raises :class:`ParityError` where a graph computes something else than the network.
    """
    newline = card.vocabulary.index("\n")
    effort = effort_after(checkpoint.facts["state"]["seconds"], len(card.vocabulary))
    kept = np.arange(collection.split, collection.count)
    kept = kept[: lines_in(collection, kept, effort.measured)]
    examples = collection.of(kept)
    advance("tuning the temperature")
    read = ((logits, targets.masked_fill(targets < 0, -100)) for _, logits, targets in logits_about(network, examples))
    card = dataclasses.replace(card, temperature=best_temperature(read))
    advance("building the graphs")
    graphs = graphs_of(network, newline, "int8")
    advance("holding the graphs against PyTorch")
    some = [int(number) for number in kept[np.unique(np.linspace(0, len(kept) - 1, PARITY_LINES, dtype=np.int64))]]
    difference = logit_difference(network, executable(card, graphs_of(network, newline, "float32")), collection, some)
    if not difference <= LOGIT_TOLERANCE:
        raise ParityError(
            f"the float32 graphs differ from PyTorch by {difference:.2e} in a logit; expected at most "
            f"{LOGIT_TOLERANCE:.0e}: nothing was exported"
        )
    progress = tenths(advance, f"measuring the network on {len(kept):,} lines")
    numbers = [int(number) for number in kept]
    int8 = line_nats(executable(card, graphs), collection, numbers, lambda done: progress(done, len(numbers)))
    spelling_out = spelled(collection, numbers)
    float32, without = (
        nats_of(network, examples, empty=empty, temperature=card.temperature) + spelling_out for empty in (False, True)
    )
    check_int8(int8, float32)
    written = np.concatenate([np.append(collection.line(number), np.uint16(newline)) for number in numbers])
    figures: Figures = {
        "parity_characters": len(written),
        "float32_logit_difference": difference,
        "float32_nats": round(float32, 5),
        "int8_nats": round(int8, 5),
        "nats_per_character": round(int8, 5),
        "measured_characters": len(written),
    }
    trained = np.concatenate([np.append(collection.line(n), np.uint16(newline)) for n in range(collection.split)])
    figures |= ngram_figures(trained, written, len(card.vocabulary), most=effort.counted, advance=advance)
    card = dataclasses.replace(card, figures={**card.figures, **figures})
    room = ROOM - sum(graph.ByteSize() for graph in graphs.values()) - 4 * len(card.to_json())
    memory = learned_memory(network, card, collection, effort=effort, room=room, advance=advance)
    card, saved = typed(card, graphs, memory, collection, effort=effort, advance=advance)
    return card, graphs, memory, {"sourceless_nats": round(without, 5), "sourceless_keystrokes_saved": saved}


def lines_in(collection: Collection, numbers: NDArray[np.int64], characters: int) -> int:
    """How many of those lines have about so many ``characters`` together; at least one."""
    ends = np.cumsum([len(collection.line(number)) + 1 for number in numbers.tolist()])
    return 1 + int(np.searchsorted(ends, characters))


def spelled(collection: Collection, numbers: Sequence[int]) -> float:
    """What spelling the unknown characters of those lines out costs, in nats per character of them and their ends."""
    tokens = np.concatenate([collection.line(number) for number in numbers])
    return float(spelling(tokens).sum()) / (len(tokens) + len(numbers))
