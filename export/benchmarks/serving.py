"""Many people typing at once: how late ghosts come from `rnncomplete serve`, and what it takes in memory.

    python export/benchmarks/serving.py [TEXT...] [--clients 16] [--keys 12] [--seconds 20] [--style python]
    python export/benchmarks/serving.py --processes        the same with a server for each client
    python export/benchmarks/serving.py --threads 1        as the option of `rnncomplete serve`
    python export/benchmarks/serving.py --address http://127.0.0.1:8012      a server that runs already

Each client types a text of its own from a place in its middle on, at so many keys a second, and asks at every key as
llama.vim does, with the last 256 lines before the cursor. A ghost's lateness counts from the moment when its key was due,
so that a server that falls behind cannot hide it. Memory is the proportional set size (Linux): what processes share is
counted once.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import statistics
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

LINES = 256
WARM_UP_KEYS = 24
HERE = Path(__file__).resolve().parents[2]


class Typist:
    """One client, over one connection that stays open."""

    def __init__(self, address: str, text: str, name: str) -> None:
        parts = urlsplit(address)
        self.host, self.port = str(parts.hostname), int(parts.port or 80)
        self.text, self.name = text, name
        self.late: list[float] = []
        self.ghosts = self.failed = 0

    async def begin(self) -> None:
        """A few keys, in which the text so far is read."""
        for number in range(WARM_UP_KEYS):
            await self.ask(len(self.text) // 2 + number)

    async def type(self, keys_per_second: float, seconds: float, start: float) -> None:
        """Type at that rate from ``start`` on."""
        place = len(self.text) // 2 + WARM_UP_KEYS
        await asyncio.sleep(max(0.0, start - time.perf_counter()))
        for number in range(int(seconds * keys_per_second)):
            due = start + number / keys_per_second
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            place += 1
            self.ghosts += bool(await self.ask(place))
            self.late.append(time.perf_counter() - due)

    async def ask(self, place: int) -> str:
        """The ghost behind the first ``place`` characters; a lost connection is opened again, and counted."""
        lines = self.text[:place].split("\n")
        body = {
            "input_prefix": "\n".join(lines[-LINES - 1 : -1]) + "\n",
            "prompt": lines[-1],
            "input_suffix": "\n",
            "n_predict": 128,
            "document": self.name,
            "response_fields": ["content"],
        }
        data = json.dumps(body).encode()
        head = f"POST /infill HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
        for _ in range(3):
            try:
                reader, writer = await self._connection()
                writer.write(head.encode() + data)
                answer = await reader.readuntil(b"\r\n\r\n")
                length = re.search(rb"content-length: (\d+)", answer, re.IGNORECASE)
                content = json.loads(await reader.readexactly(int(length.group(1)) if length else 0))
            except (OSError, EOFError, ValueError):
                self._open = None
                self.failed += 1
            else:
                if b" 200 " in answer[:20]:
                    return str(content["content"])
                self.failed += 1
        return ""

    _open: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def _connection(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._open is None:
            self._open = await asyncio.open_connection(self.host, self.port)
        return self._open


@contextmanager
def server(style: str, arguments: tuple[str, ...] = ()) -> Iterator[tuple[str, int]]:
    """The address and process of a server that runs until the end."""
    command = [sys.executable, "-m", "rnncomplete", "serve", "--style", style, "--port", "0", *arguments]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            found = next(filter(None, (re.search(r"http://[\d.:]+", line) for line in process.stderr)))
            yield found.group(), process.pid
        finally:
            process.terminate()


def megabytes(process: int) -> float:
    """The proportional set size of a process and those it has started."""
    found = re.search(r"^Pss:\s+(\d+) kB", Path(f"/proc/{process}/smaps_rollup").read_text(), re.MULTILINE)
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return (int(found.group(1)) / 1024 if found else 0.0) + sum(megabytes(int(child)) for child in children)


def processor_seconds(process: int) -> float:
    """What a process and those it has started have computed so far."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") + sum(
        map(processor_seconds, map(int, children))
    )


async def ready(address: str) -> None:
    """Wait until the server answers."""
    while True:
        typist = Typist(address, "x\n" * 8, "warm up")
        await typist.ask(4)
        if not typist.failed:
            return
        await asyncio.sleep(0.2)


@click.command()
@click.argument("texts", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--clients", default=16, show_default=True)
@click.option("--keys", default=12.0, show_default=True, help="Keys a second of each client.")
@click.option("--seconds", default=20.0, show_default=True)
@click.option("--style", default="python", show_default=True)
@click.option("--threads", type=int, help="Ghosts computed at once in a server.")
@click.option("--processes", is_flag=True, help="A server for each client.")
@click.option("--address", help="Of a server that runs already.")
def main(  # noqa: PLR0917 - click calls it, with keywords
    texts: tuple[Path, ...],
    clients: int,
    keys: float,
    seconds: float,
    style: str,
    threads: int | None,
    processes: bool,
    address: str | None,
) -> None:
    """Print how late ghosts come, and the memory of the servers."""
    from contextlib import ExitStack

    found = texts or tuple(
        sorted((HERE / "rnncomplete").rglob("*.py"), key=lambda path: -path.stat().st_size)[:clients]
    )
    written = [path.read_text(encoding="utf-8") for path in found]
    options = ("--threads", str(threads)) if threads else ()
    with ExitStack() as stack:
        servers = (
            [stack.enter_context(server(style, options)) for _ in range(clients if processes else 1)]
            if not address
            else []
        )
        addresses = [where for where, _ in servers] or [str(address)]
        typists = [
            Typist(addresses[number % len(addresses)], written[number % len(written)], f"text {number}")
            for number in range(clients)
        ]

        computed: list[float] = []

        async def run() -> None:
            await asyncio.gather(*map(ready, addresses))
            await asyncio.gather(*(typist.begin() for typist in typists))
            start = time.perf_counter() + 0.5
            offsets = [number / keys / clients for number in range(clients)]
            typing = asyncio.gather(
                *(typist.type(keys, seconds, start + offset) for typist, offset in zip(typists, offsets, strict=True))
            )
            await asyncio.sleep(start - time.perf_counter())
            computed.extend(processor_seconds(process) for _, process in servers)
            await typing
            computed.extend(-processor_seconds(process) for _, process in servers)

        asyncio.run(run())
        memory = sum(megabytes(process) for _, process in servers)
    late = sorted(1000 * one for typist in typists for one in typist.late)
    asked, failed = len(late), sum(typist.failed for typist in typists)
    cut = statistics.quantiles(late, n=100)
    load = Path("/proc/loadavg").read_text().split()[0]
    click.echo(
        f"{clients} clients, {keys:g} keys a second each, {len(servers) or 1} servers: {asked:,} requests, {failed} failed, "
        f"{sum(typist.ghosts for typist in typists) / asked:.0%} with a ghost; "
        f"ms p50 {cut[49]:.1f} p90 {cut[89]:.1f} p99 {cut[98]:.1f} most {late[-1]:.1f}; "
        f"{-1000 * sum(computed) / asked:.2f} ms of processor a request; {memory:.0f} MB; load {load}"
    )


if __name__ == "__main__":
    main()
