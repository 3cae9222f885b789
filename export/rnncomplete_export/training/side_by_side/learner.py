"""N networks in training: one window forward, backward, and the weights moved.

Gradients are written out instead of left to autograd, and nothing in an update waits for the device or depends on what is
computed, so that a CUDA graph can hold all of it.

Shapes: N networks, T characters a window, B streams, V characters of the padded vocabulary, E embedding, H units.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from rnncomplete_export.training.side_by_side.label_learner import LabelLearner
from rnncomplete_export.training.side_by_side.mover import Mover
from rnncomplete_export.training.side_by_side.pages import Pages
from rnncomplete_export.training.side_by_side.parameters import Parameters
from rnncomplete_export.training.side_by_side.reader import Reader

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from rnncomplete_export.training.side_by_side.cell import Cell
    from rnncomplete_export.training.side_by_side.label_learner import LabelledPages
    from rnncomplete_export.training.side_by_side.parameters import Shape
    from rnncomplete_export.training.side_by_side.plan import PlannedNetwork, Shared
    from rnncomplete_export.training.side_by_side.teachers import Teachers

NEVER = -1e9
"""The logit of what a network's own vocabulary has not."""


@dataclass(frozen=True)
class Noise:
    """What is drawn for one window."""

    kept: Tensor
    """bool[N, B, 1], false where a stream begins anew."""
    masks: tuple[Tensor, Tensor, Tensor]
    """float[N, 1, B, H] for the outputs of layers 0 and 1 and [N, 1, B, E] for the embedding: zero where dropped, the
    others scaled up."""
    drops: tuple[Tensor, Tensor]
    """float[N, 4H, H] likewise, for the recurrent weights of layers 0 and 1."""


def beyond(vocabularies: Sequence[int], shape: Shape, weights: Tensor) -> Tensor:
    """What is added to logits, float[N, 1, V] like ``weights``: :data:`NEVER` beyond each network's vocabulary."""
    added = torch.zeros(len(vocabularies), 1, shape.vocabulary, dtype=weights.dtype, device=weights.device)
    for row, size in zip(added, vocabularies, strict=True):
        row[:, size:] = NEVER
    return added


