"""How an editor reaches the language server: over stdin and stdout, or a port of the loopback."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import sys
from typing import TYPE_CHECKING, Any

from rnncomplete.editors.lsp import GhostServer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


M_MMAP_THRESHOLD = -3
"""Of glibc's `mallopt(3)`: from how many bytes on a block is the system's own. Unset, it grows with what is freed."""


def serve_stdio(flags: Mapping[str, Any]) -> None:
    """Serve the editor that has started us, until it goes."""
    _give_back_large_blocks()
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
    _give_back_large_blocks()
    asyncio.run(_serve_tcp(flags, port, listening))


def _give_back_large_blocks() -> None:
    """Let what is freed go back to the system where it is large: with five styles, glibc would keep 50 MB of what loading took."""
    with contextlib.suppress(AttributeError, OSError):  # other systems have other ways
        ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, 2**20)


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
        try:
            first = await reader.readline()
        except ValueError:  # a line that is longer than a header may be
            first = b""
        if taken or not first.lower().startswith(b"content-"):  # a web page may send us HTTP, and a message in it
            writer.close()
            return
        taken = True
        try:
            await server.speak(_Reader(first, reader), writer)
        finally:
            done.set()

    listener = await asyncio.start_server(connected, "127.0.0.1", port)
    listening(listener.sockets[0].getsockname()[1])
    try:
        async with listener:
            await done.wait()
    finally:
        server.end()
