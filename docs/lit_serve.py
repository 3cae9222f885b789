"""Many people on one machine: replicas behind LitServe, each of which answers up to 64 texts with the same steps.

    pip install 'rnncomplete[cluster]'
    python docs/lit_serve.py python --replicas 2
    curl -s 127.0.0.1:8000/infill -d '{"input_prefix":"for i in ra","input_suffix":"","document":"a.py"}'

What a text has taught stays with the replica that answered for it: the entrance sends a document where it was before, and
to another replica when that one is lost, where the text is read anew. A request whose replica dies is asked again, so that
none is lost; the replica is started again. LitServe gathers the requests that have come meanwhile into a batch, and
`Together` takes the steps of all of them in one call of the network.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
import subprocess
import sys
import time
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import click
import httpx
import litserve
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request  # noqa: TC002 - Starlette reads annotations when it runs
from starlette.responses import Response
from starlette.routing import Route

from rnncomplete.completion.completer import Completer
from rnncomplete.completion.installing import read_memory
from rnncomplete.editors.desk import Asked, Desk
from rnncomplete.editors.gate import Gate
from rnncomplete.editors.http import listen
from rnncomplete.editors.style_choice import StyleChoice
from rnncomplete.editors.wire import dump, infill_answer, read_infill
from rnncomplete.network.loading import load_network
from rnncomplete.network.together import Together
from rnncomplete.settings import load_settings
from rnncomplete.styles import find_style

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

MOST_TOGETHER = 64
"""Texts in one call of the network."""

TRIES = 50
"""How often a request is asked whose replica is lost, a tenth of a second apart."""

PATIENCE = 60.0
"""Seconds after which a replica that says nothing is lost; a long text takes some when it is read for the first time."""


class Ghosts(litserve.LitAPI):  # type: ignore[misc] # LitServe has no types
    """One network, and the documents of those who are sent here."""

    def __init__(self, style: str) -> None:
        super().__init__(max_batch_size=MOST_TOGETHER, batch_timeout=0.001, api_path="/infill")
        self._style = style

    def setup(self, device: str) -> None:  # noqa: ARG002 - the CPU is what takes steps of many texts
        """Load the network, in the process that completes."""
        folder = find_style(self._style)
        model = load_network(folder, "cpu")
        self._together = Together(model)
        completer = Completer(self._together.model, memory=read_memory(folder, model.card), document_bytes=512 * 2**20)
        choice = StyleChoice(load_settings({}), self._style)
        self._desk = Desk(lambda _styles: completer, choice.styles_for, choice.why_off)

    def decode_request(self, request):  # type: ignore[no-untyped-def] # noqa: D102 - LitServe goes by the annotation: none is JSON
        return request

    def predict(self, batch: Sequence[dict[str, Any]] | dict[str, Any]) -> list[Any]:
        """The answers to all of ``batch``; of one document one after another."""
        bodies = [batch] if isinstance(batch, dict) else list(batch)
        answers: list[Any] = [None] * len(bodies)
        left = dict(enumerate(bodies))
        while left:
            turn = {str(body.get("document")): number for number, body in reversed(left.items())}.values()
            found = self._together.run([partial(self._answer, left.pop(number)) for number in turn])
            for number, answer in zip(turn, found, strict=True):
                answers[number] = {"error": str(answer)} if isinstance(answer, Exception) else answer
        return answers

    def encode_response(self, output: Any) -> Any:
        """The answer as it is."""
        return output

    def _answer(self, body: dict[str, Any]) -> Any:
        began = time.perf_counter()
        asked: Asked = read_infill(body)
        *_, ghosts = [[], *self._desk.answer(asked, lambda: True)]
        return infill_answer(body, ghosts, seconds=time.perf_counter() - began, style=self._style)


class Entrance:
    """Sends each document to its replica, and starts those again that are lost."""

    def __init__(self, style: str, replicas: int, port: int) -> None:
        self._style = style
        self._ports = [port + 1 + number for number in range(replicas)]
        self._running: dict[int, subprocess.Popen[bytes]] = {}
        self._client = httpx.AsyncClient(timeout=PATIENCE)

    def start(self) -> None:
        """Start the replicas that do not run."""
        for port in self._ports:
            if port not in self._running or self._running[port].poll() is not None:
                self.stop(port)
                command = [sys.executable, __file__, self._style, "--port", str(port), "--replicas", "0"]
                self._running[port] = subprocess.Popen(
                    command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
                )

    def stop(self, port: int) -> None:
        """End what is left of a replica: LitServe has several processes, and each may be lost alone."""
        if port in self._running:
            with suppress(ProcessLookupError):
                os.killpg(self._running[port].pid, signal.SIGKILL)
            self._running[port].wait()

    @asynccontextmanager
    async def running(self, _: Starlette) -> AsyncIterator[None]:
        """The replicas, from the start of the entrance to its end."""

        async def watch() -> None:
            while True:
                self.start()
                await asyncio.sleep(0.5)

        watching = asyncio.create_task(watch())
        yield
        watching.cancel()
        for port in self._ports:
            self.stop(port)

    async def infill(self, request: Request) -> Response:
        """Answer one request; while its replica is lost another one does."""
        data, body = await request.body(), await request.json()
        document = str(body.get("document"))
        for turn in range(TRIES):
            port = self._port_of(document, turn)
            try:
                answer = await self._client.post(f"http://127.0.0.1:{port}/infill", content=data, headers=_JSON)
            except httpx.TransportError:
                await asyncio.sleep(0.1)
                continue
            if answer.status_code < 500:
                return Response(dump(answer.json()), answer.status_code, media_type="application/json")
        return Response(status_code=503)

    def _port_of(self, document: str, turn: int) -> int:
        """The replicas in an order that is each document's own (rendezvous hashing), the next one at every ``turn``."""
        order = sorted(self._ports, key=lambda port: hashlib.sha256(f"{port} {document}".encode()).digest())
        return order[turn % len(order)]


_JSON = {"content-type": "application/json"}


@click.command()
@click.argument("style")
@click.option("--replicas", default=2, show_default=True, help="0: be one.")
@click.option("--port", default=8000, show_default=True)
def main(style: str, replicas: int, port: int) -> None:
    """Serve ghosts in STYLE to many people."""
    if not replicas:
        litserve.LitServer(Ghosts(style), accelerator="cpu", restart_workers=True).run(
            host="127.0.0.1", port=port, generate_client_file=False, log_level="error"
        )
        return
    entrance = Entrance(style, replicas, port)
    app = Starlette(routes=[Route("/infill", entrance.infill, methods=["POST"])], lifespan=entrance.running)
    config = uvicorn.Config(Gate(app), log_level="error", access_log=False)
    uvicorn.Server(config).run(sockets=[listen(port)])


if __name__ == "__main__":
    main()
