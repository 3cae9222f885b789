"""The server on the loopback, as an ASGI application: routes, streams, and what it counts of itself.

Only here and in `gate` is HTTP known. Ghosts are computed in a few threads; a client that goes away gives its ghost up.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from rnncomplete.completion.worker import one_line
from rnncomplete.editors import wire
from rnncomplete.editors.gate import Gate, Rate
from rnncomplete.editors.wire import RequestError, dump, error_body
from rnncomplete.errors import RnncompleteError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    import uvicorn
    from starlette.requests import Request
    from starlette.types import ASGIApp

    from rnncomplete.editors.desk import Asked, Desk

MOST_WAITING = 128
"""Requests that are being answered or wait for it; whoever comes then is told to come back."""

BUCKETS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0)
"""Seconds."""


class Counts:
    """What `/metrics` tells, in the text format of Prometheus. No texts, and nothing of who asked."""

    def __init__(self, documents: Callable[[], int]) -> None:
        self.registry = CollectorRegistry()
        prefix = "rnncomplete"
        self.requests = Counter(f"{prefix}_requests", "Requests answered", ["path", "status"], registry=self.registry)
        self.seconds = Histogram(
            f"{prefix}_seconds", "From a request to its whole answer", buckets=BUCKETS, registry=self.registry
        )
        self.offered = Counter(f"{prefix}_offered_characters", "Characters of ghosts offered", registry=self.registry)
        self.refused = Counter(f"{prefix}_refused", "Requests let in to nothing", ["status"], registry=self.registry)
        self.abandoned = Counter(f"{prefix}_abandoned", "Requests whose client went away", registry=self.registry)
        Gauge(f"{prefix}_documents", "Texts that are known", registry=self.registry).set_function(documents)


class Server:
    """Answers requests by way of ``desk``; ``styles`` are the names that `/v1/models` tells.

    ``problem`` is said by `/health`, and to all who ask, while it is not ``None``.
    """

    def __init__(self, desk: Desk, styles: Sequence[str], *, threads: int | None = None) -> None:
        self.desk = desk
        self.problem: str | None = None
        self.counts = Counts(lambda: desk.documents)
        self._styles = styles
        self._pool = ThreadPoolExecutor(threads or min(4, os.cpu_count() or 1), "rnncomplete-serve")
        self._waiting = 0

    def warm_up(self) -> None:
        """Load the style of texts of which nothing is known, in the background; until then all are told to wait."""
        self.problem = "Loading model"

        def load() -> None:
            try:
                self.desk.warm_up()
                self.problem = None
            except Exception as error:  # whatever a style can bring about: whoever asks must be told
                self.problem = one_line(error)

        self._pool.submit(load)

    def application(self, *, key: str | None = None, per_second: float | None = None) -> ASGIApp:
        """The application behind its gate."""
        post, get = ["POST"], ["GET"]
        routes = [
            Route("/infill", self._counted(self._infill), methods=post),
            Route("/v1/infill", self._counted(self._infill), methods=post),
            Route("/v1/completions", self._counted(self._completions), methods=post),
            Route("/completions", self._counted(self._completions), methods=post),
            Route("/v1/models", self._counted(self._models), methods=get),
            Route("/models", self._counted(self._models), methods=get),
            Route("/health", self._counted(self._health), methods=get),
            Route("/v1/health", self._counted(self._tabby_health), methods=["GET", "POST"]),
            Route("/v1/events", self._counted(_event), methods=post),
            Route("/metrics", self._metrics, methods=get),
        ]
        app = Starlette(routes=routes, exception_handlers={HTTPException: _no_such})
        rate = None if per_second is None else Rate(per_second)
        return Gate(app, key=key, rate=rate, refused=lambda status: self.counts.refused.labels(status).inc())

    def _counted(self, handle: Callable[[Request], Any]) -> Callable[[Request], Any]:
        """``handle`` with its errors said in JSON, and counted."""

        async def counted(request: Request) -> Response:
            try:
                response: Response = await handle(request)
            except RnncompleteError as error:
                status = error.status if isinstance(error, RequestError) else 500
                response = _json(error_body(status, str(error)), status)
            self.counts.requests.labels(request.url.path, response.status_code).inc()
            return response

        return counted

    def _admit(self) -> None:
        """Raise :class:`RequestError` where a ghost cannot be had now."""
        if self.problem is not None:
            raise RequestError(self.problem, 503)
        if self._waiting >= MOST_WAITING:
            raise RequestError(f"{MOST_WAITING} requests wait already; expected fewer, try again in a second", 503)

    async def _infill(self, request: Request) -> Response:
        body = wire.parse(await request.body())
        asked = wire.read_infill(body)
        began = time.perf_counter()
        self._admit()
        if body.get("stream") is True and asked.count == 1:
            return _stream(self._infill_stream(request, body, asked))
        ghosts = await self._last(request, asked)
        seconds = time.perf_counter() - began
        return _json(wire.infill_answer(body, ghosts, seconds=seconds, style=self.desk.style(asked)))

    async def _completions(self, request: Request) -> Response:
        body = wire.parse(await request.body())
        asked = wire.read_completion(body)
        self._admit()
        if body.get("stream") is True and asked.count == 1:
            return _stream(self._completion_stream(request, asked))
        return _json(wire.completion_answer(asked, await self._last(request, asked), style=self.desk.style(asked)))

    async def _infill_stream(self, request: Request, body: dict[str, Any], asked: Asked) -> AsyncIterator[bytes]:
        began, sent = time.perf_counter(), ""
        async for ghosts in self._ghosts(request, asked):
            if len(ghosts[0]) > len(sent) and ghosts[0].startswith(sent):
                part, sent = ghosts[0][len(sent) :], ghosts[0]
                yield _event_line(wire.infill_part(part, sent))
        seconds = time.perf_counter() - began
        yield _event_line(wire.infill_answer(body, [""], seconds=seconds, style=self.desk.style(asked)))

    async def _completion_stream(self, request: Request, asked: Asked) -> AsyncIterator[bytes]:
        head, sent = wire.completion_head(self.desk.style(asked)), ""
        async for ghosts in self._ghosts(request, asked):
            if len(ghosts[0]) > len(sent) and ghosts[0].startswith(sent):
                part, sent = ghosts[0][len(sent) :], ghosts[0]
                yield _event_line(wire.completion_part(head, part))
        yield _event_line(wire.completion_part(head, "", "stop"))
        yield b"data: [DONE]\n\n"

    async def _last(self, request: Request, asked: Asked) -> list[str]:
        """The whole ghosts."""
        last: list[str] = []
        async for ghosts in self._ghosts(request, asked):
            last = ghosts
        return last

    async def _ghosts(self, request: Request, asked: Asked) -> AsyncIterator[list[str]]:
        """Growing ghosts, computed in a thread; given up when the client goes away."""
        began, alive, loop = time.perf_counter(), True, asyncio.get_running_loop()
        news: asyncio.Queue[list[str] | RnncompleteError | None] = asyncio.Queue()

        def tell(what: list[str] | RnncompleteError | None) -> None:
            with contextlib.suppress(RuntimeError):  # the server is going down, and its loop with it
                loop.call_soon_threadsafe(news.put_nowait, what)

        def compute() -> None:
            try:
                for ghosts in self.desk.answer(asked, lambda: alive) if alive else ():
                    tell(ghosts)
            except RnncompleteError as error:
                tell(error)
            except Exception as error:  # whatever a style can bring about: whoever asks must not wait for ever
                tell(RequestError(one_line(error), 500))
            else:
                tell(None)
                if alive:
                    self.desk.reflect(asked)

        self._waiting += 1
        self._pool.submit(compute)
        gone = asyncio.create_task(_gone(request))
        gone.add_done_callback(lambda _: news.put_nowait(None))
        last: list[str] = []
        try:
            while (ghosts := await news.get()) is not None:
                if isinstance(ghosts, RnncompleteError):
                    raise ghosts
                last = ghosts
                yield ghosts
            if gone.done():
                self.counts.abandoned.inc()
        finally:
            alive = False
            gone.cancel()
            self._waiting -= 1
            self.counts.seconds.observe(time.perf_counter() - began)
            self.counts.offered.inc(sum(map(len, last)))

    async def _models(self, _request: Request) -> Response:
        data = [{"id": name, "object": "model", "created": 0, "owned_by": "rnncomplete"} for name in self._styles]
        models = [
            {"name": name, "model": name, "type": "model", "capabilities": ["completion"]} for name in self._styles
        ]
        return _json({"models": models, "object": "list", "data": data})

    async def _health(self, _request: Request) -> Response:
        self._admit()
        return _json({"status": "ok"})

    async def _tabby_health(self, _request: Request) -> Response:
        self._admit()
        cores = os.cpu_count() or 1
        about = {"build_date": "", "build_timestamp": "", "git_sha": "", "git_describe": version("rnncomplete")}
        return _json(
            {
                "model": self._styles[0] if self._styles else "",
                "device": "cpu",
                "arch": "",
                "cpu_info": "",
                "cpu_count": cores,
                "cuda_devices": [],
                "version": about,
            }
        )

    async def _metrics(self, _request: Request) -> Response:
        return Response(generate_latest(self.counts.registry), media_type="text/plain; version=0.0.4; charset=utf-8")


async def _gone(request: Request) -> None:
    """Wait until the client goes away."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _event(request: Request) -> Response:
    """What Tabby's clients tell of accepted ghosts; nothing of it is kept."""
    await request.body()
    return Response(status_code=200)


