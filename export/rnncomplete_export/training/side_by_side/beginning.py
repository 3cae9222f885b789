"""What a network of a plan begins with: nothing, an installed style, or a checkpoint of an earlier training."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnncomplete.errors import CheckpointError, ModelError, SettingError
from rnncomplete.files import true_path
from rnncomplete.text.vocabulary import UNKNOWN
from rnncomplete_export.checkpoint import load_checkpoint, vocabulary_of
from rnncomplete_export.training.configuration import TrainingConfig
from rnncomplete_export.training.inheritance import inherit_config, inherit_network, read_base
from rnncomplete_export.training.side_by_side.parameters import LAYERS, NAMES, PADDED, row_of

if TYPE_CHECKING:
    from torch import Tensor

    from rnncomplete.text.vocabulary import Vocabulary
    from rnncomplete_export.checkpoint import Checkpoint
    from rnncomplete_export.texts.corpus import Corpus
    from rnncomplete_export.training.side_by_side.parameters import Shape


@dataclass(frozen=True)
class Beginning:
    """Where weights are from."""

    vocabulary: Vocabulary
    """Of the network there; all of it is in that of the new one."""
    source: str
    checkpoint: Checkpoint | None = None
    """What is in that file; ``None`` of a style."""

    @property
    def name(self) -> str:
        """For the card: of the style, or of the folder of the training."""
        path = Path(self.source)
        return true_path(path).parent.name if self.checkpoint else path.name

    @classmethod
    def of(cls, source: str) -> Beginning:
        """What is in ``source``; raises :class:`CheckpointError`, ``StyleError`` or :class:`ModelError` if nothing is."""
        if not Path(source).is_file():
            return cls(read_base(source).vocabulary, source)
        try:
            checkpoint = load_checkpoint(Path(source))
            return cls(vocabulary_of(checkpoint.facts), source, checkpoint)
        except (KeyError, TypeError, ModelError):
            raise CheckpointError(f"{source} holds no vocabulary; expected what `rnncomplete train` writes") from None

    def row(self, corpus: Corpus, shape: Shape) -> tuple[Tensor, dict[str, Any] | None]:
        """The weights in the characters of ``corpus``, float[P], and for the card what the training before was.

        The latter only of a style that learned the same text. Raises :class:`SettingError` if they are of another shape.
        """
        try:
            if self.checkpoint:
                return self._from_checkpoint(self.checkpoint, corpus, shape), None
            return self._from_style(corpus, shape)
        except (KeyError, TypeError, RuntimeError, IndexError) as error:
            raise SettingError(
                f"{self.source} has not the shape of the plan ({str(error).splitlines()[0]}); expected {LAYERS} layers of "
                f"{shape.hidden} units with skips and an embedding of {shape.embedding}"
            ) from None

    def _from_style(self, corpus: Corpus, shape: Shape) -> tuple[Tensor, dict[str, Any] | None]:
        base = read_base(self.source)
        wanted = TrainingConfig(hidden_size=shape.hidden, embedding_size=shape.embedding, layers=LAYERS, skip=True)
        config = inherit_config(wanted, base, {"hidden_size", "layers", "skip", "embedding_size"})
        return row_of(inherit_network(base, corpus.vocabulary, config, shape.labels).state_dict(), shape), base.earlier(
            corpus
        )

    def _from_checkpoint(self, checkpoint: Checkpoint, corpus: Corpus, shape: Shape) -> Tensor:
        state = checkpoint.part("average")
        rows = [UNKNOWN, *(self.vocabulary.token(character) for character in corpus.vocabulary.characters[1:])]
        for name in PADDED:
            state[NAMES[name]] = state[NAMES[name]][rows]
        return row_of(state, shape).float()
