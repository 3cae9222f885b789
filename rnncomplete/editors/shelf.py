"""The styles that are in use: each network and its memory are loaded once, whoever completes with them."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from rnncomplete.completion.completer import Completer
from rnncomplete.completion.decoder import DecoderOptions
from rnncomplete.completion.installing import read_memory
from rnncomplete.errors import StyleError
from rnncomplete.network.loading import load_network, styles_of_texts
from rnncomplete.styles import ENCODER, find_style

if TYPE_CHECKING:
    from rnncomplete.completion.file_memory import Learned
    from rnncomplete.mixing.memory import CorpusMemory
    from rnncomplete.network.model import Model

DOCUMENT_BYTES = 64 * 2**20
"""Bytes that what is known of all open texts of a style may take."""


class Shelf:
    """Styles by name. Safe to share among threads."""

    def __init__(self, device: str = "auto") -> None:
        self.device = device
        self._lock = threading.Lock()
        self._networks: dict[str, Model] = {}
        self._memories: dict[str, CorpusMemory | None] = {}
        self._installed: frozenset[str] | None = None

    @property
    def installed(self) -> frozenset[str]:
        """Names of all styles that texts may be written in."""
        if self._installed is None:
            self._installed = frozenset(styles_of_texts())
        return self._installed

    @property
    def loaded(self) -> list[str]:
        """Those in use."""
        return sorted(self._networks)

    @staticmethod
    def has_source(name: str) -> bool:
        """Whether what is written in the style called ``name``, if there is one, is about a source."""
        try:
            return (find_style(name) / ENCODER).exists()
        except StyleError:  # none, or removed since the text was opened
            return False

    def network(self, name: str) -> Model:
        """The network called ``name`` alone; raises :class:`~rnncomplete.errors.RnncompleteError`."""
        with self._lock:
            if name not in self._networks:
                self._networks[name] = load_network(find_style(name), self.device)
            return self._networks[name]

    def style(self, name: str) -> tuple[Model, CorpusMemory | None]:
        """The network called ``name`` and its memory; raises as :meth:`network` does."""
        model = self.network(name)
        with self._lock:
            if name not in self._memories:
                self._memories[name] = read_memory(find_style(name), model.card)
            return model, self._memories[name]

    def completer(self, name: str, learned: Learned | None = None) -> Completer:
        """A completer of the style that knows what was ``learned``; raises as :meth:`style` does."""
        model, memory = self.style(name)
        options = DecoderOptions(threshold=model.card.threshold)
        return Completer(model, options, memory=memory, learned=learned, document_bytes=DOCUMENT_BYTES)
