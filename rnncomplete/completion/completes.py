"""What the programs need of a completer, whatever stands in for one: a style's, one that chooses among styles, a test's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
    from pathlib import Path

    from rnncomplete.completion.completer import Completer
    from rnncomplete.completion.decoder import DecoderOptions, Ghost
    from rnncomplete.completion.file_memory import Learned
    from rnncomplete.completion.sources import Source
    from rnncomplete.network.card import Card


class OpenDocument(Protocol):
    """One text that ghosts are made for; see :class:`~rnncomplete.completion.document.Document`."""

    def grow(
        self, before: str, wanted: Callable[[], bool], options: DecoderOptions | None = None, supposed: str = ""
    ) -> Iterator[Ghost]:
        """Growing ghosts after ``before`` and what is only ``supposed`` behind it."""

    def insist(self, before: str, wanted: Callable[[], bool]) -> Ghost:
        """The ghost after ``before``, or where nothing is likely enough a word."""

    def readout(self, before: str, wanted: Callable[[], bool]) -> tuple[str, float] | None:
        """The likeliest label of ``before``, if the style tells labels; asked of those only."""

    def alternatives(
        self,
        before: str,
        count: int,
        wanted: Callable[[], bool],
        options: DecoderOptions | None = None,
        supposed: str = "",
    ) -> Sequence[Ghost]:
        """Several ghosts after ``before`` and what is only ``supposed`` behind it, the likeliest first."""


class Completes(Protocol):
    """Whatever opens documents and completes them; see :class:`~rnncomplete.completion.completer.Completer`."""

    options: DecoderOptions
    """When a ghost ends, in all documents."""

    @property
    def current(self) -> Completer:
        """That of the one style in which ghosts are made now."""

    @property
    def card(self) -> Card:
        """The facts about the style."""

    @property
    def device(self) -> str:
        """What it really runs on."""

    @property
    def note(self) -> str | None:
        """Why it does not run as it was asked to, in one line."""

    @property
    def learned(self) -> Learned | None:
        """What files have taught."""

    def open(self, document: Hashable = None, source: Source | None = None) -> OpenDocument:
        """The document of that name, from now on about ``source`` unless that is ``None``."""

    def close(self, document: Hashable = None) -> None:
        """Forget the document of that name."""

    def learn_files(
        self,
        paths: Iterable[Path],
        *,
        progress: Callable[[int, int], None],
        skipped: Callable[[str], None],
        wanted: Callable[[], bool],
    ) -> Learned | None:
        """Learn from the texts among ``paths``, in place of what was learned so before."""

    def forget_files(self) -> None:
        """Go on without what files have taught."""