class Learner:
    """N networks of one shape, each with a vocabulary of its own size, and the ``texts`` that they read.

    The first networks are those that ``teachers`` teach. All networks learn the labels of what is ``labelled``. Matrices are multiplied in ``dtype``.
    """

    def __init__(
        self,
        shape: Shape,
        weights: Tensor,
        texts: Sequence[Tensor],
        networks: Sequence[PlannedNetwork],
        *,
        spans: Sequence[tuple[float, float]],
        vocabularies: Sequence[int],
        shared: Shared,
        dtype: torch.dtype,
        cell: Cell,
        teachers: Teachers | None = None,
        labelled: LabelledPages | None = None,
    ) -> None:
        device, n, wide = weights.device, len(weights), weights.dtype
        self.shape, self.networks, self.shared, self.device, self.dtype = shape, n, shared, device, dtype
        self.characters = shared.window * shared.batch
        """That each network reads in an update."""
        window, streams = shared.window, shared.batch
        self.pages = Pages(texts, n, window=window, streams=streams, device=device)
        self.reader = Reader(shape, n, window, streams, dtype=dtype, device=device, cell=cell)
        self.mover = Mover(shape, weights, networks, spans, shared, dtype=dtype)
        self.teachers = teachers
        self.labels = LabelLearner(labelled, streams, dtype=wide, device=device) if labelled else None
        self.boundaries = list(labelled.boundaries) if labelled else [0] * n
        """The token that ends a text, of each network; 0 if none does."""
        self.beyond = beyond(vocabularies, shape, weights)
        self._wanted = torch.zeros(n, shared.window, shared.batch, shape.hidden, dtype=dtype, device=device)
        self._carried = torch.zeros(n, shared.batch, shape.hidden, dtype=wide, device=device)
        self._dropout, self._weight_dropout, self._taught = (
            torch.tensor([getattr(one, name) for one in networks], dtype=wide, device=device)
            for name in ("dropout", "weight_dropout", "taught")
        )
        self.loss = torch.zeros(n, dtype=wide, device=device)
        """Nats per character of each network, added up over updates until somebody sets it to zero."""

    def point(self, network: int, text: int) -> None:
        """From now on ``network`` reads the text of that number, from fresh states."""
        self.pages.point(network, text, self.mover.begun[network])
        for state in [*self.reader.begins(), *([self.labels.pool] if self.labels else [])]:
            state[network] = 0

    def update(self) -> None:
        """One window of all networks."""
        inputs, targets = self.pages.turn()
        hidden = torch.rand(inputs.shape, device=self.device) < self.shared.unknown_share
        if self.labels is not None:
            hidden &= ~self.labels.ends(inputs)
        self.learn(inputs.masked_fill(hidden, 0), targets, self.noise())
        self.mover.move(self.characters)

    def noise(self) -> Noise:
        """Drawn anew."""
        b, e, h = self.shared.batch, self.shape.embedding, self.shape.hidden
        kept = torch.rand(self.networks, b, 1, device=self.device) >= self.shared.reset_share
        first, second, embedding = (self._drawn(self._dropout, 1, b, width) for width in (h, h, e))
        below, above = (self._drawn(self._weight_dropout, 4 * h, h) for _ in range(2))
        return Noise(kept, (first, second, embedding), (below, above))

    def _drawn(self, share: Tensor, *size: int) -> Tensor:
        """A mask [N, ...] with a ``share`` [N] of zeros, the others scaled up."""
        share = share.view(-1, *(1 for _ in size))
        kept = torch.rand(self.networks, *size, device=self.device) >= share
        return (kept / (1 - share)).to(self.dtype)

    def ones(self, tokens: Tensor) -> Tensor:
        """[N, T, B] as one-hot [N, TB, V]."""
        flat = tokens.reshape(self.networks, -1, 1)
        zeros = torch.zeros(self.networks, flat.shape[1], self.shape.vocabulary, dtype=self.dtype, device=self.device)
        return zeros.scatter_(2, flat, 1)

    def learn(self, inputs: Tensor, targets: Tensor, noise: Noise) -> None:
        """Gradients of the loss, summed over the window's TB characters, into the mover; states go on."""
        reader, mover, h = self.reader, self.mover, self.shape.hidden
        weights, half = Parameters.of(mover.weights, self.shape), Parameters.of(mover.half, self.shape)
        gradient = Parameters.of(mover.gradient, self.shape)
        reader.forget(noise.kept)
        ends = None
        if self.labels is not None:
            self.labels.pool.mul_(noise.kept)
            ends = self.labels.ends(inputs)
        biases = weights.gate_biases()
        recurrent = [own * left for own, left in zip(half.recurrent, noise.drops, strict=True)]
        ones = self.ones(inputs)
        logits = reader.read(half, biases, recurrent, ones, noise.masks, ends=ends).to(self.loss.dtype)
        logits = logits + (weights.bias[:, None] + self.beyond)
        wrong = self._wrong(logits, ones, targets, noise.kept).to(self.dtype)
        flat = reader.flat(reader.features)
        torch.bmm(wrong.transpose(1, 2), flat[:, :, : 2 * h], out=gradient.readout)
        gradient.bias.copy_(wrong.sum(1, dtype=self.loss.dtype))
        outputs = torch.bmm(wrong, half.readout)
        if self.labels is not None and ends is not None:
            read, where = flat[:, :, : 2 * h], self.pages.where
            outputs += self.labels.learn(read, weights.of_labels, gradient.of_labels, ends=ends, where=where).to(
                outputs
            )
        embedded: Tensor | None = None
        for layer in (1, 0):
            torch.mul(outputs[:, :, :h].view_as(self._wanted), noise.masks[layer], out=self._wanted)
            changed = self._backward(layer, biases[layer], recurrent[layer])
            before = reader.out[layer][:, :-1].view(self.networks, -1, h)
            torch.bmm(changed.transpose(1, 2), before, out=gradient.recurrent[layer])
            gradient.recurrent[layer].mul_(noise.drops[layer])
            torch.bmm(changed.transpose(1, 2), flat[:, :, (2 - layer) * h :], out=gradient.below[layer])
            summed = changed.sum(1, dtype=self.loss.dtype)
            gradient.bias_below[layer].copy_(summed)
            gradient.bias_recurrent[layer].copy_(summed)
            read = torch.bmm(changed, half.below[layer])
            if layer:
                outputs = outputs[:, :, h:] + read[:, :, :h]
                read = read[:, :, h:]
            embedded = read if embedded is None else embedded + read
        assert embedded is not None
        embedded = embedded.reshape(self.networks, self.shared.window, self.shared.batch, -1) * noise.masks[2]
        torch.bmm(ones.transpose(1, 2), reader.flat(embedded), out=gradient.embedding)
        reader.go_on()

    def _wrong(self, logits: Tensor, ones: Tensor, targets: Tensor, kept: Tensor) -> Tensor:
        """The gradient of the logits [N, TB, V], of the sum over characters; the loss is noted."""
        log_shares = logits.log_softmax(-1)
        self.loss.sub_(log_shares.gather(2, targets.reshape(self.networks, -1, 1)).mean((1, 2)))
        goal = self.ones(targets)
        if self.teachers is not None:
            k = self.teachers.pupils
            goal = goal.to(logits.dtype, copy=True)
            shares = self.teachers.think(ones[:k], kept[:k], self.beyond[:k])
            goal[:k].lerp_(shares, self._taught[:k, None, None])
        return log_shares.exp() - goal

    def _backward(self, layer: int, bias: Tensor, recurrent: Tensor) -> Tensor:
        """From gradients of what a layer puts out, in ``_wanted``, to those of its gates [N, TB, 4H], in their place."""
        gates, held = self.reader.gates[layer], self.reader.held[layer]
        self._carried.zero_()
        for t in reversed(range(self.shared.window)):
            self.reader.cell.backward(
                gates[:, t], bias, held[:, t], held[:, t + 1], wanted=self._wanted[:, t], carried=self._carried
            )
            if t:
                self._wanted[:, t - 1].baddbmm_(gates[:, t], recurrent)
        return self.reader.flat(gates)

    def state(self) -> dict[str, Tensor]:
        """All that a later update depends on, beside the plan, the texts and the random numbers to come; live."""
        state = {**self.pages.state(), **self.mover.state(), "loss": self.loss}
        if self.labels is not None:
            state["pool"] = self.labels.pool
        readers = {"recurrent": self.reader} | ({"teachers": self.teachers.reader} if self.teachers else {})
        for name, reader in readers.items():
            state |= {f"{name}{number}": part for number, part in enumerate(reader.begins())}
        return state

    def restore(self, state: dict[str, Tensor]) -> None:
        """Go on from what :meth:`state` gave; raises ``KeyError`` or ``RuntimeError`` if it is that of another plan."""
        for name, own in self.state().items():
            own.copy_(state[name])
        self.mover.half.copy_(self.mover.weights)
