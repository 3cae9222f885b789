"""What averaged weights do with texts they did not learn: their loss, and what they write, many streams side by side.

Shapes: N networks, S streams, V characters, H units.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import torch

from rnncomplete.completion.sampler import MIN_P, WRITING_TEMPERATURE
from rnncomplete_export.network.character_network import shut_gates
from rnncomplete_export.network.measure import FIRST_TOKEN
from rnncomplete_export.training.side_by_side.parameters import Parameters, swapped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from rnncomplete_export.training.side_by_side.parameters import Shape

STRETCH = 64
"""Characters whose logits are computed together."""

State = list["Tensor"]
"""What both layers put out, and what both hold: float[N, S, H] each."""


class Judge:
    """Networks of ``weights`` float32[N, P] that read one character after another.

    ``beyond`` [N, 1, V] is added to their logits. ``boundaries`` are the tokens that end a text for each network, 0 if
    none does.
    """

    def __init__(self, weights: Tensor, shape: Shape, beyond: Tensor, boundaries: Sequence[int] = ()) -> None:
        parameters, h = Parameters.of(weights, shape), shape.hidden
        self._networks, self._hidden, self._device = len(weights), h, weights.device
        first, second = parameters.below[0], parameters.below[1][:, :, h:]
        self._tables = [
            torch.bmm(parameters.embedding, below.transpose(1, 2)) + bias[:, None]
            for below, bias in zip((first, second), parameters.gate_biases(), strict=True)
        ]
        for network, boundary in enumerate(boundaries):
            for table in self._tables if boundary else ():
                table[network, boundary] += shut_gates(h).view(-1).to(table)
        own, above = parameters.recurrent
        stacked = torch.cat((parameters.below[1][:, :, :h], above), dim=2)
        self._own = [own.transpose(1, 2), stacked.transpose(1, 2)]
        self._readout = swapped(parameters.readout).transpose(1, 2)
        self._bias = parameters.bias[:, None] + beyond

    def start(self, streams: int) -> State:
        """As a text begins."""
        size = (self._networks, streams, self._hidden)
        return [torch.zeros(size, dtype=self._bias.dtype, device=self._device) for _ in range(4)]

    def step(self, tokens: Tensor, state: State) -> tuple[Tensor, State]:
        """Features float[N, S, 2H] after ``tokens`` int64[N, S], and the state after."""
        index = tokens[..., None].expand(-1, -1, 4 * self._hidden)
        outputs: list[Tensor] = []
        held: list[Tensor] = []
        for layer in range(2):
            reads = torch.cat((outputs[0], state[1]), dim=2) if layer else state[0]
            gates = torch.baddbmm(self._tables[layer].gather(1, index), reads, self._own[layer])
            i, f, z, o = gates.chunk(4, dim=-1)
            cell = f.sigmoid() * state[2 + layer] + i.sigmoid() * z.tanh()
            outputs.append(o.sigmoid() * cell.tanh())
            held.append(cell)
        return torch.cat(outputs, dim=2), [*outputs, *held]

    @torch.no_grad()
    def losses(
        self,
        texts: Sequence[Tensor],
        *,
        streams: int = 256,
        warm: int = 256,
        length: int | None = None,
        temperatures: Sequence[float] = (1.0,),
    ) -> NDArray[np.float64]:
        """Nats per character [temperatures, N] on each network's text, all of it or ``length`` characters a stream.

        A stream begins to read ``warm`` characters before what is counted, so that it knows where it is.
        """
        reading = _Streams(texts, streams, length, self._device)
        state = self.start(streams)
        total = torch.zeros(len(temperatures), self._networks, dtype=torch.float64, device=self._device)
        for first in range(-warm, reading.longest, STRETCH):
            features = []
            last = min(first + STRETCH, reading.longest)
            for place in range(first, last):
                if place <= 0:  # nothing was read before the text begins
                    state = [part * reading.begun(place) for part in state]
                seen, state = self.step(reading.tokens(place), state)
                if place >= 0:
                    features.append(seen)
            if not features:
                continue
            targets, counted = reading.targets(last - len(features), last)
            logits = torch.bmm(torch.stack(features, dim=1).flatten(1, 2), self._readout) + self._bias
            for index, temperature in enumerate(temperatures):
                lost = -(logits / temperature).log_softmax(-1).gather(2, targets[..., None])[..., 0]
                total[index] += (lost.double() * counted).sum(1)
        result: NDArray[np.float64] = (total / reading.counted).cpu().numpy()
        return result

    @torch.no_grad()
    def write(
        self,
        streams: int,
        length: int,
        *,
        temperature: float = WRITING_TEMPERATURE,
        min_p: float = MIN_P,
        seed: int = 0,
    ) -> NDArray[np.int64]:
        """Tokens int64[N, streams, length], never the unknown one, from the start of a text.

        ``temperature`` and ``min_p`` are those of :func:`rnncomplete.completion.sampler.sample`.
        """
        generator = torch.Generator(self._device).manual_seed(seed)
        state = self.start(streams)
        tokens = torch.full((self._networks, streams), FIRST_TOKEN, dtype=torch.int64, device=self._device)
        written = torch.zeros(self._networks, streams, length, dtype=torch.int64, device=self._device)
        for place in range(length):
            features, state = self.step(tokens, state)
            scores = torch.bmm(features, self._readout) + self._bias
            scores[..., 0] = -torch.inf
            if min_p > 0:
                scores.masked_fill_(scores < scores.amax(dim=-1, keepdim=True) + math.log(min_p), -torch.inf)
            shares = (scores / temperature).softmax(-1)
            drawn = torch.multinomial(shares.flatten(0, 1), 1, generator=generator)
            tokens = drawn.view(self._networks, streams)
            written[..., place] = tokens
        result: NDArray[np.int64] = written.cpu().numpy()
        return result


class _Streams:
    """Texts of N networks, cut into S streams each; a place is a number of characters from where a stream begins."""

    def __init__(self, texts: Sequence[Tensor], streams: int, length: int | None, device: torch.device) -> None:
        self._sizes = torch.tensor([len(text) - 1 for text in texts], device=device)[:, None]
        ends = np.cumsum([len(text) for text in texts])
        self._offsets = torch.tensor([0, *ends[:-1].tolist()], device=device)[:, None]
        self._whole = torch.cat(list(texts)).to(device)
        each = -(-self._sizes // streams)
        self._begins = torch.arange(streams, device=device)[None] * each
        lengths = each if length is None else each.clamp(max=length)
        self._ends = torch.minimum(self._begins + lengths, self._sizes)
        lasting = (self._ends - self._begins).clamp(min=0)
        self.longest = int(lasting.max())
        self.counted = lasting.sum(1).double()
        """Characters of each network that are counted, float64[N]."""

    def begun(self, place: int) -> Tensor:
        """Whether something was read before, bool[N, S, 1]."""
        return (self._begins + place > 0)[..., None]

    def tokens(self, place: int) -> Tensor:
        """int64[N, S]."""
        return self._whole[(self._begins + place).clamp(min=0).minimum(self._sizes) + self._offsets].long()

    def targets(self, first: int, last: int) -> tuple[Tensor, Tensor]:
        """What comes after each place of ``first`` to ``last``, int64[N, (last - first) S], and 1 or 0: whether it counts."""
        steps = torch.arange(first, last, device=self._begins.device)
        places = self._begins[:, None] + steps[:, None]
        targets = self._whole[(places + 1).minimum(self._sizes[..., None]) + self._offsets[..., None]].long()
        return targets.flatten(1), (places < self._ends[:, None]).double().flatten(1)
