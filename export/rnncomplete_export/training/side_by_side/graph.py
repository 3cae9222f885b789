"""An update held in a CUDA graph: hundreds of small operations that the host starts as one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Callable

    from rnncomplete_export.training.side_by_side.learner import Learner

WARM_UPS = 3
"""Updates that compile kernels and make workspaces before one is captured."""


def as_one_graph(learner: Learner, say: Callable[[str], None]) -> Callable[[], None]:
    """What does an update of ``learner``: a CUDA graph where there is CUDA, else :meth:`Learner.update` itself.

    Nothing is learned by it: weights, states and random numbers are put back, so that a training that is resumed goes on
    as one that was not interrupted. ``say`` is told if there is no graph.
    """
    if learner.device.type != "cuda":
        return learner.update
    before = {name: value.clone() for name, value in learner.state().items()}
    random = torch.cuda.get_rng_state(learner.device)
    step: Callable[[], None] = learner.update
    try:
        aside = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        aside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(aside):
            for _ in range(WARM_UPS):
                learner.update()
        torch.cuda.current_stream().wait_stream(aside)
        torch.cuda.synchronize()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            learner.update()
        step = graph.replay
    except RuntimeError as error:
        say(f"without a CUDA graph, several times slower ({str(error).splitlines()[0]})")
    torch.cuda.synchronize()
    learner.restore(before)
    torch.cuda.set_rng_state(random, learner.device)
    return step
