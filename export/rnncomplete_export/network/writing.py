"""What a conditioned network writes about sources: the likeliest line of each, many side by side.

Shapes: B sources, W hypotheses of each, V characters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from rnncomplete.text.vocabulary import UNKNOWN

if TYPE_CHECKING:
    from torch import Tensor

    from rnncomplete_export.network.conditioned_network import ConditionedNetwork

LOOK_EVERY = 16
"""Characters between two looks whether all lines have ended: each look waits for the device."""


@torch.no_grad()
def written_lines(
    network: ConditionedNetwork, source: Tensor, newline: int, most: int, *, beam: int = 1, length_power: float = 1.0
) -> list[list[int]]:
    """The likeliest lines about B sources, tokens without their ``newline``, ``most`` of them in each.

    Found by a beam search of so many hypotheses: with 1 each character is the likeliest. Hypotheses are compared by their
    log probabilities over their length to the ``length_power`` (Wu et al. 2016, arXiv:1609.08144, section 7, simplified).
    """
    was_training = network.training
    network.eval()
    count, device = len(source), source.device
    rows = torch.arange(count, device=device).repeat_interleave(beam)
    context = network.encoder(source).rows(rows)
    tokens = torch.full((1, count * beam), newline, device=device)
    state = None
    scores = torch.full((count, beam), -torch.inf, device=device)
    scores[:, 0] = 0
    ended = torch.zeros((count, beam), dtype=torch.bool, device=device)
    lengths = torch.ones((count, beam), device=device)
    lines = torch.full((count, beam, most), newline, device=device)
    first = torch.arange(count, device=device)[:, None] * beam
    for position in range(most):
        logits, state = network.write(context, tokens, state)
        logits[..., UNKNOWN] = -torch.inf
        chances = torch.log_softmax(logits[0].float(), dim=-1).view(count, beam, -1)
        kinds = chances.shape[-1]
        # What has ended stays as it is: its only way on costs nothing.
        chances = chances.masked_fill(ended[..., None], -torch.inf)
        chances[..., newline] = chances[..., newline].masked_fill(ended, 0)
        scores, best = (scores[..., None] + chances).flatten(1).topk(beam, dim=1)
        parents, chosen = first + best // kinds, best % kinds
        flat = parents.flatten()
        state = (state[0][:, flat], state[1][:, flat])
        lines = lines.view(count * beam, most)[flat].view(count, beam, most)
        lines[..., position] = chosen
        lengths = lengths.flatten()[flat].view(count, beam)
        ended = ended.flatten()[flat].view(count, beam)
        lengths += ~ended
        ended |= chosen == newline
        tokens = chosen.view(1, -1)
        if position % LOOK_EVERY == LOOK_EVERY - 1 and bool(ended.all()):
            break
    best = (scores / lengths**length_power).argmax(dim=1)
    written = lines[torch.arange(count, device=device), best].tolist()
    network.train(was_training)
    return [line[: line.index(newline)] if newline in line else line for line in written]
