"""Feeds what strangers may have written to whatever reads it, for a while; whatever is accepted is used.

``python mutations.py --core FILE --seconds N --seed S --last FILE`` replaces the mixer's core by the one in FILE, built
with sanitizers, and prints how many inputs of each kind there were and how many were accepted. A report of a sanitizer, a
crash or an exception other than a refusal ends it; FILE of ``--last`` then says which input it was.
"""

from __future__ import annotations

import argparse
import ctypes
import dataclasses
import importlib.util
import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.random import Generator

    from rnncomplete.network.card import Card

GAP = 4096
"""Bytes between two sections of an arena that nobody may touch."""


def load_core(path: Path) -> None:
    """Let the mixer run on the core at ``path``."""
    import rnncomplete.mixing as package

    name = "rnncomplete.mixing._core"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    sys.modules[name] = module
    package._core = module
    from rnncomplete.mixing import core

    assert core.core is module, "the core was compiled for another layout"


def guard_arenas() -> None:
    """Put poisoned gaps between the sections of each arena, so that a sanitizer sees who goes astray within it."""
    from rnncomplete.mixing import buffers, mixer
    from rnncomplete.mixing.buffers import Arena

    poison = ctypes.CDLL(None).__asan_poison_memory_region
    poison.argtypes = [ctypes.c_void_p, ctypes.c_size_t]

    def create(cls: Any, sizes: Any, symbols: int) -> Arena:
        offsets, gaps, end = {}, [], GAP
        for section, (kind, count) in sizes.sections(symbols).items():
            offsets[section] = end
            end += -(-count * np.dtype(kind).itemsize // 64) * 64
            gaps.append(end)
            end += GAP
        memory = np.zeros(end, np.uint8)
        views = {
            section: memory[offsets[section] : offsets[section] + count * np.dtype(kind).itemsize].view(kind)
            for section, (kind, count) in sizes.sections(symbols).items()
        }
        for gap in gaps:
            poison(memory.ctypes.data + gap, GAP)
        return Arena(memory, offsets, views)  # given back, it is nobody's, and the gaps are forgotten

    assert buffers.Arena is mixer.Arena
    buffers.Arena.create = classmethod(create)  # type: ignore[method-assign,assignment]


class Mutations:
    """One method a kind of input; each takes a generator, and says whether the input was accepted."""

    def __init__(self) -> None:
        from rnncomplete.mixing import layout
        from rnncomplete.mixing.alphabet import Alphabet
        from rnncomplete.mixing.memory import CorpusMemory

        self.text = "abc = a_1\nA b = B c\nabc aab _1 = cc\n  if (a) { b += 1; }\n" * 4
        characters = ("\ufffd", *sorted(set(self.text)))
        self.tokens = np.array([characters.index(c) for c in self.text], np.uint16)
        self.alphabet = Alphabet.counted(characters, self.tokens)
        self.memory = CorpusMemory.count(self.alphabet, self.tokens, 512, 1024)
        self.sizes = layout.Sizes(400, entry_bits=6, match_bits=4, journal_words=1 << 13, frames=32)
        self._graph()

    def _graph(self) -> None:
        from tiny_onnx import TensorProto, helper, numpy_helper
        from tiny_source import copying_card, picture_encoder, seeing_card, step_model, text_encoder

        from rnncomplete.network.card import METADATA_KEY, Card

        size, characters = 16, ("\ufffd", *"abcdefg")
        self.card = Card("tiny", "", characters, size, "simple", 1, size, 10, threshold=0.5)
        floats = np.random.default_rng(1).normal(0, 1, (size, 2 * size)).astype(np.float32)
        weights = {
            "table": floats[: len(characters), :size],
            "sizes": np.array([4, 12], np.int64),
            "w": (floats[:, :size] * 20).astype(np.int8),
            "s": np.full(size, 0.1, np.float32),
            "readout": floats[:, : len(characters)],
        }
        nodes = [
            helper.make_node("Gather", ["table", "token"], ["row"], axis=0),
            helper.make_node("Split", ["state", "sizes"], ["one", "two"], axis=1),
            helper.make_node("Concat", ["two", "one"], ["turned"], axis=1),
            helper.make_node("DynamicQuantizeMatMul", ["turned", "w", "s"], ["product"], domain="com.microsoft"),
            helper.make_node("Add", ["product", "row"], ["sum"]),
            helper.make_node("Sigmoid", ["sum"], ["open"]),
            helper.make_node("Mul", ["open", "state"], ["kept"]),
            helper.make_node("Tanh", ["kept"], ["next_state"]),
            helper.make_node("MatMul", ["next_state", "readout"], ["logits"]),
        ]
        ports = {"token": (), "state": (size,), "logits": (len(characters),), "next_state": (size,)}
        infos = [
            helper.make_tensor_value_info(name, TensorProto.FLOAT if shape else TensorProto.INT64, ["batch", *shape])
            for name, shape in ports.items()
        ]
        graph = helper.make_graph(
            nodes,
            "step",
            infos[:2],
            infos[2:],
            [numpy_helper.from_array(np.ascontiguousarray(value), name) for name, value in weights.items()],
        )
        opsets = [helper.make_opsetid("", 21), helper.make_opsetid("com.microsoft", 1)]
        self.model = helper.make_model(graph, opset_imports=opsets, ir_version=10)
        helper.set_model_props(self.model, {METADATA_KEY: self.card.to_json()})
        plain = dataclasses.replace(self.card, vocabulary=("\ufffd", "\n", *"abcgr", "\x1b"))
        self.about, self.seen = copying_card(plain), seeing_card(plain)
        self.attending, self.reading = step_model(self.about), text_encoder(self.about)
        self.seeing = picture_encoder(self.seen)

    def kinds(self) -> dict[str, Callable[[Generator], bool]]:
        """All kinds by name."""
        return {
            "memory as it is": lambda g: self._read_memory(g, spoilt(g, self._some_memory(g).to_bytes())),
            "memory packed": lambda g: self._read_memory(
                g, spoilt(g, self._some_memory(g).pruned(400).to_bytes(packed=True))
            ),
            "memory of odd counts": self.tables,
            "network of odd numbers": self.network,
            "cache": self.cache,
            "graph of odd bytes": self.graph_bytes,
            "graph of odd parts": self.graph_parts,
            "attention of odd parts": self.attention_parts,
            "encoder of odd parts": self.encoder_parts,
            "encoder of odd bytes": self.encoder_bytes,
            "card": self.card_bytes,
        }

    def _some_memory(self, g: Generator) -> Any:
        """Counts and weights whose every value is somewhere within its bounds, most often at one."""
        from rnncomplete.mixing.layout import LEARNED, Sizes
        from rnncomplete.mixing.memory import CorpusMemory
        from rnncomplete.mixing.prior import Prior

        nodes, slots = self.memory.nodes.copy(), self.memory.slots.copy()
        odd = g.random(len(nodes)) < g.random()
        nodes[odd] ^= g.integers(0, 1 << 22, odd.sum(), np.uint32)
        odd = g.random(len(slots)) < g.random()
        token = g.integers(0, len(self.alphabet), odd.sum(), np.uint32)
        slots[odd] = (slots[odd] & 0xFFF00000) | token << 8 | g.choice([0, 1, 2, 254, 255], odd.sum()).astype(np.uint32)
        sections = {}
        if g.random() < 0.2:
            for name, (_, count) in Sizes().sections(len(self.alphabet)).items():
                if name in LEARNED:
                    wide = name in ("weights", "second")
                    bounds = [0, 65504, -65504, 6e-8, 1] if wide else [0, 0.5, 6e-8, 0.99951, 0.0005]
                    values = g.choice(np.array(bounds), 997) if g.random() < 0.5 else g.random(997) * 0.9995
                    sections[name] = np.resize(values.astype("<f2"), count).tobytes()
        return CorpusMemory(self.alphabet, nodes, slots, Prior(sections, float(g.choice([0.0, 0.002, 0.1]))))

    def _read_memory(self, g: Generator, data: bytes) -> bool:
        from rnncomplete.errors import ModelError
        from rnncomplete.mixing.memory import CorpusMemory

        try:
            memory = CorpusMemory.from_bytes(data)
        except ModelError:
            return False
        self._use(g, memory)
        return True

    def _use(self, g: Generator, memory: Any, odd: bool = False) -> None:
        """Read a text with ``memory``, look ahead, undo, skim."""
        from rnncomplete.mixing.mixer import Mixer

        mixer = Mixer(memory.alphabet, [memory] * int(g.integers(1, 3)), sizes=self.sizes, prior=memory.prior)
        symbols = len(memory.alphabet)
        text = g.integers(0, symbols, 80).astype(np.uint16) if g.random() < 0.4 else self.tokens[:80] % symbols
        network = g.dirichlet(np.full(symbols, 0.3), len(text)).astype(np.float32) if g.random() < 0.5 or odd else None
        if odd and network is not None:
            places = g.random(network.shape) < g.random()
            network[places] = g.choice(np.array([np.nan, np.inf, -np.inf, -1, 1e38, 1e-45], np.float32), places.sum())
        mixer.learn(text, network)
        word = None if network is None else network[0]
        mixer.distribution(text[: int(g.integers(0, 40))], word)
        mixer.likeliest(text[:3], word, np.ones(symbols, bool))
        mixer.undo(int(g.integers(0, 60)))
        mixer.skim(text[:20])
        mixer.learn(text[:10], None if network is None else network[:10])

    def tables(self, g: Generator) -> bool:
        """Memories that are read without a complaint."""
        self._use(g, self._some_memory(g))
        return True

    def network(self, g: Generator) -> bool:
        """Predictions of a network that are not probabilities."""
        self._use(g, self._some_memory(g), odd=True)
        return True

    def cache(self, g: Generator) -> bool:
        """What was counted of somebody's files, as it lies on disk."""
        from rnncomplete.completion.file_memory import _recall

        data = b'{"files": 1, "characters": 9}\n' + self._some_memory(g).to_bytes()
        place = Path("cache.bin")
        place.write_bytes(spoilt(g, data))
        learned = _recall(place, self.alphabet)
        if learned is not None:
            self._use(g, learned.memory)
        return learned is not None

    def _run(self, data: bytes, card: Card | None = None) -> bool:
        from rnncomplete.errors import ModelError
        from rnncomplete.network.loading import model_from_graph

        try:
            model = model_from_graph(card or self.card, data)
            state = model.initial_state
            for token in range(len(self.card.vocabulary)):
                _, state = model.step(token, state)
        except ModelError as error:
            # What passes our checks and ONNX Runtime then refuses is told apart: there should be little of it.
            self.refused_late += "ONNX Runtime" in str(error) or "when it runs" in str(error)
            return False
        return True

    refused_late = 0

    def graph_bytes(self, g: Generator) -> bool:
        """Graphs with bytes changed anywhere."""
        return self._run(spoilt(g, self.model.SerializeToString()))

    def graph_parts(self, g: Generator) -> bool:
        """Graphs with an operator, a shape, a name or an attribute changed."""
        return self._run(changed(g, self.model))

    def attention_parts(self, g: Generator) -> bool:
        """The same of a step that reads the context of a source."""
        return self._run(changed(g, self.attending), self.about)

    def encoder_parts(self, g: Generator) -> bool:
        """The same of what makes contexts, of lines and of pictures."""
        card, model = (self.about, self.reading) if g.random() < 0.5 else (self.seen, self.seeing)
        return self._encode(changed(g, model), card)

    def encoder_bytes(self, g: Generator) -> bool:
        """What makes contexts, with bytes changed anywhere."""
        card, model = (self.about, self.reading) if g.random() < 0.5 else (self.seen, self.seeing)
        return self._encode(spoilt(g, model.SerializeToString()), card)

    def _encode(self, data: bytes, card: Card) -> bool:
        from rnncomplete.errors import ModelError
        from rnncomplete.network.loading import encoder_from_graph

        try:
            encoder = encoder_from_graph(card, data)
            for line in ("", "ABC", "B" * 100) if card is self.about else ("",):
                encoder(line)
        except ModelError as error:
            self.refused_late += "ONNX Runtime" in str(error) or "when it runs" in str(error)
            return False
        return True

    def card_bytes(self, g: Generator) -> bool:
        """Cards with characters changed, or a value replaced."""
        from rnncomplete.errors import ModelError
        from rnncomplete.network.card import Card

        data = self.card.to_json().encode()
        if g.random() < 0.5:
            facts = json.loads(data)
            odd = [None, True, -1, 10**400, 1e308, float("nan"), "", "\ud800", [], {}, [[]], {"a": {}}, 2**63]
            facts[str(g.choice(sorted(facts)))] = odd[int(g.integers(len(odd)))]
            data = json.dumps(facts).encode()
        else:
            data = spoilt(g, data)
        try:
            card = Card.from_json(data)
        except ModelError:
            return False
        assert Card.from_json(card.to_json()) == card
        return True


def changed(g: Generator, original: Any) -> bytes:
    """A graph with an operator, a shape, a name or an attribute changed, once or some times."""
    from tiny_onnx import ModelProto, numpy_helper

    model = ModelProto()
    model.CopyFrom(original)
    for _ in range(int(g.integers(1, 4))):
        node = model.graph.node[int(g.integers(len(model.graph.node)))]
        tensor = model.graph.initializer[int(g.integers(len(model.graph.initializer)))]
        names = [name for each in model.graph.node for name in [*each.input, *each.output]]
        names += [each.name for each in model.graph.initializer]
        match int(g.integers(8)):
            case 0:
                node.op_type = str(g.choice([each.op_type for each in model.graph.node]))
            case 1:
                node.input[int(g.integers(len(node.input)))] = str(g.choice([*names, ""]))
            case 2:
                node.input.append(str(g.choice([*names, ""])))
            case 3:
                node.output[int(g.integers(len(node.output)))] = str(g.choice(names))
            case 4:
                for attribute in node.attribute:
                    odd = int(g.choice([-1, 0, 1, 2, 2**31, -(2**63)]))
                    attribute.ints[:] = [odd if g.random() < 0.5 else number for number in attribute.ints]
                    if attribute.HasField("i"):
                        attribute.i = odd
            case 5:
                shape = [int(size) for size in g.integers(0, 18, int(g.integers(0, 4)))]
                kind = g.choice(["f4", "f2", "i1", "i8"])
                tensor.CopyFrom(numpy_helper.from_array(np.ones(shape, str(kind)), tensor.name))
            case 6:
                tensor.dims.append(int(g.choice([0, 1, 2**31, 2**62])))
            case _:
                del model.graph.node[int(g.integers(len(model.graph.node)))]
                if not model.graph.node:
                    break
    return bytes(model.SerializeToString())


def spoilt(g: Generator, data: bytes) -> bytes:
    """``data`` with some bytes changed, left out, doubled or put in; now and then as it was."""
    changed = bytearray(data)
    # Beginnings matter more: there stand the lengths and the names.
    near = len(changed) if g.random() < 0.5 else min(len(changed), 400)
    for _ in range(int(g.integers(0, 6))):
        at, size = int(g.integers(near)), int(g.integers(1, 9))
        match int(g.integers(5)):
            case 0:
                changed[at : at + 1] = bytes([changed[min(at, len(changed) - 1)] ^ 1 << int(g.integers(8))])
            case 1:
                changed[at : at + size] = g.bytes(size)
            case 2:
                del changed[at : at + size]
            case 3:
                changed[at:at] = changed[at : at + size]
            case _:
                changed[at : at + 1] = bytes([int(g.choice([0, 1, 0x7F, 0x80, 0xFF]))])
        near = max(1, min(near, len(changed)))
        if not changed:
            break
    return bytes(changed)


def main() -> None:
    """Try inputs of all kinds in turn until the time is over."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--core", type=Path)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--last", type=Path, default=Path("last"))
    arguments = parser.parse_args()
    np.seterr(all="raise", under="ignore", over="ignore")
    if arguments.core:
        load_core(arguments.core)
        guard_arenas()
    mutations = Mutations()
    kinds = mutations.kinds()
    figures = {name: {"inputs": 0, "accepted": 0} for name in kinds}
    last = os.open(arguments.last, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    end, number = time.monotonic() + arguments.seconds, 0
    while time.monotonic() < end:
        for index, (name, run) in enumerate(kinds.items()):
            os.pwrite(last, f"{name}: seed {arguments.seed}, number {number}".ljust(80).encode(), 0)
            accepted = run(np.random.default_rng([arguments.seed, index, number]))
            figures[name]["inputs"] += 1
            figures[name]["accepted"] += accepted
        number += 1
    total = sum(kind["inputs"] for kind in figures.values())
    sys.stdout.write(json.dumps({"inputs": total, "refused_late": mutations.refused_late, "kinds": figures}) + "\n")


if __name__ == "__main__":
    main()
