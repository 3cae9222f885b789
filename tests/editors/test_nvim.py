"""The plug-in for Neovim in a real Neovim, as a person sees it: keys in, the screen read."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from editors.places import absent, editors
from terminal.conftest import Terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
PLUGIN = HERE.parents[1] / "editors" / "nvim"
SERVER = HERE / "known_text_server.py"
ESCAPE, ENTER, BACKSPACE, TAB, CONTROL_DISMISS = "\x1b", "\r", "\x7f", "\t", "\x1d"
ALT = "\x1b"
LEFT = "\x1b[D"
QUESTION = "To be, or not to be, that is the question"
CODE = "def area(radius):\n    square = radius ** 2\n    return 3 * square"

STATUS_LINE = "vim.o.laststatus = 2; vim.o.statusline = [[<%{v:lua.require'rnncomplete'.statusline()}>]]"

INIT = """
vim.opt.swapfile = false
vim.opt.termguicolors = true
vim.opt.laststatus = 0
vim.opt.ruler = false
vim.opt.rtp:prepend(%(plugin)s)
vim.cmd.colorscheme('default')
vim.api.nvim_set_hl(0, 'RNNCompleteGhost', { fg = '#767676' })
%(before)s
require('rnncomplete').setup(vim.json.decode(%(setup)s))
"""


def neovim() -> str:
    program = editors() / "nvim" / "bin" / "nvim"
    found = str(program) if program.exists() else shutil.which("nvim")
    return found or absent(f"no Neovim in {editors()} and none in PATH: run tests/editors/setup.sh")


def quoted(text: object) -> str:
    return "[==[" + str(text) + "]==]"


class Neovim(Terminal):
    """Neovim with the plug-in, and what it asked its server."""

    def __init__(
        self, folder: Path, file: Path, setup: dict[str, Any], before: str, environment: dict[str, str]
    ) -> None:
        self.log, self.file, self._folder = folder / "asked.jsonl", file, folder
        self.log.touch()
        init = folder / "init.lua"
        init.write_text(
            INIT % {"plugin": quoted(PLUGIN), "before": before, "setup": quoted(json.dumps(setup))}, encoding="utf-8"
        )
        clean = {name: value for name, value in os.environ.items() if name not in ("NVIM", "VIM", "VIMRUNTIME")}
        super().__init__(
            [neovim(), "--clean", "-u", str(init), str(file)], clean | {"TERM": "xterm-256color"} | environment, 100, 16
        )

    def asked(self, kind: str) -> list[dict[str, Any]]:
        events = [json.loads(line) for line in self.log.read_text(encoding="utf-8").splitlines()]
        return [event for event in events if event["kind"] == kind]

    def insert(self) -> None:
        """Begin to write at the end of the text, as soon as the server knows the file."""
        self.until(lambda: self.asked("open"))
        self.send("Go")
        self.sees("-- INSERT --")

    def type(self, text: str) -> None:
        """Type key by key, and wait until each stands there."""
        for character in text:
            x, y = self.screen.cursor.x, self.screen.cursor.y
            self.send(character)
            self.until(lambda before=(x, y): (self.screen.cursor.x, self.screen.cursor.y) != before)

    def command(self, command: str) -> None:
        self.send(ESCAPE)
        self.until(lambda: "-- INSERT --" not in self.text)
        self.send(f":{command}{ENTER}")

    def evaluate(self, lua: str) -> Any:
        """The value of a Lua expression."""
        answer = self._folder / "answer"
        answer.unlink(missing_ok=True)
        self.command(f"lua vim.fn.writefile({{vim.json.encode({lua})}}, '{answer}')")
        self.until(lambda: answer.exists() and answer.read_text(encoding="utf-8").strip())
        return json.loads(answer.read_text(encoding="utf-8"))

    @property
    def lines(self) -> list[str]:
        """The text as it was last written to the file."""
        self.command("silent write")
        stamp = time.time_ns()
        self.command(f"lua vim.fn.writefile({{'{stamp}'}}, '{self._folder / 'written'}')")
        self.until((self._folder / "written").exists)
        self.until(lambda: (self._folder / "written").read_text().strip() == str(stamp))
        return self.file.read_text(encoding="utf-8").splitlines()

    @property
    def below(self) -> list[str]:
        """The grey lines below the cursor's."""
        rows = self.coloured("767676")[self.screen.cursor.y + 1 :]
        return [row.replace("\n", " ").rstrip() for row in rows if row.strip("\n ")]


