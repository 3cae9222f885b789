"""VS Code in a browser: a server with the extension in it, Chromium in front of it, keys in, the page read."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from editors.places import ROOT, absent, editors

if TYPE_CHECKING:
    from collections.abc import Callable

EXTENSION = ROOT / "editors" / "vscode"
HERE = Path(__file__).parent
COMMAND = "rnncomplete.command"


def needed(path: Path) -> Path:
    return path if path.exists() else absent(f"{path} is not there: run tests/editors/setup.sh")


def node(*arguments: str | Path, folder: Path | None = None) -> list[str]:
    return [str(needed(editors() / "node" / "bin" / "node")), *map(str, arguments)]


def environment() -> dict[str, str]:
    """Ours, with the node that was fetched first in PATH."""
    return os.environ | {"PATH": f"{editors() / 'node' / 'bin'}{os.pathsep}{os.environ['PATH']}"}


def packaged(folder: Path) -> Path:
    """The extension as a .vsix, made of the sources as they are."""
    needed(EXTENSION / "node_modules")
    npm = shutil.which("npm") or absent("no npm in PATH")
    subprocess.run(
        [npm, "run", "--silent", "package"], cwd=EXTENSION, env=environment(), check=True, capture_output=True
    )
    return Path(shutil.copy(EXTENSION / "dist" / "rnncomplete.vsix", folder))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class CodeServer:
    """A code-server with the extension installed, which serves any folder."""

    def __init__(self, folder: Path, vsix: Path, settings: dict[str, Any], variables: dict[str, str]) -> None:
        self._entry = needed(editors() / "code-server" / "out" / "node" / "entry.js")
        self.user = folder / "user"
        self.set(settings)
        places = ["--user-data-dir", self.user, "--extensions-dir", folder / "extensions"]
        subprocess.run(
            node(self._entry, *places, "--install-extension", vsix), env=environment(), check=True, capture_output=True
        )
        self.port = free_port()
        options = ["--auth", "none", "--bind-addr", f"127.0.0.1:{self.port}", *places, "--disable-workspace-trust"]
        self._log = (folder / "code-server.log").open("wb")
        self._process = subprocess.Popen(
            node(self._entry, *options, "--disable-telemetry", "--disable-update-check"),
            env=environment() | variables,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        deadline = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                assert time.monotonic() < deadline, (folder / "code-server.log").read_text()
                time.sleep(0.05)
            else:
                break

    def set(self, settings: dict[str, Any]) -> None:
        """Write the settings; VS Code takes them up by itself. Which program runs is a setting of the machine."""
        for kind in ("Machine", "User"):
            values = {name: value for name, value in settings.items() if (name == COMMAND) == (kind == "Machine")}
            path = self.user / kind / "settings.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(values, indent=1), encoding="utf-8")

    def address(self, file: Path) -> str:
        remote = f"vscode-remote://127.0.0.1:{self.port}{file}"
        return f'http://127.0.0.1:{self.port}/?folder={file.parent}&payload=[["openFile","{remote}"]]'

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(timeout=20)
        self._log.close()


class Page:
    """A page of Chromium with VS Code in it."""

    def __init__(self) -> None:
        chromium = shutil.which("chromium") or shutil.which("google-chrome")
        chromium = chromium or absent("neither chromium nor google-chrome in PATH: run tests/editors/setup.sh")
        playwright = needed(editors() / "browser" / "node_modules" / "playwright-core")
        self._bridge = subprocess.Popen(
            node(HERE / "browser.cjs", chromium, playwright), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._bridge.stdout
        assert json.loads(self._bridge.stdout.readline())["ready"]

    def do(self, what: str, **arguments: Any) -> Any:
        assert self._bridge.stdin
        assert self._bridge.stdout
        self._bridge.stdin.write(json.dumps({"do": what, **arguments}) + "\n")
        self._bridge.stdin.flush()
        answer = json.loads(self._bridge.stdout.readline())
        assert "error" not in answer, answer["error"]
        return answer["value"]

    def open(self, address: str) -> None:
        self.do("open", url=address)
        self.do("focus")

    def type(self, text: str) -> None:
        self.do("type", text=text, delay=40)

    def press(self, key: str) -> None:
        self.do("press", key=key)

    def look(self) -> dict[str, Any]:
        seen: dict[str, Any] = self.do("look")
        return seen

    def until(self, condition: Callable[[dict[str, Any]], object], seconds: float = 60) -> dict[str, Any]:
        """Wait until what is seen is as wanted."""
        deadline = time.monotonic() + seconds
        while not condition(seen := self.look()):
            assert time.monotonic() < deadline, seen
            time.sleep(0.02)
        return seen

    def shows(self, line: str, ghost: str) -> None:
        """Wait until the last line and the ghost are these."""
        self.until(lambda seen: (seen["lines"][-1:], seen["ghost"]) == ([line], ghost))

    def command(self, title: str) -> None:
        """Run a command of the palette."""
        self.press("F1")
        self.until(lambda seen: seen["picks"])
        self.pick(title)

    def pick(self, title: str) -> None:
        """Choose from the list that is open."""
        self.do("type", text=title, delay=5)
        self.until(lambda seen: seen["picks"] and seen["picks"][0].startswith(title))
        self.press("Enter")

    def close(self) -> None:
        assert self._bridge.stdin
        assert self._bridge.stdout
        self._bridge.stdin.close()
        self._bridge.wait(timeout=20)
        self._bridge.stdout.close()


def milliseconds(status: str) -> float | None:
    """What the status bar says of the last ghost."""
    found = re.search(r"(\d+) ms", status)
    return float(found[1]) if found else None
