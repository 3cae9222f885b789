"""What runs where, and what is wrong: versions, devices, and a self-test of each style."""

from __future__ import annotations

import platform
import time
from dataclasses import asdict, dataclass, field
from importlib import metadata
from typing import TYPE_CHECKING, Any

from rnncomplete.errors import RnncompleteError
from rnncomplete.mixing.core import why_no_core
from rnncomplete.network import onnx_runtime as session
from rnncomplete.network.loading import load_network
from rnncomplete.styles import list_styles, user_styles_folder

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rnncomplete.styles import Style

_DISTRIBUTIONS = ("rnncomplete", "numpy", "prompt_toolkit", "click", "platformdirs", "Pygments")

_TEST_TEXT = "It was the best of times, it was the worst of times"


@dataclass(frozen=True)
class StyleReport:
    """The self-test of one style."""

    style: str
    folder: str
    shipped: bool
    device: str | None = None
    """What it runs on; ``None`` if it does not."""
    load_ms: float | None = None
    step_us: float | None = None
    """Microseconds a character."""
    problem: str | None = None
    note: str | None = None
    """Why it does not run on the GPU though there is one."""


@dataclass(frozen=True)
class Report:
    """All that the doctor found."""

    python: str
    platform: str
    versions: dict[str, str]
    onnxruntime: list[str]
    """Installed distributions of ONNX Runtime; more than one break each other."""
    providers: list[str]
    gpu: str
    """Whether the GPU can be used, or why not."""
    styles_folder: str
    styles: list[StyleReport]
    problems: list[str] = field(default_factory=list)
    """Each with what to type; empty if all is well."""

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON has it."""
        return asdict(self)


def examine() -> Report:
    """Look at everything; nothing found wrong raises, it is in the report."""
    installed = session.installed_runtimes()
    problems = runtime_problems(installed) + mixer_problems()
    try:
        providers = session.available_providers()
        gpu = gpu_status(providers)
        styles = [examine_style(style) for style in list_styles()]
    except RnncompleteError as error:
        problems.append(str(error))
        providers, gpu, styles = [], "unknown: ONNX Runtime does not load", []
    else:
        problems += [f"{style.style}: {style.problem}" for style in styles if style.problem]
        if not styles:
            problems.append("there are no styles; train one with: rnncomplete train TEXT --style NAME")
    return Report(
        python=platform.python_version(),
        platform=platform.platform(),
        versions=_versions((*_DISTRIBUTIONS, *installed)),
        onnxruntime=installed,
        providers=providers,
        gpu=gpu,
        styles_folder=str(user_styles_folder()),
        styles=styles,
        problems=problems,
    )


def runtime_problems(installed: list[str]) -> list[str]:
    """What is wrong with the installed distributions of ONNX Runtime, with the line that repairs it."""
    if len(installed) == 1:
        return []
    found = f"{' and '.join(installed)} are installed together and break each other" if installed else "none installed"
    return [f"ONNX Runtime: {found}; {session.repair(installed)}"]


def mixer_problems() -> list[str]:
    """What is wrong with the mixer: no compiler was there when this was installed."""
    problem = why_no_core()
    return [] if problem is None else [problem]


def gpu_status(providers: list[str]) -> str:
    """Whether ``--device auto`` tries the GPU, or why not."""
    if session.cuda_is_plausible(providers):
        return "an NVIDIA driver is there; used by --device auto where it is faster than the CPU"
    return f"not used: {session.why_not_cuda(providers)}"


def examine_style(style: Style) -> StyleReport:
    """Load one style and let it read a sentence."""
    start = time.perf_counter()
    try:
        model = load_network(style.folder)
        loaded = time.perf_counter()
        state = model.initial_state
        for token in model.vocabulary.encode(_TEST_TEXT).tolist():
            _, state = model.step(token, state)
    except RnncompleteError as error:
        return StyleReport(style.name, str(style.folder), style.shipped, problem=str(error))
    step = (time.perf_counter() - loaded) / len(_TEST_TEXT)
    return StyleReport(
        style.name,
        str(style.folder),
        style.shipped,
        device=model.device,
        load_ms=round(1000 * (loaded - start), 1),
        step_us=round(1e6 * step, 1),
        note=model.note,
    )


def _versions(names: Iterable[str]) -> dict[str, str]:
    versions = {}
    for name in names:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            versions[name] = "not installed"
    return versions