@pytest.fixture
def nvim(tmp_path: Path) -> Iterator[Callable[..., Neovim]]:
    """A function that opens a file in Neovim, whose server knows ``texts``."""
    started: list[Neovim] = []

    def start(*texts: str, name: str = "play.txt", before: str = "", delay: float = 0, **setup: Any) -> Neovim:
        file = tmp_path / name
        file.write_text("A first line.\n", encoding="utf-8")
        setup.setdefault("cmd", [sys.executable, str(SERVER), str(tmp_path / "asked.jsonl"), json.dumps(texts)])
        # On a busy machine a ghost may take its time.
        variables = {"KNOWN_TEXT_DELAY": str(delay), "RNNCOMPLETE_BUDGET_MS": "10000"}
        started.append(Neovim(tmp_path, file, setup, before, variables))
        started[-1].sees("A first line.")
        return started[-1]

    yield start
    for one in started:
        one.send(f"{ESCAPE}{ESCAPE}:qa!{ENTER}")  # otherwise its servers stay
        one.leaves()


def test_a_ghost_is_seen_typed_through_and_accepted_and_undone_in_one_step(nvim: Callable[..., Neovim]) -> None:
    screen = nvim(QUESTION)
    screen.insert()
    screen.type("To be")
    screen.shows("To be", ", or not to be, that is the question")
    asked = len(screen.asked("ask"))
    screen.type(", or")
    screen.shows("To be, or", " not to be, that is the question")
    assert len(screen.asked("ask")) == asked  # what is typed along a ghost needs no server
    screen.send(f"{ALT}f")
    screen.shows("To be, or not", " to be, that is the question")
    screen.send(TAB)
    screen.shows(QUESTION)
    screen.send(f"{ESCAPE}u")
    screen.sees("\nTo be, or not\n")
    screen.send("u")
    screen.sees("\nTo be, or\n")
    assert screen.lines == ["A first line.", "To be, or"]


def test_a_ghost_of_several_lines_is_drawn_below_and_accepted_by_line(nvim: Callable[..., Neovim]) -> None:
    screen = nvim(CODE, name="area.py")
    screen.insert()
    screen.type("def ar")
    screen.shows("def ar", "ea(radius):")
    screen.until(lambda: screen.below == ["    square = radius ** 2", "    return 3 * square"])
    screen.send(f"{ALT}e")
    screen.shows("def area(radius):")
    screen.send(f"{ALT}e")
    screen.until(lambda: screen.typed == "    square = radius ** 2")
    screen.until(lambda: screen.below == ["    return 3 * square"])
    screen.send(TAB)
    screen.until(lambda: screen.typed == "    return 3 * square")
    assert screen.lines[1:] == ["def area(radius):", "    square = radius ** 2", "    return 3 * square"]


def test_the_text_behind_the_cursor_stays(nvim: Callable[..., Neovim]) -> None:
    screen = nvim("print(value, end)")
    screen.insert()
    screen.type("  # here")
    for _ in range(len("  # here")):
        screen.send(f"{ESCAPE}[D")
    screen.until(lambda: screen.screen.cursor.x == 0)
    screen.type("print(va")
    screen.shows("print(va", "lue, end)")
    assert screen.row.endswith("lue, end)  # here")
    screen.send(TAB)
    screen.shows("print(value, end)")
    assert screen.lines[-1] == "print(value, end)  # here"


