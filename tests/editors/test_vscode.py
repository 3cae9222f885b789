"""The extension in a real VS Code, code-server with Chromium in front of it: keys in, the page read."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from editors.places import editors
from editors.vscode_page import EXTENSION, CodeServer, Page, environment, milliseconds, needed, node, packaged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
AREA = "def area(radius):\n    square = radius ** 2\n    return 3 * square"

SHAPES = """\
from dataclasses import dataclass
from math import pi


@dataclass
class Circle:
    radius: float

    def circumference(self) -> float:
        return 2 * pi * self.radius

    def enclosed_area(self) -> float:
        return pi * self.radius**2
"""

REPORT = """\
from shapes import Circle


def total_circumference(shapes: list[Circle]) -> float:
    return sum(shape.circumference() for shape in shapes)


def total_enclosed_area(shapes: list[Circle]) -> float:
"""

CALM = {
    "workbench.startupEditor": "none",
    "workbench.tips.enabled": False,
    "workbench.secondarySideBar.defaultVisibility": "hidden",
    "chat.disableAIFeatures": True,
    "editor.minimap.enabled": False,
    "extensions.ignoreRecommendations": True,
    "window.menuBarVisibility": "hidden",
}
"""Settings that keep off the screen what is not ours."""


class Project:
    """A folder with a file in it, VS Code in front of it, and what the server was asked."""

    def __init__(self, server: CodeServer, page: Page, log: Path, settings: dict[str, Any]) -> None:
        self.server, self.page, self.log, self._settings = server, page, log, settings

    def open(self, file: Path, text: str, **settings: Any) -> None:
        """Open ``file`` with ``text`` in it, at its end."""
        file.parent.mkdir(exist_ok=True, parents=True)
        file.write_text(text, encoding="utf-8")
        self.log.write_text("", encoding="utf-8")
        self.set(**settings)
        self.page.open(self.server.address(file))
        self.page.until(lambda seen: seen["lines"][0] == text.splitlines()[0])
        self.page.press("Control+End")

    def set(self, **settings: Any) -> None:
        own = {f"rnncomplete.{name}": value for name, value in settings.items()}
        self.server.set(CALM | self._settings | own)

    def asked(self, kind: str) -> list[dict[str, Any]]:
        events = [json.loads(line) for line in self.log.read_text(encoding="utf-8").splitlines()]
        return [event for event in events if event["kind"] == kind]

    def opened(self, name: str) -> bool:
        """Whether the server has heard of a file."""
        return any(event["uri"].endswith(name) for event in self.asked("open"))


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("vscode")


@pytest.fixture(scope="module")
def code(places: Path) -> Iterator[Project]:
    """VS Code with the extension, whose server knows a function."""
    log = places / "asked.jsonl"
    command = [sys.executable, str(HERE / "known_text_server.py"), str(log), json.dumps([AREA, "def area_of(circle)"])]
    settings = {"rnncomplete.command": command}
    # As for somebody who has installed no rnncomplete.
    variables = {
        "PATH": f"{editors() / 'node' / 'bin'}:/usr/bin:/bin",
        "HOME": str(places),
        "RNNCOMPLETE_BUDGET_MS": "10000",
    }
    server = CodeServer(places, packaged(places), CALM | settings, variables)
    page = Page()
    yield Project(server, page, log, settings)
    page.close()
    server.close()


def test_a_ghost_is_seen_typed_through_and_accepted_and_undone_in_one_step(code: Project, places: Path) -> None:
    code.open(places / "one" / "area.py", "# areas\n")
    page = code.page
    page.until(lambda _: code.opened("area.py"))
    page.type("def ar")
    page.shows("def ar", "ea(radius):")
    seen = page.until(lambda seen: seen["below"])
    assert seen["below"] == ["    square = radius ** 2", "    return 3 * square"]
    page.type("ea")
    page.shows("def area", "(radius):")
    page.press("Control+ArrowRight")
    page.shows("def area(", "radius):")
    seen = page.until(lambda seen: milliseconds(seen["status"]) is not None)
    assert "known liked 83 %" in seen["status"]
    page.press("Alt+e")
    page.until(lambda seen: seen["lines"][1:] == ["def area(radius):", ""])
    page.until(lambda seen: (seen["ghost"], seen["below"]) == ("    square = radius ** 2", ["    return 3 * square"]))
    page.press("Tab")  # at the beginning of a line VS Code indents
    page.shows("", "square = radius ** 2")
    page.press("Tab")
    whole = ["# areas", "def area(radius):", "    square = radius ** 2", "    return 3 * square"]
    page.until(lambda seen: seen["lines"] == whole)
    page.press("Control+z")
    page.until(lambda seen: seen["lines"] == [*whole[:2], ""])
    assert {event["encoding"] for event in code.asked("open")} == {"utf-16"}


def test_others_are_cycled_through(code: Project, places: Path) -> None:
    code.open(places / "two" / "other.py", "# areas\n")
    page = code.page
    page.until(lambda _: code.opened("other.py"))
    page.type("def ar")
    page.shows("def ar", "ea(radius):")
    page.press("Alt+]")
    page.shows("def ar", "ea_of(circle)")
    assert code.asked("ask")[-1]["invoked"]


def test_while_an_input_method_composes_there_is_no_ghost(code: Project, places: Path) -> None:
    code.open(places / "eight" / "composed.py", "# areas\n")
    page = code.page
    page.until(lambda seen: code.opened("composed.py") and "known" in seen["status"])
    page.type("def")
    page.shows("def", " area(radius):")
    for text in (" a", " ar"):
        page.do("compose", text=text)
        page.until(lambda seen, text=text: seen["lines"][-1:] == [f"def{text}"])
        time.sleep(0.3)
        page.shows(f"def{text}", "")
    page.do("commit", text=" ar")
    page.shows("def ar", "ea(radius):")


def test_off_ends_the_server_and_nothing_is_asked(code: Project, places: Path) -> None:
    code.open(places / "three" / "off.py", "# areas\n")
    page = code.page
    page.until(lambda _: code.opened("off.py"))
    page.command("rnncomplete: Ghosts On or Off")
    page.until(lambda seen: "ghosts off" in seen["status"])
    before = len(code.asked("ask"))
    page.do("focus")
    page.press("Control+End")
    page.type("def ar")
    page.shows("def ar", "")
    assert len(code.asked("ask")) == before
    page.command("rnncomplete: Ghosts On or Off")
    page.until(lambda seen: "known" in seen["status"])
    page.do("focus")
    page.press("Control+End")
    page.type("e")
    page.shows("def are", "a(radius):")


@pytest.mark.parametrize(
    ("settings", "reason"),
    [({"off": ["python"]}, "python is among the languages that are off"), ({"ignore": ["sec*.py"]}, "is ignored")],
)
def test_a_language_or_file_that_is_off_is_never_sent(
    code: Project, places: Path, settings: dict[str, Any], reason: str
) -> None:
    of_the_folder = places / "four" / ".vscode" / "settings.json"
    of_the_folder.parent.mkdir(parents=True, exist_ok=True)
    undone = {"rnncomplete.off": [], "rnncomplete.ignore": []}  # a folder undoes nothing that its user has switched off
    of_the_folder.write_text(json.dumps(undone), encoding="utf-8")
    code.open(places / "four" / "secret.py", "# areas\n", **settings)
    page = code.page
    page.until(lambda seen: "rnncomplete" in seen["status"] and "loading" not in seen["tooltips"])
    page.type("def ar")
    page.until(lambda seen: reason in seen["tooltips"])
    assert not code.opened("secret.py")
    assert code.asked("ask") == []
    page.command("rnncomplete: Status, and Why")
    page.until(lambda seen: any(reason in message for message in seen["notifications"]))


def test_what_a_folder_switches_off_is_added_to_what_its_user_does(code: Project, places: Path) -> None:
    of_the_folder = places / "seven" / ".vscode" / "settings.json"
    of_the_folder.parent.mkdir(parents=True, exist_ok=True)
    mixed = {"rnncomplete.off": ["c"], "rnncomplete.learn": True, "rnncomplete.threshold": 0.5}
    of_the_folder.write_text(json.dumps(mixed), encoding="utf-8")
    code.open(places / "seven" / "area.py", "# areas\n", off=["json"], ignore=["*.log"], learn=False)
    code.page.until(lambda _: code.opened("area.py"))
    expected = {"off": ["json", "c"], "ignore": ["*.log"], "learn": False, "threshold": 0.5}
    code.page.until(
        lambda _: any(expected.items() <= (event["settings"] or {}).items() for event in code.asked("settings"))
    )


def test_a_style_is_chosen_and_the_server_is_told(code: Project, places: Path) -> None:
    code.open(places / "five" / "style.py", "# areas\n")
    page = code.page
    page.until(lambda _: code.opened("style.py"))
    page.command("rnncomplete: Choose a Style")
    page.until(lambda seen: seen["picks"] == ["auto", "known", "strange"])
    page.pick("strange")
    page.until(lambda _: any((event["settings"] or {}).get("style") == "strange" for event in code.asked("settings")))
    page.command("rnncomplete: Forget What Was Learned")
    page.until(lambda seen: any("forget was done" in message for message in seen["notifications"]))


def test_it_says_in_one_line_what_is_missing(code: Project, places: Path) -> None:
    code.open(places / "six" / "missing.py", "# areas\n", command=[])
    said = "rnncomplete is not installed: no such program in PATH, in ~/.local/bin or in the extension"
    code.page.until(lambda seen: any(said in message for message in seen["notifications"]))
    code.page.until(lambda seen: said in seen["tooltips"])
    code.set(command=["no-such-program"])
    code.page.until(lambda seen: any("no-such-program did not start" in message for message in seen["notifications"]))


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., list[list[str]]]:
    """The function of that name in the extension, in Node."""
    needed(EXTENSION / "node_modules")
    bundle = tmp_path_factory.mktemp("finding") / "finding.js"
    esbuild = EXTENSION / "node_modules" / ".bin" / "esbuild"
    arguments = ["src/finding.ts", "--bundle", "--platform=node", "--format=cjs", f"--outfile={bundle}"]
    subprocess.run([esbuild, *arguments], cwd=EXTENSION, check=True, capture_output=True, env=environment())

    def call(*values: Any) -> list[list[str]]:
        program = (
            f"console.log(JSON.stringify(require({json.dumps(str(bundle))}).installation(...{json.dumps(values)})))"
        )
        result = subprocess.run(node("-e", program), check=True, capture_output=True, text=True)
        answer: list[list[str]] = json.loads(result.stdout)
        return answer

    return call


def test_the_server_is_installed_by_uv_by_pipx_or_into_an_environment(installation: Callable[..., Any]) -> None:
    everything = {"uv": True, "pipx": True, "python": "python3"}
    package = "/src/rnncomplete[lsp]"
    assert installation(everything, "/src/rnncomplete", "/e") == [["uv", "tool", "install", "--force", package]]
    assert installation(everything | {"uv": False}, "/src/rnncomplete", "/e") == [
        ["pipx", "install", "--force", package]
    ]
    assert installation({"uv": False, "pipx": False, "python": "python3"}, package, "/e") == [
        ["python3", "-m", "venv", "/e"],
        ["/e/bin/python", "-m", "pip", "install", "--upgrade", package],
    ]
    assert installation({"uv": False, "pipx": False}, package, "/e") == []


def test_the_page_of_the_extension_names_every_setting_and_key() -> None:
    manifest = json.loads((EXTENSION / "package.json").read_text(encoding="utf-8"))
    page = (EXTENSION / "README.md").read_text(encoding="utf-8")
    settings = manifest["contributes"]["configuration"]["properties"]
    assert [name for name in settings if f"| `{name}` |" not in page] == []
    assert all(key["key"].replace("alt+e", "Alt+E") in page for key in manifest["contributes"]["keybindings"])


def test_the_icon_is_what_its_script_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(EXTENSION / "media"))
    from make_icon import draw

    picture, text = draw()
    assert (EXTENSION / "media" / "icon.svg").read_text(encoding="utf-8") == text
    assert (EXTENSION / "media" / "icon.png").read_bytes()[:33] == picture[:33]


@pytest.mark.skipif(os.name == "nt", reason="the editor is driven on Linux")
def test_the_package_holds_what_it_needs_and_no_more(places: Path) -> None:
    import zipfile

    with zipfile.ZipFile(packaged(places)) as archive:
        names = set(archive.namelist())
    assert {"extension/package.json", "extension/dist/extension.js", "extension/media/icon.png"} <= names
    assert not [name for name in names if "node_modules" in name or name.endswith(".ts")]


def test_the_shipped_style_writes_python_and_is_in_the_picture(code: Project, places: Path) -> None:
    program = Path(sys.executable).parent / "rnncomplete"
    if subprocess.run([program, "lsp", "--help"], capture_output=True, check=False).returncode:
        pytest.skip("this rnncomplete has no language server")
    folder = places / "circles"
    folder.mkdir()
    (folder / "shapes.py").write_text(SHAPES, encoding="utf-8")
    code.open(folder / "report.py", REPORT, command=[str(program), "lsp"])
    page = code.page
    page.until(lambda seen: "python" in seen["status"])
    page.type("    return sum(shape.")
    seen = page.until(lambda seen: seen["ghost"] and milliseconds(seen["status"]))
    picture = Path(os.environ.get("RNNCOMPLETE_PICTURE", places / "picture.png"))
    page.do("shot", path=str(picture))
    assert picture.stat().st_size > 10_000
    page.press("Tab")
    page.until(lambda now: now["lines"][-1].startswith("    return sum(shape." + seen["ghost"].rstrip()))
