"""Other people's programs in a real pseudo-terminal: from typing to accepting."""

from __future__ import annotations

import re
import shlex
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from rnncomplete.hosts.choice import choose_style, open_suggest
from rnncomplete.styles import DEFAULT_STYLE

pytestmark = pytest.mark.slow

LOOP = "for i in range(10):\n    print(i, 'done')"
RIGHT, CONTROL_RIGHT, CONTROL_D, ALT_RIGHT = "\x1b[C", "\x1b[1;5C", "\x04", "\x1b\x1b[C"
GUIDE = Path(__file__).parents[2] / "docs" / "hosts.md"
IPYTHON_GHOST = PTPYTHON_GHOST = "626262"
"""The greys of those programs' own style sheets."""


def lines_for(program: str) -> list[str]:
    """The lines that docs/hosts.md tells to type or write for ``program``."""
    block = re.search(rf"^```\w+ {program}\n(.*?)^```$", GUIDE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert block is not None
    return block.group(1).splitlines()


@pytest.fixture
def styles(sentence_style: Any) -> None:
    sentence_style("python", LOOP)


@pytest.fixture
def ipython(terminal: Any) -> Any:
    """A function that starts IPython and loads the extension as the guide says."""

    def start(**environment: str) -> Any:
        screen = terminal("--no-banner", "--no-confirm-exit", program="ipython", **environment)
        screen.sees("In [1]:")
        screen.send(lines_for("ipython")[0] + "\r")
        screen.sees("In [2]:")
        return screen

    return start


def test_ipython_from_typing_to_accepting(ipython: Any, styles: None) -> None:
    screen = ipython()
    screen.send("for")
    screen.until(lambda: " i in range(10):" in screen.coloured(IPYTHON_GHOST)[screen.screen.cursor.y])
    below = screen.coloured(IPYTHON_GHOST)[screen.screen.cursor.y + 1]
    assert "    print(i, 'done')" in below
    screen.send(CONTROL_RIGHT)
    screen.until(lambda: screen.screen.cursor.x == len("In [2]: for i"))
    screen.send(ALT_RIGHT)
    screen.until(lambda: screen.screen.cursor.x == len("In [2]: for i in range(10):"))
    screen.send(RIGHT)
    screen.sees("...:     print(i, 'done')")
    screen.send("\r\r")
    screen.sees("\n9 done")
    screen.sees("In [3]:")


def test_ipython_offers_its_history_before_the_network(ipython: Any, styles: None) -> None:
    screen = ipython()
    screen.send("for_me = 7\r")
    screen.sees("In [3]:")
    screen.send("for")
    screen.until(lambda: "_me = 7" in screen.coloured(IPYTHON_GHOST)[screen.screen.cursor.y])
    screen.send(" i")
    screen.until(lambda: " in range(10):" in screen.coloured(IPYTHON_GHOST)[screen.screen.cursor.y])


def test_the_magic_command_changes_the_style_and_switches_off_and_on(
    ipython: Any, styles: None, sentence_style: Any
) -> None:
    sentence_style("linux", "static int answer = 42;")
    screen = ipython()
    screen.send("%rnncomplete style nowhere\r")
    screen.sees("rnncomplete: there is no style 'nowhere'; ")
    screen.sees("In [3]:")
    screen.send("%rnncomplete style linux\r")
    screen.sees("In [4]:")
    screen.send("sta")
    screen.until(lambda: "tic int answer = 42;" in screen.coloured(IPYTHON_GHOST)[screen.screen.cursor.y])
    screen.send("\x15print('still', 'here')\r")
    screen.sees("\nstill here")
    screen.sees("In [5]:")
    screen.send("\x15%rnncomplete off\r")
    screen.sees("In [6]:")
    screen.send("%rnncomplete\r")
    screen.sees("rnncomplete: off; %rnncomplete on brings ghosts back")
    screen.sees("In [7]:")
    screen.send("%rnn")
    screen.until(lambda: "complete" in screen.coloured(IPYTHON_GHOST)[screen.screen.cursor.y])
    screen.send("\x15%rnncomplete on\r")
    screen.sees("In [8]:")
    screen.send("sta")
    screen.until(lambda: "tic int answer = 42;" in screen.coloured(IPYTHON_GHOST)[screen.screen.cursor.y])
    screen.send("\x15%unload_ext rnncomplete\r")
    screen.sees("In [9]:")
    screen.send("%rnncomplete\r")
    screen.sees("`%rnncomplete` not found")


def test_without_the_style_wished_for_ipython_tells_and_takes_the_default(ipython: Any, sentence_style: Any) -> None:
    sentence_style(DEFAULT_STYLE, "To be, or not to be")
    screen = ipython(RNNCOMPLETE_STYLE="nowhere")
    screen.sees("rnncomplete: there is no style 'nowhere'; ")
    # The line is as long as there are styles, and broken anywhere.
    screen.until(lambda: f";using'{DEFAULT_STYLE}'" in "".join(screen.text.split()))
    screen.send("To be")
    screen.until(lambda: ", or not to be" in screen.coloured(IPYTHON_GHOST)[screen.screen.cursor.y])


def test_ipython_loads_it_in_every_session(terminal: Any, styles: None, isolation: Path) -> None:
    profile = isolation / ".ipython" / "profile_default"
    profile.mkdir(parents=True)
    (profile / "ipython_config.py").write_text("c = get_config()\n" + "\n".join(lines_for("ipython-config")))
    screen = terminal("--no-banner", "--no-confirm-exit", program="ipython", IPYTHONDIR=str(profile.parent))
    screen.sees("In [1]:")
    screen.send("for")
    screen.until(lambda: " i in range(10):" in screen.coloured(IPYTHON_GHOST)[screen.screen.cursor.y])


def test_a_config_of_ptpython_names_another_style(terminal: Any, sentence_style: Any, tmp_path: Path) -> None:
    sentence_style("linux", "static int answer = 42;")
    (tmp_path / "config.py").write_text("\n".join(lines_for("ptpython-configure")), encoding="utf-8")
    screen = terminal("--config-file", str(tmp_path / "config.py"), program="ptpython")
    screen.sees(">>>")
    screen.send("static")
    screen.until(lambda: " int answer = 42;" in screen.coloured(PTPYTHON_GHOST)[screen.screen.cursor.y])


def test_a_variable_of_xonsh_names_another_style(terminal: Any, sentence_style: Any, isolation: Path) -> None:
    sentence_style("linux", "static int answer = 42;")
    (isolation / ".xonshrc").write_text("\n".join(lines_for("xonsh-style")), encoding="utf-8")
    screen = terminal(
        "--rc", str(isolation / ".xonshrc"), "-D", "PROMPT=@ ", "-D", "XONTRIBS_AUTOLOAD_DISABLED=1", program="xonsh"
    )
    screen.until(lambda: screen.row == "@")
    screen.send("static")
    screen.until(lambda: screen.row == "@ static int answer = 42;")


def test_ptpython_from_typing_to_accepting(terminal: Any, styles: None, tmp_path: Path) -> None:
    (tmp_path / "config.py").write_text("\n".join(lines_for("ptpython")), encoding="utf-8")
    screen = terminal("--config-file", str(tmp_path / "config.py"), program="ptpython")
    screen.sees(">>>")
    screen.send("for i in")
    screen.until(lambda: " range(10):" in screen.coloured(PTPYTHON_GHOST)[screen.screen.cursor.y])
    assert "    print(i, 'done')" in screen.coloured(PTPYTHON_GHOST)[screen.screen.cursor.y + 1]
    screen.send(RIGHT)
    screen.until(lambda: screen.row == "...     print(i, 'done')")
    screen.send("\x1b\r")
    screen.sees("\n9 done")


def test_xonsh_from_typing_to_accepting(terminal: Any, styles: None, isolation: Path) -> None:
    (isolation / ".xonshrc").write_text("\n".join(lines_for("xonsh")), encoding="utf-8")
    screen = terminal(
        "--rc", str(isolation / ".xonshrc"), "-D", "PROMPT=@ ", "-D", "XONTRIBS_AUTOLOAD_DISABLED=1", program="xonsh"
    )
    screen.until(lambda: screen.row == "@")
    screen.send("for i")
    screen.until(lambda: screen.row == "@ for i in range(10):")
    screen.send(RIGHT)
    screen.until(lambda: screen.row.strip() == "print(i, 'done')")
    screen.send("\r\r")
    screen.sees("\n9 done")
    screen.until(lambda: screen.row == "@")
    screen.send("xontrib unload rnncomplete\r")
    screen.until(lambda: screen.row == "@")


def test_a_setting_names_the_style_of_a_shell(
    sentence_style: Any, styles: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    sentence_style("linux", "static int")
    assert choose_style() == ("python", None)
    monkeypatch.setenv("RNNCOMPLETE_STYLE", "linux")
    assert choose_style() == ("linux", None)
    assert choose_style("python") == ("python", None)
    assert choose_style("auto") == ("auto", None)


def test_all_settings_hold_in_a_shell(styles: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "loop.py").write_text("for rune in runes:\n    pass\n" * 20, encoding="utf-8")
    monkeypatch.setenv("RNNCOMPLETE_MANUAL", "1")
    monkeypatch.setenv("RNNCOMPLETE_LEARN_FROM", str(tmp_path))
    suggest, problem = open_suggest()
    assert problem is None
    assert not suggest.automatic
    assert suggest.study is not None
    assert suggest.study.paths == (tmp_path,)
    suggest.close()


def test_without_any_style_there_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rnncomplete.styles.shipped_styles_folder", lambda: tmp_path)
    name, problem = choose_style()
    assert name == "python"
    assert problem is not None
    assert problem.startswith("no ghosts from a network: there is no style 'python'")


def test_the_guide_installs_what_it_needs() -> None:
    words = shlex.split(lines_for("install")[0])
    assert words == ["pip", "install", "rnncomplete[hosts]"]


ASKING = {
    "getpass": "import getpass; word = getpass.getpass('Word: ')",
    "prompt": "import prompt_toolkit as p, rnncomplete as r; s = p.PromptSession(); g = r.install(s, 'python'); "
    "g.start(60); word = s.prompt('Word: ', is_password=True); print('counted', g.tally.typed, 'characters')",
}
"""What a program may ask a password with, inside a host: the system, and a prompt that has ghosts."""


@pytest.mark.parametrize("asking", ASKING)
@pytest.mark.parametrize("program", ["ipython", "ptpython", "xonsh"])
def test_a_password_inside_a_host_shows_no_ghost(
    terminal: Any, styles: None, isolation: Path, program: str, asking: str
) -> None:
    if shutil.which(program, path=str(Path(sys.executable).parent)) is None:
        pytest.skip(f"{program} is not installed: pip install 'rnncomplete[hosts]'")
    configuration, question = isolation / "config.py", isolation / "ask.py"
    if program == "ipython":
        configuration.write_text("", encoding="utf-8")
    else:
        configuration.write_text("\n".join(lines_for(program)), encoding="utf-8")
    arguments, ready = {
        "ipython": (["--no-banner", "--no-confirm-exit", "--ext", "rnncomplete"], "In [1]:"),
        "ptpython": (["--config-file", str(configuration)], ">>>"),
        "xonsh": (["--rc", str(configuration), "-D", "PROMPT=@ ", "-D", "XONTRIBS_AUTOLOAD_DISABLED=1"], "@"),
    }[program]
    # In a file: hosts complete what is typed.
    question.write_text(f"{ASKING[asking]}\nprint('it has', len(word))\n", encoding="utf-8")
    screen = terminal(*arguments, program=program)
    screen.until(lambda: screen.row.startswith(ready))
    screen.send(f"exec(open({str(question)!r}).read())\r")
    screen.until(lambda: screen.row.startswith("Word:"))
    screen.send("for i")
    if asking == "prompt":
        screen.until(lambda: screen.row == "Word: *****")
        screen.send(RIGHT)
    screen.send("\r")
    screen.sees("it has 5")
    if asking == "prompt":
        assert "counted 0 characters" in screen.text
    assert "range(10)" not in screen.text
