"""Who is let in to the server on the loopback, and with how much.

A port of the loopback is open to every page that a browser shows and to every user of the machine. So requests that a
page of another origin makes are refused, and those whose `Host` is not the loopback's (DNS rebinding); a key holds out
other users. No answer has a CORS header.
"""

from __future__ import annotations

import hmac
import re
import time
from typing import TYPE_CHECKING

from rnncomplete.editors.wire import RequestError, dump, error_body

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST_BODY = 4 * 2**20
"""Bytes; llama.vim sends at most some 300 kB."""

PER_SECOND = 400.0
"""Requests a second on the average; a burst may have as many at once. Sixteen people who type fast make 200."""

_LOOPBACK = re.compile(r"(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?", re.IGNORECASE)
_SAME = ("same-origin", "none")
_OPEN = ("/health", "/v1/health")
"""What needs no key."""


class Rate:
    """A bucket that fills with ``per_second`` permissions a second and holds as many."""

    def __init__(self, per_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_second = per_second
        self._clock = clock
        self._left, self._then = max(1.0, per_second), clock()

    def take(self) -> bool:
        """Whether there is one."""
        now = self._clock()
        self._left = min(max(1.0, self._per_second), self._left + (now - self._then) * self._per_second)
        self._then = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class Gate:
    """Lets requests through to ``app`` (ASGI), or answers them itself with an error, and tells ``refused`` its status."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        key: str | None = None,
        rate: Rate | None = None,
        refused: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._app = app
        self._refused = refused
        self._key = key
        self._rate = rate or Rate(PER_SECOND)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            self._admit(scope)
            await self._app(scope, _bounded(receive), send)
        except RequestError as error:
            self._refused(error.status)
            await answer(send, error.status, error_body(error.status, str(error)))

    def _admit(self, scope: Scope) -> None:
        """Raise :class:`RequestError` unless the request may pass."""
        headers: dict[str, list[str]] = {}
        for name, value in scope["headers"]:
            headers.setdefault(name.decode("latin-1"), []).append(value.decode("latin-1"))
        host = headers.get("host", [""])
        if len(host) != 1 or not _LOOPBACK.fullmatch(host[0]):
            raise RequestError("the Host is not this machine's; expected 127.0.0.1 or localhost", 403)
        if any(origin != f"http://{host[0]}" for origin in headers.get("origin", [])):
            raise RequestError("requests of web pages are refused; expected an editor's, without Origin", 403)
        if any(site not in _SAME for site in headers.get("sec-fetch-site", [])):
            raise RequestError("requests of web pages are refused; expected an editor's", 403)
        if self._key is not None and scope["path"] not in _OPEN and not self._knows(headers):
            raise RequestError("Invalid API Key; expected the header: Authorization: Bearer KEY", 401)
        if any(not size.isdecimal() or int(size) > LARGEST_BODY for size in headers.get("content-length", [])):
            raise RequestError(f"the body is too large; expected at most {LARGEST_BODY:,} bytes", 413)
        if not self._rate.take():
            raise RequestError("too many requests; expected fewer in a second, try again in one", 429)

    def _knows(self, headers: dict[str, list[str]]) -> bool:
        given = [value.partition(" ")[2].strip() for value in headers.get("authorization", [])]
        given += headers.get("x-api-key", [])
        wanted = (self._key or "").encode("utf-8", "surrogateescape")
        return any(hmac.compare_digest(key.encode("latin-1"), wanted) for key in given)


def _bounded(receive: Receive) -> Receive:
    """``receive`` that raises once more than :data:`LARGEST_BODY` bytes have come."""
    taken = 0

    async def bounded() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > LARGEST_BODY:
            raise RequestError(f"the body is too large; expected at most {LARGEST_BODY:,} bytes", 413)
        return message

    return bounded


async def answer(send: Send, status: int, body: object) -> None:
    """Send ``body`` as JSON."""
    data = dump(body)
    headers = [(b"content-type", b"application/json; charset=utf-8"), (b"content-length", str(len(data)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": data})