def test_deleting_brings_back_what_was_typed_away_from_but_offers_nothing_just_deleted(
    nvim: Callable[..., Neovim],
) -> None:
    screen = nvim(QUESTION)
    screen.insert()
    screen.type("To be")
    screen.shows("To be", ", or not to be, that is the question")
    screen.type("#")
    screen.shows("To be#")
    screen.send(BACKSPACE)
    screen.shows("To be", ", or not to be, that is the question")
    screen.send(BACKSPACE)
    screen.shows("To b")
    screen.type("e")
    screen.shows("To be", ", or not to be, that is the question")


def test_moving_the_cursor_and_leaving_hide_the_ghost(nvim: Callable[..., Neovim]) -> None:
    screen = nvim(QUESTION)
    screen.insert()
    screen.type("To be")
    screen.shows("To be", ", or not to be, that is the question")
    screen.send(LEFT)
    screen.until(lambda: (screen.typed, screen.row) == ("To b", "To be"))
    screen.send(f"{ESCAPE}[C")
    screen.type(",")
    screen.shows("To be,", " or not to be, that is the question")
    screen.send(ESCAPE)
    screen.until(lambda: screen.row == "To be,")


def test_a_dismissed_ghost_stays_away_from_its_place(nvim: Callable[..., Neovim]) -> None:
    screen = nvim(QUESTION)
    screen.insert()
    screen.type("To be")
    screen.shows("To be", ", or not to be, that is the question")
    screen.send(CONTROL_DISMISS)
    screen.until(lambda: screen.row == "To be")
    screen.type("#")
    screen.send(BACKSPACE)
    screen.until(lambda: screen.row == "To be")
    screen.type(",")
    screen.shows("To be,", " or not to be, that is the question")


def test_others_are_cycled_through_and_accepted(nvim: Callable[..., Neovim]) -> None:
    screen = nvim(QUESTION, "To be is to do", "To be is to be perceived")
    screen.insert()
    screen.type("To be")
    screen.shows("To be", ", or not to be, that is the question")
    screen.send(f"{ALT}]")
    screen.shows("To be", " is to do (2/3)")
    assert screen.asked("ask")[-1]["invoked"]
    screen.send(f"{ALT}]")
    screen.shows("To be", " is to be perceived (3/3)")
    screen.send(f"{ALT}]")
    screen.shows("To be", ", or not to be, that is the question (1/3)")
    screen.send(f"{ALT}[")
    screen.shows("To be", " is to be perceived (3/3)")
    screen.send(f"{ALT}[")
    screen.shows("To be", " is to do (2/3)")
    screen.send(TAB)
    screen.shows("To be is to do")
    assert screen.lines[-1] == "To be is to do"


def test_an_answer_that_comes_late_is_shown_only_if_the_text_still_goes_along(nvim: Callable[..., Neovim]) -> None:
    screen = nvim(QUESTION, delay=0.3)
    screen.insert()
    screen.send("To be, or not")
    screen.shows("To be, or not", " to be, that is the question")
    screen.send("xyz" + TAB)  # faster than any answer: Tab is a tab
    screen.until(lambda: screen.row.startswith("To be, or notxyz"))
    assert screen.lines[-1].rstrip() == "To be, or notxyz"


def test_an_answer_that_comes_after_the_ghost_was_dismissed_is_not_shown(nvim: Callable[..., Neovim]) -> None:
    screen = nvim(QUESTION, delay=1, before=f"vim.env.KNOWN_TEXT_BUSY = 1; {STATUS_LINE}")
    screen.insert()
    screen.send("To")
    screen.until(lambda: screen.asked("ask"))
    screen.send(f"{ESCAPE}a")  # while the answer is on its way
    screen.sees("<known liked 83 %")  # which comes with it
    time.sleep(0.2)
    screen.shows("To")


def test_tab_is_a_tab_without_a_ghost_and_what_it_was_before(nvim: Callable[..., Neovim]) -> None:
    screen = nvim(QUESTION, before="vim.keymap.set('i', '<Tab>', function() return '[mine]' end, { expr = true })")
    screen.insert()
    screen.type("zz")
    screen.send(TAB)
    screen.shows("zz[mine]")
    screen.type(" To b")
    screen.shows("zz[mine] To b", "e, or not to be, that is the question")
    screen.send(TAB)
    screen.shows("zz[mine] " + QUESTION)


