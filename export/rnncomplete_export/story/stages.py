"""The stages of learning: what the averaged weights kept during a training wrote, and which skills are counted in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from rnncomplete.errors import CheckpointError
from rnncomplete_export.checkpoint import STAGES, load_checkpoint
from rnncomplete_export.network.measure import STAGE_CHARACTERS, nats_per_character, sampled, write_streams
from rnncomplete_export.network.measure_labels import told_right
from rnncomplete_export.story.skills import ROOM, count_skills, words_in

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from rnncomplete.network.card import Stage
    from rnncomplete.text.vocabulary import Vocabulary
    from rnncomplete_export.checkpoint import Checkpoint
    from rnncomplete_export.network.character_network import CharacterNetwork

STREAMS = 8
LENGTH = 2 * ROOM
"""Characters in each stream, twice the room that what was opened is given to be closed; 20,480 in all."""

SAMPLE_CHARACTERS = 400
WORD_CHARACTERS = 20_000_000
"""The words of a longer text are those of its beginning."""

CHUNK = 1 << 20

STAGES_A_DECADE = 3
"""Kept in a training, in the logarithm of the characters seen."""

APART = 10 ** (1 / STAGES_A_DECADE)
"""Between a stage and one of the training before it, as a ratio of characters seen."""


def measure_stages(
    path: Path,
    checkpoint: Checkpoint,
    network: CharacterNetwork,
    validation: NDArray[np.uint16],
    *,
    words: Collection[str],
    vocabulary: Vocabulary,
    most: int = 100,
    labelled: tuple[Sequence[NDArray[np.uint16]], NDArray[np.int64]] | None = None,
    advance: Callable[[str], None] = lambda _: None,
) -> tuple[Stage, ...]:
    """The stages that ``checkpoint``, which lies at ``path``, tells of.

    Where their weights are beside it, the loss of each of the last ``most`` is measured on the same stretches of
    ``validation``, and their skills are counted; of the others both are what the training itself noted, if it did. The last
    is ``network`` itself, what is exported, measured whatever ``most`` is. A training that went on from another one on the
    same text has the stages of that one first, and counts on from it. ``labelled`` are texts held out, and the number of the
    label of each, by which it is measured how soon that is told. ``advance`` is told of each that is measured.
    """
    state = checkpoint.facts["state"]
    earlier = checkpoint.facts["about"].get("earlier")
    # Copies: loading other weights writes into the tensors of the state dictionary.
    weights = {name: value.clone() for name, value in network.state_dict().items()}
    stages: list[Stage] = list(earlier["stages"]) if earlier else []
    begun: Any = stages[-1] if stages else {"step": 0, "characters": 0}
    sample = sampled(validation, STAGE_CHARACTERS)

    def counted_on(stage: dict[str, Any]) -> Stage:
        return cast("Stage", {**stage, **{name: begun[name] + stage[name] for name in ("step", "characters")}})

    def measured() -> dict[str, Any]:
        loss = nats_per_character(network, sample)
        told = {} if labelled is None else {"told_right": told_right(network, *labelled)}
        return {"loss": loss, **_written(network, words, vocabulary), **told}

    noted = state["stages"]
    for number, stage in enumerate(noted, 1):
        if begun["characters"] + stage["characters"] < APART * begun["characters"]:
            continue
        kept = None
        if number > len(noted) - most or stage["characters"] == state["characters"]:
            advance(f"counting what it had learned after {stage['characters']:,} characters")
            kept = _kept(path.parent / STAGES / f"{number:02}.safetensors", checkpoint, stage)
        if kept is None:
            stages.append(counted_on({"skills": {}, **stage}))
            continue
        network.load_state_dict(kept.part("average"))
        stages.append(counted_on({**stage, **measured()}))
    network.load_state_dict(weights)
    if not stages or stages[-1]["characters"] < begun["characters"] + state["characters"]:
        advance("counting what it has learned")
        stages.append(counted_on({"step": state["updates"], "characters": state["characters"], **measured()}))
    return tuple(stages)


def _kept(path: Path, checkpoint: Checkpoint, stage: dict[str, Any]) -> Checkpoint | None:
    """The weights of ``stage`` of the training of ``checkpoint``, if they were kept in ``path``."""
    try:
        kept = load_checkpoint(path)
    except CheckpointError:
        return None
    same = kept.facts["state"]["characters"] == stage["characters"]
    same &= kept.facts["vocabulary"] == checkpoint.facts["vocabulary"]
    return kept if same and kept.part("average").keys() == checkpoint.part("average").keys() else None


def _written(network: CharacterNetwork, words: Collection[str], vocabulary: Vocabulary) -> dict[str, Any]:
    """What ``network`` writes: a sample, and the skills in all of it."""
    pieces = [vocabulary.decode(stream) for stream in write_streams(network, STREAMS, LENGTH)]
    return {"sample": pieces[0][:SAMPLE_CHARACTERS], "skills": count_skills(pieces, words)}


def skills_of_text(
    tokens: NDArray[np.uint16], words: Collection[str], vocabulary: Vocabulary
) -> dict[str, float | None]:
    """The same skills in a true text, cut into pieces as long as what a network writes, that begin with a paragraph."""
    text = vocabulary.decode(tokens[: 2 * STREAMS * LENGTH].tolist())
    pieces: list[str] = []
    at = 0
    while len(pieces) < STREAMS and at < len(text):
        pieces.append(text[at : at + LENGTH])
        paragraph = text.find("\n\n", at + LENGTH)
        at = at + LENGTH if paragraph < 0 else paragraph + 2
    return count_skills(pieces, words)


def known_words(tokens: NDArray[np.uint16], vocabulary: Vocabulary) -> frozenset[str]:
    """The words of a text, in lower case."""
    words: set[str] = set()
    for text in _in_chunks(tokens[:WORD_CHARACTERS], vocabulary):
        words.update(words_in(text))
    return frozenset(words)


def _in_chunks(tokens: NDArray[np.uint16], vocabulary: Vocabulary) -> Iterator[str]:
    """The text of ``tokens`` in pieces that end between two words."""
    rest = ""
    for at in range(0, len(tokens), CHUNK):
        text = rest + vocabulary.decode(tokens[at : at + CHUNK].tolist())
        whole = text.rstrip("".join({c for c in text if c.isalpha()}))
        yield whole
        rest = text[len(whole) :]
    yield rest
