"""A language server that continues texts it was given, for tests of clients: what it is asked stands in a file.

Run as ``python known_text_server.py LOG TEXTS``, with a JSON list of texts; KNOWN_TEXT_DELAY is how many seconds an answer takes, and with KNOWN_TEXT_BUSY it gives up none meanwhile. An invoked request
gets the continuation by every text, an automatic one by the first that has any.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.lsp.server import LanguageServer

if TYPE_CHECKING:
    from collections.abc import Iterator

LOG, TEXTS = sys.argv[1], json.loads(sys.argv[2])
DOCUMENT = {"style": "known", "why": "", "label": {"name": "liked", "share": 0.834}}
BUSY = "KNOWN_TEXT_BUSY" in os.environ
DELAY = float(os.environ.get("KNOWN_TEXT_DELAY", "0"))

server = LanguageServer("known-text", "0", text_document_sync_kind=types.TextDocumentSyncKind.Incremental)


def log(kind: str, **facts: Any) -> None:
    with open(LOG, "a", encoding="utf-8") as file:  # noqa: PTH123 - a path would be no clearer
        file.write(json.dumps({"kind": kind, **facts}) + "\n")


def continuations(before: str) -> Iterator[str]:
    for text in TEXTS:
        known = next((n for n in range(len(before), 1, -1) if before[-n:] in text), 0)
        if known:
            rest = text[text.index(before[-known:]) + known :]
            if rest:
                yield rest


@server.feature(types.TEXT_DOCUMENT_DID_OPEN)
def opened(ls: LanguageServer, params: types.DidOpenTextDocumentParams) -> None:
    log(
        "open",
        uri=params.text_document.uri,
        language=params.text_document.language_id,
        encoding=str(ls.workspace.position_encoding),
    )


@server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)
def configured(ls: LanguageServer, params: types.DidChangeConfigurationParams) -> None:
    log("settings", settings=params.settings["rnncomplete"] if params.settings else None)


@server.feature(types.TEXT_DOCUMENT_INLINE_COMPLETION, types.InlineCompletionOptions())
async def complete(ls: LanguageServer, params: types.InlineCompletionParams) -> types.InlineCompletionList:
    document = ls.workspace.get_text_document(params.text_document.uri)
    before = document.source[: document.offset_at_position(params.position)].replace("\r\n", "\n")
    invoked = params.context.trigger_kind == types.InlineCompletionTriggerKind.Invoked
    log("ask", line=before.rpartition("\n")[2], invoked=invoked)
    if BUSY:
        time.sleep(DELAY)  # it hears of nothing meanwhile
    else:
        await asyncio.sleep(DELAY)
    found = list(continuations(before))
    experimental = ls.client_capabilities.experimental
    if isinstance(experimental, dict) and experimental.get("rnncompleteStatus"):
        ls.protocol.notify("rnncomplete/status", DOCUMENT | {"uri": params.text_document.uri})
    here = types.Range(params.position, params.position)
    return types.InlineCompletionList(
        [types.InlineCompletionItem(text, range=here) for text in (found if invoked else found[:1])]
    )


def answer(command: str) -> None:
    @server.command(f"rnncomplete.{command}")
    def run(*arguments: Any) -> dict[str, Any]:
        log("command", name=command, arguments=[str(argument) for argument in arguments])
        return {"summary": f"{command} was done", "styles": ["known", "strange"], "document": DOCUMENT}


for name in ("style", "learn", "forget", "toggle", "status"):
    answer(name)

if __name__ == "__main__":
    server.start_io()
