"""ONNX Runtime, kept quiet: the one module that imports it.

A session is made from bytes (so that a graph cannot name other files), runs on one thread that never spins, and prints
nothing. On a machine without CUDA, onnxruntime-gpu lists the CUDA provider, complains on stderr and then runs on the
CPU without an error; so what really runs is asked of the session, not assumed.
"""

from __future__ import annotations

import contextlib
import io
import threading
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rnncomplete.errors import DeviceError, ModelError, SettingError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

DEVICES = ("auto", "cpu", "cuda")
CUDA_PROVIDER = "CUDAExecutionProvider"
CPU_PROVIDER = "CPUExecutionProvider"

MOST_MEMORY = 2**30
"""Bytes that all sessions together may take; ours take a few dozen megabytes."""

_SILENT = 4
"""Severity "fatal": a line on stderr would tear the screen of a terminal program."""

_DRIVER_FILES = ("/dev/nvidiactl", "/dev/dxg", "/proc/driver/nvidia/version", "C:/Windows/System32/nvcuda.dll")
"""One of these is there where an NVIDIA driver is: Linux, Windows' Linux, Linux again, Windows."""


@cache
def runtime() -> Any:
    """The ``onnxruntime`` module, with its default logger silenced; raises :class:`DeviceError` if it is broken."""
    try:
        import onnxruntime

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
                providers=[CUDA_PROVIDER, CPU_PROVIDER] if device == "cuda" else [CPU_PROVIDER],
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


class BoundStep:
    """One step of a network through buffers that are bound once, which spares a third of a call's overhead.

    The buffers are copied in and out, so states are values all the same; a lock makes it safe to share among threads.
    """

    def __init__(self, session: Any, vocabulary_size: int, state_size: int) -> None:
        self._session = session
        self._lock = threading.Lock()
        self._token = np.zeros(1, np.int64)
        self._state = np.zeros((1, state_size), np.float32)
        self._logits = np.zeros((1, vocabulary_size), np.float32)
        self._next_state = np.zeros((1, state_size), np.float32)
        self._binding = session.io_binding()
        for bind, name, buffer in (
            (self._binding.bind_input, "token", self._token),
            (self._binding.bind_input, "state", self._state),
            (self._binding.bind_output, "logits", self._logits),
            (self._binding.bind_output, "next_state", self._next_state),
        ):
            bind(name, "cpu", 0, buffer.dtype.type, buffer.shape, buffer.ctypes.data)

    def __call__(self, token: int, state: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """(logits float32[V], next state float32[S]) after reading ``token`` in ``state`` (float32[S])."""
        with self._lock:
            self._token[0] = token
            self._state[0] = state
            self._session.run_with_iobinding(self._binding)
            return self._logits[0].copy(), self._next_state[0].copy()


class DeviceStep:
    """One step of a network whose state stays on the device, in two buffers that take turns.

    A state is a value here too, a copy in the memory of the CPU; but the one returned last is still in a buffer, so
    whoever goes on from there, as a decoder does, sends nothing but a token. ``allocate(shape)`` gives a float32
    buffer on the device.
    """

    def __init__(
        self, session: Any, vocabulary_size: int, state_size: int, allocate: Callable[[tuple[int, int]], Any]
    ) -> None:
        self._session = session
        self._lock = threading.Lock()
        self._token = np.zeros(1, np.int64)
        self._logits = np.zeros((1, vocabulary_size), np.float32)
        self._buffers = [allocate((1, state_size)) for _ in range(2)]
        self._bindings = [self._bind(self._buffers[turn], self._buffers[1 - turn]) for turn in range(2)]
        self._turn = 0
        self._last: NDArray[np.float32] | None = None
        """The state in the buffer whose turn it is."""

    def _bind(self, state: Any, next_state: Any) -> Any:
        binding = self._session.io_binding()
        for bind, name, buffer in (
            (binding.bind_input, "token", self._token),
            (binding.bind_output, "logits", self._logits),
        ):
            bind(name, "cpu", 0, buffer.dtype.type, buffer.shape, buffer.ctypes.data)
        binding.bind_ortvalue_input("state", state)
        binding.bind_ortvalue_output("next_state", next_state)
        return binding

    def __call__(self, token: int, state: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """(logits float32[V], next state float32[S]) after reading ``token`` in ``state`` (float32[S])."""
        with self._lock:
            if state is not self._last:
                self._buffers[self._turn].update_inplace(np.ascontiguousarray(state[None]))
            self._token[0] = token
            self._session.run_with_iobinding(self._bindings[self._turn])
            self._bindings[self._turn].synchronize_outputs()
            self._turn = 1 - self._turn
            self._last = np.array(self._buffers[self._turn].numpy()[0])
            # Nobody may change it while it stands for what the device holds.
            self._last.flags.writeable = False
            return self._logits[0].copy(), self._last


def bind_step(session: Any, vocabulary_size: int, state_size: int) -> BoundStep | DeviceStep:
    """The step of ``session``, in the way that suits the device it really runs on."""
    if CUDA_PROVIDER not in session.get_providers():
        return BoundStep(session, vocabulary_size, state_size)
    return DeviceStep(session, vocabulary_size, state_size, lambda shape: allocate(shape, "cuda"))


def allocate(shape: tuple[int, int], device: str) -> Any:
    """A float32 buffer on ``device``, as ONNX Runtime holds it."""
    return runtime().OrtValue.ortvalue_from_shape_and_type(shape, np.float32, device, 0)
