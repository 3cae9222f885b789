"""One step of a session through buffers that are bound once: on the CPU, and on a device where the state stays."""

from __future__ import annotations

import threading
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from rnncomplete.network.contract import KEYS, VALUES
from rnncomplete.network.onnx_runtime import CUDA_PROVIDER, graph_options, on_device

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from numpy.typing import NDArray

    from rnncomplete.network.encoder import Context


NOTHING: Mapping[str, int] = MappingProxyType({})


class BatchStep:
    """Steps of many texts at once, each with a state of its own, on the CPU; all of them about one source, if about any.

    A quantised product rounds what it reads by the largest number in a batch, so that texts beside one another change
    one another a little. Without a ``context`` a step reads the one that is given here.
    """

    def __init__(self, session: Any, readouts: Iterable[str], context: Context | None = None) -> None:
        self._session, self._names, self._context = session, list(readouts), context

    def __call__(
        self, tokens: NDArray[np.int64], states: NDArray[np.float32], context: Context | None = None
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], dict[str, NDArray[np.float32]]]:
        """Logits float32[B, V], next states float32[B, S] and readouts float32[B, labels].

        ``tokens`` int64[B] are read in ``states`` float32[B, S].
        """
        feed: dict[str, NDArray[Any]] = {"token": tokens, "state": states}
        if (about := context or self._context) is not None:
            feed |= {KEYS: about.keys, VALUES: about.values}
        logits, following, *readouts = self._session.run(["logits", "next_state", *self._names], feed)
        return logits, following, dict(zip(self._names, readouts, strict=True))


class BoundStep:
    """One step of a network through buffers that are bound once, which spares a third of a call's overhead.

    The buffers are copied in and out, so states are values all the same; a lock makes it safe to share among threads.
    ``readouts`` are the outputs beside the logits, by name, and how many numbers each has. Of a style with a source
    ``context`` is what a step reads that is given none; another one is bound when it changes.
    """

    def __init__(
        self,
        session: Any,
        vocabulary_size: int,
        state_size: int,
        readouts: Mapping[str, int] = NOTHING,
        context: Context | None = None,
    ) -> None:
        self._session = session
        self._readouts = {name: np.zeros((1, size), np.float32) for name, size in readouts.items()}
        self._lock = threading.Lock()
        self._token = np.zeros(1, np.int64)
        self._state = np.zeros((1, state_size), np.float32)
        self._logits = np.zeros((1, vocabulary_size), np.float32)
        self._next_state = np.zeros((1, state_size), np.float32)
        self._binding = session.io_binding()
        self._context = context
        self._bound: Context | None = None
        buffers: list[tuple[Callable[..., None], str, NDArray[Any]]] = [
            (self._binding.bind_input, "token", self._token),
            (self._binding.bind_input, "state", self._state),
            (self._binding.bind_output, "logits", self._logits),
            (self._binding.bind_output, "next_state", self._next_state),
            *((self._binding.bind_output, name, buffer) for name, buffer in self._readouts.items()),
        ]
        for bind, name, buffer in buffers:
            _bind(bind, name, buffer)

    def __call__(
        self, token: int, state: NDArray[np.float32], context: Context | None = None
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """(logits float32[V], next state float32[S]) after reading ``token`` in ``state`` (float32[S])."""
        with self._lock:
            self._run(token, state, context)
            return self._logits[0].copy(), self._next_state[0].copy()

    def readouts(self, token: int, state: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        """The readouts after ``token``, by name."""
        with self._lock:
            self._run(token, state, None)
            return {name: buffer[0].copy() for name, buffer in self._readouts.items()}

    def _run(self, token: int, state: NDArray[np.float32], context: Context | None) -> None:
        self._token[0] = token
        self._state[0] = state
        if (about := context or self._context) is not self._bound and about is not None:
            _bind(self._binding.bind_input, KEYS, about.keys)
            _bind(self._binding.bind_input, VALUES, about.values)
            self._bound = about
        self._session.run_with_iobinding(self._binding)


def _bind(bind: Callable[..., None], name: str, buffer: NDArray[Any]) -> None:
    """Bind memory of the CPU, which must stay where it is."""
    bind(name, "cpu", 0, buffer.dtype.type, buffer.shape, buffer.ctypes.data)


class DeviceStep:
    """One step of a network whose state stays on the device, in two buffers that take turns.

    A state is a value here too, a copy in the memory of the CPU; but the one returned last is still in a buffer, so
    whoever goes on from there, as a decoder does, sends nothing but a token. ``place(array)`` puts a copy of an array on
    the device. All that is bound stays in its place, so that a step can be captured once as a CUDA graph: then it took
    97 instead of 210 µs on one H100. The token must be bound on the device as well: ONNX Runtime copies an input from
    the CPU when it is bound, and never again.
    """

    def __init__(
        self,
        session: Any,
        vocabulary_size: int,
        state_size: int,
        place: Callable[[NDArray[np.generic]], Any],
        readouts: Mapping[str, int] = NOTHING,
    ) -> None:
        self._session = session
        self._readouts = {name: place(np.zeros((1, size), np.float32)) for name, size in readouts.items()}
        self._lock = threading.RLock()
        self._token = place(np.zeros(1, np.int64))
        self._logits = place(np.zeros((1, vocabulary_size), np.float32))
        self._buffers = [place(np.zeros((1, state_size), np.float32)) for _ in range(2)]
        self._bindings = [self._bind(self._buffers[turn], self._buffers[1 - turn]) for turn in range(2)]
        self._options = [graph_options(turn + 1) for turn in range(2)]
        self._turn = 0
        self._last: NDArray[np.float32] | None = None
        """The state in the buffer whose turn it is."""

    def _bind(self, state: Any, next_state: Any) -> Any:
        binding = self._session.io_binding()
        binding.bind_ortvalue_input("token", self._token)
        binding.bind_ortvalue_input("state", state)
        binding.bind_ortvalue_output("logits", self._logits)
        binding.bind_ortvalue_output("next_state", next_state)
        for name, buffer in self._readouts.items():
            binding.bind_ortvalue_output(name, buffer)
        return binding

    def __call__(self, token: int, state: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """(logits float32[V], next state float32[S]) after reading ``token`` in ``state`` (float32[S])."""
        with self._lock:
            if state is not self._last:
                self._buffers[self._turn].update_inplace(np.ascontiguousarray(state[None]))
            self._token.update_inplace(np.array([token], np.int64))
            self._session.run_with_iobinding(self._bindings[self._turn], self._options[self._turn])
            self._bindings[self._turn].synchronize_outputs()
            self._turn = 1 - self._turn
            self._last = np.array(self._buffers[self._turn].numpy()[0])
            # Nobody may change it while it stands for what the device holds.
            self._last.flags.writeable = False
            return np.array(self._logits.numpy()[0]), self._last

    def readouts(self, token: int, state: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        """The readouts after ``token``, by name."""
        with self._lock:
            self(token, state)
            return {name: np.array(buffer.numpy()[0]) for name, buffer in self._readouts.items()}


def bind_step(
    session: Any,
    vocabulary_size: int,
    state_size: int,
    readouts: Mapping[str, int] = NOTHING,
    context: Context | None = None,
) -> BoundStep | DeviceStep:
    """The step of ``session``, in the way that suits the device it really runs on; with a ``context`` that is the CPU."""
    if CUDA_PROVIDER not in session.get_providers():
        return BoundStep(session, vocabulary_size, state_size, readouts, context)
    return DeviceStep(session, vocabulary_size, state_size, lambda array: on_device(array, "cuda"), readouts)
