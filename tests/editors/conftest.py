"""What the tests of editors share: for `rnncomplete serve` a fake completer, and the real server in a thread; for `lsp` a client."""

from __future__ import annotations

import json
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from rnncomplete.completion.decoder import DecoderOptions, Ghost
from rnncomplete.editors.client import Client
from rnncomplete.editors.desk import Desk
from rnncomplete.editors.http import Server, listen, web_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from starlette.types import ASGIApp

REQUESTS = Path(__file__).parent / "requests"


def recorded(name: str) -> dict[str, Any]:
    """A request as a plug-in sends it, with texts of our own."""
    found: dict[str, Any] = json.loads((REQUESTS / f"{name}.json").read_text(encoding="utf-8"))
    return found


@dataclass
class FakeDocument:
    """Offers `` and on`` wherever something stands, and notes what it was taught, and what was only supposed."""

    asked: list[tuple[str, str]] = field(default_factory=list)
    options: list[DecoderOptions] = field(default_factory=list)
    before_each: Callable[[], None] = lambda: None

    def grow(
        self, before: str, wanted: Callable[[], bool], options: DecoderOptions | None = None, supposed: str = ""
    ) -> Iterator[Ghost]:
        self.asked.append((before, supposed))
        assert options is not None
        self.options.append(options)
        for text in (" and", " and on"):
            self.before_each()
            if not wanted():
                return
            yield Ghost(text, (1.0,) * len(text), "length")

    def alternatives(
        self,
        before: str,
        count: int,
        wanted: Callable[[], bool],
        options: DecoderOptions | None = None,
        supposed: str = "",
    ) -> list[Ghost]:
        self.asked.append((before, supposed))
        return [Ghost(text, (0.5,) * len(text), "length") for text in (" and", " or", " but")[:count]]


class FakeCompleter:
    """Opens a :class:`FakeDocument` for each name."""

    def __init__(self) -> None:
        self.options = DecoderOptions()
        self.documents: dict[Any, FakeDocument] = {}
        self.closed: list[Any] = []
        self.before_each: Callable[[], None] = lambda: None

    def open(self, document: Any = None) -> FakeDocument:
        return self.documents.setdefault(document, FakeDocument(before_each=self.before_each))

    def close(self, document: Any = None) -> None:
        self.closed.append(document)


@pytest.fixture
def fake() -> FakeCompleter:
    return FakeCompleter()


@pytest.fixture
def desk(fake: FakeCompleter) -> Desk:
    return Desk(lambda _styles: fake, lambda _language, model: (model or "tiny",))  # type: ignore[arg-type,return-value] # a fake


@contextmanager
def serving(app: ASGIApp) -> Iterator[str]:
    """The address of ``app``, served until the end."""
    listener = listen(0)
    server = web_server(app)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


@pytest.fixture
def server(desk: Desk) -> Server:
    return Server(desk, ["tiny"])


@pytest.fixture
def client(server: Server) -> Iterator[httpx.Client]:
    """A client of the real server with the fake completer."""
    with serving(server.application()) as address, httpx.Client(base_url=address, timeout=60) as client:
        yield client


def until(condition: Callable[[], object], seconds: float = 60) -> None:
    """Wait for ``condition``."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.fixture
def start() -> Iterator[Callable[..., Client]]:
    """Starts a client of the language server, which runs in a process of its own and ends with the test."""
    started: list[Client] = []

    def begin(*arguments: str, **options: Any) -> Client:
        started.append(Client(*arguments, **options))
        return started[-1]

    yield begin
    for one in started:
        one.close()
