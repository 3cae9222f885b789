"""How much of a project is counted, as an editor shows it: ``$/progress`` of LSP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

if TYPE_CHECKING:
    from pygls.lsp.server import LanguageServer

    from rnncomplete.editors.project import Project


class Progress:
    """Shows it in the editor of ``server``, if that wants to hear of it."""

    def __init__(self, server: LanguageServer) -> None:
        self._server = server
        self._announced: dict[str, bool] = {}
        """Of each progress that the editor has not answered for yet, whether there still is one."""

    def show(self, project: Project, style: str, share: float | None) -> None:
        """So much of a project is counted for a style, from 0 to 1; ``None`` at the end."""
        window = self._server.client_capabilities.window
        if window is None or not window.work_done_progress:
            return
        token = f"rnncomplete {project.root} {style}"
        progress = self._server.work_done_progress
        if share is None:
            if token in self._announced:
                self._announced[token] = False
            if progress.tokens.pop(token, None) is not None:
                progress.end(token, types.WorkDoneProgressEnd())
        elif token in progress.tokens:
            progress.report(token, types.WorkDoneProgressReport(percentage=int(100 * share)))
        else:

            def begin(_: object) -> None:
                if self._announced.pop(token):
                    title = f"rnncomplete reads {project.root.name}"
                    progress.begin(token, types.WorkDoneProgressBegin(title=title, message=style, percentage=0))
                else:  # the count had ended before the editor answered
                    progress.tokens.pop(token, None)

            if token not in self._announced:
                progress.create(token, begin)
            self._announced[token] = True
