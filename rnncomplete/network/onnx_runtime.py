"""ONNX Runtime, kept quiet: the one module that imports it.

A session is made from bytes (so that a graph cannot name other files), runs on one thread that never spins, and prints
nothing. Released builds of it report their use over the network unless they are told not to, so they are told before
the import. On a machine without CUDA, onnxruntime-gpu lists the CUDA provider, complains on stderr and then runs on the
CPU without an error; so what really runs is asked of the session, not assumed.
"""

from __future__ import annotations

import contextlib
import io
import os
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnncomplete.errors import DeviceError, ModelError, SettingError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import numpy as np
    from numpy.typing import NDArray


DEVICES = ("auto", "cpu", "cuda")
CUDA_PROVIDER = "CUDAExecutionProvider"
CPU_PROVIDER = "CPUExecutionProvider"

_CUDA = (CUDA_PROVIDER, {"enable_cuda_graph": "1"})
"""What is bound stays in its place (:class:`~rnncomplete.network.step.DeviceStep`), so a step can be captured."""

MOST_MEMORY = 2**30
"""Bytes that all sessions together may take; ours take a few dozen megabytes."""

_SILENT = 4
"""Severity "fatal": a line on stderr would tear the screen of a terminal program."""

_DRIVER_FILES = ("/dev/nvidiactl", "/dev/dxg", "/proc/driver/nvidia/version", "C:/Windows/System32/nvcuda.dll")
"""One of these is there where an NVIDIA driver is: Linux, Windows' Linux, Linux again, Windows."""


@cache
def runtime() -> Any:
    """The ``onnxruntime`` module, with its default logger silenced; raises :class:`DeviceError` if it is broken."""
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    try:
        import onnxruntime

        onnxruntime.disable_telemetry_events()  # on Windows, where events go to the system
        onnxruntime.set_default_logger_severity(_SILENT)
        _limit_memory(onnxruntime)
    except (ImportError, AttributeError) as error:
        # Two distributions of it overwrite each other's files, and either error may come of that.
        raise DeviceError(f"ONNX Runtime cannot be loaded ({error}); {repair(installed_runtimes())}") from None
    return onnxruntime


def _limit_memory(module: Any) -> None:
    """Give all sessions one arena of bounded size: allowed operators, too, can double a tensor forty times over."""
    memory = module.OrtMemoryInfo("Cpu", module.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, module.OrtMemType.DEFAULT)
    limits = {"arena_extend_strategy": -1, "initial_chunk_size_bytes": -1, "max_dead_bytes_per_chunk": -1}
    with contextlib.suppress(RuntimeError):  # another part of the program has registered one already
        module.create_and_register_allocator(memory, module.OrtArenaCfg({"max_mem": MOST_MEMORY, **limits}))


def runtime_version() -> str:
    """The version of ONNX Runtime."""
    return str(runtime().__version__)


def installed_runtimes() -> list[str]:
    """Names of the installed ONNX Runtime distributions; more than one break each other."""
    names = ("onnxruntime", "onnxruntime-gpu", "onnxruntime-directml", "onnxruntime-openvino")
    return [name for name in names if any(True for _ in metadata.distributions(name=name))]


def repair(installed: list[str]) -> str:
    """What to type where ONNX Runtime is missing, or there are two of it."""
    keep = "onnxruntime-gpu" if "onnxruntime-gpu" in installed else "onnxruntime"
    if len(installed) > 1:
        return f"type: pip uninstall -y {' '.join(installed)} && pip install {keep}"
    return f"type: pip install --force-reinstall {keep}"


def cuda_is_plausible(
    providers: Iterable[str], exists: Callable[[str], bool] = lambda path: Path(path).exists()
) -> bool:
    """Whether trying CUDA is worth a second: the provider is built in and an NVIDIA driver is there."""
    return CUDA_PROVIDER in providers and any(exists(path) for path in _DRIVER_FILES)


