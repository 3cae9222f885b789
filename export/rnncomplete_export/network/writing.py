"""What a conditioned network writes about sources: the likeliest line of each, many side by side.

Shapes: B sources, W hypotheses of each, V characters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from rnncomplete.completion.beam import length_penalty
from rnncomplete.text.vocabulary import UNKNOWN

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from rnncomplete_export.network.conditioned_network import ConditionedNetwork

LOOK_EVERY = 16
"""Characters between two looks whether all lines have ended: each look waits for the device."""


@torch.no_grad()
def written_lines(
    network: ConditionedNetwork,
    source: Tensor,
    newline: int,
    most: int,
    *,
    beam: int = 1,
    suggestible: NDArray[np.bool_] | None = None,
) -> list[list[int]]:
    """The likeliest lines about B sources, tokens without their ``newline``, at most ``most`` of them in each.

    Found by the beam search of :func:`rnncomplete.completion.beam.likeliest_line`, of so many hypotheses: with 1 each
    character is the likeliest. Of tokens that are not ``suggestible`` bool[V], or the unknown one, none is written.
    """
    was_training = network.training
    network.eval()
    count, device, kinds = len(source), source.device, network.embedding.num_embeddings
    silenced = torch.zeros(kinds, dtype=torch.bool, device=device)
    silenced[UNKNOWN] = True
    if suggestible is not None:
        silenced |= torch.from_numpy(~suggestible).to(device)
    last = torch.arange(kinds, device=device) != newline
    context = network.encoder(source).rows(torch.arange(count, device=device).repeat_interleave(beam))
    tokens = torch.full((1, count * beam), newline, device=device)
    state = None
    scores = torch.full((count, beam), -torch.inf, device=device)
    scores[:, 0] = 0
    lines = torch.full((count, beam, most + 1), newline, device=device)
    ended = torch.zeros(count, dtype=torch.long, device=device)
    best, found = torch.full((count,), -torch.inf, device=device), lines[:, 0].clone()
    first, places = torch.arange(count, device=device)[:, None] * beam, torch.arange(beam, device=device)
    for position in range(most + 1):
        logits, state = network.write(context, tokens, state)
        chances = torch.log_softmax(logits[0].float(), dim=-1)
        chances = chances.masked_fill(last if position == most else silenced, -torch.inf).view(count, beam, -1)
        scores, chosen = (scores[..., None] + chances).flatten(1).topk(beam, dim=1)
        scores = scores.masked_fill(places >= (beam - ended)[:, None], -torch.inf)  # ended lines keep their places
        parents, chosen = first + chosen // kinds, chosen % kinds
        flat = parents.flatten()
        state = (state[0][:, flat], state[1][:, flat])
        lines = lines.flatten(0, 1)[flat].view(count, beam, -1)
        lines[..., position] = chosen
        ends = (chosen == newline) & scores.isfinite()
        ended += ends.sum(dim=1)
        value, which = (scores / length_penalty(position)).masked_fill(~ends, -torch.inf).max(dim=1)
        better = value > best
        best = torch.where(better, value, best)
        found = torch.where(better[:, None], lines[torch.arange(count, device=device), which], found)
        scores = scores.masked_fill(ends, -torch.inf)
        tokens = chosen.view(1, -1)
        if position % LOOK_EVERY == LOOK_EVERY - 1 and not bool(scores.isfinite().any()):
            break
    written = found.tolist()
    network.train(was_training)
    return [line[: line.index(newline)] for line in written]
