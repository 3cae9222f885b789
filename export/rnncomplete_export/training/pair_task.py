"""Pairs of lines as a task: the second of each is written about the first."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any

import numpy as np

from rnncomplete.errors import SettingError
from rnncomplete_export.texts.disguise import disguised_pairs, names_in
from rnncomplete_export.texts.pairs import LONGEST
from rnncomplete_export.training.examples import Examples, TextSources
from rnncomplete_export.training.source_task import SourceTask

if TYPE_CHECKING:
    import torch
    from lightning_fabric import Fabric
    from numpy.typing import NDArray

    from rnncomplete.text.vocabulary import Vocabulary
    from rnncomplete_export.network.conditioned_network import ConditionedNetwork
    from rnncomplete_export.texts.pairs import Pairs
    from rnncomplete_export.training.configuration import TrainingConfig

VALIDATED = 3_000
"""Pairs held out on which a training is validated, evenly spaced; all of them are measured in the end."""

JOINED = 0.1
"""Lines to train on that are two pairs, one behind the other, for each pair: what is written later may have two sentences in
a line where those of a corpus have one (Kondo, Hotate, Hirasawa, Kaneko and Komachi, arXiv:2104.08478)."""


def source_of(pairs: Pairs) -> dict[str, Any]:
    """What the card says of the sources."""
    return {"kind": "text", "vocabulary": list(pairs.sources.vocabulary.characters), "longest": LONGEST}


def space_of(vocabulary: Vocabulary) -> NDArray[np.uint16]:
    """The token of a space, uint16[1], or uint16[0] if ``vocabulary`` has none."""
    return vocabulary.encode(" " if " " in vocabulary.characters else "")


class PairExamples:
    """The examples in ``pairs``, in batches that write about as much as ``config`` says, on ``device``."""

    def __init__(self, pairs: Pairs, config: TrainingConfig, device: torch.device) -> None:
        self._pairs, self._config, self._device = pairs, config, device
        self.sources, self.targets = pairs.lines()
        read, written = (sum(map(len, lines)) for lines in (self.sources, self.targets))
        # An update is to write a batch of windows; what it reads for that comes on top.
        self._size = round(config.batch * config.window * (1 + read / (written + len(self.targets))))

    @property
    def split(self) -> int:
        """Pairs to train on."""
        return len(self.targets) - self._pairs.held_out

    lines_follow = True
    first_at_hand = 0
    """Lines that follow one another are one text, each about a line of one source."""

    @property
    def count(self) -> int:
        """All pairs."""
        return len(self.targets)

    def source(self, number: int) -> str:
        """The source of a pair."""
        return self._pairs.sources.vocabulary.decode(self.sources[number][:-1].tolist())

    @property
    def vocabulary(self) -> Vocabulary:
        """Of what is written."""
        return self._pairs.targets.vocabulary

    @property
    def newline(self) -> int:
        """The token that ends what is written."""
        return self.vocabulary.token("\n")

    def written(self, number: int) -> str:
        """What is written about a source."""
        return self.vocabulary.decode(self.targets[number].tolist())

    def line(self, number: int) -> NDArray[np.uint16]:
        """The tokens of what is written about it."""
        return self.targets[number]

    def named(self, which: NDArray[np.int64]) -> NDArray[np.int64]:
        """Those of the pairs ``which`` int64[n] that have a name on both sides."""
        kept = [number for number in which.tolist() if names_in(self.source(number), self.written(number))]
        return np.array(kept, np.int64)

    def disguised(self, which: NDArray[np.int64]) -> PairExamples:
        """The same pairs, but in those of ``which`` int64[n], in this order, names that nobody has read."""
        sources, written = [self.source(number) for number in which], [self.written(number) for number in which]
        told = disguised_pairs((self._pairs.sources.vocabulary, self.vocabulary), sources, written)
        other = copy(self)
        other.sources, other.targets = list(self.sources), list(self.targets)
        for number, source, line in zip(which.tolist(), *told, strict=True):
            other.sources[number] = self._pairs.sources.vocabulary.encode(f"{source}\n")
            other.targets[number] = self.vocabulary.encode(line)
        return other

    def held_out(self, most: int) -> NDArray[np.int64]:
        """So many of those held out, evenly spaced."""
        numbers = np.linspace(self.split, len(self.targets) - 1, min(most, self._pairs.held_out))
        return numbers.astype(np.int64)

    def of(self, which: NDArray[np.int64]) -> Examples:
        """Examples ``which`` int64[n]."""
        return self._examples([self.sources[number] for number in which], [self.targets[number] for number in which])

    def training(self) -> Examples:
        """Those to train on, and :data:`JOINED` as many that are two of them, if both texts have spaces."""
        sources, lines = self.sources[: self.split], self.targets[: self.split]
        spaces = [space_of(corpus.vocabulary) for corpus in (self._pairs.sources, self._pairs.targets)]
        if all(map(len, spaces)):
            draw = np.random.default_rng(self._config.seed)
            for one, other in draw.integers(self.split, size=(round(JOINED * self.split), 2)).tolist():
                source = np.concatenate((sources[one][:-1], spaces[0], sources[other]))
                if len(source) <= LONGEST:
                    sources.append(source)
                    lines.append(np.concatenate((lines[one], spaces[1], lines[other])))
        return self._examples(sources, lines)

    def _examples(self, sources: list[NDArray[np.uint16]], lines: list[NDArray[np.uint16]]) -> Examples:
        newlines = (corpus.vocabulary.token("\n") for corpus in (self._pairs.sources, self._pairs.targets))
        told, seed = TextSources(sources, next(newlines), self._device), self._config.seed
        return Examples(told, lines, size=self._size, newline=next(newlines), seed=seed, device=self._device)


def task_of_pairs(
    pairs: Pairs, config: TrainingConfig, fabric: Fabric, network: ConditionedNetwork | None = None
) -> SourceTask:
    """``pairs`` to learn from; ``network`` is what to start from instead of a new one."""
    if (split := pairs.targets.split) < config.batch * config.window:
        raise SettingError(
            f"an update writes {config.batch:,} x {config.window:,} characters, and there are {split:,} to train on; expected "
            "no more than those: give more pairs, or a smaller --batch or --window"
        )
    examples, vocabulary = PairExamples(pairs, config, fabric.device), pairs.sources.vocabulary
    kept = examples.held_out(VALIDATED)
    training = examples.training()
    return SourceTask(
        training,
        examples.of(kept),
        pairs.targets.vocabulary,
        config,
        fabric,
        source=source_of(pairs),
        told=[examples.source(number) for number in kept],
        about=(
            f"{examples.split:,} pairs, {pairs.held_out:,} kept for validation: "
            f"{pairs.sources.characters:,} characters of {len(vocabulary)} kinds, and about them "
            f"{pairs.targets.characters:,} of {len(pairs.targets.vocabulary)}\n"
        ),
        corpus={**pairs.targets.facts(), "sources_sha256": pairs.sources.sha256, "pairs": examples.split},
        network=network,
    )