def why_not_cuda(providers: Iterable[str], running: Iterable[str] = ()) -> str:
    """One clause that says why CUDA does not run, from the providers built in and those of a session, if there is one."""
    if CUDA_PROVIDER not in providers:
        return "this ONNX Runtime has no CUDA in it; type: pip install 'rnncomplete[cuda]', or use --device cpu"
    if CUDA_PROVIDER not in running and not cuda_is_plausible(providers):
        return "no NVIDIA driver was found; install one, or use --device cpu"
    return (
        "ONNX Runtime could not start it, most often for want of CUDA or cuDNN libraries; "
        "type: pip install 'rnncomplete[cuda]', or use --device cpu"
    )


def check_device(device: str) -> str:
    """``device`` if it is one of :data:`DEVICES`, else :class:`SettingError`."""
    if device not in DEVICES:
        raise SettingError(f"the device is {device!r}; expected one of {', '.join(DEVICES)}")
    return device


def available_providers() -> list[str]:
    """The providers built into ONNX Runtime, whether or not they can run here."""
    return list(runtime().get_available_providers())


def open_session(graph: bytes, device: str = "cpu") -> Any:
    """An ``onnxruntime.InferenceSession`` on ``device`` ("cpu" or "cuda").

    Raises :class:`DeviceError` if CUDA was asked for and does not really run, :class:`ModelError` if ONNX Runtime
    refuses the graph.
    """
    module = runtime()
    if device == "cuda":
        if not cuda_is_plausible(available_providers()):
            raise DeviceError(f"CUDA was asked for: {why_not_cuda(available_providers())}")
        _preload_cuda()
    try:
        # Only where CUDA may fail is there anything to print; stdout is the whole process's, so it is left alone otherwise.
        with _quiet_stdout() if device == "cuda" else contextlib.nullcontext():
            session = module.InferenceSession(
                graph,
                sess_options=_options(module),
                # All our constants are weights. Folding others costs time, and gigabytes where somebody means harm.
                disabled_optimizers=["ConstantFolding"],
                providers=[_CUDA, CPU_PROVIDER] if device == "cuda" else [CPU_PROVIDER],
                enable_fallback=0,
            )
    except Exception as error:
        # ONNX Runtime's exceptions have no common root but Exception.
        reason = " ".join(str(error).split())[:200]
        if device == "cuda":
            raise DeviceError(f"CUDA was asked for but failed ({reason}); use --device cpu") from None
        raise ModelError(f"ONNX Runtime refuses the graph ({reason})") from None
    require_provider(session, device)
    return session


def require_provider(session: Any, device: str) -> None:
    """Raise :class:`DeviceError` if CUDA was asked for and ``session`` does not have it."""
    if device == "cuda" and CUDA_PROVIDER not in session.get_providers():
        reason = why_not_cuda([CUDA_PROVIDER], session.get_providers())
        raise DeviceError(f"CUDA was asked for: {reason}")


def _options(module: Any) -> Any:
    options = module.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = _SILENT
    # Else ONNX Runtime looks for itself, and sees its own format in what was checked as ONNX.
    options.add_session_config_entry("session.load_model_format", "ONNX")
    options.add_session_config_entry("session.use_env_allocators", "1")
    # Spinning threads burn whole cores between two keys.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    return options


@cache
def _preload_cuda() -> None:
    """Let CUDA libraries that came as wheels be found; once, before the first CUDA session."""
    with _quiet_stdout(), contextlib.suppress(Exception):
        # What fails here is named when the session is made.
        runtime().preload_dlls()


def _quiet_stdout() -> contextlib.redirect_stdout[io.StringIO]:
    """ONNX Runtime's Python part reports by ``print``."""
    return contextlib.redirect_stdout(io.StringIO())


def on_device(array: NDArray[np.generic], device: str) -> Any:
    """A copy of ``array`` on ``device``, as ONNX Runtime holds it."""
    return runtime().OrtValue.ortvalue_from_numpy(array, device, 0)


def graph_options(number: int) -> Any:
    """Options of a run that is captured as the CUDA graph of that ``number``, where a session captures graphs."""
    options = runtime().RunOptions()
    options.log_severity_level = _SILENT
    options.add_run_config_entry("gpu_graph_id", str(number))
    return options
