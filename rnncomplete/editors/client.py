"""An editor without a window, for tests and measurements: it starts a server and speaks to it in step.

Messages are written by hand, as editors write them, and not by the library that reads them in the server.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

PATIENCE = 60.0
"""Seconds until a server that says nothing has failed; nothing is measured by it."""

INVOKED, AUTOMATIC = 1, 2


class Client:
    """Speaks with ``rnncomplete lsp`` in a process of its own."""

    def __init__(self, *arguments: str, environment: dict[str, str] | None = None) -> None:
        command = [sys.executable, "-m", "rnncomplete", "lsp", *arguments]
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=os.environ | (environment or {}),
        )
        if self.process.stdin and self.process.stdout:
            self.connect(self.process.stdin, self.process.stdout)

    def connect(self, to_server: IO[bytes], from_server: IO[bytes]) -> None:
        """Speak over these from now on."""
        self._out, self._in = to_server, from_server
        self._number = 0
        self._answers: dict[int, dict[str, Any]] = {}
        self._news: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self.notifications: list[dict[str, Any]] = []
        self.settings: Any = None
        """What is answered when the server asks."""
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        while header := self._in.readline():
            length = int(header.split(b":")[1])
            while self._in.readline().strip():
                pass
            self._news.put(json.loads(self._in.read(length)))
        self._news.put(None)

    def send(self, method: str, params: Any = None, number: int | None = None) -> None:
        """A notification, or with a ``number`` a request."""
        message = {"jsonrpc": "2.0", "method": method, "params": params}
        self._write(message | ({} if number is None else {"id": number}))

    def _write(self, message: dict[str, Any]) -> None:
        body = json.dumps(message).encode()
        self._out.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self._out.flush()

    def begin(self, method: str, params: Any = None) -> int:
        """Send a request; its number."""
        self._number += 1
        self.send(method, params, self._number)
        return self._number

    def end(self, number: int) -> dict[str, Any]:
        """The whole answer to the request of that ``number``."""
        while number not in self._answers:
            self._step()
        return self._answers.pop(number)

    def request(self, method: str, params: Any = None) -> Any:
        """The result of a request."""
        answer = self.end(self.begin(method, params))
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    def until(self, method: str, **wanted: Any) -> dict[str, Any]:
        """The parameters of the next notification ``method``."""
        while True:
            for place, found in enumerate(self.notifications):
                if found["method"] == method and all(found["params"].get(key) == wanted[key] for key in wanted):
                    del self.notifications[: place + 1]
                    params: dict[str, Any] = found["params"]
                    return params
            self._step()

    def _step(self) -> None:
        message = self._news.get(timeout=PATIENCE)
        if message is None:
            raise RuntimeError(f"the server has ended: {self.errors()}")
        if "method" not in message:
            self._answers[message["id"]] = message
        elif "id" in message:
            result = [self.settings] if message["method"] == "workspace/configuration" else None
            self._write({"jsonrpc": "2.0", "id": message["id"], "result": result})
            self.notifications.append(message)
        else:
            self.notifications.append(message)

    def errors(self) -> str:
        """What the server has said on stderr; it must have ended."""
        self.process.wait(PATIENCE)
        return self.process.stderr.read().decode() if self.process.stderr else ""

    def initialize(
        self, root: Path | None = None, encoding: str = "utf-16", options: Any = None, **capabilities: Any
    ) -> dict[str, Any]:
        """Say hello; the server's capabilities."""
        folders = [{"uri": root.as_uri(), "name": root.name}] if root else None
        result = self.request(
            "initialize",
            {
                "processId": None,
                "rootUri": root.as_uri() if root else None,
                "workspaceFolders": folders,
                "initializationOptions": {"budget_ms": 60_000} | (options or {}),
                "capabilities": {"general": {"positionEncodings": [encoding]}, **capabilities},
            },
        )
        self.send("initialized", {})
        found: dict[str, Any] = result["capabilities"]
        return found

    def open(self, uri: str, language: str, text: str) -> None:
        """A text is open."""
        item = {"uri": uri, "languageId": language, "version": 1, "text": text}
        self.send("textDocument/didOpen", {"textDocument": item})

    def change(  # noqa: PLR0917 - as the protocol has them, in order
        self, uri: str, version: int, line: int, column: int, text: str, end: tuple[int, int] | None = None
    ) -> None:
        """``text`` is typed at a place, or stands in place of what was up to ``end``."""
        last = end or (line, column)
        span = {
            "start": {"line": line, "character": column},
            "end": {"line": last[0], "character": last[1]},
        }
        self.send(
            "textDocument/didChange",
            {"textDocument": {"uri": uri, "version": version}, "contentChanges": [{"range": span, "text": text}]},
        )

    def ask(self, uri: str, line: int, column: int, kind: int = AUTOMATIC, selected: Any = None) -> int:
        """Ask for ghosts; the number of the request."""
        context = {"triggerKind": kind} | ({"selectedCompletionInfo": selected} if selected else {})
        position = {"line": line, "character": column}
        return self.begin(
            "textDocument/inlineCompletion", {"textDocument": {"uri": uri}, "position": position, "context": context}
        )

    def ghosts(
        self, uri: str, line: int, column: int, kind: int = AUTOMATIC, selected: Any = None
    ) -> list[dict[str, Any]]:
        """The items offered at a place."""
        answer = self.end(self.ask(uri, line, column, kind, selected))
        if set(answer.get("result") or ()) != {"items"} or not all(item["range"] for item in answer["result"]["items"]):
            raise RuntimeError(f"an answer of another shape: {answer}")
        items: list[dict[str, Any]] = answer["result"]["items"]
        return items

    def command(self, name: str, *arguments: Any) -> Any:
        """The result of a command."""
        return self.request(
            "workspace/executeCommand", {"command": f"rnncomplete.{name}", "arguments": list(arguments)}
        )

    def close(self) -> int:
        """Say goodbye; the exit code."""
        if self.process.poll() is None:
            self.request("shutdown")
            self.send("exit")
        code = self.process.wait(PATIENCE)
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream:
                stream.close()
        return code