async def _no_such(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    words = {404: "File Not Found", 405: f"{request.method} is not for this path"}
    return _json(error_body(status, words.get(status, str(error))), status)


def _json(body: object, status: int = 200) -> Response:
    return Response(dump(body), status, media_type="application/json; charset=utf-8")


def _event_line(body: object) -> bytes:
    return b"data: " + dump(body) + b"\n\n"


def _stream(parts: AsyncIterator[bytes]) -> StreamingResponse:
    async def said() -> AsyncIterator[bytes]:
        try:
            async for part in parts:
                yield part
        except RnncompleteError as error:  # the status has been sent already
            yield _event_line(error_body(500, str(error)))

    return StreamingResponse(said(), media_type="text/event-stream")


def listen(port: int) -> socket.socket:
    """A socket that listens on 127.0.0.1, on a free port for 0; raises ``OSError`` if the port is taken."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(128)
    except OSError:
        listener.close()
        raise
    return listener


def web_server(app: ASGIApp) -> uvicorn.Server:
    """What serves ``app`` on a socket, until the process is told to stop; then ghosts have two seconds to be done."""
    import uvicorn

    return uvicorn.Server(
        uvicorn.Config(
            app, log_level="error", access_log=False, server_header=False, lifespan="off", timeout_graceful_shutdown=2
        )
    )
