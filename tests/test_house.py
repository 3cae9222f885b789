"""The house rules that no type checker knows: who imports whom, what is shipped, what is public."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import runpy
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import rnncomplete

ROOT = Path(__file__).parents[1]
STOREYS = ROOT / "docs" / "storeys.py"
HEAVY = ("torch", "onnx", "rnncomplete_export", "lightning_fabric", "safetensors", "rich")


def modules() -> list[str]:
    found = [module.name for module in pkgutil.walk_packages(rnncomplete.__path__, "rnncomplete.")]
    return ["rnncomplete", *(name for name in found if not name.endswith("__main__"))]


def run(code: str) -> str:
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert process.stderr == ""
    return process.stdout.strip()


def test_the_runtime_imports_nothing_of_the_training() -> None:
    code = f"import sys\nfor name in {modules()!r}: __import__(name)\nprint([n for n in {HEAVY!r} if n in sys.modules])"
    assert run(code) == "[]"


def test_importing_every_module_loads_no_onnx_runtime_and_prints_nothing() -> None:
    names = [name for name in modules() if name != "rnncomplete.network.onnx_runtime"]
    code = f"import sys\nfor name in {names!r}: __import__(name)\nprint('onnxruntime' in sys.modules)"
    assert run(code) == "False"


def test_the_command_line_starts_without_numpy() -> None:
    code = "import sys, rnncomplete.cli\nprint([n for n in ('numpy', 'prompt_toolkit') if n in sys.modules])"
    assert run(code) == "[]"


def test_the_prompt_opens_without_numpy() -> None:
    code = "import sys, rnncomplete.repl.program\nprint('numpy' in sys.modules)"
    assert run(code) == "False"


def test_no_host_is_imported_before_it_asks() -> None:
    code = "import sys, rnncomplete.hosts.ipython, rnncomplete.hosts.ptpython, rnncomplete.hosts.xonsh\n"
    assert run(code + "print([n for n in ('IPython', 'ptpython', 'xonsh') if n in sys.modules])") == "[]"


def test_one_module_imports_onnx_runtime() -> None:
    importers = [
        path.name
        for path in (ROOT / "rnncomplete").rglob("*.py")
        if any(
            line.strip().startswith(("import onnxruntime", "from onnxruntime"))
            for line in path.read_text(encoding="utf-8").splitlines()
        )
    ]
    assert importers == ["onnx_runtime.py"]


def test_no_path_is_resolved_in_a_way_that_stops_the_program() -> None:
    """``Path.resolve`` and ``expanduser`` raise RuntimeError for links to themselves and unknown homes."""
    found = {
        path.name
        for folder in ("rnncomplete/repl", "rnncomplete/text")
        for path in (ROOT / folder).rglob("*.py")
        if re.search(r"\.(resolve|expanduser)\(\)", path.read_text(encoding="utf-8"))
    }
    assert found == {"actions.py"}, "rnncomplete.files has true_path and at_home; this one catches it"


def imported_names(path: Path) -> set[str]:
    """The top packages that ``path`` imports, inside functions and for type checkers, too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found


def test_the_tests_of_the_runtime_need_nothing_of_the_training() -> None:
    for path in (ROOT / "tests").rglob("*.py"):
        if "export" not in path.relative_to(ROOT).parts:
            assert imported_names(path).isdisjoint(HEAVY), f"{path.name}: what needs these is tested in tests/export"


@pytest.mark.slow
def test_without_pytorch_the_tests_of_the_runtime_are_collected() -> None:
    code = (
        f"import sys; sys.modules.update(dict.fromkeys({sorted(HEAVY)!r})); "
        "import pytest; sys.exit(pytest.main(['--collect-only', '-q', '-p', 'no:cacheprovider']))"
    )
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT)
    assert process.returncode == 0, process.stdout[-1000:]
    assert "tests/completion/" in process.stdout
    assert "tests/export/" not in process.stdout


def test_no_test_says_how_fast_something_has_to_be() -> None:
    """Clocks are for giving up what never comes; how fast something is, ``rnncomplete bench`` says."""
    for path in (ROOT / "tests").rglob("*.py"):
        used = {node.attr for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Attribute)}
        assert used.isdisjoint({"perf_counter", "process_time", "thread_time"}), path


def test_the_distribution_lists_every_package_of_the_tree() -> None:
    setuptools = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    found = {"rnncomplete.models", "rnncomplete_export.recipes"}
    for source in (ROOT / "rnncomplete", ROOT / "export" / "rnncomplete_export"):
        for path in source.rglob("*.py"):
            found.add(".".join(path.parent.relative_to(source.parent).parts))
    assert sorted(setuptools["packages"]) == sorted(found)


def test_the_house_has_nine_storeys_at_most_and_no_circle_and_a_top_floor_of_eight() -> None:
    process = subprocess.run([sys.executable, STOREYS], capture_output=True, text=True, check=False)
    assert process.returncode == 0, process.stdout + process.stderr


def test_the_import_contract_is_kept() -> None:
    code = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT)
    assert process.returncode == 0, process.stdout + process.stderr


def test_circles_and_towers_are_seen() -> None:
    storeys = runpy.run_path(str(STOREYS))
    rooms = storeys["rooms_of"]({"p": ["p.a.x"], "p.a.x": ["p.b.y", "p.a.z"], "p.b.y": ["p.c"], "p.a.z": [], "p.c": []})
    assert storeys["circle"](rooms) == []
    assert storeys["tower"](rooms) == ["p", "p.a", "p.b", "p.c"]
    assert storeys["circle"](rooms | {"p.c": {"p.a"}})
    assert storeys["top_floor"](["p", "p.a", "p.a.x", "p.a.z", "p.b", "p.b.y", "p.c"]) == ["p", "p.c"]


@pytest.mark.parametrize("name", modules())
def test_all_is_true_and_sorted(name: str) -> None:
    module = importlib.import_module(name)
    public = getattr(module, "__all__", [])
    assert list(public) == sorted(public)
    for item in public:
        assert getattr(module, item) is not None
    assert module.__doc__


def test_the_package_has_what_it_promises_and_nothing_by_chance() -> None:
    assert set(rnncomplete._HOMES) == set(rnncomplete.__all__)
    with pytest.raises(AttributeError, match="nonsense"):
        rnncomplete.nonsense  # noqa: B018