def test_off_means_that_nothing_is_asked(nvim: Callable[..., Neovim]) -> None:
    screen = nvim(QUESTION)
    screen.insert()
    screen.send(f"{ALT}g")
    screen.sees("ghosts are off")
    screen.type("To be")
    screen.shows("To be")
    assert screen.evaluate("require('rnncomplete.ghost').reason") == "ghosts are off"
    assert screen.asked("ask") == []
    screen.send("A")
    screen.sees("-- INSERT --")
    screen.send(f"{ALT}g")
    screen.sees("ghosts are on")
    screen.type(",")
    screen.shows("To be,", " or not to be, that is the question")


@pytest.mark.parametrize("settings", [{"off": ["plaintext"]}, {"ignore": ["*.txt"]}, {"ignore": ["**/pl*y.txt"]}])
def test_a_language_or_file_that_is_off_is_never_sent(nvim: Callable[..., Neovim], settings: dict[str, Any]) -> None:
    screen = nvim(QUESTION, settings=settings)
    screen.send("oTo be")
    screen.sees("\nTo be")
    assert screen.evaluate("#vim.lsp.get_clients()") == 0
    screen.command("edit another.lua")
    screen.until(lambda: screen.asked("open"))
    assert [event["language"] for event in screen.asked("open")] == ["lua"]
    screen.command("edit #")
    screen.command("RNNComplete status")
    screen.sees("off" if "off" in settings else "which is ignored")


def test_a_folder_with_settings_of_ours_is_a_project(nvim: Callable[..., Neovim], tmp_path: Path) -> None:
    (tmp_path / "rnncomplete.toml").write_text('off = ["c"]\n', encoding="utf-8")
    screen = nvim(QUESTION)
    screen.until(lambda: screen.asked("open"))
    assert screen.evaluate("vim.lsp.get_clients()[1].root_dir") == str(tmp_path)


def test_languages_are_named_as_the_protocol_does(nvim: Callable[..., Neovim]) -> None:
    screen = nvim(QUESTION, name="install.sh")
    screen.until(lambda: screen.asked("open"))
    assert screen.asked("open")[0]["language"] == "shellscript"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
def test_characters_beyond_the_first_plane_and_tabs_move_nothing(nvim: Callable[..., Neovim], encoding: str) -> None:
    only = f"""
    local make = vim.lsp.protocol.make_client_capabilities
    vim.lsp.protocol.make_client_capabilities = function()
      return vim.tbl_deep_extend('force', make(), {{ general = {{ positionEncodings = {{ '{encoding}' }} }} }})
    end"""
    screen = nvim("🦉🦉 wìse öwls\n\tfly", before=only)
    screen.insert()
    assert screen.asked("open")[0]["encoding"] == encoding
    screen.send("🦉🦉 w")
    screen.until(lambda: screen.below == ["        fly"])
    screen.send(TAB)
    screen.until(lambda: screen.row.endswith("fly"))
    assert screen.lines[1:] == ["🦉🦉 wìse öwls", "\tfly"]


def test_commands_reach_the_server_and_its_answer_the_screen(nvim: Callable[..., Neovim]) -> None:
    screen = nvim(QUESTION)
    screen.until(lambda: screen.asked("open"))
    screen.send(f":RNNComplete style shakespeare{ENTER}")
    screen.sees("style was done")
    screen.send(f":RNNComplete forget{ENTER}")
    screen.sees("forget was done")
    commands = [(event["name"], event["arguments"]) for event in screen.asked("command")]
    assert commands == [("style", ["shakespeare"]), ("forget", [])]
    screen.send(f":RNNComplete strange{ENTER}")
    screen.sees("there are forget, learn, status, style, toggle")


