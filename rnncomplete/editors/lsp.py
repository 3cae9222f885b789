"""A language server: ``textDocument/inlineCompletion`` of LSP 3.18, over stdin and stdout or the loopback.

The one module that knows pygls. Texts are kept here by our own :mod:`rnncomplete.editors.positions`, since pygls takes form
feeds for line ends. An answer is always ``{"items": [...]}`` and every item has a range: Neovim 0.12 and lsp-mode
stumble over anything else.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import sys
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
from rnncomplete.editors.log import LOG
from rnncomplete.editors.positions import Text
from rnncomplete.editors.preferences import SECTION, read_preferences
from rnncomplete.editors.project import Project
from rnncomplete.editors.shelf import Shelf
from rnncomplete.editors.status import status_of
from rnncomplete.editors.study import Study
from rnncomplete.editors.texts import Ask, OpenText, Texts
from rnncomplete.files import at_home, true_path
from rnncomplete.styles import AUTO, is_installed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

COUNT_AFTER = 2.0
"""Seconds after the last file was saved until the project is counted again."""


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
        self._server.cells[params.notebook_document.uri] = [cell.document for cell in params.notebook_document.cells]
        for cell in params.cell_text_documents:
            self._server.open(cell, inside=params.notebook_document.uri)

    @lsp_method(types.NOTEBOOK_DOCUMENT_DID_CHANGE)
    def lsp_notebook_document__did_change(self, params: types.DidChangeNotebookDocumentParams) -> None:
        """Cells of a notebook have changed, come or gone."""
        notebook, changes = params.notebook_document.uri, params.change.cells
        if changes is None:
            return
        if (structure := changes.structure) is not None:
            array, order = structure.array, self._server.cells.setdefault(notebook, [])
            order[array.start : array.start + array.delete_count] = [cell.document for cell in array.cells or ()]
            for opened in structure.did_open or ():
                self._server.open(opened, inside=notebook)
            for closed in structure.did_close or ():
                self._server.close(closed.uri)
        for changed in changes.text_content or ():
            self._server.change(changed.document, changed.changes)

    @lsp_method(types.NOTEBOOK_DOCUMENT_DID_CLOSE)
    def lsp_notebook_document__did_close(self, params: types.DidCloseNotebookDocumentParams) -> None:
        """A notebook is not open any more."""
        self._server.cells.pop(params.notebook_document.uri, None)
        for cell in params.cell_text_documents:
            self._server.close(cell.uri)


class GhostServer(LanguageServer):
    """One editor's server. ``flags`` are the options of the command."""

    def __init__(self, flags: Mapping[str, Any]) -> None:
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
        self.flags = dict(flags)
        self.said: dict[str, Any] = {}
        """The editor's settings."""
        self.chosen: dict[str, Any] = {}
        """What commands have set since."""
        preferences = read_preferences({}, flags=flags)
        self.texts = Texts(Shelf(preferences.device), preferences)
        self.study = Study(self.texts.shelf, self._counted)
        self.cells: dict[str, list[str]] = {}
        """The cells of each notebook, in order."""
        self._answers = ThreadPoolExecutor(1, THREAD_NAME)
        self._asked: dict[str, list[bool]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._recount: asyncio.TimerHandle | None = None
        self._saved: set[tuple[Project, str]] = set()
        self._announced: dict[str, bool] = {}
        """Of each progress that the editor has not answered for yet, whether there still is one."""
        _register(self)
        gc.freeze()
        gc.enable()

    @property
    def encoding(self) -> str:
        """In whose units columns are counted."""
        return str(getattr(self.workspace.position_encoding, "value", self.workspace.position_encoding))

    def open(self, item: types.TextDocumentItem, inside: str | None = None) -> None:
        """A text is open now, ``inside`` a notebook."""
        path = to_fs_path(inside or item.uri) or item.uri
        self.close(item.uri)
        text = self.texts.open(item.uri, path, item.language_id, Text(item.text, self.encoding), item.version)
        LOG.info("open %s as %s: %s", path, text.language, text.off or text.style)
        self.count(text)

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
        self.study.somebody_types()
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
            offers = await loop.run_in_executor(self._answers, self.texts.answer, text, ask)
        except asyncio.CancelledError:
            alive[0] = False
            raise
        LOG.info("ask %s:%s %s -> %s %s", place.start.line, place.start.character, text.style, len(offers), text.why)
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
        order = next((cells for cells in self.cells.values() if text.uri in cells), [])
        before = [self.texts.open_texts.get(uri) for uri in order[: order.index(text.uri) if order else 0]]
        parts = [str(cell.text) for cell in before if cell and cell.language == text.language and not cell.off]
        return "".join(part.replace("\r\n", "\n").rstrip("\n") + "\n\n" for part in parts)

    def _give_up(self, uri: str) -> None:
        if (asked := self._asked.get(uri)) is not None:
            asked[0] = False

    # Settings and projects.

    def begin(self, params: types.InitializeParams) -> None:
        """The editor is there."""
        self._loop = asyncio.get_running_loop()
        self.said = _section(params.initialization_options)
        self.find_projects()

    def find_projects(self) -> None:
        """Look which folders are open, and what is wanted in them."""
        folders = [folder.uri for folder in self.workspace.folders.values()] or [self.workspace.root_uri or ""]
        paths = [Path(path) for uri in folders if uri and (path := to_fs_path(uri))]
        known = {project.root: project for project in self.texts.projects}
        # A home or a whole disk is not a project, whatever it is called.
        home = true_path(at_home("~"))
        roots = [path for path in paths if path.is_dir() and true_path(path) not in (home, Path(path.anchor))]
        self.texts.projects = [known.get(root) or Project(root, self.texts.preferences) for root in roots]
        self.configure(self.said)

    def configure(self, said: Mapping[str, Any]) -> None:
        """The editor's settings are these."""
        self.said = dict(said)
        roots: list[Path | None] = [project.root for project in self.texts.projects]
        first, *others = (read_preferences(self.said | self.chosen, root, self.flags) for root in roots or [None])
        preferences = first.switched_off_by(others)
        for problem in preferences.problems:
            if problem not in self.texts.preferences.problems:
                LOG.info("problem: %s", problem)
                self.window_log_message(types.LogMessageParams(types.MessageType.Warning, problem))
        self.texts.reconsider(preferences)
        for text in self.texts.open_texts.values():
            self.count(text)

    def count(self, text: OpenText) -> None:
        """Let the project of ``text`` be counted for its style, if that was not done."""
        if text.project is not None and self.texts.preferences.learn and not text.off:
            for style in text.candidates[:2]:
                if style not in text.project.learned:
                    self.study.send(text.project, style)

    def saved(self, path: Path) -> None:
        """A file is another one on the disk: in a while its project is counted again."""
        for project in self.texts.projects:
            if path.is_relative_to(project.root):
                self._saved |= {(project, style) for style in project.styles_of(path, self.texts.shelf.installed)}
        if self._recount is not None:
            self._recount.cancel()
        if self._saved:
            self._recount = asyncio.get_running_loop().call_later(COUNT_AFTER, self._count_saved)

    def _count_saved(self) -> None:
        for project, style in self._saved:
            if style in project.learned:
                self.study.send(project, style)
        self._saved.clear()

    def _counted(self, project: Project, style: str, share: float | None) -> None:
        """Called in the thread of the study."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._show_progress, project, style, share)

    def _show_progress(self, project: Project, style: str, share: float | None) -> None:
        window = self.client_capabilities.window
        if window is None or not window.work_done_progress:
            return
        token = f"rnncomplete {project.root} {style}"
        progress = self.work_done_progress
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

    def end(self) -> None:
        """The editor is gone."""
        self.texts.end()
        self.study.end()
        self._answers.shutdown(wait=False, cancel_futures=True)


def _section(value: Any) -> dict[str, Any]:
    """Our settings, whether an editor sends them alone or under their name."""
    inner = value.get(SECTION, value) if isinstance(value, dict) else None
    return dict(inner) if isinstance(inner, dict) else {}


def _register(server: GhostServer) -> None:
    """What ``server`` answers."""

    @server.feature(types.INITIALIZE)
    def initialize(params: types.InitializeParams) -> None:
        server.begin(params)

    @server.feature(types.INITIALIZED)
    async def initialized(_: types.InitializedParams) -> None:
        await _pull(server)

    @server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)
    async def changed(params: types.DidChangeConfigurationParams) -> None:
        if params.settings:
            server.configure(_section(params.settings))
        else:
            await _pull(server)

    @server.feature(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)
    def folders(_: types.DidChangeWorkspaceFoldersParams) -> None:
        server.find_projects()

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    def saved(params: types.DidSaveTextDocumentParams) -> None:
        if path := to_fs_path(params.text_document.uri):
            server.saved(Path(path))

    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def watched(params: types.DidChangeWatchedFilesParams) -> None:
        for change in params.changes:
            if path := to_fs_path(change.uri):
                server.saved(Path(path))

    @server.feature(types.TEXT_DOCUMENT_INLINE_COMPLETION, types.InlineCompletionOptions())
    async def inline(params: types.InlineCompletionParams) -> types.InlineCompletionList:
        return await server.answer(params)

    @server.feature(types.SHUTDOWN)
    def shutdown(*_: object) -> None:
        server.end()

    @server.command("rnncomplete.style")
    def style(*arguments: Any) -> dict[str, Any]:
        name = arguments[0] if arguments and isinstance(arguments[0], str) else AUTO
        if name != AUTO and not is_installed(name):
            return {
                "problem": f"there is no style {name!r}; there are: {', '.join(sorted(server.texts.shelf.installed))}"
            }
        server.chosen["style"] = name
        server.configure(server.said)
        return status_of(server.texts, server.study)

    @server.command("rnncomplete.learn")
    def learn(*_: Any) -> dict[str, Any]:
        server.chosen.pop("learn", None)
        server.configure(server.said)
        for project in server.texts.projects:
            for name in project.learned.keys() | {text.style for text in server.texts.open_texts.values()}:
                server.study.send(project, name)
        return status_of(server.texts, server.study)

    @server.command("rnncomplete.forget")
    def forget(*_: Any) -> dict[str, Any]:
        server.chosen["learn"] = False
        server.configure(server.said)
        for project in server.texts.projects:
            server.study.forget(project)
        return status_of(server.texts, server.study)

    @server.command("rnncomplete.toggle")
    def toggle(*arguments: Any) -> dict[str, Any]:
        server.texts.on = arguments[0] if arguments and isinstance(arguments[0], bool) else not server.texts.on
        return status_of(server.texts, server.study)

    @server.command("rnncomplete.status")
    def status(*arguments: Any) -> dict[str, Any]:
        uri = arguments[0] if arguments and isinstance(arguments[0], str) else None
        return status_of(server.texts, server.study, uri)


async def _pull(server: GhostServer) -> None:
    """Ask the editor for our settings, if it lets us."""
    workspace = server.client_capabilities.workspace
    if workspace is None or not workspace.configuration:
        return
    params = types.ConfigurationParams([types.ConfigurationItem(section=SECTION)])
    try:
        found = await server.workspace_configuration_async(params)
    except Exception as error:  # whatever an editor may answer: what it said at the start holds
        LOG.info("no settings from the editor: %s", one_line(error))
        return
    if found and isinstance(found[0], dict):
        server.configure(server.said | {name: value for name, value in found[0].items() if value is not None})


def _quiet() -> None:
    """Pygls logs whole texts; nobody shall read those."""
    for name in ("pygls", "lsprotocol"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
        logging.getLogger(name).addHandler(logging.NullHandler())


def serve_stdio(flags: Mapping[str, Any]) -> None:
    """Serve the editor that has started us, until it goes."""
    _quiet()
    server = GhostServer(flags)
    # pygls closes what it writes to; and whatever else is printed must not get between its messages.
    channel = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    try:
        server.start_io(stdout=channel)
    finally:
        server.end()


def serve_tcp(flags: Mapping[str, Any], port: int, listening: Callable[[int], None]) -> None:
    """Serve the first editor that comes to the ``port`` of the loopback, until it goes; any other is sent away."""
    _quiet()
    asyncio.run(_serve_tcp(flags, port, listening))


class _Reader:
    """A stream of which the ``first`` line has been read already."""

    def __init__(self, first: bytes, reader: asyncio.StreamReader) -> None:
        self._first, self._reader = first, reader

    async def readline(self) -> bytes:
        first, self._first = self._first, b""
        return first or await self._reader.readline()

    async def readexactly(self, n: int) -> bytes:
        return await self._reader.readexactly(n)


async def _serve_tcp(flags: Mapping[str, Any], port: int, listening: Callable[[int], None]) -> None:
    server, done, taken = GhostServer(flags), asyncio.Event(), False

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal taken
        first = await reader.readline()
        if taken or not first.lower().startswith(b"content-"):  # a web page may send us HTTP, and a message in it
            writer.close()
            return
        taken = True
        server.protocol.set_writer(writer)
        try:
            await run_async(stop_event=threading.Event(), reader=_Reader(first, reader), protocol=server.protocol)
        finally:
            done.set()

    listener = await asyncio.start_server(connected, "127.0.0.1", port)
    listening(listener.sockets[0].getsockname()[1])
    try:
        async with listener:
            await done.wait()
    finally:
        server.end()
