"""One step of a session through buffers that are bound once: on the CPU, and on a device where the state stays."""

from __future__ import annotations

import threading
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from rnncomplete.network.onnx_runtime import CUDA_PROVIDER, graph_options, on_device

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from numpy.typing import NDArray


NOTHING: Mapping[str, int] = MappingProxyType({})


class BatchStep:
    """Steps of many texts at once, each with a state of its own, on the CPU.

    A quantised product rounds what it reads by the largest number in a batch, so that texts beside one another change
    one another a little.
    """

    def __init__(self, session: Any, readouts: Iterable[str]) -> None:
        self._session, self._names = session, list(readouts)

    def __call__(
        self, tokens: NDArray[np.int64], states: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], dict[str, NDArray[np.float32]]]:
        """Next states float32[B, S] and readouts float32[B, labels] after ``tokens`` int64[B] in ``states``."""
        following, *readouts = self._session.run(["next_state", *self._names], {"token": tokens, "state": states})
        return following, dict(zip(self._names, readouts, strict=True))


class BoundStep:
    """One step of a network through buffers that are bound once, which spares a third of a call's overhead.

    The buffers are copied in and out, so states are values all the same; a lock makes it safe to share among threads.
    ``readouts`` are the outputs beside the logits, by name, and how many numbers each has.
    """

    def __init__(
        self, session: Any, vocabulary_size: int, state_size: int, readouts: Mapping[str, int] = NOTHING
    ) -> None:
        self._session = session
        self._readouts = {name: np.zeros((1, size), np.float32) for name, size in readouts.items()}
        self._lock = threading.Lock()
        self._token = np.zeros(1, np.int64)
        self._state = np.zeros((1, state_size), np.float32)
        self._logits = np.zeros((1, vocabulary_size), np.float32)
        self._next_state = np.zeros((1, state_size), np.float32)
        self._binding = session.io_binding()
        buffers: list[tuple[Callable[..., None], str, NDArray[Any]]] = [
            (self._binding.bind_input, "token", self._token),
            (self._binding.bind_input, "state", self._state),
            (self._binding.bind_output, "logits", self._logits),
            (self._binding.bind_output, "next_state", self._next_state),
            *((self._binding.bind_output, name, buffer) for name, buffer in self._readouts.items()),
        ]
        for bind, name, buffer in buffers:
            bind(name, "cpu", 0, buffer.dtype.type, buffer.shape, buffer.ctypes.data)

    def __call__(self, token: int, state: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """(logits float32[V], next state float32[S]) after reading ``token`` in ``state`` (float32[S])."""
        with self._lock:
            self._token[0] = token
            self._state[0] = state
            self._session.run_with_iobinding(self._binding)
            return self._logits[0].copy(), self._next_state[0].copy()

    def readouts(self, token: int, state: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        """The readouts after ``token``, by name."""
        with self._lock:
            self._token[0] = token
            self._state[0] = state
            self._session.run_with_iobinding(self._binding)
            return {name: buffer[0].copy() for name, buffer in self._readouts.items()}


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
    session: Any, vocabulary_size: int, state_size: int, readouts: Mapping[str, int] = NOTHING
) -> BoundStep | DeviceStep:
    """The step of ``session``, in the way that suits the device it really runs on."""
    if CUDA_PROVIDER not in session.get_providers():
        return BoundStep(session, vocabulary_size, state_size, readouts)
    return DeviceStep(session, vocabulary_size, state_size, lambda array: on_device(array, "cuda"), readouts)