def test_the_status_line_says_the_style_and_the_milliseconds(nvim: Callable[..., Neovim]) -> None:
    screen = nvim(QUESTION, before=STATUS_LINE)
    screen.insert()
    screen.type("To be")
    screen.until(lambda: re.search(r"<known liked 83 % \d+ ms>", screen.text))


def test_it_says_in_one_line_what_is_missing_and_health_says_more(nvim: Callable[..., Neovim]) -> None:
    screen = nvim(cmd=["no-such-program", "lsp"])
    screen.sees('cmd[1] is "no-such-program", which cannot be run')
    screen.send(f":checkhealth rnncomplete{ENTER}")
    screen.sees("rnncomplete: the server")
    screen.sees("no server runs")


def test_the_mend_for_the_client_of_neovim_0_12_takes_what_is_not_typed_yet(nvim: Callable[..., Neovim]) -> None:
    screen = nvim(QUESTION)
    item = "{ insert_text = 'hello, world', range = { start_row = 1, start_col = 6, end_row = 1, end_col = 6 } }"
    mend = "require('rnncomplete.builtin').mended(%s, 1, %s, require('rnncomplete.pieces').%s)"
    taken = screen.evaluate(mend % (item, "'print(hell'", "all"))
    assert taken["insert_text"] == "hello, world"
    assert taken["range"] == {"start_row": 1, "start_col": 6, "end_row": 1, "end_col": 10}
    assert screen.evaluate(mend % (item, "'print(hell'", "word"))["insert_text"] == "hello"
    assert screen.evaluate(mend % (item, "'print(help'", "all") + " == nil") is True


@pytest.mark.parametrize(
    ("ghost", "word"),
    [("lo, world", "lo"), (", or", ","), (" not to", " not"), ("\\n    return", "\\n    return"), ("été là", "été")],
)
def test_a_word_ends_where_its_kind_of_character_ends(nvim: Callable[..., Neovim], ghost: str, word: str) -> None:
    screen = nvim(QUESTION)
    taken = screen.evaluate(f'require("rnncomplete.pieces").word("{ghost}")')
    assert taken == word.replace("\\n", "\n")


def test_help_has_a_tag_for_every_setting_and_action(nvim: Callable[..., Neovim], tmp_path: Path) -> None:
    screen = nvim(QUESTION)
    actions = screen.evaluate("vim.tbl_keys(require('rnncomplete.config').defaults.keys)")
    settings = screen.evaluate("vim.tbl_keys(require('rnncomplete.config').defaults.settings)")
    text = (PLUGIN / "doc" / "rnncomplete.txt").read_text(encoding="utf-8")
    assert [name for name in actions if f"*rnncomplete-{name}*" not in text] == []
    assert [name for name in settings if f"*rnncomplete-{name}*" not in text] == []
    shutil.copytree(PLUGIN / "doc", tmp_path / "doc")
    screen.send(f":helptags {tmp_path / 'doc'}{ENTER}")
    screen.until((tmp_path / "doc" / "tags").exists)


def test_the_shipped_style_writes_python_and_its_status_says_so(nvim: Callable[..., Neovim], tmp_path: Path) -> None:
    program = Path(sys.executable).parent / "rnncomplete"
    if subprocess.run([program, "lsp", "--help"], capture_output=True, check=False).returncode:
        pytest.skip("this rnncomplete has no language server")
    screen = nvim(name="area.py", cmd=[str(program), "lsp", "--log", str(tmp_path / "log")])
    screen.until(lambda: (tmp_path / "log").exists() and "open" in (tmp_path / "log").read_text())
    screen.send("ggdGi")
    screen.sees("-- INSERT --")
    screen.type("for name in sorted(names):")
    screen.send(ENTER + "print(name)" + ENTER)
    screen.type("for name in sor")
    screen.until(lambda: screen.ghost.startswith("ted(names)"))
    screen.send(TAB)
    screen.until(lambda: screen.typed.strip().startswith("for name in sorted(names)"))
    screen.command("RNNComplete status")
    screen.sees("python, ")
