"""Which styles the texts of a server may be written in, and their completers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rnncomplete.editors.preferences import Preferences
from rnncomplete.network.loading import styles_of_texts
from rnncomplete.styles import AUTO, is_installed, list_styles

if TYPE_CHECKING:
    from rnncomplete.completion.completes import Completes
    from rnncomplete.settings import Settings

Styles = tuple[str, ...]

DOCUMENT_BYTES = 512 * 2**20
"""Bytes that what is known of all texts in a style may take: some fifty texts, of 10 MB each."""


class StyleChoice:
    """Completers by ``settings``; ``style`` is that of all texts, ``None`` where the language of each decides.

    What is known of the texts in each style takes at most ``document_bytes``; those not used for longest are read again.
    Patterns of files to ignore begin at ``root``, the folder that the settings hold in.
    """

    def __init__(
        self,
        settings: Settings,
        style: str | None = None,
        *,
        document_bytes: int = DOCUMENT_BYTES,
        root: Path | None = None,
    ) -> None:
        self._root = root or Path.cwd()
        self._document_bytes = document_bytes
        self._settings = settings
        self._style = style
        self._installed = tuple(styles_of_texts())
        self._preferences = Preferences(
            styles=settings.all["styles"].value,
            off=frozenset(name.lower() for name in settings.all["off"].value),
            ignore=settings.all["ignore"].value,
        )

    @property
    def names(self) -> list[str]:
        """What clients may ask for as a model."""
        return [self._style] if self._style not in (None, AUTO) else [AUTO, *(item.name for item in list_styles())]

    def styles_for(self, language: str, model: str | None) -> Styles:
        """The styles that a text of ``language`` may be written in, or the one that is asked for as ``model``."""
        if self._style not in (None, AUTO):
            return (str(self._style),)
        if model and is_installed(model):
            return (model,)
        return (
            self._installed
            if AUTO in (self._style, model)
            else self._preferences.candidates(language, frozenset(self._installed))
        )

    def why_off(self, path: str, language: str) -> str | None:
        """Why there are no ghosts in the file ``path``; ``None`` if there are."""
        here = Path(path)
        inside = here.relative_to(self._root).as_posix() if here.is_relative_to(self._root) else path
        return self._preferences.why_off(path, inside, language)

    def load(self, styles: Styles) -> Completes:
        """A completer that has ``styles`` to choose from; it learns what the settings name, in the background."""
        from rnncomplete.completion.auto import AutoCompleter
        from rnncomplete.completion.completer import load_completer
        from rnncomplete.completion.learning_job import Study
        from rnncomplete.network.loading import load_network
        from rnncomplete.styles import find_style

        device, decoding = self._settings.device, self._settings.decoding
        completer: Completes
        if len(styles) == 1:
            completer = load_completer(styles[0], device, document_bytes=self._document_bytes, **decoding)
        else:
            completer = AutoCompleter(
                styles,
                lambda name: load_completer(name, device, document_bytes=self._document_bytes, **decoding),
                lambda name: load_network(find_style(name), device),
            )
        if self._settings.learn_from:
            Study(self._settings.learn_from, lambda: None).start(lambda: completer)
        return completer
