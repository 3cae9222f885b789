"""A language server: ``textDocument/inlineCompletion`` of LSP 3.18.

Texts are kept here by our own :mod:`rnncomplete.editors.positions`, since pygls takes form
feeds for line ends. An answer is always ``{"items": [...]}`` and every item has a range: Neovim 0.12 and lsp-mode
stumble over anything else.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.io_ import run_async
from pygls.lsp.server import LanguageServer
from pygls.protocol import LanguageServerProtocol, lsp_method
from pygls.uris import to_fs_path

from rnncomplete.completion.worker import THREAD_NAME, one_line
from rnncomplete.editors.answers import Ask, answer
from rnncomplete.editors.commands import COMMANDS
from rnncomplete.editors.log import LOG
from rnncomplete.editors.notebooks import Notebooks
from rnncomplete.editors.positions import Text
from rnncomplete.editors.preferences import SECTION
from rnncomplete.editors.progress import Progress
from rnncomplete.editors.status import document_of
from rnncomplete.editors.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pygls.io_ import AsyncReader, AsyncWriter

    from rnncomplete.editors.open_text import OpenText
    from rnncomplete.editors.project import Project


STATUS = "rnncompleteStatus"
"""The experimental capability of a client that shows what ``rnncomplete/status`` tells after each answer."""


class GhostProtocol(LanguageServerProtocol):
    """pygls' protocol with texts of our own."""

    _server: GhostServer

    @lsp_method(types.TEXT_DOCUMENT_DID_OPEN)
    def lsp_text_document__did_open(self, params: types.DidOpenTextDocumentParams) -> None:
        """A text is open."""
        self._server.open(params.text_document)

    @lsp_method(types.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(self, params: types.DidChangeTextDocumentParams) -> None:
        """A text has changed."""
        self._server.change(params.text_document, params.content_changes)

    @lsp_method(types.TEXT_DOCUMENT_DID_CLOSE)
    def lsp_text_document__did_close(self, params: types.DidCloseTextDocumentParams) -> None:
        """A text is not open any more."""
        self._server.close(params.text_document.uri)

    @lsp_method(types.NOTEBOOK_DOCUMENT_DID_OPEN)
    def lsp_notebook_document__did_open(self, params: types.DidOpenNotebookDocumentParams) -> None:
        """A notebook is open."""
        notebook = params.notebook_document
        self._server.notebooks.open(notebook.uri, (cell.document for cell in notebook.cells))
        for cell in params.cell_text_documents:
            self._server.open(cell, inside=params.notebook_document.uri)

    @lsp_method(types.NOTEBOOK_DOCUMENT_DID_CHANGE)
    def lsp_notebook_document__did_change(self, params: types.DidChangeNotebookDocumentParams) -> None:
        """Cells of a notebook have changed, come or gone."""
        notebook, changes = params.notebook_document.uri, params.change.cells
        if changes is None:
            return
        if (structure := changes.structure) is not None:
            array = structure.array
            cells = (cell.document for cell in array.cells or ())
            self._server.notebooks.replace(notebook, array.start, array.delete_count, cells)
            for opened in structure.did_open or ():
                self._server.open(opened, inside=notebook)
            for closed in structure.did_close or ():
                self._server.close(closed.uri)
        for changed in changes.text_content or ():
            self._server.change(changed.document, changed.changes)

    @lsp_method(types.NOTEBOOK_DOCUMENT_DID_CLOSE)
    def lsp_notebook_document__did_close(self, params: types.DidCloseNotebookDocumentParams) -> None:
        """A notebook is not open any more."""
        self._server.notebooks.close(params.notebook_document.uri)
        for cell in params.cell_text_documents:
            self._server.close(cell.uri)


class GhostServer(LanguageServer):
    """One editor's server. ``flags`` are the options of the command."""

    def __init__(self, flags: Mapping[str, Any]) -> None:
        _quiet()
        cells = types.NotebookCellLanguage(language="*")
        super().__init__(
            "rnncomplete",
            version("rnncomplete"),
            protocol_cls=GhostProtocol,
            max_workers=2,
            notebook_document_sync=types.NotebookDocumentSyncOptions(
                notebook_selector=[types.NotebookDocumentFilterWithCells(cells=[cells])]
            ),
        )
        self.opened = Workspace(flags, self)
        self.texts = self.opened.texts
        self.notebooks = Notebooks()
        self._answers = ThreadPoolExecutor(1, THREAD_NAME)
        self._asked: dict[str, list[bool]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._progress = Progress(self)
        _register(self)
        gc.freeze()
        gc.enable()

    @property
    def encoding(self) -> str:
        """In whose units columns are counted."""
        return str(getattr(self.workspace.position_encoding, "value", self.workspace.position_encoding))

    async def speak(self, reader: AsyncReader, writer: AsyncWriter | asyncio.StreamWriter) -> None:
        """Serve who is at the other end of these, until it goes."""
        self.protocol.set_writer(writer)
        await run_async(stop_event=threading.Event(), reader=reader, protocol=self.protocol)

    def begin(self, params: types.InitializeParams) -> None:
        """The editor is there."""
        self._loop = asyncio.get_running_loop()
        self.opened.said = _section(params.initialization_options)
        self.find_folders()

    def find_folders(self) -> None:
        """Look which folders are open."""
        folders = [folder.uri for folder in self.workspace.folders.values()] or [self.workspace.root_uri or ""]
        self.opened.open_folders([Path(path) for uri in folders if uri and (path := to_fs_path(uri))])

    def end(self) -> None:
        """The editor is gone."""
        self.opened.end()
        self._answers.shutdown(wait=False, cancel_futures=True)

    # Texts, and what is offered in them.

    def open(self, item: types.TextDocumentItem, inside: str | None = None) -> None:
        """A text is open now, ``inside`` a notebook."""
        path = to_fs_path(inside or item.uri) or item.uri
        self.close(item.uri)
        text = self.texts.open(item.uri, path, item.language_id, Text(item.text, self.encoding), item.version)
        LOG.info("open %s as %s: %s", path, text.language, text.off or text.style)
        self.opened.count(text)

    def close(self, uri: str) -> None:
        """A text is not open any more: what was asked in it is not wanted."""
        self._give_up(uri)
        self._asked.pop(uri, None)
        self.texts.close(uri)

    def change(
        self, item: types.VersionedTextDocumentIdentifier, changes: list[types.TextDocumentContentChangeEvent] | Any
    ) -> None:
        """A text has changed: what was asked before is not wanted any more."""
        text = self.texts.open_texts.get(item.uri)
        if text is None:
            return
        self._give_up(item.uri)
        self.opened.study.somebody_types()
        for change in changes:
            if isinstance(change, types.TextDocumentContentChangePartial):
                start, end = change.range.start, change.range.end
                text.text.replace((start.line, start.character), (end.line, end.character), change.text)
            else:
                text.text.replace_all(change.text)
        text.version = item.version
        self.texts.touch(text)

    async def answer(self, params: types.InlineCompletionParams) -> types.InlineCompletionList:
        """What to offer at the cursor."""
        uri = params.text_document.uri
        text = self.texts.open_texts.get(uri)
        if text is None:
            return types.InlineCompletionList([])
        self._give_up(uri)
        alive = self._asked[uri] = [True]
        ask, place = self._ask(text, params, lambda: alive[0])
        loop = asyncio.get_running_loop()
        try:
            offers = await loop.run_in_executor(self._answers, answer, self.texts, text, ask)
        except asyncio.CancelledError:
            alive[0] = False
            raise
        LOG.info("ask %s:%s %s -> %s %s", place.start.line, place.start.character, text.style, len(offers), text.why)
        if alive[0]:
            self._tell_status(text)
        items = [types.InlineCompletionItem(insert_text=ask.given + found, range=place) for found in offers]
        return types.InlineCompletionList(items)

    def _ask(
        self, text: OpenText, params: types.InlineCompletionParams, wanted: Callable[[], bool]
    ) -> tuple[Ask, types.Range]:
        """The request, and what its answer replaces."""
        selected = params.context.selected_completion_info
        place = selected.range if selected else types.Range(params.position, params.position)
        content = str(text.text)
        begin = text.text.offset(place.start.line, place.start.character)
        end = text.text.offset(place.end.line, place.end.character)
        asked = params.context.trigger_kind == types.InlineCompletionTriggerKind.Invoked
        before = self._cells_before(text) + content[:begin].replace("\r\n", "\n")
        after = content[max(begin, end) :].replace("\r\n", "\n")
        return Ask(before, after, asked and not selected, selected.text if selected else "", wanted), place

    def _cells_before(self, text: OpenText) -> str:
        """The cells of its notebook before ``text``, those of its language."""
        before = [self.texts.open_texts.get(uri) for uri in self.notebooks.before(text.uri)]
        parts = [str(cell.text) for cell in before if cell and cell.language == text.language and not cell.off]
        return "".join(part.replace("\r\n", "\n").rstrip("\n") + "\n\n" for part in parts)

    def _give_up(self, uri: str) -> None:
        if (asked := self._asked.get(uri)) is not None:
            asked[0] = False

    # What the editor is told by itself.

    def warn(self, problem: str) -> None:
        """Something is wrong with the settings."""
        self.window_log_message(types.LogMessageParams(types.MessageType.Warning, problem))

    def counted(self, project: Project, style: str, share: float | None) -> None:
        """So much of a project is counted; called in another thread."""
        self._soon(self._progress.show, project, style, share)

    def labelled(self, text: OpenText) -> None:
        """A text has another label; called in another thread."""
        self._soon(self._tell_status, text)

    def _soon(self, call: Callable[..., None], *arguments: Any) -> None:
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the editor has gone, and the loop with it
                self._loop.call_soon_threadsafe(call, *arguments)

    def _tell_status(self, text: OpenText) -> None:
        """Tell the editor what there is to say of ``text``, if it can show it."""
        experimental = self.client_capabilities.experimental
        if isinstance(experimental, dict) and experimental.get(STATUS):
            self.protocol.notify("rnncomplete/status", document_of(text))


def _section(value: Any) -> dict[str, Any]:
    """Our settings, whether an editor sends them alone or under their name."""
    inner = value.get(SECTION, value) if isinstance(value, dict) else None
    return dict(inner) if isinstance(inner, dict) else {}


def _register(server: GhostServer) -> None:
    """What ``server`` answers."""
    workspace = server.opened

    @server.feature(types.INITIALIZE)
    def initialize(params: types.InitializeParams) -> None:
        server.begin(params)

    @server.feature(types.INITIALIZED)
    async def initialized(_: types.InitializedParams) -> None:
        await _pull(server)

    @server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)
    async def changed(params: types.DidChangeConfigurationParams) -> None:
        if params.settings:
            workspace.configure(_section(params.settings))
        else:
            await _pull(server)

    @server.feature(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)
    def folders(_: types.DidChangeWorkspaceFoldersParams) -> None:
        server.find_folders()

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    def saved(params: types.DidSaveTextDocumentParams) -> None:
        if path := to_fs_path(params.text_document.uri):
            workspace.saved(Path(path))

    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def watched(params: types.DidChangeWatchedFilesParams) -> None:
        for change in params.changes:
            if path := to_fs_path(change.uri):
                workspace.saved(Path(path))

    @server.feature(types.TEXT_DOCUMENT_INLINE_COMPLETION, types.InlineCompletionOptions())
    async def inline(params: types.InlineCompletionParams) -> types.InlineCompletionList:
        return await server.answer(params)

    @server.feature(types.SHUTDOWN)
    def shutdown(*_: object) -> None:
        server.end()

    def command(run: Callable[[Workspace, Sequence[Any]], dict[str, Any]]) -> Callable[..., dict[str, Any]]:
        def handle(*arguments: Any) -> dict[str, Any]:
            return run(workspace, arguments)

        return handle

    for name, run in COMMANDS.items():
        server.command(f"rnncomplete.{name}")(command(run))


async def _pull(server: GhostServer) -> None:
    """Ask the editor for our settings, if it lets us."""
    about, workspace = server.client_capabilities.workspace, server.opened
    if about is None or not about.configuration:
        return
    params = types.ConfigurationParams([types.ConfigurationItem(section=SECTION)])
    try:
        found = await server.workspace_configuration_async(params)
    except Exception as error:  # whatever an editor may answer: what it said at the start holds
        LOG.info("no settings from the editor: %s", one_line(error))
        return
    if found and isinstance(found[0], dict):
        workspace.configure(workspace.said | {name: value for name, value in found[0].items() if value is not None})


def _quiet() -> None:
    """Pygls logs whole texts; nobody shall read those."""
    for name in ("pygls", "lsprotocol"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
        logging.getLogger(name).addHandler(logging.NullHandler())
