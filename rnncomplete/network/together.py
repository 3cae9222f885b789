"""Several texts at once, and one call of the network for a step of each: for servers of many people (docs/lit_serve.py).

Whoever completes a text calls for steps one after another, deep inside a call of its own. Such calls run here side by side
in one thread, each in a greenlet, and wait at a step until the others are at one, too: on the CPU sixteen steps together take
three times as long as one alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from greenlet import greenlet

    from rnncomplete.network.encoder import Context
    from rnncomplete.network.model import FloatArray, Model

Result = TypeVar("Result")


class Together:
    """Takes the steps of calls that :meth:`run` runs side by side. For one thread; needs the library greenlet."""

    def __init__(self, model: Model) -> None:
        self._one_by_one = model
        self._side_by_side: set[greenlet] = set()
        self.model = model.with_step(self._step)
        """The same network, whose steps are taken together."""

    def run(self, calls: Sequence[Callable[[], Result]]) -> list[Result | Exception]:
        """What each of ``calls`` returns or raises. No two of them may read the same document."""
        import greenlet

        def settle(call: Callable[[], Result]) -> Callable[[], Result | Exception]:
            def run() -> Result | Exception:
                try:
                    return call()
                except Exception as error:  # the others go on
                    return error

            return run

        results: dict[int, Result | Exception] = {}
        runners = [greenlet.greenlet(settle(call)) for call in calls]
        self._side_by_side = set(runners)
        news: dict[int, tuple[Any, ...]] = dict.fromkeys(range(len(runners)), ())
        while news:
            told = {number: runners[number].switch(*given) for number, given in news.items()}
            results |= {number: found for number, found in told.items() if runners[number].dead}
            waiting = [number for number in told if number not in results]
            news = dict(zip(waiting, self._steps([told[number] for number in waiting]), strict=True))
        self._side_by_side = set()
        return [results[number] for number in range(len(runners))]

    def _step(self, token: int, state: FloatArray, context: Context | None = None) -> tuple[FloatArray, FloatArray]:
        import greenlet

        current = greenlet.getcurrent()
        if context is not None or current not in self._side_by_side or current.parent is None:
            return self._one_by_one.step(token, state, context)
        found: tuple[FloatArray, FloatArray] = current.parent.switch((token, state))
        return found

    def _steps(self, asked: Sequence[tuple[int, FloatArray]]) -> list[tuple[tuple[FloatArray, FloatArray]]]:
        if len(asked) == 1:
            return [(self._one_by_one.step(*asked[0]),)]
        if not asked:
            return []
        tokens = np.array([token for token, _ in asked], np.int64)
        logits, following = self._one_by_one.step_batch(tokens, np.stack([state for _, state in asked]))
        # Copies, since a row that is kept would keep its whole batch.
        return [((one.copy(), state.copy()),) for one, state in zip(logits, following, strict=True)]
